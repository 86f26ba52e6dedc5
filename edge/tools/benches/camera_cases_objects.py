"""Cases of the camera bench for what is left in a zone or taken from it: drawn scenes, things, people and light.

Nothing of it is footage. Boxes, bags, bicycles and bins are put down, vans stop, people walk past or stand; the camera
adds noise, exposure and compression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from drivers.camera.frames import Picture
from drivers.camera.sight import Area
from edge.tools.benches.camera_cases import Case
from edge.tools.benches.camera_scenes import (
    HEIGHT,
    THINGS,
    WIDTH,
    Light,
    Put,
    Rng,
    Scene,
    box,
    cloud,
    drives_in,
    exposure,
    frames,
    ground,
    headlights,
    person,
    stands,
    stays,
    steady,
    sunlight,
    walks,
)

LEARNT: Final = 14.0  # seconds after which a check may be expected to know the scene
DWELL: Final = 10.0  # seconds, in place of a site's 60: what is measured is what comes on top of it
DUE: Final = DWELL + 2.0
ZONE: Final = Area("lane", ((0.15, 0.42), (0.85, 0.42), (0.98, 0.98), (0.02, 0.98)), DWELL, ("left-object",))


def cases(seed: int, count: int) -> Iterator[Case]:
    """`count` cases in turn of all families; the same for the same seed."""
    makers = tuple(_FAMILIES.items())
    for index in range(count):
        family, maker = makers[index % len(makers)]
        rng = np.random.default_rng((seed, index))
        yield maker(f"{family} {index}", rng)


def _spot(rng: Rng) -> tuple[float, float]:
    """Somewhere well inside the zone."""
    y = rng.uniform(0.6, 0.92)
    return rng.uniform(0.27, 0.73) * WIDTH, y * HEIGHT


def _scale(foot: tuple[float, float]) -> float:
    return 0.35 + 0.9 * foot[1] / HEIGHT


def _passers(rng: Rng, number: int, seconds: float) -> list[Put]:
    made = []
    for _ in range(number):
        y = rng.uniform(0.5, 1.05) * HEIGHT
        since = rng.uniform(-2, seconds)
        made.append(Put(person(rng, _scale((0, y))), walks(rng, since, rng.uniform(4, 9), y)))
    return made


def _case(
    name: str, rng: Rng, things: Sequence[Put], *, expect: str | None = None, onset: float = 0.0,
    seconds: float = LEARNT + 24.0, light: Light = steady, floor: Picture | None = None, pan: float = 0.0,
    noise: float | None = None,
) -> Case:  # fmt: skip
    scene = Scene(
        ground(rng) if floor is None else floor, things, light, rng.uniform(1, 5) if noise is None else noise,
        seconds, pan, int(rng.choice([0, 60, 80])), rng,
    )  # fmt: skip
    return Case(name, "left-object", frames(scene), expect, onset, (ZONE,), DUE)


def _left(
    kind: str,
    light: Callable[[Rng, float], Light] | None = None,
    passers: int = 0,
    after: float = 0.0,
    more: float = 2.0,
) -> Callable[[str, Rng], Case]:
    """after: seconds by which it is put down later, for a light that comes first. more: seconds beyond `DUE`."""

    def made(name: str, rng: Rng) -> Case:
        floor, foot = ground(rng), _spot(rng)
        shade = float(floor[int(foot[1]) - 20 : int(foot[1]), int(foot[0]) - 15 : int(foot[0]) + 15].mean())
        onset = LEARNT + after + rng.uniform(1, 6)
        what = list(THINGS)[int(rng.integers(0, 4))] if kind == "any" else kind
        sprite = THINGS[what](rng, _scale(foot), shade)
        where = drives_in(foot, onset) if what == "van" else stays(foot, onset)
        things = [Put(sprite, where), *_passers(rng, passers, onset + DUE)]
        lit = light(rng, LEARNT) if light else steady
        return _case(
            name,
            rng,
            things,
            expect="left-object",
            onset=onset,
            seconds=onset + DUE + more,
            light=lit,
            floor=floor,
        )

    return made


def _beside(name: str, rng: Rng) -> Case:
    """The owner stays for half of the dwell beside what he put down."""
    floor, foot = ground(rng), _spot(rng)
    shade = float(floor[int(foot[1]) - 20 : int(foot[1]), int(foot[0]) - 15 : int(foot[0]) + 15].mean())
    onset = LEARNT + rng.uniform(3, 6)
    aside = foot[0] + rng.choice([-1, 1]) * rng.uniform(42, 60) * _scale(foot), foot[1]
    things = [
        Put(box(rng, _scale(foot), shade), stays(foot, onset)),
        Put(person(rng, _scale(foot)), stands(rng, aside, onset - 2, onset + DWELL + 8)),
    ]
    case = _case(name, rng, things, expect="left-object", onset=onset, seconds=onset + 3 * DWELL, floor=floor)
    return replace(case, due=DWELL + 10.0)


def _cloud_later(name: str, rng: Rng) -> Case:
    """A cloud comes over what was put down: its time begins anew, since nothing stayed as it was."""
    case = _left("any", lambda rng, learnt: cloud(rng, learnt + 8.0), 1, more=DWELL + 4.0)(name, rng)
    return replace(case, due=DUE + DWELL + 2.0)


def _removed(name: str, rng: Rng) -> Case:
    """What was there from the beginning is taken away."""
    floor, foot = ground(rng), _spot(rng)
    shade = float(floor[int(foot[1]) - 20 : int(foot[1]), int(foot[0]) - 15 : int(foot[0]) + 15].mean())
    onset = LEARNT + rng.uniform(1, 5)
    what = list(THINGS)[int(rng.integers(0, 5))]
    things = [
        Put(THINGS[what](rng, _scale(foot), shade), stays(foot, until=onset)),
        *_passers(rng, 2, onset + DUE),
    ]
    return _case(
        name, rng, things, expect="removed-object", onset=onset, seconds=onset + DUE + 2, floor=floor
    )


def _quiet(
    light: Callable[[Rng, float], Light] | None, passers: int, **how: Any
) -> Callable[[str, Rng], Case]:
    return lambda name, rng: _case(
        name,
        rng,
        _passers(rng, passers, 40),
        light=light(rng, LEARNT) if light else steady,
        seconds=42.0,
        **how,
    )


def _standing(name: str, rng: Rng) -> Case:
    foot, since = _spot(rng), LEARNT + rng.uniform(1, 4)
    return _case(
        name, rng, [Put(person(rng, _scale(foot)), stands(rng, foot, since, since + 22))], seconds=45.0
    )


def _ghost(name: str, rng: Rng) -> Case:
    """Somebody stands in the zone while it is learnt, and goes."""
    foot = _spot(rng)
    return _case(
        name, rng, [Put(person(rng, _scale(foot)), stands(rng, foot, -3, rng.uniform(10, 20)))], seconds=45.0
    )


def _outside(name: str, rng: Rng) -> Case:
    foot = (rng.uniform(0.1, 0.9) * WIDTH, rng.uniform(0.3, 0.4) * HEIGHT)
    return _case(name, rng, [Put(box(rng, 0.7, 128), stays(foot, LEARNT + 2)), *_passers(rng, 2, 40)])


def _short(name: str, rng: Rng) -> Case:
    """Put down, and taken up again before the dwell has passed."""
    foot, since = _spot(rng), LEARNT + rng.uniform(1, 4)
    things = [
        Put(box(rng, _scale(foot), 128), stays(foot, since, since + DWELL - 1.5)),
        *_passers(rng, 2, 40),
    ]
    return _case(name, rng, things)


_FAMILIES: Final[dict[str, Callable[[str, Rng], Case]]] = {
    "left/box": _left("box"),
    "left/bag": _left("bag"),
    "left/bicycle": _left("bicycle"),
    "left/bin": _left("bin"),
    "left/van": _left("van"),
    "quiet/passing": _quiet(None, 14),
    "passed by/any": _left("any", None, 9),
    "exposure/any": _left("any", exposure, 3),
    "quiet/exposure": _quiet(exposure, 4),
    "headlights/any": _left("any", headlights, 1),
    "quiet/headlights": _quiet(headlights, 2),
    "owner beside/box": _beside,
    "quiet/standing": _standing,
    "cloud/any": _left("any", cloud, 2, after=4.0),
    "cloud later/any": _cloud_later,
    "quiet/cloud": _quiet(cloud, 3),
    "removed/any": _removed,
    "quiet/sunlight": _quiet(sunlight, 3),
    "quiet/ghost": _ghost,
    "quiet/pan": _quiet(None, 1, pan=25.0),
    "quiet/outside": _outside,
    "quiet/short": _short,
    "quiet/noise": _quiet(None, 1, noise=9.0),
}
