"""The machine: program, system, clock, disk, services."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from edge import __version__
from edge.clock import SystemClock
from edge.machine.certificates import CertificateError, Wanted, ends
from edge.machine.system import System
from edge.tools.checkup.report import Findings, Level

UNITS: Final = (
    "edge-hub.service", "edge-hub-broker.service", "edge-hub-certificates.timer", "chrony.service",
    "systemd-timesyncd.service",
)  # fmt: skip
_OURS: Final = ("edge-hub.service", "edge-hub-broker.service")
_PACKAGES: Final = ("onnxruntime", "paho-mqtt", "fastapi", "uvicorn", "pydantic")
_HOT: Final = 80.0  # °C
_SOON, _NOW = 30.0, 0.0  # days of a certificate
_LITTLE: Final = 0.05  # of a disk


def program() -> Findings:
    """What runs."""
    yield Level.INFO, "edge-hub", __version__
    yield Level.INFO, "Python", f"{platform.python_version()}, {sys.executable}"
    yield Level.INFO, "SQLite", sqlite3.sqlite_version
    cv = [one for one in metadata.distributions() if one.name.lower().startswith("opencv")]
    yield (
        (Level.INFO if cv else Level.WARN),
        "OpenCV",
        " ".join(one.version for one in cv) or "is not installed",
    )
    for package in _PACKAGES:
        try:
            yield Level.INFO, package, metadata.version(package)
        except metadata.PackageNotFoundError:
            yield Level.WARN, package, "is not installed"


def machine() -> Findings:
    """What it runs on."""
    system = System()
    release = _words(Path("/etc/os-release")).get("PRETTY_NAME", platform.platform())
    yield Level.INFO, "system", f"{release}, {platform.release()} {platform.machine()}"
    model = Path("/proc/device-tree/model")
    if model.exists():
        yield Level.INFO, "board", model.read_text("utf-8", "replace").strip("\0\n ")
    yield (
        Level.INFO,
        "processors",
        f"{os.cpu_count()}, load {' '.join(f'{load:.1f}' for load in os.getloadavg())}",
    )
    available = system.memory_available()
    if available is not None:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        yield (
            Level.WARN if available < 10 else Level.OK,
            "memory",
            f"{total >> 20} MiB, {available:.0f} % available",
        )
    if (temperature := system.temperature()) is not None:
        yield Level.WARN if temperature >= _HOT else Level.OK, "temperature", f"{temperature:.0f} °C"
    if (weak := system.undervoltage()) is not None:
        said = (
            "too weak now"
            if weak
            else "was too weak since it was switched on"
            if system.was_undervolted()
            else "ok"
        )
        yield Level.OK if said == "ok" else Level.WARN, "supply", said
    if system.throttled():
        yield Level.WARN, "processor", "is slowed down by heat or voltage"
    for one in system.interfaces():
        yield (
            Level.INFO,
            one.name,
            f"{'connected' if one.linked else 'not connected'}, {one.changes or 0} changes",
        )
    yield (
        Level.INFO,
        "network",
        f"{system.addresses() or 'no address'}; default route {system.route() or 'none'}",
    )
    if system.panic():
        yield Level.WARN, "kernel", "left the record of a crash: sudo ls /sys/fs/pstore"


def clock() -> Findings:
    """What it takes the time from."""
    now = datetime.now(UTC)
    witness = SystemClock().witness()
    if witness.ntp:
        yield Level.OK, "clock", f"{now:%Y-%m-%d %H:%M:%S} UTC, synchronised"
        return
    source = (
        "a battery-backed clock"
        if witness.rtc is not None
        else "nothing: no network time, no battery-backed clock"
    )
    yield Level.WARN, "clock", f"{now:%Y-%m-%d %H:%M:%S} UTC, not synchronised; rests on {source}"


def disk(data: Path) -> Findings:
    """Room where the stores lie."""
    there = next((path for path in (data, *data.parents) if path.exists()), Path("/"))
    room = os.statvfs(there)
    if room.f_flag & os.ST_RDONLY:
        yield Level.FAILED, "file system", f"{there} is read-only: the card may be worn out; look at dmesg"
    total, free = room.f_blocks * room.f_frsize, room.f_bavail * room.f_frsize
    level = Level.FAILED if free < _LITTLE * total and free < 1 << 28 else Level.OK
    yield level, "space", f"{free >> 20} of {total >> 20} MiB free at {there}"
    if room.f_files and room.f_favail < room.f_files // 100:
        yield Level.FAILED, "inodes", f"{room.f_favail} left"


def has_systemd() -> bool:
    """Whether services of this machine are systemd's."""
    return Path("/run/systemd/system").is_dir() and shutil.which("systemctl") is not None


def units() -> Findings:
    """What systemd says of the services."""
    if not has_systemd():
        yield Level.INFO, "systemd", "does not run here"
        return
    for unit in UNITS:
        said = subprocess.run(
            ["systemctl", "show", unit, "-p", "LoadState,ActiveState,SubState,Result,NRestarts"],
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
        state = dict(line.partition("=")[::2] for line in said.stdout.splitlines())
        if state.get("LoadState") != "loaded":
            if unit in _OURS:
                yield Level.INFO, unit, "is not installed"
            continue
        words = f"{state.get('ActiveState')} ({state.get('SubState')}), result {state.get('Result')}"
        if state.get("NRestarts", "0") not in {"0", ""}:
            words += f", restarted by itself {state['NRestarts']} times"
        bad = state.get("ActiveState") == "failed" or (unit in _OURS and state.get("ActiveState") != "active")
        yield Level.FAILED if bad else Level.OK, unit, words
        if bad:
            yield from _last_words(unit)


def _last_words(unit: str) -> Findings:
    """What a service that does not run said last."""
    said = subprocess.run(
        ["journalctl", "-u", unit, "-n", "15", "--no-pager", "-o", "short-iso"],
        capture_output=True, text=True, timeout=10, check=False,
    )  # fmt: skip
    for line in said.stdout.splitlines():
        yield Level.INFO, "said last", line


def certificate(name: str, wanted: Wanted) -> Findings:
    """How long it is good."""
    try:
        end = datetime.fromtimestamp(ends(wanted) / 1e6, UTC)
    except CertificateError as error:
        yield Level.UNKNOWN, name, f"cannot be read: {error}"
        return
    days = (end - datetime.now(UTC)).total_seconds() / 86400
    level = Level.FAILED if days <= _NOW else Level.WARN if days < _SOON else Level.OK
    mend = (
        ""
        if level is Level.OK
        else "; renew it: sudo sh /opt/edge-hub/current/deploy/install.sh --certificates"
    )
    yield level, name, f"{'expired' if days <= 0 else 'good until'} {end:%Y-%m-%d} ({days:.0f} days){mend}"


def _words(path: Path) -> dict[str, str]:
    """KEY="value" of each line."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}
