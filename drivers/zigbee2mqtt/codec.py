"""Zigbee2MQTT topics and states into messages and samples. No I/O, no clock.

Every state message gives samples for everything it holds, changed or not: a bridge that caches merges an old
`smoke: true` into later messages, and the next fire makes no change (Koenkk/zigbee2mqtt#7837).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from drivers._mqtt.payload import LARGEST, describe, documents, load_json, source_time
from drivers._mqtt.states import StateWords
from drivers.zigbee2mqtt.config import Zigbee2MqttPointRead
from drivers.zigbee2mqtt.fields import (
    ABOUT_THE_MESSAGE,
    MEANINGS,
    NOTHING,
    SOS_ACTIONS,
    TRUTH,
    truth,
    voltage_unit,
)
from edge.domain.device import LINK, DeviceProfile, PointSpec
from edge.domain.reading import Message, PartialError, ProtocolError, Sample, Value
from edge.driver import Decoded, DecodeOptions, DecodeResult

BRIDGE: Final = "bridge"
"""Address of the bridge itself; no device can have it."""
SHOWN: Final = 64  # fields of a state nobody has a profile for
TEXT: Final = 200  # characters of a text among them

_BRIDGE_STATE: Final = "bridge/state"
_AVAILABILITY: Final = "/availability"
_ACTION: Final = "action"
_LINK: Final = {"online": True, "offline": False}


class Zigbee2MqttCodec:
    """The codec of one bridge."""

    def __init__(self, base: str) -> None:
        self._prefix = f"{base}/"
        self._readers: dict[str, ProfileReader] = {}

    def wanted(self, topic: str) -> bool:
        """Whether a topic can concern a device: not the bridge's own talk, not orders to devices."""
        if not topic.startswith(self._prefix):
            return False
        name = topic[len(self._prefix) :]
        if name.startswith("bridge/"):
            return name == _BRIDGE_STATE
        last = name.split("/")[-2:]
        return not ("set" in last or "get" in last)

    def parse(self, channel: str, payload: bytes) -> Sequence[Message]:
        """A device's state, its availability, or the bridge's state."""
        if not payload or not self.wanted(channel):
            return ()  # an empty payload removes a stored message: the device was renamed or taken out
        name = channel[len(self._prefix) :]
        if name == _BRIDGE_STATE:
            return (Message(BRIDGE, None, link=link(payload)),)
        if name.endswith(_AVAILABILITY):
            return (Message(name.removesuffix(_AVAILABILITY), {}, link=link(payload)),)
        return (Message(name, state(payload)),)

    def rehearse(
        self, address: str, profile: DeviceProfile, values: Mapping[str, Value]
    ) -> Sequence[tuple[str, bytes]]:
        """One state with these fields; see `edge.driver.Rehearsing`."""
        state = ProfileReader(profile).write(values)
        return [(f"{self._prefix}{address}", json.dumps(state, ensure_ascii=False).encode())]

    def samples(self, message: Message, profile: DeviceProfile | None) -> Sequence[Sample]:
        """The fields the profile's points read; without one, every field with what it is known to mean."""
        if message.link is not None:
            return ()
        if profile is None:
            return known_samples(message.body)
        reader = self._readers.get(profile.id)
        if reader is None or reader.profile is not profile:
            reader = self._readers[profile.id] = ProfileReader(profile)
        return reader.read(message.body)


class PointReader:
    """One point: which field, and what it may be."""

    def __init__(self, spec: PointSpec) -> None:
        read = Zigbee2MqttPointRead.model_validate(spec.read or {})
        self.name = spec.field or spec.id
        self.field = read.field or self.name
        self._signal = spec.signal is not None
        self._measured = spec.quantity is not None
        abnormal = read.abnormal
        if abnormal is None and self._signal and self.field == _ACTION:
            abnormal = sorted(SOS_ACTIONS)
        self._words = (
            None
            if abnormal is None
            else StateWords(abnormal, read.normal, momentary=spec.report == "momentary")
        )

    def value(self, found: Any) -> Value | None:
        """The point's value; None when the device says nothing of it. ValueError when it cannot be one."""
        if found is None or (self.field == _ACTION and found == ""):
            return None
        if self._words is not None:
            return self._words.read(found)
        if self._signal:
            read = truth(found)
            if read is None:
                words = ", ".join(str(word) for word in TRUTH if isinstance(word, str))
                raise ValueError(f"true, false, 0, 1 or one of {words} is expected, not {describe(found)}")
            return read
        if not plain(found) or (self._measured and isinstance(found, bool | str)):
            wanted = "a number" if self._measured else "a number, a text, true or false"
            raise ValueError(f"{wanted} is expected, not {describe(found)}")
        return found  # type: ignore[no-any-return]

    def write(self, value: Value) -> Value:
        """What the state holds for `value`; ValueError where the device has no word for it."""
        return value if self._words is None else self._words.write(value)


