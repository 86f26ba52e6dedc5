"""Frigate's topics into messages and samples. No I/O, no clock but Frigate's own.

The time by which an object is too old is that of the messages: `service.last_updated` of the figures, told once a
minute, and `frame_time` of the events between them. So a queue that waited reads the same as one that did not. One
event with a wrong time must neither deafen all cameras nor stand for ever: it moves that time by no more than `max_age`
once the figures have told it, and is as old as they are from the next figures on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from drivers._mqtt.payload import documents, load_json
from drivers.frigate.config import FrigateListen, FrigatePointRead, selection_of
from drivers.frigate.episodes import Episodes, Kind
from drivers.frigate.payloads import Event, Review, read_event, read_review, read_stats, read_word
from edge.domain.device import LINK, DeviceProfile, Signal
from edge.domain.instant import SECOND
from edge.domain.reading import Message, ProtocolError, Sample, Value
from edge.driver import Decoded, DecodeOptions, DecodeResult

BRIDGE: Final = ""
"""Address of Frigate itself; no camera can have it."""
LOST: Final = "lost"
FPS: Final = "fps"
REVIEW: Final = "review"

_ANSWERS: Final = {"online": True, "offline": False}
_ROLES: Final = {"online": False, "offline": True, "disabled": True}
_STATUS: Final = ("status", "detect")
_DRILL: Final = "drill"
"""Id of the object of a drill: what is said of it marks nothing."""


@dataclass(frozen=True, slots=True)
class Rate:
    """fps: pictures a second; time: µs UTC or None."""

    fps: float
    time: int | None


@dataclass(frozen=True, slots=True)
class Lost:
    """Whether the pictures that Frigate looks at do not come."""

    lost: bool


class FrigateCodec:
    """The codec of one Frigate; it remembers what is in the zones.

    addresses: of the site's devices. max_age: seconds, see `FrigateListen`.
    """

    def __init__(
        self, base: str, addresses: Iterable[str] = (), max_age: int = FrigateListen().max_age
    ) -> None:
        self._base = base
        self._selections = [selection_of(address) for address in addresses]
        self._max_age = max_age * SECOND
        self._followed: dict[str, tuple[Episodes, Mapping[str, Kind], DeviceProfile]] = {}
        self._now = 0  # µs UTC of Frigate's clock
        self._since = 0  # when it was first heard
        self._told = False  # whether by the figures

    @property
    def filters(self) -> list[str]:
        """The MQTT topic filters that bring what is read."""
        topics = ("available", "events", "reviews", "stats", f"+/{'/'.join(_STATUS)}")
        return [f"{self._base}/{topic}" for topic in topics]

    def wanted(self, topic: str) -> bool:
        """Whether it is one of these."""
        return self._name(topic) is not None

    def parse(self, channel: str, payload: bytes) -> Sequence[Message]:
        """What each device of a camera is told, by address; a camera without a device has its name for one."""
        name = self._name(channel)
        if name is None or not payload:
            return ()
        if name == "available":
            up = _ANSWERS[read_word(payload, tuple(_ANSWERS), "an availability")]
            cameras = [Message(selection.address, {}, link=up) for selection in self._selections]
            return (Message(BRIDGE, None, link=up), *cameras)
        if name == "events":
            event = read_event(payload)
            if event.id != _DRILL and not (self._told and event.time - self._now > self._max_age):
                self._heard(max(self._now, event.time))
            return self._to(event.camera, event)
        if name == "reviews":
            review = read_review(payload)
            return self._to(review.camera, review)
        if name == "stats":
            stats = read_stats(payload)
            if stats.time is not None:
                self._heard(stats.time)
                self._told = True
            return [
                message
                for camera, fps in stats.fps.items()
                for message in self._to(camera, Rate(fps, stats.time))
            ]
        role = read_word(payload, tuple(_ROLES), "a status")
        return self._to(name.partition("/")[0], Lost(_ROLES[role]))

    def samples(self, message: Message, profile: DeviceProfile | None) -> Sequence[Sample]:
        """What the message says by the profile's labels; without one, every label for itself."""
        body = message.body
        if message.link is not None:
            return ()
        if isinstance(body, Review):
            return [Sample(REVIEW, body.severity)]
        if isinstance(body, Lost):
            return [_lost(body.lost, None)]
        if profile is None:
            return _known(body)
        episodes, kinds = self._of(message.address, profile)
        if isinstance(body, Event):
            kind = kinds.get(body.label)
            if body.id == _DRILL:
                return [] if kind is None else [_seen(kind.field, body, None)]
            found = [] if kind is None else episodes.follow(body, kind, self._now)
            return [*found, *episodes.age(self._now)]
        if body.time is not None:
            episodes.correct(self._now)
        told = [*episodes.age(self._now), *_rate(body)]
        if body.time is None:
            return told
        certain = self._now - self._since >= self._max_age
        return [*told, *episodes.states(kinds, body.time, certain=certain)]

    def rehearse(
        self, address: str, profile: DeviceProfile, values: Mapping[str, Value]
    ) -> Sequence[tuple[str, bytes]]:
        """An object of a drill, or figures without pictures; see `edge.driver.Rehearsing`."""
        camera = selection_of(address).camera
        labels: dict[str, str] = {}
        for label, kind in kinds_of(profile).items():
            labels.setdefault(kind.field, label)
        told: list[tuple[str, Mapping[str, object]]] = []
        for name, value in values.items():
            if name == LOST:
                rate = 0.0 if value else 5.0
                told.append(("stats", {"cameras": {camera: {"camera_fps": rate}}}))
            elif name in labels:
                thing = {"id": _DRILL, "camera": camera, "label": labels[name], "start_time": 0.0}
                told.append(("events", {"type": "new" if value else "end", "after": thing}))
            else:
                raise ProtocolError(f"Frigate does not say {name!r} of a camera")
        return [(f"{self._base}/{topic}", json.dumps(body).encode()) for topic, body in told]

    def _name(self, topic: str) -> str | None:
        """The topic below the base; None for one that is not read."""
        base, _, last = topic.rpartition("/")
        if base == self._base and last in {"available", "events", "reviews", "stats"}:
            return last
        levels = topic.removeprefix(f"{self._base}/").split("/")
        if len(levels) == 3 and tuple(levels[1:]) == _STATUS and topic.startswith(f"{self._base}/"):
            return "/".join(levels)
        return None

    def _to(self, camera: str, body: object) -> list[Message]:
        mine = [
            Message(selection.address, body) for selection in self._selections if selection.camera == camera
        ]
        return mine or [Message(camera, body)]

    def _heard(self, now: int) -> None:
        if not self._since or now < self._since:  # the first word, or a clock that was set back
            self._since = now
        self._now = now

    def _of(self, address: str, profile: DeviceProfile) -> tuple[Episodes, Mapping[str, Kind]]:
        known = self._followed.get(address)
        if known is None or known[2] is not profile:
            selection = next(
                (selection for selection in self._selections if selection.address == address),
                selection_of(address),
            )
            known = (Episodes(selection, self._max_age), kinds_of(profile), profile)
            self._followed[address] = known
        return known[0], known[1]


