"""A worker, the yardstick: paho's own client as everybody uses it, which only counts, or only notes the time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.tools.benches.processes import serve


def work(spec: dict[str, Any], ready: Callable[[], None], wait: Callable[[], None]) -> dict[str, Any]:
    """Hear `filter` at QoS 1.

    With `count`: {"done": when that many had come (monotonic ns), "cpu": seconds they cost}. Without: until told to
    end, then {"heard": {topic: when}}.
    """
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "bench-yardstick", protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(spec["username"], spec["password"])
    window = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    window.ReceiveMaximum = spec["window"]  # the hub's own: the broker treats both alike
    subscribed, complete = threading.Event(), threading.Event()

    def subscribe(*_: Any) -> None:
        client.subscribe(spec["filter"], options=SubscribeOptions(1))

    client.on_connect = subscribe
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect(spec["host"], spec["port"], properties=window)
    wanted: int = spec.get("count", 0)
    heard: dict[str, int] = {}
    received = 0

    def count(_client: Any, _userdata: Any, _message: Any) -> None:
        nonlocal received
        received += 1
        if received == wanted:
            complete.set()

    def note(_client: Any, _userdata: Any, message: Any) -> None:
        heard[message.topic] = time.monotonic_ns()

    client.on_message = count if wanted else note
    client.loop_start()
    subscribed.wait(20)
    ready()
    wait()
    found: dict[str, Any]
    if wanted:
        before = time.process_time()
        complete.wait()
        found = {"done": time.monotonic_ns(), "cpu": time.process_time() - before}
    else:
        found = {"heard": heard}
    client.disconnect()
    client.loop_stop()
    return found


if __name__ == "__main__":
    serve(work)
