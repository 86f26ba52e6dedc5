"""[[camera]]: each mistake with its place, and what local.toml changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.camera.config import ZONE_ONLY
from drivers.camera.sight import PICTURE_ONLY
from edge.domain.device import Point
from edge.resources import config_root
from edge.settings import check_site, install_template, load_site, write_overrides
from tests.edge.settings.test_template import shipped_schemas

SCHEMAS = shipped_schemas()
LANE = "polygon = [[0.229, 0.986], [0.405, 0.548], [0.586, 0.548], [0.72, 0.986]]"
NEXT = '[[camera]]\nid = "cm-02-stream"'
ZONE = """[[camera.zone]]
id = "lane"
name = { zh = "另一处", en = "Another" }
polygon = [[0, 0], [1, 0], [1, 1]]
checks = ["left-object"]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    install_template(tmp_path)
    return tmp_path


def change(site: Path, file: str, old: str, new: str) -> int:
    """Put `new` in the place of `old`; the line where it then stands."""
    text = (site / file).read_text("utf-8")
    assert old in text, old
    (site / file).write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_template_has_two(site: Path) -> None:
    lane, shed = load_site(site, SCHEMAS).cameras
    assert (lane.device, lane.source, lane.checks) == ("cm-01", "cm-01-stream", ("tamper",))
    assert [(z.id, z.checks, z.dwell, len(z.polygon)) for z in lane.zones] == [
        ("lane", ("left-object",), 60.0, 4)
    ]
    assert (shed.device, shed.covers) == ("cm-02", ("out/eb",))
    assert shed.checks == ("tamper", "flame", "smoke")
    assert lane.covers == ("out/north-gate",)  # that much of its own zone, "out"


def test_a_camera_sees_its_own_zone_and_those_it_covers(site: Path) -> None:
    change(site, "site.toml", 'covers = ["out/eb"]', 'covers = ["b3/s1"]')
    assert load_site(site, SCHEMAS).cameras[1].covers == ("out/eb", "b3/s1")


@pytest.mark.parametrize(
    ("old", "refused"), [('checks = ["tamper"]', ZONE_ONLY), ('checks = ["left-object"]', PICTURE_ONLY)]
)
def test_no_check_is_proposed_where_it_is_refused(site: Path, old: str, refused: tuple[str, ...]) -> None:
    change(site, "site.toml", old, 'checks = ["fog"]')
    (problem,) = check_site(site, SCHEMAS)
    proposed = problem.message.partition(" is not one of ")[2]
    assert "motion" in proposed
    assert not [check for check in refused if check in proposed]


def test_what_is_looked_for_in_the_whole_picture_needs_its_detector_too(site: Path) -> None:
    line = change(site, "site.toml", 'checks = ["tamper"]', 'checks = ["tamper", "object"]')
    (problem,) = check_site(site, SCHEMAS)
    assert (problem.key, problem.line) == ("camera[0].checks[1]", line)


def test_masks_are_read(site: Path) -> None:
    change(site, "site.toml", NEXT, "[[camera.mask]]\npolygon = [[0, 0], [0.5, 0], [0.5, 0.5]]\n\n" + NEXT)
    (mask,) = load_site(site, SCHEMAS).cameras[0].masks
    assert mask == ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))


