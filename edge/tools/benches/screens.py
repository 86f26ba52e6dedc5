"""A worker that plays so many drawn cameras over MJPEG, lanes and sheds in turn."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from drivers.camera.rank import last_in_line
from edge.tools.benches.processes import serve
from edge.tools.simulator.pictures.events import LANE, SHED
from edge.tools.simulator.pictures.screen import RATE, Screen
from edge.tools.simulator.pictures.server import PictureServer


def work(spec: Any, ready: Callable[[], None], wait: Callable[[], None]) -> None:
    """spec: `port`, `count`. Camera n is at /camera-n."""
    # Cameras are other machines: what draws them takes nothing from what is measured.
    os.setsid()
    last_in_line(10)
    count = spec["count"]
    screens = {  # no two cameras of a site send at the same moment
        f"camera-{n}": Screen(SHED if n % 2 else LANE, seed=n, hour=14.0, phase=n / count / RATE)
        for n in range(count)
    }
    server = PictureServer(screens, spec["port"])
    server.start()
    ready()
    wait()
    server.stop()


if __name__ == "__main__":
    serve(work)
