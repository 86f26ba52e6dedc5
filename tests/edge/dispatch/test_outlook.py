"""The roster as people see it: who is on duty until when, what lacks, and a demo's shifted clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from edge.dispatch.duty import OnDuty
from edge.dispatch.outlook import DAYS, outlook
from edge.domain.instant import HOUR
from edge.domain.roster import Certificate, Post, Weekly
from tests.edge.dispatch.test_duty import (
    DAY_AND_NIGHT,
    PATROL,
    SHANGHAI,
    WORDS,
    at,
    on_duty,
    person,
    roster,
    utc,
)

EVERY_DAY = frozenset(range(7))
DESK = Post(
    "desk",
    WORDS,
    DAY_AND_NIGHT,
    weekly=(Weekly("day", EVERY_DAY, ("e", "f")), Weekly("night", EVERY_DAY, ("g",))),
    people=2,
    always=True,
)


def test_a_night_alone_is_said_now_and_for_each_night_to_come():
    found = roster(DESK)
    view = outlook(found, on_duty(found), at(SHANGHAI, 2026, 3, 2, 2))
    (desk,) = view.now
    assert (desk.persons, desk.shifts, desk.lack) == (("g",), ("night",), "short")
    assert desk.until == utc(SHANGHAI, 2026, 3, 2, 8)
    assert view.stints[0].date == date(2026, 3, 1), "the night that still runs"
    assert len(view.stints) == 1 + 2 * DAYS
    nights = [finding for finding in view.findings if finding.kind == "short"]
    assert len(nights) == DAYS + 1
    assert all(finding.persons == ("g",) for finding in nights)


def test_a_shift_nobody_has_is_a_gap():
    found = roster(replace(DESK, weekly=DESK.weekly[:1]))
    (desk,) = outlook(found, on_duty(found), at(SHANGHAI, 2026, 3, 2, 22)).now
    assert (desk.persons, desk.until, desk.lack) == ((), None, "gap")


def test_the_moments_are_the_hubs_where_a_demo_shifts_peoples_clocks():
    found = roster(DESK)
    duty = OnDuty(found, SHANGHAI, lambda _: None, lambda utc: utc + 12 * HOUR)
    view = outlook(found, duty, at(SHANGHAI, 2026, 3, 2, 10))  # people's clocks: 22:00
    (desk,) = view.now
    assert (desk.persons, desk.until) == (("g",), utc(SHANGHAI, 2026, 3, 2, 20))
    assert view.findings[0].start == utc(SHANGHAI, 2026, 3, 2, 10)
    assert view.findings[0].end == utc(SHANGHAI, 2026, 3, 2, 20)


def test_on_a_clock_in_doubt_there_are_only_people():
    found = roster(PATROL)
    view = outlook(found, on_duty(found), at(SHANGHAI, 2026, 3, 2, 10, trusted=False))
    assert not view.trusted
    assert view.now[0].persons == ("a", "b", "c", "d")
    assert (view.now[0].lack, view.stints, view.findings) == (None, (), ())


def test_what_is_missing_or_ran_out_comes_first():
    def holder(id: str, expires: date):
        return person(id, certificates=(Certificate("操作员", "1", expires),))

    people = {"e": holder("e", date(2026, 3, 30)), "f": holder("f", date(2026, 1, 1))}
    found = roster(replace(DESK, certificate="操作员"), people=people)
    view = outlook(found, on_duty(found), at(SHANGHAI, 2026, 3, 2, 10))
    assert [(expiry.person, expiry.days) for expiry in view.certificates] == [
        ("g", None),
        ("f", -60),
        ("e", 28),
    ]


def test_public_holidays_among_the_days_have_their_names():
    found = roster(DESK)
    festival = {date(2026, 3, 5): "春节", date(2026, 3, 16): "later"}.get
    view = outlook(found, OnDuty(found, SHANGHAI, festival), at(SHANGHAI, 2026, 3, 2, 10))
    assert view.holidays == {date(2026, 3, 5): "春节"}
