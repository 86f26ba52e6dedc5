"""The alarm: one episode of one rule at one point, as three facts (active, acknowledged, latched) and its story."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Literal

from edge.domain.device import Signal
from edge.domain.fact import Seq
from edge.domain.names import Text
from edge.domain.reading import Purpose, Value
from edge.domain.rule import Priority


class AlarmState(StrEnum):
    """ISA-18.2 states as the API names them."""

    UNACKNOWLEDGED = "unacknowledged"  # B
    ACKNOWLEDGED = "acknowledged"  # C
    RETURNED = "returned"  # D: normal again, nobody acknowledged
    LATCHED_UNACKNOWLEDGED = "latched_unacknowledged"  # E
    LATCHED = "latched"  # F: waits for reset
    NORMAL = "normal"  # A: closed


VerdictKind = Literal["real", "false", "fault", "test"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A person's judgement. cause: a stable word of the list the panel offers ("cooking"), or the person's own."""

    kind: VerdictKind
    cause: str
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why an alarm makes no sound though it is evaluated. until: µs UTC, None when open-ended.

    second: the other person, where one alone may not (fire, gas, SOS).
    remaining: µs left as at the last fact about the alarm, for a restart on a clock that cannot be trusted.
    """

    kind: Literal["shelved", "by_design", "out_of_service"]
    by: str
    reason: str
    until: int | None
    remaining: int | None = None
    second: str | None = None


@dataclass(frozen=True, slots=True)
class AlarmPhoto:
    """A picture of the evidence that a person took of what the alarm is about. at: µs UTC."""

    id: str
    sha256: str
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class Desk:
    """The desk's sound. silenced_until: µs UTC, None when it sounds; ends on any new alarm."""

    silenced_until: int | None = None
    silenced_by: str | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """Times are µs UTC. key is `rule@point`. value, limit, unit as at the last fact about it.

    reports: alarm reports of a state point, or level crossings of a measured one.
    annunciated_at: when it last asked for attention (raised, risen, reported anew).
    forced: it was reset while still active or unacknowledged, with a reason. closed_second: who agreed to that, of a
    fire, gas or SOS.
    hold: remaining µs until a momentary point counts as inactive, as at the last fact.
    stuck_at: when it was told to be latched for too long.
    """

    id: str
    key: str
    rule: str
    device: str
    point: str
    zone: str
    place: Text
    signal: Signal
    level: int
    priority: Priority
    active: bool
    acked: bool
    latched: bool
    value: Value | None
    limit: float | None
    unit: str
    received_at: int
    raised_at: int
    annunciated_at: int
    last_report_at: int
    title: Text
    response: Text
    purpose: Purpose
    seq: Seq
    reports: int = 1
    returned_at: int | None = None
    acked_at: int | None = None
    acked_by: str | None = None
    closed_at: int | None = None
    closed_by: str | None = None
    forced: bool = False
    closed_second: str | None = None
    verdict: Verdict | None = None
    suppression: Suppression | None = None
    source_time: int | None = None  # the device's own time of the report that raised it, when it gave one
    hold: int | None = None
    stuck_at: int | None = None
    photos: tuple[AlarmPhoto, ...] = ()

    @property
    def state(self) -> AlarmState:
        """The one word for the facts."""
        if self.closed_at is not None:
            return AlarmState.NORMAL
        if self.active:
            return AlarmState.ACKNOWLEDGED if self.acked else AlarmState.UNACKNOWLEDGED
        if self.latched:
            return AlarmState.LATCHED if self.acked else AlarmState.LATCHED_UNACKNOWLEDGED
        return AlarmState.NORMAL if self.acked else AlarmState.RETURNED

    @property
    def open(self) -> bool:
        """Whether it still needs something: not closed."""
        return self.closed_at is None

    @property
    def dismissed(self) -> bool:
        """Whether a person judged it to be nothing: false, a fault, or a test."""
        return self.verdict is not None and self.verdict.kind != "real"

    @property
    def sounds(self) -> bool:
        """Whether it asks for attention now: open, unacknowledged, not suppressed, and no test."""
        return self.open and not self.acked and self.suppression is None and self.purpose is not Purpose.TEST

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the journal and its state table; `from_dict` turns it back."""
        return {
            "id": self.id, "key": self.key, "rule": self.rule, "device": self.device, "point": self.point,
            "zone": self.zone, "place": [self.place.zh, self.place.en], "signal": self.signal.value,
            "level": self.level, "priority": self.priority.value, "active": self.active, "acked": self.acked,
            "latched": self.latched, "value": self.value, "limit": self.limit, "unit": self.unit,
            "received_at": self.received_at, "raised_at": self.raised_at, "annunciated_at": self.annunciated_at,
            "last_report_at": self.last_report_at, "title": [self.title.zh, self.title.en],
            "response": [self.response.zh, self.response.en], "purpose": self.purpose.value, "seq": str(self.seq),
            "reports": self.reports, "returned_at": self.returned_at, "acked_at": self.acked_at,
            "acked_by": self.acked_by, "closed_at": self.closed_at, "closed_by": self.closed_by,
            "forced": self.forced,
            "closed_second": self.closed_second,
            "verdict": None if (v := self.verdict) is None
            else {"kind": v.kind, "cause": v.cause, "by": v.by, "at": v.at},
            "suppression": None if (s := self.suppression) is None
            else {"kind": s.kind, "by": s.by, "reason": s.reason, "until": s.until, "remaining": s.remaining,
                  "second": s.second},
            "source_time": self.source_time, "hold": self.hold, "stuck_at": self.stuck_at,
            "photos": [asdict(photo) for photo in self.photos],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Alarm:
        """The alarm that `to_dict` wrote; KeyError or ValueError when it is no such row."""
        return cls(
            **{
                **row,
                "place": Text(*row["place"]),
                "title": Text(*row["title"]),
                "response": Text(*row["response"]),
                "signal": Signal(row["signal"]),
                "priority": Priority(row["priority"]),
                "purpose": Purpose(row["purpose"]),
                "seq": Seq.parse(row["seq"]),
                "verdict": None if row["verdict"] is None else Verdict(**row["verdict"]),
                "suppression": None if row["suppression"] is None else Suppression(**row["suppression"]),
                "photos": tuple(AlarmPhoto(**photo) for photo in row.get("photos", ())),
            }
        )