def kinds_of(profile: DeviceProfile) -> dict[str, Kind]:
    """Label -> what the profile makes of it: its states, but for those of the camera itself."""
    kinds: dict[str, Kind] = {}
    for spec in profile.points:
        field = spec.field or spec.id
        if spec.signal is None or field == LOST:
            continue
        read = FrigatePointRead.model_validate(spec.read or {})
        for label in read.labels or [field]:
            kinds.setdefault(label, Kind(spec.id, field))
    return kinds


def decode(payload: bytes, options: DecodeOptions) -> DecodeResult:
    """For `edge-hub decode frigate`: one message, or one per line; without a topic it is known by what it holds."""
    result = DecodeResult()
    codec = FrigateCodec(_base(options.topic or "frigate/events"))
    for name, document in documents(payload):
        try:
            for message in codec.parse(options.topic or f"frigate/{_guess(document)}", document):
                address = message.address or None
                if message.link is not None:
                    result.decoded.append(Decoded(address, Sample(LINK.id, not message.link, signal="fault")))
                    continue
                result.decoded += [Decoded(address, one) for one in codec.samples(message, options.profile)]
        except ProtocolError as error:
            result.errors.append(f"{name}{error}")
    return result


def _guess(document: bytes) -> str:
    if document.strip().decode("ascii", "replace") in _ANSWERS:
        return "available"
    body = load_json(document)
    if isinstance(body, dict) and "cameras" in body:
        return "stats"
    after = body.get("after") if isinstance(body, dict) else None
    return "reviews" if isinstance(after, dict) and "severity" in after else "events"


def _base(topic: str) -> str:
    """The base in a topic: what stands before the levels that are Frigate's own."""
    levels = topic.split("/")
    return "/".join(levels[: -3 if tuple(levels[-2:]) == _STATUS else -1])


def _lost(value: bool, time: int | None) -> Sample:
    return Sample(LOST, value, signal=Signal.FAULT, time=time)


def _rate(body: Rate) -> list[Sample]:
    return [Sample(FPS, body.fps, time=body.time), _lost(body.fps == 0, body.time)]


def _seen(field: str, event: Event, time: int | None) -> Sample:
    there = event.kind != "end" and not event.false_positive
    return Sample(field, there, signal=Signal.SUPERVISORY, time=time)


def _known(body: Event | Rate) -> list[Sample]:
    """What it says where no profile asks: of every label, and without regard to zones."""
    return _rate(body) if isinstance(body, Rate) else [_seen(body.label, body, body.time)]
