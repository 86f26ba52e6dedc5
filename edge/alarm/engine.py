"""The alarm engine: readings, time and people in; facts and changed rows out. Pure: the clock is a value.

Every timer runs on the monotonic clock; a step of the civil clock changes nothing but stamps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import time
from types import MappingProxyType

from edge.alarm import episode, handling
from edge.alarm.builtin import BUILTIN, STUCK, STUCK_AFTER, UNCONFIRMED
from edge.alarm.conditions import Local, SilenceTracker, unknown
from edge.alarm.desk import DeskSilence
from edge.alarm.outages import Outages
from edge.alarm.outcome import Defect, Outcome
from edge.alarm.register import Register
from edge.alarm.shelf import Shelf, Shelving
from edge.alarm.tracker import Change, Tracker, key_of
from edge.alarm.watch import Watch, rehearse
from edge.domain.alarm import Alarm, Desk
from edge.domain.device import Point
from edge.domain.fact import Numbering
from edge.domain.instant import MINUTE, Instant
from edge.domain.lifecycle import VITAL
from edge.domain.reading import Arrival, Purpose, Quality, Reading
from edge.domain.request import Acknowledge, AlarmRequest, Comment, Judge, Refusal, Reset, Shelve, Silence
from edge.domain.rule import AlarmRule
from edge.domain.timers import NEVER, Timer, Timers

AGAIN = MINUTE  # a timer that failed is tried again


class _Latch(Timer):
    """A latched alarm that must not be forgotten."""

    __slots__ = ("alarm",)

    def __init__(self, alarm: str, due: int) -> None:
        super().__init__()
        self.alarm = alarm
        self.due = due


class AlarmEngine:
    """All alarm rules at all points. One instance, called from one thread."""

    def __init__(
        self,
        points: Iterable[Point],
        rules: Sequence[AlarmRule],
        numbering: Numbering,
        outages: Outages | None = None,
        local: Local = unknown,
    ) -> None:
        """outages: devices whose alarms are kept quiet; looked at anew whenever its version has changed.

        local: what the site's clocks show, for rules that hold at some hours only.
        """
        self._local = local
        self.outages = outages or Outages()
        self._rehearsing = True
        self._heeded = self.outages.version
        self._rules = tuple(rules)
        self._register = Register(numbering)
        self._timers = Timers()
        self._shelf = Shelf(self._timers)
        self._silence = DeskSilence()
        self._now = Instant(0, 0)
        self._points: dict[str, Point] = {}
        self._watches: dict[Point, Watch] = {}
        self._unstarted: list[SilenceTracker] = []
        self._trackers: dict[str, Tracker] = {}  # by id of the open alarm
        self._latches: dict[str, _Latch] = {}  # by id of the open alarm
        self._builtin: dict[str, str] = {}  # key -> id of an open alarm of a built-in rule
        self.add_points(points)

    # ---- setting up -----------------------------------------------------------------------------------------------

    def add_points(self, points: Iterable[Point]) -> None:
        """Watch points not known yet. Open alarms from before a restart at them go on where they stood."""
        for point in points:
            if point.id in self._points:
                continue
            self._points[point.id] = point
            watch = Watch(point, self._rules, self._shown)
            if watch.trackers or watch.vital:
                self._watches[point] = watch
                self._unstarted += watch.listening
            for alarm in self._register.at(point.id):
                self._attach(alarm)

    def restore(self, alarms: Iterable[Alarm], now: Instant) -> Outcome:
        """Take up the open alarms after a restart; remaining times go on.

        An alarm whose rule or point no longer exists stays open as it is, for people to acknowledge and reset.
        Closed alarms with a shelving that may still run count for their key's shelving alone.
        """
        self._begin(now)
        for alarm in alarms:
            self._shelf.resume(alarm, now)
            if not alarm.open:
                continue
            self._register.add(alarm)
            self._attach(alarm)
            if alarm.rule in BUILTIN:
                self._builtin[alarm.key] = alarm.id
            elif alarm.latched and alarm.stuck_at is None and alarm.purpose is Purpose.LIVE:
                age = now.utc - alarm.raised_at if now.trusted else 0
                self._watch_latch(alarm.id, STUCK_AFTER - max(0, age))
        return self.step((), now)

    def prime(self, readings: Iterable[Reading], now: Instant) -> None:
        """After `restore`, run over the last minutes of readings with outputs muted: pending delays go on.

        readings: in order of arrival. Delays count from their receive times, as if the hub had been there all along.
        """
        for tracker in rehearse(readings, self._watches, self._register.alarms, now):
            self._timers.watch(tracker)

    # ---- the line -------------------------------------------------------------------------------------------------

    def step(self, readings: Sequence[Reading], now: Instant) -> Outcome:
        """Evaluate readings in their order, then whatever has fallen due. Without readings it is the clock's tick.

        It never raises: facts that have their numbers must reach the log, whatever happens at the next reading.
        """
        self._begin(now)
        if self._heeded != self.outages.version:
            self._heed_outages()
        defects: list[Defect] = []
        watches = self._watches
        for reading in readings:
            watch = watches.get(reading.point)
            if watch is None or not reading.evaluate:
                continue
            if reading.purpose is Purpose.DRILL and not self._rehearsing:
                continue
            try:
                if reading.arrival is Arrival.LIVE:
                    self._evaluate(watch, reading)
                elif reading.arrival is Arrival.RETAINED and watch.vital:
                    self._doubt(reading)
            except Exception as error:  # noqa: BLE001 - told, counted and shown by the caller
                defects.append(Defect(reading.point.id, reading.value, error))
        for timer in self._timers.fallen_due(now.mono):
            try:
                self._fire(timer)
            except Exception as error:  # noqa: BLE001 - as above
                timer.due = now.mono + AGAIN
                defects.append(Defect(type(timer).__name__, None, error))
        outcome = self._end()
        outcome.defects = defects
        return outcome

    def act(self, request: AlarmRequest, now: Instant) -> Outcome:
        """Carry out a person's request on an open alarm or the desk; raises Refusal."""
        self._begin(now)
        if isinstance(request, Silence):
            self._silence.begin(request.by, now)
            self._timers.watch(self._silence)
            self._register.record_desk("desk.silenced", self._silence.desk, request.by)
            return self._end()
        alarm = self._register.alarms.get(request.alarm)
        if alarm is None:
            raise Refusal("not_found", "no open alarm with this id")
        match request:
            case Acknowledge():
                self._acknowledge(alarm, request)
            case Reset():
                self._reset(alarm, request)
            case Shelve():
                self._shelve(alarm, request)
            case Judge() | Comment():
                self._remark(alarm, request)
        return self._end(about=alarm.id)

    def rehearse(self, *, on: bool) -> None:
        """Whether a drill is under way. What is rehearsed beside none is not heard, and no delay of it runs on."""
        self._rehearsing = on
        if not on:
            for watch in self._watches.values():
                watch.forget(Purpose.DRILL, self._now.mono)

    def amend(self, alarm: Alarm, request: AlarmRequest, now: Instant) -> Outcome:
        """Verdict or comment on a closed alarm, given by its row; raises Refusal `closed` for all else."""
        self._begin(now)
        if not isinstance(request, Judge | Comment):
            raise Refusal("closed", "this alarm is closed already")
        self._remark(alarm, request)
        return self._end(about=alarm.id)

    # ---- what it knows --------------------------------------------------------------------------------------------

    def open(self) -> Mapping[str, Alarm]:
        """Open alarms by id, a view that follows."""
        return MappingProxyType(self._register.alarms)

    def next_due(self) -> int | None:
        """Mono µs of the next timer, None when nothing is waiting."""
        if self._heeded != self.outages.version:
            return self._now.mono
        return self._timers.next_due()

    @property
    def desk(self) -> Desk:
        """The desk's sound."""
        return self._silence.desk

    # ---- readings -------------------------------------------------------------------------------------------------

    def _evaluate(self, watch: Watch, reading: Reading) -> None:
        mono = self._now.mono
        for tracker in watch.trackers_for(reading.purpose):
            if tracker.due <= mono and tracker.TIMER_FIRST:
                self._conclude(tracker, tracker.tick(mono))
            change = tracker.take(reading, mono)
            if change is not None:
                self._conclude(tracker, change)
            if tracker.due < tracker.queued:
                self._timers.watch(tracker)
        if watch.vital and self._builtin and reading.purpose is Purpose.LIVE:
            self._know(reading)

    def _conclude(self, tracker: Tracker, change: Change | None) -> None:
        """From what a condition did to what that means for its alarm."""
        if change is None:
            return
        now, register = self._now, self._register
        alarm = register.alarms.get(tracker.alarm or "")
        if alarm is None:
            if change is not Change.RETURNED:
                self._raise(tracker)
        elif change is Change.REPORTED:
            register.count(episode.reported(alarm, tracker, now))
        elif change is Change.RETURNED:
            alarm = self._record("alarm.returned", episode.returned(alarm, now, tracker.reading))
            by_itself = tracker.rule.ends_by_itself or alarm.purpose is Purpose.TEST
            if not alarm.latched and (alarm.acked or by_itself):
                self._close(alarm)
        else:
            risen = tracker.level > alarm.level
            kind = "alarm.risen" if risen else "alarm.reannunciated"
            self._record(kind, episode.again(alarm, tracker, now), calls=True)

    def _raise(self, tracker: Tracker) -> None:
        shelving = self._shelf.of(tracker.key)
        if shelving is not None and not shelving.alarm.open:
            # The shelving passes from the episode that is over to this one: one row at a time carries it.
            self._record("alarm.unshelved", replace(shelving.alarm, suppression=None))
        if self.outages.suppression_of(tracker.point.device.id) is not None:
            self._shelf.take(tracker.key)
            shelving = None
        suppression = None if shelving is None else shelving.at(self._now.mono)
        alarm = self._record("alarm.raised", episode.raised(tracker, self._now, suppression), calls=True)
        tracker.alarm = alarm.id
        self._trackers[alarm.id] = tracker
        if alarm.latched and alarm.purpose is Purpose.LIVE:
            self._watch_latch(alarm.id, STUCK_AFTER)

    def _doubt(self, reading: Reading) -> None:
        """A retained report of fire, gas or SOS: somebody has to look, unless an alarm of it is open there already."""
        if reading.value is not True or reading.purpose is not Purpose.LIVE:
            return
        key = key_of(UNCONFIRMED, reading.point.id)
        known = (a.signal in VITAL and a.purpose is Purpose.LIVE for a in self._register.at(reading.point.id))
        if key not in self._builtin and not any(known):
            alarm = episode.unconfirmed(UNCONFIRMED, reading, self._now)
            self._builtin[key] = self._record("alarm.raised", alarm, calls=True).id

    def _know(self, reading: Reading) -> None:
        """A live report ends the doubt about a point's state."""
        if reading.value is not None and reading.quality is not Quality.BAD:
            self._end_builtin(UNCONFIRMED, reading.point.id)

    # ---- timers ---------------------------------------------------------------------------------------------------

    def _fire(self, timer: Timer) -> None:
        if isinstance(timer, Tracker):
            self._conclude(timer, timer.tick(self._now.mono))
        elif isinstance(timer, _Latch):
            timer.due = NEVER
            self._stuck(self._register.alarms[timer.alarm])
        elif isinstance(timer, Shelving):
            self._unshelve(timer, by=None)
        elif self._silence.end():
            self._register.record_desk("desk.sounding", self._silence.desk)

    def _watch_latch(self, alarm: str, remaining: int) -> None:
        latch = self._latches[alarm] = _Latch(alarm, self._now.mono + max(0, remaining))
        self._timers.watch(latch)

    def _stuck(self, alarm: Alarm) -> None:
        """A latch that nobody reset for a day: told in its own story, and once per point as a supervisory alarm."""
        self._record("alarm.stuck", replace(alarm, stuck_at=self._now.utc))
        point = self._points.get(alarm.point)
        if point is not None and key_of(STUCK, alarm.point) not in self._builtin:
            stuck = self._record("alarm.raised", episode.stuck(STUCK, point, self._now), calls=True)
            self._builtin[stuck.key] = stuck.id

    # ---- people ---------------------------------------------------------------------------------------------------

    def _acknowledge(self, alarm: Alarm, request: Acknowledge) -> None:
        if alarm.acked:
            return  # the first person stays
        alarm = self._record(
            "alarm.acked", handling.acknowledged(alarm, request, self._now), request.by, request.note
        )
        if not alarm.active and not alarm.latched:
            self._close(alarm, request.by)

    def _reset(self, alarm: Alarm, request: Reset) -> None:
        alarm = handling.reset(alarm, request, self._now)
        tracker = self._trackers.get(alarm.id)
        if tracker is not None and alarm.active:
            tracker.forget(self._now.mono)
            self._timers.watch(tracker)
        self._record("alarm.reset", alarm, request.by, request.reason)
        self._closed(alarm)

    def _remark(self, alarm: Alarm, request: Judge | Comment) -> None:
        if isinstance(request, Judge):
            self._record(
                "alarm.verdict", handling.judged(alarm, request, self._now), request.by, request.note
            )
        else:
            self._record(
                "alarm.commented",
                handling.commented(alarm, request, self._now),
                request.by,
                request.note or None,
            )

    def _shelve(self, alarm: Alarm, request: Shelve) -> None:
        if request.until is None:
            shelving = self._shelf.of(alarm.key)
            if shelving is not None:
                self._unshelve(shelving, request.by)
            return
        suppression = handling.shelving(alarm, request, request.until, self._now)
        alarm = replace(alarm, suppression=suppression)
        self._shelf.put(alarm, suppression, request.until - self._now.utc, self._now)
        self._record("alarm.shelved", alarm, request.by, request.reason)

    def _unshelve(self, shelving: Shelving, by: str | None) -> None:
        """A shelving ends; what is still active and unacknowledged asks for attention now."""
        self._shelf.take(shelving.alarm.key)
        alarm = replace(shelving.alarm, suppression=None)
        self._record("alarm.unshelved", alarm, by, calls=alarm.sounds and (alarm.active or alarm.latched))

    def _heed_outages(self) -> None:
        """Keep open alarms of devices that went out of service quiet, and let those of others sound again.

        A shelving at such a device ends: what comes back into service is heard rather than not.
        """
        self._heeded = self.outages.version
        for alarm in list(self._register.alarms.values()):
            held = self.outages.suppression_of(alarm.device)
            withheld = alarm.suppression is not None and alarm.suppression.kind == "out_of_service"
            if held is not None and alarm.suppression != held:
                self._shelf.take(alarm.key)
                self._record("alarm.withheld", replace(alarm, suppression=held), held.by)
            elif held is None and withheld:
                freed = replace(alarm, suppression=None)
                self._record("alarm.released", freed, calls=freed.sounds and (freed.active or freed.latched))

    # ---- one way for every row ------------------------------------------------------------------------------------

    def _record(
        self, kind: str, alarm: Alarm, by: str | None = None, note: str | None = None, *, calls: bool = False
    ) -> Alarm:
        """Record the fact with what remains, at this moment, of the alarm's hold and shelving."""
        if kind == "alarm.raised" and (held := self.outages.suppression_of(alarm.device)) is not None:
            alarm = replace(alarm, suppression=held)
        tracker = self._trackers.get(alarm.id)
        if tracker is not None and alarm.active and alarm.open:
            alarm = replace(alarm, hold=tracker.hold(self._now.mono))
        shelving = self._shelf.of(alarm.key)
        if shelving is not None and alarm.suppression is not None:
            alarm = replace(alarm, suppression=shelving.at(self._now.mono))
        alarm = self._register.record(kind, alarm, by, note, calls=calls)
        if shelving is not None and (alarm.open or shelving.alarm.id == alarm.id):
            shelving.alarm = alarm
        return alarm

    def _close(self, alarm: Alarm, by: str | None = None) -> None:
        self._record("alarm.closed", episode.closed(alarm, self._now, by), by)
        self._closed(alarm)

    def _closed(self, alarm: Alarm) -> None:
        """Let go of a closed alarm; with the last stuck latch at a point ends the word about it."""
        tracker = self._trackers.pop(alarm.id, None)
        if tracker is not None:
            tracker.alarm = None
        if alarm.rule in BUILTIN:
            self._builtin.pop(alarm.key, None)
        latch = self._latches.pop(alarm.id, None)
        if latch is not None:
            self._timers.forget(latch)
        others = self._register.at(alarm.point)
        if alarm.stuck_at is not None and all(other.stuck_at is None for other in others):
            self._end_builtin(STUCK, alarm.point)

    def _end_builtin(self, rule: AlarmRule, point: str) -> None:
        """The reason for a built-in alarm is gone: it closes, acknowledged or not."""
        id = self._builtin.get(key_of(rule, point))
        if id is None:
            return
        alarm = self._register.alarms[id]
        if alarm.active:
            alarm = self._record("alarm.returned", episode.returned(alarm, self._now))
        self._close(alarm)

    def _shown(self, utc: int) -> time | None:
        """What the site's clocks showed at `utc`; None while they cannot be believed."""
        return self._local(utc) if self._now.trusted else None

    # ---- odds and ends --------------------------------------------------------------------------------------------

    def _begin(self, now: Instant) -> None:
        self._now = now
        self._register.begin(now)
        if self._unstarted:
            for tracker in self._unstarted:
                tracker.start(now.mono)
                self._timers.watch(tracker)
            self._unstarted.clear()

    def _end(self, about: str | None = None) -> Outcome:
        register = self._register
        for alarm in register.reported():
            self._record("alarm.reported", alarm)
        if register.annunciated and self._silence.end():
            register.record_desk("desk.sounding", self._silence.desk)
        rows = register.changed
        if about in rows:
            rows[about] = rows.pop(about)
        return Outcome(register.facts, list(rows.values()), register.annunciated)

    def _attach(self, alarm: Alarm) -> None:
        """Let an open alarm from before a restart go on with its rule at its point, where both still exist."""
        point = self._points.get(alarm.point)
        watch = None if point is None else self._watches.get(point)
        if watch is None or alarm.id in self._trackers:
            return
        for tracker in watch.trackers_for(alarm.purpose):
            if tracker.key == alarm.key and tracker.alarm is None:
                tracker.resume(alarm, self._now)
                self._trackers[alarm.id] = tracker
                self._timers.watch(tracker)
