from __future__ import annotations

import pytest

from drivers.modbus_rtu.polling import LAST_RETRY, Unit
from drivers.modbus_rtu.words import opened
from tests.drivers.modbus_rtu.makers import device, point, profile

METER = profile(point("a", function=3, register=0), poll=5.0, timeout=0.2)


@pytest.fixture
def unit() -> Unit:
    return Unit.of(device(17, METER), timeout=1.0)


def test_it_is_made_of_the_device_and_its_profile(unit: Unit):
    assert (unit.address, unit.number, unit.poll, unit.timeout) == ("bus-1/17", 17, 5.0, 0.2)
    assert unit.requests[0].unit == 17


def test_an_answer_keeps_the_rhythm_and_a_busy_bus_does_not_pile_up_debts(unit: Unit):
    unit.due = 100.0
    unit.hit(100.2)
    assert unit.due == 105.0
    unit.hit(130.0)
    assert unit.due == 130.0


def test_silence_is_met_with_longer_and_longer_waits_up_to_a_cap(unit: Unit):
    waits = []
    for _ in range(20):
        unit.miss(1000.0)
        waits.append(unit.due - 1000.0)
    assert waits[:6] == [1.0, 1.0, 5.0, 10.0, 20.0, 40.0]
    assert set(waits[6:]) == {LAST_RETRY}
    unit.hit(1000.0)
    assert not unit.lost
    unit.miss(1000.0)
    assert unit.due == 1001.0


def test_a_slow_poll_is_not_hurried_by_the_cap():
    slow = Unit.of(device(1, profile(point("a", function=3, register=0), poll=300.0)), timeout=0.3)
    for _ in range(10):
        slow.miss(0.0)
    assert slow.due == 300.0


def test_the_next_try_comes_after_any_late_answer():
    patient = Unit.of(
        device(1, profile(point("a", function=3, register=0), poll=0.1, timeout=2.0)), timeout=0.3
    )
    patient.miss(0.0)
    assert patient.due == 6.0


def test_one_lost_frame_is_no_loss_of_contact(unit: Unit):
    unit.miss(0.0)
    unit.miss(0.0)
    assert not unit.lost
    unit.miss(0.0)
    assert unit.lost


def test_the_line_in_plain_words():
    silent, well = (Unit.of(device(number, METER), timeout=0.3) for number in (5, 6))
    assert opened([])[0] is True
    assert opened([silent, well])[0] is False
    well.hit(0.0)
    assert opened([silent, well])[1].zh == "通信正常"
    for _ in range(3):
        silent.miss(0.0)
    up, detail = opened([silent, well])
    assert up
    assert "地址 5" in detail.zh
    for _ in range(3):
        well.miss(0.0)
    up, detail = opened([silent, well])
    assert not up
    assert "A/B" in detail.zh
