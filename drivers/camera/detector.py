"""Asking the object detector that the site dropped in: in a process of its own, shared by all cameras of the hub.

The simplest way that holds: the first camera's child that has a picture to ask about starts the process; a lock file
beside the socket lets only one live, and it ends by itself when no camera has asked for a while. The hub takes no part,
so that neither a broken model nor a crash in a library reaches it. Pictures go as small raw crops over a Unix socket,
one at a time for each camera; a check never waits for an answer, and without one it says nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np

from drivers.camera.frames import Frame, Picture
from drivers.camera.model_card import ModelError
from drivers.camera.models import Detection, Model, load
from drivers.camera.ring import in_memory
from drivers.camera.sight import Box
from edge.domain.names import Text

WIDTH: Final = 416  # pixels of a crop: what small COCO models are trained on
HEAD: Final = struct.Struct("!IHH")  # number of the question, width, height; then the BGR bytes
LENGTH: Final = struct.Struct("!I")  # of an answer, JSON in UTF-8
ANSWER_LIMIT: Final = 1 << 20
PATIENCE: Final = 5.0  # seconds for an answer
LOADING: Final = 20.0  # seconds for the process to come up with its model
AGAIN: Final = (2.0, 60.0)  # seconds before the next try after a failure, doubling
IDLE: Final = 120.0  # seconds without a question, after which the line is closed
LEAST: Final = 0.2  # of the scores: what a check makes of them is its own matter
MODULE: Final = "drivers.camera.detecting"

SILENT: Final = Text("目标检测进程没有应答", "the object detector does not answer")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the detector saw. t: the frame's time; found: boxes relative to the whole picture."""

    t: float
    found: tuple[Detection, ...]


class Finder(Protocol):
    """A way to the detector. Not for two threads at once."""

    @property
    def problem(self) -> Text | None:
        """Why it gives no answers; None when nothing is known against it."""

    @property
    def busy(self) -> bool:
        """Whether a question is still open: a new one would be dropped."""

    def ask(self, frame: Frame, around: Box | None = None) -> None:
        """Have it look at a frame, or at this part of it. Returns at once."""

    def answer(self) -> Seen | None:
        """The answer to the last question, once; None while there is none."""


def crop(frame: Frame, around: Box | None) -> tuple[Picture, Box]:
    """(the part to be looked at, at most `WIDTH` wide; where it lies in the picture)."""
    bgr, (width, height) = frame.bgr, frame.size
    where: Box = (0.0, 0.0, 1.0, 1.0)
    if around is not None:
        x, y, across, down = around
        left, top = int(min(max(x, 0.0), 1.0) * width), int(min(max(y, 0.0), 1.0) * height)
        right, bottom = (
            round(min(max(x + across, 0.0), 1.0) * width),
            round(min(max(y + down, 0.0), 1.0) * height),
        )
        if right - left >= 8 and bottom - top >= 8:
            bgr = bgr[top:bottom, left:right]
            where = (left / width, top / height, (right - left) / width, (bottom - top) / height)
    rows, columns = bgr.shape[:2]
    if (factor := WIDTH / max(rows, columns)) < 1:
        size = (max(1, round(columns * factor)), max(1, round(rows * factor)))
        bgr = np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA))
    return np.ascontiguousarray(bgr, np.uint8), where


def placed(found: Sequence[Detection], where: Box) -> tuple[Detection, ...]:
    """Boxes in a crop as boxes in the whole picture."""
    left, top, across, down = where
    return tuple(
        Detection(
            one.label,
            one.score,
            (left + one.box[0] * across, top + one.box[1] * down, one.box[2] * across, one.box[3] * down),
        )
        for one in found
    )


class Local:
    """The model in this process, answering at once: for films (`edge-hub analyse`), where no frame is to be missed."""

    def __init__(self, path: Path) -> None:
        self.problem: Text | None = None
        self._model: Model | None = None
        self._seen: Seen | None = None
        try:
            self._model = load(path)
        except ModelError as error:
            self.problem = error.text

    @property
    def busy(self) -> bool:
        return False

    def ask(self, frame: Frame, around: Box | None = None) -> None:
        if self._model is None:
            return
        part, where = crop(frame, around)
        try:
            self._seen = Seen(frame.t, placed(self._model.detect(part, LEAST), where))
        except ModelError as error:
            self.problem, self._model = error.text, None

    def answer(self) -> Seen | None:
        seen, self._seen = self._seen, None
        return seen


@dataclass(frozen=True, slots=True)
class _Question:
    t: float
    picture: Picture
    where: Box


