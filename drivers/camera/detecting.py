"""The detector's process: `python -m drivers.camera.detecting MODEL SOCKET`, started by `detector.Shared`.

One for all cameras: whoever holds the lock beside the socket. Each camera has one question open at most and is served
in turn. It ends when the last camera has been gone for `ALONE` seconds, and is ended by the kernel when the model does
not return (`STUCK`). A model that cannot be loaded is told to everyone who asks.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from drivers.camera.detector import HEAD, LEAST, LENGTH, reachable
from drivers.camera.model_card import ModelError
from drivers.camera.models import Model, load
from drivers.camera.rank import last_in_line
from edge.domain.names import Text

ALONE: Final = 3.0  # seconds without anyone
STUCK: Final = 30  # seconds of one look
PIXELS: Final = 640 * 640  # of a question
CHUNK: Final = 1 << 18
CAMERAS: Final = 64
_NICENESS: Final = 12  # after the cameras themselves
_OOM: Final = 800


class _Camera:
    """The line to one camera's child, and what has come of its question."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self._held = bytearray()

    def read(self) -> bool:
        """Take what has come; False when the line has ended."""
        more = self.line.recv(CHUNK)
        self._held += more
        return bool(more)

    def question(self) -> tuple[int, Any] | None:
        """(its number, the picture), when it is complete. ValueError when it is none."""
        if len(self._held) < HEAD.size:
            return None
        number, width, height = HEAD.unpack_from(self._held)
        if not 0 < width * height <= PIXELS:
            raise ValueError("a picture of no use")
        size = HEAD.size + 3 * width * height
        if len(self._held) < size:
            return None
        picture = np.frombuffer(bytes(self._held[HEAD.size : size]), np.uint8).reshape(height, width, 3)
        del self._held[:size]
        return number, picture


class Server:
    """Serves cameras on a listening socket until nobody is there."""

    def __init__(self, listening: socket.socket, model: Model | None, problem: Text | None) -> None:
        self._listening = listening
        self._model = model
        self._problem = problem
        self._waiting: deque[tuple[_Camera, int, Any]] = deque()
        self._cameras: set[_Camera] = set()
        self._selector = selectors.DefaultSelector()
        self._selector.register(listening, selectors.EVENT_READ)

    def run(self) -> None:
        """Until the last camera has been gone for `ALONE` seconds."""
        alone = time.monotonic()
        while True:
            for key, _ in self._selector.select(0 if self._waiting else 1.0):
                if key.fileobj is self._listening:
                    self._welcome()
                else:
                    self._hear(key.data)
            if self._waiting:
                self._serve(*self._waiting.popleft())
            if self._cameras:
                alone = time.monotonic()
            elif time.monotonic() - alone > ALONE:
                self._selector.close()
                return

    def _welcome(self) -> None:
        line, _ = self._listening.accept()
        if len(self._cameras) >= CAMERAS:
            line.close()
            return
        line.settimeout(1.0)
        camera = _Camera(line)
        self._cameras.add(camera)
        self._selector.register(line, selectors.EVENT_READ, camera)
        if self._model is None:
            problem = self._problem or Text("没有模型", "there is no model")
            self._say(camera, {"problem": {"zh": problem.zh, "en": problem.en}})
        else:
            self._say(camera, {})

    def _hear(self, camera: _Camera) -> None:
        try:
            if not camera.read():
                self._part(camera)
                return
            while (question := camera.question()) is not None:
                self._waiting.append((camera, *question))
        except (OSError, ValueError):
            self._part(camera)

    def _serve(self, camera: _Camera, number: int, picture: Any) -> None:
        if camera not in self._cameras or self._model is None:
            return
        signal.alarm(STUCK)
        try:
            found = self._model.detect(picture, LEAST)
        except ModelError as error:
            self._say(camera, {"problem": {"zh": error.text.zh, "en": error.text.en}})
            return
        finally:
            signal.alarm(0)
        self._say(
            camera, {"id": number, "found": [(one.label, round(one.score, 4), one.box) for one in found]}
        )

    def _say(self, camera: _Camera, said: Mapping[str, Any]) -> None:
        packed = json.dumps(said).encode()
        try:
            camera.line.sendall(LENGTH.pack(len(packed)) + packed)
        except OSError:
            self._part(camera)

    def _part(self, camera: _Camera) -> None:
        if camera in self._cameras:
            self._cameras.discard(camera)
            self._selector.unregister(camera.line)
            camera.line.close()


def main(model: Path, path: Path) -> None:
    """Serve `model` at the socket `path`, unless another process does. Returns at once: what serves is no child."""
    if os.fork():
        return
    cv2.setNumThreads(1)
    os.umask(0o077)
    last_in_line(_NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_OOM))
    with path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return  # somebody else is it
        loaded, problem = None, None
        try:
            loaded = load(model)
        except ModelError as error:
            problem = error.text
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            with reachable(path) as name:
                listening.bind(name)
            listening.listen(CAMERAS)
            try:
                Server(listening, loaded, problem).run()
            finally:
                path.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
