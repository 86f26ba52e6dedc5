"""What lies in what."""

from __future__ import annotations

import pytest

from edge.domain.zones import within


@pytest.mark.parametrize(
    ("zone", "prefix", "expected"),
    [
        ("b1", "", True),
        ("", "", True),
        ("b1", "b1", True),
        ("b1/u2", "b1", True),
        ("b12", "b1", False),
        ("b1", "b1/u2", False),
        ("", "b1", False),
    ],
)
def test_a_zone_lies_in_its_prefixes(zone: str, prefix: str, expected: bool) -> None:
    assert within(zone, prefix) is expected
