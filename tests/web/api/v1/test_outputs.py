"""Outputs and linkage over the API, before the real tenant."""

from __future__ import annotations

import pytest

from edge.conclude import Conclude
from edge.domain.device import Signal
from edge.domain.fact import Fact, Seq
from edge.domain.output import Linkage
from edge.facade import Role
from edge.outputs import Outputs
from tests.edge.outputs.stage import DEVICES, LINKAGES, Stage, alarm
from tests.web.fakes import FakeHub


@pytest.fixture
def outputs(hub: FakeHub) -> Outputs:
    stage = Stage()
    linkages: tuple[Linkage, ...] = LINKAGES
    tenant = Outputs(
        {device.id: device for device in DEVICES}, stage.points, linkages, stage.numbering, list, hub.desk
    )
    hub.conclude = Conclude([tenant])
    return tenant


async def test_all_outputs_as_they_stand(api, outputs):
    body = (await api.get("/api/v1/outputs")).json()
    by_id = {item["id"]: item for item in body["items"]}
    assert by_id["siren.siren"]["acts"] == ["start", "stop"]
    assert by_id["siren-in-flat.siren"]["barrier"] == "gas_zone"
    assert by_id["valve.valve"]["barrier"] is None
    assert by_id["fan.fan"]["ex_proof"] is True


async def test_a_guard_starts_and_stops_a_siren(program, outputs):
    guard = program(Role.GUARD)
    answer = await guard.post("/api/v1/outputs/siren.siren/operate", json={"act": "start", "reason": "smoke"})
    assert answer.status_code == 200
    (command,) = answer.json()["items"]
    assert (command["state"], command["by"], command["opened_at"][-1]) == ("sent", "program-guard", "Z")
    listed = (await guard.get("/api/v1/commands?output=siren.siren&state=open")).json()["items"]
    assert [row["id"] for row in listed] == [command["id"]]
    answer = await guard.post("/api/v1/outputs/operate", json={"act": "stop", "kind": "siren", "zone": "b3"})
    assert {row["output"] for row in answer.json()["items"]} == {"siren.siren", "mute.siren"}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("outputs/valve.valve/operate", {"act": "open"}, 409, "close_only"),
        ("outputs/siren-in-flat.siren/operate", {"act": "start"}, 409, "gas_zone"),
        ("outputs/desk.desk/operate", {"act": "off"}, 409, "automatic"),
        ("outputs/none.none/operate", {"act": "start"}, 404, "not_found"),
        ("outputs/operate", {"act": "start", "kind": "cannon", "zone": ""}, 404, "not_found"),
        ("outputs/siren.siren/operate", {"act": "start", "reasn": "x"}, 422, "bad_body"),
        ("linkage/lk-1-1/start", {}, 404, "not_found"),
    ],
)
async def test_refusals(api, outputs, path, body, status, code):
    answer = await api.post(f"/api/v1/{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_crew_sees_but_does_not_operate(program, outputs):
    crew = program(Role.MAINTENANCE)
    assert (await crew.get("/api/v1/outputs")).status_code == 200
    for path in ("outputs/siren.siren/operate", "linkage"):
        assert (await crew.post(f"/api/v1/{path}", json={"act": "start"})).status_code == 403


async def test_linkage_is_switched_over_with_a_reason_and_what_is_held_is_started(api, hub, outputs):
    answer = await api.post("/api/v1/linkage", json={"mode": "manual", "reason": ""})
    assert answer.json()["code"] == "reason_required"
    answer = await api.post("/api/v1/linkage", json={"mode": "manual", "reason": "welding"})
    assert (answer.json()["mode"], answer.json()["by"]) == ("manual", "program-admin")
    raised = alarm("al-1", Signal.GAS)
    hub.conclude.draw([Fact(Seq(1, 1), "alarm.raised", 0, None, "alarm", raised.to_dict())], hub.now())
    (held,) = (await api.get("/api/v1/linkage")).json()["starts"]
    assert held["state"] == "held"
    (started,) = (await api.post(f"/api/v1/linkage/{held['id']}/start")).json()["starts"]
    assert started["state"] == "started"
