"""The running hub as the panel and the API see it: `edge.facade.Hub` over the parts of the line."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from zoneinfo import ZoneInfo

from edge import __version__
from edge.beat import POINTS
from edge.cameras import Cameras
from edge.cameras.cards import models_of, told
from edge.cameras.keeper import Keeper
from edge.codes import device_code
from edge.dispatch.channel import Channel
from edge.dispatch.duty import OnDuty
from edge.dispatch.outlook import outlook
from edge.domain.alarm import Alarm, Desk, Suppression
from edge.domain.camera import Camera
from edge.domain.conclusion import Receipt
from edge.domain.device import LINK, Device, Point, Signal
from edge.domain.drill import Drill
from edge.domain.fact import Fact, Seq
from edge.domain.footage import StillSet
from edge.domain.health import Health, LinkReport, Rejected, Start
from edge.domain.incident import Incident
from edge.domain.instant import Instant
from edge.domain.obligation import Planned
from edge.domain.on_duty import RosterView
from edge.domain.output import LinkageMode, LinkageStart, OutputState
from edge.domain.plan import Heard
from edge.domain.reading import Purpose, Quality
from edge.domain.request import Request
from edge.domain.roster import GROUP
from edge.domain.site import Site
from edge.domain.storage import StorageState
from edge.driver import Driver, Looking
from edge.duties.calendar import Calendar
from edge.emergency.drills import Drills
from edge.emergency.incidents import Incidents
from edge.facade import (
    Accounts,
    AlarmQuery,
    Backups,
    CameraState,
    CaseQuery,
    ChannelState,
    DeviceState,
    Evidence,
    Footage,
    Metric,
    Page,
    PointState,
    Power,
    Quarantined,
    Records,
    Series,
    Totals,
    Unavailable,
)
from edge.health import FORMER_POINTS, HUB
from edge.ingest.binding import Directory
from edge.ingest.quarantine import Quarantine, Rejects
from edge.machine.making import Machine
from edge.metrics import metrics, of_cameras, of_loop, of_storage
from edge.outputs import Outputs
from edge.people import Subject
from edge.pipeline import Line, Pipeline
from edge.preview import heard
from edge.probes import Way
from edge.storage.making import Storage
from edge.store.alarm_rows import page_of
from edge.store.disk import DiskGuard

_FIRST = (Signal.FIRE, Signal.GAS, Signal.SOS)  # on the wall these stand above everything, in this order


def wall_order(alarm: Alarm) -> tuple[bool, int, int, bool, int]:
    """What is real before a drill; fire, gas, SOS, then by priority; unacknowledged first, newest first."""
    signal = _FIRST.index(alarm.signal) if alarm.signal in _FIRST else len(_FIRST)
    return alarm.purpose is Purpose.DRILL, signal, alarm.priority.rank, alarm.acked, -alarm.raised_at


def _shown(point: Point) -> bool:
    """Whether a point is for people: those of the site's devices, and what the hub knows of itself."""
    if not point.device.profile.built_in:
        return True
    return point.device.id == HUB and point.spec is not LINK and point.spec not in (*POINTS, *FORMER_POINTS)


