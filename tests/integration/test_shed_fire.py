"""S3: fire in the e-bike shed at 02:14, one guard away, as its file tells it; the whole hub, real broker and lines.

The fire becomes certain by two detectors in S3, by a person in S3b. The shed's camera sees a drawn flame meanwhile,
over MJPEG and a child of its own as on site.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from edge.domain.alarm import Alarm
from edge.domain.fact import Fact
from edge.domain.footage import StillSet
from edge.domain.instant import SECOND
from edge.domain.output import Operate
from edge.domain.request import Judge, Refusal, Reset
from edge.facade import CaseQuery
from edge.hub import RunningHub
from edge.tools.broker import Broker
from tests.faults.outside import Group
from tests.integration.conftest import Start, make_site, until
from tests.integration.field import Field
from tests.integration.outside import Devices, devices
from tests.integration.story import BUSY, Story, after, at, clock_at, output, panel

SHED = ("sm-eb1", "ht-eb2", "tc-eb", "rl-eb", "sr-eb", "bc-out")
CAMERA = "cm-02"
FLAME = "cm-02.flame"
SIRENS = {"sr-eb.siren", "bc-out.broadcast"}
GUARD, LEADER, HEAD, ELECTRICIAN = "zhang-lei", "liu-yang", "zhou-min", "sun-zhi"
PHONES = {LEADER: "+8619900000014", HEAD: "+8619900000002"}


@pytest.fixture
def site(tmp_path: Path, own_broker: Broker) -> Path:
    return make_site(tmp_path, own_broker, cameras=True)


@pytest.fixture
def field_side(tmp_path: Path, site: Path, own_broker: Broker) -> Iterator[Devices]:
    with devices(tmp_path, site, own_broker, over_mqtt=True, dwell=10) as playing:
        yield playing


def kept(alarm: Fact, moment: str) -> Callable[[dict[str, Any]], bool]:
    """A set of pictures of this alarm in which that of this moment is there."""

    def there(body: dict[str, Any]) -> bool:
        shots = {shot["moment"]: shot for shot in body["pictures"]}
        return body["alarm"] == alarm.body["id"] and shots[moment]["taken"] is not None

    return there


def of(hub: RunningHub, point: str) -> Alarm:
    (alarm,) = [a for a in hub.open_alarms() if a.point == point]
    return alarm


async def ready(hub: RunningHub) -> None:
    await until(lambda: all(link.up for link in hub.links()))
    await until(lambda: all((d := hub.device(id)) is not None and d.online is True for id in SHED))
    await until(lambda: all(c.view is not None and c.view.state == "ok" for c in hub.cameras()))


def suspected(story: Story, flame: Fact, shown: dict[str, Sequence[StillSet]]) -> None:
    """The camera: a suspicion, never a fire signal; and evidence of the detector's alarm too, of the very moment."""
    assert (flame.body["signal"], flame.body["title"][0]) == ("supervisory", "疑似火焰")
    (found,) = story.all("finding.seen", device=CAMERA, kind="flame")
    assert found.body["box"] is not None
    assert found.body["why"]
    assert abs(found.time - flame.time) < (1 + BUSY) * SECOND
    for sets in shown.values():
        (pictures,) = sets
        assert pictures.device == CAMERA
        assert [shot.moment for shot in pictures.pictures] == ["before", "at", "after"]
        for shot in pictures.pictures:
            assert shot.taken is not None
            assert abs(shot.taken - shot.wanted) < 1.5 * SECOND  # one a second, and what a busy machine adds


async def pictures_of(hub: RunningHub, story: Story, alarms: Sequence[Fact]) -> dict[str, Sequence[StillSet]]:
    """What the camera of the place showed before, at and after each alarm, by the alarm's id."""
    for alarm in alarms:
        for moment in ("before", "at", "after"):
            await story.until("stills.kept", kept(alarm, moment))
    return {alarm.body["id"]: await hub.alarm_stills(alarm.body["id"]) for alarm in alarms}


