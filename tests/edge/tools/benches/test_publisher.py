from __future__ import annotations

import json

from edge.tools.benches.publisher import alarm_messages, meter_messages, publish_packet
from edge.tools.benches.stand import SIZE

SPEC = {
    "count": 50,
    "start_ms": 1_780_000_000_000,
    "size": SIZE,
    "devices": 20,
    "topic": "site/meter-{:02}/up",
}


def test_readings_have_their_size_and_a_time_of_their_own() -> None:
    messages = list(meter_messages(SPEC))
    assert {len(payload) for _, payload in messages} == {SIZE}
    bodies = [json.loads(payload) for _, payload in messages]
    assert [body["t"] - SPEC["start_ms"] for body in bodies] == list(range(50))
    assert all(15 <= body["value"] < 30 for body in bodies)
    assert [topic for topic, _ in messages[18:21]] == [
        "site/meter-19/up",
        "site/meter-20/up",
        "site/meter-01/up",
    ]


def test_each_alarm_is_of_another_detector() -> None:
    messages = list(alarm_messages({"first": 7, "count": 3, "topic": "zigbee2mqtt/smoke-{:04}"}))
    assert [topic[-4:] for topic, _ in messages] == ["0007", "0008", "0009"]
    assert all(json.loads(payload)["smoke"] is True for _, payload in messages)


def test_packets_are_mqtt() -> None:
    packet = publish_packet("a/b", b"x" * 200, 65535)
    assert packet[:1] == b"\x32"  # PUBLISH, QoS 1
    assert packet[1:3] == bytes([0xCF, 0x01])  # 207 bytes follow: 2 + 3 of the topic, 2 of the packet id, 200
    assert packet[3:10] == b"\x00\x03a/b\xff\xff"
    assert len(packet) == 3 + 207
