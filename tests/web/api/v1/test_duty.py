"""Hand-overs and devices out of service, by the real tenants."""

from __future__ import annotations

import httpx
import pytest

from edge.alarm.outage import OutOfService
from edge.alarm.outages import Outages
from edge.conclude import Conclude
from edge.dispatch.handover import HandOvers
from edge.domain.device import Signal
from edge.domain.instant import DAY, HOUR, to_rfc3339
from tests.web.conftest import ComeIn
from tests.web.fakes import PINS, FakeHub
from tests.web.sample_site import DEVICES


@pytest.fixture
def manned(hub: FakeHub) -> FakeHub:
    devices = {device.id: device for device in DEVICES}
    numbering = hub._numbering
    hub.conclude = Conclude(
        [OutOfService(devices.get, Outages(), numbering), HandOvers(lambda _: None, numbering)]
    )
    return hub


def signed(giver: str = "guard", taker: str = "admin", **more: object) -> dict[str, object]:
    return {
        "giver": {"person": giver, "pin": PINS[giver]},
        "taker": {"person": taker, "pin": PINS[taker]},
        **more,
    }


async def test_a_watch_is_handed_over_with_what_is_open(person: ComeIn, manned: FakeHub) -> None:
    client = await person("guard")
    fire = manned.raise_alarm()
    manned.raise_alarm("wp-1.link", Signal.FAULT)
    body = signed(items={"keys": True}, remarks="3号楼烟感待换")
    done = (await client.post("/api/v1/handovers", json=body)).json()
    assert (done["giver"], done["taker"], done["items"]["keys"], done["items"]["radios"]) == (
        "guard", "admin", True, False,
    )  # fmt: skip
    assert fire.id in done["left"]["alarms"]
    listed = (await client.get("/api/v1/handovers")).json()["items"]
    assert listed == [done]
    page = (await client.get(f"/handover/{done['id']}")).text
    assert "李强" in page
    assert "王芳" in page
    assert "3号楼烟感待换" in page
    assert "交接班记录" in (await client.get("/handover")).text


async def test_both_sign_and_they_are_two(person: ComeIn, manned: FakeHub) -> None:
    client = await person("guard")
    for body, code in (
        (signed("guard", "guard"), "same_person"),
        (signed(taker="maintenance"), "forbidden"),
        (signed() | {"taker": {"person": "admin", "pin": "0000"}}, "wrong_pin"),
        (signed(post="moon"), "unknown_post"),
    ):
        assert (await client.post("/api/v1/handovers", json=body)).json()["code"] == code
    assert (await client.get("/api/v1/handovers")).json()["items"] == []


async def out(client: httpx.AsyncClient, hub: FakeHub, device: str, **more: object) -> httpx.Response:
    body = {"until": to_rfc3339(hub.now().utc + DAY), "reason": "repair", **more}
    return await client.post(f"/api/v1/devices/{device}/outage", json=body)


async def test_a_device_goes_out_of_service_and_back(person: ComeIn, manned: FakeHub) -> None:
    client = await person("maintenance")
    manned.case_rows["order"] = {"wo-1-7": {}}
    done = (await out(client, manned, "bin-1", order="wo-1-7")).json()
    assert (done["by"], done["open"], done["order"], done["second"]) == ("maintenance", True, "wo-1-7", None)
    page = (await client.get("/devices/bin-1")).text
    assert "停用至" in page
    assert "正在维修" in page
    assert "bin-1" in (await client.get("/devices?online=out")).text
    assert [row["device"] for row in (await client.get("/api/v1/outages")).json()["items"]] == ["bin-1"]
    back = (await client.post("/api/v1/devices/bin-1/return")).json()
    assert (back["open"], back["ended_by"]) == (False, "maintenance")
    assert (await client.get("/api/v1/outages")).json()["items"] == []
    assert len((await client.get("/api/v1/outages?state=all")).json()["items"]) == 1


async def test_a_smoke_detector_takes_two(person: ComeIn, manned: FakeHub) -> None:
    client = await person("guard")
    assert (await out(client, manned, "sm-301")).json()["code"] == "second_person"
    second = {"person": "admin", "pin": PINS["admin"]}
    assert (await out(client, manned, "sm-301", second=second)).json()["second"] == "admin"
    assert (await out(client, manned, "sm-301", second=second)).json()["code"] == "out_of_service"
    late = to_rfc3339(manned.now().utc + 7 * DAY + HOUR)
    assert (await out(client, manned, "sm-402", second=second, until=late)).json()["code"] == "too_long"
    assert (await out(client, manned, "nothing")).json()["code"] == "not_found"


async def test_a_crew_signs_no_hand_over_of_others(person: ComeIn, manned: FakeHub) -> None:
    answer = await (await person("maintenance")).post("/api/v1/handovers", json=signed())
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_what_an_outage_names_exists(person: ComeIn, manned: FakeHub) -> None:
    client = await person("guard")
    body = {"until": to_rfc3339(manned.now().utc + HOUR), "reason": "paint", "order": "wo-9"}
    answer = await client.post("/api/v1/devices/bin-1/outage", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await client.get("/api/v1/outages?state=bogus")).status_code == 422
