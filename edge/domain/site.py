"""The site: the protected unit, its zones, persons, devices and rules, as read from the site's folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.domain.backup import BackupPlan
from edge.domain.camera import Camera
from edge.domain.device import Device, DeviceProfile
from edge.domain.footage import STILLS_DAYS
from edge.domain.hazard_rules import Element, HazardPolicy, Unit
from edge.domain.household import Household
from edge.domain.names import Text
from edge.domain.notification import ChannelSpec, DailyProof
from edge.domain.obligation import DutyBook
from edge.domain.order import OrderRule
from edge.domain.output import Linkage
from edge.domain.plan import EmergencyRules
from edge.domain.power import PowerPlan
from edge.domain.reserve import Reserve
from edge.domain.roster import Policy, Roster
from edge.domain.rule import AlarmRule
from edge.domain.service import ServiceTarget
from edge.domain.storage import CardAssumption


@dataclass(frozen=True, slots=True)
class Person:
    """A person with a duty at the site; `mobile` is personal data and never leaves the hub unasked."""

    name: str
    role: Text
    mobile: str


@dataclass(frozen=True, slots=True)
class ProtectedUnit:
    """被保护单位 with what GB/T 45839-2025 5.8.2 b and Annex D `Install_info` ask for."""

    name: str
    address: str
    area: str  # administrative division code, six digits
    longitude: float
    latitude: float
    organization: str
    responsible: Person  # 消防安全责任人
    manager: Person  # 消防安全管理人
    control_room: Text
    control_room_phone: str
    fire_station: Text


@dataclass(frozen=True, slots=True)
class Zone:
    """One place: `path` is a `/`-path of ids, `full` its words from the building down ("3号楼1单元 3层 301").

    flat: path of the flat, shop or room with a door of its own that it is or lies in, "" where it lies in none.
    """

    path: str
    name: Text
    full: Text
    flat: str = ""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long history is kept, in days.

    GB/T 45839-2025 5.9.5: at least a year where the site stands alone (journal, 1 min roll-ups).
    """

    raw_days: int = 90
    minute_days: int = 730
    hour_days: int = 3650
    journal_days: int = 3650
    stills_days: int = STILLS_DAYS


@dataclass(frozen=True, slots=True)
class Connection:
    """One source of messages: a dialect over a broker or bus. `settings` is the driver's own checked model.

    id: source id, unique. dialect: codec name. kind: "mqtt", "serial", "nut", "camera". name: for the panel ("总线1").
    """

    id: str
    kind: str
    dialect: str
    name: Text
    settings: Any


@dataclass(frozen=True, slots=True)
class Outlet:
    """A broker on which open alarms and work orders stand as retained messages: `<prefix>/alarms/<id>`.

    settings: the driver's own checked model of the broker.
    """

    id: str
    name: Text
    prefix: str
    settings: Any


def connection_of(device: Device, connections: Iterable[Connection]) -> Connection | None:
    """The source over which a device is reached: its bus, else the first of its dialect; None where none is."""
    alike = [c for c in connections if c.dialect == device.profile.dialect]
    bus = device.address.partition("/")[0]
    return next((c for c in alike if c.id == bus), alike[0] if alike else None)


@dataclass(frozen=True, slots=True)
class Uplink:
    """A data centre that gets every stored reading.

    kind: "influxdb". batch: readings in one request at most. interval: seconds between two requests while less is
    waiting. token_file, ca: a secret and the certificates of who may have signed the server's (PEM), read when needed.
    retention_days: of a bucket the hub itself makes, 0 for ever. timeout: seconds until an answer is given up.
    """

    id: str
    kind: str
    name: Text
    url: str
    org: str
    bucket: str
    token_file: Path | None = None
    ca: Path | None = None
    retention_days: int = 0
    batch: int = 1000
    interval: float = 10.0
    compress: bool = True
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Site:
    """Everything the site's folder says, checked and resolved."""

    id: str
    name: Text
    timezone: str
    unit: ProtectedUnit
    zones: Mapping[str, Zone]
    profiles: Mapping[str, DeviceProfile]
    devices: Mapping[str, Device]
    rules: tuple[AlarmRule, ...]
    connections: tuple[Connection, ...]
    retention: Retention
    roster: Roster = field(default_factory=Roster)
    policies: tuple[Policy, ...] = ()
    channels: tuple[ChannelSpec, ...] = ()
    proofs: tuple[DailyProof, ...] = ()
    messages: Mapping[str, Text] = field(default_factory=dict)  # by name, in place of the hub's own words
    linkages: tuple[Linkage, ...] = ()
    order_rules: tuple[OrderRule, ...] = ()
    emergency: EmergencyRules = field(default_factory=EmergencyRules)
    hazards: HazardPolicy = field(default_factory=HazardPolicy)
    elements: tuple[Element, ...] = ()  # of major hazards
    units: tuple[Unit, ...] = ()  # who is responsible
    households: tuple[Household, ...] = ()  # personal data: shown beside an open alarm of the flat only
    duties: DutyBook = field(default_factory=DutyBook)
    reserve: Reserve = field(default_factory=Reserve)
    service: tuple[ServiceTarget, ...] = ()  # times by which the service is measured
    uplinks: tuple[Uplink, ...] = ()
    outlets: tuple[Outlet, ...] = ()
    cameras: tuple[Camera, ...] = ()
    backup: BackupPlan | None = None
    power: PowerPlan | None = None
    card: CardAssumption = field(default_factory=CardAssumption)
    commit_seconds: float = 5.0  # telemetry group commit: 5 s on an SD card, 1 s on an SSD
