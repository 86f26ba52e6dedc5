"""What a soak says of its samples: slopes, flat or not, and pictures that can be read."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from edge.tools.benches.soak import delays
from edge.tools.benches.soak_story import QUANTITIES, Quantity, course, plot, slope, thinned

HOUR = [(n * 10.0, n) for n in range(361)]
MEMORY = Quantity("rss", "RSS", "MB", 3.0)


def test_a_slope_is_that_of_the_line_through_the_points():
    assert slope([(at, 5 + at / 60) for at, _ in HOUR]) == pytest.approx(1 / 60)
    assert slope([(0.0, 7.0)]) == 0.0
    assert slope([(3.0, 1.0), (3.0, 9.0)]) == 0.0


def test_what_grows_at_first_and_then_stands_is_flat():
    found = course(MEMORY, [(at, min(at, 1000.0) / 10) for at, _ in HOUR])
    assert found.flat
    assert found.first > 100
    assert found.last == 0.0
    assert (found.end, found.most) == (100.0, 100.0)


def test_what_grows_to_the_end_is_not():
    found = course(MEMORY, [(at, 90 + at / 900) for at, _ in HOUR])  # 4 MB an hour
    assert found.flat is False
    assert found.last == pytest.approx(4.0)
    assert course(Quantity("journal", "journal", "MB"), [(at, at) for at, _ in HOUR]).flat is None


def test_the_start_is_not_judged():
    found = course(MEMORY, [(at, at if at < 200 else 100.0) for at, _ in HOUR])
    assert (found.first, found.last) == (0.0, 0.0)


def test_each_alarm_is_held_against_its_own_report():
    second = 1_000_000_000
    sent = [("a", 1 * second), ("b", 2 * second), ("a", 5 * second), ("c", 6 * second)]
    raised = [("a", second + 3_000_000), ("b", 2 * second + 5_000_000), ("a", 5 * second + 4_000_000)]
    found, missing = delays(sent, raised, 0)
    assert found == [(1.0, 3.0), (2.0, 5.0), (5.0, 4.0)]
    assert missing == 1


def test_a_plot_is_small_and_well_formed():
    picture = plot("Memory, MB", {"RSS": [(at, 90.0) for at, _ in HOUR], "PSS": HOUR})
    root = ET.fromstring(picture)  # noqa: S314 - made here
    assert root.tag.endswith("svg")
    assert len(picture) < 12_000
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Memory, MB", "RSS", "PSS", "0", "400", "60 min"} <= set(words)
    assert ET.fromstring(plot("none", {}, dots=True)) is not None  # noqa: S314


def test_no_peak_is_thinned_away():
    points = [(float(n), 9.0 if n == 777 else 1.0) for n in range(4000)]
    few = thinned(points)
    assert len(few) <= 360
    assert (777.0, 9.0) in few


def test_quantities_have_names_of_their_own():
    assert len({quantity.name for quantity in QUANTITIES}) == len(QUANTITIES)
