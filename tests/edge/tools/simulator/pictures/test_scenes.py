"""The drawn scenes: what is seen when, the same each time, by any light."""

from __future__ import annotations

import numpy as np
import pytest

from edge.tools.simulator.pictures.events import LANE, SHED, SHOWS, Event, happens, scene_of
from edge.tools.simulator.pictures.lane import LANE_POLYGON, Lane
from edge.tools.simulator.pictures.light import light_at
from edge.tools.simulator.pictures.scene import Scene
from edge.tools.simulator.pictures.screen import SCENES
from edge.tools.simulator.pictures.shed import Shed
from tests.edge.tools.simulated import he_an_court


@pytest.fixture(scope="module", params=sorted(SCENES))
def scene(request: pytest.FixtureRequest) -> Scene:
    return SCENES[request.param](3, 10.0)


def changed(scene: Scene, t: float, *events: Event) -> np.ndarray:
    """Where a picture is plainly another than the empty scene's."""
    before, now = scene.at(t).astype(int), scene.at(t, events).astype(int)
    return np.abs(now - before).max(axis=2) > 40


def test_a_picture_is_what_the_checks_expect_and_has_noise(scene: Scene) -> None:
    first, second = scene.at(1.0), scene.at(1.2)
    assert (first.shape, first.dtype) == ((360, 640, 3), np.uint8)
    difference = np.abs(first.astype(int) - second)
    assert 0.5 < difference.mean() < 6
    assert 15 < np.median(first) < 200


def test_the_same_seed_and_time_give_the_same_picture(scene: Scene) -> None:
    events = [Event("van" if isinstance(scene, Lane) else "fire", 2.0), Event("person", 4.0)]
    shown = scene.at(9.4, events)
    scene.at(300.0)
    assert (scene.at(9.4, events) == shown).all()
    assert (type(scene)(3, 10.0).at(9.4, events) == shown).all()
    assert (type(scene)(4, 10.0).at(9.4, events) != shown).any()


@pytest.mark.parametrize("kind", [kind for kind in SHOWS[LANE] if kind != "clear"])
def test_each_event_of_the_lane_is_seen_while_it_lasts(kind: str) -> None:
    lane = Lane(1)
    event = Event(kind, 10.0, 30.0)
    assert not changed(lane, 9.9, event).any()
    assert changed(lane, 16.0, event).sum() > 400
    assert not changed(lane, 40.0, event).any()


@pytest.mark.parametrize("kind", [kind for kind in SHOWS[SHED] if kind != "clear"])
def test_each_event_of_the_shed_is_seen_while_it_lasts(kind: str) -> None:
    shed = Shed(1)
    event = Event(kind, 10.0, 30.0)
    assert not changed(shed, 9.9, event).any()
    assert (changed(shed, 16.0, event) if kind != "smoke" else np.ones(500)).sum() > 200
    assert not changed(shed, 45.0, event).any()


def test_the_van_stands_in_the_zone_of_the_lane() -> None:
    lane = Lane(1)
    ys, xs = np.nonzero(changed(lane, 20.0, Event("van", 2.0)))
    middle, bottom = (xs.min() + xs.max()) / 2 / 640, ys.max() / 360
    (far_left, top), (far_right, _), (right, low), (left, _) = LANE_POLYGON
    assert top < bottom < low
    assert left < far_left < middle < far_right < right
    parked = [changed(lane, t, Event("van", 2.0)) for t in (12.0, 20.0)]
    assert (parked[0] ^ parked[1]).sum() < 60


def test_the_demo_watches_the_lane_that_is_drawn() -> None:
    (lane,) = [camera for camera in he_an_court().cameras if camera.device == "cm-01"]
    assert [zone.polygon for zone in lane.zones] == [rolled(LANE_POLYGON, 3)]


def rolled(corners: tuple[tuple[float, float], ...], first: int) -> tuple[tuple[float, float], ...]:
    return (*corners[first:], *corners[:first])


def test_a_fire_grows_and_flickers() -> None:
    shed = Shed(1)
    fire = Event("fire", 5.0)

    def burning(t: float) -> np.ndarray:
        picture = shed.at(t, [fire]).astype(int)
        return (picture[..., 2] > 225) & (picture[..., 2] > picture[..., 0] + 80)

    sizes = [burning(t).sum() for t in (6.5, 15.0, 33.0)]
    assert 40 < sizes[0] < sizes[1] < sizes[2]
    here, there = burning(20.0), burning(20.2)
    assert (here ^ there).sum() > 0.1 * here.sum()


def test_light_by_civil_time() -> None:
    noon, dusk, night = light_at(12.0), light_at(18.3), light_at(2.2)
    assert noon.day > dusk.day > night.day == 0
    assert (noon.lamps, night.lamps) == (0, 1)
    assert night.noise > noon.noise
    assert Lane(1, 12.0).at(0).mean() > 1.5 * Lane(1, 2.2).at(0).mean()


def test_the_light_does_not_jump() -> None:
    lane = Lane(1, 17.9)
    for t in (19.9, 39.9, 59.9):
        step = lane.at(t + 0.2).astype(float).mean() - lane.at(t).astype(float).mean()
        assert abs(step) < 1.5


def test_events_follow_each_other() -> None:
    one = happens((), "van", 3.0)
    assert happens(one, "van", 4.0) == one
    two = happens(happens(one, "person", 5.0), "person", 6.0)
    assert [event.start for event in two] == [3.0, 5.0, 6.0]
    assert [event.end for event in happens(two, "clear", 9.0)] == [9.0, 9.0, 9.0]
    assert happens(happens(two, "clear", 9.0), "van", 200.0) == (Event("van", 200.0),)


def test_a_camera_that_looks_for_flame_sees_the_shed() -> None:
    assert scene_of(["tamper", "flame"]) == SHED
    assert scene_of(["tamper", "left-object"]) == LANE
