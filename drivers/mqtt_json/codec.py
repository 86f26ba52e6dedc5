"""JSON payloads into messages and samples. No I/O, no clock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from drivers._mqtt.payload import LARGEST, documents, load_json
from drivers.mqtt_json.config import JsonTopic
from drivers.mqtt_json.pointer import join_pointer
from drivers.mqtt_json.reader import ProfileReader
from drivers.mqtt_json.topics import TopicPattern
from edge.domain.device import DeviceProfile
from edge.domain.names import is_id
from edge.domain.reading import Message, PartialError, ProtocolError, Sample, Value
from edge.driver import Decoded, DecodeOptions, DecodeResult

KNOWN_TOPICS: Final = 4096  # topics whose device is remembered; more senders only cost time
LEAVES: Final = 64  # values shown of a message nobody has a profile for
TEXT: Final = 200  # characters of a text among them


class JsonCodec:
    """The codec of one listener, with its topic patterns."""

    def __init__(self, topics: Iterable[JsonTopic]) -> None:
        self._patterns = [(TopicPattern.parse(topic.pattern), topic.profile) for topic in topics]
        self._senders: dict[str, tuple[str, str | None] | None] = {}
        self._readers: dict[str, ProfileReader] = {}

    @property
    def filters(self) -> list[str]:
        """The MQTT topic filters that bring what the patterns stand for."""
        return [pattern.filter for pattern, _ in self._patterns]

    def parse(self, channel: str, payload: bytes) -> Sequence[Message]:
        """One message from one device; nothing when no pattern fits the topic."""
        if channel in self._senders:
            sender = self._senders[channel]
        else:
            sender = self._sender(channel)
            if len(self._senders) >= KNOWN_TOPICS:
                self._senders.clear()
            self._senders[channel] = sender
        if sender is None:
            return ()
        address, profile = sender
        return (Message(address, load_json(payload), None, profile),)

    def rehearse(
        self, address: str, profile: DeviceProfile, values: Mapping[str, Value]
    ) -> Sequence[tuple[str, bytes]]:
        """One document with these values; see `edge.driver.Rehearsing`."""
        topics = [pattern.topic(address) for pattern, _ in self._patterns]
        topic = next((topic for topic in topics if self._sender(topic) is not None), None)
        if topic is None:
            raise ProtocolError(f"no topic of this listener is that of {address!r}")
        document = ProfileReader(profile).write(values)
        return [(topic, json.dumps(document, ensure_ascii=False).encode())]

    def samples(self, message: Message, profile: DeviceProfile | None) -> Sequence[Sample]:
        """What the profile's pointers lead to; without one, every plain value under its pointer."""
        if profile is None:
            return leaves(message.body)
        reader = self._readers.get(profile.id)
        if reader is None or reader.profile is not profile:
            reader = self._readers[profile.id] = ProfileReader(profile)
        return reader.read(message.body)

    def _sender(self, topic: str) -> tuple[str, str | None] | None:
        levels = topic.split("/")
        for pattern, profile in self._patterns:
            device = pattern.device(levels)
            if device is None:
                continue
            if profile is not None and not is_id(device):
                raise ProtocolError(
                    f"topic {topic[:200]!r}: {device[:80]!r} is no valid device id (lower-case letters, digits and "
                    "hyphens, at most 63), so the device cannot be adopted"
                )
            return device, profile
        return None


def leaves(body: Any) -> list[Sample]:
    """Every number, text and truth value in `body`, in the order of the message, `LEAVES` at most."""
    found: list[Sample] = []
    waiting: list[tuple[str, Any]] = [("", body)]
    while waiting and len(found) < LEAVES:
        pointer, node = waiting.pop()
        if isinstance(node, dict):
            waiting += [(join_pointer(pointer, key), child) for key, child in reversed(node.items())]
        elif isinstance(node, list):
            waiting += [(f"{pointer}/{index}", child) for index, child in reversed([*enumerate(node)])]
        elif isinstance(node, str):
            found.append(Sample(pointer, node[:TEXT]))
        elif isinstance(node, int | float) and -LARGEST < node < LARGEST:
            found.append(Sample(pointer, node))
    return found


def decode(payload: bytes, options: DecodeOptions) -> DecodeResult:
    """For `edge-hub decode json`: one document, or one per line.

    The device is taken from a topic like site/<device>/up or bench/<device>.
    """
    result = DecodeResult()
    codec = JsonCodec([])
    address = _address(options.topic)
    for name, document in documents(payload):
        try:
            samples = codec.samples(Message(address or "", load_json(document)), options.profile)
        except PartialError as error:
            samples = error.samples
            result.errors.append(f"{name}{error}")
        except ProtocolError as error:
            result.errors.append(f"{name}{error}")
            continue
        result.decoded += [Decoded(address, sample) for sample in samples]
    return result


def _address(topic: str | None) -> str | None:
    """The level before a last `up`, else the last level."""
    levels = (topic or "").split("/")
    if len(levels) > 1 and levels[-1] == "up":
        levels.pop()
    return levels[-1] or None
