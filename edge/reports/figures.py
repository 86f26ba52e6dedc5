"""What times add up to: median, 90 % and how many kept their target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Kept:
    """Of `count` cases: how many were within the target, and how long they took in seconds, None of no case."""

    count: int
    met: int
    missed: int
    share: float | None
    median: float | None
    p90: float | None


def kept(seconds: Sequence[float], within: float, waiting: Sequence[float] = ()) -> Kept:
    """waiting: how long those took so far that are not through yet; they count once they are over the target.

    Percentiles are those of a sample: the smallest value that is not below the given part of all (nearest rank).
    """
    late = [span for span in waiting if span > within]
    counted = sorted([*seconds, *late])
    met = sum(span <= within for span in counted)
    count = len(counted)
    share = met / count if count else None
    return Kept(count, met, count - met, share, rank(counted, 0.5), rank(counted, 0.9))


def rank(ascending: Sequence[float], part: float) -> float | None:
    """The nearest-rank percentile, None of nothing."""
    return ascending[max(0, ceil(part * len(ascending)) - 1)] if ascending else None
