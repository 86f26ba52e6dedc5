"""The middle of things, as numpy has it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from drivers.camera.middles import median, quantiles


@pytest.mark.parametrize("count", [1, 2, 7, 24])
def test_they_are_those_of_numpy(count: int) -> None:
    values = np.random.default_rng(count).normal(100, 40, (count, 5, 3)).astype(np.float32)
    assert np.allclose(median(values), np.median(values, axis=0))
    assert np.allclose(median(list(values)), np.median(values, axis=0))
    assert quantiles(values, 0.0, 0.3, 0.92, 1.0) == pytest.approx(np.quantile(values, (0.0, 0.3, 0.92, 1.0)))


def test_bytes_are_not_added_up_as_bytes() -> None:
    assert median(np.array([200, 250], np.uint8)) == 225


def test_what_numpy_brings_for_its_own_stays_away() -> None:
    code = "import sys; from drivers.camera.middles import *; median([1, 2]); quantiles([1, 2], 0.3)"
    subprocess.run([sys.executable, "-c", f"{code}; assert 'numpy.ma' not in sys.modules"], check=True)
