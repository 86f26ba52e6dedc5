"""He'an Court in small: five devices of four models, as the tests of API and panel see the site."""

from __future__ import annotations

from dataclasses import replace

from edge.domain.device import Device, DeviceProfile, PointSpec, Signal
from edge.domain.names import Text
from edge.domain.quantity import QUANTITIES
from edge.domain.rule import Priority
from edge.domain.site import Person, ProtectedUnit, Retention, Site, Zone

SIGNAL_ORDER = [
    Signal.FIRE,
    Signal.GAS,
    Signal.SOS,
    Signal.FAULT,
    Signal.SUPERVISORY,
    Signal.DISABLEMENT,
    Signal.PROCESS,
]

WORDS = {
    Signal.FIRE: (
        Priority.URGENT,
        Text("火警", "Fire alarm"),
        Text("到场核实,带灭火器", "Go and verify, take an extinguisher"),
    ),
    Signal.GAS: (
        Priority.URGENT,
        Text("燃气报警(高限)", "Gas alarm (high)"),
        Text("先断气开窗,勿动电器", "Shut the gas, open windows, touch no switch"),
    ),
    Signal.SOS: (Priority.URGENT, Text("紧急求助", "SOS call"), Text("立即电话核实", "Call at once")),
    Signal.FAULT: (
        Priority.MEDIUM,
        Text("失联", "No contact"),
        Text("派维修检查电源和信号", "Send maintenance: power and radio"),
    ),
    Signal.SUPERVISORY: (
        Priority.HIGH,
        Text("状态未核实", "State unconfirmed"),
        Text("现场核实", "Check on site"),
    ),
    Signal.DISABLEMENT: (
        Priority.MEDIUM,
        Text("屏蔽", "Disabled"),
        Text("恢复后解除屏蔽", "Enable again when done"),
    ),
    Signal.PROCESS: (Priority.LOW, Text("将满", "Nearly full"), Text("安排清运", "Have it emptied")),
}


def _profile(id: str, category: str, name: Text, *points: PointSpec, expect: float = 3600.0) -> DeviceProfile:
    maker, _, model = id.partition("-")
    return DeviceProfile(
        id, maker.title(), model.upper(), category, "json", points, "manual p. 4", expect, name
    )


_SMOKE = _profile(
    "heiman-hs1sa",
    "smoke-detector",
    Text("烟感", "Smoke detector"),
    PointSpec("smoke", Text("烟雾报警", "Smoke"), signal=Signal.FIRE),
    PointSpec("battery", Text("电池", "Battery"), quantity=QUANTITIES["battery"]),
)
_GAS = _profile(
    "hanwei-bk41",
    "gas-detector",
    Text("燃气探测器", "Gas detector"),
    PointSpec("gas", Text("可燃气体", "Combustible gas"), quantity=QUANTITIES["combustible_gas"]),
    PointSpec("fault", Text("故障", "Fault"), signal=Signal.FAULT),
    expect=60.0,
)
_BIN = _profile(
    "milesight-em310-udl",
    "bin",
    Text("垃圾桶满溢传感器", "Bin level sensor"),
    PointSpec("level", Text("满溢度", "Fill level"), quantity=QUANTITIES["level"]),
)
_WATER = _profile(
    "hanwei-ph200",
    "water-probe",
    Text("水质探头", "Water probe"),
    PointSpec("ph", Text("酸碱度", "pH"), quantity=QUANTITIES["ph"]),
    PointSpec("mode", Text("运行模式", "Mode")),
)

DEVICES = (
    Device(
        "sm-301",
        _SMOKE,
        Text("3号楼1单元301客厅烟感", "Building 3 flat 301 smoke"),
        "b3/s1/3f/301",
        Text("客厅", "living room"),
        Text("3号楼1单元 3层 301 客厅", "Building 3 unit 1, floor 3, 301 living room"),
        "sm-301",
    ),
    Device(
        "sm-402",
        _SMOKE,
        Text("3号楼1单元402卧室烟感", "Building 3 flat 402 smoke"),
        "b3/s1/4f/402",
        Text("卧室", "bedroom"),
        Text("3号楼1单元 4层 402 卧室", "Building 3 unit 1, floor 4, 402 bedroom"),
        "sm-402",
    ),
    Device(
        "gas-1203",
        _GAS,
        Text("1号楼2单元1203厨房燃气", "Building 1 flat 1203 gas"),
        "b1/s2/12f/1203",
        Text("厨房", "kitchen"),
        Text("1号楼2单元 12层 1203 厨房", "Building 1 unit 2, floor 12, 1203 kitchen"),
        "gas/1203",
    ),
    Device(
        "bin-1",
        _BIN,
        Text("北门1号桶", "North gate bin 1"),
        "yard/north",
        Text("北门", "north gate"),
        Text("院区 北门", "Yard, north gate"),
        "bin-1",
    ),
    Device(
        "wp-1",
        _WATER,
        Text("泵房出水水质", "Pump room outlet water"),
        "b1/pump",
        Text("泵房", "pump room"),
        Text("1号楼 地下 泵房", "Building 1 basement pump room"),
        "bus-1/17",
        adopted=True,
    ),
)

_PERSON = Person("王建国", Text("消防安全责任人", "Responsible for fire safety"), "13800000000")

SITE = Site(
    id="heanyuan",
    name=Text("和安苑", "He'an Court"),
    timezone="Asia/Shanghai",
    unit=ProtectedUnit(
        "和安苑物业服务中心",
        "江州市和平路 18 号",
        "330100",
        120.1,
        30.2,
        "和安物业",
        _PERSON,
        replace(_PERSON, name="李明", role=Text("消防安全管理人", "Fire safety manager")),
        Text("1号楼一层消防控制室", "Fire control room, building 1"),
        "0571-00000000",
        Text("和平路消防站", "Heping Road station"),
    ),
    zones={
        d.zone: Zone(d.zone, d.spot, Text(d.place.zh.rsplit(" ", 1)[0], d.place.en.rsplit(" ", 1)[0]))
        for d in DEVICES
    },
    profiles={p.id: p for p in (_SMOKE, _GAS, _BIN, _WATER)},
    devices={d.id: d for d in DEVICES},
    rules=(),
    connections=(),
    retention=Retention(),
)