class Shared:
    """The hub's one detector process, through a thread that may wait for it.

    The thread lives while there are questions, and `IDLE` seconds longer. folder: where the socket is (0700).
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self.problem: Text | None = None
        self._path = path
        self._socket = socket_of(path, folder)
        self._lock = threading.Condition()
        self._question: _Question | None = None
        self._seen: Seen | None = None
        self._asked = 0
        self._line: socket.socket | None = None
        self._retry = (0.0, AGAIN[0])
        self._ended = False
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        with self._lock:
            return self._question is not None

    def ask(self, frame: Frame, around: Box | None = None) -> None:
        with self._lock:
            if self._question is not None or time.monotonic() < self._retry[0]:
                return
        part, where = crop(frame, around)
        with self._lock:
            self._question = _Question(frame.t, part, where)
            self._lock.notify()
            if self._thread is None and not self._ended:
                self._thread = threading.Thread(target=self._serve, name="detector", daemon=True)
                self._thread.start()

    def answer(self) -> Seen | None:
        with self._lock:
            seen, self._seen = self._seen, None
            return seen

    def close(self) -> None:
        """Ask no more. The process ends by itself when nobody asks."""
        with self._lock:
            self._ended, thread = True, self._thread
            self._lock.notify()
        if thread is not None:
            thread.join(PATIENCE + 1)

    def _serve(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._ended or self._question is not None, IDLE)
                question = self._question
                if self._ended or question is None:
                    self._thread = None
                    break
            try:
                found = self._look(question)
            except (OSError, ValueError, KeyError, TypeError):
                self._failed(SILENT)
            except ModelError as error:
                self._failed(error.text)
            else:
                with self._lock:
                    self._seen, self.problem = Seen(question.t, placed(found, question.where)), None
                    self._retry = (0.0, AGAIN[0])
            with self._lock:
                self._question = None
        self._hang_up()

    def _look(self, question: _Question) -> list[Detection]:
        _ours(self._socket.parent)
        line = self._line or self._connect()
        rows, columns = question.picture.shape[:2]
        self._asked = (self._asked + 1) % (1 << 32)
        line.sendall(HEAD.pack(self._asked, columns, rows) + question.picture.tobytes())
        said = receive(line)
        if said.get("id") != self._asked:
            raise ValueError("an answer to another question")
        return [Detection(str(label), float(score), _box(box)) for label, score, box in said["found"]]

    def _connect(self) -> socket.socket:
        """A line to the process, which is started where nobody answers."""
        until = time.monotonic() + LOADING
        started = False
        while True:
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                line.settimeout(LOADING)
                with reachable(self._socket) as name:
                    line.connect(name)
                receive(line)  # that it is ready, or why it cannot be
            except OSError:
                line.close()
                if not started:
                    started = True
                    self._start()
                if self._ended or time.monotonic() > until:
                    raise
                time.sleep(0.1)
                continue
            except BaseException:
                line.close()
                raise
            line.settimeout(PATIENCE)
            self._line = line
            return line

    def _start(self) -> None:
        """Start the process, which parts from this one at once: it outlives this camera while others ask."""
        command = [sys.executable, "-m", MODULE, str(self._path), str(self._socket)]
        null = subprocess.DEVNULL
        with contextlib.suppress(subprocess.SubprocessError):
            subprocess.run(  # noqa: S603 - our own module
                command,
                stdin=null,
                stdout=null,
                stderr=null,
                start_new_session=True,
                timeout=LOADING,
                check=False,
            )

    def _failed(self, why: Text) -> None:
        self._hang_up()
        wait = self._retry[1]
        with self._lock:
            self.problem = why
            self._retry = (time.monotonic() + wait, min(2 * wait, AGAIN[1]))

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


class Nobody:
    """Where the site has no detector: nothing is ever seen."""

    problem: Text | None = Text("未配置目标检测模型", "no object detector is configured")
    busy = False

    def ask(self, frame: Frame, around: Box | None = None) -> None:
        """Nobody is there to ask."""

    def answer(self) -> Seen | None:
        return None


def finder(path: Path | None, *, shared: bool) -> Finder:
    """The way to the detector at `path`: through the process that all cameras share, or in this one."""
    if path is None:
        return Nobody()
    return Shared(path, meeting()) if shared else Local(path)


def meeting() -> Path:
    """The folder where this user's cameras meet their detector: the service's own, else one in memory, 0700."""
    return (in_memory() or Path(tempfile.gettempdir())) / f"edge-detector-{os.getuid()}"


def _ours(folder: Path) -> None:
    """Make the folder. OSError when somebody else has taken its name."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not ours")


def socket_of(path: Path, folder: Path) -> Path:
    """Where the process of a model listens; another model, or a newer file, has another."""
    with contextlib.suppress(OSError):
        file = path.stat()
        return folder / f"detector-{_short(f'{path.resolve()} {file.st_mtime_ns} {file.st_size}')}.sock"
    return folder / f"detector-{_short(str(path))}.sock"


@contextlib.contextmanager
def reachable(path: Path) -> Iterator[str]:
    """A name of `path` that is short enough for a socket (107 bytes), whatever the folder's is."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def receive(line: socket.socket) -> Mapping[str, Any]:
    """One answer. OSError when the line ends or time is up, ValueError when it is none, ModelError when it says so."""
    length = LENGTH.unpack(_exactly(line, LENGTH.size))[0]
    if length > ANSWER_LIMIT:
        raise ValueError("an answer too long")
    said = json.loads(_exactly(line, length))
    if not isinstance(said, dict):
        raise TypeError("an answer that is no object")
    if isinstance(problem := said.get("problem"), dict):
        raise ModelError(Text(str(problem.get("zh", "")), str(problem.get("en", ""))))
    return said


def _exactly(line: socket.socket, length: int) -> bytes:
    held = bytearray()
    while len(held) < length:
        more = line.recv(length - len(held))
        if not more:
            raise ConnectionResetError("the detector has hung up")
        held += more
    return bytes(held)


def _box(value: Sequence[Any]) -> Box:
    x, y, width, height = (float(side) for side in value)
    return x, y, width, height


def _short(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:12]
