"""How long the hub was off, told until a person has read it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from edge.domain.absence import Absence, Gap, SeenAbsence
from edge.domain.clock import Mark
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import MINUTE, Instant
from edge.domain.request import Refusal, Request

KIND: Final = "absence"
SHORT: Final = MINUTE
"""An absence below this is not told: brokers keep what was sent, and devices repeat what stands."""
_MARKS: Final = 2 * MINUTE  # how much younger than the mark the last reading can be


def gap(mark: Mark | None, heard: int, boot: str, why: str, now: Instant) -> Gap | None:
    """What lies between the last run and this start; None where it is nothing to tell.

    mark: what that run left. heard: µs UTC of its last stored reading, 0 for none. boot: id of this boot.
    """
    if mark is None:
        return None
    lived = max(mark.utc, min(heard, mark.utc + _MARKS))
    if mark.boot == boot:  # the monotonic clock ran on, whatever became of the civil one
        length = max(0, now.mono - mark.mono - (lived - mark.utc))
        found = Gap(lived, now.utc, length, length, why, now.mono, False)
    elif mark.trusted and now.trusted:
        length = max(0, now.utc - lived)
        found = Gap(lived, now.utc, length, length, why, now.mono, False)
    else:  # the machine has run for so long since it was switched on
        found = Gap(lived, now.utc, None, now.mono, why, now.mono, mark.trusted)
    return None if found.length is not None and found.length < SHORT else found


class Absences:
    """See `edge.domain.conclusion.Tenant`. found: what this start found."""

    kinds: tuple[str, ...] = (KIND,)
    requests: tuple[type[Any], ...] = (SeenAbsence,)

    def __init__(self, numbering: Numbering, found: Gap | None) -> None:
        self._numbering = numbering
        self._found = found
        self._own = ""  # id of the one of this start, while it waits for a trusted clock
        self._open: dict[str, Absence] = {}

    def standing(self) -> Sequence[Absence]:
        """Those nobody has read yet, newest first."""
        return sorted(self._open.values(), key=lambda one: one.opened_at, reverse=True)

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Take up those that nobody has read, and tell the one of this start."""
        self._open = {row["id"]: Absence.from_dict(row) for row in rows}
        out = Conclusion()
        found = self._found
        if found is not None:
            seq = self._numbering.next()
            id = f"ab-{seq.epoch}-{seq.number}"
            one = Absence(id, now.utc, found.from_at, found.to_at, found.length, found.at_least, found.why)
            self._open[id] = one
            self._own = id if found.datable else ""
            out.facts.append(Fact(seq, "absence.found", now.utc, None, KIND, one.to_dict()))
        return out

    def conclude(self, _happened: Happened, now: Instant) -> Conclusion:
        """As soon as the clock can be believed, how long it was."""
        out = Conclusion()
        one, found = self._open.get(self._own), self._found
        if one is None or found is None or not now.trusted:
            return out
        self._own = ""
        back = now.utc - (now.mono - found.begun)
        length = max(0, back - found.from_at)
        self._record(
            replace(one, to_at=back, length=length, open=length >= SHORT), "absence.dated", None, now, out
        )
        return out

    def act(self, request: Request, now: Instant) -> Conclusion:
        """A person has read it. Refusal not_found where there is none to read."""
        if not isinstance(request, SeenAbsence) or request.absence not in self._open:
            raise Refusal(
                "not_found", "this absence of the hub was read already, or there is none with this id"
            )
        one = replace(self._open[request.absence], open=False, seen_by=request.by, seen_at=now.utc)
        out = Conclusion(subject=one.to_dict())
        self._record(one, "absence.seen", request.by, now, out)
        return out

    def next_due(self) -> int | None:
        """Nothing follows from time alone: each tick looks at the clock."""
        return None

    def _record(self, one: Absence, kind: str, by: str | None, now: Instant, out: Conclusion) -> None:
        if one.open:
            self._open[one.id] = one
        else:
            self._open.pop(one.id, None)
        out.facts.append(Fact(self._numbering.next(), kind, now.utc, by, KIND, one.to_dict()))
