"""The disk guard: raw telemetry goes before roll-ups, the journal never."""

from __future__ import annotations

from typing import Any

import pytest

from edge.domain.instant import DAY, MINUTE
from edge.store.disk import DiskGuard, bytes_written, disk_space
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
    assert (report.low, report.dropped, report.free) == (False, 0, 60)
    assert report.stores["journal"] == 1000
    assert report.stores["telemetry"] > 4096
    assert len(await desk.rows(LEVEL)) == 5


async def test_the_oldest_raw_days_go_until_there_is_room(desk):
    report = await guard(desk, Scales(30, step=10)).check()
    assert (report.low, report.dropped) == (False, 2)
    assert [t // DAY for t, _ in await desk.rows(LEVEL)] == [2, 3, 4]


async def test_the_journal_and_a_year_of_minutes_are_never_dropped(desk, caplog):
    watch = guard(desk, Scales(10))
    for _ in range(3):
        report = await watch.check()
        assert report.low
    assert report.dropped == 5
    assert await desk.rows(LEVEL) == []
    trend = await desk.telemetry.series(LEVEL, START, START + 5 * DAY, 10_000)
    assert (trend.resolution, len(trend.items)) == ("1m", 5)
    assert (desk.path.parent / "journal.db").stat().st_size == 1000
    assert [r.levelname for r in caplog.records] == ["ERROR"], "said once"


async def test_minutes_older_than_a_year_go_after_the_raw_rows(desk):
    desk.clock.utc = START + 367 * DAY + DAY // 2
    report = await guard(desk, Scales(10)).check()
    assert report.dropped == 5 + 3
    trend = await desk.telemetry.series(LEVEL, START, START + 5 * DAY, 10_000)
    assert (trend.resolution, len(trend.items)) == ("1h", 5)


async def test_bytes_written_a_day(desk):
    sent = [1000, 1500, 4000]
    watch = guard(desk, Scales(60), written=lambda: sent.pop(0))
    assert (await watch.check()).written_per_day is None
    desk.clock.utc += MINUTE
    assert (await watch.check()).written_per_day == 500 * 1440
    desk.clock.utc += MINUTE
    assert (await watch.check()).written_per_day == 1500 * 1440


async def test_a_system_that_does_not_count_writes(desk):
    assert (await guard(desk, Scales(60), written=lambda: None).check()).written_per_day is None


def test_the_real_disk(tmp_path):
    total, free = disk_space(tmp_path)
    assert 0 < free <= total
    written = bytes_written()
    assert written is None or written >= 0


async def test_the_reserve_follows_the_disk(desk):
    watch = DiskGuard(desk.path.parent, desk.telemetry, now=Clock(), space=lambda _: (2**30 * 10, 2**40))
    assert (await watch.check()).reserve == 2**30 // 2
