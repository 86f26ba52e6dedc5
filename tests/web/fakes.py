"""A hub in memory, behind the same facade as the real one: He'an Court in small, for the tests of API and panel.

Everything happens at once and on the caller's event loop. `raise_alarm`, `clear`, `set_value` and `emit` play the
field's part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edge.conclude import Conclude
from edge.domain.alarm import Alarm, Suppression
from edge.domain.conclusion import Receipt
from edge.domain.device import Device, Signal
from edge.domain.drill import Drill
from edge.domain.fact import Fact
from edge.domain.health import Check, Health
from edge.domain.incident import Incident
from edge.domain.instant import HOUR, SECOND
from edge.domain.names import Text
from edge.domain.output import LinkageMode, LinkageStart, OutputState
from edge.domain.plan import Heard
from edge.domain.reading import Purpose, Quality, Value
from edge.domain.request import (
    Acknowledge,
    AlarmRequest,
    Judge,
    Refusal,
    Request,
    Reset,
)
from edge.facade import (
    Accounts,
    Bucket,
    CaseQuery,
    ChannelState,
    Desk,
    DeviceState,
    Evidence,
    Page,
    PointState,
    Role,
    Series,
    Totals,
)
from edge.outputs import Outputs
from edge.preview import heard
from edge.store import case_rows
from tests.web.fake_alarms import FakeAlarms
from tests.web.fake_backups import FakeBackups
from tests.web.fake_cameras import FakeCameras
from tests.web.fake_health import FakeHealth
from tests.web.fake_power import FakePower
from tests.web.fake_records import FakeRecords
from tests.web.fake_roster import FakeRoster
from tests.web.fake_stores import CHANNELS, FakeAccounts, FakeEvidence
from tests.web.sample_site import DEVICES, SITE

PASSWORDS = {"guard": "guard-pw-2468", "maintenance": "maintenance-pw-2468", "admin": "admin-pw-2468"}
PINS = {"guard": "4711", "maintenance": "5820", "admin": "901357"}


class FakeHub(FakeRoster, FakeAlarms, FakeCameras, FakeHealth):
    """`edge.facade.Hub` in memory. Set `frozen` to stop its clock, `journal_down` to make nothing durable."""

    site = SITE
    version = "0.1.0"

    def device_code(self, device: str) -> str:
        return f"code-of-{device}"

    def __init__(self, *, frozen: int | None = None, ring: int = 5000) -> None:
        super().__init__(frozen, ring)
        self.people = FakeAccounts()
        self.accounts: Accounts = self.people
        self.evidence: Evidence = FakeEvidence()
        self.records = FakeRecords()
        self.backups = FakeBackups()
        self.power = FakePower()
        for name, role, display in (
            ("guard", Role.GUARD, "李强"),
            ("maintenance", Role.MAINTENANCE, "张伟"),
            ("admin", Role.ADMIN, "王芳"),
        ):
            self.people.add(name, role, PASSWORDS[name], display)
            self.people.set_pin(name, PINS[name])
        self.conclude = Conclude()
        self.case_rows: dict[str, dict[str, Mapping[str, Any]]] = {}
        self.receipts: list[Receipt] = []
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

    # -- the facade -------------------------------------------------------------------------------

    def civil(self, utc: int) -> int:
        return utc

    def health(self) -> Health:
        return self.status

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
        return [*self._states.values(), *self.machine()]

    def point(self, id: str) -> PointState | None:
        return self._states.get(id)

    def changed_values(self, since: int) -> tuple[int, Sequence[PointState]]:
        return self._version, [s for s in self._states.values() if s.version > since]

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

    def heard(self, zone: str, signal: Signal, device: str | None = None) -> Heard:
        devices = self.site.devices
        outputs = [state.output for state in self.outputs()]
        meant = devices.get(device or "")
        return heard(self.site, devices, outputs, self.who, zone, signal, meant)

    def drills(self) -> Sequence[Drill]:
        return [Drill.from_dict(row) for row in self.case_rows.get("drill", {}).values() if row["open"]]

    def incidents(self) -> Sequence[Incident]:
        rows = [row for row in self.case_rows.get("incident", {}).values() if row["open"]]
        return sorted(map(Incident.from_dict, rows), key=lambda one: one.opened_at, reverse=True)

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
