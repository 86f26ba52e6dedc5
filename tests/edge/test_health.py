"""The hub's checks of itself."""

from __future__ import annotations

import json

from edge.beat import OVERDUE, Beat
from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.health import HealthMonitor

NOW = Instant(1_790_000_000_000_000, 5_000_000)
FINE = (True, Text("正常", "In order"))


def broken(_now: Instant) -> tuple[bool, Text]:
    raise ZeroDivisionError("made for the test")


def test_only_what_changed_becomes_a_reading() -> None:
    monitor = HealthMonitor()
    well = True
    monitor.watch({"disk": lambda _now: (well, FINE[1])}, {"zigbee": lambda _now: FINE})
    assert [(raw.channel, json.loads(raw.payload)) for raw in monitor.tick(NOW)] == [
        ("hub", {"stores": False}),
        ("hub", {"disk": False}),
        ("zigbee", {"online": True}),
    ]
    assert monitor.tick(NOW) == []
    well = False
    assert [json.loads(raw.payload) for raw in monitor.tick(NOW)] == [{"disk": True}]
    assert monitor.health(Beat("hub"), NOW).status == "starting"


def test_a_check_that_fails_itself_is_a_failing_check_and_stops_no_other() -> None:
    monitor = HealthMonitor()
    monitor.watch({"disk": broken, "clock": lambda _now: FINE}, {"zigbee": broken})
    assert len(monitor.tick(NOW)) == 4, "with the former point's"
    checks = monitor.health(Beat("hub"), NOW).checks
    assert {name: check.ok for name, check in checks.items()} == {
        "disk": False,
        "clock": True,
        "zigbee": False,
    }
    assert "made for the test" in checks["disk"].detail.en


def test_a_line_that_stands_still_is_told_though_it_runs_no_checks() -> None:
    monitor, heart = HealthMonitor(), Beat("hub")
    monitor.watch({"beat": lambda _now: FINE}, {})
    heart.due(NOW)
    heart.passed(1, NOW)
    monitor.tick(NOW)
    assert monitor.health(heart, NOW).checks["beat"].ok
    later = Instant(NOW.utc + OVERDUE + 1, NOW.mono + OVERDUE + 1)
    check = monitor.health(heart, later).checks["beat"]
    assert (check.ok, check.since) == (False, later.utc)
