"""Rows as lines of line protocol."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.device import Point, PointSpec, Signal
from edge.domain.names import Text
from edge.domain.quantity import QUANTITIES
from edge.domain.reading import Arrival, Purpose, Quality, Reason
from edge.store.influx.lines import Lines
from edge.store.rows import encode, flags_of
from tests.edge.store.making import START, point, reading

WORDS = Text("字", "word")


def measured(name: str = "ht-1.temperature", **spec: object) -> Point:
    plain = point(name)
    return Point(name, plain.device, PointSpec(name.partition(".")[2], WORDS, **spec))


def line(at: Point, value: object, **rest: object) -> str:
    one = reading(at, value, **rest)
    row = (1, at.id, one.time, 1500, encode(value), flags_of(one))
    return Lines("court", {at.id: at}.get).of(row)


def test_a_measured_value() -> None:
    at = measured(quantity=QUANTITIES["temperature"])
    assert line(at, 21.5) == (
        "temperature,site=court,device=ht-1,point=temperature,zone=b3,unit=°C,quality=good,arrival=live"
        f" value=21.5 {START}"
    )


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (0.0, "value=0.0"),
        (7, "value=7.0"),
        (2**70, "value=1.1805916207174113e+21"),
        (True, "state=true"),
        (False, "state=false"),
        ("open", 'text="open"'),
        ('say "hi"\\\n', r'text="say \"hi\"\\ "'),
        (None, "missing=true"),
        (float("inf"), 'text="inf"'),
    ],
)
def test_every_kind_of_value_has_a_field_of_its_own(value: object, field: str) -> None:
    assert line(measured(), value).endswith(f" {field} {START}")


def test_a_state_and_what_is_to_be_said_of_it() -> None:
    at = measured("sm-1.smoke", signal=Signal.FIRE)
    made = line(
        at, True, quality=Quality.BAD, reason=Reason.STALE, arrival=Arrival.RETAINED, purpose=Purpose.TEST
    )
    assert made.startswith("state,site=court,device=sm-1,point=smoke,signal=fire,")
    assert ",quality=bad,arrival=retained,reason=stale,purpose=test " in made


def test_a_point_that_is_gone_keeps_its_name() -> None:
    row = (1, "old.level", START, 0, 1.0, 0)
    assert Lines("court", lambda _id: None).of(row) == (
        f"reading,site=court,device=old,point=level,quality=good,arrival=live value=1.0 {START}"
    )


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_text_can_break_out_of_its_line(zone: str, value: str) -> None:
    at = measured()
    at = replace(at, device=replace(at.device, zone=zone))
    made = line(at, value)
    assert "\n" not in made
    assert made.endswith(f'" {START}')
    head = made.partition(' text="')[0].replace(r"\ ", "_").replace(r"\,", "_").replace(r"\=", "_")
    assert " " not in head
