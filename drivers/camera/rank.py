"""The rank of a process that looks at pictures: behind all that an alarm needs. Without OpenCV."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

_GROUP: Final = b"5"
"""Niceness of the session, where the kernel shares cores by session first (autogroup, sched(7)): a third of a share.

Without it the niceness of a process counts within its session alone, and each camera would get as much as the hub. More
would starve it beside another program that is busy all the time, and a starved camera is a lost one.
"""


def last_in_line(niceness: int) -> None:
    """Take what is left over, and only from some of the cores. For a process in a session of its own."""
    os.nice(niceness)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_bytes(_GROUP)
    leave_a_core()


def leave_a_core() -> None:
    """Keep off the first core where there is another: what an alarm wakes finds one that no picture has.

    By rank alone it would wait for the kernel's next tick, four milliseconds, at each picture that is looked at.
    """
    with contextlib.suppress(OSError, AttributeError):  # another system, or cores that are not ours to choose
        _, *others = sorted(os.sched_getaffinity(0))
        if others:
            os.sched_setaffinity(0, others)
