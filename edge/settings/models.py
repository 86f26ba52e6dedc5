"""The tables of a site's folder, as strict models: what may stand where, without looking at other tables."""

from __future__ import annotations

from datetime import datetime, time
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from edge.domain.device import Report, Watches
from edge.domain.footage import STILLS_DAYS
from edge.domain.names import Text, is_id
from edge.domain.quantity import QUANTITIES
from edge.domain.rule import Condition
from edge.settings.problems import nearest

SignalName = Literal["fire", "gas", "sos", "fault", "supervisory", "disablement", "process"]
PriorityName = Literal["urgent", "high", "medium", "low"]
OutputKindName = Literal["siren", "desk", "valve", "relay", "broadcast", "fan", "buzzer"]


class Table(BaseModel):
    """A TOML table: no key that is not listed, no value of another type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


def _id(text: str) -> str:
    if not is_id(text):
        raise PydanticCustomError(
            "id",
            "an id has lower-case letters, digits and hyphens, starts with none of these, and has at most 63",
        )
    return text


def _zone_path(text: str) -> str:
    if not all(map(is_id, text.split("/"))):
        raise PydanticCustomError(
            "id", "a zone is a path of ids such as b3/s1/3f/301: lower-case letters, digits, hyphens"
        )
    return text


def _quantity(text: str) -> str:
    if text not in QUANTITIES:
        raise _unknown("unknown_quantity", f"there is no quantity {text!r}", text, QUANTITIES)
    return text


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _timezone(text: str) -> str:
    zones = _timezones()
    if text not in zones:
        raise _unknown(
            "timezone", f"there is no time zone {text!r}; write one such as Asia/Shanghai", text, zones
        )
    return text


def _unknown(code: Any, message: str, word: str, right: Any) -> PydanticCustomError:
    return PydanticCustomError(code, "{message}", {"message": message, "suggestion": nearest(word, right)})


Id = Annotated[str, AfterValidator(_id)]
ZonePath = Annotated[str, AfterValidator(_zone_path)]
QuantityId = Annotated[str, AfterValidator(_quantity)]
Words = Annotated[str, Field(min_length=1, pattern=r"\S")]
Seconds = Annotated[float, Field(ge=0)]


def _wall(text: str) -> str:
    try:
        if len(text) == 5:
            datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - a wall time has no zone
            return text
    except ValueError:
        pass
    raise PydanticCustomError("value", 'should be a local time such as "08:00"')


WallTime = Annotated[str, AfterValidator(_wall)]


def wall_time(text: str) -> time:
    """`"08:00"` as a time of day."""
    return time.fromisoformat(text)


class Bilingual(Table):
    """`{ zh = "…", en = "…" }`: both languages, always."""

    zh: Words
    en: Words

    @model_validator(mode="before")
    @classmethod
    def _both(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise PydanticCustomError("wrong_type", 'write both languages, { zh = "…", en = "…" }')
        return value

    def text(self) -> Text:
        """The domain's value."""
        return Text(self.zh, self.en)


class SiteTable(Table):
    """[site]"""

    id: Id
    name: Bilingual
    timezone: Annotated[str, AfterValidator(_timezone)]
    commit_seconds: float = Field(5.0, ge=0.1, le=60)


class PersonTable(Table):
    """A responsible person of [unit]."""

    name: Words
    role: Bilingual
    mobile: str = Field(pattern=r"^\+?[0-9 -]{5,20}$")


class UnitTable(Table):
    """[unit]: the protected unit, GB/T 45839-2025 5.8.2 b and Annex D `Install_info`."""

    name: Words
    address: Words
    area: str = Field(pattern=r"^[0-9]{6}$")
    longitude: float = Field(ge=-180, le=180)
    latitude: float = Field(ge=-90, le=90)
    organization: Words
    responsible: PersonTable
    manager: PersonTable
    control_room: Bilingual
    control_room_phone: str = Field(pattern=r"^\+?[0-9 -]{3,20}$")
    fire_station: Bilingual


class RetentionTable(Table):
    """[retention], in days."""

    raw_days: int = Field(90, ge=1, le=36500)
    minute_days: int = Field(730, ge=1, le=36500)
    hour_days: int = Field(3650, ge=1, le=36500)
    journal_days: int = Field(3650, ge=1, le=36500)
    stills_days: int = Field(STILLS_DAYS, ge=1, le=365)


