"""Hand-overs as a tenant of step 4: two persons, one record; and a change of shift without one is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from edge.domain.conclusion import Conclusion, Happened
from edge.domain.fact import Fact, Numbering
from edge.domain.handover import EARLY, GRACE, ITEMS, HandOver, ShiftChange, Watch
from edge.domain.instant import MINUTE, Instant
from edge.domain.request import Refusal, Request

Changes = Callable[[Instant], Sequence[ShiftChange] | None]
"""Changes of shift of the last hour; None where no roster says when they are."""

_LOOK: Final = MINUTE  # how often the roster is asked


class HandOvers:
    """All posts' watches, and the hand-overs that are missing."""

    kinds: tuple[str, ...] = ("handover",)
    requests: tuple[type[Any], ...] = (HandOver,)

    def __init__(self, changes: Changes, numbering: Numbering) -> None:
        self._changes = changes
        self._numbering = numbering
        self._watches: dict[str, Watch] = {}  # by post: the one that lasts
        self._missed: dict[ShiftChange, Watch] = {}
        self._look_at = 0  # mono µs
        self._begun = 0  # µs UTC

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Who has the watch, and what is missing, as before."""
        for row in rows:
            watch = Watch.from_dict(row)
            if watch.kind == "made":
                self._watches[watch.post] = watch
            elif watch.due_at is not None:
                self._missed[ShiftChange(watch.post, watch.due_at)] = watch
        self._look_at = now.mono
        self._begun = now.utc
        return Conclusion()

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """A change of shift without a hand-over in time; never on a clock that cannot be believed."""
        del happened
        made = Conclusion()
        if now.mono < self._look_at:
            return made
        self._look_at = now.mono + _LOOK
        if not now.trusted:
            return made
        for change in self._changes(now) or ():
            late = now.utc >= change.at + GRACE and not self._covered(change)
            if late and change not in self._missed and self._expected(change):
                seq = self._numbering.next()
                missed = Watch(
                    id=f"ho-{seq.epoch}-{seq.number}",
                    kind="missed",
                    post=change.post,
                    opened_at=now.utc,
                    open=True,
                    due_at=change.at,
                )
                self._missed[change] = missed
                made.facts.append(Fact(seq, "handover.missed", now.utc, None, "handover", missed.to_dict()))
        return made

    def _expected(self, change: ShiftChange) -> bool:
        """A change from before this start counts only where a watch was kept already: a new hub has missed nothing."""
        kept = {*self._watches, *(missed.post for missed in self._missed)}
        return change.at >= self._begun or change.post in kept

    def act(self, request: Request, now: Instant) -> Conclusion:
        """Refusal same_person when one person signs for both."""
        assert isinstance(request, HandOver)  # noqa: S101 - `requests` says so
        if request.by == request.taker:
            raise Refusal("same_person", "two persons hand over: the taker must be another one")
        made = Conclusion()
        former = self._watches.get(request.post)
        if former is not None:
            ended = replace(former, open=False)
            made.facts.append(self._fact("handover.ended", ended, now))
        for change in [change for change in self._missed if change.post == request.post]:
            late = replace(self._missed.pop(change), open=False)
            made.facts.append(self._fact("handover.caught_up", late, now, request.by))
        seq = self._numbering.next()
        watch = Watch(
            id=f"ho-{seq.epoch}-{seq.number}",
            kind="made",
            post=request.post,
            opened_at=now.utc,
            open=True,
            giver=request.by,
            taker=request.taker,
            left=request.left,
            items={item: bool(request.items.get(item)) for item in ITEMS},
        )
        self._watches[request.post] = watch
        note = request.remarks.strip() or None
        body = watch.to_dict()
        made.facts.append(Fact(seq, "handover.made", now.utc, request.by, "handover", body, note))
        made.subject = body
        return made

    def next_due(self) -> int | None:
        """When the roster is asked again."""
        return self._look_at

    def _covered(self, change: ShiftChange) -> bool:
        watch = self._watches.get(change.post)
        return watch is not None and watch.opened_at >= change.at - EARLY

    def _fact(self, kind: str, watch: Watch, now: Instant, by: str | None = None) -> Fact:
        return Fact(self._numbering.next(), kind, now.utc, by, "handover", watch.to_dict())
