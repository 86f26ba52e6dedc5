"""Drawn cameras over HTTP, as OpenCV reads any network camera."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from edge.tools.simulator.pictures.events import LANE, SHED
from edge.tools.simulator.pictures.screen import Screen
from edge.tools.simulator.pictures.server import PictureServer

WITHIN = 15_000  # ms


@pytest.fixture
def screens() -> dict[str, Screen]:
    return {"cm-01": Screen(LANE, rate=10), "cm-02": Screen(SHED, rate=10)}


@pytest.fixture
def server(screens: dict[str, Screen]) -> Iterator[PictureServer]:
    server = PictureServer(screens)
    server.start()
    yield server
    server.stop()


def read(url: str, count: int) -> list[np.ndarray]:
    options = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, WITHIN, cv2.CAP_PROP_READ_TIMEOUT_MSEC, WITHIN]
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, options)
    try:
        pictures = [capture.read() for _ in range(count)]
    finally:
        capture.release()
    assert all(ok for ok, _ in pictures)
    return [picture for _, picture in pictures]


def test_several_clients_see_the_same_camera(server: PictureServer) -> None:
    with ThreadPoolExecutor(3) as pool:
        seen = list(pool.map(read, [server.url("cm-01"), server.url("cm-01"), server.url("cm-02")], [6] * 3))
    assert all(picture.shape == (360, 640, 3) for pictures in seen for picture in pictures)
    assert np.abs(seen[0][0].astype(int) - seen[1][0]).mean() < 5
    assert np.abs(seen[0][0].astype(int) - seen[2][0]).mean() > 20


def test_what_happens_is_seen_and_reset_clears_it(server: PictureServer, screens: dict[str, Screen]) -> None:
    empty = read(server.url("cm-01"), 1)[0].astype(int)

    def other() -> int:
        return int((np.abs(read(server.url("cm-01"), 1)[0].astype(int) - empty).max(axis=2) > 60).sum())

    screens["cm-01"].show("van")
    deadline = time.monotonic() + 20
    while other() < 2000:
        assert time.monotonic() < deadline
    screens["cm-01"].reset()
    assert other() < 200


def test_one_picture_and_an_unknown_camera(server: PictureServer) -> None:
    with urllib.request.urlopen(f"{server.url('cm-02')}.jpg", timeout=10) as answer:  # noqa: S310
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.read(2) == b"\xff\xd8"
    with pytest.raises(urllib.error.HTTPError, match="cm-01, cm-02") as refused:
        urllib.request.urlopen(server.url("cm-03"), timeout=10)  # noqa: S310
    refused.value.close()


def test_a_client_that_reads_for_ever_does_not_hold_the_end_up(screens: dict[str, Screen]) -> None:
    server = PictureServer(screens)
    server.start()
    with urllib.request.urlopen(server.url("cm-01"), timeout=10) as answer:  # noqa: S310
        assert answer.read(100)
        server.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "pictures"]


def test_pictures_come_at_the_rate_and_none_twice() -> None:
    screen = Screen(SHED, rate=10)
    numbers = [-1]
    for _ in range(5):
        number, jpeg = screen.next(numbers[-1])
        numbers.append(number)
        assert jpeg
    assert numbers == sorted(set(numbers))
    assert screen.next(numbers[-1])[1] != jpeg
