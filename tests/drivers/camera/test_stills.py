from __future__ import annotations

import stat
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.camera.frames import Frame
from drivers.camera.stills import FULL, UNWRITABLE, RingWriter
from edge.domain.footage import RING
from tests.faults.tmpfs import SmallDisk, why_not

SECOND = 1_000_000
START = 1_790_000_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cm-01"


def frame(width: int = 1280, *, noise: bool = False) -> Frame:
    shape = (width * 9 // 16, width, 3)
    if noise:
        return Frame(0.0, np.random.default_rng(1).integers(0, 256, shape, np.uint8))
    return Frame(0.0, np.full(shape, 90, np.uint8))


def times(folder: Path) -> list[int]:
    return sorted((int(path.stem) - START) // SECOND for path in folder.glob("*.jpg"))


def test_one_a_second_is_kept_for_a_minute_and_a_half(folder: Path) -> None:
    ring = RingWriter(folder)
    written = [ring.keep(frame(160), START + number * SECOND // 5) for number in range(500)]
    assert sum(written) == 100
    assert times(folder) == list(range(10, 100))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_still_is_a_small_jpeg(folder: Path) -> None:
    RingWriter(folder).keep(frame(1280), START)
    (path,) = folder.iterdir()
    assert cv2.imread(str(path)).shape == (360, 640, 3)


def test_the_start_of_a_finding_is_kept_at_once_and_one_of_the_same_time_once(folder: Path) -> None:
    ring = RingWriter(folder)
    ring.keep(frame(), START)
    assert not ring.keep(frame(), START + SECOND // 5)
    assert ring.keep(frame(), START + SECOND // 5, now=True)
    assert not ring.keep(frame(), START + SECOND // 5, now=True)
    assert len(list(folder.iterdir())) == 2


def test_a_later_child_goes_on_with_what_there_is(folder: Path) -> None:
    first = RingWriter(folder)
    first.keep(frame(), START)
    first.keep(frame(), START + 50 * SECOND)
    (folder / f"{START}.part").write_bytes(b"half")
    second = RingWriter(folder)
    second.keep(frame(), START + RING + SECOND)
    assert times(folder) == [50, 91]
    assert not list(folder.glob("*.part"))


def test_without_pictures_stills_grow_no_older_than_that_but_for_the_last(folder: Path) -> None:
    ring = RingWriter(folder)
    for number in (0, 10, 20):
        ring.keep(frame(), START + number * SECOND)
    ring.expire(START + RING + 5 * SECOND)
    assert times(folder) == [10, 20]
    ring.expire(START + 10 * RING)
    assert times(folder) == [20]
    assert ring.keep(frame(), START + 10 * RING)
    assert len(times(folder)) == 1


def test_stills_from_the_future_go_when_the_clock_is_set_back(folder: Path) -> None:
    ring = RingWriter(folder)
    ring.keep(frame(), START + 3600 * SECOND)
    assert ring.keep(frame(), START)
    assert times(folder) == [0]


def test_the_ring_has_a_size_too(folder: Path) -> None:
    one = RingWriter(folder)
    one.keep(frame(noise=True), START)
    size = next(folder.iterdir()).stat().st_size
    ring = RingWriter(folder, cap=3 * size)
    for number in range(1, 6):
        ring.keep(frame(noise=True), START + number * SECOND)
    assert times(folder) == [3, 4, 5]


def test_what_is_to_be_hidden_goes_at_once_and_all_of_it_at_the_end(folder: Path) -> None:
    ring = RingWriter(folder)
    ring.keep(frame(), START)
    ring.clear()
    assert not list(folder.iterdir())
    ring.keep(frame(), START + SECOND)
    ring.remove()
    assert not folder.exists()


def test_a_folder_that_was_taken_away_is_made_again(folder: Path) -> None:
    ring = RingWriter(folder)
    ring.remove()
    assert ring.keep(frame(), START)
    assert ring.problem is None


def test_a_folder_that_cannot_be_made_is_a_problem_and_no_end(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ring = RingWriter(tmp_path / "file" / "cm-01")
    assert not ring.keep(frame(), START)
    assert ring.problem == UNWRITABLE


def eat(file: Path) -> None:
    """What the ring has let go of, too."""
    with file.open("ab", buffering=0) as filler:
        filler.write(b"\0" * 4_000_000)
        with pytest.raises(OSError, match="No space"):
            filler.write(b"\0")


@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
def test_a_full_disk_is_said_and_got_over(tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "disk", 2) as disk:
        ring = RingWriter(disk.folder / "cm-01")
        for number in range(3):
            assert ring.keep(frame(noise=True), START + number * SECOND)
        disk.fill()
        said = [ring.keep(frame(noise=True), START + number * SECOND) for number in range(3, 9)]
        assert False in said  # it may live on by what it drops itself
        ring.clear()
        eat(disk.folder / "filler")
        assert not ring.keep(frame(noise=True), START + 9 * SECOND)
        assert ring.problem == FULL
        assert not list(disk.folder.rglob("*.part"))
        disk.free()
        assert ring.keep(frame(noise=True), START + 10 * SECOND)
        assert ring.problem is None
