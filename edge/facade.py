"""What the hub shows of itself to the panel and the API: the only door between `web` and the rest."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Literal, Protocol, TypeVar

from edge.domain.absence import Absence
from edge.domain.alarm import Alarm, AlarmState, Suppression
from edge.domain.alarm import Desk as Desk  # noqa: PLC0414 - the panel knows it as part of the facade
from edge.domain.backup import BackupState
from edge.domain.camera import Camera, CameraZone, Polygon, View
from edge.domain.clock import ClockState
from edge.domain.conclusion import Receipt
from edge.domain.device import Device, Point, Signal
from edge.domain.drill import Drill
from edge.domain.fact import Fact, Seq
from edge.domain.footage import Figures, Finding, StillSet
from edge.domain.health import Health, LinkReport, Rejected, Start
from edge.domain.incident import Incident
from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.domain.obligation import Planned
from edge.domain.on_duty import RosterView
from edge.domain.output import LinkageMode, LinkageStart, OutputState
from edge.domain.plan import Heard
from edge.domain.reading import Purpose, Quality, Reason, Value
from edge.domain.request import Request
from edge.domain.service import ReportKind
from edge.domain.site import Site
from edge.domain.storage import StorageState

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PointState:
    """The latest value of a point. time, received: µs UTC; None fields before the first reading.

    version grows with every change, over all points. quality turns uncertain (stale) when it is overdue.
    retained: the value is the broker's retained copy or from before the start, not heard live since.
    """

    point: Point
    value: Value | None
    time: int | None
    received: int | None
    quality: Quality
    reason: Reason | None
    retained: bool
    version: int


@dataclass(frozen=True, slots=True)
class DeviceState:
    """online: True heard within its time, False out of contact, None never heard since the device was set up.

    heard_at: µs UTC of the last live message. alarms: open alarms at its points, tests left out.
    """

    device: Device
    online: bool | None
    heard_at: int | None
    alarms: Sequence[Alarm]


@dataclass(frozen=True, slots=True)
class Totals:
    """GB/T 45839-2025 5.8.2: what the strip shows. fire … process: open, not closed, purpose live."""

    devices: int
    online: int
    fire: int
    gas: int
    sos: int
    fault: int
    supervisory: int
    disablement: int
    process: int
    unacknowledged: int


@dataclass(frozen=True, slots=True)
class AlarmQuery:
    """Newest first. states empty: all. before: opaque cursor of a former page. purpose None: live and drill."""

    states: frozenset[AlarmState] = frozenset()
    open: bool | None = None
    since: int | None = None
    signal: Signal | None = None
    device: str | None = None
    purpose: Purpose | None = None
    before: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """Cases of one kind, newest first. where: body key -> wanted value (of a list: one). before: opaque cursor."""

    open: bool | None = None
    since: int | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    before: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list; `next` is the opaque cursor of the following one."""

    items: Sequence[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One row of a trend. t: µs UTC (of the bucket's start); v: mean or the value; low, high: within the bucket."""

    t: int
    v: Value | None
    q: Quality
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """resolution: "raw", "1m" or "1h"; count: exact number of raw rows in the span."""

    resolution: str
    count: int
    items: Sequence[Bucket]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A sender nobody knows: its dialect, address, what it last said, and what the dialect makes of it."""

    source: str
    dialect: str
    address: str
    count: int
    first_at: int
    last_at: int
    sample: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Metric:
    """One number for Prometheus. kind: "counter" or "gauge"; name without the `edgehub_` prefix."""

    name: str
    kind: str
    help: str
    values: Sequence[tuple[Mapping[str, str], float]]


@dataclass(frozen=True, slots=True)
class ChannelState:
    """One way to reach people. proves: of accepted, delivered, seen, answered those it can prove, weakest first.

    reaches: ids of the persons it has an address of, "" among them for the group or place behind it. detail: one plain
    sentence. counters only grow. last_ok, last_error: µs UTC, None before the first.
    """

    id: str
    name: Text
    kind: str
    proves: Sequence[str]
    reaches: Sequence[str]
    state: Literal["ok", "failing", "unknown", "not_set_up"]
    detail: Text
    counters: Mapping[str, int]
    last_ok: int | None
    last_error: int | None


@dataclass(frozen=True, slots=True)
class CameraModel:
    """A model that a site dropped in. part: "verifier" of flame and smoke, or "detector" of people and vehicles.

    licence: as its card says, "" where the card cannot be read. problem: why it is not asked, in one plain sentence.
    """

    part: str
    name: str
    licence: str
    problem: Text | None = None


@dataclass(frozen=True, slots=True)
class CameraState:
    """A camera as it stands. view: how it does, None while the hub has no driver that sees.

    zones, masks: looked at now; version: of the drawing, 0 where they are those of the site's folder; drawn_by: by
    whom. findings: open ones, newest first. figures: by kind, of 30 days.
    """

    camera: Camera
    device: Device
    view: View | None
    zones: Sequence[CameraZone]
    masks: Sequence[Polygon]
    version: int
    drawn_by: str | None
    models: Sequence[CameraModel]
    findings: Sequence[Finding]
    figures: Mapping[str, Figures]


@dataclass(frozen=True, slots=True)
class Footage:
    """A picture (image/jpeg) or film as it is kept. taken: µs UTC it shows."""

    taken: int
    mime: str
    content: bytes


class Unavailable(Exception):  # noqa: N818 - a state of the hub, not an error of the program
    """A store behind the hub cannot be read or written just now; the text says why and how to mend it."""


class Unfit(Exception):  # noqa: N818 - an answer to the sender, no error of the program
    """A picture that cannot be kept as evidence; the text says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture of the evidence as it is kept: a JPEG of `width` x `height` without metadata."""

    id: str
    sha256: str
    width: int
    height: int


class Evidence(Protocol):
    """Where photos of work are kept. An id is `<yyyymm>-<32 hex digits>`, chosen by the caller."""

    async def keep(self, id: str, picture: bytes, words: str, plain: str) -> Kept:
        """Make it fit and durable; words: at its lower edge, plain: the same in ASCII. Raises Unfit, Unavailable."""
        ...

    async def read(self, id: str) -> bytes | None:
        """The JPEG, None when there is none."""
        ...

    async def drop(self, id: str) -> None:
        """Take back what no fact speaks of."""
        ...


@dataclass(frozen=True, slots=True)
class Making:
    """A report under way. name: its kind, or "bundle"; share: how much is done, 0 to 1; since: µs UTC."""

    name: str
    by: str
    share: float
    since: int


class Records(Protocol):
    """What is printed and handed on, made by a child of low priority, one at a time, the others wait their turn.

    Both generators raise Unavailable before the first item when it cannot be made; closing one ends its child.
    """

    def making(self) -> Making | None:
        """What is being made just now."""
        ...

    def report(self, kind: ReportKind, start: int, end: int, by: str) -> AsyncGenerator[Mapping[str, Any]]:
        """A report over [start, end) µs UTC: {"head"}, then of each section {"section"} and {"rows"}, then {"end"}."""
        ...

    def bundle(
        self,
        incident: Mapping[str, Any],
        by: str,
        words: Mapping[str, str],
        names: Mapping[str, str],
        *,
        pictures: Sequence[str],
    ) -> AsyncGenerator[Mapping[str, Any] | bytes]:
        """警情档案包: a head {"size", "seal", "files", "first", "last", …}, then the bytes of the .zip.

        incident: body of the case. words: by kind of fact; names: by person; for the page that people read.
        pictures: sets of cameras that come along; that `by` sees them is on record already.
        """
        ...


class Power(Protocol):
    """The hub's own clock, and the times in which it was off."""

    def clock(self) -> ClockState:
        """How the clock stands."""
        ...

    def absent(self) -> Sequence[Absence]:
        """Times off that nobody has read yet, newest first; `SeenAbsence` is the request."""
        ...

    async def confirm_clock(self, by: str, *, sure: bool = False, key: str | None = None) -> ClockState:
        """A person says that the machine's clock is right. Refusal "far": for such a step they must be `sure`.

        key: the Idempotency-Key.
        """
        ...

    async def set_clock(self, utc: int, by: str, *, sure: bool = False, key: str | None = None) -> ClockState:
        """Have the machine's clock set. Refusal "ntp" (a time server sets it), "bad_time", "far", "not_installed"."""
        ...


class Backups(Protocol):
    """Backups of the hub, made beside it by plan or by hand."""

    async def ask(self, by: str, key: str | None) -> str:
        """Have one made now; its name. Refusal "no_backup", "clock". key: the Idempotency-Key."""
        ...

    async def release(self, by: str) -> None:
        """Let go those from before the journal was lost."""
        ...

    def state(self) -> BackupState:
        """How they stand, and what is being done just now."""
        ...


class Role(StrEnum):
    """What a person may do; the permission table is in `web/auth`."""

    GUARD = "guard"
    MAINTENANCE = "maintenance"
    ADMIN = "admin"
    WALL = "wall"  # a screen, not a person: it shows, and every act asks for the person's PIN


@dataclass(frozen=True, slots=True)
class Account:
    """A person (password) or a program (token) that may come in. name is the login and stands in the journal."""

    name: str
    display: str
    role: Role
    password_hash: str | None = None
    language: str | None = None


class Accounts(Protocol):
    """Where accounts, sessions and tokens are kept. Only hashes of secrets come here. Times are µs UTC."""

    async def account(self, name: str) -> Account | None: ...
    async def accounts(self) -> Sequence[Account]: ...
    async def put(self, account: Account, by: str) -> None: ...
    async def remove(self, name: str, by: str) -> None: ...
    async def open_session(self, secret_hash: bytes, name: str, now: int, expires: int) -> None: ...
    async def session(self, secret_hash: bytes, now: int, idle: int) -> Account | None:
        """The account of a living session (touching it), None when unknown, idle for `idle` µs, or expired."""
        ...

    async def close_session(self, secret_hash: bytes) -> None: ...
    async def close_sessions(self, name: str) -> None: ...
    async def try_code(self, name: str, now: Instant) -> str | None:
        """The hash of a person's one-time code, this try counted; None without one, after its end or its last try."""
        ...

    async def redeem_code(self, account: Account, code_hash: str) -> bool:
        """Put the account with the password its owner chose, and end the code; False when it was used meanwhile."""
        ...

    async def put_token(self, secret_hash: bytes, account: Account, by: str) -> None: ...
    async def token(self, secret_hash: bytes) -> Account | None: ...
    async def failures(self, key: str) -> tuple[int, int]:
        """(failed sign-ins in a row, µs on the monotonic clock of the last) for a key such as `name@address`."""
        ...

    async def note_failure(self, key: str, now: int) -> None: ...
    async def take_back_failure(self, key: str, last: int) -> None:
        """The one noted just now was none; the one before it was at `last`."""

    async def clear_failures(self, key: str) -> None: ...
    async def pins(self) -> Mapping[str, str]:
        """Hashes of PINs by the name of the person; who has none is not in it."""
        ...

    async def put_pin(self, name: str, pin_hash: str, by: str) -> None:
        """Give a person a PIN; an unknown name is left alone."""
        ...


class Hub(Protocol):
    """The running hub. Synchronous methods answer from memory; asynchronous ones may read a store."""

    site: Site
    version: str
    accounts: Accounts
    evidence: Evidence
    records: Records
    backups: Backups
    power: Power

    def now(self) -> Instant: ...
    def civil(self, utc: int) -> int:
        """`utc` as the site's wall clock counts it: the same, except in a demo started with `--at`."""
        ...

    def device_code(self, device: str) -> str:
        """What is printed at a device besides its id, which proves that somebody stood there."""

    def health(self) -> Health: ...
    def links(self) -> Sequence[LinkReport]: ...
    def starts(self) -> Sequence[Start]:
        """The last starts of the hub and why, newest first."""
        ...

    def log_tail(self, limit: int) -> AsyncGenerator[bytes]:
        """The last `limit` bytes of the hub's own log, whole lines, secrets hidden, in chunks."""
        ...

    def storage(self) -> StorageState | None:
        """Room, wear and losses of the disk and the stores; None before the first look at them."""
        ...

    def rejected(self) -> Sequence[Rejected]: ...
    def quarantined(self) -> Sequence[Quarantined]: ...
    def metrics(self) -> Sequence[Metric]: ...
    def totals(self) -> Totals: ...
    def devices(self) -> Sequence[DeviceState]: ...
    def device(self, id: str) -> DeviceState | None: ...
    def points(self) -> Sequence[PointState]: ...
    def point(self, id: str) -> PointState | None: ...
    def changed_values(self, since: int) -> tuple[int, Sequence[PointState]]:
        """(newest version, states changed after version `since`)."""
        ...

    def outputs(self) -> Sequence[OutputState]:
        """All outputs of the site as they stand."""
        ...

    def linkage(self) -> LinkageMode:
        """联动:自动 / 手动."""
        ...

    def linkage_starts(self) -> Sequence[LinkageStart]:
        """Linkages whose alarm is still open: started, or held and offered."""
        ...

    def incidents(self) -> Sequence[Incident]:
        """Open incidents, live ones and drills, newest first."""
        ...

    def drills(self) -> Sequence[Drill]:
        """The drill under way, and those that a real alarm ended which nobody has read yet."""
        ...

    def heard(self, zone: str, signal: Signal, device: str | None = None) -> Heard:
        """Who and what would hear an alarm of `signal` in `zone` now. device: id of the one that would raise it."""
        ...

    def who(self, target: str, zone: str = "") -> tuple[str, ...]:
        """Ids of the people that a target ("crew:fire-station", "post:patrol") means now; zone: a path."""
        ...

    def roster(self) -> RosterView:
        """Who is on duty, the coming two weeks, and what is wrong with them."""
        ...

    def channels(self) -> Sequence[ChannelState]:
        """The ways to reach people, in the order of the site's folder."""
        ...

    def cameras(self) -> Sequence[CameraState]:
        """All cameras of the site, in its order."""
        ...

    def camera(self, id: str) -> CameraState | None:
        """One of them, by the id of its device."""
        ...

    async def latest_still(self, camera: str) -> Footage | None:
        """The newest picture of a camera (id of its device), None while it has none. It is on no record: say so first
        by `OpenFootage` where a person looks.
        """
        ...

    async def still(self, id: str) -> Footage | None:
        """A kept picture or film, None when there is none (any more). Raises Unavailable."""
        ...

    async def alarm_stills(self, alarm: str) -> Sequence[StillSet]:
        """The sets kept of an alarm, oldest first; erased ones without their files."""
        ...

    def open_alarms(self) -> Sequence[Alarm]:
        """Open alarms of purpose live or drill, in the wall's order: fire first, then priority, then newest."""
        ...

    async def alarms(self, query: AlarmQuery) -> Page[Alarm]: ...
    async def alarm(self, id: str) -> Alarm | None: ...
    async def story(self, alarm: str) -> Sequence[Fact]:
        """All facts about one alarm, oldest first."""
        ...

    async def cases(self, kind: str, query: CaseQuery) -> Page[Mapping[str, Any]]:
        """Bodies of the cases of a kind (`edge.domain.conclusion.CASES`); ValueError when the cursor is none."""
        ...

    async def case(self, kind: str, id: str) -> Mapping[str, Any] | None:
        """The body of one case as it stands."""
        ...

    async def case_story(self, kind: str, id: str) -> Sequence[Fact]:
        """All facts that carry the case, oldest first."""
        ...

    def told(self, receipt: Receipt) -> None:
        """A sign of life, an answer: enters the line in its turn."""
        ...

    def planned(self, after: int, until: int) -> Sequence[Planned]:
        """Occurrences of duties that the calendar has begin later than `after` and up to `until` (µs UTC)."""
        ...

    def outages(self) -> Mapping[str, Suppression]:
        """Devices out of service, by id, and why."""
        ...

    def desk(self) -> Desk: ...
    async def act(self, request: Request, key: str | None = None) -> Alarm | Desk | Mapping[str, Any]:
        """Carry out what a person asks and answer after the journal's commit; raises Refusal.

        key: the Idempotency-Key; a repeat within 24 h changes nothing and answers with the object as it stands.
        """
        ...

    def persisted(self, seq: Seq) -> bool:
        """Whether the journal holds the fact."""
        ...

    async def note(self, kind: str, by: str, body: Mapping[str, Any]) -> None:
        """Journal something a person did that is no command (signed in, opened a report)."""
        ...

    async def series(self, point: str, start: int, end: int, max_points: int) -> Series: ...
    async def raw(self, point: str, start: int, end: int, after: str | None, limit: int) -> Series:
        """Raw rows in ascending time, `next` to page on."""
        ...

    def position(self) -> Seq:
        """The newest fact's number."""
        ...

    async def facts(self, after: Seq, limit: int = 1000) -> Sequence[Fact] | None:
        """Facts after `after`, oldest first, from memory or journal; None when `after` is unknown (resync)."""
        ...

    async def wait_facts(self, after: Seq) -> None:
        """Return as soon as there is a fact after `after`."""
        ...

    async def latest_facts(self, before: Seq | None, limit: int, prefix: str = "") -> Sequence[Fact]:
        """Newest first, of kinds that start with `prefix`."""
        ...
