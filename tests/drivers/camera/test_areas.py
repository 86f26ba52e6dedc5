from __future__ import annotations

import pytest

from drivers.camera.areas import WHOLE, inside, mask, stands_in

LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
TRIANGLE = ((0.5, 0.1), (0.9, 0.9), (0.1, 0.9))


def test_a_mask_covers_what_its_polygon_does_at_any_size():
    for size in ((640, 360), (320, 180), (33, 17)):
        whole, left, triangle = (mask([polygon], size) for polygon in (WHOLE.polygon, LEFT, TRIANGLE))
        assert whole.shape == size[::-1]
        assert whole.min() == 255
        assert (left > 0).mean() == pytest.approx(0.5, abs=1.5 / size[0])
        assert (triangle > 0).mean() == pytest.approx(0.32, abs=4 / size[1])
        assert not mask([], size).any()


def test_several_polygons_are_one_mask():
    right = tuple((x + 0.5, y) for x, y in LEFT)
    assert mask([LEFT, right], (64, 36)).min() == 255


@pytest.mark.parametrize(("x", "y", "within"), [(0.5, 0.5, True), (0.2, 0.2, False), (0.5, 0.95, False)])
def test_a_point_in_a_polygon(x, y, within):
    assert inside(TRIANGLE, x, y) is within


def test_a_thing_is_where_its_feet_are():
    tall = (0.3, 0.1, 0.1, 0.5)
    assert stands_in(tall, ((0.2, 0.5), (0.5, 0.5), (0.5, 0.7), (0.2, 0.7)))
    assert not stands_in(tall, ((0.2, 0.1), (0.5, 0.1), (0.5, 0.5), (0.2, 0.5)))


def test_feet_below_the_picture_are_on_its_edge():
    assert stands_in((0.4, 0.7, 0.1, 0.5), WHOLE.polygon)
