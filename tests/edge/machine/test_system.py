"""The machine read from a tree like /proc and /sys."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.machine.points import link_point, measured, rules
from edge.machine.system import Interface, System

PI = {
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal",
    "sys/class/thermal/thermal_zone0/temp": "61234",
    "sys/class/thermal/thermal_zone1/type": "acpitz",
    "sys/class/thermal/thermal_zone1/temp": "99000",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50005",
    "sys/class/net/eth0/device/vendor": "",
    "sys/class/net/eth0/carrier": "1",
    "sys/class/net/eth0/carrier_changes": "7",
    "sys/class/net/docker0/carrier": "0",
    "proc/net/route": (
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
        "eth0\t00000000\t0201A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
        "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
    ),
    "proc/meminfo": "MemTotal:        1000 kB\nMemFree:          10 kB\nMemAvailable:    250 kB\n",
    "proc/self/statm": "9000 1000 500 1 0 400 0",
    "proc/self/task/11/children": "77 ",
    "proc/77/statm": "9000 200 500 1 0 400 0",
    "proc/77/task/77/children": "78",
    "proc/78/statm": "9000 300 500 1 0 400 0",
    "proc/78/task/78/children": "",
    "proc/self/fd/0": "",
    "proc/self/fd/1": "",
    "proc/sys/kernel/random/boot_id": "11111111-2222-3333-4444-555555555555\n",
}


def planted(root: Path, files: dict[str, str]) -> System:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return System(root, lambda name: "192.168.1.20" if name == "eth0" else None)


def test_a_raspberry_pi(tmp_path: Path) -> None:
    pi = planted(tmp_path, PI)
    assert pi.temperature() == 61.234  # the processor's zone, not the hottest of all
    assert (pi.undervoltage(), pi.throttled(), pi.was_undervolted()) == (True, True, True)
    assert pi.interfaces() == [Interface("eth0", linked=True, changes=7)]
    assert pi.route() == "eth0 192.168.1.2"
    assert pi.addresses() == "eth0 192.168.1.20"
    assert pi.memory_available() == 25.0
    children, own = pi.children_memory(), pi.memory()
    assert children is not None
    assert own is not None
    assert children / own == 0.5
    assert (pi.descriptors(), pi.threads()) == (2, 1)
    assert pi.boot().startswith("11111111")
    assert not pi.panic()
    assert not pi.watchdog_reset()


def test_a_voltage_sensor_of_its_own(tmp_path: Path) -> None:
    files = {"sys/class/hwmon/hwmon0/name": "rpi_volt", "sys/class/hwmon/hwmon0/in0_lcrit_alarm": "0"}
    assert planted(tmp_path, files).undervoltage() is False


def test_a_pc_tells_throttling_by_counting_it(tmp_path: Path) -> None:
    count = "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count"
    pc = planted(tmp_path, {count: "4"})
    assert pc.throttled() is False
    (tmp_path / count).write_text("5")
    assert pc.throttled() is True
    assert pc.throttled() is False


def test_what_a_machine_does_not_have_is_unknown_and_has_no_point(tmp_path: Path) -> None:
    bare = planted(tmp_path, {})
    unknown = (
        bare.temperature(),
        bare.undervoltage(),
        bare.throttled(),
        bare.memory_available(),
        bare.route(),
    )
    assert unknown == (None,) * 5
    names = {spec.id for spec in measured(bare, [])}
    assert not names & {"cpu-temperature", "undervoltage", "throttled", "route", "addresses", "cert-panel"}
    assert {"cpu-temperature", "undervoltage", "net-eth0"} <= {
        spec.id for spec in measured(planted(tmp_path / "pi", PI), [])
    }


@pytest.mark.parametrize("text", ["", "garbage", "9999999"])
def test_a_sensor_that_talks_nonsense_is_unknown(tmp_path: Path, text: str) -> None:
    assert planted(tmp_path, {"sys/class/thermal/thermal_zone0/temp": text}).temperature() is None


def test_every_point_and_rule_has_an_id_of_the_site(tmp_path: Path) -> None:
    points = measured(planted(tmp_path, PI), ["panel", "broker", "ca"])
    assert len({spec.id for spec in points}) == len(points)
    found = rules(points)
    assert len({rule.id for rule in found}) == len(found)
    assert "hub-net-eth0" in {rule.id for rule in found}
    assert link_point(Interface("wlx00c0CA_9.1", linked=True, changes=None)) == "net-wlx00c0ca-9-1"
