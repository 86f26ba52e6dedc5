from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from drivers.camera.frames import Frame
from drivers.camera.lines import Aim, Finding
from drivers.camera.looking import Looker
from drivers.camera.masks import Masks
from drivers.camera.picture import Pictures
from drivers.camera.reading import Mailbox, Shot
from drivers.camera.sight import Area
from drivers.camera.stills import RingWriter
from tests.drivers.camera.acting import within

UTC = 1_790_000_000_000_000
LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def finding(utc: int) -> Finding:
    return Finding(utc, "0" * 26, "flame", "flame", "", "start", 0.9, None, utc, 600.0, {"area": 0.1})


class Recording:
    """A watcher that finds a flame in every third picture and keeps what it was shown."""

    learning = ("flame",)
    active = ()

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.zones: Sequence[Area] = ()
        self.forgotten = 0
        self.fails = False

    def look(self, frame: Frame, utc: int) -> list[Finding]:
        if self.fails:
            raise ZeroDivisionError
        self.frames.append(frame)
        return [finding(utc)] if len(self.frames) % 3 == 0 else []

    def rezone(self, zones: Sequence[Area]) -> None:
        self.zones = zones

    def forget(self) -> None:
        self.forgotten += 1


class Stage:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mailbox = Mailbox()
        self.watcher = Recording()
        self.told: list[Finding] = []
        self.pictures = Pictures(5.0)
        ring = RingWriter(folder)
        self.looker = Looker(self.mailbox, self.pictures, Masks([LEFT]), self.watcher, ring, self.told.append)

    def show(self, *moments: float) -> None:
        """Pictures of these seconds, as the thread takes them."""
        for t in moments:
            picture = np.full((36, 64, 3), 200, np.uint8)
            self.looker._turn()
            self.looker._look(Shot(t, UTC + round(t * 1e6), picture))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "ring")


def test_what_is_too_old_goes_though_no_pictures_come(tmp_path: Path) -> None:
    for taken in (1_000_000, 2_000_000):  # of 1970
        (tmp_path / f"{taken}.jpg").touch()
    looker = Stage(tmp_path).looker
    looker.start()
    within(lambda: len(list(tmp_path.iterdir())) == 1)
    looker.end()
    looker.join()
    assert [path.name for path in tmp_path.iterdir()] == ["2000000.jpg"]


def test_masks_come_first_and_a_start_is_kept_at_once(stage: Stage) -> None:
    stage.show(0.0, 0.2, 0.4)
    assert not stage.watcher.frames[0].bgr[:, :32].any()
    assert stage.watcher.frames[0].bgr[:, 40:].all()
    assert [found.state for found in stage.told] == ["start"]
    assert sorted(int(path.stem) - UTC for path in stage.folder.iterdir()) == [0, 400_000]
    seen = stage.looker.seen
    assert (seen.frame_at, seen.learning) == (UTC + 400_000, ("flame",))
    assert seen.cost > 0


def test_nothing_is_learnt_from_a_frozen_picture_but_it_is_kept(stage: Stage) -> None:
    stage.looker.frozen = True
    stage.show(0.0)
    assert not stage.watcher.frames
    assert len(list(stage.folder.iterdir())) == 1


def test_other_masks_take_away_what_they_would_have_hidden(stage: Stage) -> None:
    stage.show(0.0)
    zones = (Area("lane", LEFT),)
    stage.looker.aim(Aim(zones, (LEFT,)))
    stage.show(0.2)
    assert stage.watcher.zones == zones
    assert (stage.watcher.forgotten, len(list(stage.folder.iterdir()))) == (0, 1)
    stage.looker.aim(Aim(zones, ()))
    stage.looker._turn()
    assert (stage.watcher.forgotten, len(list(stage.folder.iterdir()))) == (1, 0)
    stage.show(0.4)
    assert stage.watcher.frames[-1].bgr.all()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_check_that_fails_ends_the_looking_and_says_so(stage: Stage) -> None:
    stage.watcher.fails = True
    stage.mailbox.put(Shot(0.0, UTC, np.zeros((36, 64, 3), np.uint8)))
    stage.looker.start()
    stage.looker.join()
    assert isinstance(stage.looker.error, ZeroDivisionError)
