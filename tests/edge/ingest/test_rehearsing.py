"""A drill's message is read as the value it was made of, at every point of the site, and marks nobody as heard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge.dialects import make_driver, schemas
from edge.domain.device import Point
from edge.domain.instant import Instant
from edge.domain.reading import ProtocolError, Purpose
from edge.ingest.binding import Directory
from edge.ingest.deliveries import Deliveries
from edge.ingest.intake import Intake
from edge.ingest.normalising import Normaliser
from edge.ingest.quarantine import Quarantine, Rejects
from edge.ingest.rehearsing import Rehearsals
from edge.resources import config_root
from edge.settings.site import load_site

SITE = load_site(config_root() / "site", schemas())
CODECS = {c.id: make_driver(c, list(SITE.devices.values())).codec for c in SITE.connections}
DIRECTORY = Directory(SITE.devices.values(), SITE.profiles)
NOW = Instant(1_790_000_000_000_000, 5_000_000)


def alarming() -> Iterator[Point]:
    for device in SITE.devices.values():
        for spec in device.profile.points:
            if (spec.signal or spec.quantity) and device.profile.dialect != "at-modem":
                yield DIRECTORY.points[f"{device.id}.{spec.id}"]


@pytest.mark.parametrize("point", list(alarming()), ids=lambda point: point.id)
def test_it_is_read_as_it_was_meant(point: Point) -> None:
    value = True if point.spec.signal else 21.0
    rejects = Rejects()
    intake = Intake(CODECS, DIRECTORY, Normaliser(), Deliveries(), Quarantine(), rejects)
    taken = intake.take(Rehearsals(CODECS, SITE.connections).messages(point, value, NOW), NOW)
    (reading,) = taken.readings  # nothing is said for its neighbours in the same message
    assert reading.point is point
    assert reading.value == (value if point.spec.signal else pytest.approx(value, rel=0.05))
    assert reading.purpose is Purpose.DRILL
    assert taken.heard == []


def test_a_device_that_nothing_can_speak_for_is_refused() -> None:
    modem = next(p for p in DIRECTORY.points.values() if p.device.profile.dialect == "at-modem")
    with pytest.raises(ProtocolError, match=f"no drill can begin at {modem.device.id}"):
        Rehearsals(CODECS, SITE.connections).messages(modem, True, NOW)