class StorageTable(Table):
    """[storage]: what the card under the data folder is taken to bear."""

    card_cycles: int = Field(1000, ge=1, le=10_000_000)
    write_amplification: float = Field(4.0, ge=1, le=1000)


class ZoneTable(Table):
    """One [[zone]]."""

    path: ZonePath
    name: Bilingual
    kind: Literal["flat"] | None = None


class SourceTable(Table):
    """What every [[mqtt.listen]], [[serial]] and [[camera]] has; the rest is its driver's."""

    id: Id
    dialect: str
    name: Bilingual


def _prefix(text: str) -> str:
    if not text or text.startswith(("/", "$")) or text.endswith("/") or set("+#\0") & set(text):
        raise PydanticCustomError(
            "value", "write the beginning of a topic such as district/heanyuan: no + and #, no / at its ends"
        )
    return text


class OutletTable(Table):
    """One [[mqtt.publish]]. prefix: of its topics, `edge-hub/<site>` when left out."""

    id: Id
    name: Bilingual
    prefix: Annotated[str, AfterValidator(_prefix)] | None = None


class DeviceTable(Table):
    """One [[device]]; `address` is its dialect's."""

    id: Id
    profile: str
    name: Bilingual
    zone: ZonePath
    spot: Bilingual
    address: dict[str, Any]
    note: str = ""
    ex_proof: bool = False
    watches: Watches = "other"


class PointTable(Table):
    """One [[point]] of a profile; `read` is its dialect's."""

    id: Id
    name: Bilingual
    quantity: QuantityId | None = None
    signal: SignalName | None = None
    unit: str | None = None
    scale: float = 1.0
    offset: float = 0.0
    invert: bool = False
    report: Report = "level"
    hold: Seconds = 300.0
    rearm: Seconds = 60.0
    field: str = ""
    longest: int = Field(200, ge=1, le=4000)
    read: dict[str, Any] = {}


class ActTable(Table):
    """One [[output.act]]; `write` is its dialect's."""

    id: Id
    name: Bilingual
    write: dict[str, Any]
    confirm: bool | int | float | str | None = None


class OutputTable(Table):
    """One [[output]] of a profile. on_detector: it is meant, though the device also detects fire, gas or an SOS."""

    id: Id
    name: Bilingual
    kind: OutputKindName
    feedback: Id | None = None
    within: float = Field(5.0, ge=1, le=300)
    retries: int = Field(2, ge=0, le=20)
    on_detector: bool = False
    act: list[dict[str, Any]] = Field(min_length=1)


class WhenTable(Table):
    """`when = { … }` of a linkage."""

    signal: SignalName
    stage: Literal[1, 2]
    zone: ZonePath | None = None
    category: str | None = None
    rule: str | None = None
    level: int = Field(1, ge=1)


class DoTable(Table):
    """One item of a linkage's `do`: `device` and `output`, or `kind` and `zone`."""

    act: Id
    device: str | None = None
    output: str | None = None
    kind: OutputKindName | None = None
    zone: ZonePath | None = None


class LinkageTable(Table):
    """One [[linkage]]."""

    id: Id
    name: Bilingual
    source: Words
    when: WhenTable
    do: list[DoTable] = Field(min_length=1)


class ProfileTable(Table):
    """One file of profiles/; its name is the profile's id, which `id` may repeat."""

    id: str | None = None
    maker: Words
    model: Words
    name: Bilingual
    category: Id
    dialect: str
    source: Words
    expect: Seconds
    confirmed: bool = True
    rate: float = Field(10.0, gt=0)
    read: dict[str, Any] = {}


class AppliesTable(Table):
    """`applies = { … }` of a rule: all given parts must fit."""

    quantity: QuantityId | None = None
    signal: SignalName | None = None
    category: str | None = None
    point: str | None = None
    devices: list[str] | None = Field(None, min_length=1)
    zone: str | None = None
    watches: Watches | None = None


class LevelTable(Table):
    """One [[rule.level]]."""

    limit: float | None = None
    priority: PriorityName
    title: Bilingual
    response: Bilingual


class RuleTable(Table):
    """One [[rule]]; `unit` is that of limits and deadband, the canonical one without it."""

    id: Id
    applies: AppliesTable
    condition: Condition
    signal: SignalName
    latch: bool
    source: Words
    unit: str | None = None
    deadband: float = 0.0
    on_delay: Seconds = 0.0
    off_delay: Seconds = 0.0
    hours: dict[Literal["from", "to"], WallTime] | None = None
    level: list[LevelTable] = Field(min_length=1)
