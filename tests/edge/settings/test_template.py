from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pytest

from edge.domain.device import Signal
from edge.domain.site import Site
from edge.driver import DriverSchema
from edge.resources import config_root
from edge.settings import check_site, install_template, load_site, write_overrides

PACKAGES = (
    "drivers.mqtt_json",
    "drivers.zigbee2mqtt",
    "drivers.frigate",
    "drivers.modbus_rtu",
    "drivers.at_modem",
    "drivers.camera",
)


def shipped_schemas() -> Mapping[str, DriverSchema]:
    found = [import_module(f"{package}.config").SCHEMA for package in PACKAGES]
    return {schema.dialect: schema for schema in found}


@pytest.fixture(scope="module")
def schemas() -> Mapping[str, DriverSchema]:
    return shipped_schemas()


@pytest.fixture
def site(schemas: Mapping[str, DriverSchema]) -> Site:
    return load_site(config_root() / "site", schemas)


def test_the_shipped_template_is_in_order(schemas: Mapping[str, DriverSchema], tmp_path: Path) -> None:
    assert check_site(config_root() / "site", schemas) == []
    install_template(tmp_path / "site")
    assert check_site(tmp_path / "site", schemas) == []


def test_it_is_copied_with_its_rules(tmp_path: Path) -> None:
    install_template(tmp_path / "site")
    copied = {path.relative_to(tmp_path / "site").as_posix() for path in tmp_path.rglob("*.toml")}
    assert {"site.toml", "devices/building-3.toml", "rules/fire.toml", "orders.toml"} <= copied


@pytest.mark.parametrize("there", ["site.toml", "rules/mine.toml", "devices/mine.toml"])
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    mine = tmp_path / there
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(FileExistsError, match="never overwritten"):
        install_template(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]


def test_overrides_for_one_machine(schemas: Mapping[str, DriverSchema], tmp_path: Path) -> None:
    install_template(tmp_path)
    secret = tmp_path / 'odd "name"' / "中"
    write_overrides(tmp_path, mqtt=("::1", 40123, "hub", secret), serial={"bus-2": "/dev/pts/9"})
    site = load_site(tmp_path, schemas)
    connections = {c.id: c.settings for c in site.connections}
    broker = connections["zigbee"].broker
    assert (broker.host, broker.port, broker.username, broker.password_file) == ("::1", 40123, "hub", secret)
    assert connections["json"].broker == broker
    assert connections["bus-2"].port == "/dev/pts/9"
    assert connections["bus-1"].port.startswith("/dev/serial/by-id/")


def test_the_detector_to_try_is_a_smoke_detector(site: Site) -> None:
    device = site.devices["sm-303"]
    assert device.profile.category == "smoke-detector"
    assert device.place.zh == "3号楼1单元 3层 303 客厅"


def test_every_place_reaches_down_to_the_spot(site: Site) -> None:
    for device in site.devices.values():
        assert device.place.zh.endswith(device.spot.zh)
        assert device.place.zh != device.spot.zh


def test_what_people_read_follows_the_rules_of_the_wording(site: Site) -> None:
    for rule in site.rules:
        for level in rule.levels:
            words = level.title.zh + level.response.zh + level.title.en + level.response.en
            assert not set("!!") & set(words), rule.id
            assert "确认" not in words.replace("确认火警", ""), rule.id
            assert "火警" not in level.title.zh or rule.signal is Signal.FIRE, rule.id


def test_life_latches_and_faults_do_not(site: Site) -> None:
    for rule in site.rules:
        assert rule.latch == (rule.signal in {Signal.FIRE, Signal.GAS, Signal.SOS}), rule.id


def test_every_fault_point_has_a_rule(site: Site) -> None:
    points = {
        spec.id for d in site.devices.values() for spec in d.profile.points if spec.signal is Signal.FAULT
    }
    ruled = {rule.applies.point for rule in site.rules if rule.signal is Signal.FAULT}
    assert points <= ruled


def test_an_invented_register_map_is_called_unconfirmed(site: Site) -> None:
    for profile in site.profiles.values():
        if "invented" in profile.source or "stand-in" in profile.source:
            assert not profile.confirmed, profile.id
