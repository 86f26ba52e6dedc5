"""When a backup is due, what it is called, and which may go."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.backup import (
    Rehearsal,
    last_due,
    name_of,
    named,
    next_due,
    rehearsal_due,
    sort_out,
    whole,
)
from edge.domain.instant import DAY, HOUR, SECOND
from edge.domain.names import Text

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = time(2, 30)


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


@given(st.integers(0, utc("2099-01-01") // SECOND))
def test_a_name_tells_its_time_again(seconds: int) -> None:
    (one,) = named("he-an", [name_of("he-an", seconds * SECOND + 7)])
    assert (one.at, one.part) == (seconds * SECOND, False)


def test_only_the_sites_own_are_looked_at() -> None:
    mine = name_of("court", utc("2026-06-01T18:30:00"))
    foreign = [
        "court.backup",
        f"x{mine}",
        "court-2-20260601T183000Z.backup",
        "court-20261399T000000Z.backup",
        "a",
    ]
    found = named("court", [*foreign, f"{mine}.part", mine])
    assert [(one.name, one.part) for one in found] == [(f"{mine}.part", True), (mine, False)]


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-06-01T18:29:59", "2026-05-31T18:30:00"),  # 02:29:59 on site
        ("2026-06-01T18:30:00", "2026-06-01T18:30:00"),
        ("2026-06-02T18:00:00", "2026-06-01T18:30:00"),
    ],
)
def test_it_is_due_once_a_day_by_the_sites_clocks(now: str, due: str) -> None:
    assert last_due(utc(now), AT, SHANGHAI) == utc(due)


def test_what_was_missed_is_due_now_and_once() -> None:
    now = utc("2026-06-09T04:00:00")
    last = last_due(now, AT, SHANGHAI)
    assert next_due(now, None, AT, SHANGHAI) == last
    assert next_due(now, now - 6 * DAY, AT, SHANGHAI) == last <= now
    assert next_due(now, now, AT, SHANGHAI) == last + DAY


@given(st.lists(st.integers(0, 400), max_size=30, unique=True), st.integers(2, 20))
def test_the_newest_stay(days: list[int], keep: int) -> None:
    now = 400 * DAY
    names = [name_of("s", day * DAY) for day in days]
    names += [f"{name_of('s', 5 * DAY)}.part", "s.backup", name_of("other", DAY)]
    sorted_out = sort_out(named("s", names), now, keep)
    ours = [name_of("s", day * DAY) for day in sorted(days)]
    assert [one.name for one in sorted_out.kept] == ours[-keep:]
    assert set(sorted_out.go) == {*ours[:-keep], f"{name_of('s', 5 * DAY)}.part"}


def test_one_named_on_a_wrong_clock_counts_for_nothing_and_is_left_alone() -> None:
    now = utc("2026-06-01T00:00:00")
    found = named("s", [name_of("s", now + 3000 * DAY), name_of("s", now)])
    assert [one.at for one in whole(found, now)] == [now]
    assert sort_out(found, now, 2).go == []


def test_a_rehearsal_a_week_and_after_one_that_failed() -> None:
    now = 100 * DAY
    passed = Rehearsal(now - 7 * DAY + HOUR, True, Text("", ""))
    assert rehearsal_due(now, None)
    assert rehearsal_due(now, passed)
    assert not rehearsal_due(now - DAY, passed)
    assert rehearsal_due(now, Rehearsal(now - HOUR, False, Text("", "")))
    assert rehearsal_due(now, Rehearsal(now + 900 * DAY, True, Text("", ""))), "of a wrong clock"


def test_what_is_held_stays_beside_the_newest() -> None:
    names = [name_of("s", day * DAY) for day in range(6)]
    sorted_out = sort_out(named("s", names), 9 * DAY, 2, [names[1], names[4], "s-gone"])
    assert [one.name for one in sorted_out.kept] == [names[1], names[4], names[5]]
    assert sorted_out.go == [names[0], names[2], names[3]]
