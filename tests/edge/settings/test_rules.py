from __future__ import annotations

from datetime import time

import pytest

from edge.domain.device import Signal
from edge.domain.names import Text
from edge.domain.rule import Hours, Level, Priority, Selector
from edge.settings import SettingsError, load_site

from .conftest import SCHEMAS, Folder

FILE = "rules/all.toml"
TAIL = """\
condition = "state"
signal = "fault"
latch = false
source = "practice"

[[rule.level]]
priority = "medium"
title = { zh = "甲", en = "A" }
response = { zh = "乙", en = "B" }
"""
LEVEL = """\
[[rule.level]]
priority = "urgent"
title = { zh = "a", en = "a" }
response = { zh = "a", en = "a" }
"""


def test_a_rule_is_read_whole(folder: Folder) -> None:
    folder.change(FILE, "deadband = 2\n", "deadband = 2\non_delay = 1\noff_delay = 10.5\n")
    rule = load_site(folder.path, SCHEMAS).rules[1]
    assert (rule.id, rule.applies, rule.condition) == ("gas", Selector(quantity="combustible_gas"), "high")
    assert rule.levels == (
        Level(8, Priority.HIGH, Text("低限", "Low"), Text("开窗", "Open the windows")),
        Level(20, Priority.URGENT, Text("高限", "High"), Text("敲门", "Knock")),
    )
    assert (rule.signal, rule.latch, rule.source) == (Signal.GAS, True, "practice")
    assert (rule.deadband, rule.on_delay, rule.off_delay) == (2, 1, 10.5)


NIGHT = 'deadband = 0.01\nhours = { from = "22:00", to = "06:00" }'


def test_a_limit_may_hold_at_some_hours_only(folder: Folder) -> None:
    folder.change(FILE, "deadband = 0.01", NIGHT)
    rules = load_site(folder.path, SCHEMAS).rules
    assert rules[2].hours == Hours(time(22), time(6))
    assert rules[1].hours is None


@pytest.mark.parametrize(
    ("hours", "code"),
    [('{ from = "22:00" }', "missing_key"), ('{ from = "6:00", to = "22:00" }', "value"),
     ('{ from = "06:00", to = "06:00" }', "hours"), ('{ von = "06:00", to = "07:00" }', "unknown_value")],
)  # fmt: skip
def test_hours_that_cannot_be(folder: Folder, hours: str, code: str) -> None:
    folder.change(FILE, "deadband = 0.01", f"deadband = 0.01\nhours = {hours}")
    with pytest.raises(SettingsError) as caught:
        load_site(folder.path, SCHEMAS)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_limits_may_be_written_in_another_unit(folder: Folder) -> None:
    rule = load_site(folder.path, SCHEMAS).rules[2]
    assert rule.levels[0].limit == pytest.approx(140)
    assert rule.deadband == pytest.approx(10)


def test_limits_with_an_offset(folder: Folder) -> None:
    folder.change(
        "profiles/maker-gas.toml", 'quantity = "pressure"\nunit = "MPa"', 'quantity = "temperature"'
    )
    folder.change(FILE, 'quantity = "pressure" }', 'quantity = "temperature" }')
    folder.change(FILE, 'unit = "MPa"\ndeadband = 0.01', 'unit = "degF"\ndeadband = 9')
    folder.change(FILE, "degF", "°F")
    folder.change(FILE, "limit = 0.14", "limit = 32")
    rule = load_site(folder.path, SCHEMAS).rules[2]
    assert rule.levels[0].limit == pytest.approx(0)
    assert rule.deadband == pytest.approx(5)


@pytest.mark.parametrize(
    ("old", "new", "at", "key", "code", "suggestion"),
    [
        ("limit = 20", "limit = 8.0", "limit = 8.0", "rule[1].level[1].limit", "levels", None),
        (
            'priority = "urgent"\ntitle = { zh = "高',
            'priority = "low"\ntitle = { zh = "高',
            '"low"',
            "rule[1].level[1].priority",
            "levels",
            None,
        ),
        ("limit = 20", "limit = 200", "limit = 200", "rule[1].level[1].limit", "range", None),
        ("limit = 20\n", "", "高", "rule[1].level[1].limit", "missing_key", None),
        ("deadband = 2", "deadband = -2", "deadband = -2", "rule[1].deadband", "deadband", None),
        ("deadband = 2", 'hours = { from = "22:00", to = "06:00" }', "hours", "rule[1].hours", "hours", None),
        ("deadband = 2", "deadband = 12.5", "deadband = 12.5", "rule[1].deadband", "deadband", None),
        ("deadband = 2", "deadband = 2\non_delay = -1", "on_delay", "rule[1].on_delay", "value", None),
        ('unit = "MPa"', 'unit = "MPb"', "MPb", "rule[2].unit", "unit", "MPa"),
        ('unit = "MPa"', 'unit = "NTU"', "NTU", "rule[2].unit", "unit", None),
        ('id = "gas"', 'id = "smoke" # again', "again", "rule[1].id", "duplicate_id", None),
        (
            'devices = ["gs-1"]',
            'devices = ["gs-2"]',
            "gs-2",
            "rule[2].applies.devices[0]",
            "unknown_device",
            "gs-1",
        ),
        (
            'devices = ["gs-1"]',
            'devices = ["sm-301"]',
            '"sm-301"',
            "rule[2].applies.devices[0]",
            "missing_point",
            None,
        ),
        (
            'devices = ["gs-1"]',
            'devices = ["gs-1"], point = "presure"',
            "presure",
            "rule[2].applies.point",
            "missing_point",
            "pressure",
        ),
        ('devices = ["gs-1"]', "devices = []", "devices = []", "rule[2].applies.devices", "value", None),
        (
            '{ signal = "fire" }',
            '{ point = "smok" }',
            '"smok"',
            "rule[0].applies.point",
            "missing_point",
            "smoke",
        ),
        (
            '{ signal = "fire" }',
            '{ category = "smoke-detectr" }',
            "detectr",
            "rule[0].applies.category",
            "unknown_category",
            "smoke-detector",
        ),
        (
            '{ signal = "fire" }',
            '{ signal = "fire", zone = "b3/s2" }',
            "b3/s2",
            "rule[0].applies.zone",
            "unknown_zone",
            "b3/s1",
        ),
        ('{ signal = "fire" }', "{ }", "{ }", "rule[0].applies", "value", None),
        (
            '{ quantity = "combustible_gas" }',
            '{ category = "gas-detector" }',
            'condition = "high"',
            "rule[1].condition",
            "condition",
            None,
        ),
        (
            '{ signal = "fire" }',
            '{ quantity = "battery" }',
            'condition = "state"',
            "rule[0].condition",
            "condition",
            None,
        ),
        (
            'priority = "urgent"',
            'priority = "urgent"\nlimit = 1',
            "limit = 1",
            "rule[0].level[0].limit",
            "levels",
            None,
        ),
        ("latch = true", "latch = true\ndeadband = 1", "deadband = 1", "rule[0].deadband", "deadband", None),
        ("latch = true", "latch = false", "latch = false", "rule[0].latch", "latch", None),
        ('signal = "fire"\nlatch', 'signal = "fault"\nlatch', "latch = true", "rule[0].latch", "latch", None),
    ],
)
def test_a_faulty_rule(
    folder: Folder, old: str, new: str, at: str, key: str, code: str, suggestion: str | None
) -> None:
    folder.change(FILE, old, new)
    line = folder.line(FILE, at)
    if code == "missing_key":
        line -= 2  # the [[rule.level]] above
    found = [(p.file, p.line, p.key, p.code, p.suggestion) for p in folder.problems()]
    assert (FILE, line, key, code, suggestion) in found