class RunningHub:
    """See `edge.facade.Hub` for what each method promises."""

    version = __version__

    def __init__(
        self,
        site: Site,
        line: Line,
        pipeline: Pipeline,
        directory: Directory,
        drivers: Mapping[str, Driver],
        accounts: Accounts,
        quarantine: Quarantine,
        rejects: Rejects,
        guard: DiskGuard,
        evidence: Evidence,
        records: Records,
        backups: Backups,
        power: Power,
        duty: OnDuty,
        channels: Mapping[str, Channel],
        civil_offset: int = 0,
        ways: Sequence[Way] = (),
        code_key: bytes = b"",
        keeper: Keeper | None = None,
        *,
        machine: Machine | None = None,
        storage: Storage | None = None,
    ) -> None:
        self.site = site
        self.accounts = accounts
        self.evidence = evidence
        self.records = records
        self.backups = backups
        self.power = power
        self._line = line
        self._channels = channels
        self._pipeline = pipeline
        self._directory = directory
        self._drivers = drivers
        self._quarantine = quarantine
        self._rejects = rejects
        self._guard = guard
        self._duty = duty
        self._civil_offset = civil_offset
        zone = ZoneInfo(site.timezone)
        self._calendar = Calendar(site.duties.duties.values(), zone, duty.holiday, self.civil)
        self._ways = ways
        self._code_key = code_key
        self._outputs = next(t for t in line.conclude.tenants if isinstance(t, Outputs))
        self._drills = next(t for t in line.conclude.tenants if isinstance(t, Drills))
        self._incidents = next(t for t in line.conclude.tenants if isinstance(t, Incidents))
        self._cameras = next(t for t in line.conclude.tenants if isinstance(t, Cameras))
        self._keeper = keeper
        self._machine = machine
        self._storage = storage
        self._models = {camera.device: models_of(camera) for camera in site.cameras}

    # ---- the moment -----------------------------------------------------------------------------------------------

    def now(self) -> Instant:
        return self._line.clock.now()

    def civil(self, utc: int) -> int:
        return utc + self._civil_offset

    def device_code(self, device: str) -> str:
        return device_code(self._code_key, device)

    def health(self) -> Health:
        return self._line.monitor.health(self._line.heart, self.now())

    def links(self) -> Sequence[LinkReport]:
        return [*(d.report() for d in self._drivers.values()), *(way.report() for way in self._ways)]

    async def log_tail(self, limit: int) -> AsyncGenerator[bytes]:
        chunks = iter(()) if self._machine is None else self._machine.log.tail(limit)
        while chunk := await asyncio.to_thread(next, chunks, b""):
            yield chunk

    def starts(self) -> Sequence[Start]:
        return () if self._machine is None else self._machine.starts

    def rejected(self) -> Sequence[Rejected]:
        return self._rejects.rows()

    def quarantined(self) -> Sequence[Quarantined]:
        return [
            Quarantined(
                s.source, s.dialect, s.address, s.count, s.first_at, s.last_at, s.sample, dict(s.values)
            )
            for s in self._quarantine.senders()
        ]

    def storage(self) -> StorageState | None:
        return None if self._storage is None else self._storage.state()

    def metrics(self) -> Sequence[Metric]:
        return [
            *of_storage(self.storage()),
            *metrics(self._line, self._guard, self, self._rejects, self._quarantine),
            *of_cameras(self.cameras(), self._cameras.unread, self.now().utc),
            *of_loop(self._pipeline.lateness(), len(asyncio.all_tasks())),
        ]

    # ---- devices and points ---------------------------------------------------------------------------------------

    def totals(self) -> Totals:
        supervision = self._line.supervision
        devices = [d for d in self._directory.devices.values() if not d.profile.built_in]
        live = [alarm for alarm in self.open_alarms() if alarm.purpose is Purpose.LIVE]
        by_signal = Counter(alarm.signal for alarm in live)
        return Totals(
            devices=len(devices),
            online=sum(supervision.online(device.id) is True for device in devices),
            fire=by_signal[Signal.FIRE],
            gas=by_signal[Signal.GAS],
            sos=by_signal[Signal.SOS],
            fault=by_signal[Signal.FAULT],
            supervisory=by_signal[Signal.SUPERVISORY],
            disablement=by_signal[Signal.DISABLEMENT],
            process=by_signal[Signal.PROCESS],
            unacknowledged=sum(not alarm.acked for alarm in live),
        )

    def devices(self) -> Sequence[DeviceState]:
        by_device: dict[str, list[Alarm]] = {}
        for alarm in self.open_alarms():
            by_device.setdefault(alarm.device, []).append(alarm)
        return [
            self._device_state(device, by_device.get(device.id, ()))
            for device in self._directory.devices.values()
            if not device.profile.built_in
        ]

    def device(self, id: str) -> DeviceState | None:
        device = self._directory.devices.get(id)
        if device is None:
            return None
        return self._device_state(device, [alarm for alarm in self.open_alarms() if alarm.device == id])

    def _device_state(self, device: Device, alarms: Sequence[Alarm]) -> DeviceState:
        supervision = self._line.supervision
        return DeviceState(device, supervision.online(device.id), supervision.heard_at(device.id), alarms)

    def points(self) -> Sequence[PointState]:
        return [self._point_state(p) for p in self._directory.points.values() if _shown(p)]

    def point(self, id: str) -> PointState | None:
        point = self._directory.points.get(id)
        return None if point is None else self._point_state(point)

    def _point_state(self, point: Point) -> PointState:
        supervision, id = self._line.supervision, point.device.id
        online = supervision.online(id)
        state = self._line.values.state(point, overdue=online is False)
        if point.spec is not LINK or online is None:
            return state
        # The link is what supervision knows now, not what was last reported of it: silence reports nothing.
        heard = supervision.heard_at(id)
        return replace(
            state,
            value=not online,
            time=heard,
            received=heard,
            quality=Quality.GOOD,
            reason=None,
            retained=False,
        )

    def changed_values(self, since: int) -> tuple[int, Sequence[PointState]]:
        version, points = self._line.values.changed(since)
        return version, [self._point_state(p) for p in points if _shown(p)]

    # ---- outputs -----------------------------------------------------------------------------------------------

    def outputs(self) -> Sequence[OutputState]:
        return self._outputs.standing()

    def linkage(self) -> LinkageMode:
        return self._outputs.mode

    def linkage_starts(self) -> Sequence[LinkageStart]:
        return self._outputs.starts()

    def incidents(self) -> Sequence[Incident]:
        return sorted(self._incidents.standing(), key=lambda one: one.opened_at, reverse=True)

    def drills(self) -> Sequence[Drill]:
        return self._drills.standing()

    def heard(self, zone: str, signal: Signal, device: str | None = None) -> Heard:
        devices = self._directory.devices
        outputs = [state.output for state in self.outputs()]
        return heard(self.site, devices, outputs, self.who, zone, signal, devices.get(device or ""))

    def who(self, target: str, zone: str = "") -> tuple[str, ...]:
        return self._duty.who(target, self.now(), zone)

    def roster(self) -> RosterView:
        return outlook(self.site.roster, self._duty, self.now())

    def planned(self, after: int, until: int) -> Sequence[Planned]:
        return self._calendar.between(after, until)

    def channels(self) -> Sequence[ChannelState]:
        return [self._channel_state(channel) for channel in self._channels.values()]

    def _channel_state(self, channel: Channel) -> ChannelState:
        report = channel.report()
        return ChannelState(
            channel.id,
            channel.name,
            channel.kind,
            [stage for stage, proved in asdict(channel.proves).items() if proved],
            [person for person in (GROUP, *self.site.roster.persons) if channel.reaches(person)],
            report.state,
            report.detail,
            report.counters,
            report.last_ok,
            report.last_error,
        )

    # ---- cameras --------------------------------------------------------------------------------------------------

    def cameras(self) -> Sequence[CameraState]:
        return [self._camera_state(camera) for camera in self.site.cameras]

    def camera(self, id: str) -> CameraState | None:
        found = next((camera for camera in self.site.cameras if camera.device == id), None)
        return None if found is None else self._camera_state(found)

    def _camera_state(self, camera: Camera) -> CameraState:
        drawn = self._cameras.setting(camera.device)
        driver: object = self._drivers.get(camera.source)
        view = driver.view() if isinstance(driver, Looking) else None
        zones = camera.zones if drawn is None else drawn.zones
        return CameraState(
            camera=camera,
            device=self._directory.devices[camera.device],
            view=view,
            zones=zones,
            masks=camera.masks if drawn is None else drawn.masks,
            version=0 if drawn is None else drawn.version,
            drawn_by=None if drawn is None else drawn.by,
            models=told(self._models[camera.device], camera, zones, view),
            findings=self._cameras.open_findings(camera.device),
            figures=self._cameras.figures(camera.device),
        )

    async def latest_still(self, camera: str) -> Footage | None:
        return None if self._keeper is None else await self._keeper.latest(camera)

    async def still(self, id: str) -> Footage | None:
        return None if self._keeper is None else await self._keeper.read(id)

    async def alarm_stills(self, alarm: str) -> Sequence[StillSet]:
        if known := self._cameras.sets_of(alarm):
            return known
        gone = [
            row
            for key in ("alarm", "others")
            for row in (await self.cases("stills", CaseQuery(where={key: alarm}))).items
        ]
        return [StillSet.from_dict(row) for row in sorted(gone, key=lambda row: row["opened_at"])]

    # ---- alarms ---------------------------------------------------------------------------------------------------

    def open_alarms(self) -> Sequence[Alarm]:
        alarms = self._line.engine.open().values()
        return sorted((a for a in alarms if a.purpose is not Purpose.TEST), key=wall_order)

    async def alarms(self, query: AlarmQuery) -> Page[Alarm]:
        try:
            return await self._line.log.alarms(query)
        except Unavailable:
            if query.open is not True:
                raise
            # What is open is known without the journal.
            return page_of(self._line.engine.open().values(), query)

    async def alarm(self, id: str) -> Alarm | None:
        return self._line.engine.open().get(id) or await self._line.log.alarm(id)

    async def story(self, alarm: str) -> Sequence[Fact]:
        return await self._line.log.story(alarm)

    def outages(self) -> Mapping[str, Suppression]:
        return self._line.engine.outages.devices

    def desk(self) -> Desk:
        return self._line.engine.desk

    async def cases(self, kind: str, query: CaseQuery) -> Page[Mapping[str, Any]]:
        return await self._line.log.cases(kind, query)

    async def case(self, kind: str, id: str) -> Mapping[str, Any] | None:
        return await self._line.log.case(kind, id)

    async def case_story(self, kind: str, id: str) -> Sequence[Fact]:
        return await self._line.log.case_story(kind, id)

    def told(self, receipt: Receipt) -> None:
        self._pipeline.told(receipt)

    async def act(self, request: Request, key: str | None = None) -> Subject:
        return await self._pipeline.act(request, key)

    async def note(self, kind: str, by: str, body: Mapping[str, Any]) -> None:
        await self._pipeline.note(kind, by, body)

    async def settled(self) -> None:
        """Return when all that was offered so far has been through and is durable (for tests and tools)."""
        await self._pipeline.settled()

    # ---- history --------------------------------------------------------------------------------------------------

    async def series(self, point: str, start: int, end: int, max_points: int) -> Series:
        return await self._line.telemetry.series(self._directory.points[point], start, end, max_points)

    async def raw(self, point: str, start: int, end: int, after: str | None, limit: int) -> Series:
        return await self._line.telemetry.raw(self._directory.points[point], start, end, after, limit)

    def persisted(self, seq: Seq) -> bool:
        return self._line.log.persisted(seq)

    def position(self) -> Seq:
        return self._line.log.position()

    async def facts(self, after: Seq, limit: int = 1000) -> Sequence[Fact] | None:
        return await self._line.log.facts(after, limit)

    async def wait_facts(self, after: Seq) -> None:
        await self._line.log.wait(after)

    async def latest_facts(self, before: Seq | None, limit: int, prefix: str = "") -> Sequence[Fact]:
        return await self._line.log.latest(before, limit, prefix)
