"""What is worth a row."""

from __future__ import annotations

from edge.domain.instant import MINUTE, SECOND
from edge.machine.sparing import AT_LEAST_EVERY, Sparing


def test_a_number_is_written_when_it_has_moved_by_its_step_and_not_each_time() -> None:
    sparing = Sparing({"memory": 2.0})
    assert sparing.due({"memory": 60.0}, 0) == {"memory": 60.0}
    assert sparing.due({"memory": 61.9}, 2 * MINUTE) == {}
    assert sparing.due({"memory": 62.0}, 3 * MINUTE) == {"memory": 62.0}
    assert sparing.due({"memory": 90.0}, 3 * MINUTE + 30 * SECOND) == {}
    assert sparing.due({"memory": 90.0}, 4 * MINUTE) == {"memory": 90.0}


def test_a_state_is_written_at_once_and_everything_now_and_then() -> None:
    sparing = Sparing({})
    assert sparing.due({"undervoltage": False, "route": "eth0"}, 0)
    assert sparing.due({"undervoltage": True, "route": "eth0"}, SECOND) == {"undervoltage": True}
    assert sparing.due({"undervoltage": True, "route": "eth0"}, AT_LEAST_EVERY) == {"route": "eth0"}


def test_zero_is_a_value() -> None:
    assert Sparing({}).due({"inbox-depth": 0}, 0) == {"inbox-depth": 0}
