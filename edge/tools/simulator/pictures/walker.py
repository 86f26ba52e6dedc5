"""A person on foot, somewhere in the scene."""

from __future__ import annotations

import math
from typing import Final

from edge.tools.simulator.pictures.paint import Canvas, Colour, Lens, Window, around

TALL: Final = 1.7  # m
SKIN: Final = (135.0, 165.0, 205.0)
HAIR: Final = (30.0, 28.0, 30.0)
CLOTHES: Final[tuple[tuple[Colour, Colour], ...]] = (
    ((110, 70, 45), (60, 55, 55)),
    ((70, 60, 130), (70, 65, 60)),
    ((75, 110, 80), (50, 48, 46)),
    ((190, 190, 185), (90, 75, 60)),
)
"""Jacket and trousers."""


def draw(lens: Lens, across: float, away: float, stride: float, look: int) -> tuple[Canvas, Window] | None:
    """The person and the window of the shadow below; None when out of sight.

    stride: phase of the walk, one for two steps. look: which clothes.
    """
    feet_x, feet_y = lens.point(across, 0, away)
    metre = lens.scale(away)
    window = around(((feet_x - 0.6 * metre, feet_y - 1.9 * metre), (feet_x + 0.6 * metre, feet_y)))
    if window is None:
        return None
    canvas = Canvas(window)
    jacket, trousers = CLOTHES[look % len(CLOTHES)]

    def spot(x: float, up: float) -> tuple[float, float]:
        return feet_x + x * metre, feet_y - up * metre

    swing = math.sin(stride * 2 * math.pi)
    lift = 0.03 * abs(math.cos(stride * 2 * math.pi))
    for side in (-1, 1):
        step = 0.28 * swing * side
        knee = (0.13 * swing * side + 0.03, 0.47)
        canvas.line([spot(0.0, 0.88), spot(*knee), spot(step, 0.05 + lift)], trousers, 0.15 * metre)
        canvas.line([spot(step - 0.03, 0.04), spot(step + 0.13, 0.04)], HAIR, 0.08 * metre)
    for side in (-1, 1):
        hand = 0.26 * swing * -side
        canvas.line([spot(0.0, 1.38), spot(hand * 0.5, 1.1), spot(hand, 0.87)], jacket, 0.11 * metre)
    canvas.polygon(
        [spot(-0.18, 1.42), spot(0.18, 1.42), spot(0.19, 0.85), spot(-0.19, 0.85)],
        jacket,
    )
    canvas.ellipse(spot(0.02, 1.58), (0.1 * metre, 0.125 * metre), SKIN)
    canvas.ellipse(spot(-0.01, 1.63), (0.105 * metre, 0.085 * metre), HAIR)
    shadow = (
        int(feet_x - 0.42 * metre),
        int(feet_y - 0.1 * metre),
        int(feet_x + 0.42 * metre),
        int(feet_y + 0.1 * metre) + 1,
    )
    return canvas, shadow
