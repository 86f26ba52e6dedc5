"""Messages that nobody needs any more, because somebody has taken what they are about, or it is over. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from edge.dispatch.answers import Answers
from edge.dispatch.arrival import Arrival
from edge.dispatch.asked import DRILL_ENDS, Memory, about_alarm
from edge.dispatch.pending import Book, Pending
from edge.dispatch.run import ended
from edge.domain.device import Signal
from edge.domain.fact import Fact
from edge.domain.notification import ARRIVED, Notification
from edge.domain.notification import NotificationState as State

DRILL_ENDINGS: Final = frozenset({"drill-over", "drill-stopped"})
_OF_ALARMS: Final = frozenset(signal.value for signal in Signal)


class Settling:
    """Looks at facts about alarms and orders. A folded message is needed while one of all it counts is."""

    def __init__(self, book: Book, arrival: Arrival, answers: Answers) -> None:
        self._book = book
        self._arrival = arrival
        self._answers = answers

    def settle(self, fact: Fact) -> None:
        """Calls for help about what the fact says is taken, judged, kept quiet or over are obsolete."""
        body = fact.body
        if fact.subject == "alarm":
            if (reason := ended(fact.kind, body)) is not None:
                self._obsolete("alarm", body["id"], reason, fact.by)
        elif fact.kind in DRILL_ENDS:
            self._unsaid()
        elif fact.subject == "order":
            if not body.get("open", True):
                self._obsolete("order", body["id"], "closed", fact.by)
            elif fact.kind == "order.accepted":
                self._obsolete("order", body["id"], "accepted", fact.by)

    def reheaded(self, waiting: Pending, memory: Memory) -> Notification:
        """The message for the channel that is tried next: its headline is one that still needs somebody."""
        case = waiting.case
        if case.alarm not in waiting.taken:
            return case
        known = [memory.alarm(id) for id in case.alarms if id not in waiting.taken]
        left = [alarm for alarm in known if alarm is not None]
        if not left:
            return case
        others = {kind: number for kind, number in case.counts.items() if kind not in _OF_ALARMS}
        counts = {**Counter(alarm.signal.value for alarm in left[1:]), **others}
        return replace(case, alarm=left[0].id, about=about_alarm(left[0]), counts=counts)

    def _unsaid(self) -> None:
        """A drill is over: nothing more is said of it on any channel, unless it says just that."""
        for waiting in list(self._book.open.values()):
            case = waiting.case
            if not case.about.drill or case.message in DRILL_ENDINGS:
                continue
            waiting.silence = None
            if case.state is State.QUEUED:
                self._book.end(waiting, State.DROPPED, "closed")
            elif case.state is State.SENDING:
                if case.reason is None:
                    self._book.record("unneeded", waiting, reason="closed", then=())
            else:  # a late answer means this one, and nothing real
                self._answers.taken(case)
                self._book.close(waiting, "closed")

    def _obsolete(self, subject: str, id: str, reason: str, by: str | None) -> None:
        for waiting in self._book.calls(subject, id):
            case = waiting.case
            waiting.taken.add(id)
            if not _all_taken(waiting):
                continue
            waiting.silence = None
            if case.state is State.QUEUED:
                self._book.end(waiting, State.DROPPED, reason)
            elif case.state is State.SENDING:
                if case.reason is None:
                    self._book.record("unneeded", waiting, reason=reason)
            elif case.state in ARRIVED:
                if by is not None and by == case.person and case.state is not State.ANSWERED:
                    self._arrival.reached(waiting, State.ANSWERED, by)
                self._answers.taken(waiting.case)
                self._book.close(waiting, reason)


def _all_taken(waiting: Pending) -> bool:
    """Whether nothing it speaks of needs anybody. What is no alarm stands in it as a number only: nobody knows."""
    case = waiting.case
    if case.order is not None:
        return not case.counts
    return waiting.taken.issuperset(case.alarms) and _OF_ALARMS.issuperset(case.counts)
