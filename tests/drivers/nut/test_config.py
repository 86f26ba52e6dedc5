"""The tables of the dialect; the README and the sample say what the code takes."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import ValidationError

from drivers.nut.config import SCHEMA, ServerSettings, VariableRead
from drivers.nut.driver import _Counters, _UpsCounters
from edge.dialects import schemas
from edge.settings import check_site, install_template, load_site

FOLDER = Path(__file__).parents[3] / "drivers" / "nut"
README = (FOLDER / "README.md").read_text("utf-8")
SAMPLE = (FOLDER / "sample.toml").read_text("utf-8")


def test_every_key_and_counter_is_documented() -> None:
    for model in (SCHEMA.connection, SCHEMA.profile, SCHEMA.point, SCHEMA.address):
        assert not [name for name in model.model_fields if f"`{name}`" not in README]
    for field in (*fields(_Counters), *fields(_UpsCounters)):
        assert f"`{field.name}`" in README


@pytest.mark.parametrize(
    "table", [{"username": "a"}, {"poll": 0.0}, {"port": 0}, {"host": ""}, {"tls": True}]
)
def test_a_server_that_cannot_be_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ServerSettings.model_validate(table)


@pytest.mark.parametrize(
    "table",
    [
        {"variable": "a b"},
        {"variable": "ups.status", "unless": ["CAL"]},
        {"variable": "ups.status", "words": ["OB"], "divide": 60},
        {"variable": "battery.runtime", "divide": 0},
    ],
)
def test_a_read_that_cannot_be_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        VariableRead.model_validate(table)


def test_the_sample_fits_into_a_site_and_local_toml_moves_it(tmp_path: Path) -> None:
    install_template(tmp_path)
    sample = tomllib.loads(SAMPLE)
    server, device = SAMPLE.split("# In devices/")
    (tmp_path / "site.toml").write_text((tmp_path / "site.toml").read_text("utf-8") + "\n" + server, "utf-8")
    building = tmp_path / "devices" / "building-1.toml"
    before, _, after = building.read_text("utf-8").partition('[[device]]\nid = "up-01"')
    rest = after.partition("\n[[device]]")
    building.write_text(before + "# " + device + rest[1] + rest[2], "utf-8")
    (tmp_path / "local.toml").write_text('[nut.nut-1]\nhost = "192.0.2.9"\n', "utf-8")
    assert check_site(tmp_path, schemas()) == []
    site = load_site(tmp_path, schemas())
    assert site.devices["up-01"].address == "nut-1/hub"
    found = next(connection for connection in site.connections if connection.kind == "nut")
    assert found.settings.host == "192.0.2.9"
    assert sample["nut"][0]["id"] == "nut-1"
