"""The real process of a camera, in front of cameras that break."""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.camera import troubles
from drivers.camera.child import EX_SETTINGS, EX_STUCK
from drivers.camera.lines import Aim, Beat, Open, Start
from drivers.camera.sight import Area
from tests.drivers.camera.running import ChildRun, allowed, now, settings
from tests.drivers.camera.streams import MjpegRig, Rig, RtspRig, rtsp_missing

NAMED, BACK = 5.0, 10.0  # seconds: what is promised
WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))

GROUND = np.random.default_rng(11).normal(110, 25, (90, 160, 3))

needs_rtsp = pytest.mark.skipif(rtsp_missing() is not None, reason=str(rtsp_missing()))


@pytest.fixture(scope="module", autouse=True)
def stuck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChildRun]:
    """It takes its time: begun with the first test, looked at in the last."""
    folder = tmp_path_factory.mktemp("stuck")
    os.mkfifo(folder / "clip.mp4")  # opening it waits for somebody who writes, for ever
    start = Start(source="cm-01-stream", url=f"file:{folder}/clip.mp4", ring=str(folder))
    with ChildRun(start) as run:
        yield run


def well(beat: Beat) -> bool:
    return beat.state == "ok"


def break_and_heal(rigs: dict[str, Rig], ring: Path) -> dict[str, tuple[float, float]]:
    """A camera for each fault, all at a time: seconds until it was named, and until pictures were back."""
    with ExitStack() as stack:
        runs = {
            fault: stack.enter_context(ChildRun(settings(rig, ring, source=f"cm-{fault}")))
            for fault, rig in rigs.items()
        }
        for run in runs.values():
            run.until(well)
        begun = {}
        for fault, rig in rigs.items():
            begun[fault] = now()
            rig.fault(fault)
        named = {
            fault: runs[fault].after(begun[fault], lambda beat, s=rig.FAULTS[fault]: beat.state == s)  # type: ignore[misc]
            for fault, rig in rigs.items()
        }
        for fault, rig in rigs.items():
            rig.heal()
            begun[fault] = now()
        back = {fault: runs[fault].after(begun[fault], well) for fault in rigs}
        for run in runs.values():
            assert not run.bad
            assert run.end() == 0
            assert run.stderr == b""
    assert not list(ring.iterdir())  # each has taken its stills away
    return {fault: (named[fault], back[fault]) for fault in rigs}


@pytest.mark.slow
def test_every_fault_of_mjpeg_is_named_in_time_and_pictures_come_back(tmp_path: Path) -> None:
    faults = [fault for fault, state in MjpegRig.FAULTS.items() if state != "ok"]
    with ExitStack() as stack:
        rigs: dict[str, Rig] = {fault: stack.enter_context(MjpegRig()) for fault in faults}
        times = break_and_heal(rigs, tmp_path)
    assert not {f: t for f, t in times.items() if t[0] > allowed(NAMED) or t[1] > allowed(BACK)}


@needs_rtsp
@pytest.mark.slow
def test_faults_of_rtsp_are_named_in_time_and_pictures_come_back(tmp_path: Path) -> None:
    with ExitStack() as stack:
        rigs: dict[str, Rig] = {
            fault: stack.enter_context(RtspRig("viewer", "p@ss:word"))
            for fault in ("freeze", "stall", "garbage", "kill", "codec")
        }
        times = break_and_heal(rigs, tmp_path)
    assert not {f: t for f, t in times.items() if t[0] > allowed(NAMED) or t[1] > allowed(BACK)}


def test_a_wrong_password_and_an_unknown_host_are_named_at_the_start(tmp_path: Path) -> None:
    with MjpegRig("viewer", "right") as rig:
        wrong = settings(rig, tmp_path, username="viewer", password="wrong")
        nowhere = Start(source="cm-02-stream", url="rtsp://camera.invalid/live", ring=str(tmp_path))
        with ChildRun(wrong) as first, ChildRun(nowhere) as second:
            for run, state in ((first, "wrong-password"), (second, "unknown-host")):
                run.until_state(state)
                assert [beat.state for beat in run.beats] == ["starting", state]
                assert run.beats[-1].t - run.beats[0].t <= allowed(NAMED) * 1_000_000
                assert run.beats[-1].frame_at is None


