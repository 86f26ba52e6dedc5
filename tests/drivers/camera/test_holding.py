"""What was open when a camera's process was started anew, in drawn scenes: a van in the lane, a cloth over the lens."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.camera.episodes import AGAIN, AGES, LEARNT, Episodes
from drivers.camera.frames import Frame, Picture
from drivers.camera.holding import LASTS, Place
from drivers.camera.lines import Finding, Open
from drivers.camera.sight import KINDS, Area, Sight
from drivers.camera.watching import Watching, WatchSettings
from tests.chance import examples

RNG = np.random.default_rng(11)
GROUND = np.clip(
    cv2.GaussianBlur(RNG.normal(110, 40, (180, 320, 3)), (0, 0), 1.0) + RNG.normal(0, 2, (180, 320, 3)),
    0,
    255,
).astype(np.uint8)
GRAIN = [RNG.normal(0, 2, (180, 320, 3)) for _ in range(8)]
POLYGON = ((0.1, 0.3), (0.9, 0.3), (0.9, 0.95), (0.1, 0.95))
VAN = (0.4, 0.5, 0.25, 0.25)
ID = "0" * 26
START = 1_000_000_000_000_000  # µs UTC

Draw = Callable[[Picture, float], Picture | None]


def lane(check: str = "left-object", *before: Open) -> Watching:
    area = Area("lane", POLYGON, 10.0, (check,))
    return Watching(WatchSettings(zones=(area,), before=before))


def known(
    check: str = "left-object", kind: str = "left-object", zone: str = "lane", age: float = 100.0
) -> Open:
    box = None if check == "tamper" else VAN
    return Open(ID, check, kind, zone, 0.8, box, START - round(age * 1e6), AGES[kind])


def show(on: Watching, draw: Draw, start: float, end: float) -> list[Finding]:
    told = []
    for index in range(round((end - start) * 2.5)):
        t = start + index / 2.5
        picture = GROUND.copy()
        drawn = draw(picture, t)
        picture = picture if drawn is None else drawn
        noisy = np.clip(picture + GRAIN[index % 8], 0, 255).astype(np.uint8)
        told += on.look(Frame(t, noisy), START + round(t * 1e6))
    return told


def states(told: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.kind, finding.state) for finding in told]


def van(picture: Picture, _t: float = 0) -> None:
    cv2.rectangle(picture, (130, 92), (205, 133), (30, 60, 190), -1)
    cv2.rectangle(picture, (135, 97), (175, 110), (240, 220, 200), -1)


def nothing(_picture: Picture, _t: float) -> None:
    """The lane alone."""


def test_a_van_in_the_lane_stays_over_restarts_and_its_alarm_ends_when_it_leaves() -> None:
    first = lane()
    assert show(first, nothing, 0, 14) == []
    (begun,) = show(first, van, 14, 30)
    assert (begun.kind, begun.state) == ("left-object", "start")
    kept = Open(*(getattr(begun, name) for name in Open.__struct_fields__))
    second = lane("left-object", kept)
    assert second.active == ("left-object",)  # before the first picture
    assert show(second, van, 30, 90) == []
    third = lane("left-object", kept)
    assert show(third, van, 90, 130) == []
    told = show(third, nothing, 130, 220)
    assert states(told) == [
        ("left-object", "end")
    ]  # and no removal, though the third had learnt it as its scene
    assert (told[0].id, told[0].since) == (begun.id, begun.since)
    assert third.active == ()
    assert 130 <= (told[0].t - START) / 1e6 <= 130 + LASTS + 5


def test_who_walks_by_waits_or_turns_the_light_on_ends_nothing() -> None:
    def busy(picture: Picture, t: float) -> Picture | None:
        van(picture)
        if 30 <= t < 45:  # a car waits before it
            cv2.rectangle(picture, (110, 80), (230, 150), (20, 20, 20), -1)
        cv2.rectangle(picture, (round(20 * t) % 320, 70), (round(20 * t) % 320 + 18, 130), (35, 30, 30), -1)
        return np.clip(picture * 0.5, 0, 255).astype(np.uint8) if 60 <= t < 110 else None

    on = lane("left-object", known())
    assert [one for one in show(on, busy, 0, 150) if one.id == ID] == []
    assert "left-object" in on.active


def test_a_covered_camera_sees_no_van_leave() -> None:
    def covered(picture: Picture, t: float) -> Picture | None:
        van(picture)
        return np.full_like(picture, 40) if 30 <= t < 100 else None

    on = lane("left-object", known())
    assert show(on, covered, 0, 130) == []
    assert on.active == ("left-object",)


def test_another_van_in_its_place_is_told_anew() -> None:
    def other(picture: Picture, t: float) -> None:
        if t < 30:
            van(picture)
        elif t > 80:
            cv2.rectangle(picture, (130, 92), (205, 133), (220, 225, 230), -1)
            cv2.circle(picture, (150, 110), 14, (10, 10, 10), -1)

    assert states(show(lane("left-object", known()), other, 0, 130))[:2] == [
        ("left-object", "end"),
        ("left-object", "start"),
    ]


def test_a_zone_that_was_changed_stays_so_until_it_looks_otherwise() -> None:
    on = lane("zone-change", known("zone-change", "changed"))
    assert show(on, van, 0, 120) == []
    assert ("changed", "end") in states(show(on, nothing, 120, 200))


def cloth(picture: Picture, _t: float) -> Picture:
    return np.asarray(np.clip(cv2.GaussianBlur(GROUND[::-1, ::-1], (0, 0), 9) * 0.5 + 40, 0, 255), np.uint8)


def blurred(picture: Picture, _t: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 4), np.uint8)


def turned(picture: Picture, _t: float) -> Picture:
    return np.ascontiguousarray(np.roll(picture, 120, 1)[::-1])


@pytest.mark.parametrize(("kind", "draw"), [("covered", cloth), ("defocused", blurred), ("moved", turned)])
def test_what_was_done_to_the_camera_is_no_scene_to_learn(kind: str, draw: Draw) -> None:
    on = Watching(WatchSettings(("tamper",), before=(known("tamper", kind, ""),)))
    assert show(on, draw, 0, 90) == []
    assert on.active == (kind,)
    told = show(on, nothing, 90, 150)
    assert states(told) == [(kind, "end")]  # and what was underneath is no new tampering


def test_other_zones_leave_what_is_open_in_a_zone_that_stays() -> None:
    on = lane()
    show(on, nothing, 0, 14)
    show(on, van, 14, 30)
    gate = Area("gate", ((0.0, 0.0), (0.2, 0.0), (0.2, 0.2)), 10.0, ("left-object",))
    on.rezone([Area("lane", POLYGON, 10.0, ("left-object",)), gate])
    assert show(on, van, 30, 80) == []
    assert on.active == ("left-object",)
    assert states(show(on, nothing, 80, 130)) == [("left-object", "end")]


def test_of_a_zone_or_check_that_is_no_more_it_ends() -> None:
    assert states(show(lane("zone-change", known()), van, 0, 1)) == [("left-object", "end")]


def test_it_is_as_old_as_it_was() -> None:
    told = show(lane("left-object", known(age=AGES["left-object"] - 5)), van, 0, 8)
    assert states(told) == [("left-object", "aged")]


def test_what_needs_no_scene_is_seen_again_within_a_minute_or_over() -> None:
    episodes = Episodes(before=[known("flame", "flame", "lane")])
    off, on = Sight("flame", False, zone="lane"), Sight("flame", True, 0.9, "lane")

    def at(t: float, sight: Sight) -> list[Finding]:
        return episodes.follow("flame", [sight], t, START + round(t * 1e6))

    assert at(0, off) == at(AGAIN - 1, off) == at(AGAIN - 0.5, on) == []
    (end,) = at(AGAIN, off)
    assert (end.id, end.state) == (ID, "end")


KIND = st.sampled_from([(check, kind) for check, kinds in KINDS.items() for kind in kinds])


@given(KIND, st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40))
def test_a_restart_ends_nothing_by_itself(which: tuple[str, str], frames: list[tuple[bool, bool]]) -> None:
    """Whatever a check that has begun anew says, for as long as it may need to see again."""
    check, kind = which
    episodes = Episodes(before=[known(check, kind, "lane")])
    for number, (active, learning) in enumerate(frames):
        t, seen = number * AGAIN / 50, Sight(kind, active, 0.5, "lane")
        told = episodes.follow(check, [seen], t, START + round(t * 1e6), learning=learning)
        if active and kind not in LEARNT:
            return  # seen again: from then on its check's word counts
        assert told == []
        assert episodes.active == (kind,)
    if kind in LEARNT:
        (end,) = episodes.release(ID, 60.0, START)
        assert (end.id, end.state) == (ID, "end")


@examples(25)
@given(
    st.tuples(*[st.floats(0, 1)] * 4),
    st.sampled_from(sorted(LEARNT)),
    st.sampled_from([(1, 1), (20, 3), (180, 320), (640, 33)]),
)
def test_any_box_on_any_picture(
    box: tuple[float, float, float, float], kind: str, size: tuple[int, int]
) -> None:
    place = Place(kind, box)
    for number in range(30):
        place.look(Frame(number / 2, np.full((*size, 3), 90 if number < 15 else 200, np.uint8)))
