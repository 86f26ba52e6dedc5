"""The drawn scenes over RTSP, through GStreamer's server: what a network camera would send."""

from __future__ import annotations

import subprocess
import time

import numpy as np
import pytest

from drivers.camera import addresses
from drivers.camera.capture import Capture
from edge.tools.broker import free_port
from edge.tools.simulator.pictures.events import SHED
from edge.tools.simulator.pictures.screen import Screen
from edge.tools.simulator.pictures.server import PictureServer
from edge.tools.simulator.pictures.shed import Shed
from tests.drivers.camera.streams import PYTHON, SERVER, rtsp_missing

WITHIN = 30.0


@pytest.mark.slow
@pytest.mark.skipif(rtsp_missing() is not None, reason=str(rtsp_missing()))
def test_a_fire_in_the_shed_is_seen_over_rtsp() -> None:
    screen = Screen(SHED, rate=10, hour=14.0)
    server, port = PictureServer({"cm-02": screen}), free_port()
    server.start()
    command = [PYTHON, str(SERVER), str(port), "--from", server.url("cm-02"), "--fps", "10"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as rtsp:
        try:
            assert rtsp.stdout is not None
            assert rtsp.stdout.readline() == "ready\n"
            camera = Capture(addresses.read(f"rtsp://127.0.0.1:{port}/live"))
            assert opened(camera)
            shed = Shed(0, 14.0)
            assert camera.grab()
            picture = camera.retrieve()
            assert picture is not None
            assert picture.shape == (360, 640, 3)
            assert np.abs(picture.astype(int) - shed.at(0)).mean() < 12
            screen.show("fire")
            assert burns(camera)
            assert camera.codec == "h264"
            camera.close()
        finally:
            assert rtsp.stdin is not None
            rtsp.stdin.close()
            rtsp.wait(10)
            server.stop()


def opened(camera: Capture) -> bool:
    deadline = time.monotonic() + WITHIN
    while not camera.open():
        if time.monotonic() > deadline:
            return False
    return True


def burns(camera: Capture) -> bool:
    """Whether many pixels become as red as flame before the deadline."""
    deadline = time.monotonic() + WITHIN
    while camera.grab() and time.monotonic() < deadline:
        picture = camera.retrieve()
        if picture is not None and ((picture[..., 2] > 200) & (picture[..., 0] < 110)).sum() > 150:
            return True
    return False
