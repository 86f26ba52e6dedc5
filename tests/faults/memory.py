"""A memory ceiling comes down on the hub, and on a camera's process: each is started again, nothing taken is lost.

The hub is started again as its unit does it; the child by the hub.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.faults import kills
from tests.faults.ceilings import Ceiling
from tests.faults.rig import until
from tests.faults.verdict import Say, Verdict

PATIENCE: Final = 60.0


@dataclass(slots=True)
class Camera(Verdict):
    """What came of it. kills: by the kernel. back: the longest until there were pictures again, s."""

    kills: int = 0
    back: float = 0.0

    def rows(self) -> Iterator[tuple[str, str]]:
        yield "the camera's process ended, times", f"{self.kills}"
        yield "pictures again within", f"{self.back:.1f} s"


def hub(folder: Path, *, times: int, rate: float, seed: int, say: Say) -> kills.Tally:
    """It is hit so many times. rate: messages a second meanwhile."""
    return kills.run(folder, kills=times, squeezes=times, restarts=0, rate=rate, seed=seed, say=say)


def camera(times: int, say: Say) -> Camera:
    """A camera's, with the driver in this process; ImportError where OpenCV is not."""
    from tests.faults.cameras import Watched

    out = Camera()
    with out.judging(), Watched() as watched:
        for n in range(times):
            pid = watched.pid()
            with Ceiling("camera") as ceiling:
                ceiling.hold(pid)
                ceiling.lower()
                until("the kernel ends the camera's process", lambda: ceiling.kills > 0, PATIENCE)
                out.kills += 1
            fell = time.monotonic()
            until(
                "there are pictures again",
                lambda pid=pid: watched.pid() not in {0, pid} and watched.well(),  # type: ignore[misc]
                PATIENCE,
            )
            out.back = max(out.back, time.monotonic() - fell)
            say(f"the camera's process was ended and shows pictures again, {n + 1}/{times}")
    return out
