"""Order, pauses and what is missing."""

from __future__ import annotations

import pytest

from edge.domain.instant import MINUTE
from edge.domain.names import Text
from edge.domain.obligation import Route
from edge.domain.occurrence import Round, Stop
from edge.duties.rounds import judged, with_stop


def walk(*ids: str) -> Round:
    stops = tuple(Stop(id, n * 5 * MINUTE, "qr", "he") for n, id in enumerate(ids))
    return Round("rd-1", "round", "du-1", "he", 0, stops=stops)


def route(order: str) -> Route:
    return Route("night", Text("", ""), ("a", "b", "c"), order, 400.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("order", "ids", "former", "kept"),
    [
        ("fixed", "abc", "", True),
        ("fixed", "acb", "", False),
        ("fixed", "ac", "", True),
        ("free", "cba", "", None),
        ("varied", "abc", "abc", False),
        ("varied", "bac", "abc", True),
        ("varied", "ab", "abc", None),
    ],
)
def test_order(order: str, ids: str, former: str, kept: bool | None) -> None:
    assert judged(walk(*ids), route(order), list(former)).order_kept is kept


def test_what_is_missing_and_where_it_took_long() -> None:
    found = judged(walk("a", "c"), Route("night", Text("", ""), ("a", "b", "c"), "free", 200.0))
    assert found.missing == ("b",)
    assert [(gap.after, gap.before, gap.seconds) for gap in found.gaps] == [("a", "c", 300)]


def test_a_stop_told_twice_stays_as_first_told_but_for_a_finding() -> None:
    known = walk("a")
    assert with_stop(known, Stop("a", 99, "said", "ma")) == known
    found = with_stop(known, Stop("a", 99, "said", "ma", ok=False))
    assert found.stops[0] == Stop("a", 0, "qr", "he", ok=False)


def test_what_was_said_gives_way_to_what_is_read() -> None:
    said = with_stop(
        Round("rd-1", "round", "du-1", "he", 0), Stop("a", 1, "said", "he", ok=False, hazard="hz-1")
    )
    assert with_stop(said, Stop("a", 5, "nfc", "he")).stops == (
        Stop("a", 5, "nfc", "he", ok=False, hazard="hz-1"),
    )
