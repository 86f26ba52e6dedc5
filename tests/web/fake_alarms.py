"""Alarms of the hub in memory: raised and cleared by tests, acknowledged, judged and reset by people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from edge.alarm.handling import commented, second_person
from edge.domain.alarm import Alarm, AlarmState, Suppression, Verdict
from edge.domain.device import LINK, Point, Signal
from edge.domain.fact import Fact, Seq
from edge.domain.instant import MINUTE
from edge.domain.reading import Purpose
from edge.domain.request import Acknowledge, AlarmRequest, Comment, Judge, Refusal, Reset, Shelve, Silence
from edge.facade import AlarmQuery, Desk, Page
from tests.web.fake_log import FakeLog
from tests.web.sample_site import DEVICES, SIGNAL_ORDER, WORDS


class FakeAlarms(FakeLog):
    """Part of the hub in memory."""

    def __init__(self, frozen: int | None = None, ring: int = 5000) -> None:
        super().__init__(frozen, ring)
        self._alarms: dict[str, Alarm] = {}
        self._keys: dict[str, AlarmRequest] = {}
        self._desk = Desk(None, None)
        self._points = {
            f"{d.id}.{s.id}": Point(f"{d.id}.{s.id}", d, s, n)
            for n, (d, s) in enumerate((d, s) for d in DEVICES for s in (*d.profile.points, LINK))
        }

    def raise_alarm(
        self,
        point: str = "sm-301.smoke",
        signal: Signal = Signal.FIRE,
        *,
        purpose: Purpose = Purpose.LIVE,
        latch: bool | None = None,
    ) -> Alarm:
        """A new alarm at `point`; latched when fire, gas or SOS unless told otherwise."""
        now = self.now().utc
        seq = self._numbering.next()
        p = self._points[point]
        priority, title, response = WORDS[signal]
        alarm = Alarm(
            id=f"a-{seq.number}",
            key=f"{signal}@{point}",
            rule=str(signal),
            device=p.device.id,
            point=point,
            zone=p.device.zone,
            place=p.device.place,
            signal=signal,
            level=0,
            priority=priority,
            active=True,
            acked=False,
            latched=signal in {Signal.FIRE, Signal.GAS, Signal.SOS} if latch is None else latch,
            value=True if p.spec.signal else 23.0,
            limit=None if p.spec.signal else 20.0,
            unit=p.unit,
            received_at=now,
            raised_at=now,
            annunciated_at=now,
            last_report_at=now,
            title=title,
            response=response,
            purpose=purpose,
            seq=seq,
        )
        self._desk = Desk(None, None)
        return self._record("alarm.raised", alarm, seq=seq)

    def clear(self, id: str) -> Alarm:
        """The point is normal again."""
        alarm = replace(self._alarms[id], active=False, returned_at=self.now().utc)
        if not alarm.latched and alarm.signal in {Signal.FAULT, Signal.DISABLEMENT}:
            alarm = replace(alarm, closed_at=self.now().utc)
        return self._record("alarm.returned", alarm)

    def emit(
        self,
        kind: str,
        alarm: Alarm | None = None,
        *,
        by: str | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Fact:
        """Record any fact, with an alarm as it stands after it, or with a body."""
        if alarm is not None:
            self._record(kind, alarm, by=by)
        else:
            self._append(Fact(self._numbering.next(), kind, self.now().utc, by, "", body or {}))
        return self._facts[-1]

    def _record(
        self,
        kind: str,
        alarm: Alarm,
        *,
        by: str | None = None,
        note: str | None = None,
        seq: Seq | None = None,
    ) -> Alarm:
        seq = seq or self._numbering.next()
        alarm = replace(alarm, seq=seq)
        self._alarms[alarm.id] = alarm
        self._append(Fact(seq, kind, self.now().utc, by, "alarm", alarm.to_dict(), note))
        return alarm

    def open_alarms(self) -> Sequence[Alarm]:
        rows = [a for a in self._alarms.values() if a.open and a.purpose is not Purpose.TEST]
        return sorted(
            rows,
            key=lambda a: (
                a.purpose is Purpose.DRILL,
                a.signal is not Signal.FIRE,
                a.priority.rank,
                SIGNAL_ORDER.index(a.signal),
                -a.raised_at,
                -a.seq.number,
            ),
        )

    async def alarms(self, query: AlarmQuery) -> Page[Alarm]:
        before = float("inf")
        if query.before is not None:
            if not query.before.isdecimal():
                raise Refusal("bad_cursor", "The cursor is none of this list's.")
            before = int(query.before)
        rows = sorted(self._alarms.values(), key=lambda a: -int(a.id[2:]))
        fitting = [
            a
            for a in rows
            if int(a.id[2:]) < before
            and (not query.states or a.state in query.states)
            and (query.open is None or a.open is query.open)
            and (query.since is None or a.raised_at >= query.since)
            and (query.signal is None or a.signal is query.signal)
            and (query.device is None or a.device == query.device)
            and (a.purpose is not Purpose.TEST if query.purpose is None else a.purpose is query.purpose)
        ]
        page = fitting[: query.limit]
        return Page(page, page[-1].id[2:] if len(fitting) > len(page) else None)

    async def alarm(self, id: str) -> Alarm | None:
        return self._alarms.get(id)

    async def story(self, alarm: str) -> Sequence[Fact]:
        return [f for f in self._facts if f.body.get("id" if f.subject == "alarm" else "alarm") == alarm]

    def desk(self) -> Desk:
        until = self._desk.silenced_until
        return self._desk if until is not None and until > self.now().utc else Desk(None, None)

    def _act_on_alarm(self, command: AlarmRequest, key: str | None) -> Alarm | Desk:
        if key is not None:
            known = self._keys.get(key)
            if known is not None:
                if known != command:
                    raise Refusal("key_reused", "This key was used for another request.")
                return self._desk if isinstance(command, Silence) else self._alarms[command.alarm]
        result = self._act(command)
        if key is not None:
            self._keys[key] = command
        return result

    def _act(self, command: AlarmRequest) -> Alarm | Desk:
        now = self.now().utc
        if isinstance(command, Silence):
            self._desk = Desk(now + 5 * MINUTE, command.by)
            self.emit("desk.silenced", by=command.by, body={"silenced_until": now + 5 * MINUTE})
            return self._desk
        alarm = self._alarms.get(command.alarm)
        if alarm is None:
            raise Refusal("not_found", f"There is no alarm {command.alarm}.")
        if self.journal_down and not isinstance(command, Acknowledge):
            raise Refusal("not_saved", "The journal cannot be written.")
        match command:
            case Acknowledge():
                if alarm.acked:
                    return alarm
                alarm = replace(alarm, acked=True, acked_at=now, acked_by=command.by)
                if alarm.state is AlarmState.NORMAL:
                    alarm = replace(alarm, closed_at=now, closed_by=command.by)
                return self._record("alarm.acked", alarm, by=command.by, note=command.note)
            case Reset():
                return self._reset(alarm, command)
            case Judge():
                verdict = Verdict(command.kind, command.cause, command.by, now)
                return self._record(
                    "alarm.verdict", replace(alarm, verdict=verdict), by=command.by, note=command.note
                )
            case Shelve():
                if alarm.signal in {Signal.FIRE, Signal.GAS, Signal.SOS} and command.until is not None:
                    second_person(command.by, command.second)
                held = (
                    None
                    if command.until is None
                    else Suppression(
                        "shelved", command.by, command.reason, command.until, second=command.second
                    )
                )
                kind = "alarm.unshelved" if held is None else "alarm.shelved"
                return self._record(kind, replace(alarm, suppression=held), by=command.by)
            case Comment():
                said = commented(alarm, command, self.now())
                return self._record("alarm.commented", said, by=command.by, note=command.note or None)

    def _reset(self, alarm: Alarm, command: Reset) -> Alarm:
        if not alarm.open:
            raise Refusal("closed", "The alarm is closed already.")
        if command.force and not command.reason:
            raise Refusal("reason_required", "Forcing a reset needs a reason.")
        if not command.force and not alarm.acked:
            raise Refusal("not_acknowledged", "Acknowledge it first.")
        if not command.force and alarm.active:
            raise Refusal("still_active", "The detector still reports the alarm.")
        if command.force and command.second is None:
            raise Refusal("second_person", "A second person is needed.")
        done = replace(
            alarm,
            closed_at=self.now().utc,
            closed_by=command.by,
            forced=command.force,
            closed_second=command.second,
        )
        return self._record("alarm.reset", done, by=command.by, note=command.reason)
