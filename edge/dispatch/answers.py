"""What a person's answer on a channel means: which message it answers, and the act that follows. Pure."""

from __future__ import annotations

from typing import Final

from edge.dispatch.arrival import Arrival
from edge.dispatch.pending import Book, Pending
from edge.domain.conclusion import Answered
from edge.domain.instant import SECOND
from edge.domain.notification import ARRIVED, Notification
from edge.domain.notification import NotificationState as State
from edge.domain.order import Advance, CommentOrder
from edge.domain.request import Acknowledge, Comment

TWICE: Final = (
    10 * SECOND
)  # the same digit within it is one text that came twice, not the taking of a second alarm
CLOCKS: Final = 60 * SECOND  # by which the network's clock and the hub's may differ; both follow UTC


class Answers:
    """A digit takes or rejects what the person was told last on that channel; other words are a remark on it.

    An answer never reaches back past a message that somebody else has taken meanwhile: that one was meant.
    """

    def __init__(self, book: Book, arrival: Arrival) -> None:
        self._book = book
        self._arrival = arrival
        self._taken: dict[tuple[str, str], Notification] = {}  # told last of those that others have taken
        self._digits: dict[tuple[str, str, str], int] = {}  # mono µs of the last one
        self.strangers = 0
        """Answers from unknown numbers."""

    def taken(self, case: Notification) -> None:
        """Somebody took the alarm or order before this person answered."""
        if case.sent_at is not None and case.state is not State.ANSWERED:
            former = self._taken.get((case.channel, case.person))
            if former is None or former.told <= case.told:
                self._taken[case.channel, case.person] = case

    def answered(self, answer: Answered) -> None:
        """Carry the answer to the message it belongs to."""
        if answer.person is None:
            self.strangers += 1
            self._book.tell("notification.stranger", None, {"channel": answer.channel}, answer.text)
            return
        word = answer.text.strip().strip("。.!！").translate({0xFF11: "1", 0xFF12: "2"})
        newest = self._meant(answer, answer.person)
        if newest is None or self._twice(answer.channel, answer.person, word):
            self._book.tell("notification.remark", answer.person, {"channel": answer.channel}, answer.text)
            return
        self._carry_out(newest.case, answer.person, word, answer.text)
        if newest.case.state not in ARRIVED:  # the answer proves what the channel has not told
            newest.lost = newest.retry = None
            self._book.record("sent", newest, state=State.SENT, sent_at=self._book.now.utc)
        self._arrival.reached(newest, State.ANSWERED, answer.person)

    def _meant(self, answer: Answered, person: str) -> Pending | None:
        """The message told last before it was written; one that only may have arrived where none certainly has.

        What others have taken was certainly told: only a text surely written after them can mean one that may have.
        """
        mine = [
            one
            for one in self._book.open.values()
            if one.case.help and one.case.person == person and one.case.channel == answer.channel
            if not self._later(one.case, answer)
        ]
        told = [one for one in mine if one.case.state in ARRIVED[:3]]
        perhaps = [one for one in mine if one.case.state is State.SENDING or one.case.uncertain]
        perhaps = [one for one in perhaps if one.case.state not in ARRIVED]
        newest = max(told or perhaps, key=lambda one: one.case.told, default=None)
        taken = self._taken.pop((answer.channel, person), None)
        if taken is None or self._later(taken, answer):
            return newest
        if newest is None or newest.case.told <= taken.told:
            return None
        return newest if told or self._surely_before(newest.case, answer) else None

    def _later(self, case: Notification, answer: Answered) -> bool:
        """Whether the message went out after the answer was written, so that it cannot be meant."""
        at = case.begun_at if case.sent_at is None else case.sent_at
        if answer.written_at is None or at is None or not self._book.now.trusted:
            return False
        return at > answer.written_at + CLOCKS

    def _surely_before(self, case: Notification, answer: Answered) -> bool:
        """Whether the answer was written after the message had begun to go out, however the clocks differ."""
        if answer.written_at is None or case.begun_at is None or not self._book.now.trusted:
            return False
        return case.begun_at + CLOCKS < answer.written_at

    def _twice(self, channel: str, person: str, word: str) -> bool:
        if word not in {"1", "2"}:
            return False
        mono = self._book.now.mono
        former = self._digits.get((channel, person, word))
        self._digits[channel, person, word] = mono
        return former is not None and mono - former < TWICE

    def _carry_out(self, case: Notification, person: str, word: str, text: str) -> None:
        """A folded message is answered for its headline: the others are numbers in it, nobody has read their place."""
        requests = self._book.out.requests
        if case.order is not None:
            if word == "1":
                requests.append(Advance(case.order, person, "accept", entitled=True))
            elif word == "2":
                requests.append(Advance(case.order, person, "reject", reason="sms", entitled=True))
            else:
                requests.append(CommentOrder(case.order, person, text))
        elif case.alarm is not None:
            act = Acknowledge if word == "1" else Comment
            requests.append(act(case.alarm, person, text))
