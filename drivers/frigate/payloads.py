"""What Frigate publishes, checked: events, reviews, figures of its cameras (docs.frigate.video, integrations/mqtt)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from edge.domain.instant import SECOND
from edge.domain.reading import ProtocolError

T = TypeVar("T")
Kind = Literal["new", "update", "end"]
Word = Annotated[str, Meta(min_length=1, max_length=64)]
Words = Annotated[list[Word], Meta(max_length=64)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0, le=10**9)]
Pixel = Annotated[float, Meta(ge=-(10**6), le=10**6)]
Seconds = Annotated[float, Meta(ge=0, lt=253_402_300_800)]
"""Since 1970, to the year 10000."""


class _Object(Struct, frozen=True):
    id: Word
    camera: Word
    label: Word
    start_time: Seconds
    frame_time: Seconds | None = None
    end_time: Seconds | None = None
    score: Share | None = None
    top_score: Share | None = None
    false_positive: bool = False
    box: tuple[Pixel, Pixel, Pixel, Pixel] | None = None
    stationary: bool = False
    motionless_count: Count = 0
    position_changes: Count = 0
    current_zones: Words = []
    entered_zones: Words = []


class _Event(Struct, frozen=True):
    type: Kind
    after: _Object


class _Item(Struct, frozen=True):
    camera: Word
    severity: Word
    start_time: Seconds
    end_time: Seconds | None = None


class _Review(Struct, frozen=True):
    type: Kind
    after: _Item


class _Camera(Struct, frozen=True):
    camera_fps: Annotated[float, Meta(ge=0, le=10_000)]


class _Service(Struct, frozen=True):
    last_updated: Seconds | None = None


class _Stats(Struct, frozen=True):
    cameras: dict[str, _Camera]
    service: _Service = _Service()


@dataclass(frozen=True, slots=True)
class Event:
    """A tracked object as a message leaves it. time, since: µs UTC of this word and of its beginning.

    score: the median that Frigate measures against its own threshold. box: left, top, right, bottom in pixels.
    zones: where it stands; entered: where it has been. What Frigate knows of names, faces and plates is not read.
    """

    kind: Kind
    id: str
    camera: str
    label: str
    time: int
    since: int
    score: float
    false_positive: bool
    box: tuple[float, float, float, float] | None
    stationary: bool
    motionless: int
    moves: int
    zones: tuple[str, ...]
    entered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """severity: "alert" or "detection" while it goes on, "none" when it has ended."""

    camera: str
    severity: str


@dataclass(frozen=True, slots=True)
class Stats:
    """fps: pictures a second that come of each camera. time: µs UTC, None where Frigate does not say."""

    fps: dict[str, float]
    time: int | None


def read_event(payload: bytes) -> Event:
    """A message of `<base>/events`; ProtocolError."""
    said = _read(payload, _EVENTS, "an event")
    one = said.after
    at = one.frame_time if said.type != "end" or one.end_time is None else one.end_time
    return Event(
        said.type,
        one.id,
        one.camera,
        one.label,
        _micros(one.start_time if at is None else at),
        _micros(one.start_time),
        (one.score or 0.0) if one.top_score is None else one.top_score,
        one.false_positive,
        one.box,
        one.stationary,
        one.motionless_count,
        one.position_changes,
        tuple(one.current_zones),
        tuple(one.entered_zones),
    )


def read_review(payload: bytes) -> Review:
    """A message of `<base>/reviews`; ProtocolError."""
    said = _read(payload, _REVIEWS, "a review")
    return Review(said.after.camera, "none" if said.type == "end" else said.after.severity)


def read_stats(payload: bytes) -> Stats:
    """A message of `<base>/stats`; ProtocolError."""
    said = _read(payload, _STATS, "the figures")
    time = said.service.last_updated
    return Stats(
        {name: one.camera_fps for name, one in said.cameras.items()}, None if time is None else _micros(time)
    )


def read_word(payload: bytes, among: tuple[str, ...], what: str) -> str:
    """One of these words, as it stands; ProtocolError."""
    word = payload.decode("utf-8", "replace").strip()
    if word not in among:
        raise ProtocolError(f"{what} is {', '.join(among)}, not {word[:40]!r}")
    return word


def _micros(seconds: float) -> int:
    return round(seconds * SECOND)


def _read(payload: bytes, decoder: msgspec.json.Decoder[T], what: str) -> T:
    try:
        return decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"{what} of Frigate that cannot be read: {error}") from None


_EVENTS: Final = msgspec.json.Decoder(_Event)
_REVIEWS: Final = msgspec.json.Decoder(_Review)
_STATS: Final = msgspec.json.Decoder(_Stats)
