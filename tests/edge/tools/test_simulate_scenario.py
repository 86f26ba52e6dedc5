"""A faulty scenario is refused with file, line and key, all faults at once, and with the word that was meant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from edge.domain.names import Text
from edge.resources import config_root
from edge.settings import SettingsError
from edge.tools.modem import SentText, Trouble
from edge.tools.simulator.scenario import (
    DEFAULT_SHARE,
    INTERNET,
    Action,
    ShareTable,
    StepTable,
    find_scenario,
    load_scenario,
    read_head,
    scenario_files,
)
from tests.edge.tools.simulated import he_an_court

SITE = he_an_court()
PLAYED = frozenset({*SITE.devices, *(connection.id for connection in SITE.connections), INTERNET}) - {
    "sm-303",
    "bus-2",
}
HEAD = 'name = { zh = "名", en = "Name" }\ntext = { zh = "看", en = "See" }\n'


def problems(tmp_path: Path, text: str, head: str = HEAD) -> list[tuple[int, str, str]]:
    """(line, key, code) of each problem; the steps begin at line 3."""
    path = tmp_path / "story.toml"
    path.write_text(head + text)
    with pytest.raises(SettingsError) as caught:
        load_scenario(path, SITE, PLAYED)
    assert all(problem.file == str(path) for problem in caught.value.problems)
    return [(problem.line, problem.key, problem.code) for problem in caught.value.problems]


def step(text: str) -> str:
    return f"[[step]]\nat = 1\n{text}\n"


def test_a_scenario_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "story.toml"
    path.write_text(
        HEAD
        + step('device = "gs-1203"\nramp = { gas = [0, 4, 9.5], over = 10 }')
        + step('source = "bus-1"\naction = "noise"\nshare = { half = 1 }')
        + step('device = "gv-1203"\nset = { state = "closed" }')
    )
    scenario = load_scenario(path, SITE, PLAYED)
    assert (scenario.id, scenario.name, scenario.text) == ("story", Text("名", "Name"), Text("看", "See"))
    ramp, noise, valve = scenario.steps
    assert (ramp.at, ramp.target, ramp.over) == (1_000_000, "gs-1203", 10_000_000)
    assert ramp.courses == {"gas": [0, 4, 9.5]}
    assert str(ramp) == "gs-1203: gas 0 → 4 → 9.5 in 10 s"
    assert noise.share == DEFAULT_SHARE.model_copy(update={"half": 1.0})
    assert str(noise) == "bus-1: noise"
    assert valve.courses == {"state": ("closed",)}
    assert scenario.length == 11_000_000
    assert scenario.targets == {"gs-1203", "bus-1", "gv-1203"}


def test_a_camera_sees_a_scene(tmp_path: Path) -> None:
    path = tmp_path / "story.toml"
    path.write_text(
        HEAD + step('device = "cm-02"\nscene = "fire"') + step('device = "cm-01"\nscene = "clear"')
    )
    fire, clear = load_scenario(path, SITE, PLAYED).steps
    assert (fire.target, fire.scene, str(fire)) == ("cm-02", "fire", "cm-02 sees: fire")
    assert clear.scene == "clear"


def test_a_story_is_told_as_fast_as_its_file_allows(tmp_path: Path) -> None:
    path = tmp_path / "story.toml"
    path.write_text("fastest = 4\n" + HEAD + step('device = "gs-1203"\nramp = { gas = [0, 9], over = 10 }'))
    scenario = load_scenario(path, SITE, PLAYED)
    (ramp,) = scenario.told(4).steps
    assert (ramp.at, ramp.over, ramp.courses) == (250_000, 2_500_000, {"gas": [0, 9]})
    assert scenario.told(1) == scenario
    for speed in (4.1, 0, -1, float("nan")):
        with pytest.raises(SettingsError, match="at most 4 times faster"):
            scenario.told(speed)


def test_a_modem_hears_people_and_strangers_and_has_its_troubles(tmp_path: Path) -> None:
    path = tmp_path / "story.toml"
    path.write_text(
        HEAD
        + step('source = "modem-1"\ntext = "1"\nfrom = "liu-yang"')
        + step('source = "modem-1"\ntext = "谁?"\nfrom = "+8619900000099"')
        + step('source = "modem-1"\ntrouble = "no-credit"')
        + step('source = "modem-1"\naction = "unplug"')
    )
    known, stranger, trouble, pulled = load_scenario(path, SITE, PLAYED).steps
    assert known.heard == SentText("19900000014", "1")
    assert stranger.heard == SentText("+8619900000099", "谁?")
    assert trouble.trouble is Trouble.NO_CREDIT
    assert [str(one) for one in (known, trouble, pulled)] == [
        "modem-1: 19900000014 writes '1'",
        "modem-1: trouble: no-credit",
        "modem-1: unplug",
    ]


def test_what_happens_outside_has_no_id(tmp_path: Path) -> None:
    path = tmp_path / "story.toml"
    path.write_text(HEAD + step('outside = "internet"\naction = "unplug"'))
    (cut,) = load_scenario(path, SITE, PLAYED).steps
    assert (cut.target, cut.action, str(cut)) == (INTERNET, "unplug", "the internet: unplug")


@pytest.mark.parametrize(
    ("text", "key", "code", "line"),
    [
        ('outside = "internet"\naction = "kill"', "action", "value", 6),
        ('outside = "internet"\nset = { gas = 1 }', "outside", "value", 5),
        ('outside = "internet"\naction = "unplug"\nafter = "gv-1203"', "after", "value", 7),
        ('outside = "hub"\naction = "kill"', "outside", "not_played", 5),
        ('outside = "moon"\naction = "kill"', "outside", "unknown_value", 5),
        ('outside = "hub"\ndevice = "gs-1203"\naction = "kill"', "outside", "value", 5),
        ('device = "gs-1203"\nset = { gas = 1 }\nramps = 1', "ramps", "unknown_key", 7),
        ('device = "gs-1204"\nset = { gas = 1 }', "device", "unknown_device", 5),
        ('device = "gs-1203"\nset = { gass = 1 }', "set.gass", "unknown_point", 6),
        ('device = "gs-1203"\nset = { gas = true }', "set.gas", "value", 6),
        ('device = "gs-1203"\nset = { gas = "much" }', "set.gas", "value", 6),
        ('device = "gs-1203"\nset = { gas = 101 }', "set.gas", "value", 6),
        ('device = "gs-1203"\nset = { gas = nan }', "set.gas", "value", 6),
        ('device = "gv-1203"\nset = { state = [1] }', "set.state", "value", 6),
        ('device = "gv-1203"\nramp = { state = ["open", "closed"], over = 2 }', "ramp.state", "value", 6),
        ('device = "gs-1203"\nset = { }', "set", "value", 6),
        ('device = "sm-301"\nset = { smoke = 1 }', "set.smoke", "value", 6),
        ('device = "sm-301"\nramp = { smoke = [true, false], over = 1 }', "ramp.smoke", "value", 6),
        ('device = "sm-301"\nramp = { smoke = [0, 1], over = 1 }', "ramp.smoke", "value", 6),
        ('device = "gs-1203"\nramp = { gas = [0, 9] }', "ramp", "missing_key", 6),
        ('device = "gs-1203"\nramp = { gas = [0, 9], over = 0 }', "ramp", "missing_key", 6),
        ('device = "gs-1203"\nramp = { gas = 9, over = 10 }', "ramp.gas", "value", 6),
        ('device = "gs-1203"\nramp = { gas = [9], over = 10 }', "ramp.gas", "value", 6),
        ('device = "gs-1203"\nramp = { gas = [0, 900], over = 10 }', "ramp.gas", "value", 6),
        ('device = "gs-1203"', "set", "value", 3),
        ('device = "gs-1203"\nset = { gas = 1 }\naction = "dead"', "action", "value", 7),
        ('action = "dead"', "device", "value", 3),
        ('device = "sm-301"\nsource = "zigbee"\naction = "offline"', "source", "value", 6),
        ('device = "sm-301"\naction = "asleep"', "action", "unknown_value", 6),
        ('device = "gs-1203"\naction = "offline"', "action", "value", 6),
        ('device = "rc-b3"\naction = "unplug"', "action", "value", 6),
        ('source = "bus-9"\naction = "noise"', "source", "unknown_source", 5),
        ('source = "zigbee"\naction = "noise"', "action", "value", 6),
        ('source = "json"\naction = "offline"', "action", "value", 6),
        ('source = "bus-1"\nset = { gas = 1 }', "set", "value", 6),
        ('source = "bus-1"\naction = "quiet"\nshare = { crc = 0.1 }', "share", "value", 7),
        ('source = "bus-1"\naction = "noise"\nshare = { crc = 2 }', "share.crc", "value", 7),
        ('device = "gs-1203"\nwithhold = true', "withhold", "value", 6),
        ('device = "sr-eb"\nwithhold = false', "withhold", "unknown_value", 6),
        ('device = "sr-eb"\nlate = 0', "late", "value", 6),
        ('device = "sr-eb"\nwrong = true\nlate = 3', "late", "value", 7),
        ('device = "gs-1203"\nset = { gas = 1 }\nafter = "sm-301"', "after", "value", 7),
        ('source = "bus-1"\naction = "noise"\nafter = "sr-eb"', "after", "value", 7),
        ('source = "modem-1"\ntrouble = "no-credits"', "trouble", "unknown_value", 6),
        ('source = "bus-1"\ntrouble = "silent"', "trouble", "value", 6),
        ('device = "sm-301"\ntext = "1"\nfrom = "liu-yang"', "text", "value", 6),
        ('source = "modem-1"\ntext = "1"', "from", "unknown_person", 3),
        ('source = "modem-1"\ntext = "1"\nfrom = "li-jie"', "from", "unknown_person", 7),
        ('source = "modem-1"\ntext = ""\nfrom = "liu-yang"', "text", "value", 6),
        ('source = "modem-1"\naction = "unplug"\nfrom = "liu-yang"', "from", "value", 7),
        ('source = "modem-1"\naction = "noise"', "action", "value", 6),
        ('source = "modem-1"\nset = { sim = 1 }', "set", "value", 6),
        ('device = "sm-301"\nscene = "fire"', "scene", "value", 6),
        ('device = "cm-01"\nscene = "fire"', "scene", "value", 6),
        ('device = "cm-02"\nscene = "fires"', "scene", "value", 6),
        ('device = "cm-02"\nset = { flame = true }', "scene", "value", 3),
        ('source = "cm-02-stream"\nscene = "fire"', "scene", "value", 6),
        ('device = "sm-303"\nset = { smoke = true }', "device", "not_played", 5),
        ('source = "bus-2"\naction = "unplug"', "source", "not_played", 5),
    ],
)
def test_a_faulty_step_is_named_by_line_and_key(
    tmp_path: Path, text: str, key: str, code: str, line: int
) -> None:
    assert (line, f"step[0].{key}", code) in problems(tmp_path, step(text))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        step('device = "sm-301"\nset = { smok = true }') + step('device = "sm-30"\naction = "dead"'),
        'name = { zh = "名" }\n\n',
    )
    assert {key for _, key, _ in found} == {"name.en", "text", "step[0].set.smok", "step[1].device"}


def test_steps_stand_in_the_order_of_time(tmp_path: Path) -> None:
    later = '[[step]]\nat = 0.5\ndevice = "sm-301"\naction = "dead"\n'
    assert problems(tmp_path, step('device = "sm-301"\naction = "dead"') + later) == [
        (8, "step[1].at", "order")
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing_key"),
        ("step = 3\n", "wrong_type"),
        ("steps = []\n", "unknown_key"),
        ("[[step]\n", "syntax"),
    ],
)
def test_a_scenario_without_steps_is_none(tmp_path: Path, text: str, code: str) -> None:
    assert code in {found for _, _, found in problems(tmp_path, text)}


def test_the_word_that_was_meant_is_suggested(tmp_path: Path) -> None:
    path = tmp_path / "story.toml"
    path.write_text(HEAD + step('device = "sm-302"\nset = { smoke = true }'))
    with pytest.raises(SettingsError, match=r"the site has no device 'sm-302' \(did you mean 'sm-302k'\?\)"):
        load_scenario(path, SITE, PLAYED)


def test_a_scenario_is_found_by_id_or_path_the_sites_own_first(tmp_path: Path) -> None:
    own = tmp_path / "scenarios" / "s2.toml"
    own.parent.mkdir()
    own.write_text(HEAD + step('device = "sm-301"\naction = "dead"'))
    assert find_scenario("s2", tmp_path) == own
    assert find_scenario("s1", tmp_path) == scenario_files(None)["s1"]
    assert find_scenario(str(own), None) == own
    assert read_head(own) == (Text("名", "Name"), Text("看", "See"))
    with pytest.raises(SettingsError, match="there is no scenario 's9'; there are: bin-filling, dead-device"):
        find_scenario("s9", tmp_path)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.toml:1: there is no such file"):
        load_scenario(tmp_path / "gone.toml", SITE, PLAYED)
    with pytest.raises(SettingsError, match="no such file"):
        read_head(tmp_path / "gone.toml")


def test_the_readme_tells_every_scenario_key_action_and_its_example_is_right(tmp_path: Path) -> None:
    readme = (config_root() / "README.md").read_text("utf-8").partition("## A scenario")[2]
    keys = [field.alias or name for name, field in StepTable.model_fields.items()]
    words = [*get_args(Action), *(trouble.value for trouble in Trouble)]
    for word in (*scenario_files(None), *keys, *ShareTable.model_fields, *words):
        assert re.search(rf"\b{word}\b", readme), word
    example = tmp_path / "example.toml"
    example.write_text(readme.partition("~~~toml\n")[2].partition("~~~")[0])
    assert len(load_scenario(example, SITE, PLAYED).steps) == 2
