"""The driver with the real child and a camera that sends: it outlives whatever happens to its child."""

from __future__ import annotations

import os
import signal

import pytest

from drivers.camera import driver as driver_module
from drivers.camera.driver import CameraDriver
from tests.drivers.camera.acting import Host, alive, connection, within
from tests.drivers.camera.running import allowed
from tests.drivers.camera.streams import MjpegRig


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
def test_a_child_that_dies_or_hangs_is_replaced_and_sees_again(
    sent: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_module, "SILENCE", 6.0)
    with MjpegRig() as rig:
        host = Host()
        driver = CameraDriver(connection(url=rig.url, checks=["tamper"]), ())
        driver.start(host)
        try:
            within(lambda: driver.latest() is not None and driver.view().state == "ok", allowed(20))
            child, before = driver._process.pid, driver.latest().taken
            os.kill(child, sent)
            within(lambda: driver.report().counters["restarts"] == 1, allowed(10))
            within(lambda: driver.view().state == "ok" and driver.latest().taken > before, allowed(10))
            assert not alive(child)
            assert driver.report().up
        finally:
            driver.stop()
    assert driver.report().counters["stuck"] == (sent is signal.SIGSTOP)
