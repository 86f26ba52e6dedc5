from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.camera.addresses import read
from drivers.camera.capture import Capture, Pace, clip
from tests.drivers.camera.streams import MjpegRig, RtspRig, rtsp_missing


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds at 15 pictures a second, each a little brighter than the one before."""
    path = tmp_path_factory.mktemp("film") / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15.0, (160, 90))
    for number in range(30):
        writer.write(np.full((90, 160, 3), 40 + 5 * number, np.uint8))
    writer.release()
    return path


def test_a_clip_gives_the_pictures_a_second_that_are_asked_for(film: Path) -> None:
    pictures = list(clip(film, 5.0))
    assert [round(t, 2) for t, _ in pictures] == [round(number / 5, 2) for number in range(10)]
    assert all(picture.shape == (90, 160, 3) for _, picture in pictures)
    assert [int(picture.mean()) for _, picture in pictures] == sorted({int(p.mean()) for _, p in pictures})


def test_what_is_no_clip_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no film")
    with pytest.raises(OSError, match="no video"):
        next(clip(tmp_path / "a.mp4", 5.0))


def test_an_mjpeg_stream_with_a_password_is_read() -> None:
    with MjpegRig("viewer", "p@ss:word") as rig:
        capture = Capture(read(rig.url, rig.username, rig.password))
        assert capture.open()
        assert capture.grab()
        picture = capture.retrieve()
        assert picture is not None
        assert (capture.width, capture.height, capture.codec) == (640, 360, "mjpg")
        capture.close()
        assert not capture.grab()
        assert capture.retrieve() is None


@pytest.mark.skipif(rtsp_missing() is not None, reason=str(rtsp_missing()))
@pytest.mark.parametrize("codec", ["h264", "jpeg"])
def test_an_rtsp_stream_is_read(codec: str) -> None:
    with RtspRig(codec=codec) as rig:
        capture = Capture(read(rig.url))
        assert capture.open()
        assert capture.grab()
        picture = capture.retrieve()
        assert picture is not None
        assert picture.shape == (360, 640, 3)
        capture.close()


def test_a_refused_connection_is_not_opened() -> None:
    with MjpegRig() as rig:
        rig.fault("kill")
        assert not Capture(read(rig.url)).open()


@given(st.floats(1, 10), st.floats(10, 60), st.lists(st.floats(-0.01, 0.01), min_size=200, max_size=200))
def test_the_pace_is_kept_though_pictures_jitter(fps: float, rate: float, jitter: list[float]) -> None:
    pace = Pace(fps)
    taken = [t for number, late in enumerate(jitter) if pace.takes(t := number / rate + late)]
    seconds = 200 / rate
    assert abs(len(taken) - fps * seconds) <= 2 + 0.25 * fps * seconds
