"""Open messages in memory: their timers, and the facts about each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from edge.dispatch.channel import Proof
from edge.domain.conclusion import Conclusion
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import Instant
from edge.domain.notification import Notification
from edge.domain.notification import NotificationState as State


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

    since: when this process took it up; the clock of the civil day may step under `opened_at`.
    """

    case: Notification
    since: int
    retry: int | None = None
    silence: int | None = None
    lost: int | None = None
    keep: int | None = None

    def due(self) -> list[int]:
        return [t for t in (self.retry, self.silence, self.lost, self.keep) if t is not None]


class Book:
    """The open messages by id, and what the present call concludes about them."""

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering
        self.open: dict[str, Pending] = {}
        self.out = Conclusion()
        self.now = Instant(0, 0)

    def begin(self, now: Instant) -> None:
        """A new call of the tenant."""
        self.out = Conclusion()
        self.now = now

    def add(self, case: Notification) -> Pending:
        """Take up an open message."""
        waiting = self.open[case.id] = Pending(case, self.now.mono)
        return waiting

    def end(self, waiting: Pending, state: State, reason: str | None, **changes: Any) -> None:
        """It needs nothing any more."""
        waiting.retry = waiting.silence = waiting.lost = waiting.keep = None
        ended = {"state": state, "reason": reason, "open": False, "closed_at": self.now.utc}
        self.record(state.value, waiting, **(ended | changes))
        self.open.pop(waiting.case.id, None)

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
        waiting.case = replace(waiting.case, **changes)
        self.tell(f"notification.{kind}", waiting.case.by, waiting.case.to_dict(), None, "notification")

    def tell(
        self, kind: str, by: str | None, body: Mapping[str, Any], note: str | None, subject: str = ""
    ) -> None:
        """Any fact. note: a person's own words."""
        self.out.facts.append(
            Fact(self.numbering.next(), kind, self.now.utc, by=by, subject=subject, body=body, note=note)
        )
