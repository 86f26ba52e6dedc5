"""The site that is measured: smoke detectors behind a Zigbee gateway, and meters that send JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Final

METERS: Final = 20
METER_TOPIC: Final = "site/meter-{:02}/up"
DETECTOR_TOPIC: Final = "zigbee2mqtt/smoke-{:04}"
DETECTOR: Final = "smoke-{:04}"
POINT: Final = "meter-{:02}.value"
LISTENERS: Final = ("zigbee", "meters")

_SITE: Final = """\
[site]
id = "bench"
name = { zh = "测速", en = "Bench" }
timezone = "Asia/Shanghai"

[unit]
name = "测速"
address = "测速"
area = "000000"
longitude = 120.0
latitude = 30.0
organization = "测速"
responsible = { name = "甲", role = { zh = "经理", en = "Manager" }, mobile = "19900000001" }
manager = { name = "乙", role = { zh = "主管", en = "Head of security" }, mobile = "19900000002" }
control_room = { zh = "消防控制室", en = "Fire control room" }
control_room_phone = "000-80000119"
fire_station = { zh = "消防站", en = "Fire station" }

[[mqtt]]
id = "broker"
host = "127.0.0.1"

[[mqtt.listen]]
id = "zigbee"
dialect = "zigbee2mqtt"
name = { zh = "Zigbee网关", en = "Zigbee gateway" }
base = "zigbee2mqtt"

[[mqtt.listen]]
id = "meters"
dialect = "json"
name = { zh = "仪表", en = "Meters" }
topics = [{ pattern = "site/{device}/up" }]

[[zone]]
path = "b1"
name = { zh = "1号楼", en = "Building 1" }
"""

_UPLINK: Final = """
[[uplink]]
id = "centre"
kind = "influxdb"
name = {{ zh = "数据中心", en = "Data centre" }}
url = "{url}"
org = "bench"
bucket = "bench"
interval = 1
timeout = 2
"""

_METER: Final = """\
maker = "edge-hub"
model = "meter"
name = { zh = "测速仪表", en = "Bench meter" }
category = "meter"
dialect = "json"
source = "made for measuring the hub itself"
expect = 600
rate = 1000000
read = { time = "/t" }

[[point]]
id = "value"
name = { zh = "温度", en = "Temperature" }
quantity = "temperature"
read = { pointer = "/value" }
"""

_RULE: Final = """\
[[rule]]
id = "meter-hot"
applies = { quantity = "temperature", category = "meter" }
condition = "high"
deadband = 1
signal = "process"
latch = false
source = "made for measuring the hub itself"

[[rule.level]]
limit = 80
priority = "medium"
title = { zh = "温度高", en = "Hot" }
response = { zh = "查看", en = "Have a look" }
"""

_DEVICE: Final = """
[[device]]
id = "{id}"
profile = "{profile}"
name = {{ zh = "{id}", en = "{id}" }}
zone = "b1"
spot = {{ zh = "{id}", en = "{id}" }}
address = {{ dialect = "{dialect}", {key} = "{id}" }}
"""


def write_site(site: Path, detectors: int, uplink: str | None = None) -> None:
    """A whole site in the empty folder `site`, except for its broker's address. It uses the shipped rule for smoke.

    uplink: url of its data centre.
    """
    meters = [
        _DEVICE.format(id=f"meter-{n:02}", profile="edge-hub-meter", dialect="json", key="device")
        for n in range(1, METERS + 1)
    ]
    smoke = [
        _DEVICE.format(id=DETECTOR.format(n), profile="heiman-hs1sa", dialect="zigbee2mqtt", key="name")
        for n in range(1, detectors + 1)
    ]
    for name, text in {
        "site.toml": _SITE if uplink is None else _SITE + _UPLINK.format(url=uplink),
        "profiles/edge-hub-meter.toml": _METER,
        "rules/meters.toml": _RULE,
        "devices/meters.toml": "".join(meters),
        "devices/detectors.toml": "".join(smoke),
    }.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
