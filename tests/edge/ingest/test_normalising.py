from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.device import Binding, Device, DeviceProfile, Point, PointSpec, Signal
from edge.domain.instant import DAY, MINUTE, Instant, from_rfc3339
from edge.domain.names import Text
from edge.domain.quantity import QUANTITIES
from edge.domain.reading import Arrival, Purpose, Quality, RawReading, Reading, Reason, Sample
from edge.ingest.normalising import Normaliser, Problem

NOW = from_rfc3339("2026-11-23T08:00:00Z")
NAME = Text("测试", "test")


def binding(*specs: PointSpec) -> Binding:
    profile = DeviceProfile(
        id="acme-probe",
        maker="Acme",
        model="probe",
        category="probe",
        dialect="json",
        points=specs,
        source="test",
        expect=0,
        name=NAME,
    )
    device = Device("dev-1", profile, NAME, "b1", NAME, NAME, "dev-1")
    by_field: dict[str, tuple[Point, ...]] = {}
    for spec in specs:
        field = spec.field or spec.id
        by_field[field] = (*by_field.get(field, ()), Point(f"dev-1.{spec.id}", device, spec))
    return Binding(device, by_field)


def measured(quantity: str, **more: Any) -> PointSpec:
    return PointSpec("p", NAME, quantity=QUANTITIES[quantity], field="v", **more)


def raw(
    *, trusted: bool = True, arrival: Arrival = Arrival.LIVE, purpose: Purpose = Purpose.LIVE
) -> RawReading:
    return RawReading("src", "json", "t", b"", Instant(NOW, 0, trusted), arrival, purpose)


def read(spec: PointSpec, *samples: Sample, **more: Any) -> tuple[list[Reading], list[Problem]]:
    normaliser = Normaliser()
    return normaliser.readings(binding(spec), samples, raw(**more)), normaliser.problems()


def one(spec: PointSpec, value: Any, **more: Any) -> Reading:
    readings, problems = read(spec, Sample("v", value, **more))
    assert problems == []
    (reading,) = readings
    return reading


STATE = PointSpec("smoke", NAME, signal=Signal.FIRE, field="v")
PLAIN = PointSpec("note", NAME, field="v")


class TestValues:
    def test_zero_is_a_value(self):
        reading = one(measured("distance"), 0)
        assert reading.value == 0.0
        assert reading.quality is Quality.GOOD

    @pytest.mark.parametrize(
        ("quantity", "unit", "wire", "canonical"),
        [
            ("temperature", "°F", 77, 25.0),
            ("temperature", "℃", 21.5, 21.5),
            ("pressure", "MPa", 0.14, 140.0),
            ("conductivity", "μS/cm", 412, 412.0),
            ("hcho", "mg/m3", 0.04, 40.0),
            ("hcho", "µg/m3", 42, 42.0),
            ("distance", "cm", 12.3, 123.0),
        ],
    )
    def test_units_and_their_look_alikes(self, quantity: str, unit: str, wire: float, canonical: float):
        assert one(measured(quantity, unit=unit), wire).value == canonical
        assert one(measured(quantity), wire, unit=unit).value == canonical

    def test_the_unit_in_the_message_outranks_the_profile(self):
        assert one(measured("temperature", unit="°F"), 20, unit="°C").value == 20.0

    def test_a_unit_that_does_not_fit_is_a_problem_and_named(self):
        readings, problems = read(measured("temperature"), Sample("v", 20, unit="kPa"))
        assert readings == []
        assert problems[0].reason == "unit"
        assert "kPa" in problems[0].why
        assert "°C" in problems[0].why

    def test_scale_and_offset_come_before_the_unit_and_leave_no_binary_dust(self):
        assert one(measured("temperature", scale=0.1, offset=-100), 1263).value == 26.3
        assert one(measured("temperature", scale=0.1, unit="°F"), 770).value == 25.0
        assert one(measured("humidity", scale=0.1), 267).value == 26.7

    def test_outside_the_physical_range_the_value_is_kept_and_bad(self):
        reading = one(measured("humidity", scale=0.1), 65535)
        assert reading.value == 6553.5
        assert (reading.quality, reading.reason) == (Quality.BAD, Reason.OUT_OF_RANGE)

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, True, "23.5", ""])
    def test_what_is_no_finite_number_never_becomes_a_measured_value(self, value: Any):
        readings, problems = read(measured("temperature"), Sample("v", value))
        assert readings == []
        assert [p.field for p in problems] == ["v"]

    @pytest.mark.parametrize(
        ("value", "state"),
        [(True, True), (False, False), (1, True), (0, False), (1.0, True), ("ON", True), (" alarm ", True),
         ("normal", False), ("off", False)],
    )  # fmt: skip
    def test_states(self, value: Any, state: bool):
        assert one(STATE, value).value is state

    def test_an_inverted_state(self):
        contact = PointSpec("c", NAME, signal=Signal.SUPERVISORY, field="v", invert=True)
        assert one(contact, True).value is False
        assert one(contact, "off").value is True

    @pytest.mark.parametrize("value", [2, -1, 0.5, math.nan, "maybe", ""])
    def test_anything_else_is_no_state(self, value: Any):
        readings, problems = read(STATE, Sample("v", value))
        assert readings == []
        assert len(problems) == 1

    def test_plain_points_keep_numbers_and_short_texts(self):
        assert one(PLAIN, 7).value == 7
        assert one(PLAIN, "v1.2").value == "v1.2"
        assert one(PLAIN, True).value is True
        assert one(PointSpec("n", NAME, field="v", scale=0.1), 3).value == 0.3

    def test_a_long_text_is_refused(self):
        readings, problems = read(PLAIN, Sample("v", "x" * 201))
        assert readings == []
        assert problems[0].reason == "too_long"

    def test_one_field_feeds_several_points_and_a_problem_of_one_spares_the_other(self):
        two = binding(
            PointSpec("level", NAME, quantity=QUANTITIES["level"], field="v"),
            PointSpec("text", NAME, field="v"),
            PointSpec("other", NAME, quantity=QUANTITIES["ph"]),
        )
        normaliser = Normaliser()
        readings = normaliser.readings(
            two, [Sample("v", "n/a"), Sample("other", 7), Sample("nobody", 1)], raw()
        )
        assert [r.point.spec.id for r in readings] == ["text", "other"]
        assert len(normaliser.problems()) == 1
        assert normaliser.problems() == []

    def test_a_sender_that_invents_units_does_not_grow_the_plan(self):
        normaliser = Normaliser()
        bound = binding(measured("temperature"))
        for blanks in range(100):
            normaliser.readings(bound, [Sample("v", 20, unit=" " * blanks + "K")], raw())
        (plan,) = normaliser._plans.values()
        assert len(plan._conversions) <= 16  # type: ignore[union-attr]


