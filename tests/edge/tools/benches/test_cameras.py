"""Tiny runs of the camera bench: that it measures what it says. No timing is judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

from edge import cli
from edge.tools.benches import camera_cost, camera_made
from edge.tools.benches.camera_live import children, servers
from edge.tools.simulator.pictures.shed import Shed


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[dict[str, Any], str]:
    code = cli.main(["bench", *arguments, "--json"])
    said = capsys.readouterr()
    assert code == 0, said.err
    report: dict[str, Any] = json.loads(said.out)
    return report, said.err


def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Films of three seconds: what they cost is not judged here."""
    monkeypatch.setattr("edge.tools.benches.cameras.FILM", 3.0)
    monkeypatch.setattr(camera_cost, "LEARNT", 1.0)


@pytest.mark.slow
def test_made_cases_are_played_to_every_check(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    brief(monkeypatch)
    report, err = run(capsys, "cameras", "--cases", "6", "--live", "0", "--jobs", "1")
    figures = report["figures"]
    for check in ("tamper", "flame", "smoke", "left-object"):
        assert f"made_{check}_false" in figures
        assert figures[f"{check}_ms"]["value"] > 0 < figures[f"{check}_ms"]["yardstick"]
    recalls = [name for name in figures if name.endswith("_recall")]
    assert recalls
    assert all(0 <= figures[name]["value"] <= 100 for name in recalls)
    assert figures["all_ms"]["to_reach"] == "≤ 5 ms"
    assert any("ESTIMATE" in note and "Raspberry Pi 4" in note for note in report["notes"])
    assert any(note.startswith("made cases: 6 ") for note in report["notes"])
    assert "edge-hub bench: " in err


def test_the_parts_of_the_workers_are_the_whole_and_the_same_again() -> None:
    module = "edge.tools.benches.camera_cases_objects"
    parts = [list(camera_made._play(module, 5, 4, turn, 2)) for turn in (0, 1)]
    again = list(camera_made._play(module, 5, 4, 0, 1))
    cases = [told.outcome.case for told in again]
    assert sorted(told.outcome.case for part in parts for told in part) == sorted(cases)
    assert [told.outcome.delay for told in parts[0]] == [told.outcome.delay for told in again[::2]]
    assert {told.check for told in again} == {"left-object"}


@pytest.mark.long
@pytest.mark.slow
def test_cameras_on_a_hub_are_weighed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    brief(monkeypatch)
    report, _ = run(capsys, "cameras", "--cases", "0", "--live", "1", "--seconds", "2")
    figures = report["figures"]
    assert figures["live_pss"]["what"].startswith("1 camera ")
    assert (
        10 < figures["live_pss"]["value"] + figures["live_server"]["value"] == figures["live_total"]["value"]
    )
    assert 0 < figures["live_cores"]["value"] < 200
    assert 0 <= figures["live_drawing"]["value"] < 100  # in steps of 10 ms


@pytest.mark.long
@pytest.mark.slow
def test_alarm_latency_beside_cameras(capsys: pytest.CaptureFixture[str]) -> None:
    report, _ = run(capsys, "alarm-latency", "--alarms", "20", "--painted", "0", "--cameras", "1")
    figures = report["figures"]
    assert 0 < figures["cameras_p50"]["value"] <= figures["cameras_p99"]["value"]
    share = 100 * (figures["cameras_p50"]["value"] / figures["stream_p50"]["value"] - 1)
    assert figures["cameras_more_p50"]["value"] == pytest.approx(share, abs=5)


def test_a_folder_that_is_none_is_misuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", "cameras", "--footage", str(tmp_path / "gone")])
    assert ended.value.code == 2
    assert "there is no folder" in capsys.readouterr().err


def test_a_clip_that_cannot_be_read_is_named_and_ends_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.tools.benches.cameras._cost", lambda *_: None)
    out = cv2.VideoWriter(str(tmp_path / "good.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 5.0, (640, 360))
    for n in range(5):
        out.write(Shed(1).at(n / 5))
    out.release()
    (tmp_path / "cut.mp4").write_bytes(b"no video")
    report, err = run(capsys, "cameras", "--cases", "0", "--live", "0", "--footage", str(tmp_path))
    assert "clips that cannot be read, left out: cut.mp4" in report["notes"]
    assert f"{tmp_path / 'cut.mp4'} cannot be read and is left out" in err
    assert any(note.startswith("footage: 1 clips") for note in report["notes"])


@pytest.mark.parametrize(
    ("option", "given", "says"),
    [
        ("--cases", "-3", "-3 is less than nothing: give 0 or more"),
        ("--cases", "many", "'many' is no whole number"),
        ("--seconds", "0", "0 is too few: give 1 or more"),
    ],
)
def test_a_number_that_is_none_is_misuse(
    capsys: pytest.CaptureFixture[str], option: str, given: str, says: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", "cameras", f"{option}={given}"])
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_without_opencv_the_other_benches_stay_and_this_one_says_so() -> None:
    program = (
        "import sys; sys.modules['cv2'] = None\n"
        "from edge.cli import main; sys.exit(main(['bench', 'cameras']))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("edge-hub bench: OpenCV is missing here")


def test_cost_is_counted_after_learning() -> None:
    jpegs = [camera_cost._jpeg(Shed(1).at(n / 5)) for n in range(2)]
    film = [*jpegs * 55]
    assert camera_cost.decoding([film]) > 0
    assert camera_cost.checking([film], ["tamper"]) > 0
    assert camera_cost.checking([film[:50]], ["tamper"]) == 0


def test_only_what_the_fork_server_forked_is_counted() -> None:
    server = "import os, sys; os.fork() and os.wait(); sys.stdin.read()"
    program = f"""
import subprocess, sys
others = [subprocess.Popen([sys.executable, "-c", {server!r}, name]) for name in ("drivers.camera.forking", "other")]
for other in others: other.wait()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as parent:
        # In one look: between fork and exec a child has its parent's name, and then for a moment none.
        while not (found := children(parent.pid)):
            assert parent.poll() is None
        assert len(found) == len(servers(parent.pid)) == 1
        assert not {parent.pid, *servers(parent.pid)} & set(found)
        parent.communicate()
