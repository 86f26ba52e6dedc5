"""Followers: every row to the sink, in order and with counters, whatever compaction, retention and the sink do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.domain.instant import SECOND
from edge.domain.names import Text
from edge.domain.site import Retention
from edge.store.cursors import Entry, RequestFile, Resend
from edge.store.followers import CaughtUp, Follower
from edge.store.sink import Outcome, Refused, Trouble
from tests.edge.store.making import START, Desk, point, reading, until

LEVEL = point("bin.level")
OTHER = point("bin.tilt")
AWAY = Trouble(Text("不在", "away"), away=True)
GRACE = 30


class FakeSink:
    """Takes everything, unless told. held: keys of the rows that are there."""

    def __init__(self) -> None:
        self.trouble: Trouble | None = None
        self.refuses: set[float] = set()
        self.doubtful = 0
        self.fresh = False
        self.drops = False
        self.batches: list[list[Entry]] = []
        self.held: set[tuple[str, int]] = set()
        self.closed = False
        self.touched = 0

    async def send(self, rows: Sequence[Entry]) -> Outcome:
        if self.trouble is not None:
            return Outcome(trouble=self.trouble, doubtful=self.doubtful)
        self.batches.append(list(rows))
        self.held |= {(row[1], row[2]) for row in rows if row[4] not in self.refuses}
        refused = [Refused(f"line {row[4]}", "no") for row in rows if row[4] in self.refuses]
        fresh, self.fresh = self.fresh, False
        return Outcome(refused, fresh=fresh)

    async def touch(self) -> Outcome:
        self.touched += 1
        if self.trouble is not None:
            return Outcome(trouble=self.trouble)
        fresh, self.fresh = self.fresh, False
        return Outcome(fresh=fresh)

    async def prove(self) -> tuple[Trouble | None, Text]:
        return (AWAY if self.drops else None), Text("", "")

    async def close(self) -> None:
        self.closed = True

    @property
    def values(self) -> list[Any]:
        return [row[4] for batch in self.batches for row in batch]


class Following:
    """A follower on a desk, turned by hand."""

    def __init__(self, desk: Desk, sink: FakeSink, batch: int = 10) -> None:
        self.desk = desk
        self.sink = sink
        self.made_up: list[CaughtUp] = []
        self.resent: list[tuple[Resend, int]] = []
        self.refused: list[Refused] = []

        async def told(one: CaughtUp) -> None:
            self.made_up.append(one)

        async def asked(_id: str, ask: Resend, rows: int) -> None:
            self.resent.append((ask, rows))

        self.follower = Follower(
            "dc",
            sink,
            desk.telemetry.cursors,
            batch=batch,
            interval=10,
            grace=GRACE,
            now=desk.clock,
            compact=desk.telemetry.compact,
            told=told,
            asked=asked,
            refused=lambda _id, one: self.refused.append(one),
        )

    async def turn(self, times: int = 1) -> float:
        pause = 0.0
        for _ in range(times):
            pause = await self.follower._turn()
        return pause

    async def all(self) -> None:
        """Until nothing is left to send."""
        for _ in range(1000):
            if await self.turn() == 10:
                return
        pytest.fail("it never catches up")

    def later(self, seconds: float) -> None:
        self.desk.clock.utc += round(seconds * SECOND)

    async def written(self) -> int:
        """The number of the row up to which all is sure to be there."""
        return (await self.desk.telemetry.cursors.ahead("dc", 0, 1)).standing.cursor

    @property
    def counts(self) -> tuple[int, int, int, int]:
        standing = self.follower.standing
        return standing.sent, standing.repeated, standing.rejected, standing.lost


@asynccontextmanager
async def opened(path: Path, **options: Any) -> AsyncIterator[Desk]:
    async with Desk(path / "telemetry.db", followers=["dc"], **options) as desk:
        yield desk


@pytest.fixture
async def following(tmp_path: Path) -> AsyncIterator[Following]:
    async with opened(tmp_path) as desk:
        yield Following(desk, FakeSink())


async def store(desk: Desk, first: int, last: int) -> None:
    """Readings with the values first … last, one a second."""
    await desk.store(*(reading(LEVEL, float(n), n) for n in range(first, last + 1)))


async def test_every_row_in_the_order_of_arrival(following: Following) -> None:
    await following.desk.store(reading(LEVEL, 1.0, 50), reading(OTHER, True, 60), reading(LEVEL, 2.0, 10))
    await following.all()
    assert following.sink.values == [1.0, b"\x01", 2.0]
    assert following.counts == (3, 0, 0, 0)


async def test_rows_are_found_wherever_compaction_has_put_them(following: Following) -> None:
    await store(following.desk, 1, 15)
    await following.turn()
    await following.desk.telemetry.compact()
    await store(following.desk, 16, 25)
    await following.desk.store(reading(LEVEL, 0.5, 3.5))
    await following.all()
    assert following.sink.values == [*map(float, range(1, 26)), 0.5]


async def test_compaction_leaves_no_keys_of_what_was_had(following: Following) -> None:
    await store(following.desk, 1, 30)
    await following.all()
    following.later(GRACE + 1)
    await following.turn(2)
    await following.desk.telemetry.compact()
    assert (
        await following.desk.telemetry._db.read(
            lambda c: c.execute("SELECT count(*) FROM unsent").fetchone()[0]
        )
        == 0
    )


async def test_a_new_follower_begins_with_what_comes(tmp_path: Path) -> None:
    async with Desk(tmp_path / "telemetry.db") as desk:
        await store(desk, 1, 5)
        await desk.telemetry.compact()
    async with opened(tmp_path) as desk:
        following = Following(desk, FakeSink())
        await store(desk, 6, 7)
        await following.all()
        assert following.sink.values == [6.0, 7.0]


async def test_an_outage_is_made_up_for_and_told(following: Following) -> None:
    await store(following.desk, 1, 4)
    await following.all()
    following.later(GRACE + 1)
    await following.turn()
    following.sink.trouble = AWAY
    await store(following.desk, 5, 40)
    for _ in range(3):
        assert await following.turn() > 0
        assert not following.follower.up
        await following.desk.telemetry.compact()
    following.sink.trouble = None
    following.later(100)
    await following.all()
    assert following.sink.values == [float(n) for n in range(1, 41)]
    (told,) = following.made_up
    assert (told.sent, told.repeated, told.rejected, told.lost) == (36, 0, 0, 0)
    assert told.until - told.at == 100 * SECOND
    assert following.follower.up


async def test_what_a_killed_server_had_just_acknowledged_is_repeated_and_counted(
    following: Following,
) -> None:
    await store(following.desk, 1, 5)
    await following.all()
    following.later(GRACE + 1)
    await following.turn()
    await store(following.desk, 6, 12)
    await following.all()
    following.sink.held = {(LEVEL.id, START + n * SECOND) for n in range(1, 6)}  # the rest was in its memory
    following.sink.trouble = AWAY
    await store(following.desk, 13, 14)
    await following.turn()
    following.sink.trouble = None
    await following.all()
    assert following.sink.held == {(LEVEL.id, START + n * SECOND) for n in range(1, 15)}
    assert following.counts == (14, 7, 0, 0)
    assert (following.made_up[0].sent, following.made_up[0].repeated) == (2, 7)


async def test_a_server_that_restarted_between_two_batches_is_noticed(following: Following) -> None:
    await store(following.desk, 1, 5)
    await following.all()
    following.sink.held.clear()
    following.sink.fresh = True
    await store(following.desk, 6, 7)
    await following.all()
    assert len(following.sink.held) == 7
    assert not following.made_up


async def test_one_that_was_killed_while_nothing_came_is_noticed(following: Following) -> None:
    await store(following.desk, 1, 5)
    await following.all()
    following.sink.held.clear()  # what it had in its memory
    following.sink.fresh = True
    following.later(GRACE + 1)
    await following.all()
    assert following.sink.held == {(LEVEL.id, START + n * SECOND) for n in range(1, 6)}
    assert await following.written() == 0, "it is sure a grace after it was sent again"
    following.later(GRACE + 1)
    await following.all()
    assert await following.written() == 5
    assert following.sink.touched == 2
    following.later(10 * GRACE)
    await following.turn(3)
    assert following.sink.touched == 2, "nothing more to be sure of"


async def test_one_that_is_away_when_the_grace_is_over_is_sent_all_of_it_again(following: Following) -> None:
    await store(following.desk, 1, 5)
    await following.all()
    following.sink.held.clear()
    following.sink.trouble = AWAY
    following.later(10 * GRACE)
    await following.turn()
    assert not following.follower.up
    assert await following.written() == 0
    following.sink.trouble = None
    await following.all()
    assert len(following.sink.held) == 5


async def test_rows_that_keep_coming_need_no_touch(following: Following) -> None:
    for n in range(1, 10):
        await store(following.desk, n, n)
        following.later(10)
        await following.all()
    assert following.sink.touched == 0
    assert await following.written() == 5, (
        "what was taken a grace before the last answer, at most half a grace ago"
    )


async def test_one_that_drops_idle_connections_does_not_hold_the_cursor_up(following: Following) -> None:
    await store(following.desk, 1, 5)
    for _ in range(20):
        following.sink.fresh = True
        await following.turn(2)
        following.later(GRACE + 1)
    assert await following.written() == 5


async def test_one_that_restarts_again_soon_after_an_outage_is_noticed_too(following: Following) -> None:
    await store(following.desk, 1, 5)
    await following.all()
    following.sink.trouble = AWAY
    await store(following.desk, 6, 7)
    await following.turn()
    following.sink.trouble = None
    await following.all()
    for first in (8, 10):  # what it had in its memory is gone, and nobody was there to see it away
        following.sink.held.clear()
        following.sink.fresh = True
        following.later(1)
        await store(following.desk, first, first + 1)
        await following.all()
        assert following.sink.held == {(LEVEL.id, START + n * SECOND) for n in range(1, first + 2)}


async def test_a_server_that_drops_every_connection_does_not_hold_it_up(following: Following) -> None:
    await store(following.desk, 1, 200)
    for _ in range(60):
        following.sink.fresh = True
        following.later(1)
        if await following.turn() == 10:
            break
    assert len(following.sink.held) == 200


async def test_rows_in_doubt_are_counted_when_they_are_repeated(following: Following) -> None:
    await store(following.desk, 1, 8)
    following.sink.trouble, following.sink.doubtful = AWAY, 5
    await following.turn()
    following.sink.trouble = None
    await following.all()
    assert following.counts == (8, 5, 0, 0)


async def test_a_refused_row_is_set_aside_and_holds_nothing_up(following: Following, tmp_path: Path) -> None:
    following.sink.refuses = {3.0}
    await store(following.desk, 1, 5)
    await following.all()
    following.later(GRACE + 1)
    await following.turn()
    assert following.counts == (4, 0, 1, 0)
    assert [one.line for one in following.refused] == ["line 3.0"]
    (aside,) = RequestFile(tmp_path / "telemetry.db").set_aside("dc")
    assert (aside.line, aside.reason) == ("line 3.0", "no")


async def test_what_retention_drops_first_is_lost_and_said(following: Following) -> None:
    following.sink.trouble = AWAY
    await store(following.desk, 1, 30)
    await following.turn()
    await following.desk.telemetry.compact()
    following.later(40 * 86400)
    await following.desk.store(reading(LEVEL, 31.0, 40 * 86400))
    await following.desk.telemetry.retain(Retention(raw_days=30), following.desk.clock())
    left = await following.desk.telemetry._db.read(
        lambda c: c.execute("SELECT count(*) FROM unsent").fetchone()[0]
    )
    assert left == 0
    following.sink.trouble = None
    await following.all()
    assert following.sink.values == [31.0]
    assert following.counts == (1, 0, 0, 30)
    assert following.made_up[0].lost == 30


async def test_late_rows_that_retention_drops_among_newer_ones_are_lost_one_by_one(
    following: Following,
) -> None:
    following.sink.trouble = AWAY
    await following.desk.store(
        reading(LEVEL, 1.0, 35 * 86400), reading(LEVEL, 2.0, 0), reading(LEVEL, 3.0, 36 * 86400)
    )
    await following.turn()
    await following.desk.telemetry.compact()
    following.later(40 * 86400)
    await following.desk.telemetry.retain(Retention(raw_days=30), following.desk.clock())
    following.sink.trouble = None
    await following.all()
    assert following.sink.values == [1.0, 3.0]
    assert following.counts == (2, 0, 0, 1)


async def test_a_restart_goes_on_behind_the_last_written_row(tmp_path: Path) -> None:
    sink = FakeSink()
    async with opened(tmp_path) as desk:
        following = Following(desk, sink)
        await store(desk, 1, 5)
        await following.all()
        following.later(GRACE + 1)
        await following.turn()
        await store(desk, 6, 8)
        await following.all()
        sink.trouble = AWAY
        await store(desk, 9, 9)
        await following.turn()
    sink.trouble = None
    async with opened(tmp_path) as desk:
        following = Following(desk, sink)
        await following.all()
        assert sink.values == [*map(float, range(1, 9)), *map(float, range(6, 10))]
        assert len(following.made_up) == 1  # the outage outlived the restart
        assert following.follower.standing.sent == 9


async def test_a_damaged_file_costs_what_was_in_it_and_says_so(tmp_path: Path) -> None:
    sink = FakeSink()
    async with opened(tmp_path) as desk:
        following = Following(desk, sink)
        await store(desk, 1, 5)
        await following.turn()
        (tmp_path / "telemetry.db").write_bytes(b"nothing of a database" * 500)
        await store(desk, 6, 7)
        await store(desk, 8, 9)
        await following.all()
        assert set(sink.values) >= {8.0, 9.0}
        assert following.follower.standing.lost > 0


async def test_a_span_is_sent_once_more_when_asked_for(following: Following, tmp_path: Path) -> None:
    await following.desk.store(*(reading(p, float(n), n) for n in range(1, 31) for p in (LEVEL, OTHER)))
    await following.all()
    following.sink.batches.clear()
    RequestFile(tmp_path / "telemetry.db").ask("dc", START + 10 * SECOND, START + 22 * SECOND, "wang", START)
    for _ in range(6):
        await following.turn()
    assert sorted(row[2] for batch in following.sink.batches for row in batch) == sorted(
        START + n * SECOND for n in range(10, 22) for _ in range(2)
    )
    ((ask, rows),) = following.resent
    assert (ask.by, rows, following.follower.resent) == ("wang", 24, 24)
    assert following.follower.standing.sent == 60


async def test_the_back_off_grows_to_a_bound_and_obeys_the_server(following: Following) -> None:
    await store(following.desk, 1, 1)
    following.sink.trouble = AWAY
    pauses = [await following.turn() for _ in range(12)]
    assert 0.7 < pauses[0] < 1.3
    assert all(pause < 76 for pause in pauses)
    assert pauses[-1] > 44
    following.sink.trouble = Trouble(Text("忙", "busy"), wait=7)
    assert 7 <= await following.turn() < 8
    following.sink.trouble = Trouble(Text("忙", "busy"), wait=1e9)
    assert await following.turn() < 1000


async def test_a_server_that_accepts_and_drops_is_told_and_gets_nothing_more(following: Following) -> None:
    following.sink.drops = True
    await store(following.desk, 1, 3)
    await following.turn(2)
    assert not following.follower.up
    sent = len(following.sink.values)
    await store(following.desk, 4, 6)
    await following.turn(2)
    assert len(following.sink.values) == sent
    following.sink.drops = False
    await following.all()
    assert set(following.sink.values) == {float(n) for n in range(1, 7)}


async def test_a_backlog_is_sent_at_a_bounded_rate(following: Following) -> None:
    await store(following.desk, 1, 20)
    assert await following.turn() == pytest.approx(10 / 4000)


async def test_the_loop_runs_until_it_is_ended(following: Following) -> None:
    await store(following.desk, 1, 3)
    task = asyncio.create_task(following.follower.run())
    await until(lambda: len(following.sink.values) == 3)
    await store(following.desk, 4, 4)
    following.follower.wake()
    await until(lambda: len(following.sink.values) == 4)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await following.follower.close()
    assert following.sink.closed
    report = following.follower.report()
    assert (report.kind, report.up, report.received) == ("uplink", True, 4)
