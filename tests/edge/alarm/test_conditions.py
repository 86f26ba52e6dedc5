"""Limits, deadbands and delays at their exact borders, against a plain model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.alarm.conditions import LimitTracker, Local, track
from edge.alarm.engine import AlarmEngine
from edge.alarm.tracker import NORMAL, Change
from edge.domain.device import Signal
from edge.domain.instant import SECOND
from edge.domain.reading import Purpose, Reading
from edge.domain.rule import AlarmRule, Hours
from tests.edge.alarm.stage import Stage, level, points, rule

TANK = points()["tank"]


def limit(condition: str, *limits: float, **rest: float) -> AlarmRule:
    return rule("r", "tank", condition, *(level(str(x), x) for x in limits), signal=Signal.PROCESS, **rest)


def take(tracker: LimitTracker, value: float, second: float = 0.0) -> Change | None:
    return tracker.take(Reading(TANK, value, 0, 0), round(second * SECOND))


@pytest.mark.parametrize(
    ("condition", "abnormal", "still", "normal"),
    [
        ("high", [100.0, 100.1, 1e9], [98.0, 99.9], [97.99, -5.0]),
        ("low", [100.0, 99.9, -1e9], [102.0, 100.1], [102.01, 500.0]),
    ],
)
def test_borders_of_limit_and_deadband(
    condition: str, abnormal: list[float], still: list[float], normal: list[float]
) -> None:
    for high in abnormal:
        for back in normal:
            tracker = LimitTracker(limit(condition, 100.0, deadband=2.0), TANK, Purpose.LIVE)
            for inside in still:
                assert take(tracker, inside) is None
            assert take(tracker, high) is Change.ROSE
            for inside in still:
                assert take(tracker, inside) is None
            assert take(tracker, back) is Change.RETURNED


def test_without_deadband_the_limit_itself_is_abnormal() -> None:
    tracker = LimitTracker(limit("high", 0.3), TANK, Purpose.LIVE)
    assert take(tracker, 0.3) is Change.ROSE
    assert take(tracker, 0.29999) is Change.RETURNED


def test_whole_numbers_are_values() -> None:
    assert take(LimitTracker(limit("low", 0.0), TANK, Purpose.LIVE), 0) is Change.ROSE


def test_no_number_at_all_changes_nothing() -> None:
    tracker = LimitTracker(limit("high", 1.0), TANK, Purpose.LIVE)
    assert take(tracker, float("nan")) is None
    take(tracker, 2.0)
    assert take(tracker, float("nan")) is None


def test_a_rule_for_elsewhere_tracks_nothing() -> None:
    assert track(limit("high", 1.0), points()["gas"]) is None


class Model:
    """The same in the plainest words: the whole course of values is kept and looked at again at every moment."""

    def __init__(self, limits: list[float], deadband: float, on_delay: int, off_delay: int) -> None:
        self.limits, self.deadband, self.on, self.off = limits, deadband, on_delay, off_delay
        self.raw = self.level = NORMAL
        self.entered: dict[int, int] = {}
        self.left = 0

    def at(self, second: int, value: float | None) -> None:
        self.conclude(second)
        if value is None:
            return
        reached = [
            i
            for i, x in enumerate(self.limits)
            if value >= x or (i <= self.raw and value >= x - self.deadband)
        ]
        raw = max(reached, default=NORMAL)
        for i in range(self.raw + 1, raw + 1):
            self.entered[i] = second
        if raw == NORMAL != self.raw:
            self.left = second
        self.raw = raw
        self.conclude(second)

    def conclude(self, second: int) -> None:
        if self.raw == NORMAL:
            if self.level != NORMAL and second - self.left >= self.off:
                self.level = NORMAL
        else:
            lasted = [i for i in range(self.raw + 1) if second - self.entered[i] >= self.on]
            self.level = max([*lasted, self.level])


@given(
    st.sampled_from([[5.0], [5.0, 8.0], [3.0, 5.0, 9.0]]),
    st.sampled_from([0.0, 0.5, 2.0]),
    st.integers(0, 4),
    st.integers(0, 4),
    st.lists(st.none() | st.integers(0, 20).map(lambda half: half / 2), max_size=60),
)
def test_limits_follow_the_plain_model(
    limits: list[float], deadband: float, on_delay: int, off_delay: int, course: list[float | None]
) -> None:
    tracked = LimitTracker(
        limit("high", *limits, deadband=deadband, on_delay=on_delay, off_delay=off_delay), TANK, Purpose.LIVE
    )
    model = Model(limits, deadband, on_delay, off_delay)
    for second, value in enumerate(course):
        if tracked.due <= second * SECOND:
            tracked.tick(second * SECOND)
        if value is not None:
            take(tracked, value, second)
        model.at(second, value)
        assert tracked.level == model.level
        assert tracked.due > second * SECOND


# ---- limits that hold at some hours ----------------------------------------------------------------------------------

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NIGHT = Hours(time(22), time(6))


def clock(zone: ZoneInfo) -> Local:
    return lambda utc: datetime.fromtimestamp(utc / SECOND, zone).time()


def nightly(zone: ZoneInfo) -> LimitTracker:
    noise = replace(limit("high", 55.0, deadband=1.0), hours=NIGHT)
    return LimitTracker(noise, TANK, Purpose.LIVE, clock(zone))


def received(tracker: LimitTracker, value: float, utc: int) -> Change | None:
    return tracker.take(Reading(TANK, value, 0, utc), utc)


def at(zone: ZoneInfo, *when: int, fold: int = 0) -> int:
    return round(datetime(*when, tzinfo=zone, fold=fold).timestamp() * SECOND)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("hour", "holds"), [((21, 59), False), ((22, 0), True), ((0, 0), True), ((5, 59), True), ((6, 0), False)]
)
def test_a_limit_of_the_night_holds_at_night(hour: tuple[int, int], holds: bool) -> None:
    change = received(nightly(SHANGHAI), 60.0, at(SHANGHAI, 2026, 11, 23, *hour))
    assert (change is Change.ROSE) is holds


def test_the_limits_of_day_and_night_share_the_whole_day() -> None:
    day = Hours(NIGHT.end, NIGHT.start)
    for minute in range(24 * 60):
        local = time(minute // 60, minute % 60)
        assert day.hold(local) is not NIGHT.hold(local)


def test_what_is_still_loud_in_the_morning_is_no_longer_above_the_limit_of_the_night() -> None:
    tracker = nightly(SHANGHAI)
    assert received(tracker, 60.0, at(SHANGHAI, 2026, 11, 23, 5, 50)) is Change.ROSE
    assert received(tracker, 60.0, at(SHANGHAI, 2026, 11, 23, 6, 0)) is Change.RETURNED


def test_the_hours_follow_the_wall_clock_over_both_changes_of_summer_time() -> None:
    def held(*day: int) -> Iterator[int]:
        start = at(BERLIN, *day, 12)
        for quarter in range(4 * 24):
            utc = start + quarter * 900 * SECOND
            if received(nightly(BERLIN), 60.0, utc) is Change.ROSE:
                yield utc

    spring, autumn = list(held(2026, 3, 28)), list(held(2026, 10, 24))
    assert (len(spring), len(autumn)) == (
        7 * 4,
        9 * 4,
    )  # of eight hours on the wall one is missing, one comes twice
    for found in (spring, autumn):
        assert datetime.fromtimestamp(found[0] / SECOND, UTC).astimezone(BERLIN).hour == 22


def test_on_a_clock_that_cannot_be_trusted_a_limit_with_hours_judges_nothing() -> None:
    rules = [replace(limit("high", 55.0), hours=Hours(time(0), time(23, 59)))]
    stage = Stage(rules)
    stage.engine = AlarmEngine(set(stage.points.values()), rules, stage.numbering, local=clock(SHANGHAI))
    stage.trusted = False
    assert not stage.say("tank", 60.0).alarms
    stage.trusted = True
    (raised,) = stage.say("tank", 60.0).alarms
    stage.trusted = False
    assert not stage.say("tank", 10.0).alarms  # neither raised nor ended by what nobody can place in the day
    stage.trusted = True
    (back,) = stage.say("tank", 10.0).alarms
    assert (raised.active, back.active) == (True, False)
