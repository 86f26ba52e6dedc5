"""What a soak says: samples over time, how steeply each quantity grows in the first and the last quarter, and plots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WARM: Final = (
    300.0  # seconds of starting, of which nothing is judged; a shorter run leaves out its first quarter
)
_HOUR: Final = 3600.0

Points = Sequence[tuple[float, float]]
"""(second, value), in their order."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is sampled. limit: growth an hour in the last quarter up to which it counts as flat; None: not judged."""

    name: str
    what: str
    unit: str
    limit: float | None = None


QUANTITIES: Final = (
    Quantity("rss", "RSS", "MB", 3.0),
    Quantity("pss", "PSS", "MB", 3.0),
    Quantity("files", "open files", "", 4.0),
    Quantity("threads", "threads", "", 2.0),
    Quantity("tasks", "tasks", "", 4.0),
    Quantity("inbox", "messages waiting", "", 4.0),
    Quantity("open", "open alarms", "", 12.0),
    Quantity("cpu", "CPU, of one core", "%", 5.0),
    Quantity("lag", "main loop late, worst of a minute", "ms"),
    Quantity("written", "written to the disk", "MB"),
    Quantity("journal", "journal on the disk", "MB"),
    Quantity("telemetry", "telemetry on the disk", "MB"),
    Quantity("facts", "facts", ""),
)
"""Flat: what is held in memory; what goes to the disk grows with what happens, and is no leak."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a quantity went. first, last: slopes an hour of the first and the last quarter, after the start."""

    quantity: Quantity
    begin: float
    end: float
    most: float
    first: float
    last: float

    @property
    def flat(self) -> bool | None:
        """Whether it stands still at last; None where nobody asks."""
        return None if self.quantity.limit is None else self.last <= self.quantity.limit


def course(quantity: Quantity, points: Points) -> Course:
    """begin, end: medians of the first and the last quarter. points: two at least."""
    length = points[-1][0]
    warm = min(WARM, length / 4)
    judged = [point for point in points if point[0] >= warm] or list(points)
    quarter = max(2, len(judged) // 4)
    first, last = judged[:quarter], judged[-quarter:]
    return Course(
        quantity,
        _median(first),
        _median(last),
        max(value for _, value in points),
        slope(first) * _HOUR,
        slope(last) * _HOUR,
    )


def slope(points: Points) -> float:
    """Of the line through the points by least squares, a second; 0 for fewer than two moments."""
    n = len(points)
    if n < 2:
        return 0.0
    middle = sum(at for at, _ in points) / n
    mean = sum(value for _, value in points) / n
    spread = sum((at - middle) ** 2 for at, _ in points)
    return sum((at - middle) * (value - mean) for at, value in points) / spread if spread else 0.0


def _median(points: Points) -> float:
    ordered = sorted(value for _, value in points)
    return ordered[len(ordered) // 2]


# ---- plots ---------------------------------------------------------------------------------------------------------

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 240, 56, 12, 34, 28
_COLOURS: Final = ("#1f5fbf", "#c2410c", "#15803d", "#7e22ce")
_MOST: Final = 360  # points of a line: no more can be told apart


def plot(title: str, lines: Mapping[str, Points], *, dots: bool = False) -> str:
    """A small SVG: lines (or dots) over minutes, from 0 up. lines: by what stands in the legend."""
    whole = [point for points in lines.values() for point in points]
    end = max((at for at, _ in whole), default=1.0) or 1.0
    top = _round_up(max((value for _, value in whole), default=1.0) or 1.0)

    def place(at: float, value: float) -> tuple[float, float]:
        across = _LEFT + (_WIDTH - _LEFT - _RIGHT) * at / end
        return across, _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * min(value, top) / top

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"',
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="15" font-size="13">{title}</text>',
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        _, y = place(0, top * share)
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{top * share:g}</text>')
        x, _ = place(end * share, 0)
        minute = f"{end * share / 60:.0f} min"
        anchor = "end" if share == 1 else "middle"
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 8}" text-anchor="{anchor}">{minute}</text>')
    legend = _LEFT
    for colour, (name, points) in zip(_COLOURS, lines.items(), strict=False):
        parts.append(f'<text x="{legend}" y="29" fill="{colour}">{name}</text>')
        legend += 24 + 7 * len(name)
        parts.append(_drawn([place(*point) for point in thinned(points)], colour, dots=dots))
    return "\n".join([*parts, "</svg>", ""])


def _drawn(places: Iterable[tuple[float, float]], colour: str, *, dots: bool) -> str:
    if dots:
        marks = "".join(f"M{x:.1f} {y:.1f}h.1" for x, y in places)
        return f'<path d="{marks}" stroke="{colour}" stroke-width="3" stroke-linecap="round"/>'
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>' if line else ""


def thinned(points: Points) -> Points:
    """Of each stretch the highest, so that no peak is lost."""
    step = -(-len(points) // _MOST) or 1
    return [max(points[at : at + step], key=lambda point: point[1]) for at in range(0, len(points), step)]


def _round_up(value: float) -> float:
    """The next 1, 2, 4, 6, 8 or 10 times a power of ten."""
    power = 1.0
    while power < value / 10:
        power *= 10
    while power > value:
        power /= 10
    return next(step * power for step in (1, 2, 4, 6, 8, 10, 20) if step * power >= value)
