"""Findings in memory: made of what cameras say, tied to alarms, ended, judged and counted. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, Final

from edge.domain.alarm import Alarm
from edge.domain.conclusion import Conclusion
from edge.domain.fact import Fact, Numbering
from edge.domain.footage import JUDGED_WITHIN_DAYS, Figures, Finding, JudgeFinding, Judgement
from edge.domain.instant import DAY, MINUTE, SECOND, Instant
from edge.domain.lifecycle import STUCK, UNCONFIRMED
from edge.domain.reading import Arrival, Purpose, Reading
from edge.domain.request import Refusal
from edge.domain.timers import NEVER

POINT: Final = "finding"
"""Point of a camera that says each finding as JSON text."""
SPAN: Final = JUDGED_WITHIN_DAYS * DAY
GRACE: Final = MINUTE  # beyond its maximum age: then nobody will tell its end any more
MOST_OPEN: Final = 32  # of one camera; it has no more zones and kinds than that
MOST_KNOWN: Final = 20_000
_LONGEST: Final = 16_384  # characters of a reading
_MOST_WHY: Final = 32
_LONGEST_AGE: Final = 86400.0  # seconds
_ID: Final = re.compile(r"[0-9a-z-]{1,64}")
_WORD: Final = re.compile(r"[a-z0-9-]{0,64}")
OWN_RULES: Final = frozenset({UNCONFIRMED, STUCK})


class Findings:
    """Open findings, and for `SPAN` those that are closed. unread: readings that were none, or of too many at once.

    alarms: the open ones. watched: whether a rule looks at a point: what no rule looks at is kept as a reading alone.
    """

    def __init__(
        self,
        sources: Mapping[str, str],
        numbering: Numbering,
        alarms: Callable[[], Iterable[Alarm]],
        watched: Callable[[str], bool],
    ) -> None:
        self.unread = 0
        self._sources = sources  # by id of the camera
        self._numbering = numbering
        self._alarms = alarms
        self._watched = watched
        self._known: dict[str, Finding] = {}
        self._open: dict[str, int] = {}  # id -> mono µs at which it is too old
        self._of_alarm: dict[str, list[str]] = {}
        self._figures: dict[str, dict[str, Figures]] = {}  # device -> kind, of all that is known

    def restore(self, finding: Finding, now: Instant) -> None:
        """Take one up: an open one until its camera says how it stands."""
        self._put(finding)
        if finding.open:
            self._open[finding.id] = now.mono + finding.max_age + GRACE

    # ---- what is known --------------------------------------------------------------------------------------------

    def get(self, id: str | None) -> Finding | None:
        """One of the last `SPAN`."""
        return self._known.get(id or "")

    def open(self, device: str | None = None) -> list[Finding]:
        """Those that go on, newest first."""
        found = [self._known[id] for id in reversed(self._open)]
        return [one for one in found if device is None or one.device == device]

    def of_alarm(self, alarm: str) -> list[Finding]:
        """Those that belong to it."""
        return [self._known[id] for id in self._of_alarm.get(alarm, ()) if id in self._known]

    def figures(self, device: str) -> Mapping[str, Figures]:
        """Of one camera, by kind: of what is known, so of the last `SPAN`."""
        return {**self._figures.get(device, {})}

    def next_due(self) -> int:
        """Mono µs at which one is too old; NEVER while none is open."""
        return min(self._open.values(), default=NEVER)

    # ---- what happens ---------------------------------------------------------------------------------------------

    def heeds(self, reading: Reading) -> bool:
        """Whether something may follow from a reading of a camera."""
        return reading.point.spec.id == POINT or (bool(self._open) and reading.value is False)

    def read(self, readings: Iterable[Reading], now: Instant, told: Conclusion) -> list[Finding]:
        """Those that begin by these readings, tied to the alarm that is open for them."""
        begun: list[Finding] = []
        states: dict[str, Reading] = {}
        for reading in readings:
            device = reading.point.device.id
            if device not in self._sources or reading.arrival is not Arrival.LIVE:
                continue
            if reading.point.spec.id == POINT:
                if (finding := self._said(device, reading, now, told)) is not None:
                    begun.append(finding)
            elif reading.point.spec.signal is not None:
                states[reading.point.id] = reading
        for id in [*self._open] if states else ():
            one = self._known[id]
            last = states.get(one.point)
            if last is not None and last.value is False and last.purpose == one.purpose:
                self._close(one, "finding.ended", last.time, now, told)  # its own end was lost on the way
        return [self._known[one.id] for one in begun]

    def alarmed(self, alarm: Alarm, now: Instant, told: Conclusion) -> None:
        """An alarm was raised: it is that of the open findings of its point."""
        for one in self.open(alarm.device):
            if one.alarm is None and _is_of(one, alarm):
                self._record(replace(one, alarm=alarm.id), "finding.alarmed", now, told)

    def verdict(self, alarm: Alarm, now: Instant, told: Conclusion) -> None:
        """A person's verdict on the alarm is one on its findings, where nobody judged these themselves."""
        said = alarm.verdict
        for one in self.of_alarm(alarm.id) if said is not None else ():
            if one.verdict is None and said is not None and said.kind in {"real", "false"}:
                judged = Judgement("real" if said.kind == "real" else "false", said.by, said.at)
                self._record(replace(one, verdict=judged), "finding.judged", now, told, said.by)

    def linked(self, hazard: Mapping[str, Any], now: Instant, told: Conclusion) -> None:
        """A hazard came of the alarm of a finding."""
        for source in hazard.get("sources", ()):
            for one in self.of_alarm(source["id"]) if source["kind"] == "camera" else ():
                if one.hazard is None:
                    self._record(replace(one, hazard=hazard["id"]), "finding.linked", now, told)

    def judge(self, request: JudgeFinding, now: Instant, told: Conclusion) -> Finding:
        """A person's judgement. Refusal not_found."""
        one = self._known.get(request.finding)
        if one is None:
            days = JUDGED_WITHIN_DAYS
            raise Refusal("not_found", f"there is no such finding of the last {days} days")
        judged = replace(one, verdict=Judgement(request.kind, request.by, now.utc))
        return self._record(judged, "finding.judged", now, told, request.by, request.note)

    def due(self, now: Instant, told: Conclusion) -> None:
        """Those that are too old."""
        for id, due in [*self._open.items()]:
            if due <= now.mono:
                self._close(replace(self._known[id], aged=True), "finding.aged", None, now, told)

    def forget(self, now: Instant, certain: bool) -> None:
        """Closed ones that count no more, `MOST_KNOWN` stay at most. certain: whether the clock may say what is old."""
        closed = [one for one in self._known.values() if not one.open]
        spare = len(self._known) - MOST_KNOWN
        for place, one in enumerate(closed):
            if place < spare or (certain and one.opened_at < now.utc - SPAN):
                del self._known[one.id]
                self._count(one, -1)
                if one.alarm is not None:
                    rest = [id for id in self._of_alarm.pop(one.alarm, ()) if id != one.id]
                    self._of_alarm |= {one.alarm: rest} if rest else {}

    # ---- details --------------------------------------------------------------------------------------------------

    def _said(self, device: str, reading: Reading, now: Instant, told: Conclusion) -> Finding | None:
        """The finding that begins by this reading, if one does."""
        said = parsed(reading.value)
        if said is None:
            self.unread += 1
            return None
        known = self._known.get(said["id"])
        if known is not None and known.device != device:
            self.unread += 1
            return None
        if said["state"] != "start":
            if known is not None and known.open:
                last = replace(known, score=max(known.score, said["score"]), verified=said["verified"])
                aged = said["state"] == "aged"
                kind = "finding.aged" if aged else "finding.ended"
                self._close(replace(last, aged=aged), kind, said["t"], now, told)
            return None
        if known is not None or reading.purpose is Purpose.TEST:
            return None
        if not self._watched(f"{device}.{said['kind']}"):
            return None
        if len(self.open(device)) >= MOST_OPEN:
            self.unread += 1
            return None
        made = Finding(
            said["id"], now.utc, device, self._sources[device], said["check"], said["kind"], said["zone"],
            said["score"], said["since"], said["max_age"], said["box"], said["why"], said["verified"],
            reading.purpose.value,
        )  # fmt: skip
        alarm = next((a.id for a in self._alarms() if a.device == device and _is_of(made, a)), None)
        self._open[made.id] = now.mono + made.max_age + GRACE
        return self._record(replace(made, alarm=alarm), "finding.seen", now, told)

    def _close(self, one: Finding, kind: str, ended: int | None, now: Instant, told: Conclusion) -> None:
        del self._open[one.id]
        self._record(replace(one, closed_at=now.utc, ended=ended), kind, now, told)

    def _record(
        self, one: Finding, kind: str, now: Instant, told: Conclusion, by: str | None = None,
        note: str | None = None,
    ) -> Finding:  # fmt: skip
        self._put(one)
        fact = Fact(self._numbering.next(), kind, now.utc, by, "finding", one.to_dict(), note)
        told.facts.append(fact)
        return one

    def _put(self, one: Finding) -> None:
        known = self._known.get(one.id)
        if known is not None:
            self._count(known, -1)
        self._count(one, 1)
        self._known[one.id] = one
        if one.alarm is not None and (known is None or known.alarm != one.alarm):
            self._of_alarm.setdefault(one.alarm, []).append(one.id)

    def _count(self, one: Finding, by: int) -> None:
        if one.purpose != Purpose.LIVE:
            return
        of = self._figures.setdefault(one.device, {})
        before, said = of.get(one.kind, Figures()), one.verdict.kind if one.verdict else ""
        real, false = before.real + by * (said == "real"), before.false + by * (said == "false")
        of[one.kind] = Figures(before.findings + by, real, false)
        if of[one.kind].findings == 0:
            del of[one.kind]


