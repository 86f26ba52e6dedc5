"""The one place that knows all parts: makes them of a site's folder, starts them in order, stops them in reverse.

stores › line › panel › drivers
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from edge import duties, health, outputs
from edge.alarm.engine import AlarmEngine
from edge.alarm.supervision import Supervision
from edge.backup.schedule import Backups, Place
from edge.beat import SOURCE, Beat, HubCodec, notify
from edge.cameras import Cameras
from edge.cameras.keeper import Keeper
from edge.clock import Clock, SystemClock, TrustedClock
from edge.codes import durable_key
from edge.conclude import Conclude
from edge.dialects import make_driver, make_publisher, schemas
from edge.dispatch.channel import Channel
from edge.dispatch.channels.making import make_channels
from edge.dispatch.duty import OnDuty
from edge.dispatch.orders import Orders
from edge.dispatch.reachable import reachable, watching
from edge.dispatch.watch import Presence
from edge.domain.conclusion import Rehearse
from edge.domain.instant import DAY
from edge.domain.names import Text
from edge.domain.output import OutputKind
from edge.domain.rule import AlarmRule
from edge.domain.site import Site
from edge.driver import Codec, Driver, Looking, Messenger, Publisher
from edge.evidence import EvidenceFiles
from edge.health import HealthMonitor
from edge.hub import RunningHub
from edge.ingest.binding import Directory
from edge.ingest.deliveries import Deliveries
from edge.ingest.inbox import Inbox
from edge.ingest.intake import Intake
from edge.ingest.normalising import Normaliser
from edge.ingest.quarantine import ENGINE_DEFECT, Quarantine, Rejects
from edge.ingest.rehearsing import Rehearsals
from edge.lending import LentHost
from edge.lock import only_hub, remember_site
from edge.machine.certificates import AUTHORITY
from edge.machine.making import Machine
from edge.outward import KINDS, Outward, showing
from edge.people import People
from edge.pipeline import Line, Pipeline
from edge.power.keeper import Power, recall
from edge.power.requests import Requests
from edge.probes import Way, annunciation, checks, link_checks, way_checks
from edge.reach import Reach
from edge.recording import making_records
from edge.resuming import Remembered, take_up
from edge.sender import Sender
from edge.settings import install_template, load_site
from edge.settings.holidays import calendar
from edge.storage.making import Storage, Stores
from edge.store.accounts import SqliteAccounts
from edge.store.disk import DiskGuard
from edge.store.facts import FactLog
from edge.store.journal import Journal, JournalState
from edge.store.telemetry import Telemetry, TelemetryState
from edge.tenants import tenants
from edge.upkeep import chores, keep_up
from edge.uplinks import followers, following
from edge.values import LatestValues

log = logging.getLogger("edge")

SETTLE: Final = 2.0  # seconds the line has to finish when the hub stops


@dataclass(frozen=True, slots=True)
class Options:
    """What `edge-hub run` was told.

    listen: "host:port", port 0 for a free one. names: host names the panel may be called by.
    civil_offset: µs, demo only. broker_state: where the broker of this machine keeps its store, None where unknown.
    """

    site: Path
    data: Path
    listen: str = "127.0.0.1:8080"
    tls_cert: Path | None = None
    tls_key: Path | None = None
    insecure_lan: bool = False
    names: tuple[str, ...] = ()
    civil_offset: int = 0
    broker_state: Path | None = None


@dataclass(slots=True)
class Running:
    """A started hub. line: ends only by a defect. address: "host:port" it really listens on."""

    hub: RunningHub
    line: asyncio.Task[None]
    address: str


@asynccontextmanager
async def running(options: Options, clock: Clock | None = None) -> AsyncIterator[Running]:
    """A hub from its first store to its last driver, stopped in reverse; raises SettingsError, HubInUseError."""
    if not (options.site / "site.toml").exists():
        install_template(options.site)
    site = load_site(options.site, schemas())
    options.data.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        stack.enter_context(only_hub(options.data))
        remember_site(options.data, options.site)
        own = TrustedClock(clock or SystemClock(), options.data)
        stack.callback(own.leave)
        authority = AUTHORITY if options.broker_state is not None and AUTHORITY.exists() else None
        machine = Machine(options.data, options.site, site, options.tls_cert, own, authority)
        stack.enter_context(machine.run())
        parts = await _stores(stack, site, options, own, machine)
        running_hub = await _line(stack, parts)
        running_hub.address = await _panel(stack, running_hub.hub, options)
        await _drivers(stack, parts)
        _reach_out(stack, parts, running_hub.hub)
        notify("READY=1")
        log.info("hub of %s runs on %s", site.id, running_hub.address)
        yield running_hub
        notify("STOPPING=1")
        log.info("hub stops")


@dataclass(slots=True)
class _Parts:
    """What is passed from one stage of the start to the next."""

    site: Site
    options: Options
    clock: TrustedClock
    inbox: Inbox
    directory: Directory
    drivers: dict[str, Driver]
    channels: dict[str, Channel]
    journal: Journal
    journal_state: JournalState
    log: FactLog
    telemetry: Telemetry
    telemetry_state: TelemetryState
    accounts: SqliteAccounts
    host: LentHost
    rejects: Rejects
    guard: DiskGuard
    keeper: Keeper
    machine: Machine
    power: Power


async def _stores(
    stack: AsyncExitStack, site: Site, options: Options, clock: TrustedClock, machine: Machine
) -> _Parts:
    """Open the stores, and everything that only remembers."""
    inbox, rejects = Inbox(), Rejects()
    loop = asyncio.get_running_loop()
    inbox.attach(loop)
    host = LentHost(site, clock, inbox, rejects, loop)
    journal = Journal(options.data / "journal.db")
    state = journal.open()
    facts = FactLog(journal, state)
    stack.push_async_callback(facts.close, clean=True)
    drivers = {c.id: make_driver(c, list(site.devices.values())) for c in site.connections}
    modems = {id: driver for id, driver in drivers.items() if isinstance(driver, Messenger)}
    telemetry = Telemetry(
        options.data / "telemetry.db",
        commit_seconds=site.commit_seconds,
        now=clock.now,
        on_stored=host.stored,
        window=max((driver.window for driver in drivers.values()), default=0),
        followers=[uplink.id for uplink in site.uplinks],
    )
    kept = telemetry.open()
    stack.push_async_callback(telemetry.close)
    await recall(clock, facts, kept.latest.values())
    accounts = SqliteAccounts(options.data / "accounts.db", now=clock.now)
    accounts.open()
    stack.push_async_callback(accounts.close)
    room = site.unit.control_room
    directory = Directory(
        [
            *health.built_in_devices(site.connections, room, [*site.uplinks, *site.outlets], machine.points),
            *duties.devices(site.duties.duties.values(), room),
            *site.devices.values(),
        ],
        site.profiles,
    )
    for row in state.devices:
        if row.id not in directory.devices:
            directory.adopt(row.address, row.profile)
    telemetry.register(directory.points.values())
    return _Parts(
        site=site,
        options=options,
        clock=clock,
        inbox=inbox,
        directory=directory,
        drivers=drivers,
        channels=make_channels(site.channels, site.roster, modems, clock.now),
        journal=journal,
        journal_state=state,
        log=facts,
        telemetry=telemetry,
        telemetry_state=kept,
        accounts=accounts,
        host=host,
        rejects=rejects,
        guard=DiskGuard(options.data, telemetry, now=clock.now, settled=clock.settled),
        keeper=Keeper(
            options.data / "evidence" / "stills",
            {
                camera.device: driver
                for camera in site.cameras
                if isinstance(driver := drivers[camera.source], Looking)
            },
            host.told,
            lambda: clock.now().utc,
            lambda where, error: rejects.defect(
                health.HUB, ENGINE_DEFECT, where, b"", error, clock.now().utc
            ),
        ),
        machine=machine,
        power=Power(clock, Requests.of_environment(), site.power),
    )


async def _line(stack: AsyncExitStack, parts: _Parts) -> Running:
    """Put the line together, take up what the stores remember, and let it run."""
    now = parts.clock.now()
    state, kept, site = parts.journal_state, parts.telemetry_state, parts.site
    points = parts.directory.points
    supervision = Supervision(points.values(), now)

    def civil(utc: int) -> int:
        return utc + parts.options.civil_offset

    duty = OnDuty(site.roster, ZoneInfo(site.timezone), calendar(site.roster), civil)
    engine = AlarmEngine(
        points.values(), _rules(parts), parts.log.numbering, local=lambda utc: duty.local(utc).time()
    )
    presence = Presence()
    codecs: dict[str, Codec] = {name: driver.codec for name, driver in parts.drivers.items()}
    rehearsals = Rehearsals(codecs, site.connections)
    made = tenants(
        site,
        parts.directory,
        engine,
        duty,
        presence,
        parts.channels,
        civil,
        parts.log.numbering,
        rehearsals.messages,
        parts.clock.settled,
        lambda: parts.guard.short,
    )
    conclude = Conclude([*made, parts.power.begin(parts.log.numbering, kept.latest.values(), parts.machine)])
    deliveries = Deliveries({name: driver.window for name, driver in parts.drivers.items()})
    deliveries.restore(
        [(k.source, k.delivery.packet, k.digest) for keys in kept.deliveries.values() for k in keys],
        [(key.source, key.packet, key.digest, key.points) for key in state.evaluated],
    )
    quarantine = Quarantine()
    intake = Intake(
        {SOURCE: HubCodec(), **codecs}, parts.directory, Normaliser(), deliveries, quarantine, parts.rejects
    )
    line = Line(
        clock=parts.clock,
        inbox=parts.inbox,
        intake=intake,
        deliveries=deliveries,
        supervision=supervision,
        engine=engine,
        conclude=conclude,
        people=People(engine, conclude, parts.log, state.answers),
        log=parts.log,
        values=LatestValues(),
        telemetry=parts.telemetry,
        heart=Beat(health.HUB),
        monitor=HealthMonitor(),
        window=lambda source: parts.drivers[source].window,
    )
    pipeline = Pipeline(line, lambda source, receipts: parts.drivers[source].acknowledge(receipts))
    parts.host.pipeline = pipeline
    uplinks = followers(parts.site, parts.telemetry, points, parts.clock, parts.rejects, pipeline)
    publishers = [make_publisher(outlet, list(KINDS.values())) for outlet in site.outlets]
    ways: list[Way] = [*uplinks, *publishers]
    links = {**link_checks(parts.drivers, intake), **way_checks(ways)}
    cameras = next(t for t in conclude.tenants if isinstance(t, Cameras))
    storage = Storage(
        Stores(parts.journal, parts.telemetry, parts.accounts, parts.log),
        parts.guard,
        cameras,
        pipeline.note,
        parts.options.data,
        parts.options.broker_state,
        site.card,
    )
    await storage.remember(now)
    heard = annunciation(presence, lambda: _has_beacon(parts, supervision), now)
    backups = Backups(
        site.backup,
        Place(site.id, parts.options.data, parts.options.site, ZoneInfo(site.timezone)),
        pipeline.note,
        parts.clock.now,
        lambda now: now.trusted,
        storage.lost,
    )
    own = {
        **checks(line, pipeline),
        **storage.checks(),
        "clock": parts.power.check,
        "backup": backups.check,
        "annunciation": heard,
        "outside": watching(lambda: _reachable(parts)),
        "pictures": parts.keeper.check,
    }
    line.monitor.watch(own, links)
    longest = max((max(rule.on_delay, rule.off_delay) for rule in site.rules), default=0.0)
    await take_up(line, pipeline, Remembered(parts.journal, state, kept, points, longest), now)
    _aim(parts.keeper, cameras)
    old = now.utc - site.retention.stills_days * DAY if parts.clock.settled(now) else 0
    hub = RunningHub(
        site,
        line,
        pipeline,
        parts.directory,
        parts.drivers,
        parts.accounts,
        quarantine,
        parts.rejects,
        parts.guard,
        EvidenceFiles(parts.options.data / "evidence"),
        making_records(
            site,
            parts.options.site,
            parts.options.data,
            parts.clock.now,
            parts.directory,
            supervision,
            duty,
            parts.telemetry,
            parts.options.civil_offset,
        ),
        backups,
        parts.power,
        duty,
        parts.channels,
        parts.options.civil_offset,
        ways,
        durable_key(parts.options.data / "codes.key"),
        parts.keeper,
        machine=parts.machine,
        storage=storage,
    )
    parts.keeper.start(cameras.shots(), old)
    stack.push_async_callback(parts.keeper.stop)
    task = asyncio.create_task(pipeline.run(), name="line")
    stack.push_async_callback(_end, task)
    stack.push_async_callback(_settle, pipeline, task)
    todo = chores(pipeline, parts.telemetry, parts.accounts, site.retention, now, parts.clock.settled)
    alone = parts.power.chores(pipeline.note, hub.point, hub.open_alarms, now)
    upkeep = asyncio.create_task(keep_up(parts.clock, [*todo, *storage.chores(now)], alone), name="upkeep")
    stack.push_async_callback(_end, upkeep)
    backups.start()
    stack.push_async_callback(backups.stop)
    await stack.enter_async_context(parts.machine.watching(line, pipeline, parts.guard))
    await stack.enter_async_context(following(uplinks))
    await stack.enter_async_context(showing(_outward(parts.log, line, publishers), publishers, parts.host))
    return Running(hub, task, "")


def _aim(keeper: Keeper, cameras: Cameras) -> None:
    """Before a driver starts: nothing under a mask is ever kept."""
    for aim in cameras.aims():
        keeper.aim(aim)
    for device, findings in cameras.unfinished().items():
        keeper.resume(device, findings)


def _outward(facts: FactLog, line: Line, publishers: Sequence[Publisher]) -> Outward:
    """What is published stands there as the API says it."""
    from web.api.v1 import shapes

    def shape(subject: str, case: Any) -> Mapping[str, Any]:
        if subject == "alarm":
            return dict(shapes.alarm(case, persisted=facts.persisted(case.seq)))
        return shapes.case(case)

    orders = next(tenant for tenant in line.conclude.tenants if isinstance(tenant, Orders))
    return Outward(facts, publishers, lambda: line.engine.open().values(), orders.open, shape)


def _rules(parts: _Parts) -> list[AlarmRule]:
    """The hub's own rules, which no file can leave out, and the site's."""
    own = [*health.RULES, *parts.machine.rules, *outputs.rules(parts.site.devices.values())]
    return [*own, *duties.rules(parts.site.duties.duties.values()), *parts.site.rules]


def _has_beacon(parts: _Parts, supervision: Supervision) -> bool:
    """Whether a beacon of the desk is there and in contact."""
    return any(
        supervision.online(device.id) is True
        for device in parts.directory.devices.values()
        if any(output.kind is OutputKind.DESK for output in device.profile.outputs)
    )


def _reachable(parts: _Parts) -> tuple[bool, Text]:
    """Whether any channel leads out of the site; one whose modem is away does not."""
    away = {
        id for id, driver in parts.drivers.items() if isinstance(driver, Messenger) and not driver.report().up
    }
    cut = [spec.id for spec in parts.site.channels if spec.modem in away]
    ways = [way for way in parts.channels.values() if way.kind != "desk"]
    return reachable(((way.name, way.report()) for way in ways), cut)


async def _panel(stack: AsyncExitStack, hub: RunningHub, options: Options) -> str:
    """Serve the panel and the API; "host:port"."""
    from web.server import Listen, WebServer, parse_listen

    host, port = parse_listen(options.listen)
    server = WebServer(
        hub, Listen(host, port, options.tls_cert, options.tls_key, options.insecure_lan, options.names)
    )
    await server.start()
    stack.push_async_callback(server.stop)
    return f"{host}:{server.port}"


async def _drivers(stack: AsyncExitStack, parts: _Parts) -> None:
    """Start listening to the field, last of all; stop it first."""

    async def stop() -> None:
        await asyncio.gather(*(asyncio.to_thread(driver.stop) for driver in parts.drivers.values()))

    stack.push_async_callback(stop)
    for driver in parts.drivers.values():
        driver.start(parts.host)


def _reach_out(stack: AsyncExitStack, parts: _Parts, hub: RunningHub) -> None:
    """What the start made follow, and all that follows from now on, goes to the drivers and to people."""
    pipeline = parts.host.pipeline
    if pipeline is None:
        return
    sender = Sender(parts.channels, pipeline.told)
    parts.machine.sending = lambda: sender.under_way
    sender.start()
    stack.push_async_callback(sender.stop)
    reach = Reach(
        parts.site.devices.values(),
        parts.site.connections,
        parts.drivers,
        sender.send,
        sender.release,
        pipeline.told,
        lambda effect: _rehearse(parts, hub, effect),
        parts.keeper.perform,
    )
    pipeline.reach_out(reach.perform)


def _rehearse(parts: _Parts, hub: RunningHub, effect: Rehearse) -> None:
    """A drill's marked message enters where its device's own would, while that drill is under way."""
    if not any(drill.running and drill.id == effect.drill for drill in hub.drills()):
        return
    codecs = {name: driver.codec for name, driver in parts.drivers.items()}
    point = parts.directory.points[effect.point]
    for raw in Rehearsals(codecs, parts.site.connections).messages(point, effect.value, parts.clock.now()):
        parts.inbox.offer(raw)


async def _settle(pipeline: Pipeline, line: asyncio.Task[None]) -> None:
    """Let what was received go through, briefly; what is not acknowledged the broker keeps."""
    if not line.done():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE):
                await pipeline.settled()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(task, return_exceptions=True)
