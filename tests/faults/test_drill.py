"""kill -9 of the real process in each state of a drill: it goes on and says so, and nothing is called twice."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from edge.facade import Account, Role
from edge.store.accounts import AccountFile
from edge.store.journal import verify
from tests.faults.outside import Outside
from tests.faults.rig import Api, Rig, until
from tests.faults.states import Journal, Reaper
from tests.faults.stories import Point
from web.auth.secrets import hash_password

SECOND = "zhou-min"
PIN = "2468"
STATES = ("drill.started", "drill.time", "drill.told", "command.sent", "drill.finished", "alarm.reset")


def played(api: Api) -> str:
    """A drill with a siren, over whatever happens meanwhile; its id."""
    second = {"person": SECOND, "pin": PIN}
    asked: dict[str, Any] = {
        "kind": "live", "plan": "p2-flat-smoke", "point": "sm-301.smoke", "outputs": ["sr-b3a.siren"],
        "second": second,
    }  # fmt: skip
    drill = api.persist("/api/v1/drills", asked, uuid.uuid4().hex)["id"]

    def has(what: str) -> bool:
        return what in api.look(f"/api/v1/drills/{drill}")["times"]

    until("its alarm has come", lambda: has("alarm"))
    until("somebody was told", lambda: bool(api.look(f"/api/v1/drills/{drill}")["told"]))
    until("its siren was started", lambda: bool(api.look(f"/api/v1/drills/{drill}")["operated"]))
    api.persist(f"/api/v1/drills/{drill}/end", {}, uuid.uuid4().hex)
    until("its alarm is closed", lambda: not _open(api))
    return str(drill)


def _open(api: Api) -> list[Any]:
    items = api.look("/api/v1/alarms", state="open", purpose="drill")["items"]
    return [*items, *api.look("/api/v1/incidents", open=True, purpose="drill")["items"]]


@pytest.mark.faults
@pytest.mark.long
@pytest.mark.slow
def test_a_drill_killed_in_each_state(tmp_path: Path) -> None:
    world = Outside(tmp_path / "outside")
    with Rig(tmp_path, tmp_path / "data", commit_seconds=1, serial=world.serial) as rig:
        try:
            world.begin(rig.broker)
            file, at = AccountFile(rig.data / "accounts.db"), time.time_ns() // 1000
            file.put(Account(SECOND, SECOND, Role.GUARD), "rig", at)
            file.put_pin(SECOND, hash_password(PIN), "rig", at)
            rig.start()
            rig.await_armed()
            journal = Journal(rig.data / "journal.db")
            drills = []
            for state in STATES:
                rig.await_armed()
                reaper = Reaper(rig, journal, Point(played, state), 0.0)  # type: ignore[arg-type]
                reaper.start()
                drills.append(played(rig.api))
                reaper.end()
                assert reaper.trouble is None
                assert reaper.done, state
                rig.await_armed()
                until("all of it is closed", lambda: not _open(rig.api))
            until("the sirens stand still", lambda: _last(journal) == {"sr-b3a.siren": "stop"})
            rig.kill()
            _held_against(journal, drills)
            assert verify(rig.data / "journal.db").problems == []
        finally:
            world.end()


def _last(journal: Journal) -> dict[str, str]:
    commands = [body for _, _, subject, body in journal.facts() if subject == "command"]
    return {body["output"]: body["act"] for body in commands if body["kind"] != "desk"}


def _held_against(journal: Journal, drills: list[str]) -> None:
    facts = list(journal.facts())
    assert [body["id"] for _, kind, _, body in facts if kind == "drill.started"] == drills
    ends = Counter(body["id"] for _, kind, _, body in facts if kind == "drill.finished")
    assert ends == dict.fromkeys(drills, 1)
    resumed = [body["id"] for _, kind, _, body in facts if kind == "drill.resumed"]
    assert len(resumed) == len(set(resumed)) == 4  # two were killed when they were over
    raised = Counter(b["id"] for _, kind, _, b in facts if kind == "alarm.raised" and b["purpose"] == "drill")
    assert len(raised) == len(drills)
    assert set(raised.values()) == {1}
    tries: dict[str, list[tuple[int, bool]]] = {}
    for _, kind, _, body in facts:
        if kind == "notification.sending":
            tries.setdefault(body["id"], []).append((body["attempt"], body["uncertain"]))
    for attempts in tries.values():
        assert [number for number, _ in attempts] == list(range(1, len(attempts) + 1))
        assert all(said for number, said in attempts if number > 1)
    starts = Counter(b["cause"] for _, k, _, b in facts if k == "command.queued" and b["act"] == "start")
    assert starts == dict.fromkeys(drills, 1)
