"""A hub is backed up while it works, its machine is lost, and another one goes on from the backup."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.assembly import Options, running
from edge.domain.names import Text
from edge.domain.order import OpenOrder
from edge.domain.request import Acknowledge
from edge.facade import Account, CaseQuery, Role
from edge.hub import RunningHub
from edge.store.accounts import AccountFile
from edge.store.journal import verify
from tests.faults.outside import REPEATS, Group
from tests.integration.conftest import Start, until
from tests.integration.field import Field
from tests.integration.story import panel

PASSPHRASE = "和安苑 backup 2026"
SINCE = "2026-01-01T00:00:00.000Z"
SHOWN = {
    "alarms?state=all&signal=fire": (
        "key",
        "state",
        "priority",
        "raised_at",
        "acked_at",
        "acked_by",
        "title",
    ),
    "work-orders": ("number", "opened_at", "title", "alarm", "zone"),
    "incidents": ("opened_at", "zone", "alarms", "plan"),
    "hazards": ("opened_at", "zone", "kind"),
    "duties": ("opened_at", "name"),
    "devices": ("name", "profile", "zone"),
    "reserve": ("name", "count"),
}
"""Path -> what of each item neither time nor the hub changes by itself."""


async def edge_hub(*words: str | Path) -> tuple[int, str]:
    """The command as an administrator gives it: (exit code, what it said)."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge.cli", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )  # fmt: skip
    said, _ = await child.communicate()
    return child.returncode or 0, said.decode()


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text(f"{PASSPHRASE}\n", encoding="utf-8")
    return path


async def seen(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


async def messages(hub: RunningHub) -> list[dict[str, Any]]:
    return [dict(case) for case in (await hub.cases("notification", CaseQuery(limit=1000))).items]


async def everything(client: httpx.AsyncClient) -> dict[str, Any]:
    """What an administrator sees of all that must come back: the parts of it that time does not change."""
    shown: dict[str, Any] = {
        path: {
            item["id"]: {key: item.get(key) for key in keys} for item in (await seen(client, path))["items"]
        }
        for path, keys in SHOWN.items()
    }
    shown["readings"] = (await seen(client, f"points/sm-303.battery/readings?raw=true&from={SINCE}"))["items"]
    return shown


@contextmanager
def silent(group: Group) -> Iterator[None]:
    """The group's service takes messages, shows none and answers none."""
    server = group._server
    answering, over = server.RequestHandlerClass, threading.Event()

    class Silent(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            over.wait(60)

    server.RequestHandlerClass = Silent
    try:
        yield
    finally:
        over.set()
        server.RequestHandlerClass = answering


async def untried(hub: RunningHub) -> set[str]:
    """Messages that wait behind one that is being sent."""
    return {n["id"] for n in await messages(hub) if n["state"] == "queued" and not n["attempt"]}


async def test_another_machine_goes_on_from_the_backup(
    tmp_path: Path, site: Path, start_hub: Start, field: Field, group: Group, passphrase: Path
) -> None:
    backup, data = tmp_path / "stick" / "hub.backup", tmp_path / "data"
    backup.parent.mkdir()
    with ExitStack() as outside:
        async with start_hub() as started:
            hub = started.hub
            AccountFile(data / "accounts.db").put(Account("wang", "王", Role.ADMIN, "hash"), "cli:test", 1)
            for battery in (97, 96, 95):
                field.say("zigbee2mqtt/sm-303", {"smoke": True, "battery": battery})
            await until(lambda: bool(hub.incidents()) and any("303" in text for text in group.texts))
            (first,) = [a for a in hub.open_alarms() if a.point == "sm-303.smoke"]
            await hub.act(Acknowledge(first.id, "wang"))
            await hub.act(OpenOrder("wang", Text("查看", "Look"), zone="b3"))
            outside.enter_context(silent(group))
            for flat in ("sm-301", "sm-302k"):
                field.say(f"zigbee2mqtt/{flat}", {"smoke": True, "gas": True, "battery": 90})
            async with asyncio.timeout(20):
                while not (waiting := await untried(hub)):  # noqa: ASYNC110 - it is asked over threads
                    await asyncio.sleep(0.01)
            await hub.settled()
            async with await panel(hub, started.address, "wang") as client:
                before = await everything(client)
            code, said = await edge_hub("backup", backup, "--data", data, "--passphrase-file", passphrase)
            assert code == 0, said
            epoch = hub._line.log.numbering.epoch
    assert verify(data / "journal.db").ok
    told = list(group.texts)

    other, site_2 = tmp_path / "other", tmp_path / "site-2"
    code, said = await edge_hub(
        "restore", backup, "--data", other, "--passphrase-file", passphrase, "--site", site_2
    )
    assert code == 0, said
    assert (site_2 / "site.toml").read_bytes() == (site / "site.toml").read_bytes()
    assert (other / "codes.key").read_bytes() == (data / "codes.key").read_bytes()
    async with running(Options(site_2, other, listen="127.0.0.1:0")) as started:
        hub = started.hub
        await until(lambda: hub.health().status != "starting" and len(group.texts) > len(told))
        await hub.settled()
        async with await panel(hub, started.address, "wang") as client:
            after = await everything(client)
        assert hub._line.log.numbering.epoch > epoch
        assert "wang" in {a.name for a in await hub.accounts.accounts()}
        facts = await hub.latest_facts(None, 1000)
        (came,) = [fact for fact in facts if fact.kind == "hub.restored"]
        assert str(came.by).startswith("cli:")
        doubted = {f.body["id"] for f in facts if f.kind == "notification.retrying" and f.body["uncertain"]}
        assert waiting <= doubted  # they may have been sent since
    assert before.pop("readings") == after.pop("readings") != []
    for path, items in before.items():
        assert {id: after[path].get(id) for id in items} == items, path
    assert before["alarms?state=all&signal=fire"]
    assert before["work-orders"]
    assert group.texts[: len(told)] == told  # what had been sent is not sent again
    again = [text for text in group.texts[len(told) :] if any(old in text for old in told)]
    assert not again
    assert group.texts[len(told)].startswith(REPEATS)
    assert verify(other / "journal.db").ok
