"""The README and the sample say what the code takes."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from drivers.camera import words
from drivers.camera.codec import CameraCodec
from drivers.camera.config import SCHEMA, MaskTable, ZoneTable
from drivers.camera.driver import CameraDriver, Counters
from drivers.camera.lines import ALL_KINDS, STATES, encode
from drivers.camera.sight import KINDS
from edge.domain.camera import FAULTS
from edge.domain.device import Signal
from edge.settings import load_profile
from tests.drivers.camera.acting import connection
from tests.drivers.camera.making import beat, finding

FOLDER = Path(__file__).parents[3] / "drivers" / "camera"
README = (FOLDER / "README.md").read_text("utf-8")
CONFIG = (Path(__file__).parents[3] / "config" / "README.md").read_text("utf-8")
SAMPLE = tomllib.loads((FOLDER / "sample.toml").read_text("utf-8"))
PROFILE = load_profile("generic-ip-camera", {"camera": SCHEMA})


def test_every_key_is_documented_here_and_in_the_guide() -> None:
    for model in (SCHEMA.connection, SCHEMA.address, ZoneTable, MaskTable):
        for name in model.model_fields:
            assert f"`{name}`" in README, name
    for name in SCHEMA.connection.model_fields:
        assert f"`{name}`" in CONFIG or f"`[[camera.{name}]]`" in CONFIG, name


def test_every_check_state_point_and_counter_is_documented() -> None:
    for word in (*KINDS, *STATES, *ALL_KINDS, *(f.name for f in fields(Counters))):
        assert f"`{word}`" in README, word
    assert set(words.STATES) == set(STATES)


def test_the_sample_loads() -> None:
    (stream,) = SAMPLE["camera"]
    SCHEMA.connection.model_validate({k: v for k, v in stream.items() if k not in {"id", "dialect", "name"}})
    (device,) = SAMPLE["device"]
    address = {k: v for k, v in device["address"].items() if k != "dialect"}
    assert SCHEMA.key(SCHEMA.address.model_validate(address)) == stream["id"]
    assert device["profile"] == PROFILE.id


def test_the_profile_has_a_point_for_all_that_is_told_and_no_other() -> None:
    codec = CameraCodec()
    told = {s.field for line in (beat(), finding()) for s in codec.parse("cm", encode(line))[0].body}
    assert {point.id for point in PROFILE.points} == told
    signals = {point.id: point.signal for point in PROFILE.points}
    assert {id for id, signal in signals.items() if signal is Signal.FAULT} == {*FAULTS, *KINDS["tamper"]}
    assert Signal.FIRE not in signals.values()
    assert signals["flame"] is signals["smoke"] is Signal.SUPERVISORY


def test_what_the_codec_says_without_a_profile_is_what_the_profile_says() -> None:
    said = {s.field: s.signal for s in CameraCodec().parse("cm", encode(beat()))[0].body}
    for point in PROFILE.points:
        if point.id in said:
            assert said[point.id] == point.signal, point.id


def test_the_line_to_try_is_read() -> None:
    (line,) = re.findall(r"echo '(.*)' \| edge-hub decode camera", README)
    samples = CameraCodec().parse("", line.encode())[0].body
    assert [s.field for s in samples if s.value is True] == ["frozen"]


def test_a_driver_looks_for_what_its_table_says() -> None:
    (stream,) = SAMPLE["camera"]
    own = {k: v for k, v in stream.items() if k not in {"id", "dialect", "name"}}
    assert CameraDriver(connection(**own), ()).codec.looking == {"tamper", "smoke", "left-object"}
