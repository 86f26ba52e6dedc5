"""What devices say over MQTT: the state that Zigbee2MQTT publishes, and the JSON of a maker's own. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final, Protocol

from drivers.mqtt_json.config import JsonListen, JsonProfileRead
from drivers.mqtt_json.pointer import split_pointer
from drivers.mqtt_json.topics import DEVICE, TopicPattern
from drivers.zigbee2mqtt.fields import SOS_ACTIONS
from edge.domain.device import Device, PointSpec
from edge.domain.instant import SECOND
from edge.domain.reading import Value
from edge.tools.simulator.wire import Words, on_the_wire

ONLINE: Final = b'{"state":"online"}'
OFFLINE: Final = b'{"state":"offline"}'
_TICKS: Final = {"auto": SECOND // 1000, "s": SECOND, "ms": SECOND // 1000, "us": 1}


class Message(Protocol):
    """Makes one device's payloads.

    values: point id -> canonical value. utc: µs, the device's own clock. pressed: momentary points that say "now".
    """

    def __call__(self, values: Mapping[str, Value], utc: int, pressed: Collection[str]) -> bytes: ...


class ZigbeeState:
    """The state object of one device, whole each time, as Zigbee2MQTT sends it."""

    def __init__(self, device: Device) -> None:
        self._points: list[tuple[PointSpec, str, Words | None]] = []
        for spec in device.profile.points:
            field = getattr(spec.read, "field", None) or spec.field or spec.id
            words = _words(spec)
            if words is None and spec.signal is not None and field == "action":
                words = (sorted(SOS_ACTIONS), None)
            self._points.append((spec, field, words))

    def __call__(
        self, values: Mapping[str, Value], utc: int, pressed: Collection[str], *, last_seen: bool = False
    ) -> bytes:
        """last_seen: say the time as well, as a bridge does that is set to it."""
        state: dict[str, Any] = {}
        for spec, field, words in self._points:
            if spec.report == "momentary":
                if spec.id in pressed:
                    state[field] = on_the_wire(spec, True, words)
            else:
                state.setdefault(field, on_the_wire(spec, values[spec.id], words))
        if last_seen:
            state["last_seen"] = utc // _TICKS["ms"]
        return _dumps(state)


class JsonMessage:
    """The payload of one device whose profile reads JSON by pointers; with its own clock and counter."""

    def __init__(self, device: Device) -> None:
        self._about: JsonProfileRead = device.profile.read or JsonProfileRead()
        self._points = [
            (spec, split_pointer(spec.read.pointer), _words(spec)) for spec in device.profile.points
        ]
        self._count = 0

    def __call__(self, values: Mapping[str, Value], utc: int, pressed: Collection[str]) -> bytes:
        record: Any = {}
        for spec, tokens, words in self._points:
            if spec.report == "momentary" and spec.id not in pressed:
                continue
            value = True if spec.id in pressed else values[spec.id]
            record = put(record, tokens, on_the_wire(spec, value, words))
            if spec.read.unit_pointer is not None and spec.quantity is not None:
                unit = spec.unit or spec.quantity.unit
                record = put(record, split_pointer(spec.read.unit_pointer), unit)
        about = self._about
        if about.time is not None:
            record = put(record, split_pointer(about.time), utc // _TICKS[about.time_unit])
        if about.sequence is not None:
            self._count += 1
            record = put(record, split_pointer(about.sequence), self._count)
        whole = record if about.records is None else put({}, split_pointer(about.records), [record])
        return _dumps(whole)


def put(document: Any, tokens: tuple[str, ...], value: Any) -> Any:
    """`document` with `value` at the place of a JSON pointer (RFC 6901); what is missing on the way is made."""
    if not tokens:
        return value
    token, rest = tokens[0], tokens[1:]
    if token.isdigit() and not (isinstance(document, dict) and document):
        items = document if isinstance(document, list) else []
        index = int(token)
        items.extend([None] * (index + 1 - len(items)))
        items[index] = put({} if items[index] is None else items[index], rest, value)
        return items
    table = document if isinstance(document, dict) else {}
    table[token] = put(table.get(token, {}), rest, value)
    return table


def json_topic(listen: JsonListen, address: str) -> str:
    """Where a device of this listener speaks: the first pattern that devices of the site may use."""
    known = [topic for topic in listen.topics if not topic.trusted] or listen.topics
    pattern = TopicPattern.parse(known[0].pattern)
    levels = [
        address if level == DEVICE else level.strip("{}") if level != "+" else "any"
        for level in pattern.levels
        if level != "#"
    ]
    return "/".join(levels)


def _words(spec: PointSpec) -> Words | None:
    abnormal = getattr(spec.read, "abnormal", None)
    return None if abnormal is None else (abnormal, spec.read.normal)


def _dumps(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
