from __future__ import annotations

import itertools

import numpy as np

from drivers.camera.frames import Frame
from drivers.camera.sight import Sight
from edge.tools.benches.camera_cases import Case, play
from edge.tools.benches.camera_cases_tamper import FAMILIES, cases


class Script:
    """Says what it is told to at each frame; learns for one."""

    def __init__(self, *kinds: str) -> None:
        self.kinds = iter(kinds)
        self.frames = 0

    @property
    def learning(self) -> bool:
        return self.frames < 2

    def look(self, frame):
        self.frames += 1
        kind = next(self.kinds)
        return [Sight(kind, True)] if kind else [Sight("covered", False)]

    def forget(self):
        pass


def outcome(*kinds: str, expect: str | None = "covered", due: float = 3.0):
    black = np.zeros((9, 16, 3), np.uint8)
    frames = (Frame(float(t), black) for t in range(len(kinds)))
    return play(Case("family/1", "tamper", frames, expect, 2.0 if expect else 0.0, due=due), Script(*kinds))


def test_a_case_is_found_from_its_onset_on_in_time():
    found = outcome("", "", "", "covered", "covered")
    assert (found.family, found.delay, found.false, found.right) == ("family", 1.0, (), True)
    assert outcome("", "", "", "", "", "", "covered").delay is None
    assert not outcome("", "", "").right


def test_too_early_or_another_kind_is_false():
    assert outcome("", "covered", "covered").false == ("covered",)
    early = outcome("", "", "moved", "covered")
    assert (early.false, early.right) == (("moved",), True)


def test_where_nothing_is_nothing_may_be_said():
    assert outcome("", "", expect=None).right
    assert outcome("", "moved", expect=None).false == ("moved",)


def test_the_time_of_learning_is_told():
    assert outcome("", "", "").learned == 0.0


def test_the_same_seed_draws_the_same_pictures():
    first, again, other = (next(cases(seed, 1)) for seed in (3, 3, 4))
    a, b, c = (
        np.stack([frame.bgr for frame in itertools.islice(case.frames, 3)]) for case in (first, again, other)
    )
    assert (a == b).all()
    assert (a != c).any()


def test_cases_take_each_family_in_turn():
    names = [case.family for case in cases(1, len(FAMILIES) + 1)]
    assert names == [*FAMILIES, FAMILIES[0]]


def test_cases_can_be_made_of_any_still_camera():
    grey = np.random.default_rng(1).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    for case in cases(1, len(FAMILIES), [lambda: itertools.repeat(grey)]):
        frames = list(itertools.islice(case.frames, 45))
        assert len({frame.bgr.shape for frame in frames}) == 1
        if case.expect is not None:
            assert (frames[0].bgr != frames[-1].bgr).mean() > 0.3
