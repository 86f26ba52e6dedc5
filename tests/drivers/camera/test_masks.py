from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.camera.masks import Masks

LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def white(width: int = 64, height: int = 36) -> np.ndarray:
    return np.full((height, width, 3), 255, np.uint8)


def test_what_is_under_a_mask_is_black_and_the_rest_is_untouched() -> None:
    picture = white()
    Masks([LEFT]).paint(picture)
    assert not picture[:, :33].any()
    assert (picture[:, 36:] == 255).all()


@pytest.mark.parametrize(
    "other", [LEFT, ((0.25, 0.0), (0.75, 0.0), (0.75, 1.0), (0.25, 1.0))], ids=["twice", "overlapping"]
)
def test_what_lies_under_two_masks_is_as_black(other) -> None:
    picture = white()
    Masks([LEFT, other]).paint(picture)
    assert not picture[:, :33].any()


def test_another_format_is_masked_in_its_own_pixels() -> None:
    masks = Masks([LEFT])
    masks.paint(white())
    larger = white(640, 360)
    masks.paint(larger)
    assert not larger[:, :320].any()
    assert (larger[:, 330:] == 255).all()


def test_without_masks_nothing_is_painted() -> None:
    picture = white()
    Masks().paint(picture)
    assert (picture == 255).all()


corner = st.tuples(st.floats(0, 1), st.floats(0, 1))


@given(st.tuples(corner, corner, corner), st.integers(16, 80), st.integers(16, 80))
def test_nothing_of_the_corners_and_the_middle_is_left(polygon, width: int, height: int) -> None:
    picture = white(width, height)
    Masks([polygon]).paint(picture)
    middle = (sum(x for x, _ in polygon) / 3, sum(y for _, y in polygon) / 3)
    for x, y in (*polygon, middle):
        assert not picture[min(int(y * height), height - 1), min(int(x * width), width - 1)].any()
