"""The light over a day: sun, sky, lamps, and how the camera's sensor does with it. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge.tools.simulator.pictures.paint import Colour, smooth


@dataclass(frozen=True, slots=True)
class Light:
    """day: share of what the sun gives at noon. tint: of the sky's light, each about 1. lamps: 0 off to 1 on.

    noise: standard deviation of a pixel from picture to picture, grey levels.
    """

    day: float
    tint: Colour
    lamps: float
    noise: float


def light_at(hour: float) -> Light:
    """By civil time of a day in spring, 0 to 24: sun from six to six, lamps while it is dark."""
    height = math.sin((hour - 6) / 12 * math.pi)  # of the sun; 1 at noon
    day = smooth(-0.15, 0.55, height)
    dusk = math.exp(-((height / 0.25) ** 2))
    tint = (1.06 - 0.22 * dusk * day, 1.0, 0.94 + 0.14 * dusk * day)
    return Light(day, tint, 1 - smooth(-0.02, 0.2, height), 1.6 + 1.6 * (1 - day))
