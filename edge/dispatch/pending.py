"""Open messages in memory: their timers, and the facts about each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edge.dispatch.channel import Proof
from edge.domain.conclusion import Conclusion
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import Instant
from edge.domain.notification import Notification
from edge.domain.notification import NotificationState as State
from edge.domain.timers import NEVER, Timer, Timers


@dataclass(frozen=True, slots=True)
class Route:
    """What the machine knows of a channel. silence: seconds without its proof after which the next one starts.

    ready: whether it is set up; until then it is as if it were not there.
    """

    kind: str
    proves: Proof
    capacity: int
    reaches: Callable[[str], bool]
    silence: float = 30.0
    ready: Callable[[], bool] = lambda: True


@dataclass(slots=True)
class Pending:
    """A case in memory with its timers, mono µs; None where it waits for no time.

    since: when this process took it up; the clock of the civil day may step under `opened_at`. taken: those of the
    alarms it speaks of that need nobody any more.
    """

    case: Notification
    since: int
    retry: int | None = None
    silence: int | None = None
    lost: int | None = None
    keep: int | None = None
    taken: set[str] = field(default_factory=set)
    turn: Timer = field(default_factory=Timer)

    def due(self) -> int:
        """Mono µs of the first of its times, NEVER where it waits for none."""
        return min(
            (t for t in (self.retry, self.silence, self.lost, self.keep) if t is not None), default=NEVER
        )


class _Turn(Timer):
    """When to look at a message again; never later than the first of its times."""

    __slots__ = ("waiting",)

    def __init__(self, waiting: Pending) -> None:
        super().__init__()
        self.waiting = waiting


class Book:
    """The open messages, and what the present call concludes about them.

    They are found by what a step asks of them, so that it costs the same however many are open: by channel and state,
    by the alarms and orders they call for, by the carrier's number, by the time that comes next.
    """

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering
        self.open: dict[str, Pending] = {}
        self._at: dict[tuple[str, State], dict[str, Pending]] = {}
        self._about: dict[tuple[str, str], dict[str, Pending]] = {}
        self._references: dict[tuple[str, str], Pending] = {}
        self._timers = Timers()
        self.out = Conclusion()
        self.now = Instant(0, 0)

    def begin(self, now: Instant) -> None:
        """A new call of the tenant."""
        self.out = Conclusion()
        self.now = now

    def add(self, case: Notification) -> Pending:
        """Take up an open message."""
        waiting = self.open[case.id] = Pending(case, self.now.mono)
        waiting.turn = _Turn(waiting)
        self._enter(waiting)
        return waiting

    # ---- finding --------------------------------------------------------------------------------------------------

    def at(self, channel: str, state: State) -> Mapping[str, Pending]:
        """The messages of a channel in a state, by id."""
        return self._at.get((channel, state), {})

    def queues(self) -> list[tuple[str, list[Pending]]]:
        """(channel, what waits for its next try) where something does."""
        queues = [
            (channel, at.values()) for (channel, state), at in self._at.items() if state is State.QUEUED
        ]
        fresh = [(channel, [one for one in at if one.retry is None]) for channel, at in queues]
        return [(channel, queue) for channel, queue in fresh if queue]

    def calls(self, subject: str, id: str) -> list[Pending]:
        """The calls for help about an "alarm" or "order"."""
        return list(self._about.get((subject, id), {}).values())

    def referred(self, channel: str, reference: str) -> Pending | None:
        """The message that the carrier knows by that number."""
        return self._references.get((channel, reference))

    def fallen_due(self) -> Iterator[Pending]:
        """Those to look at now; whoever takes one moves its times on."""
        for turn in self._timers.fallen_due(self.now.mono):
            if isinstance(turn, _Turn):
                yield turn.waiting
                turn.due = turn.waiting.due()

    def next_due(self) -> int | None:
        """Mono µs at which the next one is to be looked at."""
        return self._timers.next_due()

    def wind(self, waiting: Pending) -> None:
        """Its times have changed; putting one off may be left to the next look."""
        waiting.turn.due = waiting.due()
        self._timers.watch(waiting.turn)

    def _enter(self, waiting: Pending) -> None:
        case = waiting.case
        self._at.setdefault((case.channel, case.state), {})[case.id] = waiting
        if case.reference is not None:
            self._references[case.channel, case.reference] = waiting
        for subject in _subjects(case):
            self._about.setdefault(subject, {})[case.id] = waiting

    def _leave(self, case: Notification) -> None:
        _drop(self._at, (case.channel, case.state), case.id)
        if case.reference is not None:
            self._references.pop((case.channel, case.reference), None)
        for subject in _subjects(case):
            _drop(self._about, subject, case.id)

    # ---- changing -------------------------------------------------------------------------------------------------

    def end(self, waiting: Pending, state: State, reason: str | None, **changes: Any) -> None:
        """It needs nothing any more."""
        waiting.retry = waiting.silence = waiting.lost = waiting.keep = None
        ended = {"state": state, "reason": reason, "open": False, "closed_at": self.now.utc}
        self.record(state.value, waiting, **(ended | changes))

    def close(self, waiting: Pending, reason: str | None = None) -> None:
        """It arrived, and nothing more will be told about it."""
        if waiting.case.open and waiting.case.id in self.open:
            self.end(waiting, waiting.case.state, reason)

    def record(self, kind: str, waiting: Pending, **changes: Any) -> None:
        """The fact `notification.<kind>` with the message as `changes` leave it."""
        left = 0 if waiting.silence is None else max(0, waiting.silence - self.now.mono)
        changes.setdefault("silence_left", left)
        if waiting.silence is None:
            changes["silence_at"] = None
        if kind in {"sending", "sent"}:
            changes["told"] = self.numbering.last + 1
        former = waiting.case
        waiting.case = replace(former, **changes)
        if former.id in self.open:
            self._leave(former)
            if waiting.case.open:
                self._enter(waiting)
            else:
                del self.open[former.id]
        if waiting.case.open:
            self.wind(waiting)
        else:
            self._timers.forget(waiting.turn)
        self.tell(f"notification.{kind}", waiting.case.by, waiting.case.to_dict(), None, "notification")

    def tell(
        self, kind: str, by: str | None, body: Mapping[str, Any], note: str | None, subject: str = ""
    ) -> None:
        """Any fact. note: a person's own words."""
        self.out.facts.append(
            Fact(self.numbering.next(), kind, self.now.utc, by=by, subject=subject, body=body, note=note)
        )


def _subjects(case: Notification) -> Iterable[tuple[str, str]]:
    """What it calls for help about."""
    if not case.help:
        return ()
    return [("order", case.order)] if case.order is not None else [("alarm", id) for id in case.alarms]


def _drop(index: dict[tuple[str, Any], dict[str, Pending]], key: tuple[str, Any], id: str) -> None:
    found = index.get(key)
    if found is not None:
        found.pop(id, None)
        if not found:
            del index[key]
