"""What cameras found, the pictures kept of it, the zones people drew, and who looked at what. Times are µs UTC.

A finding is the word of a picture: something for a person to look at, never a fire signal and never a trigger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, ClassVar, Final, Literal

from edge.domain.camera import DWELL, CameraZone, Polygon
from edge.domain.instant import SECOND
from edge.domain.names import Text
from edge.domain.polygons import CORNERS

Judged = Literal["real", "false"]
Moment = Literal["before", "at", "after", "clip"]
ViewingState = Literal["asked", "granted", "refused", "viewed", "lapsed"]

BEFORE: Final = 5 * SECOND
AFTER: Final = 5 * SECOND
RING: Final = 90 * SECOND
"""What a camera's ring of recent pictures holds; a film can be made of no more."""
STILLS_DAYS: Final = 30
"""Days that pictures are kept: what public-security practice asks of surveillance (PIPL 19: no longer than needed)."""
JUDGED_WITHIN_DAYS: Final = 30
"""Days over which a camera's figures are counted, and within which a finding can be judged."""
MOST_ZONES: Final = 32
MOST_CORNERS: Final = CORNERS
ZONE_CHECKS: Final = ("motion", "flame", "smoke", "left-object", "zone-change", "object", "e-bike")
"""What a zone can be looked at for; tampering is of the whole picture."""
DETECTED: Final = frozenset({"object", "e-bike"})
"""Of these, what only a camera with a detector (a model of people and vehicles) can look for."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person says of a finding: there was something, or there was nothing."""

    kind: Judged
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One episode of something a camera saw: it starts, and ends or grows too old.

    id: of the episode. device: the camera; source: its connection. check: who looked ("left-object"); kind: for
    what, and the point that says so. zone: of the picture, "" for all of it. score: 0 to 1. box: x, y, width, height,
    relative to the picture. since: when it began by the pictures. why: the numbers that decided, by name. verified:
    what a second look by a model said, None where there was none. max_age: µs after which it is looked at anew.
    ended: when it was over; aged: it lasted too long to be believed further, or nobody told its end. alarm: the one it
    belongs to, hazard: the one that came of it.
    """

    id: str
    opened_at: int
    device: str
    source: str
    check: str
    kind: str
    zone: str
    score: float
    since: int
    max_age: int
    box: tuple[float, float, float, float] | None = None
    why: Mapping[str, float] = field(default_factory=dict)
    verified: bool | None = None
    purpose: str = "live"
    closed_at: int | None = None
    ended: int | None = None
    aged: bool = False
    alarm: str | None = None
    hazard: str | None = None
    verdict: Judgement | None = None

    @property
    def open(self) -> bool:
        """Whether it goes on."""
        return self.closed_at is None

    @property
    def lasted(self) -> int:
        """µs that it had been there when it was told: what its check waits for before it tells."""
        return round(self.why.get("seconds", 0.0) * SECOND)

    @property
    def point(self) -> str:
        """Id of the point that says so."""
        return f"{self.device}.{self.kind}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the journal and its state table; `from_dict` turns it back."""
        row = {one.name: getattr(self, one.name) for one in fields(self)}
        verdict = None if self.verdict is None else asdict(self.verdict)
        box = None if self.box is None else list(self.box)
        return row | {"open": self.open, "box": box, "why": dict(self.why), "verdict": verdict}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Finding:
        """The finding that `to_dict` wrote; KeyError, TypeError or ValueError when it is no such row."""
        known = {one.name: row[one.name] for one in fields(cls) if one.name in row}
        known["box"] = None if row["box"] is None else tuple(row["box"])
        known["verdict"] = None if row["verdict"] is None else Judgement(**row["verdict"])
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture (JPEG) or film (`moment` clip) of a set. id: of its file, `<yyyymm>-<32 hex digits>`.

    wanted: the moment it is to show; start: of a film, when it begins. taken: the moment it does show, None while it is
    not there; size: bytes. missing: why there is none, one plain sentence.
    """

    id: str
    moment: Moment
    wanted: int
    start: int | None = None
    taken: int | None = None
    sha256: str = ""
    width: int = 0
    height: int = 0
    size: int = 0
    missing: Text | None = None

    @property
    def kept(self) -> bool:
        """Whether there is a file."""
        return self.taken is not None

    @property
    def waited_for(self) -> bool:
        """Whether nobody knows yet whether there is one."""
        return self.taken is None and self.missing is None

    @property
    def mime(self) -> str:
        """Of its file."""
        return "video/webm" if self.moment == "clip" else "image/jpeg"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        missing = None if self.missing is None else [self.missing.zh, self.missing.en]
        return {name: getattr(self, name) for name in _OF_SHOT} | {"missing": missing}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Shot:
        """What `to_dict` wrote."""
        known = {one.name: row[one.name] for one in fields(cls) if one.name in row}
        return cls(**{**known, "missing": None if row["missing"] is None else Text(*row["missing"])})


@dataclass(frozen=True, slots=True)
class StillSet:
    """Pictures of one camera around one moment; open until they are erased.

    alarm, finding: what they are of; neither where a person asked for them (by). others: alarms of the same moment
    whose pictures these are too. purpose: live or drill. kept_until: when they may be erased, if nothing open needs
    them; None until the clock can be believed. erased_at: since when there is no file any more.
    """

    id: str
    opened_at: int
    device: str
    pictures: tuple[Shot, ...]
    kept_until: int | None
    alarm: str | None = None
    finding: str | None = None
    by: str | None = None
    purpose: str = "live"
    erased_at: int | None = None
    others: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether there may be files."""
        return self.erased_at is None

    @property
    def alarms(self) -> tuple[str, ...]:
        """All alarms whose pictures these are."""
        return self.others if self.alarm is None else (self.alarm, *self.others)

    @property
    def missing(self) -> tuple[Shot, ...]:
        """Pictures that have been asked for and have not come."""
        return tuple(shot for shot in self.pictures if shot.waited_for)

    def with_shot(self, shot: Shot) -> StillSet:
        """The set with a picture in the place of the one of its id."""
        return replace(self, pictures=tuple(shot if one.id == shot.id else one for one in self.pictures))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the journal and its state table; `from_dict` turns it back."""
        row = {name: getattr(self, name) for name in _OF_SET}
        return row | {"open": self.open, "pictures": [shot.to_dict() for shot in self.pictures]}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> StillSet:
        """The set that `to_dict` wrote; KeyError, TypeError or ValueError when it is no such row."""
        known = {one.name: row[one.name] for one in fields(cls) if one.name in row}
        pictures, others = tuple(map(Shot.from_dict, row["pictures"])), tuple(row.get("others", ()))
        return cls(**{**known, "pictures": pictures, "others": others})


_OF_SHOT: Final = tuple(one.name for one in fields(Shot))
_OF_SET: Final = tuple(one.name for one in fields(StillSet))


@dataclass(frozen=True, slots=True)
class CameraSetting:
    """Zones and masks of a camera as people drew them; they stand in place of those of the site's folder. Always open.

    id: of the device. version: grows with every drawing; the earlier ones stand in its story. by: who drew it last.
    """

    id: str
    opened_at: int
    version: int
    by: str
    zones: tuple[CameraZone, ...] = ()
    masks: tuple[Polygon, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the journal and its state table; `from_dict` turns it back."""
        return {
            "id": self.id, "open": True, "opened_at": self.opened_at, "version": self.version, "by": self.by,
            "zones": [zone_to_dict(zone) for zone in self.zones],
            "masks": [[list(corner) for corner in mask] for mask in self.masks],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> CameraSetting:
        """The setting that `to_dict` wrote; KeyError, TypeError or ValueError when it is no such row."""
        return cls(
            row["id"], row["opened_at"], row["version"], row["by"],
            tuple(map(zone_from_dict, row["zones"])), tuple(map(_polygon, row["masks"])),
        )  # fmt: skip


def zone_to_dict(zone: CameraZone) -> dict[str, Any]:
    """Plain JSON values of a zone of the picture."""
    return {
        "id": zone.id, "name": [zone.name.zh, zone.name.en], "checks": list(zone.checks), "dwell": zone.dwell,
        "polygon": [list(corner) for corner in zone.polygon],
    }  # fmt: skip


def zone_from_dict(row: Mapping[str, Any]) -> CameraZone:
    """What `zone_to_dict` wrote; KeyError, TypeError or ValueError when it is none."""
    name, checks = Text(*row["name"]), tuple(row["checks"])
    return CameraZone(row["id"], name, _polygon(row["polygon"]), checks, float(row.get("dwell", DWELL)))


def _polygon(corners: Sequence[Sequence[float]]) -> Polygon:
    return tuple((float(x), float(y)) for x, y in corners)


@dataclass(frozen=True, slots=True)
class Viewing:
    """An act of looking at footage (`viewed` at once), or a request to, which another person decides.

    asker: who wants to see it, in words (a resident, a policeman with his number). start, end: of what is asked for,
    None for no span. stills: ids of sets that were looked at. answer: what was said to the asker. lapses_at: a request
    that nobody decides or uses ends by then.
    """

    id: str
    opened_at: int
    by: str
    state: ViewingState
    camera: str | None = None
    alarm: str | None = None
    stills: tuple[str, ...] = ()
    asker: str = ""
    reason: str = ""
    start: int | None = None
    end: int | None = None
    answer: str = ""
    decided_by: str | None = None
    decided_at: int | None = None
    viewed_at: int | None = None
    closed_at: int | None = None
    lapses_at: int | None = None

    @property
    def open(self) -> bool:
        """Whether it waits for a decision, or to be used."""
        return self.closed_at is None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the journal and its state table; `from_dict` turns it back."""
        row = {one.name: getattr(self, one.name) for one in fields(self)}
        return row | {"open": self.open, "stills": list(self.stills)}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Viewing:
        """The viewing that `to_dict` wrote; KeyError, TypeError or ValueError when it is no such row."""
        known = {one.name: row[one.name] for one in fields(cls) if one.name in row}
        return cls(**{**known, "stills": tuple(row["stills"])})


@dataclass(frozen=True, slots=True)
class Figures:
    """Findings of one kind by one camera in the last `JUDGED_WITHIN_DAYS`, and how people judged them."""

    findings: int = 0
    real: int = 0
    false: int = 0


# ---- requests -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DrawZones:
    """Look at these zones from now on and keep nothing of what is under these masks. camera: id of the device.

    version: of what this person saw, 0 where it was the site's folder; None: whatever counts now.
    """

    camera: str
    by: str
    zones: tuple[CameraZone, ...]
    masks: tuple[Polygon, ...]
    note: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class JudgeFinding:
    """There was something, or there was nothing. Once more corrects the former."""

    finding: str
    by: str
    kind: Judged
    note: str | None = None


@dataclass(frozen=True, slots=True)
class OpenFootage:
    """A person looks at a camera's live picture, or at stills of an alarm or a camera: it is on record first.

    viewing: a request that was granted, which is used up by this; then camera and reason may be left out.
    """

    FAILS_OPEN: ClassVar = True  # a picture verifies a fire: a sick journal must not hide it
    by: str
    reason: str
    camera: str | None = None
    alarm: str | None = None
    stills: tuple[str, ...] = ()
    viewing: str | None = None


@dataclass(frozen=True, slots=True)
class AskViewing:
    """Somebody wants to see what a camera showed. start, end: µs UTC. asker: in words."""

    by: str
    asker: str
    reason: str
    camera: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DecideViewing:
    """Yes or no to a request; by another person than who wrote it down."""

    viewing: str
    by: str
    granted: bool
    answer: str = ""


@dataclass(frozen=True, slots=True)
class KeepClip:
    """Keep a film of the last minutes: of the cameras of an alarm, of the one of a finding, or of one camera."""

    by: str
    alarm: str | None = None
    finding: str | None = None
    camera: str | None = None


FootageRequest = DrawZones | JudgeFinding | OpenFootage | AskViewing | DecideViewing | KeepClip
