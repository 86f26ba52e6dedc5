"""What is in the zones of one device: Frigate's objects as episodes with a start and an end. No clock of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeVar

from drivers.frigate.config import Selection
from drivers.frigate.payloads import Event
from edge.domain.device import Signal
from edge.domain.reading import Sample

FINDING: Final = "finding"
"""Field of the text sample that holds a finding as JSON, the same as that of the hub's own cameras."""
LONGEST: Final = 86_400.0
"""Seconds a finding may last in the hub without its end: it is this dialect that ends what is not heard of."""

V = TypeVar("V")

_CHECK: Final = "object"
_OPEN: Final = 256  # objects in the picture at a time; a crowd beyond it ends the oldest
_PAST: Final = 1024  # that are remembered when they have ended or gone
_ODD: Final = re.compile("[^0-9a-z-]")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a label stands for. point: id of the profile's point; field: its samples' name."""

    point: str
    field: str


@dataclass(slots=True)
class Episode:
    """An object that stands in the zones. heard: µs UTC of Frigate's last word about it."""

    id: str
    kind: Kind
    event: Event
    zone: str
    heard: int


class Episodes:
    """Of one device. max_age: µs without a word, after which an object is gone."""

    def __init__(self, selection: Selection, max_age: int) -> None:
        self._selection = selection
        self._max_age = max_age
        self._open: dict[str, Episode] = {}  # by Frigate's id, the longest silent first
        self._entries: dict[str, int] = {}  # how often an object came into the zones
        self._ended: dict[str, None] = {}

    def follow(self, event: Event, kind: Kind, now: int) -> list[Sample]:
        """What a message about an object says of its kind. now: µs UTC of Frigate's clock."""
        if event.id in self._ended or now - event.time > self._max_age:
            return []  # said again, or long past: it raises nothing
        told: list[Sample] = []
        if event.kind == "end":
            _remember(self._ended, event.id, None)
        one = self._open.pop(event.id, None)
        if self._inside(event, event.zones) and event.kind != "end":
            told += self._stays(event, kind, one)
        elif one is not None:
            told += self._over(Episode(one.id, one.kind, event, one.zone, event.time), "end", event.time)
        elif event.kind == "end" and event.id not in self._entries and self._inside(event, event.entered):
            # The hub was started while it stood there. Of one that was seen to come, the end has been told.
            told += self._over(
                Episode(
                    _name(event.id, self._selection.address, 1), kind, event, self._zone(event.entered), 0
                ),
                "end",
                event.time,
            )
        return told

    def correct(self, now: int) -> None:
        """What was heard later than `now`, by a wrong time or a clock that was set back, was heard now."""
        for one in self._open.values():
            one.heard = min(one.heard, now)

    def age(self, now: int) -> list[Sample]:
        """Ends what Frigate has not spoken of: a live object is told of once a minute at least."""
        told: list[Sample] = []
        for id, one in [*self._open.items()]:
            if now - one.heard > self._max_age:
                del self._open[id]
                told += self._over(one, "aged", now)
        return told

    def states(self, kinds: Mapping[str, Kind], time: int | None, *, certain: bool) -> list[Sample]:
        """How each kind stands. certain: whoever is there would have been heard of, so that none is none."""
        held = {one.kind.field for one in self._open.values()}
        fields = dict.fromkeys(kind.field for kind in kinds.values())
        return [_state(field, field in held, time) for field in fields if certain or field in held]

    def _stays(self, event: Event, kind: Kind, one: Episode | None) -> list[Sample]:
        told: list[Sample] = []
        if one is None:
            while len(self._open) >= _OPEN:
                told += self._over(self._open.pop(next(iter(self._open))), "aged", event.time)
            entry = self._entries.pop(event.id, 0) + 1
            _remember(self._entries, event.id, entry)
            one = Episode(
                _name(event.id, self._selection.address, entry),
                kind,
                event,
                self._zone(event.zones),
                event.time,
            )
            # Only the first time in the zones can have begun when the object did.
            since = event.since if entry == 1 and event.kind == "new" else event.time
            told.append(_finding(one, "start", event.time, since, self._selection.size))
        self._open[event.id] = Episode(one.id, one.kind, event, one.zone, max(one.heard, event.time))
        return [*told, _state(one.kind.field, True, event.time)]

    def _over(self, one: Episode, state: str, time: int) -> list[Sample]:
        going_on = any(other.kind.field == one.kind.field for other in self._open.values())
        return [
            _finding(one, state, time, one.event.since, self._selection.size),
            _state(one.kind.field, going_on, time),
        ]

    def _inside(self, event: Event, zones: tuple[str, ...]) -> bool:
        wanted = self._selection.zones
        return (
            not event.false_positive
            and event.score >= self._selection.score
            and (not wanted or any(zone in wanted for zone in zones))
        )

    def _zone(self, zones: tuple[str, ...]) -> str:
        return next((_ODD.sub("-", zone.lower())[:63] for zone in self._selection.zones if zone in zones), "")


def _finding(one: Episode, state: str, time: int, since: int, size: tuple[int, int] | None) -> Sample:
    event = one.event
    text = json.dumps(
        {
            "t": time,
            "id": one.id,
            "check": _CHECK,
            "kind": one.kind.point,
            "zone": one.zone,
            "state": state,
            "score": round(event.score, 3),
            "box": _relative(event.box, size),
            "since": min(since, time),
            "max_age": LONGEST,
            "why": {
                "score": round(event.score, 4),
                "stationary": float(event.stationary),
                "motionless_frames": float(event.motionless),
                "position_changes": float(event.moves),
            },
            "verified": None,
        },
        separators=(",", ":"),
    )
    return Sample(FINDING, text, time=time)


def _relative(
    box: tuple[float, float, float, float] | None, size: tuple[int, int] | None
) -> list[float] | None:
    """x, y, width, height from 0 to 1; None without the picture's size, or where nothing of it is in the picture."""
    if box is None or size is None:
        return None
    width, height = size
    left, right = (min(max(side / width, 0.0), 1.0) for side in (box[0], box[2]))
    top, bottom = (min(max(side / height, 0.0), 1.0) for side in (box[1], box[3]))
    if right <= left or bottom <= top:
        return None
    return [round(side, 4) for side in (left, top, right - left, bottom - top)]


def _state(field: str, value: bool, time: int | None) -> Sample:
    return Sample(field, value, signal=Signal.SUPERVISORY, time=time)


def _name(id: str, address: str, entry: int) -> str:
    """Id of a finding: Frigate's in the hub's letters, whose it is of the camera's devices, which time in the zones."""
    name = f"{_ODD.sub('-', id.lower())[:48]}-{sha256(address.encode()).hexdigest()[:6]}"
    return name if entry == 1 else f"{name}-{entry}"


def _remember(memory: dict[str, V], id: str, value: V) -> None:
    memory[id] = value
    if len(memory) > _PAST:
        del memory[next(iter(memory))]
