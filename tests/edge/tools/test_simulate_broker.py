"""The simulator against a real Mosquitto: as devices behave there, and what outlives a broker's restart."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from edge.tools.broker import Broker
from edge.tools.simulator.cast import Means
from edge.tools.simulator.gateway import BrokerAddress
from edge.tools.simulator.simulator import Options, Simulator
from tests.edge.tools.simulated import Ear, he_an_court, within

SITE = he_an_court()
SIREN = SITE.devices["sr-b3a"].profile.outputs[0].acts[0].write.payload


class Listener:
    """A subscriber to everything: (topic, payload, retained) as they come."""

    def __init__(self, broker: Broker) -> None:
        account = broker.account("hub")
        self.heard: list[tuple[str, bytes, bool]] = []
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(account.name, account.password)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self._client.on_message = lambda _c, _u, m: self.heard.append((m.topic, m.payload, m.retain))
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._client.on_connect = self._client.on_message = None
        self._client._reset_sockets()

    def topics(self) -> set[str]:
        return {topic for topic, _, _ in self.heard}

    def bodies(self, topic: str) -> list[Any]:
        return [json.loads(payload) for name, payload, _ in self.heard if name == topic]


@contextmanager
def simulating(broker: Broker, lines: list[str], password: str | None = None) -> Iterator[Simulator]:
    account = broker.account("field")
    address = BrokerAddress(broker.host, broker.port, account.name, password or account.password)
    means = Means(address, left=frozenset({"sm-303"}))
    simulator = Simulator(SITE, Options(Path(), means), lines.append)
    simulator.start()
    thread = threading.Thread(target=simulator.run)
    thread.start()
    try:
        yield simulator
    finally:
        simulator.stop()
        thread.join()
        simulator.close()


@pytest.fixture
def listener(start_broker: Callable[..., Broker]) -> Iterator[tuple[Broker, Listener]]:
    broker = start_broker()
    ear = Listener(broker)
    yield broker, ear
    ear.close()


def test_all_devices_are_heard_by_the_hubs_codecs(listener: tuple[Broker, Listener]) -> None:
    broker, heard = listener
    elsewhere = {"modbus-rtu", "at-modem", "camera"}
    devices = [d for d in SITE.devices.values() if d.profile.dialect not in elsewhere and d.id != "sm-303"]
    topics = {
        d.id: f"site/{d.address}/up" if d.profile.dialect == "json" else f"zigbee2mqtt/{d.address}"
        for d in devices
    }
    with simulating(broker, []):
        within(lambda: heard.topics() >= set(topics.values()))
        assert heard.bodies("zigbee2mqtt/bridge/state")[0] == {"state": "online"}
        assert heard.bodies("zigbee2mqtt/sm-301/availability")[0] == {"state": "online"}
    assert not [topic for topic in heard.topics() if "sm-303" in topic]
    ear = Ear(SITE)
    for device in devices:
        payload = next(payload for topic, payload, _ in heard.heard if topic == topics[device.id])
        assert ear.hear(device, topics[device.id], payload)
    assert all(topic.startswith(("zigbee2mqtt/", "site/")) for topic in heard.topics())


def test_what_a_bridge_says_of_itself_is_kept_for_whoever_comes_later(
    listener: tuple[Broker, Listener],
) -> None:
    broker, first = listener
    with simulating(broker, []):
        within(lambda: "zigbee2mqtt/sm-301/availability" in first.topics())
        later = Listener(broker)
        within(lambda: {"zigbee2mqtt/bridge/state", "zigbee2mqtt/sm-301/availability"} <= later.topics())
        kept = {topic for topic, _, retained in later.heard if retained}
        later.close()
        assert {"zigbee2mqtt/bridge/state", "zigbee2mqtt/sm-301/availability"} <= kept
        assert "zigbee2mqtt/sm-301" not in kept
        assert "site/gs-1203/up" not in kept
    within(lambda: first.bodies("zigbee2mqtt/bridge/state")[-1] == {"state": "offline"})


@pytest.mark.faults
def test_the_broker_goes_and_comes_back_and_a_state_that_changed_meanwhile_is_said(
    listener: tuple[Broker, Listener],
) -> None:
    broker, heard = listener
    lines: list[str] = []
    with simulating(broker, lines) as simulator:
        within(lambda: "zigbee2mqtt/sm-302k" in heard.topics())
        broker.stop()
        within(lambda: "zigbee is no longer connected to the broker" in lines)
        assert simulator.answer({"play": ["s2"]}) == {"playing": ["s2"]}
        broker.start()
        within(lambda: any(body["smoke"] for body in heard.bodies("zigbee2mqtt/sm-302k")))
        assert "error" in simulator.answer({"play": ["s1"], "speed": "fast"})
        assert "at most 5 times" in simulator.answer({"play": ["s1"], "speed": 6})["error"]
        assert simulator.answer({"reset": True}) == {"playing": []}
        within(lambda: not heard.bodies("zigbee2mqtt/sm-302k")[-1]["smoke"])
    assert lines.count("zigbee is connected to the broker") == 2


@pytest.mark.faults
def test_a_wrong_password_is_said_once_and_tried_until_it_is_right(
    start_broker: Callable[..., Broker],
) -> None:
    broker = start_broker()
    lines: list[str] = []
    with simulating(broker, lines, "the-new-one"):
        within(lambda: any(line.startswith("zigbee: the broker refuses") for line in lines))
        broker.stop()
        broker.accounts = tuple(replace(account, password="the-new-one") for account in broker.accounts)
        broker.start()
        within(lambda: "zigbee is connected to the broker" in lines)
    assert len([line for line in lines if line.startswith("zigbee: the broker refuses")]) == 1


def test_a_valve_hears_close_and_says_closed(start_broker: Callable[..., Broker]) -> None:
    broker = start_broker()
    lines: list[str] = []
    listener = Listener(broker)
    try:
        with simulating(broker, lines):
            within(lambda: "site/gv-1203/up" in listener.topics())
            listener._client.publish("site/gv-1203/down", b'{"cmd": "open"}', 1)  # it knows no such order
            listener._client.publish("site/gv-1203/down", b"no json", 1)
            listener._client.publish("site/gv-1203/down", b'{"cmd": "close"}', 1)
            within(lambda: listener.bodies("site/gv-1203/up")[-1]["state"] == "closed")
            listener._client.publish("zigbee2mqtt/sr-b3a/set", json.dumps(SIREN), 1)
            within(lambda: any("sr-b3a.siren is told: start" in line for line in lines))
    finally:
        listener.close()
    assert len([line for line in lines if "gv-1203" in line]) == 1
