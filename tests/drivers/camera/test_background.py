"""The background and what stays before it, on small rectangles."""

from __future__ import annotations

import numpy as np

from drivers.camera.background import Background
from drivers.camera.frames import Picture

RNG = np.random.default_rng(5)
GROUND = RNG.integers(80, 150, (24, 32, 3)).astype(np.uint8)
ALL = np.full((24, 32), 255, np.uint8)
EVEN = (1.0, 1.0, 1.0)


def with_box(colour: int = 230) -> Picture:
    picture = GROUND.copy()
    picture[8:16, 10:20] = colour
    return picture


def learnt(before: Picture = GROUND) -> Background:
    background = Background((32, 24))
    t = 0.0
    while not background.learn(before, t, ALL):
        t += 0.5
    return background


def show(background: Background, picture: Picture, since: float, seconds: float, gain: float = 1.0) -> None:
    lit = np.clip(picture * gain, 0, 255).astype(np.uint8)
    for index in range(round(seconds * 5)):
        background.look(lit, since + index / 5, (gain,) * 3)


def boxed(marked: Picture) -> bool:
    """Whether the box is marked, and nothing else."""
    expected = np.zeros((24, 32), np.uint8)
    expected[8:16, 10:20] = 255
    return np.array_equal(marked, expected)


def test_who_passes_while_it_is_learnt_is_not_learnt() -> None:
    background = Background((32, 24))
    t, known = 0.0, False
    while not known:
        picture = with_box() if 4 <= t < 8 else GROUND
        known = background.learn(picture, t, ALL)
        t += 0.5
    assert np.array_equal(background.scene, GROUND)
    assert background.unsure[12, 15] == 255
    assert background.unsure[2, 2] == 0


def test_what_stays_is_known_by_its_time() -> None:
    background = learnt()
    show(background, with_box(), 20, 8)
    assert not background.stayed(10).any()
    show(background, with_box(), 28, 4)
    assert boxed(background.stayed(10))
    assert boxed(background.differs)
    assert boxed(background.still)
    assert 10 <= background.age(background.stayed(10)) <= 13


def test_another_exposure_is_no_change() -> None:
    background = learnt()
    show(background, GROUND, 20, 12, gain=1.4)
    assert not background.stayed(5).any()
    show(background, with_box(160), 32, 8, gain=1.4)
    assert boxed(background.stayed(5))


def test_something_before_it_does_not_start_its_time_anew() -> None:
    background = learnt()
    show(background, with_box(), 20, 6)
    show(background, with_box(20), 26, 2)
    show(background, with_box(), 28, 3)
    assert boxed(background.stayed(10))


def test_what_a_beam_displaced_goes_on_when_it_is_back() -> None:
    background = learnt()
    show(background, with_box(), 20, 2)
    show(background, with_box(20), 22, 3)  # longer than so fresh a thing outlasts something before it
    show(background, with_box(), 25, 8)
    assert boxed(background.stayed(12))


def test_what_comes_again_after_the_ground_has_shown_is_new() -> None:
    background = learnt()
    show(background, with_box(), 20, 2)
    show(background, GROUND, 22, 3)
    show(background, with_box(), 25, 8)
    assert not background.stayed(10).any()
    assert boxed(background.stayed(7))


def test_what_takes_its_place_counts_from_when_it_came() -> None:
    background = learnt()
    show(background, with_box(), 20, 8)
    show(background, with_box(20), 28, 11)
    assert boxed(background.stayed(10))
    assert background.candidate[12, 15, 0] == 20


def test_what_is_gone_is_forgotten_soon() -> None:
    background = learnt()
    show(background, with_box(), 20, 30)
    show(background, GROUND, 50, 4)
    show(background, with_box(), 54, 5)
    assert not background.stayed(10).any()


def test_what_is_absorbed_is_the_background_until_it_goes() -> None:
    background = learnt()
    show(background, with_box(), 20, 12)
    background.absorb(background.stayed(10))
    show(background, with_box(), 32, 2)
    assert not background.differs.any()
    show(background, GROUND, 34, 2)
    assert boxed(background.differs)
    background.absorb(background.differs, seen=True)
    show(background, GROUND, 36, 1)
    assert not background.differs.any()
