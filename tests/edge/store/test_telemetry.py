"""Telemetry: each reading once, in its place, whatever the order, the repeats and the trouble."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.domain.instant import DAY, HOUR, MINUTE, SECOND
from edge.domain.reading import Arrival, Purpose, Quality, Reason
from edge.domain.site import Retention
from edge.store.telemetry import Telemetry
from tests.chance import examples
from tests.edge.store.making import START, Desk, key, point, reading, spoil, until

LEVEL = point("bin.level")
OTHER = point("bin.tilt")


@pytest.fixture
async def desk(tmp_path):
    async with Desk(tmp_path / "telemetry.db") as opened:
        yield opened


# -- what comes back


@pytest.mark.parametrize(
    "value", [1.5, 0.0, -3, 7, True, False, "open", "", "打开", None, 2**70, float("inf")]
)
async def test_a_value_keeps_its_type(desk, value):
    await desk.store(reading(LEVEL, value))
    ((_, kept),) = await desk.rows(LEVEL)
    assert kept == value
    assert type(kept) is (float if value == 2**70 else type(value))


async def test_quality_reason_arrival_and_purpose_survive_a_restart(tmp_path):
    async with Desk(tmp_path / "telemetry.db") as desk:
        await desk.store(
            reading(LEVEL, 1.0),
            reading(
                OTHER,
                True,
                quality=Quality.BAD,
                reason=Reason.OUT_OF_RANGE,
                arrival=Arrival.RETAINED,
                purpose=Purpose.DRILL,
            ),
        )
    for _ in ("from the tail", "from the table of the latest"):
        async with Desk(tmp_path / "telemetry.db") as desk:
            good, bad = desk.state.latest[LEVEL.id], desk.state.latest[OTHER.id]
            assert (good.value, good.time, good.received) == (1.0, START, START + 1500)
            assert (good.quality, good.reason, good.arrival, good.purpose) == ("good", None, "live", "live")
            assert (bad.value, bad.quality, bad.reason) == (True, Quality.BAD, Reason.OUT_OF_RANGE)
            assert (bad.arrival, bad.purpose) == (Arrival.RETAINED, Purpose.DRILL)
            await desk.telemetry.compact()


async def test_the_latest_is_by_time_not_by_arrival(desk):
    await desk.store(reading(LEVEL, 2.0, 20), reading(LEVEL, 1.0, 10))
    assert desk.telemetry.latest()[LEVEL.id].value == 2.0
    await desk.telemetry.compact()
    await desk.store(reading(LEVEL, 1.5, 15))
    assert desk.telemetry.latest()[LEVEL.id].value == 2.0


async def test_series_are_the_same_after_a_restart(tmp_path):
    points = [point(f"d{n}.x") for n in range(5)]
    async with Desk(tmp_path / "telemetry.db") as desk:
        desk.telemetry.register(points[:3])
        await desk.store(*(reading(p, 1.0) for p in points[:3]))
        before = [p.series for p in points[:3]]
    async with Desk(tmp_path / "telemetry.db") as desk:
        desk.telemetry.register(reversed(points))
        assert [p.series for p in points[:3]] == before
        assert len({p.series for p in points}) == 5
        await desk.store(*(reading(p, 2.0, 1) for p in points))
        assert [len(await desk.rows(p)) for p in points] == [2, 2, 2, 1, 1]


# -- repeats


async def test_a_repeat_is_counted_not_stored(desk):
    await desk.store(reading(LEVEL, 1.0), reading(LEVEL, 1.0))
    await desk.store(reading(LEVEL, 1.0))
    await desk.telemetry.compact()
    await desk.store(reading(LEVEL, 1.0))
    assert (desk.telemetry.stored, desk.telemetry.duplicates, desk.telemetry.bumped) == (1, 3, 0)
    assert await desk.rows(LEVEL) == [(0, 1.0)]


async def test_another_value_at_the_same_time_steps_aside(desk):
    await desk.store(*(reading(LEVEL, float(n)) for n in range(4)))
    await desk.telemetry.compact()
    await desk.store(reading(LEVEL, 9.0), reading(LEVEL, 2.0))
    assert await desk.rows(LEVEL) == [(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.0), (4, 9.0)]
    assert (desk.telemetry.duplicates, desk.telemetry.bumped) == (1, 4)
    page = await desk.telemetry.raw(LEVEL, 0, 2**62, None, 10)
    assert len(page.items) == 5


async def test_repeats_are_known_whatever_kinds_of_values_a_series_has(desk):
    values = [1.5, "high", True, None, 2**62 + 1, 3.0]
    await desk.store(*(reading(LEVEL, value, n) for n, value in enumerate(values)))
    await desk.store(*(reading(LEVEL, value, n) for n, value in enumerate(values)))
    assert (desk.telemetry.stored, desk.telemetry.duplicates) == (6, 6)
    await desk.store(reading(LEVEL, 2**62, 4))
    assert (desk.telemetry.stored, desk.telemetry.bumped) == (7, 1)


async def test_stepping_aside_never_lands_on_another_row(desk):
    at = START
    rows = [(0, 1.0), (5, 2.0), (2, 3.0), (0, 4.0), (0, 5.0), (0, 6.0), (0, 7.0), (0, 8.0), (1, 9.0)]
    for offset, value in rows:
        late = reading(LEVEL, value)
        late.time = at + offset
        await desk.store(late)
    kept = await desk.rows(LEVEL)
    assert sorted(v for _, v in kept) == sorted(v for _, v in rows)
    assert len({t for t, _ in kept}) == len(rows)


@pytest.mark.parametrize("late", [False, True])
async def test_thousands_that_share_one_time_do_not_walk_over_each_other(desk, late, monkeypatch):
    looks = 0
    from edge.store.tracks import Track

    look = Track._look

    def counted(self, conn, time):
        nonlocal looks
        looks += 1
        return look(self, conn, time)

    monkeypatch.setattr(Track, "_look", counted)
    if late:
        await desk.store(reading(LEVEL, -1.0, 3600))
    await desk.store(*(reading(LEVEL, float(n)) for n in range(5000)))
    await desk.store(*(reading(LEVEL, float(n)) for n in range(5000)))
    assert (desk.telemetry.stored, desk.telemetry.duplicates) == (5000 + late, 5000)
    assert looks == 1


ARRIVALS = st.lists(
    st.one_of(
        st.tuples(
            st.just("reading"),
            st.one_of(st.integers(0, 6), st.integers(0, 40).map(lambda n: n * 30 * SECOND)),
            st.sampled_from([0.0, 1.0, 2.5, -4.0]),
        ),
        st.sampled_from([("commit",), ("compact",), ("restart",), ("renew",)]),
    ),
    max_size=60,
)


def model(events) -> dict[int, float]:
    """Time -> value, by the rule in plain words."""
    rows: dict[int, float] = {}
    for kind, *rest in events:
        if kind == "reading":
            time, value = rest
            while time in rows and rows[time] != value:
                time += 1
            rows.setdefault(time, value)
    return rows


def buckets(rows: dict[int, float], width: int) -> list[tuple[int, float, float, float]]:
    found: dict[int, list[float]] = {}
    for time, value in sorted(rows.items()):
        found.setdefault((START + time) // width * width, []).append(value)
    return [(t, sum(values) / len(values), min(values), max(values)) for t, values in sorted(found.items())]


@example(events=[("reading", 0, 0.0), ("reading", 0, 0.0), ("reading", 1, 1.0), ("reading", 0, 1.0)])
@given(events=ARRIVALS)
@examples(150)
def test_any_order_gives_the_rows_counts_and_roll_ups_of_the_model(tmp_path_factory, events):
    asyncio.run(compare(tmp_path_factory.mktemp("any") / "telemetry.db", events))


async def compare(path, events) -> None:
    desk = await Desk(path).__aenter__()
    for kind, *rest in events:
        if kind == "reading":
            one = reading(LEVEL, rest[1])
            one.time = START + rest[0]
            desk.telemetry.register([LEVEL])
            desk.telemetry.keep([one])
        elif kind == "commit":
            await desk.telemetry.settled()
        elif kind == "compact":
            await desk.telemetry.settled()
            await desk.telemetry.compact()
        elif kind == "restart":
            await desk.__aexit__()
            desk = await Desk(path).__aenter__()
        else:
            desk.telemetry.forget_session("field")
    await desk.telemetry.settled()
    rows = model(events)
    desk.telemetry.register([LEVEL])
    assert dict(await desk.rows(LEVEL)) == rows
    await check_trends(desk, rows)
    await desk.telemetry.compact()
    assert dict(await desk.rows(LEVEL)) == rows
    await check_trends(desk, rows)
    await desk.__aexit__()


async def check_trends(desk, rows) -> None:
    everything = await desk.telemetry.series(LEVEL, START, START + HOUR, max(len(rows), 1))
    assert [(item.t - START, item.v) for item in everything.items] == sorted(rows.items())
    for points in (1, 2, 5, 30):
        trend = await desk.telemetry.series(LEVEL, START, START + HOUR, points)
        assert trend.count == len(rows)
        assert len(trend.items) <= points
        if trend.resolution == "1m" and len(buckets(rows, MINUTE)) <= points:
            assert [(i.t, pytest.approx(i.v), i.low, i.high) for i in trend.items] == buckets(rows, MINUTE)
    if len(buckets(rows, MINUTE)) > 1:
        hour = await desk.telemetry.series(LEVEL, START, START + HOUR, 1)
        assert [(i.t, pytest.approx(i.v), i.low, i.high) for i in hour.items] == buckets(rows, HOUR)
    inside = {t: v for t, v in rows.items() if 45 * SECOND <= t < 500 * SECOND}
    part = await desk.telemetry.series(LEVEL, START + 45 * SECOND, START + 500 * SECOND, 2)
    assert part.count == len(inside)
    if len(inside) > 2:
        assert min(i.low for i in part.items) == min(inside.values())
        assert max(i.high for i in part.items) == max(inside.values())


# -- trends


async def test_the_resolution_follows_what_fits(desk):
    await desk.store(*(reading(LEVEL, float(n), 20 * n) for n in range(3000)))  # 16 h 40 min, three a minute
    for compacted in (False, True):
        if compacted:
            await desk.telemetry.compact()

        async def trend(hours: float, points: int):
            return await desk.telemetry.series(LEVEL, START, START + round(hours * HOUR), points)

        for hours, points, resolution, items in [
            (1, 180, "raw", 180),
            (1, 179, "1m", 60),
            (1, 60, "1m", 60),
            (1, 31, "1m", 30),  # two minutes at a time
            (16, 32, "1h", 16),
            (16, 16, "1h", 16),
            (16, 5, "1h", 4),
            (16, 1, "1h", 1),
        ]:
            found = await trend(hours, points)
            assert (found.resolution, len(found.items)) == (resolution, items)
            assert found.count == hours * 180
            assert all(a.t < b.t for a, b in pairwise(found.items))
        (one,) = (await trend(16, 1)).items
        assert (one.v, one.low, one.high) == (pytest.approx(2879 / 2), 0.0, 2879.0)


async def test_states_and_texts_show_the_last_of_a_bucket(desk):
    door, words = point("door.open"), point("door.says")
    for n in range(240):
        await desk.store(reading(door, n % 3 == 0, n), reading(words, f"n{n}", n))
    for compacted in (False, True):
        if compacted:
            await desk.telemetry.compact()
        trend = await desk.telemetry.series(door, START, START + HOUR, 10)
        assert [(i.v, i.low) for i in trend.items] == [(False, None)] * 4
        assert [i.v for i in (await desk.telemetry.series(words, START, START + HOUR, 4)).items] == [
            "n59",
            "n119",
            "n179",
            "n239",
        ]
    await desk.store(reading(words, "late", 30), reading(words, "later", 239.5))
    await desk.telemetry.compact()
    assert [i.v for i in (await desk.telemetry.series(words, START, START + HOUR, 4)).items][::3] == [
        "n59",
        "later",
    ]


async def test_the_worst_quality_of_a_bucket_shows(desk):
    await desk.store(
        *(reading(LEVEL, float(n), n, quality=Quality.BAD if n == 70 else Quality.GOOD) for n in range(180))
    )
    trend = await desk.telemetry.series(LEVEL, START, START + HOUR, 5)
    assert [i.q for i in trend.items] == ["good", "bad", "good"]


async def test_no_value_is_a_row_but_no_number(desk):
    await desk.store(reading(LEVEL, None, 1), reading(LEVEL, 4.0, 2), reading(LEVEL, None, 70))
    trend = await desk.telemetry.series(LEVEL, START, START + HOUR, 2)
    assert trend.count == 3
    assert [(i.v, i.low) for i in trend.items] == [(4.0, 4.0), (None, None)]


@pytest.mark.parametrize(("start", "end", "points"), [(5, 5, 10), (9, 3, 10), (0, HOUR, 0)])
async def test_an_empty_span_is_empty(desk, start, end, points):
    await desk.store(reading(LEVEL, 1.0))
    found = await desk.telemetry.series(LEVEL, START + start, START + end, points)
    assert (found.count, list(found.items)) == (0, [])
    unknown = await desk.telemetry.series(point("never.heard"), 0, 2**60, 10)
    assert (unknown.count, list(unknown.items)) == (0, [])


async def test_raw_rows_are_paged_in_order_of_time(desk):
    await desk.store(*(reading(LEVEL, float(n), n) for n in (3, 1, 5, 0, 4)))
    await desk.telemetry.compact()
    await desk.store(reading(LEVEL, 2.0, 2))
    seen, after = [], None
    while True:
        page = await desk.telemetry.raw(LEVEL, START, START + 5 * SECOND, after, 2)
        assert page.count == 5
        seen += [i.v for i in page.items]
        after = page.next
        if after is None:
            break
    assert seen == [0.0, 1.0, 2.0, 3.0, 4.0]
    with pytest.raises(ValueError, match="x"):
        await desk.telemetry.raw(LEVEL, 0, 1, "x", 2)


# -- committing and reporting


async def test_deliveries_are_reported_when_committed(desk):
    desk.telemetry.register([LEVEL])
    desk.telemetry.keep([reading(LEVEL, 1.0)], [key(1), key(2)])
    assert desk.told == []
    await desk.telemetry.settled()
    assert desk.told == [1, 2]


async def test_a_batch_closes_on_count(tmp_path):
    async with Desk(tmp_path / "telemetry.db", commit_rows=3) as desk:
        desk.telemetry.register([LEVEL])
        desk.telemetry.keep([reading(LEVEL, float(n), n) for n in range(3)], [key(1)])
        await until(lambda: bool(desk.told))


async def test_a_batch_closes_on_time(tmp_path):
    async with Desk(tmp_path / "telemetry.db", commit_seconds=0.0) as desk:
        desk.telemetry.register([LEVEL])
        desk.telemetry.keep([reading(LEVEL, 1.0)], [key(1)])
        await until(lambda: bool(desk.told))
        desk.telemetry.keep([], [key(2)])
        await until(lambda: len(desk.told) == 2)


async def test_closing_commits_what_is_kept(tmp_path):
    async with Desk(tmp_path / "telemetry.db") as desk:
        desk.telemetry.register([LEVEL])
        desk.telemetry.keep([reading(LEVEL, 1.0)], [key(1)])
    assert desk.told == [1]
    async with Desk(tmp_path / "telemetry.db") as desk:
        assert await desk.rows(LEVEL) == [(0, 1.0)]


async def test_the_keys_of_the_last_deliveries_are_kept(tmp_path):
    async with Desk(tmp_path / "telemetry.db", window=100) as desk:
        for first in range(0, 3000, 10):
            await desk.store(keys=[key(n) for n in range(first, first + 10)])
        await desk.store(keys=[key(7, "zigbee", b"short")])
    async with Desk(tmp_path / "telemetry.db") as desk:
        kept = [k.delivery.packet for k in desk.state.deliveries["field"]]
        assert kept[-100:] == list(range(2900, 3000))
        assert len(kept) < 600
        (other,) = desk.state.deliveries["zigbee"]
        assert (other.source, other.delivery.packet, other.digest) == ("zigbee", 7, b"short")


async def test_a_new_session_voids_the_keys_before_it(tmp_path):
    async with Desk(tmp_path / "telemetry.db") as desk:
        await desk.store(keys=[key(1), key(1, "zigbee")])
        desk.telemetry.keep([], [key(2)])
        desk.telemetry.forget_session("field")
        desk.telemetry.keep([], [key(3)])
    async with Desk(tmp_path / "telemetry.db") as desk:
        assert {s: [k.delivery.packet for k in keys] for s, keys in desk.state.deliveries.items()} == {
            "field": [3],
            "zigbee": [1],
        }


def hold_writer(telemetry: Telemetry) -> Callable[[], None]:
    """Keep the writer thread busy until the returned function is called."""
    import threading

    gate = threading.Event()
    telemetry._db.submit(lambda _conn: gate.wait(20), plain=True)
    return gate.set


async def test_a_commit_that_hangs_is_reported_all_the_same(tmp_path):
    async with Desk(tmp_path / "telemetry.db", patience=0.0) as desk:
        desk.telemetry.register([LEVEL])
        release = hold_writer(desk.telemetry)
        desk.telemetry.keep([reading(LEVEL, 1.0)], [key(1)])
        desk.telemetry.flush()
        await until(lambda: bool(desk.told))
        assert not desk.telemetry.healthy
        assert "takes longer" in str(desk.telemetry.last_error)
        desk.telemetry.keep([reading(LEVEL, 2.0, 1)], [key(2)])
        desk.telemetry.flush()
        assert desk.told == [1, 2], "the next ones do not wait at all"
        release()
        await until(lambda: desk.telemetry.healthy and desk.telemetry.depth == 0)
        assert desk.told == [1, 2]
        assert await desk.rows(LEVEL) == [(0, 1.0), (1_000_000, 2.0)]
        assert (desk.telemetry.stored, desk.telemetry.lost) == (2, 0)


async def test_the_tail_is_compacted_by_itself(tmp_path):
    async with Desk(tmp_path / "telemetry.db", compact_rows=100) as desk:
        for first in range(0, 300, 50):
            await desk.store(*(reading(LEVEL, float(n), n) for n in range(first, first + 50)))
            await until(lambda: desk.telemetry._compacting is None)
        with closing(sqlite3.connect(desk.path)) as conn:
            assert conn.execute("SELECT count(*) FROM tail").fetchone()[0] < 100
            assert conn.execute("SELECT count(*) FROM history").fetchone()[0] >= 200
        assert len(await desk.rows(LEVEL)) == 300


async def test_rows_are_numbered_on_after_compaction_and_restart(tmp_path):
    for n in range(3):
        async with Desk(tmp_path / "telemetry.db") as desk:
            await desk.store(reading(LEVEL, float(n), n))
            with closing(sqlite3.connect(desk.path)) as conn:
                assert conn.execute("SELECT max(n) FROM tail").fetchone() == (n + 1,)
            await desk.telemetry.compact()


# -- damage


@pytest.mark.parametrize("content", [b"", bytes(100_000), b"garbage" * 1000])
async def test_damaged_telemetry_never_blocks_the_start(tmp_path, content):
    path = tmp_path / "telemetry.db"
    path.write_bytes(content)
    async with Desk(path) as desk:
        assert (desk.state.set_aside is not None) == bool(content)
        await desk.store(reading(LEVEL, 1.0), keys=[key(1)])
        assert desk.told == [1]


@pytest.mark.parametrize("damage", ["zeroed", "cut", "emptied", "gone"])
async def test_telemetry_damaged_while_running_is_begun_anew(desk, damage):
    await desk.store(reading(LEVEL, 1.0), reading(OTHER, 1.0))
    await desk.telemetry.compact()
    with closing(sqlite3.connect(desk.path)) as conn:
        conn.execute("PRAGMA wal_checkpoint")
    await desk.telemetry.compact()  # sees how long it is now
    spoil(desk.path, damage)
    await desk.store(reading(OTHER, 2.0, 1), keys=[key(1)])
    assert desk.told == [1]
    assert desk.telemetry.healthy
    assert await desk.rows(OTHER) == [(1_000_000, 2.0)]
    (loss,) = desk.telemetry.losses
    assert (loss.store, loss.file is None) == ("telemetry", damage == "gone")


# -- getting old


async def test_retention_drops_what_is_older_and_counts_what_is_left(desk):
    for day in range(10):
        await desk.store(*(reading(LEVEL, float(n), day * 86400 + n * 600) for n in range(144)))
    await desk.telemetry.compact()
    desk.clock.utc = START + 10 * DAY
    retention = Retention(raw_days=3, minute_days=6, hour_days=8)
    assert await desk.telemetry.retain(retention, desk.clock()) == 7 * 144 + 4 * 144 + 2 * 24
    assert len(await desk.rows(LEVEL)) == 3 * 144

    async def trend(first: int, last: int, points: int = 1000):
        return await desk.telemetry.series(LEVEL, START + first * DAY, START + last * DAY, points)

    assert (await trend(0, 10)).count == 3 * 144
    old = await trend(4, 5, 144)
    assert (old.resolution, old.count, len(old.items)) == ("1m", 0, 144)
    older = await trend(2, 3, 144)
    assert (older.resolution, older.count, len(older.items)) == ("1h", 0, 24)
    assert (await trend(0, 2)).items == []
    new = await trend(8, 9, 144)
    assert (new.resolution, new.count) == ("raw", 144)
    assert await desk.telemetry.retain(retention, desk.clock()) == 0

    late = reading(LEVEL, 99.0, 4 * 86400 + 5)
    await desk.store(late)
    await desk.telemetry.compact()
    assert (await trend(4, 5, 144)).count == 1
    assert max(i.high for i in (await trend(4, 5, 144)).items) == 143.0


async def test_shedding_takes_raw_days_first_then_old_minutes_then_old_hours(desk):
    for day in range(3):
        await desk.store(reading(LEVEL, 1.0, day * 86400))
    await desk.telemetry.compact()
    keep_from = START + DAY
    dropped = []
    for _ in range(4):
        what, rows = await desk.telemetry.shed(keep_from)
        dropped.append((what, rows, len(await desk.rows(LEVEL))))
    assert dropped == [("readings", 1, 2), ("readings", 1, 1), ("readings", 1, 0), ("rollups", 1, 0)]
    hours = await desk.telemetry.series(LEVEL, START, START + 4 * DAY, 50)
    assert (hours.resolution, len(hours.items)) == ("1h", 3)
    with closing(sqlite3.connect(desk.path)) as conn:
        assert conn.execute("SELECT count(*) FROM minute").fetchone() == (2,)

    # Then hours of as long ago; what the year asks for stays, however short the disk.
    assert await desk.telemetry.shed(keep_from) == ("rollups", 1)
    assert await desk.telemetry.shed(keep_from) == ("rollups", 0)
    hours = await desk.telemetry.series(LEVEL, START, START + 4 * DAY, 50)
    assert (hours.resolution, len(hours.items)) == ("1h", 2)
