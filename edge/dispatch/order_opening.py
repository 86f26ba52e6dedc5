"""Orders that open themselves: by which rule, once for each alarm, and never into a fire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal

from edge.domain.alarm import Alarm
from edge.domain.danger import endangers
from edge.domain.order import OrderRule
from edge.domain.reading import Purpose

SEEN: Final = frozenset(
    {"alarm.raised", "alarm.unshelved", "alarm.released", "alarm.verdict", "alarm.closed", "alarm.reset"}
)
"""Kinds of facts that `Opening.seen` looks at."""


class Opening:
    """Looks at alarms and says which orders to open now. What waits for a fire to end is kept until then.

    alarms: the open ones, as they stand now. category: of a device, by its id.
    """

    def __init__(
        self,
        rules: Sequence[OrderRule],
        alarms: Callable[[], Iterable[Alarm]],
        category: Callable[[str], str],
    ) -> None:
        self._rules = rules
        self._alarms = alarms
        self._category = category
        self._waiting: dict[str, tuple[Alarm, OrderRule]] = {}
        self._held: set[str] = set()  # alarms that came while they were suppressed

    def resume(self, has_order: Callable[[Alarm, OrderRule], bool]) -> None:
        """After a restart: find again what waited for a fire to end. has_order: whether such work is open for it."""
        for alarm in self._alarms():
            judged = alarm.verdict is not None and alarm.verdict.kind == "fault"
            rule = self._rule("fault" if judged else "raised", alarm)
            if rule is None or has_order(alarm, rule):
                continue
            if alarm.suppression is not None and not judged:
                self._held.add(alarm.id)
            elif self._burns(alarm.zone):
                self._waiting[alarm.id] = (alarm, rule)

    def seen(self, kind: str, alarm: Alarm) -> None:
        """A fact about an alarm."""
        asks = alarm.suppression is None and alarm.active and alarm.open
        if asks and (kind == "alarm.raised" or alarm.id in self._held):
            self._wait("raised", alarm)
        if alarm.suppression is None or not alarm.open:
            self._held.discard(alarm.id)
        elif kind == "alarm.raised":
            self._held.add(alarm.id)
        if kind == "alarm.verdict" and alarm.verdict is not None:
            if alarm.dismissed:
                self._waiting.pop(alarm.id, None)
            if alarm.verdict.kind == "fault":
                self._wait("fault", alarm)

    def due(self) -> Iterator[tuple[Alarm, OrderRule]]:
        """What can be opened now, oldest first; each is told once."""
        for alarm, rule in list(self._waiting.values()):
            if not self._burns(alarm.zone):
                del self._waiting[alarm.id]
                yield alarm, rule

    def _wait(self, on: Literal["raised", "fault"], alarm: Alarm) -> None:
        rule = self._rule(on, alarm)
        if rule is not None:
            self._waiting[alarm.id] = (alarm, rule)

    def _rule(self, on: Literal["raised", "fault"], alarm: Alarm) -> OrderRule | None:
        if alarm.purpose is not Purpose.LIVE:
            return None
        for rule in self._rules:
            if (
                rule.on == on
                and (not rule.rules or alarm.rule in rule.rules)
                and (not rule.signals or alarm.signal in rule.signals)
                and (not rule.categories or self._category(alarm.device) in rule.categories)
            ):
                return rule
        return None

    def _burns(self, zone: str) -> bool:
        """Whether fire or gas is reported at `zone` or around it and nobody judged it to be something else."""
        return any(endangers(alarm, zone) for alarm in self._alarms())
