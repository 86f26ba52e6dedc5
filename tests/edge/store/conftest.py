"""A disk that can be filled and locked, where one may be mounted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.tmpfs import SmallDisk, why_not


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    with SmallDisk(tmp_path / "disk", 2) as disk:
        yield disk
