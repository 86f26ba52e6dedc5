"""Films of stills, by the real child."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.camera import filming, words
from drivers.camera.filming import Filming
from edge.domain.camera import Still
from edge.domain.instant import SECOND
from tests.drivers.camera.making import NOW


def stills(folder: Path, count: int) -> list[Still]:
    made = []
    for n in range(count):
        path = folder / f"{NOW + n * SECOND}.jpg"
        cv2.imwrite(str(path), np.full((180, 320, 3), 20 * n, np.uint8))
        made.append(Still(NOW + n * SECOND, path))
    return made


@pytest.mark.parametrize("name", ["clip.webm", "clip.mp4"])
def test_a_film_shows_each_second_for_a_second(tmp_path: Path, name: str) -> None:
    made = stills(tmp_path, 6)
    made[2].path.unlink()  # gone from the ring meanwhile: the one before stays on
    made[4].path.write_bytes(b"torn")
    assert Filming("cm").make(made, tmp_path / name).result(60) is None
    video = cv2.VideoCapture(str(tmp_path / name), cv2.CAP_FFMPEG)
    shades = []
    while (read := video.read())[0]:
        shades.append(round(float(read[1].mean()) / 20))
    video.release()
    assert abs(len(shades) - 11) <= 1
    assert sorted(set(shades)) == [0, 1, 3, 5]
    assert shades == sorted(shades)
    assert {path.name for path in tmp_path.iterdir()} >= {name}
    assert not list(tmp_path.glob("*half*"))


def test_without_stills_there_is_no_film(tmp_path: Path) -> None:
    gone = [Still(NOW, tmp_path / "1.jpg")]
    assert Filming("cm").make([], tmp_path / "a.webm").result(1) == words.NO_STILLS
    assert Filming("cm").make(gone, tmp_path / "a.webm").result(60) == words.NO_STILLS
    assert not list(tmp_path.iterdir())


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    answer = Filming("cm").make(stills(tmp_path, 2), tmp_path / "no" / "such" / "a.webm").result(60)
    assert answer == words.NO_FILM


def test_one_that_is_cancelled_or_stopped_ends_and_leaves_nothing(tmp_path: Path) -> None:
    films = Filming("cm")
    made = stills(tmp_path, 2)
    with filming._one:  # another camera's film is under way
        dropped, stopped = films.make(made, tmp_path / "a.webm"), films.make(made, tmp_path / "b.webm")
        assert dropped.cancel()
        films.stop()
        assert stopped.result(1) == words.STOPPED
    assert not [t for t in threading.enumerate() if t.name.startswith("film-")]
    assert not list(tmp_path.glob("*.webm"))
