"""plans/*.toml and emergency.toml: what they say, and what is wrong with them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from edge.domain.device import Signal
from edge.domain.names import Text
from edge.domain.plan import EmergencyRules, Lasting, Material, Phone, Plan
from edge.domain.roster import Crew, Person, Roster
from edge.domain.site import Zone
from edge.resources import config_root
from edge.settings import load_site
from edge.settings.emergency import read_emergency, review_plans
from edge.settings.problems import Problem, Report
from tests.edge.emergency.scene import Scene
from tests.edge.settings.test_template import shipped_schemas

PLAN = """\
id = "p2-flat-smoke"
name = { zh = "住宅烟感", en = "Smoke in a flat" }
version = "3"
author = "a"
approver = "b"
review = 2027-06-30
source = "practice"
say = { zh = "{address}{place}", en = "{address} {place}" }
linkages = ["sirens"]
responders = ["crew:station"]

[[when]]
signals = ["process"]
rules = ["smoke"]
zones = ["b3"]
categories = ["smoke-detector"]

[[step]]
id = "ack"
title = { zh = "接警", en = "Acknowledge" }
role = "operator"
within = 30
ticks = ["acked", "muster:3"]

[[step]]
id = "call"
stage = 2
title = { zh = "拨打119", en = "Call 119" }
role = "operator"

[[phone]]
name = { zh = "燃气", en = "Gas" }
contact = "gas-company"
stage = 2

[[material]]
stock = "hose"
quantity = 2
"""
SITE = """\
[coincidence]
window = 300
group = 600

[[linkage-zone]]
id = "b3-s1"
name = { zh = "1单元", en = "Stair 1" }
zones = ["b3/s1"]

