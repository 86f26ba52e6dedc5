"""The shared detector, with a real process and a model made on the spot."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.camera import detector
from drivers.camera.detector import (
    HEAD,
    Local,
    Nobody,
    Seen,
    Shared,
    crop,
    finder,
    placed,
    reachable,
    receive,
)
from drivers.camera.models import Detection
from tests.drivers.camera.tiny import model, painted


def answered(shared: Shared, label: str, seconds: float = 30.0) -> Seen:
    """Ask as a camera does, frame after frame, until an answer has come."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        shared.ask(painted(1.0, label))
        if (seen := shared.answer()) is not None and seen.found[0].label == label:  # not to a question before
            return seen
        time.sleep(0.02)
    raise AssertionError(f"no answer: {shared.problem}")


def becomes(true: Callable[[], bool], seconds: float = 30.0) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def running(served: Path) -> list[int]:
    """Processes that serve at `served`, the dead ones that nobody has buried included."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if str(served).encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(detector, "AGAIN", (0.2, 0.2))
    (long := tmp_path / ("deep" * 20)).mkdir()  # longer than a socket's name may be
    return long / "edge-detector"


@pytest.fixture
def shared(tmp_path: Path, folder: Path) -> Iterator[Shared]:
    made = Shared(model(tmp_path), folder)
    yield made
    made.close()
    for pid in running(made._socket):
        os.kill(pid, signal.SIGKILL)
    assert becomes(lambda: not running(made._socket))


def test_all_cameras_share_one_process_that_ends_after_the_last(shared: Shared, folder: Path) -> None:
    other = Shared(shared._path, folder)
    assert answered(shared, "person").found
    assert answered(other, "bicycle").found
    assert shared.problem is None
    assert len(running(shared._socket)) == 1
    other.close()
    assert answered(shared, "car").found
    shared.close()
    assert becomes(lambda: not running(shared._socket))
    assert not shared._socket.exists()


def test_a_camera_that_talks_nonsense_is_cut_off_alone(shared: Shared) -> None:
    answered(shared, "person")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line, reachable(shared._socket) as name:
        line.settimeout(20)
        line.connect(name)
        assert receive(line) == {}
        line.sendall(HEAD.pack(1, 60_000, 60_000) + b"x" * 1000)
        with pytest.raises(ConnectionError):
            receive(line)
    assert answered(shared, "car").found


def test_a_killed_detector_is_started_again(shared: Shared) -> None:
    answered(shared, "person")
    (pid,) = running(shared._socket)
    os.kill(pid, signal.SIGKILL)
    assert answered(shared, "car").found


def test_a_stopped_detector_holds_nobody_up(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector, "PATIENCE", 0.3)
    answered(shared, "person")
    (pid,) = running(shared._socket)
    os.kill(pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        for _ in range(50):  # more questions than it could ever hold
            shared.ask(painted(1.0, "car", (640, 360)))
        assert time.monotonic() - begun < 10
        assert becomes(lambda: shared.problem == detector.SILENT)
        late = shared.answer()  # to a question from before it was stopped
        assert late is None or late.found[0].label == "person"
    finally:
        os.kill(pid, signal.SIGCONT)
    assert answered(shared, "person").found


def test_a_model_that_cannot_be_used_is_told(shared: Shared) -> None:
    shared._path.with_suffix(".toml").unlink()
    shared.ask(painted(0.0, "person"))
    assert becomes(lambda: shared.problem is not None)
    assert "tiny.toml" in (shared.problem.en if shared.problem else "")
    assert shared.answer() is None


def test_a_folder_of_somebody_else_is_not_used(shared: Shared, folder: Path) -> None:
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    shared.ask(painted(0.0, "person"))
    assert becomes(lambda: shared.problem is not None)
    assert not running(shared._socket)


def test_in_films_the_answer_is_there_at_once(tmp_path: Path) -> None:
    local = Local(model(tmp_path))
    local.ask(painted(3.0, "bicycle"))
    seen = local.answer()
    assert seen is not None
    assert (seen.t, seen.found[0].label) == (3.0, "bicycle")
    assert local.answer() is None
    assert local.problem is None


def test_without_a_model_nothing_is_seen(tmp_path: Path) -> None:
    assert isinstance(finder(None, shared=True), Nobody)
    missing = finder(tmp_path / "none.onnx", shared=False)
    missing.ask(painted(0.0))
    assert missing.answer() is None
    assert missing.problem is not None


def test_a_crop_is_small_and_its_boxes_find_back() -> None:
    frame = painted(0.0, "person", (1280, 720))
    part, where = crop(frame, (0.5, 0.5, 0.5, 0.5))
    assert part.shape == (234, 416, 3)
    assert where == (0.5, 0.5, 0.5, 0.5)
    (back,) = placed([Detection("person", 0.9, (0.5, 0.0, 0.5, 1.0))], where)
    assert back.box == (0.75, 0.5, 0.25, 0.5)
    whole, where = crop(frame, (0.999, 0.999, 0.5, 0.5))  # too little to look at
    assert where == (0.0, 0.0, 1.0, 1.0)
    assert whole.shape == (234, 416, 3)
