"""What a round comes to: its stops in time, what is missing, pauses, and whether the order was kept. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from edge.domain.instant import SECOND
from edge.domain.obligation import Route
from edge.domain.occurrence import Gap, Round, Stop


def judged(walk: Round, route: Route, former: Sequence[str] = ()) -> Round:
    """The round with its stops sorted and measured against its route. former: the order of the round before it."""
    stops = tuple(sorted(walk.stops, key=lambda stop: (stop.at, route.stops.index(stop.id))))
    reached = [stop.id for stop in stops]
    limit = round(route.gap)
    pauses = [(a, b, (b.at - a.at) // SECOND) for a, b in pairwise(stops)]
    return replace(
        walk,
        stops=stops,
        missing=tuple(id for id in route.stops if id not in reached),
        gaps=tuple(Gap(a.id, b.id, pause) for a, b, pause in pauses if limit and pause > limit),
        order_kept=_order(reached, route, former),
    )


def _order(reached: Sequence[str], route: Route, former: Sequence[str]) -> bool | None:
    if route.order == "fixed":
        return list(reached) == [id for id in route.stops if id in reached]
    if route.order == "varied" and len(reached) == len(route.stops):
        return list(reached) != list(former)
    return None


def with_stop(walk: Round, stop: Stop) -> Round:
    """The round with a stop more; of a checkpoint reached already the first word stays, a finding is added to it.

    What was only said gives way to what is read there.
    """
    known = next((each for each in walk.stops if each.id == stop.id), None)
    if known is None:
        return replace(walk, stops=(*walk.stops, stop))
    read = known.how == "said" != stop.how
    if not read and (stop.ok or not known.ok):
        return walk
    found = replace(known, ok=known.ok and stop.ok)
    if read:
        found = replace(found, at=stop.at, how=stop.how, by=stop.by)
    return replace(walk, stops=tuple(found if each is known else each for each in walk.stops))
