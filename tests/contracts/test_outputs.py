"""No command of what is shipped can silence, disable or reset a detector, or switch anything where gas may be."""

from __future__ import annotations

import pytest

from edge.dialects import schemas
from edge.domain.device import Device, Signal
from edge.domain.lifecycle import VITAL
from edge.domain.output import CLOSE, OutputKind, barred, gas_zones, outputs_of
from edge.domain.site import Site
from edge.outputs.linkages import targets
from edge.resources import config_root
from edge.settings import load_site

GAS = {"combustible_gas", "co"}


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(config_root() / "site", schemas())


def detects(device: Device) -> bool:
    return any(
        spec.signal in VITAL or (spec.quantity is not None and spec.quantity.id in GAS)
        for spec in device.profile.points
    )


def test_no_shipped_output_is_on_a_detector(site: Site) -> None:
    assert not [
        p.id for p in site.profiles.values() if p.outputs and any(s.signal in VITAL for s in p.points)
    ]
    assert not [d.id for d in site.devices.values() if d.profile.outputs and detects(d)]


def test_every_linkage_starts_something_and_only_what_may_be_switched_there(site: Site) -> None:
    outputs = outputs_of(site.devices.values(), {})
    zones = gas_zones(site.devices.values())
    for linkage in site.linkages:
        places = {device.zone for device in site.devices.values() if detects(device)}
        started = {pair[0].id: pair for zone in places for pair in targets(linkage, zone, outputs.values())}
        assert started, linkage.id
        for output, act in started.values():
            assert barred(output, act, zones) is None
            assert output.kind is not OutputKind.DESK
            assert not detects(output.device)
            assert act != "stop"


def test_gas_closes_and_never_opens(site: Site) -> None:
    valves = [o for p in site.profiles.values() for o in p.outputs if o.kind is OutputKind.VALVE]
    assert valves
    assert all([act.id for act in valve.acts] == [CLOSE] for valve in valves)
    gas = [linkage for linkage in site.linkages if linkage.when.signal is Signal.GAS]
    kinds = {
        output.kind
        for linkage in gas
        for zone in gas_zones(site.devices.values())
        for output, _ in targets(linkage, zone, outputs_of(site.devices.values(), {}).values())
    }
    assert kinds == {OutputKind.VALVE, OutputKind.FAN}


def test_every_output_that_can_be_proved_is_proved(site: Site) -> None:
    """Only a siren whose radio publishes no state may be believed on the broker's word."""
    unproved = {d.profile.id for d in site.devices.values() for o in d.profile.outputs if o.feedback is None}
    assert unproved == {"heiman-hs2wd"}
