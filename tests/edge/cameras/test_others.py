"""Cameras of an NVR: their findings are the hub's, their pictures are not."""

from __future__ import annotations

import pytest

from edge.domain.device import Signal
from edge.domain.footage import JudgeFinding, KeepClip
from edge.domain.instant import SECOND
from tests.edge.cameras.gatehouse import Gatehouse


@pytest.fixture
def gate() -> Gatehouse:
    return Gatehouse(frozenset({"cm-01"}))


def test_a_finding_is_a_case_of_its_alarm_without_pictures(gate: Gatehouse) -> None:
    assert gate.hears(gate.line("a")) == ["finding.seen"]
    gate.later(5 * SECOND)
    assert gate.raised("a-9", "cm-01.left-object", "out/north", signal=Signal.SUPERVISORY) == [
        "finding.alarmed"
    ]
    found = gate.finding("a")
    assert (found.source, found.alarm, found.open) == ("nvr", "a-9", True)
    assert gate.hears(gate.line("b", zone="other")) == ["finding.seen"]
    assert gate.captures() == []
    gate.asks(JudgeFinding(found.id, "li", "false"))
    assert gate.hears(gate.line("a", "end")) == ["finding.ended"]


def test_no_film_of_it_can_be_asked_for(gate: Gatehouse) -> None:
    gate.hears(gate.line("a"))
    assert gate.refused(KeepClip("li", finding=gate.finding("a").id)) == "not_found"
