"""config/README.md says what the code can do."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

import edge.settings
from edge.domain.device import Signal
from edge.domain.quantity import QUANTITIES, fold_unit
from edge.resources import config_root
from edge.settings import check_site, install_template
from edge.settings.document import CODES
from tests.edge.settings.test_template import shipped_schemas

README = (config_root() / "README.md").read_text(encoding="utf-8")


def codes() -> set[str]:
    """Every code that a problem can carry: literals handed to `add`, `add_file` and custom errors."""
    found = set(CODES.values())
    for path in Path(edge.settings.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                at = {"add": 2, "add_file": 1, "_twice": 2, "PydanticCustomError": 0, "_unknown": 0}.get(name)
                if at is not None and len(node.args) > at and isinstance(node.args[at], ast.Constant):
                    found.add(str(node.args[at].value))
    return found


def test_every_code_is_documented() -> None:
    assert {"unknown_key", "duplicate_address", "retention", "unit", "missing_point"} <= codes()
    assert not {code for code in codes() if f"`{code}`" not in README}


def test_every_quantity_stands_with_its_units() -> None:
    rows = {
        row[0]: row[1:] for row in re.findall(r"^\| `(\w+)` \| (\S+) \| ?(.*?) ?\|$", README, re.MULTILINE)
    }
    assert set(rows) >= set(QUANTITIES)
    for id, quantity in QUANTITIES.items():
        unit, others = rows[id]
        assert unit == quantity.unit
        assert {fold_unit(other) for other in others.split(",") if other} == set(quantity.units), id


def test_every_signal_and_category_is_documented() -> None:
    categories = {
        tomllib.loads(path.read_text(encoding="utf-8"))["category"]
        for path in (config_root() / "profiles").glob("*.toml")
    }
    assert not {
        word for word in categories | {signal.value for signal in Signal} if f"`{word}`" not in README
    }


def test_the_examples_work(tmp_path: Path) -> None:
    """A newcomer copies them in: the device, the profile with a device of it, the rule, local.toml, the data centre."""
    install_template(tmp_path)
    local, uplink, device, profile, rule = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "local.toml").write_text(local, encoding="utf-8")
    with (tmp_path / "site.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n{uplink}")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/acme-pr100.toml").write_text(profile, encoding="utf-8")
    hydrant = device.replace("sm-301", "hy-02").replace("heiman-hs1sa", "acme-pr100")
    hydrant = re.sub(
        r"address = .*", 'address = { dialect = "modbus-rtu", bus = "bus-1", unit = 7 }', hydrant
    )
    another = device.replace("sm-301", "sm-304")
    (tmp_path / "devices/mine.toml").write_text(another + hydrant, encoding="utf-8")
    (tmp_path / "rules/mine.toml").write_text(rule.replace("combustible-gas", "my-gas"), encoding="utf-8")
    assert check_site(tmp_path, shipped_schemas()) == []


@pytest.mark.parametrize("link", re.findall(r"\]\((\.\./\S+?)\)", README))
def test_links_lead_somewhere(link: str) -> None:
    assert (config_root() / link).exists()
