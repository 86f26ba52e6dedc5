"""Out of service as a tenant of step 4: a device is taken out with a reason and an end, and comes back by itself.

Its alarms go on being evaluated and journaled; the engine keeps them quiet (`Outages`) and lets them sound again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from edge.alarm.handling import second_person
from edge.alarm.outages import Outages
from edge.domain.alarm import Suppression
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.device import Device
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import Instant
from edge.domain.lifecycle import VITAL
from edge.domain.outage import LONGEST_OUTAGE, Outage, PutBack, TakeOut
from edge.domain.quantity import Quantity
from edge.domain.request import Refusal, Request
from edge.domain.timers import resumed


@dataclass(slots=True)
class _Running:
    outage: Outage
    due: int  # mono µs


class OutOfService:
    """All devices that are out of service. devices: finds a device of the site by id."""

    kinds: tuple[str, ...] = ("outage",)
    requests: tuple[type[Any], ...] = (TakeOut, PutBack)

    def __init__(
        self, devices: Callable[[str], Device | None], outages: Outages, numbering: Numbering
    ) -> None:
        self._devices = devices
        self._outages = outages
        self._numbering = numbering
        self._running: dict[str, _Running] = {}  # by device

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Go on with what remained; told anew, so that restarts on a clock nobody set do not add up."""
        made = Conclusion()
        for row in rows:
            outage = Outage.from_dict(row)
            due = resumed(outage.until, outage.remaining, now)
            outage = replace(outage, remaining=due - now.mono)
            self._run(outage, due)
            made.facts.append(self._fact("outage.resumed", outage, now))
        self._outages.taken_up()
        return made

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """Those whose time is over end."""
        del happened
        over = [running.outage for running in self._running.values() if running.due <= now.mono]
        return Conclusion(facts=[self._end(outage, None, now) for outage in over])

    def act(self, request: Request, now: Instant) -> Conclusion:
        """Refusal not_found, reason_required, too_long, out_of_service, second_person, same_person."""
        fact = self._take_out(request, now) if isinstance(request, TakeOut) else self._put_back(request, now)
        return Conclusion(facts=[fact], subject=fact.body)

    def next_due(self) -> int | None:
        """Mono µs of the next end."""
        return min((running.due for running in self._running.values()), default=None)

    def _take_out(self, request: TakeOut, now: Instant) -> Fact:
        device = self._devices(request.device)
        if device is None or device.profile.built_in:
            raise Refusal("not_found", "there is no such device")
        if device.id in self._running:
            raise Refusal("out_of_service", "the device is out of service already")
        if not request.reason.strip():
            raise Refusal("reason_required", "taking a device out of service needs a reason")
        if not now.utc < request.until <= now.utc + LONGEST_OUTAGE:
            raise Refusal("too_long", "a device can be out of service for at most seven days from now")
        if any(spec.signal in VITAL or _measures_gas(spec.quantity) for spec in device.profile.points):
            second_person(request.by, request.second)
        seq, remaining = self._numbering.next(), request.until - now.utc
        outage = Outage(
            id=f"out-{seq.epoch}-{seq.number}",
            device=device.id,
            by=request.by,
            reason=request.reason,
            opened_at=now.utc,
            until=request.until,
            remaining=remaining,
            order=request.order,
            second=request.second,
        )
        self._run(outage, now.mono + remaining)
        return Fact(seq, "outage.begun", now.utc, request.by, "outage", outage.to_dict())

    def _put_back(self, request: Request, now: Instant) -> Fact:
        running = self._running.get(request.device) if isinstance(request, PutBack) else None
        if running is None:
            raise Refusal("not_found", "the device is not out of service")
        return self._end(running.outage, request.by, now)

    def _run(self, outage: Outage, due: int) -> None:
        self._running[outage.device] = _Running(outage, due)
        held = Suppression("out_of_service", outage.by, outage.reason, outage.until, second=outage.second)
        self._outages.put(outage.device, held)

    def _end(self, outage: Outage, by: str | None, now: Instant) -> Fact:
        del self._running[outage.device]
        self._outages.take(outage.device)
        return self._fact(
            "outage.ended", replace(outage, remaining=0, ended_at=now.utc, ended_by=by), now, by
        )

    def _fact(self, kind: str, outage: Outage, now: Instant, by: str | None = None) -> Fact:
        return Fact(self._numbering.next(), kind, now.utc, by, "outage", outage.to_dict())


def _measures_gas(quantity: Quantity | None) -> bool:
    return quantity is not None and quantity.id in {"combustible_gas", "co"}
