"""Who and what would hear an alarm: by policy, linkage and linkage zone of the shipped site."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.domain.device import Signal
from edge.domain.output import outputs_of
from edge.domain.plan import Heard
from edge.domain.site import Site
from edge.preview import heard
from edge.resources import config_root
from edge.settings import load_site
from tests.edge.settings.test_template import shipped_schemas


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(Path(config_root() / "site"), shipped_schemas())


def asked(site: Site, zone: str, signal: Signal, device: str | None = None) -> Heard:
    outputs = list(outputs_of(site.devices.values(), {}).values())
    meant = None if device is None else site.devices[device]
    return heard(
        site, site.devices, outputs, lambda target, place: (f"{target}@{place}",), zone, signal, meant
    )


def test_the_shed_on_fire(site: Site) -> None:
    told = asked(site, "out/eb", Signal.FIRE)
    assert (told.plan, told.area, told.policy) == ("p3-e-bike-shed", "out-eb", "vital")
    assert set(told.triggers) == {"sm-eb1", "ht-eb2", "cp-eb"}
    assert [(one.linkage, one.output, one.act) for one in told.started] == [
        ("shed-power", "rl-eb.relay", "trip")
    ]
    assert {one.output for one in told.confirmed} == {"sr-eb.siren", "bc-out.broadcast"}
    first = told.calls[0]
    assert (first.after, first.to) == (site.policies[0].steps[0].after, "post:patrol")
    assert first.people == ("post:patrol@out/eb",)
    assert "crew:fire-station" in {one.to for one in told.told}
    assert {one.after for one in told.told} == {None}


def test_gas_in_a_flat_moves_its_valve_alone(site: Site) -> None:
    told = asked(site, "b1/u2/12f/1203", Signal.GAS, "gs-1203")
    assert told.plan == "p1-kitchen-gas"
    assert [(one.output, one.act, one.depends, one.barrier) for one in told.started] == [
        ("gv-1203.valve", "close", "", None)
    ]
    assert told.confirmed == ()


def test_what_depends_on_the_kind_of_device_says_so(site: Site) -> None:
    told = asked(site, "b1/u2/12f/1203", Signal.GAS)
    assert [one.depends for one in told.started] == ["gas-detector"]


def test_a_limit_has_no_second_stage(site: Site) -> None:
    told = asked(site, "ug/pump", Signal.PROCESS)
    assert (told.triggers, told.confirmed, told.policy) == ((), (), "important")


def test_a_place_that_nobody_knows(site: Site) -> None:
    assert (asked(site, "", Signal.FIRE).area, asked(site, "", Signal.FIRE).triggers) == ("", ())
