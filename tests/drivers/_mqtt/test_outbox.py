"""Messages to devices: with a client that only remembers, and over a real Mosquitto."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from pydantic import ValidationError

from drivers._mqtt import outbox as outbox_module
from drivers._mqtt.config import ListenerSettings
from drivers._mqtt.listener import MqttListener
from drivers._mqtt.outbox import LOST, VOID_AFTER, Outbox
from drivers.mqtt_json.config import JsonActWrite, JsonListen, JsonTopic
from drivers.mqtt_json.driver import JsonDriver
from drivers.zigbee2mqtt.config import Zigbee2MqttActWrite, Zigbee2MqttListen
from drivers.zigbee2mqtt.driver import Zigbee2MqttDriver
from edge.domain.conclusion import Write, Written
from edge.domain.device import Device, DeviceProfile
from edge.domain.names import Text
from edge.domain.site import Connection
from edge.tools.broker import Broker
from tests.drivers._mqtt.rig import RecordingHost, as_hub, until

NAME = Text("阀", "valve")
CLOSE = JsonActWrite(topic="site/{device}/down", payload={"cmd": "close", "who": "平台"})
ON = Zigbee2MqttActWrite(payload={"warning": {"mode": "fire", "strobe": True}})


def device(id: str, dialect: str) -> Device:
    profile = DeviceProfile(
        id="acme-valve",
        maker="Acme",
        model="valve",
        category="gas-valve",
        dialect=dialect,
        points=(),
        source="test",
        expect=60,
        name=NAME,
    )
    return Device(id, profile, NAME, "b1", NAME, NAME, f"{id}-address")


DEVICES = [device("gv-1", "json"), device("sr-1", "zigbee2mqtt")]


def order(device: str = "gv-1", body: Any = CLOSE, attempt: int = 1) -> Write:
    return Write("cmd-1", attempt, device, body)


# ---- alone -----------------------------------------------------------------------------------------------


@dataclass
class Memory:
    sent: list[tuple[str, bytes, int]] = field(default_factory=list)

    def order(self, topic: str, payload: bytes, seconds: int) -> Any:
        self.sent.append((topic, payload, seconds))
        return SimpleNamespace(mid=len(self.sent), rc=0)


def told(box: Outbox, packet: int, reason: int = 0) -> None:
    box.told(None, None, packet, SimpleNamespace(value=reason), None)


@pytest.fixture
def receipts() -> list[Written]:
    return []


@pytest.fixture
def box(receipts: list[Written]) -> Outbox:
    return Outbox(receipts.append)


def test_before_the_first_connection_a_message_waits_and_goes_once(box: Outbox, receipts: list[Written]):
    client = Memory()
    box.put(order(), "site/x/down", {"cmd": "close"})
    box.open()
    box.serve(client)
    box.serve(client)
    assert client.sent == [("site/x/down", b'{"cmd":"close"}', VOID_AFTER)]
    assert receipts == []
    told(box, 1)
    told(box, 1)
    assert receipts == [Written("cmd-1", 1)]
    assert (box.published, box.confirmed) == (1, 1)


@pytest.mark.parametrize(("reason", "words"), [(0x87, "refuses"), (0x10, "nobody hears site/x/down")])
def test_a_broker_that_did_not_pass_it_on(box: Outbox, receipts: list[Written], reason: int, words: str):
    box.put(order(), "site/x/down", {"cmd": "close"})
    box.serve(Memory())
    told(box, 1, reason)
    assert words in (receipts[0].error or "")


def test_a_lost_connection_answers_everything_and_keeps_nothing(box: Outbox, receipts: list[Written]):
    client = Memory()
    box.open()
    box.put(order(), "site/x/down", {"cmd": "close"})
    box.serve(client)
    box.put(order(attempt=2), "site/x/down", {"cmd": "close"})
    box.close("no broker")
    box.put(order(attempt=3), "site/x/down", {"cmd": "close"})
    assert [receipt.error for receipt in receipts] == [LOST, "no broker", "no broker"]
    box.open()
    box.serve(client)
    told(box, 1)
    assert len(client.sent) == 1
    assert len(receipts) == 3


def test_a_broker_that_never_confirms_is_not_waited_for(
    box: Outbox, receipts: list[Written], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(outbox_module, "ANSWER_WITHIN", 0.0)
    box.put(order(), "site/x/down", {"cmd": "close"})
    box.serve(Memory())
    assert "has not confirmed" in (receipts[0].error or "")
    told(box, 1)
    assert len(receipts) == 1


@pytest.mark.parametrize(
    "topic", ["site/down", "site/+/{device}", "site/{device}/#", "site/x{device}/down", "{device}/{device}"]
)
def test_a_topic_that_names_no_one_device_is_refused(topic: str):
    with pytest.raises(ValidationError):
        JsonActWrite(topic=topic, payload={"cmd": "close"})


# ---- over a real broker ----------------------------------------------------------------------------------

Run = Callable[..., tuple[MqttListener, RecordingHost]]


@pytest.fixture
def run() -> Iterator[Run]:
    with ExitStack() as running:

        def start(broker: Broker, dialect: str) -> tuple[MqttListener, RecordingHost]:
            listen: Any = (
                JsonListen(topics=[JsonTopic(pattern="site/{device}/up")])
                if dialect == "json"
                else Zigbee2MqttListen()
            )
            settings = ListenerSettings(as_hub(broker), listen)
            connection = Connection(dialect, "mqtt", dialect, Text("数据", "Data"), settings)
            make = JsonDriver if dialect == "json" else Zigbee2MqttDriver
            host = RecordingHost()
            driver = make(connection, DEVICES)
            driver.start(host)
            running.callback(driver.stop)
            until(lambda: driver.report().up, "the link")
            return driver, host

        yield start


@pytest.fixture
def mosquitto(start_broker: Callable[..., Broker]) -> Broker:
    return start_broker()


class Ear:
    """A device that listens on a topic."""

    def __init__(self, broker: Broker, topic: str) -> None:
        account = broker.account("field")
        self.heard: SimpleQueue[MQTTMessage] = SimpleQueue()
        listening = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.username_pw_set(account.name, account.password)
        self.client.on_subscribe = lambda *_: listening.set()
        self.client.on_message = lambda _client, _userdata, message: self.heard.put(message)
        self.client.connect(broker.host, broker.port)
        self.client.subscribe(topic, 1)
        self.client.loop_start()
        assert listening.wait(10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        del self.client  # its sockets close with it


@pytest.fixture
def hear(mosquitto: Broker) -> Iterator[Callable[[str], Ear]]:
    ears: list[Ear] = []

    def start(topic: str) -> Ear:
        ears.append(Ear(mosquitto, topic))
        return ears[-1]

    yield start
    for ear in ears:
        ear.close()


def test_a_json_device_hears_its_act_and_the_broker_confirms(
    mosquitto: Broker, run: Run, hear: Callable[[str], Ear]
):
    driver, host = run(mosquitto, "json")
    valve = hear("site/gv-1-address/down")
    driver.write(order())
    until(lambda: host.written_, "the receipt")
    assert host.written_ == [Written("cmd-1", 1)]
    message = valve.heard.get(timeout=60)
    assert (message.retain, message.qos, message.topic) == (False, 1, "site/gv-1-address/down")
    assert json.loads(message.payload) == {"cmd": "close", "who": "平台"}
    assert 0 < message.properties.MessageExpiryInterval <= VOID_AFTER


def test_a_zigbee_device_hears_its_act(mosquitto: Broker, run: Run, hear: Callable[[str], Ear]):
    driver, host = run(mosquitto, "zigbee2mqtt")
    siren = hear("zigbee2mqtt/sr-1-address/set")
    driver.write(order("sr-1", ON))
    until(lambda: host.written_, "the receipt")
    assert host.written_ == [Written("cmd-1", 1)]
    assert json.loads(siren.heard.get(timeout=60).payload) == {"warning": {"mode": "fire", "strobe": True}}


def test_a_device_that_is_not_there_is_said(mosquitto: Broker, run: Run):
    driver, host = run(mosquitto, "json")
    driver.write(order())
    until(lambda: host.written_, "the receipt")
    assert "nobody hears site/gv-1-address/down" in (host.written_[0].error or "")


def test_a_topic_the_broker_forbids_is_said(mosquitto: Broker, run: Run):
    driver, host = run(mosquitto, "json")
    driver.write(order(body=JsonActWrite(topic="secret/{device}", payload={"cmd": "close"})))
    until(lambda: host.written_, "the receipt")
    assert "refuses a message on secret/gv-1-address" in (host.written_[0].error or "")


def test_without_a_broker_a_write_is_refused_at_once(mosquitto: Broker, run: Run):
    driver, host = run(mosquitto, "json")
    mosquitto.stop()
    until(lambda: not driver.report().up, "the loss")
    began = time.monotonic()
    driver.write(order())
    until(lambda: host.written_, "the receipt")
    assert time.monotonic() - began < 10
    assert host.written_[0].error


def test_another_dialects_device_and_act_are_refused(mosquitto: Broker, run: Run):
    driver, host = run(mosquitto, "json")
    driver.write(order("sr-1"))
    driver.write(order("gv-1", ON))
    assert [receipt.error for receipt in host.written_] == [
        "sr-1 is not a device of json",
        "gv-1: this act has no topic and payload",
    ]
