"""Who looks at pictures takes what is left over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

WORK = """
import json, os, pathlib
from drivers.camera.rank import last_in_line
last_in_line(10)
group = pathlib.Path("/proc/self/autogroup")
print(json.dumps([os.nice(0), sorted(os.sched_getaffinity(0)), group.read_text() if group.exists() else ""]))
"""


@pytest.fixture(scope="module")
def rank() -> tuple[int, list[int], str]:
    """(niceness, cores, what the kernel says of its session) of such a process."""
    done = subprocess.run(
        [sys.executable, "-c", WORK], stdout=subprocess.PIPE, start_new_session=True, check=True
    )
    niceness, cores, group = json.loads(done.stdout)
    return niceness, cores, group


def test_it_is_nicer_than_the_hub(rank: tuple[int, list[int], str]) -> None:
    assert rank[0] == min(19, os.nice(0) + 10)


def test_where_there_are_several_cores_one_is_free_of_pictures(rank: tuple[int, list[int], str]) -> None:
    first, *others = sorted(os.sched_getaffinity(0))
    assert rank[1] == (others or [first])


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel does not group by session")
def test_its_session_is_nicer_too(rank: tuple[int, list[int], str]) -> None:
    assert rank[2].endswith(" nice 5\n")