@pytest.mark.parametrize(
    ("old", "new", "key", "code", "suggestion", "word"),
    [
        ('covers = ["out/eb"]', 'covers = ["out/ebb"]', "camera[1].covers[0]", "unknown_zone", "out/eb", "no zone"),
        ('"flame"', '"flames"', "camera[1].checks[1]", "unknown_value", "flame", "not one of"),
        (LANE, "polygon = [[0, 0], [1, 1]]", "camera[0].zone[0].polygon", "value", None, "2 corners"),
        (LANE, "polygon = [[0, 0], [1.2, 0], [1, 1]]", "camera[0].zone[0].polygon", "value", None, "outside"),
        (LANE, "polygon = [[0, 0], [1, 1], [1, 0], [0, 1]]", "camera[0].zone[0].polygon", "value", None, "crosses"),
        (LANE, "polygon = [[0, 0], [1, 1, 1], [1, 0]]", "camera[0].zone[0].polygon", "value", None, "corner is"),
        ('checks = ["tamper"]', 'checks = ["tamper"]\nfps = 30', "camera[0].fps", "value", None, "10"),
        ('checks = ["tamper"]', 'checks = ["left-object"]', "camera[0].checks[0]", "value", None, "where"),
        ('checks = ["left-object"]', 'checks = ["tamper"]', "camera[0].zone[0].checks[0]", "value", None, "whole"),
        ('checks = ["left-object"]', 'checks = ["object"]', "camera[0].zone[0].checks[0]", "value", None, "detector"),
        ("dwell = 60", "dwell = 0", "camera[0].zone[0].dwell", "value", None, "greater"),
        ("dwell = 60", "dwel = 60", "camera[0].zone[0].dwel", "unknown_key", "dwell", "unknown key"),
        ("rtsp://192.0.2.31", "rtsp://hub:tiger@192.0.2.31", "camera[0].url", "value", None, "password_file"),
        ("rtsp://192.0.2.31", "ftp://192.0.2.31", "camera[0].url", "value", None, "rtsp://"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_at_its_place(
    site: Path, old: str, new: str, key: str, code: str, suggestion: str | None, word: str
) -> None:
    line = change(site, "site.toml", old, new)
    (problem, *others) = check_site(site, SCHEMAS)
    assert not others
    assert (problem.file, problem.key, problem.code, problem.suggestion) == (
        "site.toml",
        key,
        code,
        suggestion,
    )
    assert word in problem.message
    assert problem.line == line + new.count("\n")
    assert "tiger" not in str(problem)


def test_two_zones_of_one_id(site: Path) -> None:
    line = change(site, "site.toml", NEXT, ZONE + "\n" + NEXT)
    (problem,) = check_site(site, SCHEMAS)
    assert (problem.key, problem.code, problem.line) == ("camera[0].zone[1].id", "value", line + 1)
    assert "'lane'" in problem.message


def test_a_stream_without_its_device_and_with_two(site: Path) -> None:
    change(site, "devices/outdoors.toml", 'source = "cm-02-stream"', 'source = "cm-01-stream"')
    alone, twice = check_site(site, SCHEMAS)
    assert (alone.file, alone.key, alone.code) == ("site.toml", "camera[1].id", "unknown_device")
    assert (twice.file, twice.code) == ("devices/outdoors.toml", "duplicate_address")


def test_a_device_on_no_stream_is_told_the_nearest_and_only_that(site: Path) -> None:
    change(site, "devices/outdoors.toml", 'source = "cm-02-stream"', 'source = "cm-02-steam"')
    problems = check_site(site, SCHEMAS)
    assert [(p.code, p.suggestion) for p in problems if p.file != "site.toml"] == [
        ("unknown_bus", "cm-02-stream")
    ]


def test_a_model_that_is_not_there_is_told_before_anybody_relies_on_it(site: Path) -> None:
    change(
        site, "site.toml", 'checks = ["tamper", "flame", "smoke"]', 'checks = ["flame"]\nmodel = "fire.onnx"'
    )
    (problem,) = check_site(site, SCHEMAS)
    assert (problem.file, problem.key, problem.code) == ("site.toml", "camera[1].model", "missing_file")
    (site / "fire.onnx").touch()
    assert check_site(site, SCHEMAS) == []
    assert load_site(site, SCHEMAS).cameras[1].verifier == site / "fire.onnx"


@pytest.mark.parametrize("shipped", ["generic-ip-camera", "frigate-camera"])
def test_no_profile_makes_a_detector_of_a_camera(site: Path, shipped: str) -> None:
    """By its category a camera is left out of what confirms a fire, behind whatever records it."""
    text = (config_root() / f"profiles/{shipped}.toml").read_text("utf-8")
    line = text[: text.index("category =")].count("\n") + 1
    (site / "profiles").mkdir()
    own = site / "profiles/my-eye.toml"
    own.write_text(text.replace('category = "camera"', 'category = "smoke-detector"'), "utf-8")
    (problem,) = check_site(site, SCHEMAS)
    assert (problem.file, problem.key, problem.line) == ("profiles/my-eye.toml", "category", line)
    assert (problem.code, problem.suggestion) == ("category", "camera")


def test_local_toml_gives_another_stream_and_dwell(site: Path) -> None:
    write_overrides(site, cameras={"cm-01-stream": {"url": "http://127.0.0.1:8123/lane", "dwell": 5.0}})
    loaded = load_site(site, SCHEMAS)
    (lane, _shed) = loaded.cameras
    assert lane.zones[0].dwell == 5.0
    assert (
        next(c.settings.url for c in loaded.connections if c.id == "cm-01-stream")
        == "http://127.0.0.1:8123/lane"
    )


@pytest.mark.parametrize(
    ("text", "key", "code"),
    [
        ("[camera.cm-01-stream]\ndwell = 0.0\n", "camera[0].zone[0].dwell", "value"),
        ('[camera.cm-01-stream]\nurl = "x"\n', "camera[0].url", "value"),
        ('[camera.cm-09-stream]\nurl = "x"\n', "camera.cm-09-stream", "unknown_bus"),
        ("[camera.cm-01-stream]\nchecks = []\n", "camera.cm-01-stream.checks", "unknown_key"),
    ],
)
def test_a_fault_of_local_toml_is_told_there(site: Path, text: str, key: str, code: str) -> None:
    (site / "local.toml").write_text(text, "utf-8")
    (problem,) = check_site(site, SCHEMAS)
    assert (problem.file, problem.key, problem.code) == ("local.toml", key, code)


def test_no_rule_makes_a_fire_of_what_a_camera_sees(site: Path) -> None:
    rule = (
        '[[rule]]\nid = "own"\napplies = { point = "flame" }\ncondition = "state"\nsignal = "fire"\nlatch = true\n'
        'source = "own"\n[[rule.level]]\npriority = "urgent"\ntitle = { zh = "火", en = "Fire" }\n'
        'response = { zh = "去", en = "Go" }\n'
    )
    (site / "rules" / "own.toml").write_text(rule, "utf-8")
    (problem,) = check_site(site, SCHEMAS)
    assert (problem.file, problem.key, problem.code) == ("rules/own.toml", "rule[0].applies", "category")
    assert "cm-02.flame" in problem.message or "cm-01.flame" in problem.message
    (site / "rules" / "own.toml").write_text(
        rule.replace('point = "flame"', 'category = "flame-detector"'), "utf-8"
    )
    assert {one.code for one in check_site(site, SCHEMAS)} <= {"unknown_category"}


def test_no_profile_makes_a_fire_of_what_a_camera_sees(site: Path) -> None:
    shipped = (config_root() / "profiles" / "generic-ip-camera.toml").read_text("utf-8")
    before, flame, after = shipped.partition('id = "flame"')
    (site / "profiles").mkdir(exist_ok=True)
    own = site / "profiles" / "generic-ip-camera.toml"
    own.write_text(before + flame + after.replace('"supervisory"', '"fire"', 1), "utf-8")
    (problem, *_) = [one for one in check_site(site, SCHEMAS) if one.code == "category"]
    assert (problem.file, problem.key) == ("profiles/generic-ip-camera.toml", "category")
    assert "flame" in problem.message


@pytest.mark.parametrize(
    ("watches", "rule"),
    [
        ('watches = "fire-lane"', "lane-blocked"),
        ('watches = "stair"', "stair-blocked"),
        ('watches = "bins"', "bins-left-at"),
        ("", "object-left"),
    ],
)
def test_what_is_left_is_called_by_what_the_camera_watches(site: Path, watches: str, rule: str) -> None:
    change(site, "devices/outdoors.toml", 'watches = "fire-lane"', watches)
    loaded = load_site(site, SCHEMAS)
    device = loaded.devices["cm-01"]
    spec = next(spec for spec in device.profile.points if spec.id == "left-object")
    fitting = [one.id for one in loaded.rules if one.applies.fits(Point("", device, spec))]
    assert fitting == [rule]


def test_a_camera_watches_what_there_is(site: Path) -> None:
    line = change(site, "devices/outdoors.toml", 'watches = "fire-lane"', 'watches = "lift"')
    (problem,) = check_site(site, SCHEMAS)
    assert problem.line == line
    assert "fire-lane" in problem.message
