"""How long the points of a plan that is not about life have been out of bounds, so that time alone makes it certain.

Pure. Counted by alarm, because two rules may watch one point; what is held back or judged to be nothing counts nothing.
"""

from __future__ import annotations

from edge.domain.alarm import Alarm
from edge.domain.instant import SECOND
from edge.domain.plan import Lasting
from edge.domain.timers import NEVER

Since = dict[str, tuple[str, int]]
"""By id of an alarm: its point, and mono µs since when that has been out of bounds."""


def note(since: Since, alarm: Alarm, mono: int, *, meant: bool) -> None:
    """An alarm as it stands at `mono`. meant: whether it is one of those that the plan is for."""
    if meant and not alarm.dismissed and alarm.active and alarm.open and alarm.suppression is None:
        since.setdefault(alarm.id, (alarm.point, mono))
    else:
        since.pop(alarm.id, None)


def certain_at(since: Since, rule: Lasting) -> int:
    """Mono µs at which enough points will have been out of bounds for long enough; NEVER while they are too few."""
    points: dict[str, int] = {}
    for point, mono in since.values():
        points[point] = min(mono, points.get(point, mono))
    starts = sorted(points.values())
    return NEVER if len(starts) < rule.points else starts[rule.points - 1] + round(rule.seconds * SECOND)
