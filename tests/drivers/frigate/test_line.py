"""From Frigate's bytes to the hub's readings: what a live message raises, and a stored copy does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drivers.frigate.codec import FrigateCodec
from edge.dialects import schemas
from edge.domain.device import Device
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text
from edge.domain.reading import Arrival, RawReading
from edge.ingest.binding import Directory
from edge.ingest.deliveries import Deliveries
from edge.ingest.intake import Intake, Taken
from edge.ingest.normalising import Normaliser
from edge.ingest.quarantine import Quarantine, Rejects
from edge.settings.profiles import load_profile
from tests.drivers.frigate.talk import LANE, START

WORD = Text("字", "word")
PROFILE = load_profile("frigate-camera", schemas())
VAN: dict[str, Any] = {
    "id": "1795600800.25-vanx7k", "camera": "lane", "label": "truck", "start_time": START / SECOND,
    "top_score": 0.8, "box": [320, 180, 640, 540], "current_zones": ["fire_lane"], "entered_zones": ["fire_lane"],
}  # fmt: skip


class Door:
    """An intake with one Frigate and the device of its camera `lane`."""

    def __init__(self) -> None:
        self.rejects = Rejects()
        device = Device("cm-11", PROFILE, WORD, "out", WORD, WORD, LANE)
        self.intake = Intake(
            {"nvr": FrigateCodec("frigate", [LANE])},
            Directory([device], {PROFILE.id: PROFILE}),
            Normaliser(),
            Deliveries(),
            Quarantine(),
            self.rejects,
        )

    def take(self, topic: str, payload: bytes, arrival: Arrival = Arrival.LIVE) -> Taken:
        now = Instant(START, 0)
        raw = RawReading("nvr", "frigate", f"frigate/{topic}", payload, now, arrival)
        return self.intake.take([raw], now)

    def refused(self) -> dict[str, int]:
        return {row.reason: row.count for row in self.rejects.rows()}


def van(kind: str = "new", **more: Any) -> bytes:
    return json.dumps({"type": kind, "after": VAN | more}).encode()


@pytest.fixture
def door() -> Door:
    return Door()


def test_a_van_in_the_lane_is_a_state_and_a_finding(door: Door) -> None:
    taken = door.take("events", van())
    values = {reading.point.id: reading.value for reading in taken.readings}
    assert values["cm-11.car"] is True
    assert json.loads(str(values["cm-11.finding"]))["box"] == [0.25, 0.25, 0.25, 0.5]
    assert taken.heard == [("cm-11", None)]
    assert all(reading.arrival is Arrival.LIVE for reading in taken.readings)
    assert door.refused() == {}


def test_a_stored_copy_raises_nothing_and_proves_no_life(door: Door) -> None:
    taken = door.take("events", van(), Arrival.RETAINED)
    assert {reading.arrival for reading in taken.readings} == {Arrival.RETAINED}
    assert taken.heard == []
    assert door.take("available", b"offline", Arrival.RETAINED).heard == []


def test_a_frigate_that_ends_is_the_link_of_its_cameras(door: Door) -> None:
    taken = door.take("available", b"offline")
    assert (taken.heard, taken.readings) == ([("cm-11", False)], [])
    assert door.intake.bridges == {"nvr": False}
    assert door.take("available", b"online").heard == [("cm-11", True)]
    assert door.intake.bridges == {"nvr": True}


def test_what_cannot_be_read_is_counted_and_costs_nobody_else(door: Door) -> None:
    assert door.take("events", van(score="high")).readings == []
    assert door.take("events", b"\xff\xd8").readings == []
    assert door.refused() == {"malformed": 2}
    assert door.take("events", van()).readings != []


def test_a_camera_nobody_put_in_the_site_is_shown(door: Door) -> None:
    assert door.take("events", van(camera="attic")).readings == []
    assert door.refused() == {"unknown_device": 1}