class ProfileReader:
    """Samples of one state. `profile` is what it was made from."""

    def __init__(self, profile: DeviceProfile) -> None:
        self.profile = profile
        points: dict[str, PointReader] = {}
        for spec in profile.points:
            point = PointReader(spec)
            points.setdefault(point.name, point)  # points of one field share its sample
        self._points = tuple(points.values())

    def read(self, state: Mapping[str, Any]) -> list[Sample]:
        """The samples found. PartialError beside good ones, else ProtocolError, when a field cannot be read."""
        errors: list[str] = []
        samples: list[Sample] = []
        time = last_seen(state, errors)
        for point in self._points:
            try:
                value = point.value(state.get(point.field))
            except ValueError as error:
                errors.append(f"{point.field}: {error}")
                continue
            if value is not None:
                samples.append(Sample(point.name, value, time=time))
        if errors:
            text = "; ".join(errors)
            raise PartialError(text, samples) if samples else ProtocolError(text)
        return samples

    def write(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """The state that reads as `values`, by point; ProtocolError when the device cannot say one of them."""
        points = {point.name: point for point in self._points}
        try:
            return {points[name].field: points[name].write(value) for name, value in values.items()}
        except KeyError as error:
            raise ProtocolError(f"{self.profile.id} has no field {error}") from None
        except ValueError as error:
            raise ProtocolError(str(error)) from None


def known_samples(state: Mapping[str, Any]) -> list[Sample]:
    """Every plain field with the meaning its name has at Zigbee2MQTT; `SHOWN` at most."""
    time = last_seen(state, [])
    samples: list[Sample] = []
    for name, value in state.items():
        if name in ABOUT_THE_MESSAGE or not plain(value) or len(samples) >= SHOWN:
            continue
        samples += _known(name, value, state, time)
    return samples


def _known(name: str, value: Any, state: Mapping[str, Any], time: int | None) -> list[Sample]:
    if isinstance(value, str):
        value = value[:TEXT]
    if name == _ACTION:
        if value in SOS_ACTIONS:
            return [Sample(name, True, signal="sos", time=time)]
        return [Sample(name, value, time=time)] if value else []
    meaning = MEANINGS.get(name, NOTHING)
    if meaning.signal is not None and (read := truth(value)) is not None:
        return [Sample(name, read, signal=meaning.signal.value, time=time)]
    if isinstance(value, bool | str):
        return [Sample(name, value, time=time)]
    if name == "voltage":
        return [Sample(name, value, voltage_unit(state), "voltage", time=time)]
    return [Sample(name, value, meaning.unit, meaning.quantity, time=time)]


def plain(value: Any) -> bool:
    """Whether it is a number, a text or a truth value that can be kept."""
    if isinstance(value, str):
        return True
    return isinstance(value, int | float) and -LARGEST < value < LARGEST


def last_seen(state: Mapping[str, Any], errors: list[str]) -> int | None:
    """µs UTC when the bridge heard the device, where it is set to say so (ISO_8601 or epoch milliseconds)."""
    found = state.get("last_seen")
    if found is None or found == "N/A":
        return None
    try:
        return source_time(found, "auto")
    except ValueError as error:
        errors.append(f"last_seen: {error}")
        return None


def state(payload: bytes) -> dict[str, Any]:
    """The state object; ProtocolError when the payload is none."""
    body = load_json(payload)
    if not isinstance(body, dict):
        raise ProtocolError(
            f"a state is a JSON object, not {describe(body)}; set `advanced.output: json` in Zigbee2MQTT"
        )
    return body


def link(payload: bytes) -> bool:
    """`online` or `{"state":"online"}`: both forms are in the field. ProtocolError for anything else."""
    word: Any = payload.decode("utf-8", "replace").strip() if payload[:1].isalpha() else load_json(payload)
    if isinstance(word, dict):
        word = word.get("state")
    if isinstance(word, str) and word in _LINK:
        return _LINK[word]
    raise ProtocolError(f"an availability is online or offline, not {describe(word)}")


def decode(payload: bytes, options: DecodeOptions) -> DecodeResult:
    """For `edge-hub decode zigbee2mqtt`: one payload, or one per line; with a topic also availability."""
    result = DecodeResult()
    topic = options.topic or ""
    codec = Zigbee2MqttCodec(_base(topic))
    for name, document in documents(payload):
        try:
            messages = codec.parse(topic, document) if topic else (Message("", state(document)),)
            for message in messages:
                result.decoded += _decoded(codec, message, options.profile, result.errors, name)
        except ProtocolError as error:
            result.errors.append(f"{name}{error}")
    return result


def _decoded(
    codec: Zigbee2MqttCodec, message: Message, profile: DeviceProfile | None, errors: list[str], name: str
) -> list[Decoded]:
    if message.link is not None:
        return [Decoded(message.address, Sample(LINK.id, not message.link, signal="fault"))]
    try:
        samples = codec.samples(message, profile)
    except PartialError as error:
        samples = error.samples
        errors.append(f"{name}{error}")
    return [Decoded(message.address or None, sample) for sample in samples]


def _base(topic: str) -> str:
    """The base in a topic: up to its level `zigbee2mqtt`, else its first level."""
    levels = topic.split("/")
    at = levels.index("zigbee2mqtt") if "zigbee2mqtt" in levels else 0
    return "/".join(levels[: at + 1])
