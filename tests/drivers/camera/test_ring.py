"""Where the ring of stills is, and what becomes of the rings of hubs that are no more."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.camera import ring as ring_module
from drivers.camera import words
from drivers.camera.ring import Ring
from tests.drivers.camera.acting import Host, acting, within

SOURCE = "cm-01-stream"


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's folder in memory."""
    folder = tmp_path / "shm"
    folder.mkdir()
    monkeypatch.setattr(ring_module, "SHARED_MEMORY", folder)
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    return folder


@pytest.fixture
def left(memory: Path) -> Path:
    """A folder of an earlier hub, without a lock, with a still in it."""
    folder = memory / f"edge-hub-{os.getuid()}-left"
    (folder / SOURCE).mkdir(parents=True)
    (folder / SOURCE / "1790000000000000.jpg").touch()
    return folder


@pytest.fixture
def make() -> Iterator[list[Ring]]:
    """Rings that are taken away at the end."""
    made: list[Ring] = []
    yield made
    for ring in made:
        ring.remove()


def aged(folder: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(folder, (then, then))


def test_it_is_in_the_service_s_own_folder_or_in_shared_memory(
    memory: Path, tmp_path: Path, make: list[Ring], monkeypatch: pytest.MonkeyPatch
) -> None:
    make.append(Ring(SOURCE))
    assert make[0].folder.parent == memory
    (own := tmp_path / "run").mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{own}:{tmp_path}")
    make.append(Ring(SOURCE))
    assert make[1].folder.parent == own


def test_without_a_folder_in_memory_there_is_none_on_the_disk_either(
    memory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (disk := tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    memory.rmdir()
    with pytest.raises(OSError, match="no folder in memory"):
        Ring(SOURCE)
    with acting("", Host()) as driver:
        within(lambda: driver.report().detail == words.NO_ROOM)
    assert not list(disk.iterdir())


@pytest.mark.parametrize("seconds", [61.0, -3600.0])
def test_a_folder_without_a_lock_goes_after_a_minute(left: Path, make: list[Ring], seconds: float) -> None:
    aged(left, seconds)
    make.append(Ring(SOURCE))
    assert not left.exists()


def test_a_folder_that_is_just_being_made_stays(left: Path, make: list[Ring]) -> None:
    aged(left, 10.0)
    make.append(Ring(SOURCE))
    assert left.exists()


def test_a_living_hub_s_stays_however_old(make: list[Ring]) -> None:
    make.append(first := Ring(SOURCE))
    aged(first.folder, 86_400.0)
    make.append(Ring(SOURCE))
    assert first.folder.exists()
