"""Backups over the API and on the health page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.backup import BackupState
from edge.facade import Role
from tests.web.fake_backups import AT
from tests.web.fakes import FakeHub


async def test_the_list(api):
    body = (await api.get("/api/v1/backups")).json()
    assert [one["name"] for one in body["items"]] == [
        "a-20260528T000000Z.backup",
        "a-20260527T000000Z.backup",
    ]
    first, second = body["items"]
    assert (first["size"], first["where"], first["by"]) == (5_000_000, ["folder", "nas"], None)
    assert first["rehearsed"]["ok"] is True
    assert second["problem"] == {"zh": "nas:连接不上", "en": "nas: nothing answers"}
    assert (body["own_disk"], body["targets"], body["job"], body["waits"]) == (True, ["nas"], None, None)
    assert body["next_due"].endswith("Z")


@pytest.mark.parametrize("role", [Role.GUARD, Role.MAINTENANCE, Role.WALL])
async def test_only_an_administrator_has_one_made(program, hub: FakeHub, role: Role) -> None:
    answer = await program(role).post("/api/v1/backups")
    assert answer.status_code in {401, 403}
    assert not hub.backups.asked


async def test_by_hand(program, hub: FakeHub) -> None:
    client = program(Role.ADMIN)
    answer = await client.post("/api/v1/backups", headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 200
    said = answer.json()
    assert (said["name"], said["job"]["step"]) == ("a-20260528T010000Z.backup", "making")
    ((by, key),) = hub.backups.asked
    assert key == f"{by}/k1"


async def test_where_none_are_set_up(program, hub: FakeHub) -> None:
    hub.backups.stands = BackupState()
    answer = await program(Role.ADMIN).post("/api/v1/backups")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_backup")
    assert (await program(Role.ADMIN).get("/api/v1/backups")).json()["items"] == []


async def test_an_administrator_lets_go_what_is_held(program, hub: FakeHub) -> None:
    hub.backups.stands = replace(hub.backups.stands, held=["a-20260527T000000Z.backup"], held_since=AT)
    assert (await program(Role.GUARD).post("/api/v1/backups/release")).status_code in {401, 403}
    client = program(Role.ADMIN)
    before = (await client.get("/api/v1/backups")).json()
    assert (before["held"], before["held_since"][-1]) == (["a-20260527T000000Z.backup"], "Z")
    answer = await client.post("/api/v1/backups/release")
    assert (answer.status_code, answer.json()["held"], answer.json()["held_since"]) == (200, [], None)
