"""Photos that prove work: made fit by a child of low priority, kept as files that are whole or not there."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.facade import Kept, Unavailable, Unfit

_ID: Final = re.compile(r"(\d{4})(\d\d)-[0-9a-f]{32}")
_PATIENCE: Final = 40.0  # seconds; the child has 20 of computing
_ROOM: Final = 64 << 20
"""Bytes that stay free: the journal comes before pictures."""


class EvidenceFiles:
    """`folder`/<yyyy>/<mm>/<id>.jpg. Ids are `evidence_id`'s."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._one = asyncio.Semaphore(1)  # one picture at a time: the machine is small

    async def keep(self, id: str, picture: bytes, words: str, plain: str) -> Kept:
        """Make it fit and durable; a repeat under one id takes the former's place.

        words: at its lower edge ("place · time · person"); plain: the same in ASCII. Raises Unfit, Unavailable.
        """
        path = self._path(id)
        if path is None:
            msg = f"no id of evidence: {id[:60]!r}"
            raise ValueError(msg)
        async with self._one:
            head, jpeg = await _child(picture, words, plain)
            try:
                await asyncio.to_thread(write_whole, path, jpeg)
            except OSError as error:
                raise Unavailable(
                    f"the photo cannot be kept ({error.strerror}): free space on the hub's disk, then send it again"
                ) from error
        return Kept(id, hashlib.sha256(jpeg).hexdigest(), head["width"], head["height"])

    async def read(self, id: str) -> bytes | None:
        """The JPEG, None when there is none."""
        path = self._path(id)
        if path is None:
            return None
        try:
            return await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"the photo cannot be read ({error.strerror})") from error

    async def drop(self, id: str) -> None:
        """Take back what no fact speaks of."""
        if (path := self._path(id)) is not None:
            with suppress(OSError):
                await asyncio.to_thread(path.unlink)

    def _path(self, id: str) -> Path | None:
        match = _ID.fullmatch(id)
        return None if match is None else self._folder / match.group(1) / match.group(2) / f"{id}.jpg"


async def _child(picture: bytes, words: str, plain: str) -> tuple[dict[str, int], bytes]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge.evidence_child",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    line = json.dumps({"words": words, "plain": plain}).encode() + b"\n"
    try:
        out, _ = await asyncio.wait_for(child.communicate(line + picture), _PATIENCE)
    except BaseException as error:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        if isinstance(error, TimeoutError):
            raise Unavailable("the hub is too busy to keep the photo now: send it again") from error
        raise
    first, _, jpeg = out.partition(b"\n")
    if child.returncode or not first:
        raise Unfit("the picture cannot be read: take it again at a lower resolution")
    head = json.loads(first)
    if "error" in head:
        raise Unfit(head["error"])
    return head, jpeg


def write_whole(path: Path, content: bytes, taken: int | None = None, *, named: bool = True) -> None:
    """Whole, durable, and under its name only then. taken: µs UTC, the time the file shall bear. Raises OSError.

    named: its name is durable too; else the caller settles the folder, once for several files.
    """
    make_room(path, len(content))
    half = path.with_suffix(".part")
    try:
        with half.open("wb") as file:
            file.write(content)
            file.flush()
            if taken is not None:
                os.utime(file.fileno(), ns=(taken * 1000, taken * 1000))
            os.fsync(file.fileno())
        half.replace(path)
    except OSError:
        with suppress(OSError):
            half.unlink()
        raise
    if named:
        settle(path.parent)


def make_room(path: Path, size: int) -> None:
    """Make its folder; OSError where `size` bytes would take what the journal needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    disk = os.statvfs(path.parent)
    if disk.f_bavail * disk.f_frsize < size + _ROOM:
        raise OSError(28, "no space left")


def settle(folder: Path) -> None:
    """Make what was renamed or deleted in a folder durable; OSError."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
