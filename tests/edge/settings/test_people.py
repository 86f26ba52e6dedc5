from __future__ import annotations

from datetime import date, time

import pytest

from edge.domain.roster import Away, Certificate, Change, Cycle, Team, Weekly
from edge.settings import load_site, review_site

from .conftest import SCHEMAS, Folder

PEOPLE = """\
[holidays]
country = "CN"
own = [{ date = 2026-05-06, name = "站庆" }]

[[person]]
id = "li"
name = "李强"
role = { zh = "值班员", en = "Operator" }
roles = ["operator"]
phone = "+86 199 0000 0011"
addresses = { wecom = "LiQiang" }
skills = ["patrol"]
zones = ["b3/s1"]
certificates = [{ kind = "消防设施操作员(中级)", number = "11", expires = 2027-05-31 }]
stand_ins = ["wang"]
away = [{ first = 2026-10-01, last = 2026-10-07 }]

[[person]]
id = "wang"
name = "Łucja O'Brien 王"
role = { zh = "保安", en = "Guard" }

[[crew]]
id = "station"
name = { zh = "微型消防站", en = "Station" }
members = ["li", "wang"]
lead = "li"

[[post]]
id = "desk"
name = { zh = "控制室", en = "Desk" }
always = true
certificate = "消防设施操作员"

[[post.shift]]
id = "day"
name = { zh = "白班", en = "Day" }
start = "08:00"
end = "20:00"

[[post.shift]]
id = "night"
name = { zh = "夜班", en = "Night" }
start = "20:00"
end = "08:00"

[[post.cycle]]
anchor = 2026-01-01
days = ["day", "night"]
teams = [{ members = ["li"], day = 0 }, { members = ["wang"], day = 1 }]

[[post.change]]
shift = "day"
dates = [2026-02-17]
members = ["wang"]
"""
TODAY = date(2026, 3, 1)


@pytest.fixture
def people(folder: Folder) -> Folder:
    folder.write("people.toml", PEOPLE)
    return folder


def test_people_are_read_whole(people: Folder) -> None:
    roster = load_site(people.path, SCHEMAS).roster
    li = roster.persons["li"]
    assert (li.phone, li.addresses, li.roles) == ("+86 199 0000 0011", {"wecom": "LiQiang"}, ("operator",))
    assert li.certificates == (Certificate("消防设施操作员(中级)", "11", date(2027, 5, 31)),)
    assert li.away == (Away(date(2026, 10, 1), date(2026, 10, 7)),)
    assert roster.persons["wang"].name == "Łucja O'Brien 王"
    assert roster.crews["station"].members == ("li", "wang")
    desk = roster.posts["desk"]
    assert (desk.shifts["night"].start, desk.shifts["night"].overnight) == (time(20), True)
    assert desk.cycles == (Cycle(date(2026, 1, 1), ("day", "night"), (Team(("li",), 0), Team(("wang",), 1))),)
    assert desk.changes == (Change("day", ("wang",), frozenset({date(2026, 2, 17)})),)
    assert (roster.country, roster.holidays) == ("CN", {date(2026, 5, 6): "站庆"})


def test_a_site_without_people(folder: Folder) -> None:
    site = load_site(folder.path, SCHEMAS)
    assert site.roster.persons == {}
    assert site.policies == ()
    assert review_site(folder.path, SCHEMAS, TODAY) == ([], [])


def test_days_of_the_week(people: Folder) -> None:
    weekly = (
        '[[post.weekly]]\nshift = "day"\ndays = ["sat", "sun"]\nmembers = ["li"]\non_holidays = false\n\n'
    )
    people.change("people.toml", "[[post.change]]", weekly + "[[post.change]]")
    post = load_site(people.path, SCHEMAS).roster.posts["desk"]
    assert post.weekly == (Weekly("day", frozenset({5, 6}), ("li",), on_holidays=False),)


def test_a_change_without_members_is_a_shift_that_does_not_take_place(people: Folder) -> None:
    people.change("people.toml", 'dates = [2026-02-17]\nmembers = ["wang"]\n', "dates = [2026-02-17]\n")
    (change,) = load_site(people.path, SCHEMAS).roster.posts["desk"].changes
    assert (change.shift, change.members) == ("day", ())


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ('stand_ins = ["wang"]', 'stand_ins = ["wnag"]', "unknown_person", "person[0].stand_ins[0]"),
        ('stand_ins = ["wang"]', 'stand_ins = ["li"]', "value", "person[0].stand_ins"),
        ('members = ["li", "wang"]', 'members = ["li", "li"]', "named_twice", "crew[0].members[1]"),
        ('members = ["li", "wang"]', "members = []", "empty_crew", "crew[0].members"),
        ('lead = "li"', 'lead = "zhao"', "unknown_person", "crew[0].lead"),
        ('id = "wang"', 'id = "li"', "duplicate_id", "person[1].id"),
        ('zones = ["b3/s1"]', 'zones = ["b9"]', "unknown_zone", "person[0].zones[0]"),
        ('days = ["day", "night"]', 'days = ["day", "nite"]', "unknown_shift", "post[0].cycle[0].days[1]"),
        ("day = 1 }", "day = 2 }", "value", "post[0].cycle[0].teams[1].day"),
        ("last = 2026-10-07", "last = 2026-09-07", "value", "person[0].away[0].last"),
        ('start = "08:00"', 'start = "8 Uhr"', "value", "post[0].shift[0].start"),
        ('start = "08:00"', 'start = "25:00"', "value", "post[0].shift[0].start"),
        ("dates = [2026-02-17]", "dates = []", "value", "post[0].change[0]"),
        ('country = "CN"', 'country = "XX"', "unknown_country", "holidays.country"),
        ('phone = "+86 199 0000 0011"', 'phone = "call me"', "value", "person[0].phone"),
        ("phone =", "fone =", "unknown_key", "person[0].fone"),
    ],
)
def test_problems(people: Folder, old: str, new: str, code: str, key: str) -> None:
    people.change("people.toml", old, new)
    problems = people.problems()
    assert (code, key) in {(p.code, p.key) for p in problems}
    assert {p.file for p in problems} == {"people.toml"}


def test_warnings(people: Folder) -> None:
    people.change("people.toml", "expires = 2027-05-31", "expires = 2026-03-31")
    people.change("people.toml", 'start = "20:00"\nend = "08:00"', 'start = "19:00"\nend = "07:00"')
    errors, warnings = review_site(people.path, SCHEMAS, TODAY)
    assert errors == []
    found = {(w.key, w.code) for w in warnings}
    assert found == {
        ("", "no_fire_manager"),
        ("person[0]", "certificate_expiry"),
        ("person[1]", "certificate"),
        ("post[0]", "shift_gap"),
        ("post[0]", "shift_overlap"),
    }
    (gap,) = (w for w in warnings if w.code == "shift_gap")
    assert "nobody is on duty at desk from 2026-03-01 07:00 to 2026-03-01 08:00" in gap.message
    assert gap.line == people.line("people.toml", "[[post]]")


def test_errors_go_before_warnings(people: Folder) -> None:
    people.change("people.toml", 'lead = "li"', 'lead = "zhao"')
    errors, warnings = review_site(people.path, SCHEMAS, TODAY)
    assert [e.code for e in errors] == ["unknown_person"]
    assert warnings == []
