"""The README and the sample say what the code takes."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

from drivers._serialbus.line import Counters
from drivers.modbus_rtu.config import SCHEMA, ActWrite
from drivers.modbus_rtu.frames import Failure
from drivers.modbus_rtu.polling import UnitCounters

FOLDER = Path(__file__).parents[3] / "drivers" / "modbus_rtu"
README = (FOLDER / "README.md").read_text("utf-8")
SAMPLE = tomllib.loads((FOLDER / "sample.toml").read_text("utf-8"))


def test_every_key_is_documented() -> None:
    for model in (SCHEMA.connection, SCHEMA.profile, SCHEMA.point, SCHEMA.address, ActWrite):
        for name, field in model.model_fields.items():
            assert f"`{field.alias or name}" in README or f"{field.alias or name} =" in README


def test_every_counter_and_reason_is_documented() -> None:
    for field in (*fields(Counters), *fields(UnitCounters)):
        assert f"`{field.name}`" in README
    for failure in Failure:
        assert failure is Failure.TIMEOUT or f"| `{failure.value}` |" in README


def test_the_sample_loads() -> None:
    (line,) = SAMPLE["serial"]
    SCHEMA.connection.model_validate({k: v for k, v in line.items() if k not in {"id", "dialect", "name"}})
    (device,) = SAMPLE["device"]
    address = {k: v for k, v in device["address"].items() if k != "dialect"}
    assert SCHEMA.key(SCHEMA.address.model_validate(address)) == "bus-1/80"
    SCHEMA.profile.model_validate(SAMPLE["profile"]["read"])
    for point in SAMPLE["profile"]["point"]:
        SCHEMA.point.model_validate(point["read"])
    for output in SAMPLE["profile"]["output"]:
        assert [ActWrite.model_validate(act["write"]).words for act in output["act"]] == [(1,), (0,)]