[[contact]]
id = "gas-company"
name = { zh = "燃气公司", en = "Gas company" }
number = "000-1234"
"""
W = Text("字", "words")
ZONES = {path: Zone(path, W, W) for path in ("b3", "b3/s1", "b3/s2", "b3/s1/301")}


def read(folder: Path, plan: str = PLAN, site: str = SITE) -> tuple[EmergencyRules, list[Problem]]:
    (folder / "plans").mkdir(exist_ok=True)
    (folder / "plans" / "smoke.toml").write_text(plan, encoding="utf-8")
    (folder / "emergency.toml").write_text(site, encoding="utf-8")
    report = Report()
    roster = Roster(
        {"hu": Person("hu", "胡", W, roles=("lift-warden",))}, {"station": Crew("station", W, ())}
    )
    rules = read_emergency(report, folder, ZONES, roster, {"smoke"}, {"smoke-detector"}, {"sirens"})
    return rules, report.problems()


def test_a_plan_of_the_site_stands_in_for_the_shipped_one(tmp_path: Path) -> None:
    rules, problems = read(tmp_path)
    assert not problems
    assert [plan.id[:2] for plan in rules.plans] == [f"p{n}" for n in range(1, 10)]
    own = rules.plan("p2-flat-smoke")
    assert isinstance(own, Plan)
    assert (own.version, own.review, own.responders) == ("3", date(2027, 6, 30), ("crew:station",))
    assert (own.when[0].signals, own.when[0].zones, own.when[0].opens) == ((Signal.PROCESS,), ("b3",), True)
    assert [(step.id, step.stage, step.within) for step in own.steps] == [("ack", 1, 30.0), ("call", 2, None)]
    assert own.phones == (Phone(Text("燃气", "Gas"), "", 2, "gas-company"),)
    assert own.materials == (Material("hose", 2.0),)
    assert rules.plan("p1") is None


@pytest.mark.parametrize(
    ("before", "after", "line", "code", "suggestion"),
    [
        ('zones = ["b3"]', 'zones = ["b3/s9"]', 15, "unknown_zone", None),
        ('rules = ["smoke"]', 'rules = ["smok"]', 14, "unknown_rule", "smoke"),
        ('["smoke-detector"]', '["smoke-detectr"]', 16, "unknown_category", "smoke-detector"),
        ('["sirens"]', '["siren"]', 9, "unknown_linkage", "sirens"),
        ("crew:station", "crew:statio", 10, "unknown_target", "crew:station"),
        ("muster:3", "muster:33", 23, "unknown_value", "muster:3"),
        ('role = "operator"', 'role = "operater"', 21, "unknown_role", "operator"),
        ('contact = "gas-company"', 'contact = "gas"', 33, "unknown_contact", None),
        ('contact = "gas-company"', "", 31, "value", None),
        ("{address}{place}", "{adress}", 8, "unknown_placeholder", "address"),
        ("{address}{place}", "{address", 8, "braces", None),
        ('id = "call"', 'id = "ack"', 26, "duplicate_id", None),
        ("review = 2027-06-30\n", "", 1, "missing_key", None),
        ("stage = 2", "stage = 3", 27, "unknown_value", None),
        ("within", "withing", 22, "unknown_key", "within"),
    ],
)
def test_what_is_wrong_with_a_plan(
    tmp_path: Path, before: str, after: str, line: int, code: str, suggestion: str | None
) -> None:
    assert before in PLAN
    _, problems = read(tmp_path, PLAN.replace(before, after, 1))
    assert [(p.file, p.line, p.code) for p in problems] == [("plans/smoke.toml", line, code)]
    assert suggestion is None or problems[0].suggestion == suggestion


@pytest.mark.parametrize("signals", ['["fire"]', '["process", "gas"]'])
def test_what_is_about_life_never_becomes_certain_by_time(tmp_path: Path, signals: str) -> None:
    lasting = "lasting = { points = 2, minutes = 10 }\n"
    timed = PLAN.replace("linkages", lasting + "linkages", 1)
    rules, problems = read(tmp_path, timed)
    assert not problems
    own = rules.plan("p2-flat-smoke")
    assert own is not None
    assert own.lasting == Lasting(2, 600.0)
    _, problems = read(tmp_path, timed.replace('["process"]', signals))
    assert [problem.code for problem in problems] == ["stage"]


def test_the_template_has_all_that_the_shipped_plans_name() -> None:
    site = load_site(config_root() / "site", shipped_schemas())
    people = site.roster
    targets = {f"crew:{id}" for id in people.crews} | {f"post:{id}" for id in people.posts}
    for plan in site.emergency.plans:
        assert set(plan.linkages) <= {linkage.id for linkage in site.linkages}, plan.id
        assert set(plan.responders) <= targets, plan.id
        contacts = {contact.id for contact in site.emergency.contacts} | {""}
        assert {phone.contact for phone in plan.phones} <= contacts, plan.id
        assert {zone for when in plan.when for zone in when.zones} <= set(site.zones), plan.id


def test_a_late_review_is_a_warning() -> None:
    site = load_site(config_root() / "site", shipped_schemas())
    folder = config_root() / "site"
    assert review_plans(folder, site.emergency.plans, date(2027, 6, 30)) == []
    late = review_plans(folder, site.emergency.plans, date(2027, 7, 1))
    assert {problem.code for problem in late} == {"review_overdue"}
    assert len(late) == len(site.emergency.plans)


def test_a_late_review_is_told_where_the_plan_says_it(tmp_path: Path) -> None:
    rules, _ = read(tmp_path)
    own = [plan for plan in rules.plans if plan.id == "p2-flat-smoke"]
    late = review_plans(tmp_path, own, date(2027, 7, 1))
    assert [(p.file, p.line, p.key) for p in late] == [("plans/smoke.toml", 6, "review")]


def test_a_role_of_the_sites_people_does_a_step(tmp_path: Path) -> None:
    assert not read(tmp_path, PLAN.replace('role = "operator"', 'role = "lift-warden"'))[1]


def test_names_are_looked_up_though_another_table_is_faulty(tmp_path: Path) -> None:
    text = (
        PLAN.replace("within = 30", "within = -1")
        .replace('["smoke"]', '["smok"]')
        .replace("gas-company", "gas")
    )
    _, problems = read(tmp_path, text)
    assert [(p.line, p.code) for p in problems] == [
        (14, "unknown_rule"), (22, "value"), (33, "unknown_contact"),
    ]  # fmt: skip


def test_linkage_zones(tmp_path: Path) -> None:
    rules, _ = read(tmp_path)
    area = rules.coincidence.area
    assert [area(zone) for zone in ("b3/s1/301", "b3/s10", "b3/s2/4f/402", "b3", "")] == [
        "b3-s1",
        "b3/s10",
        "b3/s2",
        "b3",
        "",
    ]
    assert (rules.coincidence.window, rules.contacts[0].number) == (300.0, "000-1234")


def test_carbon_monoxide_has_a_plan_of_its_own_that_shuts_no_valve(tmp_path: Path) -> None:
    rules, _ = read(tmp_path)
    alarm = Scene().alarm("al-1", "co")
    ranked = {plan.id: plan.suits(alarm, "co-detector", opening=True) for plan in rules.plans}
    assert max(ranked, key=lambda id: ranked[id]) == "p9-carbon-monoxide"
    own = rules.plan("p9-carbon-monoxide")
    assert own is not None
    assert not own.linkages
    assert {"120", "119"} <= {phone.number for phone in own.phones}
    assert {"call", "contact", "call-120", "ventilate"} <= {step.id for step in own.steps}


def test_a_site_without_the_file_has_units_of_buildings(tmp_path: Path) -> None:
    report = Report()
    rules = read_emergency(report, tmp_path, ZONES, Roster(), (), (), ())
    assert not report.problems()
    assert (len(rules.plans), rules.coincidence.window, rules.contacts) == (9, 600.0, ())


@pytest.mark.parametrize(
    ("before", "after", "line", "code"),
    [
        ('zones = ["b3/s1"]', 'zones = ["b3/s3"]', 8, "unknown_zone"),
        ("group = 600", "group = 200", 3, "value"),
        ("window = 300", "window = 1", 2, "value"),
        ('number = "000-1234"', 'number = "call me"', 13, "value"),
        ("[[contact]]", "[[contacts]]", 10, "unknown_key"),
    ],
)
def test_what_is_wrong_with_emergency_toml(
    tmp_path: Path, before: str, after: str, line: int, code: str
) -> None:
    plan = PLAN.replace('contact = "gas-company"', 'number = "119"')
    _, problems = read(tmp_path, plan, SITE.replace(before, after, 1))
    assert [(p.file, p.line, p.code) for p in problems] == [("emergency.toml", line, code)]


def test_one_place_belongs_to_one_linkage_zone(tmp_path: Path) -> None:
    twice = SITE + '\n[[linkage-zone]]\nid = "b3-s1"\nname = { zh = "x", en = "x" }\nzones = ["b3/s2"]\n'
    assert [p.code for p in read(tmp_path, site=twice)[1]] == ["duplicate_id"]
    shared = SITE + '\n[[linkage-zone]]\nid = "other"\nname = { zh = "x", en = "x" }\nzones = ["b3/s1"]\n'
    assert [p.code for p in read(tmp_path, site=shared)[1]] == ["duplicate_id"]
