"""One hub to a data folder: `hub.pid` names it and is held while it runs."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

log = logging.getLogger("edge")

RESTORING: Final = "restoring"
"""Folder below the data folder for as long as a backup is being restored into it."""

SITE_PATH: Final = "site.path"
"""File of the data folder that names the folder of the site."""

REHEARSAL: Final = "rehearsal"
"""Folder below the data folder for as long as a backup is tried."""


class HubInUseError(RuntimeError):
    """Another hub runs on this data folder, or a backup is being restored into it."""


@contextlib.contextmanager
def only_hub(data: Path) -> Iterator[None]:
    """Hold `hub.pid`, which names the running hub; HubInUseError when another holds it.

    A disk that is full or read-only must not keep the hub from starting: then the file may name a former one.
    """
    if (data / RESTORING).exists():
        raise HubInUseError(f"{data} holds half a backup: run `edge-hub restore` again, to its end")
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


def remember_site(data: Path, site: Path) -> None:
    """Keep in `site.path` where the site's folder is, for `edge-hub backup`; a sick disk is no hindrance."""
    path = data / SITE_PATH
    words = f"{site.absolute()}\n"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.exists() and path.read_text("utf-8") == words:
            return
    try:
        path.write_text(words, "utf-8")
    except OSError as error:
        log.error("%s cannot be written: %s", path, error.strerror)  # noqa: TRY400 - as above
