"""The line: what every reading, every tick of the clock and every request of a person goes through, in one order.

1 bind · 2 normalise · 3 evaluate · 4 conclude · 5 record · 6 publish · 7 keep

Steps 1 and 2 are `ingest.intake`, step 4 is `edge.conclude`. Publishing is done by those who follow the log of facts:
they wake as soon as step 5 has numbered and recorded them; then the effects of step 4 go out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from edge.alarm.engine import AlarmEngine
from edge.alarm.outcome import Defect
from edge.alarm.supervision import Supervision
from edge.beat import PULSE, Beat
from edge.clock import Clock
from edge.conclude import Conclude, Drawn
from edge.domain.alarm import Alarm
from edge.domain.conclusion import Effect, Receipt
from edge.domain.device import Point
from edge.domain.fact import Fact
from edge.domain.instant import SECOND, Instant
from edge.domain.reading import Delivery, DeliveryKey, NewSession, Purpose, RawReading, Reading
from edge.domain.request import Refusal, Request
from edge.facade import Unavailable
from edge.health import HUB, HealthMonitor
from edge.ingest.deliveries import Deliveries
from edge.ingest.inbox import Inbox
from edge.ingest.intake import Adoption, Intake, Taken
from edge.ingest.quarantine import ENGINE_DEFECT
from edge.people import People, Subject, on_record
from edge.store.facts import FactLog
from edge.store.journal import AdoptedDevice, Answer, Entry, Evaluated
from edge.store.telemetry import Telemetry
from edge.values import LatestValues

BATCH: Final = 256  # messages per step: a few milliseconds of work, so that nobody's request is kept waiting
ASKED: Final = 8  # commands per step: however many people and programs ask, readings have their turn
BACK: Final = 16  # receipts per step: so do they, when many pictures are kept at once
BESIDE: Final = 2  # and of one that changes alarms, which go out first
TICK: Final = SECOND
LAG: Final = SECOND // 10  # design: loop lag over 100 ms for 5 s is an alarm
LAG_TIME: Final = 5 * SECOND
TICKS: Final = 60  # of whose lateness the worst is told: a scrape each minute misses none

Acknowledge = Callable[[str, Sequence[Delivery]], None]


@dataclass(frozen=True, slots=True)
class Line:
    """The parts the line is made of. window: deliveries a source may have unacknowledged, as it stands now."""

    clock: Clock
    inbox: Inbox
    intake: Intake
    deliveries: Deliveries
    supervision: Supervision
    engine: AlarmEngine
    conclude: Conclude
    people: People
    log: FactLog
    values: LatestValues
    telemetry: Telemetry
    heart: Beat
    monitor: HealthMonitor
    window: Callable[[str], int]


@dataclass(slots=True)
class Asked:
    """A person's request, or a fact about a person, waiting for its turn."""

    what: Request | Fact
    answer: asyncio.Future[Subject | None]
    key: str | None = None


