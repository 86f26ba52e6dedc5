"""The table of dialects: each row leads to a driver, its settings and its codec."""

from __future__ import annotations

import subprocess
import sys

import pytest

from edge.dialects import DRIVERS, decoder, make_driver, schemas
from edge.driver import DriverSchema
from edge.resources import config_root
from edge.settings import load_site

MEMBERS = ("codec", "window", "start", "stop", "acknowledge", "report")  # of edge.driver.Driver


@pytest.mark.parametrize("dialect", DRIVERS)
def test_a_dialect_has_settings_and_a_decoder(dialect: str) -> None:
    schema = schemas()[dialect]
    assert isinstance(schema, DriverSchema)
    assert schema.dialect == dialect
    assert callable(decoder(dialect))


def test_every_connection_of_the_shipped_site_gets_a_whole_driver() -> None:
    site = load_site(config_root() / "site", schemas())
    drivers = [make_driver(connection, list(site.devices.values())) for connection in site.connections]
    spoken = {connection.dialect for connection in site.connections}
    assert spoken == set(DRIVERS) - {"frigate", "nut"}  # the shipped site has no NVR and no NUT
    for driver in drivers:
        assert not {name for name in MEMBERS if not hasattr(driver, name)}


def test_nothing_of_a_protocol_is_imported_before_its_driver_starts() -> None:
    program = (
        "import sys; from edge.dialects import schemas; schemas(); "
        "print(*sorted({'paho', 'serial'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
