"""A hub with a plan backs itself up and tries what it made, beside a fire; by hand it says who asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.hub import RunningHub
from tests.integration.conftest import Start, until
from tests.integration.field import Field
from tests.integration.story import panel


def said(hub: RunningHub) -> str:
    return hub.health().checks["backup"].detail.en


@pytest.mark.long  # four children of Python, one after the other; each is tried alone in tests/edge
async def test_a_hub_backs_itself_up_and_tries_it(
    tmp_path: Path, site: Path, start_hub: Start, field: Field
) -> None:
    medium = tmp_path / "medium"
    plan = f'\n[backup]\nfolder = "{medium}"\npassphrase_file = "{tmp_path}/pass"\nown_disk = true\n'
    with (site / "site.toml").open("a", encoding="utf-8") as file:
        file.write(plan)
    (tmp_path / "pass").write_text("correct horse battery\n", "utf-8")
    async with start_hub() as started:
        hub = started.hub
        await until(lambda: "there is no folder" in said(hub))
        async with asyncio.timeout(60):  # the next try by itself is in an hour
            while not await hub.latest_facts(None, 1, "backup.failed"):  # noqa: ASYNC110 - a fact has no event here
                await asyncio.sleep(0.05)
        field.say("zigbee2mqtt/sm-303", {"smoke": True, "battery": 97})
        await until(lambda: any(alarm.point == "sm-303.smoke" for alarm in hub.open_alarms()))
        medium.mkdir()
        async with await panel(hub, started.address, "wang") as client:
            answer = await client.post("/api/v1/backups", headers={"Idempotency-Key": "one"})
            name = answer.json()["name"]
            await until(lambda: hub.backups.state().last_rehearsal is not None, 120)
            (one,) = (await client.get("/api/v1/backups")).json()["items"]
        assert (one["name"], one["where"], one["problem"]) == (name, ["folder"], None)
        assert one["rehearsed"]["ok"] is True, one["rehearsed"]
        assert (medium / name).read_bytes().startswith(b"edge-hub-backup 1 ")
        told = {fact.kind: fact for fact in await hub.latest_facts(None, 50, "backup.")}
        assert {told[f"backup.{what}"].by for what in ("asked", "made")} == {one["by"]} == {"wang"}
        assert told["backup.rehearsed"].body["alarms"] >= 1
        await until(lambda: "brought back in a rehearsal" in said(hub))
        assert hub.health().checks["backup"].ok
    assert {path.name for path in (tmp_path / "data").iterdir()} >= {"backups.json", "journal.db"}
    assert not (tmp_path / "data/rehearsal").exists()