@pytest.mark.slow
async def test_s3_as_its_file_tells_it(
    start_hub: Start, field_side: Devices, group: Group, field: Field, capsys: pytest.CaptureFixture[str]
) -> None:
    async with start_hub(civil_offset=clock_at(2, 14)) as started:
        hub = started.hub
        await ready(hub)
        story = Story(hub)
        await field_side.play("s3")

        # Nobody acts. 刘洋, called at 30 s, answers by SMS when 周敏 has been called as well.
        warned = await story.until("alarm.raised", at("tc-eb.temperature-1"))
        smoke = await story.until("alarm.raised", at("sm-eb1.smoke"))
        flame = await story.until("alarm.raised", at(FLAME))
        heat = await story.until("alarm.raised", at("ht-eb2.heat"))
        wall = [alarm.point for alarm in hub.open_alarms()]
        assert FLAME in wall[2:]
        assert set(wall[:2]) == {"sm-eb1.smoke", "ht-eb2.heat"}
        assert "tc-eb.temperature-1" in wall[2:]
        for id in SIRENS:
            await story.until("command.confirmed", output(id, "start"))
        for point in (
            "sm-eb1.smoke",
            "ht-eb2.heat",
        ):  # each "1" takes what he was told last
            await story.until("alarm.acked", at(point))

        # The camera of the place shows what was there before, at and after either alarm.
        shown = await pictures_of(hub, story, (smoke, flame))
        async with await panel(hub, started.address, HEAD) as desk:
            page = (await desk.get(f"/alarms/{smoke.body['id']}")).text

        # He confirms what two detectors said: the plan's people are told, though it is taken.
        await hub.act(Judge(smoke.body["id"], LEADER, "real", "fire"))
        await until(lambda: any("火警确认" in text for text in group.texts))
        team = {"zhou-min", "he-jun", "ma-chao", "luo-yong", LEADER, "chen-guoping"}
        for person in team:
            await story.until(
                "notification.sent",
                lambda body, person=person: (body["message"], body["person"]) == ("confirmed", person),  # type: ignore[misc]
            )

        # Only a person stops the siren: not the detectors' return, nor the reset of both alarms.
        with pytest.raises(Refusal, match="still_active"):
            await hub.act(Reset(smoke.body["id"], GUARD))
        for device in ("sm-eb1", "ht-eb2"):
            field.say(f"zigbee2mqtt/{device}", {"smoke": False, "battery": 97})
        for point in ("sm-eb1.smoke", "ht-eb2.heat"):
            await until(lambda point=point: not of(hub, point).active)  # type: ignore[misc]
            await hub.act(Reset(of(hub, point).id, GUARD))
        assert field_side.told("sr-eb") == ["siren: start"]
        await hub.act(Operate(act="stop", by=GUARD, outputs=tuple(sorted(SIRENS)), reason="火已灭"))
        for id in SIRENS:
            await story.until("command.confirmed", output(id, "stop"))

        with capsys.disabled():
            print(f"\n{story.told(smoke.time)}")  # noqa: T201 - the record of the story

        told = [(t.number, t.text) for t in field_side.modem.texts]
        calls = [
            line.removeprefix("call to ") for line in field_side.lines if re.fullmatch(r"call to \S+", line)
        ]
        orders = (await hub.cases("order", CaseQuery())).items

    # Alarms: the warning, then two fires that stand above it; three rows, none of them double.
    assert (warned.body["signal"], warned.body["priority"]) == ("process", "high")
    assert [fact.body["signal"] for fact in (smoke, heat)] == ["fire", "fire"]
    assert warned.time < smoke.time < heat.time
    for point in ("tc-eb.temperature-1", "sm-eb1.smoke", "ht-eb2.heat"):
        assert len(story.all("alarm.raised", point=point)) == 1
    assert smoke.body["place"][0] == "室外 电动自行车库 顶棚"

    # Stage 1: the charging power is cut and read back, the desk sounds; nothing else is switched.
    trips = story.all("command.confirmed", output="rl-eb.relay")
    assert {(trip.body["act"], trip.body["by"]) for trip in trips} == {("trip", None)}
    assert 0 <= after(trips[0], smoke.time) <= 5 + BUSY
    beacon = story.all("command.confirmed", output="dk-01.beacon", act="fire")
    assert after(beacon[0], smoke.time) <= 5 + BUSY
    before = {f.body["output"] for f in story.facts if f.subject == "command" and f.time < heat.time}
    assert before == {"rl-eb.relay", "dk-01.beacon"}

    # Two kinds of message within 15 s, for either fire, also while a phone rings.
    for fire in (smoke, heat):
        for channel in ("sms", "wecom"):
            sent = story.all("notification.sent", channel=channel, alarm=fire.body["id"])
            assert 0 <= after(sent[0], fire.time) <= 15 + BUSY, channel
    assert all("http" not in text for _, text in told)
    assert any("火警" in text and "电动自行车库" in text for text in group.texts)

    # The ladder: 刘洋 at 30 s, 周敏 at 60 s; with the answer of 刘洋 it stops.
    rings = story.all("notification.sending", channel="ring", alarm=smoke.body["id"])
    assert [fact.body["person"] for fact in rings[:2]] == [LEADER, HEAD]
    assert 30 <= after(rings[0], smoke.time) <= 33 + BUSY
    assert 60 <= after(rings[1], smoke.time) <= 63 + BUSY
    assert calls[:2] == [PHONES[LEADER], PHONES[HEAD]]
    (acked,) = story.all("alarm.acked", point="sm-eb1.smoke")
    assert acked.by == LEADER
    assert after(acked, smoke.time) < 120 + BUSY
    (stopped,) = story.all("escalation.stopped", alarm=smoke.body["id"])
    assert stopped.body["reason"] == "acknowledged"
    asked = [f for f in story.all("notification.sending", alarm=smoke.body["id"]) if f.body["help"]]
    assert all(fact.time <= acked.time for fact in asked)

    assert shown[smoke.body["id"]][0].id in page
    suspected(story, flame, shown)

    # Stage 2 by two detectors, not by the warning and one: siren and announcement once each, with feedback.
    (certain,) = story.all("incident.confirmed")
    assert certain.by is None
    assert certain.time >= heat.time  # not when a camera had seen flame beside one detector
    for id in SIRENS:
        (begun,) = story.all("command.confirmed", output=id, act="start")
        assert 0 <= after(begun, heat.time) <= 10 + BUSY
        (ended,) = story.all("command.confirmed", output=id, act="stop")
        assert ended.body["by"] == GUARD
    assert sum("【火警确认】" in text for _, text in told) >= len(team)

    # Must not: an electrician sent into the shed.
    assert orders == []
    assert ELECTRICIAN not in {f.body["person"] for f in story.facts if f.subject == "notification"}


