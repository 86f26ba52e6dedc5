"""How far a message is known to have come, and what its channel can still prove. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from edge.dispatch.channel import Proof
from edge.dispatch.pending import Book, Pending, Route
from edge.domain.notification import ARRIVED
from edge.domain.notification import NotificationState as State

_TIMES: Final = {State.DELIVERED: "delivered_at", State.SEEN: "seen_at", State.ANSWERED: "answered_at"}


class Arrival:
    """Moves messages from sent to answered, never back."""

    def __init__(self, book: Book, routes: Mapping[str, Route]) -> None:
        self._book = book
        self._routes = routes

    def reached(self, waiting: Pending, state: State, by: str | None = None) -> None:
        """A receipt shows `state`; nothing happens where more is known already."""
        case = waiting.case
        if not case.open or case.state not in ARRIVED or ARRIVED.index(state) <= ARRIVED.index(case.state):
            return
        changes: dict[str, Any] = {_TIMES[state]: self._book.now.utc, "state": state}
        if by is not None:
            changes["by"] = by
        self._book.record(state.value, waiting, **changes)
        self.proved(waiting)

    def proved(self, waiting: Pending) -> None:
        """Stop the silence when the proof its channel can give is there; close it when there is nothing to come.

        To what only tells nobody answers: that it arrived is the last there is.
        """
        case = waiting.case
        proves = self._routes[case.channel].proves if case.channel in self._routes else Proof()
        reached = ARRIVED.index(case.state)
        if reached >= ARRIVED.index(_awaited(proves)):
            waiting.silence = None
        if reached >= ARRIVED.index(_last(proves) if case.help else _awaited(proves)):
            self._book.close(waiting)


def _awaited(proves: Proof) -> State:
    """The proof whose absence is silence: that it was shown or arrived, before that somebody answers."""
    if proves.seen:
        return State.SEEN
    if proves.delivered:
        return State.DELIVERED
    return State.ANSWERED if proves.answered else State.SENT


def _last(proves: Proof) -> State:
    return State.ANSWERED if proves.answered else _awaited(proves)
