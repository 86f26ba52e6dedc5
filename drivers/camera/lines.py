"""What the hub and a camera's child say to each other: one JSON object a line, over the child's stdin and stdout.

To the child: `Start` first, then an `Aim` whenever zones or masks change; when its stdin ends, so does the child.
From the child: a `Beat` at once on a change and every `BEAT` seconds, and a `Finding` where an episode starts, ends or
grows too old. Times `t`, `since`, `frame_at` are µs UTC. Nothing else may stand on its stdout. Without OpenCV.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from drivers.camera.sight import KINDS, Area, Box, Polygon
from edge.domain.camera import FAULTS
from edge.domain.names import Text

BEAT: Final = 5.0  # seconds between two beats at most
LINE_LIMIT: Final = 64 * 1024  # bytes of a line from the child; a longer one is no line of ours
ORDER_LIMIT: Final = 256 * 1024
"""Bytes of a line to the child: 32 zones and 32 masks of 64 corners each are 170,000, as exact as JSON writes them."""
STATES: Final = ("starting", "ok", *FAULTS)
ALL_KINDS: Final = tuple(kind for kinds in KINDS.values() for kind in kinds)

Micros = Annotated[int, Meta(ge=0, lt=1 << 62)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[float, Meta(ge=0, le=1e9)]
Pixels = Annotated[int, Meta(ge=0, le=100_000)]
T = TypeVar("T")

Word = Annotated[str, Meta(max_length=64)]


class _Line(Struct, frozen=True, forbid_unknown_fields=True, tag_field="line"):
    """One line; its type is its `line`."""


class Open(Struct, frozen=True, forbid_unknown_fields=True):
    """An episode that was open when its child ended, for the next one. since: µs UTC; max_age: seconds."""

    id: Annotated[str, Meta(pattern="^[0-9a-f]{26}$")]
    check: str
    kind: str
    zone: Annotated[str, Meta(pattern="^[a-z0-9-]{0,63}$")]
    score: Share
    box: Box | None
    since: Micros
    max_age: Count

    def __post_init__(self) -> None:
        _among("check", (self.check,), tuple(KINDS))
        _among("kind", (self.kind,), KINDS[self.check])


class Start(_Line, frozen=True, tag="start"):
    """The settings of a child. Read once, from its first line; the password is nowhere else.

    url: as in site.toml, without user. checks: of the whole picture. fps: pictures analysed a second.
    model, detector: paths of the verifier of flame and smoke, and of the COCO detector; None without one.
    open: what the one before, or the hub's, had open: it goes on, and is not told again.
    ring: folder of all cameras' stills; the child keeps its own in `<ring>/<source>/<µs utc>.jpg`, and makes it (0700).
    """

    source: str
    url: str
    ring: str
    username: str | None = None
    password: str | None = None
    fps: Annotated[float, Meta(ge=1, le=10)] = 5.0
    checks: tuple[str, ...] = ()
    zones: tuple[Area, ...] = ()
    masks: tuple[Polygon, ...] = ()
    model: str | None = None
    detector: str | None = None
    open: tuple[Open, ...] = ()

    def __repr__(self) -> str:  # what is logged never shows the password
        return f"Start({self.source!r}, {self.url!r})"


class Aim(_Line, frozen=True, tag="aim"):
    """From now on look at these zones, and store nothing of what is under these masks; both replace the earlier."""

    zones: tuple[Area, ...] = ()
    masks: tuple[Polygon, ...] = ()


class Beat(_Line, frozen=True, tag="beat"):
    """How the camera does. state: one of `STATES`; detail: one plain sentence about it.

    frame_at: of the newest picture, None before the first. fps: analysed a second. cost: ms of computing per frame.
    width, height: pixels of the stream; codec: as it names itself ("h264"), "" while unknown.
    learning: checks that do not know the scene yet. active: kinds of which an episode is open.
    unverified, undetected: why the model of the second look, or of people and vehicles, cannot be asked.
    """

    t: Micros
    state: str
    detail: Text
    frame_at: Micros | None = None
    fps: Count = 0.0
    cost: Count = 0.0
    width: Pixels = 0
    height: Pixels = 0
    codec: Word = ""
    learning: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    unverified: Text | None = None
    undetected: Text | None = None

    def __post_init__(self) -> None:
        _among("state", (self.state,), STATES)
        _among("check", self.learning, tuple(KINDS))
        _among("kind", self.active, ALL_KINDS)


class Finding(_Line, frozen=True, tag="finding"):
    """Something that starts, ends, or is over because it has lasted `max_age` seconds ("aged": learnt anew).

    id: of the episode, 26 lower-case hexadecimal digits, the same in all of its lines. zone: "" for the whole picture.
    why: the numbers that decided. verified: what the second look said, None where there was none.
    """

    t: Micros
    id: Annotated[str, Meta(pattern="^[0-9a-f]{26}$")]
    check: str
    kind: str
    zone: Annotated[str, Meta(pattern="^[a-z0-9-]{0,63}$")]
    state: Literal["start", "end", "aged"]
    score: Share
    box: Box | None
    since: Micros
    max_age: Count
    why: dict[str, float]
    verified: bool | None = None

    def __post_init__(self) -> None:
        _among("check", (self.check,), tuple(KINDS))
        _among("kind", (self.kind,), KINDS[self.check])


def encode(line: Start | Aim | Beat | Finding) -> bytes:
    """The line with its end."""
    return msgspec.json.encode(line) + b"\n"


def read_order(line: bytes) -> Start | Aim:
    """A line to the child; ValueError with one sentence when it is none."""
    return _read(line, _ORDERS, ORDER_LIMIT)


def read_report(line: bytes) -> Beat | Finding:
    """A line from the child; ValueError likewise."""
    return _read(line, _REPORTS, LINE_LIMIT)


_ORDERS: Final[msgspec.json.Decoder[Start | Aim]] = msgspec.json.Decoder(Start | Aim)
_REPORTS: Final[msgspec.json.Decoder[Beat | Finding]] = msgspec.json.Decoder(Beat | Finding)


def _read(line: bytes, decoder: msgspec.json.Decoder[T], most: int) -> T:
    if len(line) > most:
        raise ValueError(f"a line of {len(line)} bytes; {most} are the most")
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"no line of a camera: {error}") from None


def _among(what: str, words: tuple[str, ...], known: tuple[str, ...]) -> None:
    for word in words:
        if word not in known:
            raise ValueError(f"there is no {what} {word!r:.60}")
