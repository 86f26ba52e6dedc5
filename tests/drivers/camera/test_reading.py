from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.camera.addresses import Address, read
from drivers.camera.capture import Capture
from drivers.camera.picture import Pictures
from drivers.camera.reading import Mailbox, Reader, Shot
from tests.drivers.camera.streams import MjpegRig

SOON = 15.0


def reader_of(address: Address) -> tuple[Reader, Mailbox, Pictures]:
    pictures, mailbox = Pictures(5.0), Mailbox()
    return Reader(address, 5.0, pictures, mailbox), mailbox, pictures


def test_the_newest_picture_is_taken_and_older_ones_are_dropped() -> None:
    mailbox = Mailbox()
    assert mailbox.take(0.0) is None
    for t in (1.0, 2.0):
        mailbox.put(Shot(t, 0, np.zeros((1, 1, 3), np.uint8)))
    shot = mailbox.take(0.0)
    assert shot is not None
    assert shot.t == 2.0
    assert mailbox.take(0.0) is None


def test_it_opens_again_for_ever_and_its_trouble_has_a_beginning() -> None:
    with MjpegRig() as rig:
        rig.fault("kill")
        reader, mailbox, pictures = reader_of(read(rig.url))
        reader.start()
        assert mailbox.take(0.2) is None
        assert reader.broken is not None
        rig.heal()
        shot = mailbox.take(SOON)
        assert shot is not None
        assert shot.picture.shape == (360, 640, 3)
        assert reader.broken is None
        pulse = pictures.read(shot.t)
        assert pulse.age is not None
        assert pulse.age < 1.0
        rig.fault("kill")
        while mailbox.take(0.5) is not None:
            pass
        assert reader.broken is not None
        reader.end()
        reader.join()
        assert reader.calling is None


def test_a_clip_is_played_over_and_over_at_its_own_pace(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 36))
    for number in range(5):
        writer.write(np.full((36, 64, 3), 50 * number, np.uint8))
    writer.release()
    reader, mailbox, _ = reader_of(read(f"file:{path}"))
    reader.start()
    shots = [mailbox.take(SOON) for _ in range(7)]  # half a second holds three of them
    reader.end()
    reader.join()
    times = [shot.t for shot in shots if shot is not None]
    assert len(times) == 7
    assert times[-1] - times[0] > 0.7  # as fast as they can be read would be in no time


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_ends_the_reading_and_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Capture) -> bool:
        raise cv2.error("no memory")

    monkeypatch.setattr(Capture, "open", fails)
    reader, _, _ = reader_of(read("file:/nowhere.mp4"))
    reader.start()
    reader.join()
    assert isinstance(reader.error, cv2.error)
