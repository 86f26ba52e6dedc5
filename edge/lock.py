"""One hub to a data folder: `hub.pid` names it and is held while it runs."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger("edge")


class HubInUseError(RuntimeError):
    """Another hub runs on this data folder."""


@contextlib.contextmanager
def only_hub(data: Path) -> Iterator[None]:
    """Hold `hub.pid`, which names the running hub; HubInUseError when another holds it.

    A disk that is full or read-only must not keep the hub from starting: then the file may name a former one.
    """
    path = data / "hub.pid"
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        log.error("%s cannot be written: %s", path, error.strerror)  # noqa: TRY400 - the trace says nothing more
        if not path.exists():
            yield
            return
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(file, 20, 0).decode("ascii", "replace").strip()
            raise HubInUseError(
                f"a hub with process id {pid} runs on {data}: stop it, or choose another --data"
            ) from None
        try:
            os.ftruncate(file, 0)
            os.pwrite(file, str(os.getpid()).encode(), 0)
        except OSError as error:
            log.error("%s cannot be written: %s", path, error.strerror)  # noqa: TRY400 - as above
        yield
    finally:
        os.close(file)