class TestTime:
    def test_without_a_source_time_the_time_of_receipt_counts(self):
        reading = one(PLAIN, 1)
        assert reading.time == reading.received == NOW

    def test_a_believable_source_time_is_kept(self):
        assert one(PLAIN, 1, time=NOW - 40 * DAY).time == NOW - 40 * DAY
        assert one(PLAIN, 1, time=NOW + 5 * MINUTE).time == NOW + 5 * MINUTE

    @pytest.mark.parametrize(
        "time",
        [0, from_rfc3339("2019-12-31T23:59:59Z"), from_rfc3339("2090-01-01T00:00:00Z"), NOW + 6 * MINUTE],
    )
    def test_an_unbelievable_one_is_replaced_and_said(self, time: int):
        reading = one(PLAIN, 1, time=time)
        assert reading.time == NOW
        assert (reading.quality, reading.reason) == (Quality.UNCERTAIN, Reason.CLOCK)

    def test_an_untrusted_clock_of_the_hub_judges_nobody_ahead_of_it(self):
        (reading,), _ = read(PLAIN, Sample("v", 1, time=NOW + 400 * DAY), trusted=False)
        assert reading.time == NOW + 400 * DAY
        assert reading.quality is Quality.GOOD

    def test_a_clock_never_set_is_recognised_all_the_same(self):
        (reading,), _ = read(PLAIN, Sample("v", 1, time=5), trusted=False)
        assert reading.reason is Reason.CLOCK

    def test_how_far_ahead_is_a_setting(self):
        normaliser = Normaliser(ahead=DAY)
        (reading,) = normaliser.readings(binding(PLAIN), [Sample("v", 1, time=NOW + DAY)], raw())
        assert reading.time == NOW + DAY


class TestQualityAndArrival:
    def test_the_samples_own_quality_is_carried(self):
        reading = one(measured("ph"), 7, quality=Quality.BAD, reason=Reason.CALIBRATING, time=0)
        assert (reading.quality, reading.reason) == (Quality.BAD, Reason.CALIBRATING)

    def test_a_bad_sample_out_of_range_keeps_its_own_reason(self):
        reading = one(measured("ph"), 99, quality=Quality.BAD, reason=Reason.DEVICE_FAULT)
        assert reading.reason is Reason.DEVICE_FAULT

    def test_out_of_range_outranks_a_doubtful_clock(self):
        assert one(measured("ph"), 99, time=0).reason is Reason.OUT_OF_RANGE

    def test_arrival_and_purpose_are_the_messages_unless_the_sample_is_a_record(self):
        (live, record), _ = read(
            PLAIN,
            Sample("v", 1),
            Sample("v", 2, history=True),
            arrival=Arrival.RETAINED,
            purpose=Purpose.TEST,
        )
        assert live.arrival is Arrival.RETAINED
        assert record.arrival is Arrival.HISTORY
        assert live.purpose is record.purpose is Purpose.TEST


@given(
    value=st.one_of(st.booleans(), st.integers(), st.floats(), st.text()),
    time=st.none() | st.integers(),
    unit=st.none() | st.text(max_size=5),
)
def test_whatever_comes_each_sample_gives_one_reading_or_one_problem(
    value: Any, time: int | None, unit: str | None
):
    for spec in (measured("temperature"), STATE, PLAIN):
        readings, problems = read(spec, Sample("v", value, unit=unit, time=time))
        assert len(readings) + len(problems) == 1
        for reading in readings:
            if isinstance(reading.value, float):
                assert math.isfinite(reading.value)
