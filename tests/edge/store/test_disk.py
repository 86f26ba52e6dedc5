"""The disk guard: raw telemetry goes before roll-ups, the journal never."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from edge.domain.instant import DAY
from edge.store.disk import DiskGuard, disk_space
from tests.edge.store.making import START, Clock, Desk, point, reading

LEVEL = point("bin.level")


class Scales:
    """A disk of a hundred bytes: what is free grows by ten with each look after the first `full`."""

    def __init__(self, free: int, step: int = 0) -> None:
        self.free = free
        self.step = step
        self.looks = 0

    def __call__(self, _folder) -> tuple[int, int]:
        self.looks += 1
        return 100, self.free + self.step * (self.looks - 1)


@pytest.fixture
async def desk(tmp_path):
    (tmp_path / "journal.db").write_bytes(b"x" * 1000)
    async with Desk(tmp_path / "telemetry.db") as opened:
        for day in range(5):
            await opened.store(reading(LEVEL, 1.0, day * 86400))
        opened.clock.utc = START + 5 * DAY
        yield opened


def guard(desk, scales, **rest: Any) -> DiskGuard:
    return DiskGuard(desk.path.parent, desk.telemetry, now=desk.clock, reserve=50, space=scales, **rest)


async def test_enough_room_changes_nothing(desk):
    report = await guard(desk, Scales(60)).check()
    assert (report.low, report.given_up["readings"], report.free) == (False, 0, 60)
    assert report.stores["journal"] == 1000
    assert report.stores["telemetry"] > 4096
    assert len(await desk.rows(LEVEL)) == 5


async def test_the_disk_is_asked_beside_the_loop(desk):
    threads = set()

    def space(_folder) -> tuple[int, int]:
        threads.add(threading.get_ident())
        return 100, 30

    await guard(desk, space).check()
    assert threads
    assert threading.get_ident() not in threads


async def test_minutes_stay_while_age_is_not_acted_upon(desk):
    desk.clock.utc = START + 3652 * DAY
    report = await guard(desk, Scales(10), settled=lambda _now: False).check()
    assert report.given_up == {"footage": 0, "readings": 5, "rollups": 0}


async def test_the_oldest_raw_days_go_until_there_is_room(desk):
    report = await guard(desk, Scales(30, step=10)).check()
    assert (report.low, report.given_up["readings"]) == (False, 2)
    assert [t // DAY for t, _ in await desk.rows(LEVEL)] == [2, 3, 4]


async def test_the_journal_and_a_year_of_minutes_are_never_dropped(desk, caplog):
    watch = guard(desk, Scales(10))
    for _ in range(3):
        report = await watch.check()
        assert report.low
    assert report.given_up == {"footage": 0, "readings": 5, "rollups": 0}
    assert await desk.rows(LEVEL) == []
    trend = await desk.telemetry.series(LEVEL, START, START + 5 * DAY, 10_000)
    assert (trend.resolution, len(trend.items)) == ("1m", 5)
    assert (desk.path.parent / "journal.db").stat().st_size == 1000
    assert [r.levelname for r in caplog.records] == ["WARNING", "ERROR"], "each said once"


async def test_minutes_older_than_a_year_go_after_the_raw_rows(desk):
    desk.clock.utc = START + 367 * DAY + DAY // 2
    report = await guard(desk, Scales(10)).check()
    assert report.given_up == {"footage": 0, "readings": 5, "rollups": 3 + 3}
    trend = await desk.telemetry.series(LEVEL, START, START + 5 * DAY, 10_000)
    assert (trend.resolution, len(trend.items)) == ("1h", 2)


class Album:
    """So many sets of pictures, of which the guard's shortness takes one at each look."""

    def __init__(self, sets: int) -> None:
        self.sets = sets
        self.given_up = 0

    def spare(self) -> int:
        return self.sets

    def press(self, watch: DiskGuard) -> None:
        if watch.short and self.sets:
            self.sets -= 1
            self.given_up += 1


async def test_pictures_go_before_readings(desk):
    watch = guard(desk, Scales(40))
    watch.pictures = album = Album(2)
    for looks in range(3):
        report = await watch.check()
        assert not report.low or looks == 2
        assert (report.given_up["readings"] > 0) == (looks == 2), "readings wait until no picture can go"
        album.press(watch)
    assert watch.given_up() == {"footage": 2, "readings": 5, "rollups": 0}


async def test_with_half_of_the_reserve_gone_readings_go_beside_pictures(desk):
    watch = guard(desk, Scales(20, step=15))
    watch.pictures = Album(100)
    report = await watch.check()
    assert (report.given_up["readings"], report.low) == (2, False)


async def test_each_step_is_told_once_in_a_shortage(desk):
    desk.clock.utc = START + 367 * DAY
    watch = guard(desk, Scales(40))
    watch.pictures = album = Album(1)
    told = []
    for _ in range(4):
        await watch.check()
        album.press(watch)
        told += [(kind, body.get("what")) for kind, body in watch.news()]
    assert told == [
        ("storage.giving_up", "footage"),
        ("storage.giving_up", "readings"),
        ("storage.giving_up", "rollups"),
        ("storage.exhausted", None),
    ]
    assert watch.shortage() == {"footage": 1, "readings": 5, "rollups": 4}


async def test_a_shortage_is_over_a_day_after_the_last_step(desk):
    scales = Scales(30, step=10)
    watch = guard(desk, scales)
    await watch.check()
    watch.news()
    scales.free = 100
    await watch.check()
    assert watch.news() == []
    desk.clock.utc += DAY
    await watch.check()
    assert watch.news() == [
        ("storage.eased", {"free": 150, "given_up": {"footage": 0, "readings": 2, "rollups": 0}})
    ]
    assert watch.shortage() == {}


async def test_by_a_clock_that_is_not_believed_no_roll_up_is_old(desk):
    desk.clock.utc = START + 3670 * DAY
    desk.clock.trusted = False
    report = await guard(desk, Scales(10)).check()
    assert report.given_up == {"footage": 0, "readings": 5, "rollups": 0}


def test_the_real_disk(tmp_path):
    total, free = disk_space(tmp_path)
    assert 0 < free <= total


async def test_the_reserve_follows_the_disk(desk):
    watch = DiskGuard(desk.path.parent, desk.telemetry, now=Clock(), space=lambda _: (2**30 * 10, 2**40))
    assert (await watch.check()).reserve == 2**30 // 2