class Pipeline:
    """Runs the line on the event loop, one step after another."""

    def __init__(self, line: Line, acknowledge: Acknowledge) -> None:
        self._line = line
        self._acknowledge = acknowledge
        self._loop = asyncio.get_running_loop()
        self._asked: deque[Asked] = deque()
        self._receipts: deque[Receipt] = deque()
        self._told = False  # the line has been woken for them
        self._concluded: list[Reading] = []  # of built-in points, to be evaluated with the next step
        self._effects: list[Effect] = []  # that wait for the world outside to be there
        self._perform: Callable[[Effect], None] | None = None
        self._in_flight: dict[str, int] = {}
        self._next_tick = 0
        self._late_since: int | None = None
        self._lateness: deque[int] = deque(maxlen=TICKS)
        self._at_rest = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0

    async def run(self) -> None:
        """Step after step, until cancelled."""
        line = self._line
        while True:
            now = line.clock.now()
            tick = now.mono >= self._next_tick
            if tick:
                self._ticked(now)
            batch = line.inbox.take(BATCH)
            if batch or tick or self._asked or self._receipts or self._concluded or self._due(now):
                self._at_rest.clear()
                for _ in range(min(len(self._asked), ASKED)):
                    await self._answer(self._asked.popleft())
                await self.step(batch, line.clock.now())
            if self._asked or self._receipts or self._concluded or line.inbox.waiting:
                await asyncio.sleep(0)  # others have their turn between two steps
                continue
            self._at_rest.set()
            self._look_again(min(self._next_tick, *self._timers()), now)
            await line.inbox.wait()

    async def step(self, batch: Sequence[RawReading | NewSession], now: Instant) -> None:
        """Take a batch (or none: a tick of the clock) down the line."""
        line = self._line
        taken = line.intake.take(batch, now)
        facts = list(self._welcome(taken.adopted, now))
        self._watch(taken.strangers, now)
        for device, link in taken.heard:
            line.supervision.heard(device, now, link)
        readings = [*taken.readings, *line.supervision.due(now), *self._concluded]
        self._concluded = []
        outcome = line.engine.step(readings, now)
        self._defects(outcome.defects, now)
        kept = [reading for reading in readings if reading.purpose is not Purpose.DRILL]
        line.values.update(kept)  # what is rehearsed is neither shown as a value nor stored as history
        facts += outcome.facts
        self._told = False  # before looking
        room = BACK if not outcome.alarms else BESIDE
        came = [self._receipts.popleft() for _ in range(min(len(self._receipts), room))]
        receipts, answers = line.people.heard(came, now)
        drawn = line.conclude.draw(facts, now, readings, receipts)
        alarms = [*outcome.alarms, *self._at_once(drawn, now)]
        facts += drawn.facts
        entry = self._entry(facts, alarms, taken, answers)
        durable = line.log.healthy
        if entry.facts or entry.evaluated or entry.renewed or entry.settled or entry.answers:
            durable = await line.log.record(entry)
        drawn.effects += on_record(came if durable else ())
        self._follow(drawn, now)
        self._keep(kept, taken)
        if (reply := line.heart.judged(outcome.alarms, now)) is not None:
            line.inbox.offer(reply)
        for reading in readings:
            if reading.point.spec.id == PULSE and reading.point.device.id == HUB:
                line.heart.passed(float(reading.value or 0), now)

    async def act(self, request: Request, key: str | None = None) -> Subject:
        """Carry out a person's request in its turn; raises Refusal, Unavailable."""
        answer = await self._ask(Asked(request, self._loop.create_future(), key))
        if answer is None:
            msg = "a request was answered like a note"
            raise TypeError(msg)
        return answer

    def told(self, receipt: Receipt) -> None:
        """What came back from outside (a driver, a channel, a phone), from any thread: enters step 4 in its turn."""
        self._receipts.append(receipt)
        if self._told:  # a wake-up is on its way already, for however many come until the line looks
            return
        self._told = True
        with suppress(
            RuntimeError
        ):  # the loop has closed: the hub is stopping, what was tried is tried again
            self._loop.call_soon_threadsafe(self._line.inbox.wake)

    def follow(self, drawn: Drawn, now: Instant) -> None:
        """What a restart made follow: its facts are recorded already."""
        self._follow(drawn, now)

    def reach_out(self, perform: Callable[[Effect], None]) -> None:
        """The world outside is there: carry out effects from now on, those that waited first."""
        self._perform = perform
        waiting, self._effects = self._effects, []
        for effect in waiting:
            self._carry(effect)

    async def note(self, kind: str, by: str | None, body: Mapping[str, Any]) -> None:
        """Journal something a person did that is no request."""
        fact = Fact(self._line.log.position(), kind, self._line.clock.now().utc, by, "", body)
        await self._ask(Asked(fact, self._loop.create_future()))

    async def settled(self) -> None:
        """Return when all that was offered or asked before has been through, and its readings are durable."""
        while True:
            self._at_rest.clear()
            self._line.inbox.wake()
            await self._at_rest.wait()
            quiet = not self._asked and not self._receipts and not self._concluded
            if quiet and not self._line.inbox.depth():
                break
        await self._line.telemetry.settled()

    def polled(self, dialect: str, address: str, ok: bool) -> None:
        """A driver's word on a device that is asked, not heard: it answers, or has stopped answering."""
        binding = self._line.intake.bind(dialect, address)
        if binding is not None:
            self._line.supervision.heard(binding.device.id, self._line.clock.now(), None if ok else False)

    def late(self, now: Instant) -> bool:
        """Whether the loop has been late at every tick for five seconds."""
        return self._late_since is not None and now.mono - self._late_since >= LAG_TIME

    def lateness(self) -> int:
        """By how much the latest of the last minute's ticks was late, µs."""
        return max(self._lateness, default=0)

    def stored(self, keys: Sequence[DeliveryKey]) -> None:
        """Readings are durable, or a sick store gave them up: answer their senders, after the step under way."""
        self._loop.call_soon(self._receipted, keys)

    # ---- details of the steps -------------------------------------------------------------------------------------

    def _due(self, now: Instant) -> bool:
        return any(timer <= now.mono for timer in self._timers())

    def _timers(self) -> list[int]:
        """When the rules and the conclusions want to be looked at again, mono µs."""
        due = (self._line.engine.next_due(), self._line.conclude.next_due())
        return [timer for timer in due if timer is not None]

    def _follow(self, drawn: Drawn, now: Instant) -> None:
        """Step 6 for conclusions: effects go out, what follows from them comes back into the line."""
        self._defects(drawn.defects, now)
        self._concluded += drawn.readings
        for request in drawn.requests:
            answer: asyncio.Future[Subject | None] = self._loop.create_future()
            answer.add_done_callback(_unasked)
            self._asked.append(Asked(request, answer))
        for effect in drawn.effects:
            self._carry(effect)

    def _at_once(self, drawn: Drawn, now: Instant) -> list[Alarm]:
        """Carry out what follows by itself with what led to it: a power cut leaves both or neither."""
        alarms: list[Alarm] = []
        waiting, drawn.requests = drawn.requests, []
        for request in waiting:
            try:
                done = self._line.people.at_once(request, now)
            except Refusal:
                continue  # somebody was quicker
            except Exception as error:  # noqa: BLE001 - as with a tenant's defect
                self._defect(type(request).__name__, "", error, now)
                continue
            if done is None:
                drawn.requests.append(request)
            else:
                outcome, follows = done
                alarms += outcome.alarms
                drawn.facts += outcome.facts
                drawn.add(follows)
        return alarms

    def _carry(self, effect: Effect) -> None:
        if self._perform is None:
            self._effects.append(effect)
            return
        try:
            self._perform(effect)
        except Exception as error:  # noqa: BLE001 - counted; the attempt runs into its time limit and is repeated
            self._defect(type(effect).__name__, repr(effect), error, self._line.clock.now())

    def _defects(self, defects: Sequence[Defect], now: Instant) -> None:
        for defect in defects:
            self._defect(defect.where, repr(defect.value), defect.error, now)

    def _look_again(self, at: int, now: Instant) -> None:
        """Have the line look again at `at` (mono µs). One timer serves for a whole second of messages."""
        if self._alarm is not None and self._alarm_at == at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = self._loop.call_later(max(at - now.mono, 1000) / SECOND, self._rung)

    def _rung(self) -> None:
        self._alarm = None
        self._line.inbox.wake()

    def _ticked(self, now: Instant) -> None:
        lateness = now.mono - self._next_tick if self._next_tick else 0
        self._lateness.append(lateness)
        self._late_since = (self._late_since or now.mono) if lateness > LAG else None
        self._next_tick = now.mono + TICK
        for raw in (*self._line.heart.due(now), *self._line.monitor.tick(now)):
            self._line.inbox.offer(raw)

    def _welcome(self, adopted: Sequence[Adoption], now: Instant) -> Iterator[Fact]:
        """Devices that adopted themselves join the later steps."""
        line = self._line
        for adoption in adopted:
            self._watch(adoption.points, now)
            line.supervision.add(adoption.points, now)
            body = {
                "id": adoption.device.id,
                "profile": adoption.device.profile.id,
                "source": adoption.source,
            }
            yield Fact(line.log.numbering.next(), "device.adopted", now.utc, subject="device", body=body)

    def _watch(self, points: Sequence[Point], now: Instant) -> None:
        """Points that came into being while the line runs."""
        self._line.telemetry.register(points)
        for point in points:
            try:
                self._line.engine.add_points((point,))
            except Exception as error:  # noqa: BLE001 - a rule that fails at one must not cost the others their line
                self._defect(point.id, "", error, now)

    def _defect(self, where: str, sample: str, error: Exception, now: Instant) -> None:
        """The rules failed at something: it was not evaluated, which must be seen, and everything else goes on."""
        self._line.intake.rejects.defect(HUB, ENGINE_DEFECT, where, sample.encode(), error, now.utc)

    def _entry(
        self, facts: Sequence[Fact], alarms: Sequence[Alarm], taken: Taken, answers: Sequence[Answer]
    ) -> Entry:
        """One journal transaction of a step, with the keys of the reports that were evaluated in it."""
        deliveries = self._line.deliveries
        evaluated = list(_evaluated(taken, alarms))
        for key in evaluated:
            deliveries.reported(key.source, key.packet, key.digest)
        return Entry(
            facts=facts,
            alarms=alarms,
            evaluated=evaluated,
            devices=[
                AdoptedDevice(a.device.id, a.device.profile.id, a.source, a.device.address)
                for a in taken.adopted
            ],
            answers=answers,
            renewed=taken.renewed,
            settled=deliveries.settled() if self._line.log.healthy else (),
        )

    def _keep(self, readings: Sequence[Reading], taken: Taken) -> None:
        """Step 7. Commits early where a sender is about to fall silent for want of receipts."""
        line = self._line
        for source in taken.renewed:
            line.telemetry.forget_session(source)
            self._in_flight.pop(source, None)
        line.telemetry.keep(readings, [receipt.key for receipt in taken.receipts])
        for source, delivery in taken.stored:
            self._acknowledge(source, (delivery,))
        full = False
        for receipt in taken.receipts:
            source = receipt.key.source
            self._in_flight[source] = count = self._in_flight.get(source, 0) + 1
            full = full or count >= 0.8 * line.window(source)
        if full:
            line.telemetry.flush()

    def _receipted(self, keys: Sequence[DeliveryKey]) -> None:
        by_source: dict[str, list[Delivery]] = {}
        for key in keys:
            self._line.deliveries.stored(key.source, key.delivery.packet, key.digest)
            by_source.setdefault(key.source, []).append(key.delivery)
        for source, deliveries in by_source.items():
            self._in_flight[source] = max(0, self._in_flight.get(source, 0) - len(deliveries))
            self._acknowledge(source, deliveries)

    async def _ask(self, asked: Asked) -> Subject | None:
        self._asked.append(asked)
        self._line.inbox.wake()
        return await asked.answer

    async def _answer(self, asked: Asked) -> None:
        people = self._line.people
        result: Subject | None = None
        now = self._line.clock.now()
        try:
            if isinstance(asked.what, Fact):
                self._follow(await people.write(asked.what, now), now)
            else:
                done = await people.carry_out(asked.what, asked.key, now)
                result = done.subject
                self._follow(done.drawn, now)
        except (Refusal, Unavailable) as error:
            if not asked.answer.done():
                asked.answer.set_exception(error)
        except Exception as error:  # noqa: BLE001 - whoever asked gets it as it is
            self._defect(type(asked.what).__name__, "", error, self._line.clock.now())
            if not asked.answer.done():
                asked.answer.set_exception(error)
        else:
            if not asked.answer.done():  # whoever asked may have gone meanwhile
                asked.answer.set_result(result)


def _unasked(answer: asyncio.Future[Subject | None]) -> None:
    """A request that followed by itself: a refusal (somebody was quicker) needs nobody's ear."""
    if not answer.cancelled():
        answer.exception()


def _evaluated(taken: Taken, alarms: Sequence[Alarm]) -> Iterator[Evaluated]:
    """The deliveries that were alarm reports, or whose readings changed an alarm: a repeat must not do so again."""
    changed = {alarm.point for alarm in alarms}
    for receipt in taken.receipts:
        points = dict.fromkeys(receipt.alarming)
        if changed:
            readings = taken.readings[receipt.first : receipt.last]
            points |= dict.fromkeys(r.point.id for r in readings if r.evaluate and r.point.id in changed)
        if points:
            key = receipt.key
            yield Evaluated(key.source, key.delivery.packet, key.digest, tuple(points))
