"""Every message to people: queued by channel, sent, proved, tried again, folded, or dropped with its reason. Pure.

Each channel has its own queue and its own number of messages under way, so that one that hangs delays no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Any, Final

from edge.dispatch.answers import Answers
from edge.dispatch.arrival import Arrival
from edge.dispatch.asked import AT_ONCE, Memory, Wanted, wanted
from edge.dispatch.folding import folded
from edge.dispatch.messages import Words
from edge.dispatch.pending import Book, Pending, Route
from edge.dispatch.proving import DailyProofs
from edge.dispatch.settling import Settling
from edge.domain.alarm import Alarm
from edge.domain.conclusion import Alive, Answered, Conclusion, Delivered, Happened, Send, Sent
from edge.domain.fact import Numbering
from edge.domain.hazard import Hazard
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text
from edge.domain.notification import ARRIVED, About, DailyProof, Notification, TestChannel
from edge.domain.notification import NotificationState as State
from edge.domain.request import Refusal, Request
from edge.domain.timers import resumed

LOST: Final = 90 * SECOND  # without a word about an attempt; the sender's own limit is shorter
BACK_OFF: Final = (5, 10, 20, 40, 60)  # seconds before the next try; the last one stays
GIVE_UP: Final = 3600 * SECOND  # after which a message that cannot be sent is given up
KEEP: Final = 12 * 3600 * SECOND  # how long an answer or a delivery report is waited for
EARLY: Final = 256  # delivery reports kept that came before the word that they were sent

_Key = tuple[str, str, str, str | None, str | None, str | None]  # the last three: alarm, order, hazard


class Notifications:
    """The tenant. language: of a person id, "" for groups. alarms: those open at a start; hazard: one by its id."""

    kinds: tuple[str, ...] = ("notification",)
    requests: tuple[type[Any], ...] = (TestChannel,)

    def __init__(
        self,
        routes: Mapping[str, Route],
        words: Words,
        numbering: Numbering,
        language: Callable[[str], str],
        alarms: Callable[[], Iterable[Alarm]] = lambda: (),
        proofs: Sequence[DailyProof] = (),
        local: tuple[tzinfo, Callable[[int], int]] = (UTC, lambda utc: utc),
        hazard: Callable[[str], Hazard | None] = lambda _: None,
    ) -> None:
        self._routes, self._words = routes, words
        self._language = language
        self._memory = Memory(alarms, hazard)
        self._book = Book(numbering)
        self._arrival = Arrival(self._book, routes)
        self._answers = Answers(self._book, self._arrival)
        self._settling = Settling(self._book, self._arrival, self._answers)
        self._proofs = DailyProofs(proofs, *local)
        self._paused: dict[str, int] = {}
        self._early: dict[tuple[str, str], Delivered] = {}

    @property
    def strangers(self) -> int:
        """Answers from unknown numbers."""
        return self._answers.strangers

    # ---- the tenant's four entries --------------------------------------------------------------------------------

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Take up open messages. What was being sent may have arrived: it is sent again and says so."""
        self._book.begin(now)
        for row in rows:
            case = Notification.from_dict(row)
            waiting = self._book.add(case)
            if case.silence_at is not None and not case.silent:
                waiting.silence = resumed(case.silence_at, case.silence_left, now)
            alarm = self._memory.alarm(case.alarm)
            taken = case.help and alarm is not None and alarm.acked and not case.counts
            known = (self._memory.alarm(id) for id in case.alarms)
            waiting.taken = {one.id for one in known if one is not None and not one.sounds}
            if taken and case.state in {State.SENDING, State.QUEUED}:
                self._book.end(waiting, State.DROPPED, "acknowledged")
            elif case.state is State.SENDING and case.reason is not None:
                self._book.end(waiting, State.DROPPED, case.reason)
            elif case.state is State.SENDING:
                self._book.record("retrying", waiting, state=State.QUEUED, uncertain=True)
            elif case.state in ARRIVED:
                waiting.keep = now.mono + KEEP
            self._book.wind(waiting)
        self._fill()
        return self._book.out

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """New messages of the facts, what channels told, and what time alone makes follow."""
        self._book.begin(now)
        for fact in happened.facts:
            self._memory.note(fact)
        seen: set[_Key] = set()
        for fact in happened.facts:
            self._settling.settle(fact)
            for call in wanted(fact, self._memory):
                self._call(call, seen)
        for receipt in happened.receipts:
            if isinstance(receipt, Sent):
                self._sent(receipt)
            elif isinstance(receipt, Delivered):
                self._delivered(receipt)
            elif isinstance(receipt, Answered):
                self._answers.answered(receipt)
            elif isinstance(receipt, Alive):
                self._shown(receipt)
        self._time()
        for proof in self._proofs.fallen_due(now):
            if (route := self._routes.get(proof.channel)) is not None and route.ready():
                self._proof(proof.channel, proof.person, None)
        self._fill()
        self._memory.forget()
        return self._book.out

    def act(self, request: Request, now: Instant) -> Conclusion:
        """Carry out a test of a channel; Refusal not_found for one that is unknown or does not reach the person."""
        if not isinstance(request, TestChannel):
            msg = f"not a request of the notifications: {type(request).__name__}"
            raise TypeError(msg)
        self._book.begin(now)
        route = self._routes.get(request.channel)
        if route is None:
            raise Refusal("not_found", f"there is no channel {request.channel}")
        if not route.ready():
            raise Refusal("not_found", f"{request.channel} is not set up: its address is missing")
        if not route.reaches(request.person):
            raise Refusal("not_found", f"{request.channel} has no address of {request.person or 'a group'}")
        case = self._proof(request.channel, request.person, request.by)
        self._fill()
        self._book.out.subject = self._book.open[case].case.to_dict()
        return self._book.out

    def next_due(self) -> int | None:
        """Mono µs of the earliest timer."""
        soonest = self._book.next_due()
        due = [] if soonest is None else [soonest]
        return min([*due, *self._paused.values(), *self._proofs.due(self._book.now)], default=None)

    # ---- new messages ---------------------------------------------------------------------------------------------

    def _call(self, call: Wanted, seen: set[_Key]) -> None:
        """One message on the first channel that reaches the person; on one of each kind where it is urgent."""
        drill = call.about.drill
        reached = [c for c in call.channels if self._target(c, call.person, drill=drill) is not None]
        if not reached:
            channel = call.channels[0] if call.channels else ""
            lost = self._new(channel, call.person, call, ())
            self._book.end(lost, State.FAILED, "unreachable")
            return
        chains: dict[str, list[str]] = {}
        for channel in reached:
            kind = self._routes[channel].kind if call.about.signal in AT_ONCE else ""
            chains.setdefault(kind, []).append(channel)
        for chain in chains.values():
            if call.about.signal in AT_ONCE:  # takes a free channel of its own kind rather than queue
                chain.sort(key=lambda channel: self._room(channel) <= 0)
            first, *rest = chain
            target = self._target(first, call.person, drill=drill) or ""
            key = (first, target, call.message, call.alarm, call.order, call.hazard)
            if key in seen or (not rest and self._waits(key)):
                continue
            seen.add(key)
            self._queue(first, target, call, tuple(rest))

    def _target(self, channel: str, person: str, *, drill: bool) -> str | None:
        """Whom `channel` reaches for a call of `person`: him, the group behind it, or nobody.

        A drill is said to whom it is for: many in a group are in no drill.
        """
        route = self._routes.get(channel)
        if route is None or not route.ready():
            return None
        if route.reaches(person):
            return person
        return "" if not drill and route.reaches("") else None

    def _room(self, channel: str) -> int:
        """How many messages it can start now."""
        if channel in self._paused:
            return 0
        return self._routes[channel].capacity - len(self._book.at(channel, State.SENDING))

    def _waits(self, key: _Key) -> bool:
        return any(
            (c.channel, c.person, c.message, c.alarm, c.order, c.hazard) == key
            for c in (waiting.case for waiting in self._book.at(key[0], State.QUEUED).values())
        )

    def _queue(
        self,
        channel: str,
        person: str,
        call: Wanted,
        then: tuple[str, ...],
        former: Notification | None = None,
    ) -> None:
        waiting = self._new(channel, person, call, then)
        if former is not None:
            waiting.case = replace(waiting.case, alarms=former.alarms, counts=former.counts)
        silence = round(self._routes[channel].silence * SECOND)
        if then:
            waiting.silence = self._book.now.mono + silence
        self._book.record("queued", waiting, silence_at=self._book.now.utc + silence if then else None)

    def _new(self, channel: str, person: str, call: Wanted, then: tuple[str, ...]) -> Pending:
        route = self._routes.get(channel)
        numbers = self._book.numbering
        number = f"{numbers.epoch}-{numbers.last + 1}"  # of its first fact, which follows at once
        case = Notification(
            id=f"nt-{number}",
            channel=channel,
            person=person,
            asked=call.person,
            message=call.message,
            state=State.QUEUED,
            open=True,
            opened_at=self._book.now.utc,
            about=call.about,
            help=call.help,
            urgent=call.about.signal in AT_ONCE or (route is not None and route.kind == "ring"),
            alarm=call.alarm,
            order=call.order,
            hazard=call.hazard,
            alarms=(call.alarm,) if call.alarm else (),
            then=then,
        )
        return self._book.add(case)

    def _proof(self, channel: str, person: str, by: str | None) -> str:
        about = About(title=Text("通道自检", "Channel test"), at=self._book.now.utc)
        waiting = self._new(channel, person, Wanted(person, (channel,), "proof", False, about), ())
        self._book.record("queued", waiting, by=by)
        return waiting.case.id

    # ---- sending --------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Start what waits, best first, as far as each channel has room."""
        for channel, queue in self._book.queues():
            route = self._routes.get(channel)
            if route is None:  # it left the site's folder while this waited
                for one in queue:
                    self._failed(one, "the channel is not configured any more", again=False)
                continue
            for best in folded(queue, self._book)[: max(0, self._room(channel))]:
                self._start(best, route)

    def _start(self, waiting: Pending, route: Route) -> None:
        case = waiting.case
        waiting.lost = self._book.now.mono + LOST
        begun = self._book.now.utc if case.begun_at is None else case.begun_at
        self._book.record("sending", waiting, state=State.SENDING, attempt=case.attempt + 1, begun_at=begun)
        case = waiting.case
        text = self._words.compose(
            case, self._language(case.person), repeat=case.uncertain, answers=route.proves.answered
        )
        self._book.out.effects.append(
            Send(case.id, case.attempt, case.channel, case.person, text, case.urgent, case.uncertain)
        )

    # ---- what channels tell ---------------------------------------------------------------------------------------

    def _sent(self, sent: Sent) -> None:
        waiting = self._book.open.get(sent.notification)
        if waiting is None or waiting.case.state is not State.SENDING or waiting.case.attempt != sent.attempt:
            return
        if sent.error is not None:
            if sent.wait is not None and sent.again:
                self._paused[waiting.case.channel] = self._book.now.mono + round(sent.wait * SECOND)
            self._failed(waiting, sent.error, again=sent.again, refused=sent.wait is not None)
            return
        waiting.lost = None
        waiting.keep = self._book.now.mono + KEEP
        self._book.record(
            "sent",
            waiting,
            state=State.SENT,
            sent_at=self._book.now.utc,
            reference=sent.reference,
            reason=None,
            error=None,
        )
        self._arrival.proved(waiting)
        if sent.answered:
            self._arrival.reached(waiting, State.ANSWERED)
        early = self._early.pop((waiting.case.channel, sent.reference or ""), None)
        if early is not None:
            self._delivered(early)

    def _failed(self, waiting: Pending, error: str, *, again: bool, refused: bool = False) -> None:
        """An attempt failed. refused: the channel did not even try, so that nothing can have arrived."""
        case = waiting.case
        waiting.lost = None
        if case.reason is not None:
            self._book.end(waiting, State.DROPPED, case.reason, error=error)
            return
        self._next_channel(waiting)
        if not again or self._book.now.mono - waiting.since > GIVE_UP:
            self._book.end(waiting, State.FAILED, "gave_up" if again else "refused", error=error)
            return
        if not refused:
            pause = BACK_OFF[min(max(case.attempt, 1), len(BACK_OFF)) - 1]
            waiting.retry = self._book.now.mono + pause * SECOND
        self._book.record(
            "retrying", waiting, state=State.QUEUED, error=error, uncertain=case.uncertain or not refused
        )

    def _delivered(self, receipt: Delivered) -> None:
        waiting = self._book.referred(receipt.channel, receipt.reference)
        if waiting is None:
            self._early[receipt.channel, receipt.reference] = receipt
            while len(self._early) > EARLY:
                self._early.pop(next(iter(self._early)))
        elif receipt.error is not None:
            self._next_channel(waiting)
            self._book.end(waiting, State.FAILED, "undelivered", error=receipt.error)
        else:
            self._arrival.reached(waiting, State.DELIVERED)

    def _shown(self, alive: Alive) -> None:
        """A screen says how far it has shown the log: the desk's messages until there have been seen on it."""
        if alive.shown is None:
            return
        for channel in (id for id, route in self._routes.items() if route.kind == "desk"):
            arrived = (self._book.at(channel, state) for state in (State.SENT, State.DELIVERED))
            for waiting in [one for at in arrived for one in at.values()]:
                if waiting.case.person == alive.person and waiting.case.told <= alive.shown.number:
                    self._arrival.reached(waiting, State.SEEN)

    # ---- time and what is settled ---------------------------------------------------------------------------------

    def _time(self) -> None:
        mono = self._book.now.mono
        self._paused = {channel: at for channel, at in self._paused.items() if at > mono}
        for waiting in self._book.fallen_due():
            if waiting.retry is not None and waiting.retry <= mono:
                waiting.retry = None
            if waiting.lost is not None and waiting.lost <= mono:
                self._failed(waiting, "the channel gave no answer", again=True)
            if waiting.silence is not None and waiting.silence <= mono:
                self._next_channel(waiting)
            if waiting.keep is not None and waiting.keep <= mono:
                self._book.close(waiting)

    def _next_channel(self, waiting: Pending) -> None:
        """Once: the next channel of the call starts."""
        case = waiting.case
        waiting.silence = None
        if case.silent or not case.then:
            return
        self._book.record("silent", waiting, silent=True)
        case = self._settling.reheaded(waiting, self._memory)
        first, *rest = case.then
        target = self._target(first, case.asked, drill=case.about.drill)
        if target is None and case.about.drill:
            return
        subjects = (case.alarm, case.order, case.hazard)
        call = Wanted(case.asked, (), case.message, case.help, case.about, *subjects)
        self._queue(first, target or "", call, tuple(rest), case)