def test_levels_of_a_low_limit_fall(folder: Folder) -> None:
    text = (folder.path / FILE).read_text(encoding="utf-8")
    folder.write(FILE, text + "\n" + LEVEL + "limit = 0.1\n")
    assert folder.problems() == []
    folder.write(FILE, text + "\n" + LEVEL + "limit = 0.2\n")
    assert [(p.code, p.key) for p in folder.problems()] == [("levels", "rule[2].level[1].limit")]


def test_a_state_has_one_level(folder: Folder) -> None:
    folder.change(FILE, '[[rule]]\nid = "gas"', LEVEL + '[[rule]]\nid = "gas"')
    assert [(p.code, p.key) for p in folder.problems()] == [("levels", "rule[0].level[1]")]


@pytest.mark.parametrize("id", ["stuck", "state-unconfirmed"])
def test_the_hubs_own_rules_keep_their_names(folder: Folder, id: str) -> None:
    folder.write("rules/more.toml", f'[[rule]]\nid = "{id}"\napplies = {{ signal = "fault" }}\n' + TAIL)
    assert [(p.key, p.code) for p in folder.problems()] == [("rule[0].id", "reserved")]


def test_a_rule_that_only_hears_silence_does_not_hear_a_fire(folder: Folder) -> None:
    folder.change(FILE, 'condition = "state"', 'condition = "no_data"')
    assert [(p.file, p.code) for p in folder.problems()] == [("devices/all.toml", "no_rule")]


def test_a_duplicate_names_both_places(folder: Folder) -> None:
    folder.write("rules/more.toml", '[[rule]]\nid = "gas"\napplies = { signal = "fault" }\n' + TAIL)
    problem = folder.only()
    assert (problem.file, problem.line) == ("rules/more.toml", 2)
    assert f"{FILE}:15" in problem.message


@pytest.mark.parametrize(
    "applies",
    [
        '{ signal = "sos" }',
        '{ quantity = "noise" }',
        '{ signal = "fault", zone = "b3" }',
        '{ point = "link" }',
    ],
)
def test_a_broad_rule_may_wait_for_its_first_device(folder: Folder, applies: str) -> None:
    tail = TAIL
    if "noise" in applies:
        tail = TAIL.replace('"state"', '"high"').replace("[[rule.level]]", "[[rule.level]]\nlimit = 70")
    folder.write("rules/more.toml", f'[[rule]]\nid = "broad"\napplies = {applies}\n' + tail)
    assert folder.problems() == []


@pytest.mark.parametrize(
    ("limit", "codes"),
    [("", []), ("limit = 600", []), ("limit = 0", ["range"]), ("limit = -5", ["range"])],
)
def test_silence_is_measured_in_seconds(folder: Folder, limit: str, codes: list[str]) -> None:
    tail = TAIL.replace('"state"', '"no_data"').replace("[[rule.level]]", f"[[rule.level]]\n{limit}")
    folder.write("rules/more.toml", '[[rule]]\nid = "silent"\napplies = { quantity = "pressure" }\n' + tail)
    assert [p.code for p in folder.problems()] == codes


def test_a_faulty_device_is_not_called_unknown(folder: Folder) -> None:
    folder.change("devices/all.toml", 'zone = "b3/s1"', 'zone = "b3/s9"')
    assert [p.code for p in folder.problems()] == ["unknown_zone"]


def test_what_a_rule_applies_to_is_checked_though_the_rest_is_faulty(folder: Folder) -> None:
    folder.change(FILE, 'condition = "low"', 'condition = "lower"')
    folder.change(FILE, '["gs-1"]', '["gs-2"]')
    assert {p.code for p in folder.problems()} == {"unknown_value", "unknown_device"}
