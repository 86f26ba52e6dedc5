"""A small site that is in order, and two made-up dialects to read it with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, Strict

from edge.driver import DriverSchema
from edge.settings import Problem, check_site

SITE = """\
[site]
id = "court"
name = { zh = "小区", en = "Court" }
timezone = "Asia/Shanghai"

[unit]
name = "物业公司"
address = "和安路18号"
area = "000000"
longitude = 120.0
latitude = 30
organization = "安防部"
responsible = { name = "甲", role = { zh = "经理", en = "Manager" }, mobile = "19900000001" }
manager = { name = "乙", role = { zh = "主管", en = "Head" }, mobile = "19900000002" }
control_room = { zh = "102", en = "Room 102" }
control_room_phone = "000-119"
fire_station = { zh = "站", en = "Station" }

[retention]
raw_days = 30

[[zone]]
path = "b3"
name = { zh = "3号楼", en = "Building 3" }

[[zone]]
path = "b3/s1"
kind = "flat"
name = { zh = "3号楼1单元", en = "Building 3 stair 1" }

[[zone]]
path = "b3/s1/301"
name = { zh = "301", en = "flat 301" }

[[mqtt]]
id = "broker"
host = "127.0.0.1"
port = 1883
password_file = "secrets/mqtt"

[[mqtt.listen]]
id = "radio"
dialect = "zig"
name = { zh = "网关", en = "Gateway" }
base = "z"

[[serial]]
id = "bus-1"
dialect = "bus"
name = { zh = "总线1", en = "Bus 1" }
port = "/dev/ttyUSB0"
"""
DEVICES = """\
[[device]]
id = "sm-301"
profile = "maker-smoke"
name = { zh = "301烟感", en = "Flat 301 smoke" }
zone = "b3/s1/301"
spot = { zh = "客厅", en = "living room" }
address = { dialect = "zig", name = "sm-301" }

[[device]]
id = "gs-1"
profile = "maker-gas"
name = { zh = "燃气", en = "Gas" }
zone = "b3/s1"
spot = { zh = "厨房", en = "kitchen" }
address = { dialect = "bus", bus = "bus-1", unit = 7 }
"""
SMOKE_PROFILE = """\
maker = "Maker"
model = "Smoke"
name = { zh = "烟感", en = "Smoke detector" }
category = "smoke-detector"
dialect = "zig"
source = "manual, page 3"
expect = 3600

[[point]]
id = "smoke"
name = { zh = "烟雾", en = "Smoke" }
signal = "fire"

[[point]]
id = "battery"
name = { zh = "电量", en = "Battery" }
quantity = "battery"
field = "bat"
"""
GAS_PROFILE = """\
maker = "Maker"
model = "Gas"
name = { zh = "燃气", en = "Gas detector" }
category = "gas-detector"
dialect = "bus"
source = "manual, page 4"
expect = 60
read = { poll = 2.0 }

[[point]]
id = "gas"
name = { zh = "可燃气体", en = "Gas" }
quantity = "combustible_gas"
unit = "%LEL"
scale = 0.1
read = { register = 4 }

[[point]]
id = "pressure"
name = { zh = "压力", en = "Pressure" }
quantity = "pressure"
unit = "MPa"
read = { register = 5 }
"""
RULES = """\
[[rule]]
id = "smoke"
applies = { signal = "fire" }
condition = "state"
signal = "fire"
latch = true
source = "GB/T 45839-2025 5.4.2"

[[rule.level]]
priority = "urgent"
title = { zh = "火警", en = "Fire alarm" }
response = { zh = "核实", en = "Verify" }

[[rule]]
id = "gas"
applies = { quantity = "combustible_gas" }
condition = "high"
deadband = 2
signal = "gas"
latch = true
source = "practice"

[[rule.level]]
limit = 8
priority = "high"
title = { zh = "低限", en = "Low" }
response = { zh = "开窗", en = "Open the windows" }

[[rule.level]]
limit = 20
priority = "urgent"
title = { zh = "高限", en = "High" }
response = { zh = "敲门", en = "Knock" }

[[rule]]
id = "pressure"
applies = { devices = ["gs-1"], quantity = "pressure" }
condition = "low"
unit = "MPa"
deadband = 0.01
signal = "process"
latch = false
source = "practice"

[[rule.level]]
limit = 0.14
priority = "high"
title = { zh = "压力低", en = "Pressure low" }
response = { zh = "检查", en = "Check" }
"""
FILES = {
    "site.toml": SITE,
    "devices/all.toml": DEVICES,
    "profiles/maker-smoke.toml": SMOKE_PROFILE,
    "profiles/maker-gas.toml": GAS_PROFILE,
    "rules/all.toml": RULES,
}


class Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Tls(Table):
    ca: Annotated[Path, Strict(strict=False)] | None = None
    insecure: bool = False


class Broker(Table):
    host: str
    port: int = Field(1883, ge=1, le=65535)
    username: str | None = None
    password_file: Annotated[Path, Strict(strict=False)] | None = None
    tls: Tls | None = None


class ZigListen(Table):
    base: str
    topics: list[dict[str, Any]] = []


class ZigAddress(Table):
    name: str


class Bus(Table):
    port: str
    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"


class BusAddress(Table):
    bus: str
    unit: int = Field(ge=1, le=247)


class BusProfile(Table):
    poll: float = 5.0


class BusPoint(Table):
    first: int = Field(ge=0, alias="register")


class Nothing(Table):
    pass


SCHEMAS = {
    "zig": DriverSchema(
        "zig", "mqtt", ZigListen, ZigAddress, Nothing, Nothing, lambda a: a.name,
        parent=Broker, combine=lambda broker, listen: (broker, listen),
    ),
    "bus": DriverSchema(
        "bus", "serial", Bus, BusAddress, BusProfile, BusPoint, lambda a: f"{a.bus}/{a.unit}", bus_of=lambda a: a.bus
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Folder:
    """A site's folder in the making."""

    path: Path

    def write(self, file: str, text: str) -> None:
        path = self.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def change(self, file: str, old: str, new: str) -> None:
        text = (self.path / file).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        self.write(file, text.replace(old, new, 1))

    def line(self, file: str, words: str) -> int:
        """The first line of `file` that holds `words`."""
        lines = (self.path / file).read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, start=1) if words in line)

    def problems(self) -> list[Problem]:
        return check_site(self.path, SCHEMAS)

    def only(self) -> Problem:
        """The one problem there is."""
        problems = self.problems()
        assert len(problems) == 1, "\n".join(map(str, problems))
        return problems[0]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A site in order: every test changes what it is about."""
    made = Folder(tmp_path / "site")
    for file, text in FILES.items():
        made.write(file, text)
    return made
