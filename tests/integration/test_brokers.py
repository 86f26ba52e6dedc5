"""The broker away, back, back without its memory, and a wrong password: said in plain words, retried for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path

from edge.domain.health import LinkReport
from edge.hub import RunningHub
from edge.tools.broker import Broker
from tests.integration.conftest import Start, until
from tests.integration.field import Field

SMOKE = "zigbee2mqtt/sm-303"


def link(hub: RunningHub) -> LinkReport:
    return next(link for link in hub.links() if link.source == "zigbee")


def on_fire(hub: RunningHub) -> bool:
    return any(alarm.point == "sm-303.smoke" for alarm in hub.open_alarms())


async def test_a_broker_that_goes_and_comes_back_with_its_session(
    start_hub: Start, own_broker: Broker
) -> None:
    async with start_hub() as started:
        hub = started.hub
        assert "已连接" in link(hub).detail.zh
        await asyncio.to_thread(own_broker.stop)
        await until(lambda: not link(hub).up)
        await until(lambda: "the broker does not run, or the port is wrong" in link(hub).detail.en)
        assert f"{own_broker.host}:{own_broker.port} 拒绝连接" in link(hub).detail.zh
        await until(lambda: not hub.health().checks["zigbee"].ok)
        await asyncio.to_thread(own_broker.start)
        await until(lambda: link(hub).up)
        assert "lost the session" not in link(hub).detail.en
        await until(lambda: hub.health().checks["zigbee"].ok)
        with Field(own_broker) as field:
            await asyncio.to_thread(field.say, SMOKE, {"smoke": True})
        await until(lambda: on_fire(hub))


async def test_a_broker_that_comes_back_without_its_session_says_what_may_be_missing(
    start_hub: Start, own_broker: Broker
) -> None:
    async with start_hub() as started:
        hub = started.hub
        await asyncio.to_thread(own_broker.stop)
        for memory in own_broker.directory.glob("*.db"):
            memory.unlink()
        await asyncio.to_thread(own_broker.start)
        await until(lambda: link(hub).up)
        assert "the broker has lost the session: messages of the outage may be lost" in link(hub).detail.en
        assert (link(hub).counters or {})["sessions_lost"] == 1
        with Field(own_broker) as field:
            await asyncio.to_thread(field.say, SMOKE, {"smoke": True})
        await until(lambda: on_fire(hub))


async def test_a_wrong_password_is_said_and_heals_when_it_is_corrected(
    start_hub: Start, tmp_path: Path, own_broker: Broker, field: Field
) -> None:
    file = tmp_path / "mqtt-password"
    right = file.read_text("utf-8")
    file.write_text("guess", "utf-8")
    async with start_hub(connected=False) as started:
        hub = started.hub
        await until(lambda: "Wrong user name or password" in link(hub).detail.en)
        assert "refuses the account hub" in link(hub).detail.en
        assert "用户名或密码错误" in link(hub).detail.zh
        assert "guess" not in str(hub.links())
        assert hub.health().status == "degraded"  # it hears its buses, and says what it does not hear
        file.unlink()
        await until(lambda: "The password cannot be read" in link(hub).detail.en)
        file.write_text(right, "utf-8")
        await until(lambda: all(one.up for one in hub.links() if one.kind == "mqtt"))
        await asyncio.to_thread(field.say, SMOKE, {"smoke": True})
        await until(lambda: on_fire(hub))
