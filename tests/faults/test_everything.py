"""The table of `python -m tests.faults all`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.store.followers import CaughtUp
from tests.faults import ceilings, disks, everything, kills, memory, states, tmpfs, uplink
from tests.faults.everything import BROKEN, KEPT, NOT_HERE, Row


def broken(plan):
    def do():
        raise RuntimeError("the test itself")

    yield "a fault that fails by itself", do


def kept(plan):
    yield "a fault", lambda: Row("a fault", KEPT, "0 of 9", "3 of 3", "1.5 s")
    yield "another", lambda: Row("another", NOT_HERE, why=("needs root",))


def done(folder: Path, long: bool = False, only: Sequence[str] = ()) -> list[Row]:
    return list(everything.run(folder, long=long, seed=1, say=lambda _line: None, only=only))


def test_a_fault_that_breaks_its_own_test_spares_none_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everything, "VERBS", {"broken": broken, "kept": kept})
    rows = done(tmp_path)
    assert [row.code for row in rows] == [BROKEN, KEPT, NOT_HERE]
    assert everything.code(rows) == BROKEN
    assert everything.code(rows[1:]) == KEPT
    head, _, one, other, *why, last = everything.table(rows)
    assert head.split()[:2] == ["fault", "survived"]
    assert one.split()[:7] == ["a", "fault", "yes", "0", "of", "9", "3"]
    assert "not done" in other
    assert why == ["a fault that fails by itself: RuntimeError('the test itself')", "another: needs root"]
    assert last == "3 faults in 0 min: 1 survived, 1 not, 1 not done here"


def test_each_fault_is_told_as_soon_as_it_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everything, "VERBS", {"kept": kept, "broken": broken})
    said: list[str] = []
    rows = everything.run(tmp_path, long=False, seed=1, say=said.append)
    assert next(rows).line() == "a fault: survived: yes; lost: 0 of 9; alarms: 3 of 3; over: 1.5 s; 0 s"
    assert said == ["[1/3] a fault …"]
    assert "needs root" in next(rows).line()
    assert "survived: NO" in next(rows).line()


@pytest.mark.parametrize("long", [False, True])
def test_each_disk_says_what_of_the_alarms_and_how_soon_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: bool
) -> None:
    def played(scenario, folder):
        return disks.Outcome(scenario.__name__, seconds=1.0, fires=3, told=2, recovery=4.25)

    monkeypatch.setattr(tmpfs, "why_not", lambda: None)
    monkeypatch.setattr(disks, "run", played)
    rows = done(tmp_path, long, ["disks"])
    assert {(row.alarms, row.recovery) for row in rows} == {("2 of 3 fires", "≤ 4.2 s")}
    names = {row.fault.removeprefix("disk: ") for row in rows}
    assert names >= {
        "read_only",
        "journal_full",
        "telemetry_overwritten",
        "accounts_damaged",
        "broker_store",
    }
    assert (names == {one.__name__ for one in disks.SCENARIOS}) is long


def test_processes_that_are_killed_say_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed = kills.Tally(kills=6, raised=4, episodes=4, back=7.0)
    hit = states.Tally(alarms=5, back=6.5)
    cut = uplink.Tally(
        lag={"without": (1.0, 5.0), "with": (1.0, 9.0)},
        outages=[CaughtUp("dc", 10**6, 4 * 10**6, 9, 0, 0, 0)],
    )
    for module, tally in ((kills, killed), (states, hit), (uplink, cut)):
        monkeypatch.setattr(module, "run", lambda *_args, tally=tally, **_more: tally)
    monkeypatch.setattr(everything, "PROGRAM", "victoria-metrics")
    assert [(row.alarms, row.recovery) for row in done(tmp_path, only=["kills", "states", "uplink"])] == [
        ("4 of 4 fires", "armed ≤ 7.0 s"),
        ("5 raised, 0 twice", "armed ≤ 6.5 s"),
        ("would wait 9 ms (p99)", "caught up, longest outage 3.0 s"),
    ]


@pytest.mark.parametrize(
    ("hub", "camera", "codes"),
    [
        ([], [], [KEPT, KEPT]),
        (["lost"], [], [BROKEN, KEPT]),
        ([], ["the kernel ended 0 of 1"], [KEPT, BROKEN]),
    ],
)
def test_the_hub_and_a_camera_under_a_ceiling_are_rows_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub, camera, codes
) -> None:
    monkeypatch.setattr(ceilings, "why_not", lambda: None)
    monkeypatch.setattr(memory, "hub", lambda *_args, **_more: kills.Tally(problems=hub))
    monkeypatch.setattr(memory, "camera", lambda *_args: memory.Camera(problems=camera))
    rows = done(tmp_path, only=["memory"])
    assert [row.code for row in rows] == codes
    assert [list(row.why) for row in rows] == [hub, camera]


def test_without_opencv_no_camera_was_put_under_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ceilings, "why_not", lambda: None)
    monkeypatch.setattr(memory, "hub", lambda *_args, **_more: kills.Tally())
    monkeypatch.setitem(sys.modules, "tests.faults.cameras", None)
    rows = done(tmp_path, only=["memory"])
    assert [row.code for row in rows] == [KEPT, NOT_HERE]
    assert rows[1].why == ("tests.faults.cameras is missing",)


def test_only_the_verbs_that_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everything, "VERBS", {"broken": broken, "kept": kept})
    assert [row.fault for row in done(tmp_path, True, ["kept"])] == ["a fault", "another"]