@pytest.mark.long
@pytest.mark.slow
async def test_s3b_a_siren_that_proves_nothing_is_an_alarm_within_five_seconds(
    start_hub: Start, field_side: Devices, capsys: pytest.CaptureFixture[str]
) -> None:
    async with start_hub(civil_offset=clock_at(2, 14)) as started:
        hub = started.hub
        await ready(hub)
        story = Story(hub)
        await field_side.play("s3b")
        smoke = await story.until("alarm.raised", at("sm-eb1.smoke"))
        await hub.act(Judge(smoke.body["id"], GUARD, "real", "fire"))
        verdict = await story.until("alarm.verdict", at("sm-eb1.smoke"))
        silent = await story.until("alarm.raised", at("sr-eb.siren-feedback"))
        await story.until("command.confirmed", output("bc-out.broadcast", "start"))
        (begun,) = story.all("command.confirmed", output="bc-out.broadcast")
        assert 0 <= after(begun, verdict.time) <= 10 + BUSY
        assert all(f.time >= verdict.time for f in story.facts if f.body.get("output") in SIRENS)
        assert field_side.told("sr-eb")[0] == "siren: start"
    with capsys.disabled():
        print(f"\n{story.told(verdict.time)}")  # noqa: T201 - the record of the story
    assert silent.body["title"] == ["已启动·无反馈", "Activated, no feedback"]
    assert after(silent, verdict.time) <= 5 + BUSY