def _is_of(finding: Finding, alarm: Alarm) -> bool:
    return (
        alarm.point == finding.point
        and alarm.purpose.value == finding.purpose
        and alarm.rule not in OWN_RULES
        and alarm.open
    )


def parsed(value: object) -> dict[str, Any] | None:
    """A finding line as a camera says it, checked, times in µs; None when it is none."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    try:
        row = json.loads(value)
        found = {
            "id": _match(_ID, row["id"]),
            "state": _among(row["state"], ("start", "end", "aged")),
            "check": _match(_WORD, row["check"]),
            "kind": _match(_WORD, row["kind"]),
            "zone": _match(_WORD, row["zone"]),
            "t": _micros(row["t"]),
            "since": _micros(row["since"]),
            "score": _number(row["score"]),
            "max_age": round(max(0.0, min(_number(row["max_age"]), _LONGEST_AGE)) * SECOND),
            "box": None if row.get("box") is None else _box(row["box"]),
            "why": {str(k)[:64]: _number(v) for k, v in list(dict(row.get("why") or {}).items())[:_MOST_WHY]},
            "verified": _among(row.get("verified"), (True, False, None)),
        }
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        return None
    return found


def _match(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise ValueError
    return value


def _among(value: Any, words: Sequence[Any]) -> Any:
    if not any(value is word or (isinstance(value, str) and value == word) for word in words):
        raise ValueError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError
    return float(value)


def _micros(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 62:
        raise ValueError
    return value


def _box(value: Any) -> tuple[float, float, float, float]:
    x, y, width, height = map(_number, value)
    return x, y, width, height
