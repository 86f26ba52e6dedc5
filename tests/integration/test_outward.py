"""MQTT out over the whole hub and a real Mosquitto: as the API says it, gone when closed, right after restarts."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import Any

from edge.domain.device import Signal
from edge.domain.names import Text
from edge.domain.order import Advance, OpenOrder
from edge.domain.reading import Purpose
from edge.domain.request import Acknowledge, Judge, Reset
from edge.hub import RunningHub
from edge.tools.broker import Broker
from tests.integration.conftest import Start, until
from tests.integration.field import Field
from web.api.v1 import shapes

TOPIC = "zigbee2mqtt/sm-303"
PREFIX = "edge-hub/heanyuan"


def stored(broker: Broker) -> dict[str, Any]:
    """What a newcomer with the field's account finds there, by `<kind>/<id>`."""
    account = broker.account("field")
    found = subprocess.run(
        ["mosquitto_sub", "-h", broker.host, "-p", str(broker.port), "-u", account.name, "-P", account.password,
         "-t", f"{PREFIX}/alarms/+", "-t", f"{PREFIX}/work-orders/+", "--retained-only", "-W", "1", "-F", "%t %p"],
        capture_output=True, timeout=20, check=False,
    ).stdout.decode()  # fmt: skip
    lines = (line.partition(" ") for line in found.splitlines())
    return {topic.removeprefix(f"{PREFIX}/"): json.loads(payload) for topic, _, payload in lines}


async def shown(broker: Broker, wanted: object) -> dict[str, Any]:
    """What stands there once `wanted(it)` is true."""
    async with asyncio.timeout(20):
        while True:
            found = await asyncio.to_thread(stored, broker)
            if wanted(found):  # type: ignore[operator]
                return found


def fire(hub: RunningHub) -> str:
    return next(alarm.id for alarm in hub.open_alarms() if alarm.signal is Signal.FIRE)


async def test_open_alarms_and_orders_stand_there_and_closed_ones_do_not_even_after_restarts(
    start_hub: Start, field: Field, own_broker: Broker
) -> None:
    async with start_hub() as started:
        hub = started.hub
        await asyncio.to_thread(field.say, TOPIC, {"smoke": True, "battery": 97})
        await until(lambda: any(a.signal is Signal.FIRE for a in hub.open_alarms()))
        alarm = f"alarms/{(id := fire(hub))}"
        order = await hub.act(OpenOrder("li", Text("查看", "Look"), zone="b3"))
        assert isinstance(order, dict)
        work = f"work-orders/{order['id']}"
        found = await shown(own_broker, lambda found: alarm in found and work in found)
        open_one = next(a for a in hub.open_alarms() if a.id == id)
        assert set(found[alarm]) == set(shapes.alarm_of(hub, open_one))
        assert (found[alarm]["state"], found[alarm]["purpose"]) == ("unacknowledged", "live")
        assert found[work]["title"] is None  # a person may have worded it
        assert all(
            body["purpose"] != Purpose.TEST for name, body in found.items() if name.startswith("alarms")
        )
        await hub.act(Acknowledge(id, "li"))
        await hub.act(Judge(id, "li", "false", "张三家做饭"))
        found = await shown(own_broker, lambda found: found[alarm]["verdict"])
        assert (found[alarm]["acked_by"], found[alarm]["verdict"]["kind"]) == ("li", "false")
        assert "张三" not in json.dumps(found, ensure_ascii=False)
    assert alarm in await asyncio.to_thread(stored, own_broker), (
        "the hub stands still, the alarm is still open"
    )

    # Both end while the broker is away; the hub is stopped before it is back.
    async with start_hub() as started:
        hub = started.hub
        await asyncio.to_thread(field.say, TOPIC, {"smoke": False})
        await until(lambda: not next(a for a in hub.open_alarms() if a.id == id).active)
        await asyncio.to_thread(own_broker.stop)
        await hub.act(Reset(id, "li"))
        await hub.act(Advance(order["id"], "li", "cancel", reason="duplicate"))
    await asyncio.to_thread(own_broker.start)
    assert {alarm, work} <= set(await asyncio.to_thread(stored, own_broker)), (
        "what the broker still has is stale"
    )
    async with start_hub():
        found = await shown(own_broker, lambda found: not {alarm, work} & set(found))
