"""The README and the sample say what the code takes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import get_args

from drivers.at_modem.config import SCHEMA, PointRead

FOLDER = Path(__file__).parents[3] / "drivers" / "at_modem"
README = (FOLDER / "README.md").read_text("utf-8")
SAMPLE = tomllib.loads((FOLDER / "sample.toml").read_text("utf-8"))


def test_every_key_and_value_is_documented() -> None:
    for model in (SCHEMA.connection, SCHEMA.profile, SCHEMA.point, SCHEMA.address):
        for name in model.model_fields:
            assert f"`{name}`" in README
    for value in get_args(PointRead.model_fields["value"].annotation):
        assert f"| `{value}` |" in README


def test_the_sample_loads() -> None:
    (line,) = SAMPLE["serial"]
    SCHEMA.connection.model_validate({k: v for k, v in line.items() if k not in {"id", "dialect", "name"}})
    (device,) = SAMPLE["device"]
    address = {k: v for k, v in device["address"].items() if k != "dialect"}
    assert SCHEMA.key(SCHEMA.address.model_validate(address)) == "modem-1"
    SCHEMA.profile.model_validate(SAMPLE["profile"]["read"])
    for point in SAMPLE["profile"]["point"]:
        SCHEMA.point.model_validate(point["read"])
