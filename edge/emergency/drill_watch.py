"""The stopwatch of a drill: what it measures, it takes from the facts of all others. Behind all tenants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from edge.domain.conclusion import Conclusion, Happened
from edge.domain.drill import Drill
from edge.domain.fact import Fact
from edge.domain.instant import Instant
from edge.domain.reading import Purpose, Reading

ENDINGS: Final = frozenset({"drill-over", "drill-stopped"})
"""Messages that tell of a drill's end."""


class _Book(Protocol):
    """The drills, as the stopwatch needs them."""

    running: Drill | None

    def measure(
        self, drill: Drill, what: str, at: int, told: Conclusion, now: Instant, **changes: Any
    ) -> None: ...

    def record(self, kind: str, drill: Drill, now: Instant, told: Conclusion) -> None: ...


class Watching:
    """See `edge.domain.conclusion.Tenant`; owns no kind of case.

    late: who was told of a drill after its end, as in `Drill.told`.
    """

    kinds: tuple[str, ...] = ()

    def __init__(self, book: _Book) -> None:
        self._book = book
        self.late: tuple[Mapping[str, Any], ...] = ()

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Nothing of its own."""
        del rows, now
        return Conclusion()

    def next_due(self) -> int | None:
        """It waits for nothing."""
        return None

    def heeds(self, reading: Reading) -> bool:
        """See `Heeding`: a drill's own readings."""
        return reading.purpose is Purpose.DRILL and self._book.running is not None

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """The marked reading, messages, answers, people on scene, the all clear, and outputs that really started."""
        told = Conclusion()
        for reading in happened.readings:
            drill = self._book.running
            if drill is not None and reading.purpose is Purpose.DRILL and reading.point.id == drill.point:
                self._first(drill, "reading", reading.received, told, now)
        for fact in happened.facts:
            if fact.subject == "notification":
                self._message(fact, now, told)
            elif (drill := self._book.running) is not None:
                self._other(drill, fact, now, told)
        return told

    def _first(self, drill: Drill, what: str, at: int, told: Conclusion, now: Instant) -> None:
        if what not in drill.times:
            self._book.measure(drill, what, at, told, now)

    def _message(self, fact: Fact, now: Instant, told: Conclusion) -> None:
        body, drill = fact.body, self._book.running
        if not body.get("about", {}).get("drill") or body["message"] in ENDINGS:
            return
        person, channel = body["person"], body["channel"]
        if fact.kind == "notification.sending":
            if drill is None:
                self.late = _with(self.late, person, channel)
            elif (after := _with(drill.told, person, channel)) != drill.told:
                self._book.record("drill.told", replace(drill, told=after), now, told)
        elif drill is not None and fact.kind == "notification.sent":
            self._first(drill, "message", body["sent_at"] or now.utc, told, now)
        elif drill is not None and fact.kind == "notification.answered":
            self._first(drill, "answer", now.utc, told, now)

    def _other(self, drill: Drill, fact: Fact, now: Instant, told: Conclusion) -> None:
        body = fact.body
        if fact.kind == "alarm.acked" and body["purpose"] == Purpose.DRILL:
            self._first(drill, "answer", now.utc, told, now)
        elif fact.subject == "incident" and body["id"] == drill.incident:
            came = tuple(one["at"] for one in body["roll"])
            if fact.kind == "incident.roll" and came != drill.mustered:
                self._book.measure(drill, "scene", now.utc, told, now, mustered=came)
            elif fact.kind == "incident.all_clear":
                self._first(drill, "all_clear", now.utc, told, now)
        elif fact.subject == "command" and body["cause"] == drill.id and body["output"] not in drill.operated:
            operated = (*drill.operated, body["output"])
            self._book.record("drill.output", replace(drill, operated=operated), now, told)


def _with(told: Sequence[Mapping[str, Any]], person: str, channel: str) -> tuple[Mapping[str, Any], ...]:
    """`told` with one more; a group is told where it was told, a person once."""
    known = {(one["person"], "" if one["person"] else one["channels"][0]): one for one in told}
    key = (person, "" if person else channel)
    before = known.get(key, {"channels": []})["channels"]
    known[key] = {"person": person, "channels": list(dict.fromkeys([*before, channel]))}
    return tuple(known.values())
