from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers._mqtt.config import BrokerSettings
from drivers.zigbee2mqtt.codec import Zigbee2MqttCodec, decode
from drivers.zigbee2mqtt.config import SCHEMA
from drivers.zigbee2mqtt.driver import Zigbee2MqttDriver
from drivers.zigbee2mqtt.fields import MEANINGS
from edge.domain.names import Text
from edge.domain.quantity import QUANTITIES
from edge.domain.reading import Message, PartialError, ProtocolError, Sample
from edge.domain.site import Connection
from edge.driver import DecodeOptions
from tests.drivers._mqtt.cases import folders, make_profile, run_case

PROFILE = make_profile(
    {
        "points": [
            {"id": "smoke", "signal": "fire"},
            {"id": "sos", "signal": "sos", "report": "momentary", "field": "action"},
            {"id": "battery", "quantity": "battery"},
            {"id": "contact"},
        ]
    },
    "zigbee2mqtt",
)
FIELDS = [*MEANINGS, "action", "contact", "voltage", "last_seen", "update", "extra"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("folder", folders(__file__), ids=lambda folder: folder.name)
def test_case(folder: Path) -> None:
    out, expected = run_case(folder, Zigbee2MqttCodec("zigbee2mqtt"), "zigbee2mqtt")
    assert out == expected


def check(codec: Zigbee2MqttCodec, message: Message) -> None:
    for profile in (PROFILE, None):
        samples: list[Sample]
        try:
            samples = list(codec.samples(message, profile))
        except PartialError as error:
            samples = list(error.samples)
        except ProtocolError:
            continue
        for sample in samples:
            assert type(sample.value) in {bool, int, float, str}
            assert isinstance(sample.value, str) or math.isfinite(sample.value)
            if sample.signal is not None:
                assert isinstance(sample.value, bool)


@given(
    topic=st.sampled_from(
        [
            "zigbee2mqtt/a",
            "zigbee2mqtt/a/b/availability",
            "zigbee2mqtt/bridge/state",
            "zigbee2mqtt/a/set",
            "x",
        ]
    ),
    payload=st.binary(max_size=120),
)
def test_any_bytes_give_messages_or_a_protocol_error(topic: str, payload: bytes) -> None:
    codec = Zigbee2MqttCodec("zigbee2mqtt")
    try:
        messages = codec.parse(topic, payload)
    except ProtocolError:
        return
    for message in messages:
        check(codec, message)


@given(
    topic=st.sampled_from(["zigbee2mqtt/a", "zigbee2mqtt/a/availability", "zigbee2mqtt/bridge/state"]),
    body=st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=8) | json_values,
)
def test_any_json_gives_messages_or_a_protocol_error(topic: str, body: object) -> None:
    codec = Zigbee2MqttCodec("zigbee2mqtt")
    try:
        messages = codec.parse(topic, json.dumps(body).encode())
    except ProtocolError:
        return
    for message in messages:
        check(codec, message)


def test_every_report_of_an_alarm_is_a_sample_though_nothing_changed() -> None:
    """Koenkk/zigbee2mqtt#7837: a cached `smoke: true` must not swallow the next fire."""
    codec = Zigbee2MqttCodec("zigbee2mqtt")
    for _ in range(3):
        (message,) = codec.parse("zigbee2mqtt/sm-301", b'{"smoke": true}')
        assert [(s.field, s.value) for s in codec.samples(message, PROFILE)] == [("smoke", True)]


def test_what_the_table_says_fits_the_quantities() -> None:
    for name, meaning in MEANINGS.items():
        assert (meaning.quantity is None) != (meaning.signal is None), name
        if meaning.quantity is not None:
            QUANTITIES[meaning.quantity].conversion(meaning.unit)


@pytest.mark.parametrize(
    ("topic", "wanted"),
    [
        ("zigbee2mqtt/sm-301", True),
        ("zigbee2mqtt/b3/set-top/sm", True),
        ("zigbee2mqtt/sm-301/availability", True),
        ("zigbee2mqtt/bridge/state", True),
        ("zigbee2mqtt/bridge/devices", False),
        ("zigbee2mqtt/sm-301/set", False),
        ("zigbee2mqtt/sm-301/set/state", False),
        ("zigbee2mqtt/sm-301/get", False),
        ("zigbee2mqtt2/sm-301", False),
    ],
)
def test_what_is_wanted(topic: str, wanted: bool) -> None:
    assert Zigbee2MqttCodec("zigbee2mqtt").wanted(topic) is wanted


def test_another_base_with_levels() -> None:
    codec = Zigbee2MqttCodec("heanyuan/b3/zigbee2mqtt")
    (message,) = codec.parse("heanyuan/b3/zigbee2mqtt/flat/301", b'{"smoke": false}')
    assert message.address == "flat/301"
    assert codec.parse("zigbee2mqtt/flat/301", b'{"smoke": false}') == ()


def test_decode_with_and_without_a_topic() -> None:
    payload = b'{"smoke": true, "battery": "x"}\n{"smoke": fal\n{"smoke": false}\n'
    result = decode(payload, DecodeOptions(topic="house/zigbee2mqtt/b3/sm-301", profile=PROFILE))
    assert [(d.address, d.sample.field, d.sample.value) for d in result.decoded] == [
        ("b3/sm-301", "smoke", True),
        ("b3/sm-301", "smoke", False),
    ]
    assert result.errors[0] == "line 1: battery: a number is expected, not a text ('x')"
    assert result.errors[1].startswith("line 2: no valid JSON")
    bare = decode(b'{"smoke": true}', DecodeOptions())
    assert [(d.address, d.sample.signal) for d in bare.decoded] == [(None, "fire")]


def test_decode_shows_availability_as_the_link() -> None:
    result = decode(b"offline", DecodeOptions(topic="zigbee2mqtt/sm-301/availability"))
    (line,) = result.decoded
    assert (line.address, line.sample.field, line.sample.value, line.sample.signal) == (
        "sm-301",
        "link",
        True,
        "fault",
    )


def test_tables_say_what_is_wrong() -> None:
    with pytest.raises(ValidationError, match="plain topic levels"):
        SCHEMA.connection.model_validate({"base": "zigbee2mqtt/#"})
    with pytest.raises(ValidationError, match="plain topic levels"):
        SCHEMA.address.model_validate({"name": "/sm-301"})
    with pytest.raises(ValidationError, match="Extra inputs"):
        SCHEMA.profile.model_validate({"time": "/t"})
    assert SCHEMA.key(SCHEMA.address.model_validate({"name": "b3/sm-301"})) == "b3/sm-301"


def test_the_driver_hears_everything_under_its_base() -> None:
    assert SCHEMA.combine is not None
    settings = SCHEMA.combine(
        BrokerSettings(host="127.0.0.1"), SCHEMA.connection.model_validate({"base": "b3/z"})
    )
    driver = Zigbee2MqttDriver(Connection("z", "mqtt", "zigbee2mqtt", Text("网关", "Gateway"), settings), [])
    assert driver._filters == ["b3/z/#"]
    driver.stop()