def test_what_it_sees_is_masked_told_and_kept_for_a_while(tmp_path: Path) -> None:
    with MjpegRig() as rig, ChildRun(settings(rig, tmp_path, checks=("motion",), masks=(WHOLE,))) as run:
        run.until(lambda beat: beat.frame_at is not None and beat.state == "ok")
        folder = tmp_path / "cm-01-stream"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        hidden = {path.stat().st_size for path in folder.glob("*.jpg")}
        beat = run.beats[-1]
        assert (beat.width, beat.height, beat.codec) == (640, 360, "mjpg")
        run.aim(Aim(zones=(Area("lane", WHOLE, checks=("motion",)),)))
        started = time.monotonic()
        while max((p.stat().st_size for p in folder.glob("*.jpg")), default=0) <= 2 * max(hidden):
            assert time.monotonic() - started < allowed(5.0)
            run.until(lambda newer, seen=run.beats[-1].t: newer.t > seen)  # type: ignore[misc]
        assert run.end() == 0
    assert not folder.exists()


class Lane(MjpegRig):
    """A yard with a van in it, until it drives off."""

    van = True

    def picture(self, number: int) -> bytes:
        noise = np.random.default_rng(number % 20)
        yard = np.clip(cv2.resize(GROUND, (640, 360)) + noise.normal(0, 2, (360, 640, 3)), 0, 255).astype(
            np.uint8
        )
        if self.van:
            cv2.rectangle(yard, (260, 180), (410, 270), (30, 60, 190), -1)
            cv2.rectangle(yard, (270, 190), (350, 220), (240, 220, 200), -1)
        return cv2.imencode(".jpg", yard)[1].tobytes()


def test_a_van_in_the_lane_is_not_learnt_away_by_a_process_started_anew(tmp_path: Path) -> None:
    box = (260 / 640, 0.5, 150 / 640, 0.25)
    van = Open("a" * 26, "left-object", "left-object", "lane", 0.8, box, now() - 60_000_000, 86_400.0)
    lane = Area("lane", ((0.1, 0.3), (0.9, 0.3), (0.9, 0.95), (0.1, 0.95)), 3.0, ("left-object",))
    with Lane() as rig:
        with ChildRun(settings(rig, tmp_path, zones=(lane,), open=(van,))) as run:
            run.until(lambda beat: beat.frame_at is not None)
            os.kill(run.pid, signal.SIGKILL)
        with ChildRun(settings(rig, tmp_path, zones=(lane,), open=(van,))) as run:
            run.until(lambda beat: beat.frame_at is not None and not beat.learning, allowed(40.0))
            assert {beat.active for beat in run.beats} == {("left-object",)}
            assert run.findings == []
            rig.van = False
            run.until(lambda beat: not beat.active, allowed(60.0))
            assert [(finding.id, finding.state) for finding in run.findings] == [(van.id, "end")]


def test_a_line_that_is_none_ends_it_with_a_sentence(tmp_path: Path) -> None:
    with ChildRun(Aim()) as run:  # type: ignore[arg-type]
        assert run.ended() == EX_SETTINGS
        assert run.stderr == b"the first line is to be the settings\n"


def test_a_call_of_opencv_that_never_returns_stops_no_beat_and_ends_the_process(stuck: ChildRun) -> None:
    stuck.until_state("lost")
    assert stuck.ended() == EX_STUCK
    lost = [beat for beat in stuck.beats if beat.state == "lost"]
    assert len(lost) > 1
    assert {beat.detail for beat in lost} == {troubles.UNREADABLE.detail}  # of a file, and not of a camera
    assert b"does not return" in stuck.stderr
