"""What is open stands on a real Mosquitto as retained messages, and what is over does not, whoever was restarted."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from drivers._mqtt.config import BrokerSettings
from drivers._mqtt.publisher import MqttPublisher
from edge.domain.names import Text
from edge.domain.site import Outlet
from edge.tools.broker import Broker, BrokerAccount, shipped_accounts
from tests.drivers._mqtt.rig import PATIENT, RecordingHost, as_hub, publish, until

PREFIX = "edge-hub/heanyuan"
Run = Callable[..., MqttPublisher]


def body(id: str, **more: object) -> bytes:
    return json.dumps({"id": id, **more}).encode()


@pytest.fixture
def mosquitto(start_broker: Callable[..., Broker]) -> Broker:
    return start_broker()


@pytest.fixture
def run() -> Iterator[Run]:
    """Starts a publisher that shows alarms by id; all are stopped at the end."""
    with ExitStack() as running:

        def start(settings: BrokerSettings, **alarms: bytes) -> MqttPublisher:
            outlet = Outlet("out", Text("发布", "Out"), PREFIX, settings)
            publisher = MqttPublisher(outlet, ["alarms", "work-orders"], PATIENT)
            for id, payload in alarms.items():
                publisher.show("alarms", id, payload)
            publisher.start(RecordingHost())
            running.callback(publisher.stop)
            return publisher

        yield start


def stored(broker: Broker) -> dict[str, bytes]:
    """What a newcomer finds under the prefix."""
    account = broker.account("field")
    found = subprocess.run(
        ["mosquitto_sub", "-h", broker.host, "-p", str(broker.port), "-u", account.name, "-P", account.password,
         "-t", f"{PREFIX}/#", "--retained-only", "-W", "1", "-F", "%t %p"],
        capture_output=True, timeout=20, check=False,
    ).stdout  # fmt: skip
    lines = (line.partition(b" ") for line in found.splitlines())
    return {topic.decode().removeprefix(f"{PREFIX}/"): payload for topic, _, payload in lines}


def counters(publisher: MqttPublisher) -> dict[str, Any]:
    return dict(publisher.report().counters or {})


@pytest.mark.parametrize("version", ["auto", "3.1.1"])
def test_what_is_open_stands_there_as_it_is_now_and_what_is_over_does_not(
    mosquitto: Broker, run: Run, version: str
) -> None:
    publisher = run(as_hub(mosquitto, version=version), a1=body("a1"))
    publisher.show("work-orders", "wo-1", body("wo-1"))
    publisher.show("alarms", "a1", body("a1", acked=True))
    until(lambda: publisher.report().up and counters(publisher)["confirmed"] >= 2)
    until(
        lambda: stored(mosquitto) == {"alarms/a1": body("a1", acked=True), "work-orders/wo-1": body("wo-1")}
    )
    publisher.clear("alarms", "a1")
    publisher.clear("alarms", "unknown")
    until(lambda: counters(publisher)["cleared"] == 1)
    assert stored(mosquitto) == {"work-orders/wo-1": body("wo-1")}


@pytest.mark.parametrize("version", ["auto", "3.1.1"])
def test_after_a_restart_of_the_hub_what_closed_meanwhile_goes_and_nothing_of_others(
    mosquitto: Broker, run: Run, version: str
) -> None:
    first = run(as_hub(mosquitto, version=version), a1=body("a1"), a2=body("a2"))
    until(lambda: len(stored(mosquitto)) == 2)
    first.stop()
    publish(mosquitto, f"{PREFIX}/alarms/siren", b'{"id": "another"}', retain=True)
    publish(mosquitto, f"{PREFIX}/other/a1", body("a1"), retain=True)
    second = run(as_hub(mosquitto, version=version), a2=body("a2"), a3=body("a3"))
    until(lambda: counters(second)["cleared"] == 1)
    until(lambda: counters(second)["confirmed"] >= 3)
    assert sorted(stored(mosquitto)) == ["alarms/a2", "alarms/a3", "alarms/siren", "other/a1"]


def test_a_broker_that_lost_everything_gets_everything_again(
    start_broker: Callable[..., Broker], run: Run
) -> None:
    broker = start_broker()
    publisher = run(as_hub(broker), a1=body("a1"), a2=body("a2"))
    until(lambda: len(stored(broker)) == 2)
    broker.kill()
    publisher.clear("alarms", "a1")  # while nobody is there to be told
    publisher.show("alarms", "a3", body("a3"))
    broker.start()
    until(lambda: sorted(stored(broker)) == ["alarms/a2", "alarms/a3"])


def test_an_account_that_may_not_publish_there_is_told_so(
    start_broker: Callable[..., Broker], run: Run
) -> None:
    hub, *others = shipped_accounts(field=["#"], demo=["#"]).values()
    mute = BrokerAccount(hub.name, hub.password, hub.read, ["edge-hub/+/loopback/#"])
    publisher = run(as_hub(start_broker([mute, *others])), a1=body("a1"))
    until(lambda: counters(publisher)["refused"])
    until(lambda: "refuses what is published on edge-hub/heanyuan/alarms/a1" in publisher.report().detail.en)
    assert not publisher.report().up
