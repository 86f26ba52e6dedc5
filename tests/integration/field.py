"""The field side of an integration test: what devices would publish, over a real connection to a real broker."""

from __future__ import annotations

import json
import queue
import threading
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.tools.broker import Broker


class Field:
    """A publisher with the `field` account; `say` returns when the broker has taken the message."""

    def __init__(self, broker: Broker) -> None:
        account = broker.account("field")
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.username_pw_set(account.name, account.password)
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def say(self, topic: str, payload: Any, *, retain: bool = False) -> None:
        body = payload if isinstance(payload, bytes | str) else json.dumps(payload)
        self._client.publish(topic, body, qos=1, retain=retain).wait_for_publish(20)

    def hear(self, topic: str) -> queue.SimpleQueue[dict[str, Any]]:
        """What the hub tells devices on `topic`, from the moment the broker has the subscription."""
        heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        ready = threading.Event()
        self._client.message_callback_add(
            topic, lambda _c, _u, message: heard.put(json.loads(message.payload))
        )
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.subscribe(topic, qos=1)
        assert ready.wait(10)
        return heard

    def shout(self, topic: str, payload: str) -> None:
        """Publish, and wait for nobody."""
        self._client.publish(topic, payload, qos=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        del self._client  # paho closes its wake-up pair only then
