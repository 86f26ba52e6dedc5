"""Films on demand: one child at a time over all cameras, ended when nobody waits for its film any more."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from pathlib import Path
from typing import Final

from drivers.camera import words
from drivers.camera.clip import NO_STILLS
from edge.domain.camera import Still
from edge.domain.names import Text

PATIENCE: Final = 90.0  # seconds; the child has 60 of computing
_LOOK: Final = 0.1

_one = threading.Semaphore(1)  # the machine is small


class Filming:
    """The films of one camera. Every method may be called from any thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def make(self, stills: Sequence[Still], path: Path) -> Future[Text | None]:
        """A film of these stills at `path`; None, or why there is none. A future that is cancelled ends it."""
        future: Future[Text | None] = Future()
        if not stills:
            future.set_result(words.NO_STILLS)
            return future
        thread = threading.Thread(
            target=self._run, args=(future, stills, path), name=f"film-{self._name}", daemon=True
        )
        with self._lock:
            self._threads = [*(t for t in self._threads if t.is_alive()), thread]
            thread.start()
        return future

    def stop(self) -> None:
        """End all that are under way."""
        self._stopped.set()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _run(self, future: Future[Text | None], stills: Sequence[Still], path: Path) -> None:
        while not _one.acquire(timeout=_LOOK):
            if self._over(future):
                return
        try:
            answer = self._film(future, stills, path)
        except OSError as error:
            answer = Text(f"{words.NO_FILM.zh}:{error.strerror}", f"{words.NO_FILM.en}: {error.strerror}")
        finally:
            _one.release()
        with suppress(InvalidStateError):  # cancelled at the last moment
            future.set_result(answer)

    def _over(self, future: Future[Text | None]) -> bool:
        if self._stopped.is_set():
            with suppress(InvalidStateError):
                future.set_result(words.STOPPED)
        return future.done()

    def _film(self, future: Future[Text | None], stills: Sequence[Still], path: Path) -> Text | None:
        asked = {"stills": [[still.taken, str(still.path)] for still in stills], "path": str(path)}
        child = subprocess.Popen(
            [sys.executable, "-m", "drivers.camera.clip"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            with suppress(BrokenPipeError):
                child.stdin.write(json.dumps(asked).encode() + b"\n")  # type: ignore[union-attr]
                child.stdin.close()  # type: ignore[union-attr]
            deadline = time.monotonic() + PATIENCE
            while child.poll() is None:
                if self._over(future):
                    return None
                if time.monotonic() > deadline:
                    return words.TOO_SLOW
                with suppress(subprocess.TimeoutExpired):
                    child.wait(_LOOK)
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()
        if child.returncode == NO_STILLS:
            return words.NO_STILLS
        return None if child.returncode == 0 else words.NO_FILM
