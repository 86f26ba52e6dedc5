"""From smoke to a verified repair on real parts: broker, serial lines, modem, a webhook; times from the journal."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from edge.domain.alarm import Alarm
from edge.domain.fact import Fact
from edge.domain.instant import SECOND
from edge.domain.order import AddPhoto, Advance
from edge.domain.request import Judge
from edge.facade import CaseQuery
from edge.hub import RunningHub
from edge.tools.broker import Broker
from edge.tools.modem import SimulatedModem
from tests.faults.outside import Group
from tests.integration.conftest import Start, until
from tests.integration.field import Field
from tests.integration.outside import devices

PHOTO = "202611-" + "0" * 32
SHIFT_LEADER = "19900000014"
SMOKE = ("zigbee2mqtt/sm-301", {"smoke": True, "battery": 97, "linkquality": 120})


@pytest.fixture
def soon(site: Path) -> None:
    """The second rung of the ladder comes at 9 s instead of 30: it is the order of things that is looked at here."""
    ladder = site / "dispatch/1-vital.toml"
    words = ladder.read_text(encoding="utf-8")
    assert words.count("after = 30") == 1
    ladder.write_text(words.replace("after = 30", "after = 9"), encoding="utf-8")


@pytest.fixture
def modem(tmp_path: Path, site: Path, own_broker: Broker) -> Iterator[SimulatedModem]:
    """The site's modem and what stands on its serial lines; MQTT devices are the test's own."""
    with devices(tmp_path, site, own_broker, over_mqtt=False) as playing:
        yield playing.modem


def fire(hub: RunningHub) -> Alarm:
    (alarm,) = [a for a in hub.open_alarms() if a.point == "sm-301.smoke"]
    return alarm


async def facts(hub: RunningHub) -> list[Fact]:
    return [*reversed(await hub.latest_facts(None, 2000))]


async def orders(hub: RunningHub) -> list[dict[str, Any]]:
    return [dict(body) for body in (await hub.cases("order", CaseQuery(open=True))).items]


def photo() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (800, 600), "grey").save(data, "JPEG")
    return data.getvalue()


def print_times(told: list[Fact], since: int) -> None:
    """Step times as the journal has them."""
    for fact in told:
        if fact.subject in {"alarm", "command", "notification", "escalation", "order"}:
            what = fact.body.get("channel") or fact.body.get("output") or fact.body.get("act") or ""
            print(f"{(fact.time - since) / SECOND:8.2f} s  {fact.kind:26} {what}")  # noqa: T201 - the record of the story


@pytest.mark.slow
@pytest.mark.usefixtures("soon")
async def test_from_smoke_to_a_verified_repair(
    start_hub: Start, field: Field, modem: SimulatedModem, group: Group, capsys: pytest.CaptureFixture[str]
) -> None:
    async with start_hub() as started:
        hub = started.hub
        await until(lambda: all(link.up for link in hub.links()))
        field.say(*SMOKE)
        await until(lambda: any(a.point == "sm-301.smoke" for a in hub.open_alarms()))
        raised = fire(hub)

        def beacon() -> str:
            state = next(s for s in hub.outputs() if s.output.id == "dk-01.beacon")
            return "" if state.command is None else f"{state.command.act} {state.command.state.value}"

        await until(lambda: beacon() == "fire confirmed")

        def about_it() -> list[str]:
            return [t.text for t in modem.texts if t.number.endswith(SHIFT_LEADER) and "301" in t.text]

        await until(lambda: bool(about_it()) and any("301" in text for text in group.texts))
        text = about_it()[0]
        assert "火警" in text
        assert "http" not in text

        # Nobody answers: the shift leader's phone is called (he is on it already), then he answers "1".
        modem.engaged |= {SHIFT_LEADER, f"+86{SHIFT_LEADER}"}
        await until(lambda: any(c.number.endswith(SHIFT_LEADER) for c in modem.calls))
        modem.receive(f"+86{SHIFT_LEADER}", "1")
        await until(lambda: fire(hub).acked)
        assert fire(hub).acked_by == "liu-yang"

        # A detector's fault, as he says: an order opens by itself.
        await hub.act(Judge(raised.id, "liu-yang", "fault", "ageing"))
        (order,) = await orders(hub)
        assert order["alarm"] == raised.id
        who = (order["offered"] or ["sun-zhi"])[0]
        await hub.act(Advance(order["id"], who, "accept"))
        await hub.act(Advance(order["id"], who, "depart"))
        await hub.act(Advance(order["id"], who, "arrive", proof="qr"))
        kept = await hub.evidence.keep(PHOTO, photo(), "3号楼1单元 3层 301 客厅", "flat 301")
        await hub.act(AddPhoto(order["id"], who, PHOTO, "after", kept.sha256, kept.width, kept.height))
        await hub.act(Advance(order["id"], who, "finish", note="换新探测器", action="replaced"))
        await hub.act(Advance(order["id"], "liu-yang", "verify"))
        assert await orders(hub) == []

        told = await facts(hub)
        at = {fact.kind: fact.time - raised.raised_at for fact in reversed(told)}
        with capsys.disabled():
            print_times([f for f in told if f.time >= raised.raised_at], raised.raised_at)
        sent = [f for f in told if f.kind == "notification.sent" and f.body["alarm"] == raised.id]
        two = {fact.body["channel"]: fact.time for fact in reversed(sent)}
        assert {"sms", "wecom"} <= two.keys()
        assert all(two[channel] - raised.raised_at <= 15 * SECOND for channel in ("sms", "wecom"))
        assert at["command.confirmed"] <= 10 * SECOND
        assert "escalation.stopped" in at
