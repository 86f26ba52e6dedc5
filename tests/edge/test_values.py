"""The latest value of every point: newest first, never hidden by the past, told apart when it is old."""

from __future__ import annotations

from edge.domain.device import Device, DeviceProfile, Point, PointSpec
from edge.domain.names import Text
from edge.domain.reading import Arrival, Quality, Reading, Reason
from edge.values import LatestValues

WORD = Text("字", "word")
PROFILE = DeviceProfile("m-p", "m", "p", "bin", "json", (), "practice", 0, WORD)
DEVICE = Device("bin-1", PROFILE, WORD, "b1", WORD, WORD, "bin-1")
LEVEL, LID = (Point(f"bin-1.{id}", DEVICE, PointSpec(id, WORD)) for id in ("level", "lid"))


def reading(
    point: Point, value: float, time: int, arrival: Arrival = Arrival.LIVE, quality: Quality = Quality.GOOD
) -> Reading:
    return Reading(point, value, time, time + 5, quality, arrival=arrival)


def test_a_point_nobody_has_heard_of_is_unknown_and_not_zero() -> None:
    state = LatestValues().state(LEVEL, overdue=False)
    assert (state.value, state.time, state.quality, state.reason) == (
        None, None, Quality.UNCERTAIN, Reason.STALE,
    )  # fmt: skip


def test_the_past_and_a_brokers_copy_hide_nothing_newer() -> None:
    values = LatestValues()
    values.update([reading(LEVEL, 50.0, 100)])
    values.update([reading(LEVEL, 10.0, 90, Arrival.HISTORY), reading(LEVEL, 20.0, 100, Arrival.RETAINED)])
    assert values.state(LEVEL, overdue=False).value == 50.0
    values.update([reading(LEVEL, 60.0, 110, Arrival.RETAINED)])
    state = values.state(LEVEL, overdue=False)
    assert (state.value, state.retained) == (60.0, True)


def test_what_was_heard_before_the_start_does_not_pass_for_live() -> None:
    values = LatestValues()
    values.restore([reading(LEVEL, 50.0, 100)])
    assert values.state(LEVEL, overdue=False).retained
    values.update([reading(LEVEL, 50.0, 100)])
    assert not values.state(LEVEL, overdue=False).retained


def test_a_silent_device_makes_a_good_value_stale_and_leaves_a_bad_one_bad() -> None:
    values = LatestValues()
    values.update([reading(LEVEL, 1.0, 1), reading(LID, 1.0, 1, quality=Quality.BAD)])
    state = values.state(LEVEL, overdue=True)
    assert (state.quality, state.reason) == (Quality.UNCERTAIN, Reason.STALE)
    assert values.state(LID, overdue=True).quality is Quality.BAD


def test_a_follower_gets_what_changed_since_it_last_looked() -> None:
    values = LatestValues()
    values.update([reading(LEVEL, 1.0, 1), reading(LID, 1.0, 1)])
    version, changed = values.changed(0)
    assert set(changed) == {LEVEL, LID}
    assert values.changed(version) == (version, [])
    values.update([reading(LEVEL, 2.0, 2)])
    assert values.changed(version) == (version + 1, [LEVEL])
