"""What the machine's points come to: alarms by the rules that are built in."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.alarm.engine import AlarmEngine
from edge.domain.fact import Numbering
from edge.domain.instant import MINUTE, SECOND, Instant
from edge.domain.names import Text
from edge.domain.reading import Reading, Value
from edge.health import built_in_devices
from edge.ingest.binding import Directory
from edge.machine.points import STEPS, measured, rules
from tests.edge.machine.test_system import PI, planted


class Stage:
    """The built-in device with the points of a Raspberry Pi, and an engine with their rules alone."""

    def __init__(self, root: Path) -> None:
        specs = measured(planted(root, PI), ["panel", "broker", "ca"])
        self.points = Directory(built_in_devices([], Text("", ""), [], specs), {}).points
        self.engine = AlarmEngine(self.points.values(), rules(specs), Numbering(1, 0))
        self.time = 1000 * SECOND

    def says(self, point: str, value: Value, after: float = 0) -> list[tuple[str, str]]:
        """(kind, priority) of the facts that follow, `after` seconds later."""
        facts = self.waits(after)
        now = Instant(self.time, self.time, True)
        reading = Reading(self.points[f"hub.{point}"], value, now.utc, now.utc)
        return facts + self._told(self.engine.step([reading], now).facts)

    def waits(self, seconds: float) -> list[tuple[str, str]]:
        self.time += round(seconds * SECOND)
        return self._told(self.engine.step([], Instant(self.time, self.time, True)).facts)

    def _told(self, facts) -> list[tuple[str, str]]:
        return [(fact.kind, fact.body["priority"]) for fact in facts]


def test_heat_that_passes_is_no_alarm_and_heat_that_stays_is_one(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.says("cpu-temperature", 82.0)
    stage.says("cpu-temperature", 70.0, 300)
    assert stage.waits(900) == []
    stage.says("cpu-temperature", 82.0)
    assert stage.waits(601) == [("alarm.raised", "low")]
    assert stage.says("cpu-temperature", 78.0, 60) == []  # within the deadband
    stage.says("cpu-temperature", 74.0, 60)
    assert ("alarm.closed", "low") in stage.waits(61)


def test_a_supply_that_dips_again_and_again_is_one_alarm(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    facts = []
    for _ in range(20):
        facts += stage.says("undervoltage", True, 60)
        facts += stage.says("undervoltage", False, 60)
    assert [kind for kind, _ in facts].count("alarm.raised") == 1
    assert "alarm.closed" not in {kind for kind, _ in facts}
    assert "alarm.closed" in {kind for kind, _ in stage.waits(901)}


def test_a_certificate_gets_more_urgent_and_a_new_one_ends_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert stage.says("cert-panel", 31.0) == []
    assert stage.says("cert-panel", 29.9, 60) == [("alarm.raised", "low")]
    assert stage.says("cert-panel", 6.9, 60) == [("alarm.risen", "medium")]
    assert stage.says("cert-panel", -0.1, 60) == [("alarm.risen", "high")]
    assert ("alarm.closed", "high") in stage.says("cert-panel", 820.0, 60)
    assert stage.says("cert-ca", 400.0) == []


def test_a_cable_that_is_plugged_over_is_no_alarm(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.says("net-eth0", True)
    stage.says("net-eth0", False, 40)
    assert stage.waits(120) == []
    stage.says("net-eth0", True)
    assert stage.waits(MINUTE / SECOND + 1) == [("alarm.raised", "medium")]


@pytest.mark.parametrize("id", sorted(STEPS))
def test_what_is_not_written_for_being_small_is_smaller_than_the_deadband(tmp_path: Path, id: str) -> None:
    points = measured(planted(tmp_path, PI), ["panel", "broker", "ca"])
    found = [rule for rule in rules(points) if rule.applies.point == id and rule.condition in {"high", "low"}]
    assert all(STEPS[id] <= rule.deadband for rule in found)
