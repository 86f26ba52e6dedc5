"""Cameras on the real hub: each one a child that reads a drawn stream, all checks on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from edge.tools.benches.processes import Worker, cpu_seconds, until, usage
from edge.tools.benches.stand import Stand
from edge.tools.broker import free_port
from edge.tools.simulator.pictures.lane import LANE_POLYGON

SEEING_WITHIN: Final = 90.0  # seconds until all cameras are analysed
SERVER: Final = b"drivers.camera.forking"

_CAMERA: Final = """
[[camera]]
id = "stream-{n}"
dialect = "camera"
name = {{ zh = "码流{n}", en = "Stream {n}" }}
url = "{url}"
checks = ["tamper", "flame", "smoke"]

[[camera.zone]]
id = "lane"
name = {{ zh = "车道", en = "Lane" }}
polygon = {polygon}
checks = ["left-object"]
"""
_DEVICE: Final = """
[[device]]
id = "camera-{n}"
profile = "generic-ip-camera"
name = {{ zh = "摄像机{n}", en = "Camera {n}" }}
zone = "b1"
spot = {{ zh = "{n}", en = "{n}" }}
address = {{ dialect = "camera", source = "stream-{n}" }}
"""


@dataclass(frozen=True, slots=True)
class Load:
    """children: how many. pss, own: of the largest of them, MB. cores, hub, drawing: shares of a core.

    server: PSS of the process they are forked from; total: PSS of all, the server's with it, MB.
    cores: the children together; hub: the hub's own process; drawing: what makes and sends the pictures.
    """

    children: int
    cores: float
    pss: float
    own: float
    server: float
    total: float
    hub: float
    drawing: float


class Cameras:
    """So many drawn cameras, and the tables that put them into a bench's site. Used with `with`."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._port = free_port()
        self._worker: Worker | None = None

    def __enter__(self) -> Self:
        self._worker = Worker("screens", {"port": self._port, "count": self.count})
        return self

    def __exit__(self, *_: object) -> None:
        if self._worker is not None:
            self._worker.__exit__()

    def install(self, site: Path) -> None:
        """Add them to a site's folder."""
        polygon = [list(corner) for corner in LANE_POLYGON]
        with (site / "site.toml").open("a", encoding="utf-8") as file:
            for n in range(self.count):
                url = f"http://127.0.0.1:{self._port}/camera-{n}"
                file.write(_CAMERA.format(n=n, url=url, polygon=polygon))
        text = "".join(_DEVICE.format(n=n) for n in range(self.count))
        (site / "devices" / "cameras.toml").write_text(text, encoding="utf-8")

    def seen(self, stand: Stand) -> None:
        """Return when every camera is analysed and knows its scene."""
        until(lambda: self._ready(stand), "the start of all cameras", within=SEEING_WITHIN, every=0.5)

    def load(self, stand: Stand, seconds: float) -> Load:
        """What the children take over so many seconds."""
        pids = children(stand.pid)
        begun, hub, drawn = sum(map(cpu_seconds, pids)), cpu_seconds(stand.pid), self._drawing()
        start = time.monotonic()
        time.sleep(seconds)
        span = time.monotonic() - start
        held = [usage(pid) for pid in pids]
        server = sum(usage(pid).pss for pid in servers(stand.pid))
        return Load(
            len(pids),
            (sum(map(cpu_seconds, pids)) - begun) / span,
            max(used.pss for used in held),
            max(used.own for used in held),
            server,
            server + sum(used.pss for used in held),
            (cpu_seconds(stand.pid) - hub) / span,
            (self._drawing() - drawn) / span,
        )

    def _drawing(self) -> float:
        return cpu_seconds(self._worker.pid) if self._worker else 0.0

    def _ready(self, stand: Stand) -> bool:
        pids = children(stand.pid)
        if len(pids) < self.count:
            return False
        for n in range(self.count):
            points = {item["id"]: item["value"] for item in stand.get(f"/points?device=camera-{n}")["items"]}
            if not points.get(f"camera-{n}.fps") or points.get(f"camera-{n}.learning"):
                return False
        return True


def children(pid: int) -> list[int]:
    """The camera children of a hub."""
    return [child for server in servers(pid) for child in _children(server)]


def servers(pid: int) -> list[int]:
    """The process of a hub that they are forked from; none without a camera."""
    return [child for child in _children(pid) if SERVER in _file(f"{child}/cmdline")]


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    each = [_file(f"{pid}/task/{task.name}/children") for task in (tasks.iterdir() if tasks.exists() else ())]
    return [int(child) for told in each for child in told.split()]


def _file(name: str) -> bytes:
    """Of /proc; nothing of a process that has just ended."""
    try:
        return Path("/proc", name).read_bytes()
    except OSError:
        return b""


@contextmanager
def stand_with(count: int, folder: Path | None, detectors: int = 1) -> Iterator[tuple[Stand, Cameras]]:
    """A hub that looks through so many cameras, all of which see."""
    with Cameras(count) as cameras, Stand(folder, detectors=detectors, prepare=cameras.install) as stand:
        cameras.seen(stand)
        yield stand, cameras
