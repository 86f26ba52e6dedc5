"""A hub in memory, behind the same facade as the real one: He'an Court in small, for the tests of API and panel.

Everything happens at once and on the caller's event loop. `raise_alarm`, `clear`, `set_value` and `emit` play the
field's part.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from edge.alarm.handling import second_person
from edge.conclude import Conclude
from edge.domain.alarm import Alarm, AlarmState, Suppression, Verdict
from edge.domain.conclusion import Receipt
from edge.domain.device import LINK, Device, Point, Signal
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.health import Check, Health, LinkReport, Rejected
from edge.domain.instant import HOUR, MINUTE, SECOND, Instant
from edge.domain.names import Text
from edge.domain.output import LinkageMode, LinkageStart, OutputState
from edge.domain.reading import Purpose, Quality, Value
from edge.domain.request import (
    Acknowledge,
    AlarmRequest,
    Comment,
    Judge,
    Refusal,
    Request,
    Reset,
    Shelve,
    Silence,
)
from edge.facade import (
    Accounts,
    AlarmQuery,
    Bucket,
    CaseQuery,
    ChannelState,
    Desk,
    DeviceState,
    Evidence,
    Metric,
    Page,
    PointState,
    Quarantined,
    Role,
    Series,
    Totals,
)
from edge.outputs import Outputs
from edge.store import case_rows
from tests.web.fake_roster import FakeRoster
from tests.web.fake_stores import CHANNELS, FakeAccounts, FakeEvidence
from tests.web.sample_site import DEVICES, SIGNAL_ORDER, SITE, WORDS

PASSWORDS = {"guard": "guard-pw-2468", "maintenance": "maintenance-pw-2468", "admin": "admin-pw-2468"}
PINS = {"guard": "4711", "maintenance": "5820", "admin": "901357"}


class FakeHub(FakeRoster):
    """`edge.facade.Hub` in memory. Set `frozen` to stop its clock, `journal_down` to make nothing durable."""

    site = SITE
    version = "0.1.0"

    def __init__(self, *, frozen: int | None = None, ring: int = 5000) -> None:
        self.frozen = frozen
        self.journal_down = False
        self.ring = ring
        self.people = FakeAccounts()
        self.accounts: Accounts = self.people
        self.evidence: Evidence = FakeEvidence()
        for name, role, display in (
            ("guard", Role.GUARD, "李强"),
            ("maintenance", Role.MAINTENANCE, "张伟"),
            ("admin", Role.ADMIN, "王芳"),
        ):
            self.people.add(name, role, PASSWORDS[name], display)
            self.people.set_pin(name, PINS[name])
        self._numbering = Numbering(3, 0)
        self._facts: list[Fact] = []
        self.conclude = Conclude()
        self.case_rows: dict[str, dict[str, Mapping[str, Any]]] = {}
        self.receipts: list[Receipt] = []
        self._unsaved: set[Seq] = set()
        self._waiters: list[asyncio.Future[None]] = []
        self._alarms: dict[str, Alarm] = {}
        self._keys: dict[str, AlarmRequest] = {}
        self._desk = Desk(None, None)
        self._points = {
            f"{d.id}.{s.id}": Point(f"{d.id}.{s.id}", d, s, n)
            for n, (d, s) in enumerate((d, s) for d in DEVICES for s in (*d.profile.points, LINK))
        }
        self._states: dict[str, PointState] = {
            id: PointState(p, None, None, None, Quality.GOOD, None, False, 0)
            for id, p in self._points.items()
        }
        self._version = 0
        self._history: dict[str, list[tuple[int, Value, Quality]]] = {id: [] for id in self._points}
        self.status: Health = Health(
            "armed",
            {
                "beat": Check("beat", True, self.now().utc, Text("自检正常", "Self-test passed")),
                "journal": Check("journal", True, self.now().utc, Text("日志可写", "Journal is writable")),
                "broker": Check("broker", True, self.now().utc, Text("已连接", "Connected")),
            },
            self.now().utc,
            self.now().utc,
        )
        first: dict[str, Value] = {
            "sm-301.smoke": False,
            "sm-301.battery": 97.0,
            "sm-402.smoke": False,
            "sm-402.battery": 88.0,
            "gas-1203.gas": 0.0,
            "gas-1203.fault": False,
            "bin-1.level": 41.5,
            "wp-1.ph": 7.2,
            "wp-1.mode": "auto",
        }
        for id, value in first.items():
            self.set_value(id, value)

    # -- the field's part -------------------------------------------------------------------------

    def set_value(
        self, point: str, value: Value | None, *, quality: Quality = Quality.GOOD, time: int | None = None
    ) -> None:
        """A reading came."""
        now = self.now().utc
        at = now if time is None else time
        self._version += 1
        self._states[point] = PointState(
            self._points[point], value, at, now, quality, None, False, self._version
        )
        if value is not None:
            self._history[point].append((at, value, quality))

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

    def _append(self, fact: Fact) -> None:
        self._facts.append(fact)
        del self._facts[: -self.ring]
        if self.journal_down:
            self._unsaved.add(fact.seq)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    # -- the facade -------------------------------------------------------------------------------

    def now(self) -> Instant:
        utc = self.frozen if self.frozen is not None else time.time_ns() // 1000
        return Instant(utc, time.monotonic_ns() // 1000)

    def civil(self, utc: int) -> int:
        return utc

    def health(self) -> Health:
        return self.status

    def links(self) -> Sequence[LinkReport]:
        now = self.now().utc
        return [
            LinkReport(
                "zigbee",
                "mqtt",
                True,
                now - HOUR,
                Text("已连接 127.0.0.1", "Connected to 127.0.0.1"),
                812,
                3,
                now,
                {"reconnects": 1},
            ),
            LinkReport(
                "bus-1",
                "serial",
                False,
                now - MINUTE,
                Text("串口 /dev/ttyUSB0 打不开", "Cannot open /dev/ttyUSB0"),
                95,
                17,
                now - MINUTE,
                {"crc": 12, "timeouts": 5},
                {"17": {"ok": 90, "timeouts": 5}},
            ),
        ]

    def rejected(self) -> Sequence[Rejected]:
        return [
            Rejected(
                "zigbee",
                "bad_json",
                3,
                self.now().utc - MINUTE,
                "zigbee2mqtt/sm-999",
                '{"smoke":',
                "not JSON: unexpected end",
            )
        ]

    def quarantined(self) -> Sequence[Quarantined]:
        now = self.now().utc
        return [
            Quarantined(
                "zigbee",
                "zigbee2mqtt",
                "sm-999",
                4,
                now - HOUR,
                now,
                '{"smoke":false,"battery":100}',
                {"smoke": False, "battery": 100.0},
            )
        ]

    def metrics(self) -> Sequence[Metric]:
        return [
            Metric(
                "messages_received_total",
                "counter",
                "Messages taken from a source.",
                [({"source": "zigbee"}, 812), ({"source": "bus-1"}, 95)],
            ),
            Metric(
                "rejected_total",
                "counter",
                "Messages refused.",
                [({"source": "zigbee", "reason": "bad_json"}, 3)],
            ),
            Metric("inbox_depth", "gauge", "Messages waiting.", [({}, 0)]),
            Metric("journal_seq", "gauge", "Number of the newest fact.", [({}, self._numbering.last)]),
        ]

    def totals(self) -> Totals:
        open_ = [a for a in self._alarms.values() if a.open and a.purpose is Purpose.LIVE]
        counts = {s.value: sum(a.signal is s for a in open_) for s in Signal}
        online = sum(d.online is True for d in self.devices())
        return Totals(
            devices=len(DEVICES), online=online, unacknowledged=sum(not a.acked for a in open_), **counts
        )

    def devices(self) -> Sequence[DeviceState]:
        return [self._device_state(d) for d in DEVICES]

    def device(self, id: str) -> DeviceState | None:
        return next((self._device_state(d) for d in DEVICES if d.id == id), None)

    def _device_state(self, device: Device) -> DeviceState:
        received = [
            s.received for s in self._states.values() if s.point.device is device and s.received is not None
        ]
        alarms = [a for a in self.open_alarms() if a.device == device.id]
        lost = any(a.point.endswith(".link") for a in alarms)
        return DeviceState(device, None if not received else not lost, max(received, default=None), alarms)

    def points(self) -> Sequence[PointState]:
        return list(self._states.values())

    def point(self, id: str) -> PointState | None:
        return self._states.get(id)

    def changed_values(self, since: int) -> tuple[int, Sequence[PointState]]:
        return self._version, [s for s in self._states.values() if s.version > since]

    def open_alarms(self) -> Sequence[Alarm]:
        rows = [a for a in self._alarms.values() if a.open and a.purpose is not Purpose.TEST]
        return sorted(
            rows,
            key=lambda a: (
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

    async def cases(self, kind: str, query: CaseQuery) -> Page[Mapping[str, Any]]:
        rows = [body for body in self.case_rows.get(kind, {}).values() if case_rows.fits(body, query)]
        rows.sort(key=lambda body: (body["opened_at"], body["id"]), reverse=True)
        more = len(rows) > query.limit
        rows = rows[: query.limit]
        return Page(rows, case_rows.cursor_of(rows[-1]) if more else None)

    async def case(self, kind: str, id: str) -> Mapping[str, Any] | None:
        return self.case_rows.get(kind, {}).get(id)

    async def case_story(self, kind: str, id: str) -> Sequence[Fact]:
        return [f for f in self._facts if f.subject == kind and f.body["id"] == id]

    def outages(self) -> Mapping[str, Suppression]:
        return {
            row["device"]: Suppression("out_of_service", row["by"], row["reason"], row["until"])
            for row in self.case_rows.get("outage", {}).values()
            if row["open"]
        }

    def _switching(self) -> Outputs | None:
        return next((t for t in self.conclude.tenants if isinstance(t, Outputs)), None)

    def outputs(self) -> Sequence[OutputState]:
        return switching.standing() if (switching := self._switching()) else []

    def linkage(self) -> LinkageMode:
        return switching.mode if (switching := self._switching()) else LinkageMode()

    def linkage_starts(self) -> Sequence[LinkageStart]:
        return switching.starts() if (switching := self._switching()) else []

    def channels(self) -> Sequence[ChannelState]:
        return CHANNELS

    def told(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)

    def put_case(self, kind: str, body: Mapping[str, Any], fact: str = "", by: str | None = None) -> None:
        """A case as a fact leaves it; `fact` is the kind of that fact."""
        self.case_rows.setdefault(kind, {})[body["id"]] = body
        self._append(Fact(self._numbering.next(), fact or f"{kind}.changed", self.now().utc, by, kind, body))

    def _conclude(self, request: Request) -> Mapping[str, Any]:
        """The real tenants that a test has put into `conclude` carry it out."""
        drawn = self.conclude.act(request, self.now())
        for made in drawn.facts:
            self.case_rows.setdefault(made.subject, {})[made.body["id"]] = made.body
            self._append(made)
        if drawn.subject is None:
            raise Refusal("not_found", "there is nothing with this id")
        return drawn.subject

    async def act(self, request: Request, key: str | None = None) -> Alarm | Desk | Mapping[str, Any]:
        if not isinstance(request, AlarmRequest):
            return self._conclude(request)
        return self._act_on_alarm(request, key)

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
                return self._record("alarm.commented", alarm, by=command.by, note=command.note)

    def _reset(self, alarm: Alarm, command: Reset) -> Alarm:
        if not alarm.open:
            raise Refusal("closed", "The alarm is closed already.")
        if command.force and not command.reason:
            raise Refusal("reason_required", "Forcing a reset needs a reason.")
        if not command.force and not alarm.acked:
            raise Refusal("not_acknowledged", "Acknowledge it first.")
        if not command.force and alarm.active:
            raise Refusal("still_active", "The detector still reports the alarm.")
        done = replace(alarm, closed_at=self.now().utc, closed_by=command.by, forced=command.force)
        return self._record("alarm.reset", done, by=command.by, note=command.reason)

    def persisted(self, seq: Seq) -> bool:
        return seq not in self._unsaved

    async def note(self, kind: str, by: str, body: Mapping[str, Any]) -> None:
        self.emit(kind, by=by, body=dict(body))

    async def series(self, point: str, start: int, end: int, max_points: int) -> Series:
        rows = [r for r in self._history[point] if start <= r[0] < end]
        buckets = [
            Bucket(t, v, q, v if isinstance(v, float) else None, v if isinstance(v, float) else None)
            for t, v, q in rows[-max_points:]
        ]
        return Series("raw", len(rows), buckets)

    async def raw(self, point: str, start: int, end: int, after: str | None, limit: int) -> Series:
        rows = [r for r in self._history[point] if start <= r[0] < end]
        skip = int(after or 0)
        page = rows[skip : skip + limit]
        more = str(skip + limit) if skip + limit < len(rows) else None
        return Series("raw", len(rows), [Bucket(t, v, q, None, None) for t, v, q in page], more)

    def position(self) -> Seq:
        return Seq(self._numbering.epoch, self._numbering.last)

    async def facts(self, after: Seq, limit: int = 1000) -> Sequence[Fact] | None:
        oldest = self._facts[0].seq.number if self._facts else self._numbering.last + 1
        if after.epoch > self._numbering.epoch or not oldest - 1 <= after.number <= self._numbering.last:
            return None
        return [f for f in self._facts if f.seq.number > after.number][:limit]

    async def wait_facts(self, after: Seq) -> None:
        while self._numbering.last <= after.number:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    async def latest_facts(self, before: Seq | None, limit: int, prefix: str = "") -> Sequence[Fact]:
        rows = [
            f
            for f in self._facts
            if f.kind.startswith(prefix) and (before is None or f.seq.number < before.number)
        ]
        return rows[::-1][:limit]


def busy_day(hub: FakeHub) -> None:
    """Something of everything on the wall: a first fire, gas, a returned fault, a closed alarm, a test."""
    now = hub.now().utc
    for hour in range(24):
        hub._history["wp-1.ph"].insert(hour, (now - (24 - hour) * HOUR, 7.0 + hour / 40, Quality.GOOD))
    done = hub.raise_alarm("sm-402.smoke")
    hub._act(Acknowledge(done.id, "guard"))
    hub.clear(done.id)
    hub._act(Judge(done.id, "guard", "false", "cooking"))
    hub._act(Reset(done.id, "guard"))
    hub.raise_alarm("bin-1.level", Signal.PROCESS)
    hub.raise_alarm("wp-1.link", Signal.FAULT)
    hub.raise_alarm("gas-1203.gas", Signal.GAS)
    hub.raise_alarm("sm-301.smoke", Signal.FIRE)
    hub.raise_alarm("sm-402.smoke", Signal.FIRE, purpose=Purpose.TEST)
    hub.set_value("bin-1.level", 86.0)
    hub.set_value("wp-1.ph", 7.9, time=now - 2 * SECOND)
