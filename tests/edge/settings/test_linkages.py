"""[[output]], ex_proof and [[linkage]]: what is refused, with file, line, key and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.dialects import schemas
from edge.resources import config_root
from edge.settings import check_site, install_template

LINKAGE = """
[[linkage]]
id = "mine"
name = { zh = "联动", en = "Mine" }
source = "practice"
"""
WHEN = 'when = { signal = "fire", stage = 1 }\n'
DO = 'do = [{ device = "sr-eb", output = "siren", act = "start" }]\n'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    install_template(tmp_path)
    return tmp_path


def problems(site: Path) -> list[tuple[str, str, str]]:
    return [(p.file, p.key, p.code) for p in check_site(site, schemas())]


def test_the_template_has_linkages_and_is_in_order(site: Path) -> None:
    assert {path.name for path in (site / "linkage").iterdir()} == {"fire.toml", "gas.toml"}
    assert problems(site) == []


@pytest.mark.parametrize(
    ("rest", "key", "code"),
    [
        (WHEN + DO.replace("sr-eb", "sr-xx"), "linkage[0].do[0].device", "unknown_device"),
        (WHEN + DO.replace('"siren"', '"sirens"'), "linkage[0].do[0].output", "unknown_output"),
        (WHEN + DO.replace("start", "begin"), "linkage[0].do[0].act", "unknown_act"),
        (WHEN + DO.replace("start", "stop"), "linkage[0].do[0].act", "stops"),
        (WHEN + DO.replace("act =", "act_ ="), "linkage[0].do[0].act_", "unknown_key"),
        (
            WHEN + DO.replace("sr-eb", "dk-01").replace('"siren"', '"beacon"').replace("start", "fire"),
            "linkage[0].do[0]",
            "automatic",
        ),
        (
            WHEN + DO.replace("sr-eb", "gv-1203").replace('"siren"', '"valve"').replace("start", "open"),
            "linkage[0].do[0].act",
            "unknown_act",
        ),
        (WHEN + 'do = [{ kind = "siren", act = "start" }]\n', "linkage[0].do[0]", "value"),
        (
            WHEN + 'do = [{ kind = "siren", zone = "ug", act = "start" }]\n',
            "linkage[0].do[0]",
            "unknown_output",
        ),
        (WHEN + 'do = [{ kind = "siren", zone = "b9", act = "start" }]\n', "linkage[0].do[0].zone", "unknown_zone"),
        ('when = { signal = "fault", stage = 2 }\n' + DO, "linkage[0].when.stage", "stage"),
        ('when = { signal = "fire", stage = 3 }\n' + DO, "linkage[0].when.stage", "unknown_value"),
        ('when = { signal = "fire", stage = 1, rule = "smok" }\n' + DO, "linkage[0].when.rule", "unknown_rule"),
        (
            'when = { signal = "gas", stage = 1, rule = "smoke" }\n' + DO,
            "linkage[0].when.signal",
            "signal",
        ),
        ('when = { signal = "fire", stage = 1, level = 9 }\n' + DO, "linkage[0].when.level", "value"),
    ],
)  # fmt: skip
def test_faulty_linkages(site: Path, rest: str, key: str, code: str) -> None:
    (site / "linkage/mine.toml").write_text(LINKAGE + rest, encoding="utf-8")
    assert ("linkage/mine.toml", key, code) in problems(site)


SEEN = 'when = { signal = "supervisory", stage = 1%s }\n'
SIREN = '{ device = "sr-eb", output = "siren", act = "start" }'
BROADCAST = '{ kind = "broadcast", zone = "out", act = "start" }'
CUT = '{ device = "rl-eb", output = "relay", act = "trip" }'


@pytest.mark.parametrize(
    ("narrowed", "loud"),
    [
        (', rule = "suspected-flame"', True),
        ("", True),
        (', category = "camera", zone = "out/eb"', True),
        (', category = "outdoor-hydrant"', False),
        (', zone = "b3"', False),
        (', rule = "hydrant-pressure"', False),
        (", level = 2", False),
    ],
)
def test_no_camera_starts_a_siren(site: Path, narrowed: str, *, loud: bool) -> None:
    do = f"do = [{CUT}, {SIREN}, {BROADCAST}]"
    (site / "linkage/mine.toml").write_text(LINKAGE + SEEN % narrowed + do, encoding="utf-8")
    found = check_site(site, schemas())
    assert [(p.code, p.key) for p in found] == (
        [("category", "linkage[0].do[1]"), ("category", "linkage[0].do[2]")] if loud else []
    )
    assert all("cm-0" in p.message for p in found)


def test_in_a_gas_zone_only_what_is_explosion_proof(site: Path) -> None:
    shops = site / "devices/shops.toml"
    shops.write_text(shops.read_text(encoding="utf-8").replace("ex_proof = true\n", ""), encoding="utf-8")
    found = [p for p in check_site(site, schemas()) if p.code == "gas_zone"]
    assert [(p.file, p.key) for p in found] == [("linkage/gas.toml", "linkage[1].do[0]")]
    assert found[0].line > 1
    assert "fn-s1.fan in sh/s1" in found[0].message


OUTPUT = """
[[output]]
id = "out"
name = { zh = "输出", en = "Output" }
"""
ACT = """
[[output.act]]
id = "%s"
name = { zh = "动作", en = "Act" }
write = { function = 5, register = 1, value = true }
"""


@pytest.mark.parametrize(
    ("profile", "output", "code"),
    [
        ("generic-485-gas-valve", 'kind = "valve"' + ACT % "close" + ACT % "open", "close_only"),
        ("generic-485-siren", 'kind = "siren"' + ACT % "start", "act"),
        ("generic-485-siren", 'kind = "relay"\nfeedback = "soundin"' + ACT % "on", "unknown_point"),
        ("generic-485-siren", 'kind = "relay"\nfeedback = "sounding"' + ACT % "on", "missing_key"),
        ("generic-485-siren", 'kind = "relay"' + ACT % "on" + "confirm = true\n", "feedback"),
        ("generic-485-siren", 'kind = "relay"\non_detector = true' + ACT % "on", "detector"),
        ("generic-485-siren", 'kind = "relay"' + ACT % "on" + ACT % "on", "duplicate_id"),
        ("generic-485-siren", 'kind = "relay"' + (ACT % "on").replace("function = 5", "function = 4"), "unknown_value"),
        ("juying-dam0808-call-point", 'kind = "relay"' + ACT % "on", "detector"),
    ],
)  # fmt: skip
def test_faulty_outputs(site: Path, profile: str, output: str, code: str) -> None:
    shipped = (config_root() / f"profiles/{profile}.toml").read_text(encoding="utf-8")
    (site / "profiles").mkdir()
    (site / f"profiles/{profile}.toml").write_text(shipped + OUTPUT + output, encoding="utf-8")
    assert code in {code for file, _, code in problems(site) if file == f"profiles/{profile}.toml"}


def test_an_output_on_a_detector_is_taken_when_it_is_meant(site: Path) -> None:
    name = "juying-dam0808-call-point.toml"
    shipped = (config_root() / "profiles" / name).read_text(encoding="utf-8")
    (site / "profiles").mkdir()
    output = OUTPUT + 'kind = "relay"\non_detector = true' + ACT % "on"
    (site / "profiles" / name).write_text(shipped + output, encoding="utf-8")
    assert problems(site) == []
