"""Who is on duty: tables for a cycle of four days, a year with holidays, summer time, leave, and clocks in doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.dispatch.duty import OnDuty, expiries, gaps
from edge.domain.instant import HOUR, MINUTE, Instant
from edge.domain.names import Text
from edge.domain.roster import (
    Away,
    Certificate,
    Change,
    Crew,
    Cycle,
    Person,
    Post,
    Quiet,
    Roster,
    Shift,
    Team,
    Weekly,
)
from edge.settings.holidays import calendar

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
WORDS = Text("班", "shift")
DAY_AND_NIGHT = {
    "day": Shift("day", WORDS, time(8), time(20)),
    "night": Shift("night", WORDS, time(20), time(8)),
}
FOUR_DAYS = Cycle(
    date(2026, 1, 1), ("day", "night", None, None), tuple(Team((name,), n) for n, name in enumerate("abcd"))
)
PATROL = Post("patrol", WORDS, DAY_AND_NIGHT, (FOUR_DAYS,), always=True)


def person(id: str, **more: object) -> Person:
    return replace(Person(id, id.upper(), WORDS), **more)  # type: ignore[arg-type]


def roster(*posts: Post, people: Mapping[str, Person] | None = None, **more: object) -> Roster:
    everybody = {id: person(id) for id in "abcdefg"} | dict(people or {})
    return replace(Roster(everybody, {}, {post.id: post for post in posts}), **more)  # type: ignore[arg-type]


def on_duty(found: Roster, zone: ZoneInfo = SHANGHAI) -> OnDuty:
    return OnDuty(found, zone, calendar(found))


def at(zone: ZoneInfo, *when: int, trusted: bool = True) -> Instant:
    return Instant(utc(zone, *when), 0, trusted)


def utc(zone: ZoneInfo, *when: int) -> int:
    return int(datetime(*when, tzinfo=zone).timestamp() * 1_000_000)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("day", "by_day", "by_night"),
    [(1, "a", "b"), (2, "d", "a"), (3, "c", "d"), (4, "b", "c"), (5, "a", "b"), (6, "d", "a")],
)
def test_the_cycle_of_four_days(day: int, by_day: str, by_night: str) -> None:
    """白、夜、休、休: a day, the next night, two days off."""
    duty = on_duty(roster(PATROL))
    assert duty.who("post:patrol", at(SHANGHAI, 2026, 1, day, 8)) == (by_day,)
    assert duty.who("post:patrol", at(SHANGHAI, 2026, 1, day, 19, 59)) == (by_day,)
    assert duty.who("post:patrol", at(SHANGHAI, 2026, 1, day, 20)) == (by_night,)
    assert duty.who("post:patrol", at(SHANGHAI, 2026, 1, day + 1, 7, 59)) == (by_night,)


@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN])
def test_a_year_of_shifts_has_neither_gap_nor_overlap(zone: ZoneInfo) -> None:
    start, end = utc(zone, 2026, 1, 1), utc(zone, 2027, 1, 1)
    found = roster(PATROL)
    assert gaps(found, zone, calendar(found), start, end) == []
    stints = on_duty(found, zone).stints(PATROL, date(2026, 1, 1), 365)
    assert all(one.end == two.start for one, two in pairwise(stints))
    assert len(stints) == 2 * 366


def test_a_night_at_the_change_of_summer_time() -> None:
    stints = on_duty(roster(PATROL), BERLIN).stints(PATROL, date(2026, 3, 27), 220)
    hours = {s.date: (s.end - s.start) // HOUR for s in stints if s.shift == "night"}
    assert hours[date(2026, 3, 28)] == 11
    assert hours[date(2026, 10, 24)] == 13
    assert {n for day, n in hours.items() if day not in {date(2026, 3, 28), date(2026, 10, 24)}} == {12}


@given(st.integers(0, 366 * 24 * 60 * 2), st.sampled_from([SHANGHAI, BERLIN]))
def test_always_exactly_one_on_patrol(minute: int, zone: ZoneInfo) -> None:
    now = Instant(utc(zone, 2026, 1, 1) + minute * MINUTE, 0)
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now.utc)).astimezone(zone)
    started = local.date() - timedelta(days=local.hour < 8)
    shift = "day" if 8 <= local.hour < 20 else "night"
    turn = (started - date(2026, 1, 1)).days
    expected = "abcd"[(-turn if shift == "day" else 1 - turn) % 4]
    assert on_duty(roster(PATROL), zone).who("post:patrol", now) == (expected,)


def test_holidays_and_single_dates() -> None:
    office = Post(
        "office", WORDS, {"day": DAY_AND_NIGHT["day"]},
        weekly=(Weekly("day", frozenset(range(5)), ("a",), on_holidays=False),),
        changes=(
            Change("day", ("b",), holidays=True),
            Change("day", ("c", "d"), frozenset({date(2026, 2, 18)})),
            Change("day", (), frozenset({date(2026, 2, 24)})),
        ),
    )  # fmt: skip
    duty = on_duty(roster(office, country="CN"))

    def works(*day: int) -> tuple[str, ...]:
        return duty.now("office", at(SHANGHAI, *day, 10))

    assert calendar(roster(country="CN"))(date(2026, 2, 17)) == "春节"
    assert works(2026, 2, 12) == ("a",)
    assert works(2026, 2, 17) == ("b",)
    assert works(2026, 2, 18) == ("c", "d")
    assert works(2026, 2, 24) == ()
    assert works(2026, 2, 28) == ()  # a Saturday


def test_the_sites_own_holidays() -> None:
    own = roster(holidays={date(2026, 5, 6): "站庆"})
    assert calendar(own)(date(2026, 5, 6)) == "站庆"
    assert calendar(own)(date(2026, 2, 17)) is None


def test_nobody_there_means_everybody_of_the_post() -> None:
    lonely = Post(
        "p", WORDS, {"day": DAY_AND_NIGHT["day"]}, weekly=(Weekly("day", frozenset({0}), ("a", "b")),)
    )
    duty = on_duty(roster(lonely))
    tuesday = at(SHANGHAI, 2026, 1, 6, 10)
    assert duty.now("p", tuesday) == ()
    assert duty.who("post:p", tuesday) == ("a", "b")


def test_an_untrusted_clock_means_everybody_of_the_post() -> None:
    duty = on_duty(roster(PATROL))
    assert duty.who("post:patrol", at(SHANGHAI, 1970, 1, 2, trusted=False)) == ("a", "b", "c", "d")


def test_stand_ins_take_the_place_of_who_is_away() -> None:
    away = (Away(date(2026, 1, 1), date(2026, 1, 5)),)
    people = {"a": person("a", away=away, stand_ins=("e", "f")), "e": person("e", away=away)}
    duty = on_duty(roster(PATROL, people=people))
    assert duty.who("post:patrol", at(SHANGHAI, 2026, 1, 1, 9)) == ("f",)
    assert duty.who("person:a", at(SHANGHAI, 2026, 1, 1, 9)) == ("f",)
    assert duty.who("person:e", at(SHANGHAI, 2026, 1, 1, 9)) == ("e",)  # nobody stands in for him
    assert duty.who("post:patrol", at(SHANGHAI, 2026, 1, 9, 9)) == ("a",)


def test_roles_skills_crews_and_places() -> None:
    people = {
        "a": person("a", roles=("guard",), zones=("b1",)),
        "b": person("b", roles=("guard",), zones=("b3",)),
        "e": person("e", roles=("chief",), skills=("electric",)),
    }
    crews = {"c": Crew("c", WORDS, ("a", "b", "g"), skills=("fire",))}
    duty = on_duty(roster(PATROL, people=people, crews=crews))
    by_day = at(SHANGHAI, 2026, 1, 1, 9)  # a works
    by_night = at(SHANGHAI, 2026, 1, 3, 9)  # c works, no guard
    assert duty.who("role:guard", by_day) == ("a",)
    assert duty.who("role:guard", by_night) == ("a", "b")
    assert duty.who("role:chief", by_night) == ("e",)  # no post tells his hours
    assert duty.who("skill:electric", by_day) == ("e",)
    assert duty.who("skill:fire", by_day) == ("a", "g")
    assert duty.who("crew:c", by_day, "b3/s1/3f") == ("b", "g")
    assert duty.who("crew:c", by_day, "b33") == ("g",)
    assert duty.who("role:guard", by_day, "b3") == ("a",)  # on duty goes before place
    assert duty.who("channel:wecom", by_day) == ("",)
    assert duty.who("all", by_day) == tuple("abcdefg")
    assert duty.who("post:nowhere", by_day) == duty.who("person:nobody", by_day) == ()


def test_gaps_overlaps_and_too_few_are_found() -> None:
    shifts = {
        "early": Shift("early", WORDS, time(8), time(16)),
        "late": Shift("late", WORDS, time(15), time(23)),
    }
    weekly = (Weekly("early", frozenset(range(7)), ("a",)), Weekly("late", frozenset(range(7)), ("b", "c")))
    desk = Post("desk", WORDS, shifts, weekly=weekly, people=2, always=True)
    gate = Post("gate", WORDS, {"early": shifts["early"]}, weekly=(weekly[0],))
    found = roster(desk, gate)
    start = utc(SHANGHAI, 2026, 1, 5, 8)
    kinds = [
        (f.post, f.kind, (f.start - start) / HOUR, (f.end - start) / HOUR, f.persons)
        for f in gaps(found, SHANGHAI, calendar(found), start, start + 24 * HOUR)
    ]
    assert ("desk", "short", 0, 7, ("a",)) in kinds
    assert ("desk", "overlap", 7, 8, ("a", "b", "c")) in kinds
    assert ("desk", "gap", 15, 24, ()) in kinds
    assert ("gate", "overlap", 0, 8, ("a",)) in kinds or ("desk", "overlap", 0, 8, ("a",)) in kinds


def test_certificates() -> None:
    def with_one(id: str, expires: date) -> Person:
        return person(id, certificates=(Certificate("消防设施操作员(中级)", "1", expires),))

    people = {"a": with_one("a", date(2026, 1, 1)), "b": with_one("b", date(2026, 3, 1))}
    people["c"] = with_one("c", date(2027, 1, 1))
    found = expiries(roster(replace(PATROL, certificate="消防设施操作员"), people=people), date(2026, 1, 10))
    assert [(e.person, e.days) for e in found] == [("a", -9), ("b", 50), ("d", None)]


@pytest.mark.parametrize(
    ("wall", "left"),
    [((22, 0), 9.5), ((23, 30), 8), ((0, 0), 7.5), ((7, 29), 1 / 60), ((7, 30), 0), ((12, 0), 0)],
)
def test_quiet_hours(wall: tuple[int, int], left: float) -> None:
    duty = on_duty(roster())
    night = Quiet(time(22), time(7, 30))
    assert duty.quiet_left(night, at(SHANGHAI, 2026, 1, 5, *wall)) == round(left * HOUR)
    assert duty.quiet_left(night, at(SHANGHAI, 2026, 1, 5, *wall, trusted=False)) == 0


def test_quiet_hours_at_the_change_of_summer_time() -> None:
    duty = on_duty(roster(), BERLIN)
    assert duty.quiet_left(Quiet(time(22), time(7, 30)), at(BERLIN, 2026, 3, 28, 22)) == round(8.5 * HOUR)
    assert duty.quiet_left(Quiet(time(12), time(14)), at(BERLIN, 2026, 3, 28, 13)) == HOUR


def test_a_demo_has_the_time_it_shows() -> None:
    found = roster(PATROL)
    shifted = OnDuty(found, SHANGHAI, calendar(found), civil=lambda utc: utc + 12 * HOUR)
    assert shifted.who("post:patrol", at(SHANGHAI, 2026, 1, 1, 9)) == ("b",)
    assert shifted.local(utc(SHANGHAI, 2026, 1, 1, 9)).hour == 21
