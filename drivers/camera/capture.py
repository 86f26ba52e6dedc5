"""Pictures out of a camera, a USB device or a clip, through OpenCV.

Measured on OpenCV 4.14 and 5.0: the time-outs hold only with CAP_FFMPEG in the constructor, and are 30 s else; what
was opened is read for 2 s before the first picture unless FFmpeg is told to look less long; and a stalled stream still
answers "ok", twice, after a full time-out each. So a call that took longer than `STALL` has brought nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2

from drivers.camera.addresses import Address
from drivers.camera.frames import Picture

TIMEOUT: Final = 3.0  # seconds: of opening, and of waiting for a picture
STALL: Final = 2.5

_ENVIRONMENT: Final = {
    # RTSP over UDP loses slices on a busy switch and does not pass firewalls. Half a second of looking is enough for a
    # stream that names its codec, as RTSP and MJPEG do.
    "OPENCV_FFMPEG_CAPTURE_OPTIONS": "rtsp_transport;tcp|analyzeduration;500000|fpsprobesize;0",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    # A USB camera knows no time-outs in the constructor; three tries of ten seconds are its default.
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": str(round(TIMEOUT)),
    "OPENCV_VIDEOIO_V4L_READ_ATTEMPTS": "1",
}
_USB_WIDTH: Final = 640
_USB_HEIGHT: Final = 360
_FALLBACK_FPS: Final = 25.0

cv2.setNumThreads(1)  # the cores are shared by all cameras, and belong to the alarms
cv2.utils.logging.setLogLevel(
    cv2.utils.logging.LOG_LEVEL_SILENT
)  # every failure is named by `probing`, in words


class Capture:
    """One source. For one thread: nothing can be done about a call that never returns but ending the process.

    width, height: pixels; codec: FFmpeg's name of it ("h264"), "" while unknown. rate: pictures a second as the source
    says, 0.0 where it does not. position: seconds from the start of a clip.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self.width = self.height = 0
        self.codec = ""
        self.rate = 0.0
        self._video: cv2.VideoCapture | None = None
        self._grabbed = 0

    def open(self) -> bool:
        """Whether there is something to read now; after about `TIMEOUT` seconds at most."""
        self.close()
        # Read by OpenCV when it is first used; what FFmpeg writes to stderr could have the password in it.
        os.environ.update(_ENVIRONMENT)
        if self.address.kind == "usb":
            video = cv2.VideoCapture(self.address.opened, cv2.CAP_V4L2)
            video.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            video.set(cv2.CAP_PROP_FRAME_WIDTH, _USB_WIDTH)
            video.set(cv2.CAP_PROP_FRAME_HEIGHT, _USB_HEIGHT)
        else:
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(1000 * TIMEOUT)]
            limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(1000 * TIMEOUT), cv2.CAP_PROP_N_THREADS, 1]
            video = cv2.VideoCapture(self.address.opened, cv2.CAP_FFMPEG, limits)
        if not video.isOpened():
            video.release()
            return False
        self._video = video
        self._grabbed = 0
        self.rate = max(0.0, video.get(cv2.CAP_PROP_FPS))
        self.codec = _name(int(video.get(cv2.CAP_PROP_FOURCC)))
        return True

    def grab(self) -> bool:
        """Take the next picture; False when there is none: the stream has ended, broken off or stalled."""
        if self._video is None:
            return False
        begun = time.monotonic()
        taken = self._video.grab()
        self._grabbed += 1
        return taken and (self.address.kind == "file" or time.monotonic() - begun < STALL)

    def retrieve(self) -> Picture | None:
        """The picture taken last, (height, width, 3) BGR, the caller's own; None when it cannot be decoded."""
        if self._video is None:
            return None
        decoded, picture = self._video.retrieve()
        if not decoded or picture.ndim != 3 or picture.shape[2] != 3:
            return None
        self.height, self.width = picture.shape[:2]
        taken: Picture = picture  # type: ignore[assignment] # OpenCV's own type has no shape and kind
        return taken

    @property
    def position(self) -> float:
        if self._video is None:
            return 0.0
        told = self._video.get(cv2.CAP_PROP_POS_MSEC) / 1000
        counted = (self._grabbed - 1) / (self.rate or _FALLBACK_FPS)
        # Some containers have no times: then every picture is at 0.
        return told if told > 0 else max(0.0, counted)

    def close(self) -> None:
        """Let go of the source."""
        if self._video is not None:
            self._video.release()
            self._video = None


class Pace:
    """Which of a source's pictures are looked at, so that they are `fps` a second on the mean."""

    def __init__(self, fps: float) -> None:
        self._period = 1 / fps
        self._due: float | None = None

    def takes(self, t: float) -> bool:
        """Whether to look at the picture of `t` (seconds). What comes a little early is taken: pictures jitter."""
        if self._due is None:
            self._due = t
        if t < self._due - self._period / 4:
            return False
        self._due = max(self._due + self._period, t + self._period / 2)
        return True


def clip(path: Path, fps: float) -> Iterator[tuple[float, Picture]]:
    """(seconds from the start, picture) of a clip, `fps` a second, as fast as they can be read.

    OSError when it cannot be opened.
    """
    capture = Capture(Address("file", f"file:{path}", path=str(path)))
    if not capture.open():
        raise OSError(f"{path} is no video that can be read here")
    pace = Pace(fps)
    try:
        while capture.grab():
            t = capture.position
            if pace.takes(t) and (picture := capture.retrieve()) is not None:
                yield t, picture
    finally:
        capture.close()


def _name(fourcc: int) -> str:
    letters = (fourcc & 0xFFFFFFFF).to_bytes(4, "little").rstrip(b"\0 ")
    return letters.decode().lower() if letters.isalnum() else ""
