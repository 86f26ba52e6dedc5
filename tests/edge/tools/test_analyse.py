"""`edge-hub analyse` on clips that are drawn here: what is printed, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from drivers.camera.watching import CHECKS, Watching, WatchSettings
from edge.cli import main
from edge.tools import analyse
from edge.tools.simulator.pictures.events import Event
from edge.tools.simulator.pictures.lane import LANE_POLYGON, Lane

KEYS = {"t", "check", "state", "score", "box", "kind", "zone", "why", "verified", "aged"}
Run = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def analysed(*arguments: str | Path) -> tuple[int, list[dict[str, Any]], str]:
        try:
            code = main(["analyse", *map(str, arguments)])
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return analysed


@pytest.fixture(scope="module")
def covered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lane, 800 wide and 10 a second; its camera is covered from 9.0 to 17.0 s."""
    path = tmp_path_factory.mktemp("clips") / "covered.avi"
    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (800, 450))
    lane, event = Lane(2), Event("covered", 9.0, 17.0)
    for n in range(240):
        film.write(cv2.resize(lane.at(n / 10, [event]), (800, 450)))
    film.release()
    return path


def test_a_covered_camera_is_told_with_start_and_end_and_a_summary(run: Run, covered: Path) -> None:
    code, lines, err = run(covered, "--checks", "tamper")
    assert (code, err) == (0, "")
    *findings, last = lines
    assert all(set(line) == KEYS for line in findings)
    start, end = (
        next(f for f in findings if (f["kind"], f["state"]) == ("covered", s)) for s in ("start", "end")
    )
    assert 9 < start["t"] < 14
    assert 17 < end["t"] < 22
    assert start["check"] == "tamper"
    assert start["zone"] == ""
    assert start["why"]
    about = last["summary"]
    assert about["clip"] == "covered.avi"
    assert (about["width"], about["height"]) == (800, 450)  # as live: the checks make it smaller themselves
    assert about["frames"] == pytest.approx(120, abs=2)
    assert about["fps"] == pytest.approx(5, abs=0.1)
    assert about["duration"] == pytest.approx(24, abs=0.3)
    tamper = about["checks"]["tamper"]
    assert (tamper["findings"] >= 1, tamper["first"], tamper["open"]) == (True, start["t"], 0)
    assert tamper["ms"] > 0


def test_it_is_the_same_as_live(run: Run, covered: Path) -> None:
    _, lines, _ = run(covered, "--checks", "tamper")
    live = Watching(WatchSettings(checks=("tamper",)))
    told = [f for frame in analyse.frames_of(covered) for f in live.look(frame, round(frame.t * 1_000_000))]
    assert [analyse.line_of(finding) for finding in told] == lines[:-1]


def test_zones_and_dwell_reach_the_checks(run: Run, covered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[WatchSettings] = []

    class Spy(Watching):
        def __init__(self, settings: WatchSettings) -> None:
            asked.append(settings)
            super().__init__(settings)

    monkeypatch.setattr("drivers.camera.watching.Watching", Spy)
    corners = " ".join(f"{x},{y}" for x, y in LANE_POLYGON)
    zones = ("--zone", f"lane:{corners}", "--zone", "kerb:0,0 0.5,0 0.5,0.5")
    assert run(covered, "--checks", "tamper,motion", *zones, "--dwell", "15")[0] == 0
    assert asked[0].checks == ("tamper",)
    assert [(zone.id, zone.dwell, zone.checks) for zone in asked[0].zones] == [
        ("lane", 15, ("motion",)),
        ("kerb", 15, ("motion",)),
    ]
    assert asked[0].zones[0].polygon == LANE_POLYGON
    assert run(covered, "--checks", "motion")[0] == 0
    (whole,) = asked[1].zones
    assert (whole.id, whole.dwell, len(whole.polygon)) == ("", analyse.DWELL, 4)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--checks", "tampr"), 2, "there is no check 'tampr': did you mean tamper?"),
        (("--checks", ","), 2, "name at least one of tamper"),
        (("--checks", "tamper", "--zone", "0.1,0.5 0.9,0.5"), 2, "has no id before its corners"),
        (("--checks", "tamper", "--zone", "a:0.1,0.5 0.9,0.5"), 2, "polygon of a has 2 corners"),
        (("--checks", "tamper", "--zone", "a:0,0 1,1 1,0 0,1"), 2, "crosses itself"),
        (("--checks", "tamper", "--zone", "a:0,0 1,x 1,0"), 2, "'1,x' of a is no corner"),
        (("--checks", "tamper", "--dwell", "0"), 2, "between 1 and 86400"),
        (("--checks", "object"), 2, "object needs --detector"),
        (("--checks", "flame", "--model", "no-such.onnx"), 1, "there is no file no-such.onnx"),
        (("--checks", "tamper", "--model", "fire.onnx"), 1, "there is no file fire.onnx"),
        (
            ("--checks", "tamper", "--model", __file__),
            2,
            "--model looks at flame and smoke, and --checks has neither",
        ),
        (("--checks", "flame", "--model", __file__), 1, "the model test_analyse.py cannot be used: "),
        (("--checks", "object", "--detector", __file__), 1, "the model test_analyse.py cannot be used: "),
        ((), 2, "--checks"),
    ],
)
def test_misuse_is_one_sentence(
    run: Run, covered: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    found, lines, err = run(covered, *arguments)
    assert (found, lines) == (code, [])
    assert says in err


def test_no_file_and_no_video(run: Run, tmp_path: Path) -> None:
    assert run(tmp_path / "gone.mp4", "--checks", "tamper")[::2] == (
        1,
        f"edge-hub analyse: there is no file {tmp_path / 'gone.mp4'}\n",
    )
    assert run(tmp_path, "--checks", "tamper")[::2] == (
        1,
        f"edge-hub analyse: {tmp_path} is a folder: name a file of it\n",
    )
    code, _, err = run("rtsp://192.0.2.31/live", "--checks", "tamper")
    assert code == 2
    assert "'rtsp://192.0.2.31/live' is an address, and only files are read" in err
    text = tmp_path / "notes.mp4"
    text.write_text("no video", encoding="utf-8")
    code, lines, err = run(text, "--checks", "tamper")
    assert (code, lines) == (1, [])
    assert "is no video" in err


def test_what_needs_a_zone_on_site_is_looked_for_everywhere_and_that_is_said(run: Run, covered: Path) -> None:
    code, lines, err = run(covered, "--checks", "left-object,tamper")
    assert code == 0
    assert "left-object" in lines[-1]["summary"]["checks"]
    assert (
        err == "edge-hub analyse: left-object, without --zone, in the whole picture; on site only in zones\n"
    )
    assert run(covered, "--checks", "left-object", "--zone", "lane:0,0 1,0 1,1")[::2] == (0, "")


def test_without_opencv_it_says_so() -> None:
    program = (
        "import sys; sys.modules['cv2'] = None\n"
        "from edge.cli import main; sys.exit(main(['analyse', sys.argv[1], '--checks', 'tamper']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, __file__], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("edge-hub analyse: OpenCV is missing here")
    assert ended.stderr.count("\n") == 1


def test_a_long_clip_shows_progress(run: Run, covered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyse, "SPEAKS", 0.0)
    code, _, err = run(covered, "--checks", "motion")
    assert code == 0
    assert "s of the clip" in err


def test_every_check_there_is_can_be_asked_for() -> None:
    assert set(CHECKS) <= set(analyse.CHECKS)
