from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from edge.domain.device import Signal
from edge.domain.reading import Purpose
from edge.domain.roster import Call, Quiet, Roster, Step
from edge.domain.rule import Priority
from edge.resources import config_root
from edge.settings import load_site
from edge.settings.policies import read_policies
from edge.settings.problems import Report

from .conftest import SCHEMAS, Folder
from .test_people import PEOPLE
from .test_template import shipped_schemas

POLICY = """\
[[policy]]
id = "vital"
applies = { signals = ["fire"], priorities = ["urgent"] }
repeat = { rounds = 2, pause = 60 }

[[policy.step]]
after = 15
calls = [{ to = "post:desk", by = ["sms"] }, { to = "channel:wecom" }]

[[policy.step]]
after = 30
calls = [{ to = "role:operator", by = ["ring", "sms"], message = "alarm" }]

[[policy.tell]]
on = "confirmed"
calls = [{ to = "crew:station", by = ["sms"], message = "confirmed" }]

[[policy]]
id = "rest"
quiet = { from = "22:00", to = "07:30" }
applies = { priorities = ["medium", "low"] }

[[policy.step]]
after = 60
calls = [{ to = "skill:patrol", by = ["sms"] }, { to = "all", by = ["sms"] }]
"""


@pytest.fixture
def calling(folder: Folder) -> Folder:
    folder.write("people.toml", PEOPLE)
    folder.write("dispatch/all.toml", POLICY)
    return folder


def test_policies_are_read_whole(calling: Folder) -> None:
    vital, rest = load_site(calling.path, SCHEMAS).policies
    assert vital.steps == (
        Step(15, (Call("post:desk", ("sms",), "alarm"), Call("channel:wecom", ("wecom",), "alarm"))),
        Step(30, (Call("role:operator", ("ring", "sms"), "alarm"),)),
    )
    assert (vital.signals, vital.priorities) == ({Signal.FIRE}, {Priority.URGENT})
    assert (vital.rounds, vital.pause, vital.tells[0].on) == (2, 60, "confirmed")
    assert rest.quiet == Quiet(time(22), time(7, 30))


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ("post:desk", "post:dsek", "unknown_post", "policy[0].step[0].calls[0].to"),
        ("role:operator", "role:chief", "unknown_role", "policy[0].step[1].calls[0].to"),
        ("crew:station", "crew:nobody", "unknown_crew", "policy[0].tell[0].calls[0].to"),
        ("skill:patrol", "skill:flying", "unknown_skill", "policy[1].step[0].calls[0].to"),
        ("post:desk", "pots:desk", "unknown_target", "policy[0].step[0].calls[0].to"),
        ("post:desk", "assigned", "unknown_target", "policy[0].step[0].calls[0].to"),
        (', by = ["sms"] }, { to = "channel', ' }, { to = "channel', "missing_key", "policy[0].step[0].calls[0].by"),
        ('"alarm" }]', '"alram" }]', "unknown_message", "policy[0].step[1].calls[0].message"),
        ("after = 30", "after = 15", "steps", "policy[0].step[1].after"),
        ('["medium", "low"]', "[]", "quiet", "policy[1].quiet"),
        ('from = "22:00", ', "", "missing_key", "policy[1].quiet"),
        ('to = "07:30"', 'to = "22:00"', "quiet", "policy[1].quiet"),
        ('id = "rest"', 'id = "vital"', "duplicate_id", "policy[1].id"),
        ("after = 15", "after = -1", "value", "policy[0].step[0].after"),
    ],
)  # fmt: skip
def test_problems(calling: Folder, old: str, new: str, code: str, key: str) -> None:
    calling.change("dispatch/all.toml", old, new)
    assert (code, key) in {(p.code, p.key) for p in calling.problems()}


@pytest.mark.parametrize(
    ("old", "new", "code", "near"),
    [
        ('on = "confirmed"', 'on = "confirmd"', "unknown_event", "confirmed"),
        ('on = "confirmed"', 'on = "order-overdu"', "unknown_event", "order-overdue"),
        ('to = "all"', 'to = "al"', "unknown_target", "all"),
        ("post:desk", "asigned", "unknown_target", "assigned"),
    ],
)
def test_the_nearest_word(calling: Folder, old: str, new: str, code: str, near: str) -> None:
    calling.change("dispatch/all.toml", old, new)
    assert (code, near) in {(p.code, p.suggestion) for p in calling.problems()}


def test_where_no_word_is_near_those_there_are_stand_in_the_message(calling: Folder) -> None:
    calling.change("dispatch/all.toml", "skill:patrol", "skill:wizardry")
    (problem,) = calling.problems()
    assert (problem.suggestion, problem.message) == (None, "people.toml has no skill 'wizardry': patrol")


def test_an_unknown_channel(calling: Folder) -> None:
    roster = load_site(calling.path, SCHEMAS).roster
    report = Report()
    read_policies(report, calling.path, roster, channels={"sms", "wecom", "ringing"})
    assert [(p.code, p.suggestion) for p in report.problems()] == [("unknown_channel", "ringing")]


def test_a_policy_that_calls_nobody(tmp_path: Path) -> None:
    (tmp_path / "dispatch").mkdir()
    (tmp_path / "dispatch/x.toml").write_text('[[policy]]\nid = "x"\n', encoding="utf-8")
    report = Report()
    read_policies(report, tmp_path, Roster())
    assert [p.code for p in report.problems()] == ["missing_key"]


def test_two_kinds_of_message_start_in_time_for_a_fire() -> None:
    """GB/T 45839-2025 5.10.4: within 15 s by two kinds; the shipped ladder goes on at 30, 60, 120 and 180 s."""
    site = load_site(config_root() / "site", shipped_schemas())
    for signal in (Signal.FIRE, Signal.GAS, Signal.SOS):
        for priority in (Priority.URGENT, Priority.HIGH):
            vital = next(
                p for p in site.policies if p.subject == "alarm" and p.covers(signal, priority, Purpose.LIVE)
            )
            assert vital.id == "vital"
    assert {channel for call in vital.steps[0].calls for channel in call.by} == {"sms", "wecom"}
    assert vital.steps[0].after <= 10
    assert [step.after for step in vital.steps[1:]] == [30, 60, 120, 180]
