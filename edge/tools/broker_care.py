"""Before Mosquitto starts: a damaged `mosquitto.db` is moved aside, so that the broker starts without a person.

What Mosquitto 2.0.11 does by itself: it ends at a file whose header is unknown or that stops within a chunk, and would
be started and end for ever; an empty one, or one whose end is zeros, it takes without a word, and then writes over it.
So its chunks are walked here first. What only Mosquitto can judge, it judges on a trial, and only after a start that
did not come to its end. A file that is moved aside keeps its name with the date; the hub sees it there and says so.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

STORE: Final = "mosquitto.db"
_SEEN: Final = "mosquitto.db.begun"  # there was a store
_STARTING: Final = ".starting"  # a start that has not come to its end
_MAGIC: Final = b"\x00\xb5\x00mosquitto db"
_HEADER: Final = 23  # bytes: magic, checksum, version
_CHUNK: Final = 8
_KINDS: Final = range(1, 7)  # configuration, message, queued, retained, subscription, client
_VERSIONS: Final = (5, 6)  # others have other chunks
_TRIAL: Final = 40.0  # seconds a trial may take before the file counts as sound


def damage(store: Path) -> str | None:
    """What is wrong with the chunks of a store, None when they are whole. OSError when it cannot be read."""
    size = store.stat().st_size
    with store.open("rb") as file:
        head = file.read(_HEADER)
        if size == 0:
            return "it is empty"
        if len(head) < _HEADER or not head.startswith(_MAGIC):
            return "it does not begin as Mosquitto's store does"
        if int.from_bytes(head[19:23], "big") not in _VERSIONS:
            return None
        at = _HEADER
        while at < size:
            chunk = file.read(_CHUNK)
            kind, length = int.from_bytes(chunk[:4], "big"), int.from_bytes(chunk[4:], "big")
            if len(chunk) < _CHUNK or at + _CHUNK + length > size:
                return f"it ends within the chunk at byte {at}"
            if kind not in _KINDS:
                return f"there is no chunk at byte {at}"
            at += _CHUNK + length
            file.seek(at)
    return None


def before_start(state: Path, program: str | Path | None) -> Path | None:
    """Look at the store of a broker that is about to start; where a damaged one went, or the mark of one that is gone.

    program: Mosquitto, for a trial. Raises OSError: then the broker is started as it is.
    """
    store, seen, starting = state / STORE, state / _SEEN, state / _STARTING
    found: Path | None = None
    if not store.exists():
        if seen.exists():
            found = _free(state, "gone")
            found.touch(mode=0o600)
            seen.unlink()
    elif (why := damage(store) or (_refused(store, program) if starting.exists() else None)) is not None:
        found = _free(state, "corrupt")
        store.replace(found)
        seen.unlink(missing_ok=True)
        print(f"{store} is damaged ({why}): set aside as {found.name}", file=sys.stderr, flush=True)
    else:
        seen.touch(mode=0o600)
    starting.touch(mode=0o600)
    _sync(state)
    return found


def started(state: Path) -> None:
    """The broker listens: what it has loaded was sound."""
    with suppress(OSError):
        (state / _STARTING).unlink(missing_ok=True)


def _refused(store: Path, program: str | Path | None) -> str | None:
    """Why Mosquitto itself does not start on the store, tried on a free port with a name that leads to it."""
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="edge-hub-broker-") as name:
        folder = Path(name)
        (folder / STORE).symlink_to(store.resolve())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        lines = (
            *(["user root"] if os.geteuid() == 0 else []),
            f"listener {port} 127.0.0.1",
            "persistence true",
            f"persistence_location {folder}/",
            "autosave_interval 0",
            "log_dest stdout",
        )
        (folder / "trial.conf").write_text("\n".join(lines) + "\n", "utf-8")
        process = subprocess.Popen(
            [program, "-c", folder / "trial.conf"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            return _verdict(process, port)
        finally:
            process.kill()  # it must not save what it has loaded
            process.communicate()


def _verdict(process: subprocess.Popen[bytes], port: int) -> str | None:
    deadline = time.monotonic() + _TRIAL
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = process.stdout.read() if process.stdout is not None else b""
            failed = process.returncode < 0 or b"database" in said or b"persist" in said
            return f"Mosquitto ends at it, {process.returncode}" if failed else None
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return None
        time.sleep(0.05)
    return None


def _free(state: Path, end: str) -> Path:
    """A dated name that is not taken."""
    stamp, number = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}", 1
    path = state / f"{STORE}.{stamp}.{end}"
    while path.exists():
        number += 1
        path = path.with_name(f"{STORE}.{stamp}-{number}.{end}")
    return path


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def main() -> int:
    """0; 1 when the folder cannot be looked at."""
    parser = argparse.ArgumentParser(prog="python -m edge.tools.broker_care", description=__doc__)
    parser.add_argument(
        "--state", type=Path, required=True, metavar="DIR", help="where the broker's queues lie"
    )
    parser.add_argument("--started", action="store_true", help="the broker has come up")
    arguments = parser.parse_args()
    try:
        if arguments.started:
            started(arguments.state)
        else:
            path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
            before_start(arguments.state, shutil.which("mosquitto", path=path))
    except OSError as error:
        print(f"edge-hub: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
