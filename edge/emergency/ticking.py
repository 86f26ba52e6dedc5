"""What ticks the steps of a plan: facts about its alarms, and those of the tenants behind the incidents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from edge.domain.alarm import Alarm
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.fact import Fact
from edge.domain.instant import Instant
from edge.domain.output import STOP
from edge.domain.reading import Purpose
from edge.emergency.book import Book, Entry
from edge.emergency.grouping import Grouping

_ORDERS: Final = {
    "order.accepted": "order:accepted",
    "order.on_site": "order:on_site",
    "order.done": "order:done",
}
_UNDOES: Final = frozenset({STOP, "off", "reset", "restore"})
"""Acts that end what a plan's step is about: stopping a siren does not start it."""


def of_alarm(kind: str, alarm: Alarm, members: Iterable[Alarm]) -> set[str]:
    """Words of `edge.domain.plan.TICKS` that a fact about an alarm makes true. members: open alarms beside it."""
    words = {"acked"} if alarm.acked else set()
    if kind == "alarm.verdict" and alarm.verdict is not None:
        words |= {"verdict", f"verdict:{alarm.verdict.kind}"}
    if not any(member.active for member in members):
        words.add("normal")
    return words


def _of_other(fact: Fact) -> str | None:
    if fact.kind == "command.confirmed":
        return None if fact.body["act"] in _UNDOES else f"command:{fact.body['kind']}"
    return "answered" if fact.kind == "notification.answered" else _ORDERS.get(fact.kind)


class Ticking:
    """The second look of the incidents, as the last tenant: at what the others made happen in the same step."""

    kinds: tuple[str, ...] = ()

    def __init__(self, book: Book, grouping: Grouping) -> None:
        self._book = book
        self._grouping = grouping

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """It has no cases of its own."""
        del rows, now
        return Conclusion()

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """Commands that were read back, orders that were taken, messages that were answered."""
        told = Conclusion()
        for fact in happened.facts:
            word = _of_other(fact)
            for entry in () if word is None else self._concerned(fact):
                self._book.tick(entry, {str(word)}, now, told)
        return told

    def next_due(self) -> int | None:
        """It waits for nothing."""
        return None

    def _concerned(self, fact: Fact) -> list[Entry]:
        """By its alarm; a command by hand by its place."""
        alarm = fact.body.get("alarm")
        if alarm is not None:
            entry = self._book.of.get(alarm)
            return [] if entry is None else [entry]
        if fact.subject != "command":
            return []
        zone = fact.body["zone"]
        return [
            entry
            for entry in self._book.open.values()
            if entry.incident.purpose is Purpose.LIVE and self._grouping.within(entry.incident, zone)
        ]
