"""Every message to people: queued by channel, sent, proved, tried again, folded, or dropped with its reason. Pure.

Each channel has its own queue and its own number of messages under way, so that one that hangs delays no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from edge.dispatch.asked import AT_ONCE, Memory, Wanted, wanted
from edge.dispatch.channel import Proof
from edge.dispatch.messages import Words
from edge.domain.alarm import Alarm
from edge.domain.conclusion import Alive, Answered, Conclusion, Delivered, Happened, Send, Sent
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import DAY, SECOND, Instant
from edge.domain.names import Text
from edge.domain.notification import (
    ARRIVED,
    About,
    DailyProof,
    Notification,
    TestChannel,
)
from edge.domain.notification import NotificationState as State
from edge.domain.order import Advance, CommentOrder
from edge.domain.request import Acknowledge, Comment, Refusal, Request
from edge.domain.timers import resumed

FEW: Final = 3  # waiting for one person on one channel; more become one message
LOST: Final = 90 * SECOND  # without a word about an attempt; the sender's own limit is shorter
BACK_OFF: Final = (5, 10, 20, 40, 60)  # seconds before the next try; the last one stays
GIVE_UP: Final = 3600 * SECOND  # after which a message that cannot be sent is given up
KEEP: Final = 12 * 3600 * SECOND  # how long an answer or a delivery report is waited for
EARLY: Final = 256  # delivery reports kept that came before the word that they were sent
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ACKNOWLEDGED: Final = frozenset({"alarm.acked", "alarm.closed"})


@dataclass(frozen=True, slots=True)
class Route:
    """What the machine knows of a channel. silence: seconds without its proof after which the next one starts."""

    kind: str
    proves: Proof
    capacity: int
    reaches: Callable[[str], bool]
    silence: float = 30.0


@dataclass(slots=True)
class Pending:
    """A case in memory with its timers, mono µs; None where it waits for no time."""

    case: Notification
    retry: int | None = None
    silence: int | None = None
    lost: int | None = None
    keep: int | None = None
    obsolete: str | None = None  # why it is not to be tried again

    def due(self) -> list[int]:
        return [t for t in (self.retry, self.silence, self.lost, self.keep) if t is not None]


class Notifications:
    """The tenant. language: of a person id, "" for groups. alarms: those open at a start. Called from one thread."""

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
    ) -> None:
        self._routes = routes
        self._words = words
        self._numbering = numbering
        self._language = language
        self._memory = Memory(alarms)
        self._open: dict[str, Pending] = {}
        self._paused: dict[str, int] = {}
        self._early: dict[tuple[str, str], Delivered] = {}
        self._proofs = list(proofs)
        self._zone, self._civil = local
        self._proof_at: dict[DailyProof, int] = {}
        self._out = Conclusion()
        self._now = Instant(0, 0)
        self.strangers = 0
        """Answers from unknown numbers."""

    # ---- the tenant's four entries --------------------------------------------------------------------------------

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Take up open messages. What was being sent may have arrived: it is sent again and says so."""
        self._begin(now)
        for row in rows:
            case = Notification.from_dict(row)
            waiting = Pending(case)
            self._open[case.id] = waiting
            if case.silence_at is not None and not case.silent:
                waiting.silence = resumed(case.silence_at, case.silence_left, now)
            alarm = self._memory.alarm(case.alarm)
            taken = case.help and alarm is not None and alarm.acked and not case.counts
            if taken and case.state in {State.SENDING, State.QUEUED}:
                self._end(waiting, State.DROPPED, "acknowledged")
            elif case.state is State.SENDING:
                self._record("retrying", waiting, state=State.QUEUED, uncertain=True)
            elif case.state in ARRIVED:
                waiting.keep = now.mono + KEEP
        self._fill()
        return self._out

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """New messages of the facts, what channels told, and what time alone makes follow."""
        self._begin(now)
        for fact in happened.facts:
            self._memory.note(fact)
        seen: set[tuple[str, str, str, str | None, str | None]] = set()
        for fact in happened.facts:
            self._settle(fact)
            for call in wanted(fact, self._memory):
                self._call(call, seen)
        for receipt in happened.receipts:
            if isinstance(receipt, Sent):
                self._sent(receipt)
            elif isinstance(receipt, Delivered):
                self._delivered(receipt)
            elif isinstance(receipt, Answered):
                self._answered(receipt)
            elif isinstance(receipt, Alive):
                self._shown(receipt)
        self._time()
        self._prove()
        self._fill()
        self._memory.forget()
        return self._out

    def act(self, request: Request, now: Instant) -> Conclusion:
        """Carry out a test of a channel; Refusal not_found for one that is unknown or does not reach the person."""
        if not isinstance(request, TestChannel):
            msg = f"not a request of the notifications: {type(request).__name__}"
            raise TypeError(msg)
        self._begin(now)
        route = self._routes.get(request.channel)
        if route is None:
            raise Refusal("not_found", f"there is no channel {request.channel}")
        if not route.reaches(request.person):
            raise Refusal("not_found", f"{request.channel} has no address of {request.person or 'a group'}")
        case = self._proof(request.channel, request.person, request.by)
        self._fill()
        self._out.subject = self._open[case].case.to_dict()
        return self._out

    def next_due(self) -> int | None:
        """Mono µs of the earliest timer."""
        due = [t for waiting in self._open.values() for t in waiting.due()]
        due += self._paused.values()
        now = self._now
        if now.trusted:
            due += [now.mono + max(0, at - self._civil(now.utc)) for at in self._proof_at.values()]
        return min(due, default=None)

    # ---- new messages ---------------------------------------------------------------------------------------------

    def _call(self, call: Wanted, seen: set[tuple[str, str, str, str | None, str | None]]) -> None:
        """One message on the first channel that reaches the person; on one of each kind where it is urgent."""
        reached = [c for c in call.channels if self._target(c, call.person) is not None]
        if not reached:
            channel = call.channels[0] if call.channels else ""
            lost = self._new(channel, call.person, call, ())
            self._end(lost, State.FAILED, "unreachable")
            return
        chains: dict[str, list[str]] = {}
        for channel in reached:
            kind = self._routes[channel].kind if call.about.signal in AT_ONCE else ""
            chains.setdefault(kind, []).append(channel)
        for first, *rest in chains.values():
            target = self._target(first, call.person) or ""
            key = (first, target, call.message, call.alarm, call.order)
            if key in seen or (not rest and self._waits(key)):
                continue
            seen.add(key)
            self._queue(first, target, call, tuple(rest))

    def _target(self, channel: str, person: str) -> str | None:
        """Whom `channel` reaches for a call of `person`: him, the group behind it, or nobody."""
        route = self._routes.get(channel)
        if route is None:
            return None
        return person if route.reaches(person) else "" if route.reaches("") else None

    def _waits(self, key: tuple[str, str, str, str | None, str | None]) -> bool:
        return any(
            (c.channel, c.person, c.message, c.alarm, c.order) == key and c.state is State.QUEUED
            for c in (waiting.case for waiting in self._open.values())
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
            waiting.silence = self._now.mono + silence
        self._record("queued", waiting, silence_at=self._now.utc + silence if then else None)

    def _new(self, channel: str, person: str, call: Wanted, then: tuple[str, ...]) -> Pending:
        route = self._routes.get(channel)
        number = (
            f"{self._numbering.epoch}-{self._numbering.last + 1}"  # of its first fact, which follows at once
        )
        case = Notification(
            id=f"nt-{number}",
            channel=channel,
            person=person,
            asked=call.person,
            message=call.message,
            state=State.QUEUED,
            open=True,
            opened_at=self._now.utc,
            about=call.about,
            help=call.help,
            urgent=call.about.signal in AT_ONCE or (route is not None and route.kind == "ring"),
            alarm=call.alarm,
            order=call.order,
            alarms=(call.alarm,) if call.alarm else (),
            then=then,
        )
        waiting = self._open[case.id] = Pending(case)
        return waiting

    def _proof(self, channel: str, person: str, by: str | None) -> str:
        about = About(title=Text("通道自检", "Channel test"), at=self._now.utc)
        waiting = self._new(channel, person, Wanted(person, (channel,), "proof", False, about), ())
        self._record("queued", waiting, by=by)
        return waiting.case.id

    def _prove(self) -> None:
        """Daily proofs, on a clock that can be trusted; an occurrence missed while the hub was away is left out."""
        if not self._now.trusted:
            return
        utc = self._civil(self._now.utc)
        for proof in self._proofs:
            at = self._proof_at.setdefault(proof, self._next(proof, utc))
            if at <= utc:
                self._proof_at[proof] = self._next(proof, utc)
                self._proof(proof.channel, proof.person, None)
            elif at > utc + 2 * DAY:  # the clock was set back
                self._proof_at[proof] = self._next(proof, utc)

    def _next(self, proof: DailyProof, utc: int) -> int:
        here = (_EPOCH + timedelta(microseconds=utc)).astimezone(self._zone)
        for days in range(3):
            moment = datetime.combine(here.date() + timedelta(days=days), proof.at, tzinfo=self._zone)
            at = (moment - _EPOCH) // timedelta(microseconds=1)
            if at > utc:
                return at
        return utc + DAY

    # ---- sending --------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Start what waits, best first, as far as each channel has room."""
        waiting: dict[str, list[Pending]] = {}
        busy: dict[str, int] = {}
        for one in self._open.values():
            if one.case.state is State.SENDING:
                busy[one.case.channel] = busy.get(one.case.channel, 0) + 1
            elif one.case.state is State.QUEUED and one.retry is None:
                waiting.setdefault(one.case.channel, []).append(one)
        for channel, queue in waiting.items():
            route = self._routes.get(channel)
            if route is None:  # it left the site's folder while this waited
                for one in queue:
                    self._failed(one, "the channel is not configured any more", again=False)
                continue
            room = 0 if channel in self._paused else route.capacity - busy.get(channel, 0)
            for best in self._folded(queue)[: max(0, room)]:
                self._start(best, route)

    def _folded(self, queue: list[Pending]) -> list[Pending]:
        """Best first, what is more than a few for one person folded into the best of it."""
        left = sorted(queue, key=lambda one: one.case.rank)
        heads: list[Pending] = []
        while left:
            heads.append(left.pop(0))
            left = self._fold(heads[-1], left)
        return heads

    def _fold(self, best: Pending, queue: list[Pending]) -> list[Pending]:
        """Fold what waits for the same person into `best` where it is more than a few; what still waits by itself.

        Fires keep a message each until more than a few of them wait.
        """
        same = [o for o in queue if o.case.person == best.case.person and o.case.message != "proof"]
        if best.case.message == "proof" or len(same) < FEW:
            return queue
        fires = [o for o in same if o.case.about.signal == "fire"]
        fold = same if len(fires) >= FEW else [o for o in same if o.case.about.signal != "fire"]
        if not fold:
            return queue
        counts, alarms = dict(best.case.counts), dict.fromkeys(best.case.alarms)
        for one in fold:
            signal = one.case.about.signal
            counts[signal] = counts.get(signal, 0) + 1
            for inner, number in one.case.counts.items():
                counts[inner] = counts.get(inner, 0) + number
            alarms.update(dict.fromkeys(one.case.alarms))
            self._end(one, State.FOLDED, None, into=best.case.id)
        best.case = replace(best.case, counts=counts, alarms=tuple(alarms))
        gone = {id(one) for one in fold}
        return [one for one in queue if id(one) not in gone]

    def _start(self, waiting: Pending, route: Route) -> None:
        case = waiting.case
        waiting.lost = self._now.mono + LOST
        self._record("sending", waiting, state=State.SENDING, attempt=case.attempt + 1)
        case = waiting.case
        text = self._words.compose(
            case, self._language(case.person), repeat=case.uncertain, answers=route.proves.answered
        )
        self._out.effects.append(
            Send(case.id, case.attempt, case.channel, case.person, text, case.urgent, case.uncertain)
        )

    # ---- what channels tell ---------------------------------------------------------------------------------------

    def _sent(self, sent: Sent) -> None:
        waiting = self._open.get(sent.notification)
        if waiting is None or waiting.case.state is not State.SENDING or waiting.case.attempt != sent.attempt:
            return
        if sent.error is not None:
            if sent.wait is not None and sent.again:
                self._paused[waiting.case.channel] = self._now.mono + round(sent.wait * SECOND)
            self._failed(waiting, sent.error, again=sent.again, refused=sent.wait is not None)
            return
        waiting.lost = None
        waiting.keep = self._now.mono + KEEP
        self._record(
            "sent", waiting, state=State.SENT, sent_at=self._now.utc, reference=sent.reference, error=None
        )
        self._proved(waiting)
        if sent.answered:
            self._reached(waiting, State.ANSWERED)
        early = self._early.pop((waiting.case.channel, sent.reference or ""), None)
        if early is not None:
            self._delivered(early)

    def _failed(self, waiting: Pending, error: str, *, again: bool, refused: bool = False) -> None:
        """An attempt failed. refused: the channel did not even try, so that nothing can have arrived."""
        case = waiting.case
        waiting.lost = None
        if waiting.obsolete is not None:
            self._end(waiting, State.DROPPED, waiting.obsolete, error=error)
            return
        self._next_channel(waiting)
        if not again or self._now.utc - case.opened_at > GIVE_UP:
            self._end(waiting, State.FAILED, "gave_up" if again else "refused", error=error)
            return
        if not refused:
            pause = BACK_OFF[min(max(case.attempt, 1), len(BACK_OFF)) - 1]
            waiting.retry = self._now.mono + pause * SECOND
        self._record(
            "retrying", waiting, state=State.QUEUED, error=error, uncertain=case.uncertain or not refused
        )

    def _delivered(self, receipt: Delivered) -> None:
        waiting = next(
            (
                one
                for one in self._open.values()
                if one.case.channel == receipt.channel and one.case.reference == receipt.reference
            ),
            None,
        )
        if waiting is None:
            self._early[receipt.channel, receipt.reference] = receipt
            while len(self._early) > EARLY:
                self._early.pop(next(iter(self._early)))
        elif receipt.error is not None:
            self._next_channel(waiting)
            self._end(waiting, State.FAILED, "undelivered", error=receipt.error)
        else:
            self._reached(waiting, State.DELIVERED)

    def _shown(self, alive: Alive) -> None:
        """A wall or a phone that is there shows what the desk has."""
        for waiting in list(self._open.values()):
            case = waiting.case
            route = self._routes.get(case.channel)
            if route is not None and route.kind == "desk" and case.person in {"", alive.person}:
                self._reached(waiting, State.SEEN)

    def _reached(self, waiting: Pending, state: State, by: str | None = None) -> None:
        case = waiting.case
        if case.state not in ARRIVED or ARRIVED.index(state) <= ARRIVED.index(case.state):
            return
        times = {
            State.DELIVERED: "delivered_at",
            State.SEEN: "seen_at",
            State.ANSWERED: "answered_at",
        }
        changes: dict[str, Any] = {times[state]: self._now.utc, "state": state}
        if by is not None:
            changes["by"] = by
        self._record(state.value, waiting, **changes)
        self._proved(waiting)

    def _proved(self, waiting: Pending) -> None:
        """Stop the silence when the proof its channel can give is there; close it when there is nothing to come."""
        case = waiting.case
        proves = self._routes[case.channel].proves if case.channel in self._routes else Proof()
        reached = ARRIVED.index(case.state)
        if reached >= ARRIVED.index(_awaited(proves)):
            waiting.silence = None
        if reached >= ARRIVED.index(_last(proves)):
            self._close(waiting)

    def _answered(self, answer: Answered) -> None:
        """A digit takes or rejects the newest message to that person that asks for it; other words are a remark."""
        if answer.person is None:
            self.strangers += 1
            self._tell("notification.stranger", None, {"channel": answer.channel}, answer.text)
            return
        mine = [
            one
            for one in self._open.values()
            if one.case.person == answer.person and one.case.help
            and (one.case.state is State.SENDING or one.case.state in ARRIVED[:3])
        ]  # fmt: skip
        newest = max(mine, key=lambda one: (one.case.opened_at, one.case.id), default=None)
        word = answer.text.strip().strip("。.!！").translate({0xFF11: "1", 0xFF12: "2"})
        if newest is None:
            self._tell("notification.remark", answer.person, {"channel": answer.channel}, answer.text)
            return
        case = newest.case
        if case.order is not None:
            if word in {"1", "2"}:
                step = "accept" if word == "1" else "reject"
                reason = None if word == "1" else "sms"
                self._out.requests.append(Advance(case.order, answer.person, step, reason=reason))  # type: ignore[arg-type]
            else:
                self._out.requests.append(CommentOrder(case.order, answer.person, answer.text))
        elif case.alarm is not None:
            if word == "1":
                self._out.requests.append(Acknowledge(case.alarm, answer.person, answer.text))
            else:
                self._out.requests.append(Comment(case.alarm, answer.person, answer.text))
        if newest.case.state is State.SENDING:
            self._record("sent", newest, state=State.SENT, sent_at=self._now.utc)
            newest.lost = None
        self._reached(newest, State.ANSWERED, answer.person)

    # ---- time and what is settled ---------------------------------------------------------------------------------

    def _time(self) -> None:
        mono = self._now.mono
        self._paused = {channel: at for channel, at in self._paused.items() if at > mono}
        for waiting in list(self._open.values()):
            if waiting.retry is not None and waiting.retry <= mono:
                waiting.retry = None
            if waiting.lost is not None and waiting.lost <= mono:
                self._failed(waiting, "the channel gave no answer", again=True)
            if waiting.silence is not None and waiting.silence <= mono:
                self._next_channel(waiting)
            if waiting.keep is not None and waiting.keep <= mono:
                self._close(waiting)

    def _next_channel(self, waiting: Pending) -> None:
        """Once: the next channel of the call starts."""
        case = waiting.case
        waiting.silence = None
        if case.silent or not case.then:
            return
        self._record("silent", waiting, silent=True)
        first, *rest = case.then
        target = self._target(first, case.asked) or ""
        call = Wanted(case.asked, (), case.message, case.help, case.about, case.alarm, case.order)
        self._queue(first, target, call, tuple(rest), case)

    def _settle(self, fact: Fact) -> None:
        """Somebody has taken the alarm or the order: calls for help about it that are not out are obsolete."""
        if fact.kind in _ACKNOWLEDGED:
            reason = "acknowledged" if fact.kind == "alarm.acked" else "closed"
            self._obsolete(reason, fact.by, alarm=fact.body["id"])
        elif fact.subject == "order" and fact.body.get("accepted_at") and fact.kind == "order.accepted":
            self._obsolete("accepted", fact.by, order=fact.body["id"])
        elif fact.subject == "order" and not fact.body.get("open", True):
            self._obsolete("closed", fact.by, order=fact.body["id"])

    def _obsolete(
        self, reason: str, by: str | None, *, alarm: str | None = None, order: str | None = None
    ) -> None:
        for waiting in list(self._open.values()):
            case = waiting.case
            about = case.order == order if order else case.alarm == alarm and case.order is None
            if not case.help or not about:
                continue
            waiting.silence = None
            if case.state is State.QUEUED and not case.counts:
                self._end(waiting, State.DROPPED, reason)
            elif case.state is State.SENDING and not case.counts:
                waiting.obsolete = reason
            elif case.state in ARRIVED:
                if by is not None and by == case.person and case.state is not State.ANSWERED:
                    self._reached(waiting, State.ANSWERED, by)
                self._close(waiting, reason)

    # ---- facts ----------------------------------------------------------------------------------------------------

    def _begin(self, now: Instant) -> None:
        self._out = Conclusion()
        self._now = now

    def _end(self, waiting: Pending, state: State, reason: str | None, **changes: Any) -> None:
        """It needs nothing any more."""
        waiting.retry = waiting.silence = waiting.lost = waiting.keep = None
        ended = {"state": state, "reason": reason, "open": False, "closed_at": self._now.utc}
        self._record(state.value, waiting, **(ended | changes))
        self._open.pop(waiting.case.id, None)

    def _close(self, waiting: Pending, reason: str | None = None) -> None:
        """It arrived, and nothing more will be told about it."""
        if waiting.case.open and waiting.case.id in self._open:
            self._end(waiting, waiting.case.state, reason)

    def _record(self, kind: str, waiting: Pending, **changes: Any) -> None:
        left = 0 if waiting.silence is None else max(0, waiting.silence - self._now.mono)
        changes.setdefault("silence_left", left)
        if waiting.silence is None:
            changes["silence_at"] = None
        waiting.case = replace(waiting.case, **changes)
        self._tell(f"notification.{kind}", waiting.case.by, waiting.case.to_dict(), None, "notification")

    def _tell(
        self, kind: str, by: str | None, body: Mapping[str, Any], note: str | None, subject: str = ""
    ) -> None:
        self._out.facts.append(
            Fact(self._numbering.next(), kind, self._now.utc, by=by, subject=subject, body=body, note=note)
        )


def _awaited(proves: Proof) -> State:
    """The proof whose absence is silence: that it was shown or arrived, before that somebody answers."""
    if proves.seen:
        return State.SEEN
    if proves.delivered:
        return State.DELIVERED
    return State.ANSWERED if proves.answered else State.SENT


def _last(proves: Proof) -> State:
    return State.ANSWERED if proves.answered else _awaited(proves)
