"""The points of the device "hub" that tell about the machine, and the rules that make alarms of them.

What has a check of `edge.health` (disk, stores, main loop) is measured here and alarmed there, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from edge.domain.device import PointSpec, Signal
from edge.domain.names import Text
from edge.domain.quantity import QUANTITIES
from edge.domain.rule import AlarmRule, Condition, Level, Priority, Selector
from edge.machine.system import Interface, System

CATEGORY: Final = "hub"
MB: Final = 1e6
_DELAY, _DATA, _SHARE, _REMAINING, _TEMPERATURE = (
    QUANTITIES[id] for id in ("delay", "data", "share", "remaining", "temperature")
)

ALWAYS: Final = (
    PointSpec("loop-lag", Text("主循环延迟(最大)", "Main loop lag, worst"), _DELAY),
    PointSpec("inbox-depth", Text("待处理报文", "Messages waiting")),
    PointSpec("telemetry-pending", Text("待存历史数据", "Readings not saved yet")),
    PointSpec("journal-pending", Text("待存日志记录", "Facts not saved yet")),
    PointSpec("sending", Text("正在发送的消息", "Messages being sent")),
    PointSpec("memory", Text("平台占用内存", "Memory of the hub"), _DATA),
    PointSpec("descriptors", Text("打开的文件", "Open files")),
    PointSpec("threads", Text("线程数", "Threads")),
    PointSpec("disk-free", Text("磁盘剩余空间", "Free on disk"), _DATA),
)
"""What every machine has."""

_SENSED: Final = {
    "memory-cameras": PointSpec(
        "memory-cameras", Text("子进程占用内存", "Memory of cameras and helpers"), _DATA
    ),
    "memory-available": PointSpec("memory-available", Text("可用内存", "Memory available"), _SHARE),
    "cpu-temperature": PointSpec(
        "cpu-temperature", Text("处理器温度", "Processor temperature"), _TEMPERATURE
    ),
    "undervoltage": PointSpec("undervoltage", Text("供电电压", "Supply voltage"), signal=Signal.FAULT),
    "throttled": PointSpec("throttled", Text("处理器速度", "Processor speed"), signal=Signal.FAULT),
    "route": PointSpec("route", Text("默认路由", "Default route")),
}
_CERTIFICATES: Final = {
    "panel": PointSpec("cert-panel", Text("面板证书剩余", "Panel certificate, days left"), _REMAINING),
    "broker": PointSpec(
        "cert-broker", Text("消息服务器证书剩余", "Broker certificate, days left"), _REMAINING
    ),
    "ca": PointSpec("cert-ca", Text("签发机构证书剩余", "Authority certificate, days left"), _REMAINING),
}

STEPS: Final = {
    "loop-lag": 20.0, "inbox-depth": 100, "telemetry-pending": 500, "journal-pending": 10, "sending": 3,
    "memory": 2.0, "memory-cameras": 10.0, "memory-available": 2.0, "descriptors": 3, "threads": 2,
    "cpu-temperature": 1.0, "disk-free": 50.0, "cert-panel": 1.0, "cert-broker": 1.0, "cert-ca": 1.0,
    "net-changes": 1,
}  # fmt: skip
"""What a number must move by to be written anew; below the deadband of its rule."""


def measured(system: System, certificates: Iterable[str]) -> tuple[PointSpec, ...]:
    """The points this machine has. certificates: names there are ("panel", "broker", "ca").

    A sensor that is not there has no point: unknown is not zero.
    """
    there = {
        "memory-cameras": system.children_memory() is not None,
        "memory-available": system.memory_available() is not None,
        "cpu-temperature": system.temperature() is not None,
        "undervoltage": system.undervoltage() is not None,
        "throttled": system.throttled() is not None,
        "route": system.route() is not None,
    }
    specs = [*ALWAYS, *(spec for name, spec in _SENSED.items() if there[name])]
    specs += [_CERTIFICATES[name] for name in dict.fromkeys(certificates)]
    interfaces = system.interfaces()
    if interfaces:
        specs.append(PointSpec("addresses", Text("网络地址", "Network addresses")))
        specs.append(
            PointSpec("net-changes", Text("网络通断次数(1小时)", "Network ups and downs in an hour"))
        )
    specs += [
        PointSpec(link_point(one), Text(f"网络 {one.name}", f"Network {one.name}"), signal=Signal.FAULT)
        for one in interfaces
    ]
    return tuple(specs)


def link_point(interface: Interface) -> str:
    """Id of the state point of an interface: True when it was connected since the hub started, and is no more."""
    return f"net-{interface.id}"[:63].rstrip("-")


def rules(points: Iterable[PointSpec]) -> list[AlarmRule]:
    """The rules of those points. None latches: each ends when it is over."""
    lost = [spec for spec in points if spec.id.startswith("net-") and spec.signal is not None]
    return [
        *_RULES,
        *(
            _rule(spec.id, "state", Level(None, Priority.MEDIUM, _lost(spec.name), _CABLE), on_delay=60.0)
            for spec in lost
        ),
    ]


def _lost(name: Text) -> Text:
    return Text(f"{name.zh}中断", f"{name.en} lost")


def _rule(
    point: str, condition: Condition, *levels: Level, deadband: float = 0.0, on_delay: float = 0.0,
    off_delay: float = 0.0, source: str = "practice",
) -> AlarmRule:  # fmt: skip
    return AlarmRule(
        id=f"hub-{point}",
        applies=Selector(category=CATEGORY, point=point),
        condition=condition,
        levels=levels,
        signal=Signal.FAULT,
        latch=False,
        source=source,
        deadband=deadband,
        on_delay=on_delay,
        off_delay=off_delay,
    )


_CABLE = Text("检查网线或Wi-Fi、交换机电源", "Check cable or Wi-Fi, and the switch's power")
_BUSY = Text(
    "报警可能延迟:在运行状态页找出报文最多的来源",
    "Alarms may be late: find the busiest source on the health page",
)
_CHANNELS = Text(
    "查看消息页的通道状态,必要时改用电话",
    "See the channels on the messages page, use the telephone meanwhile",
)
_COOL = Text(
    "检查散热片、风扇和机柜通风,清除灰尘", "Check heat sink, fan and air of the cabinet, remove dust"
)
_POWER = Text(
    "更换为原装电源,缩短电源线,减少USB外设;电压过低会损坏存储卡",
    "Use the maker's power supply, a shorter cable, fewer USB devices: undervoltage ruins the card",
)
_MEMORY = Text("通知系统管理员;减少摄像机检测项", "Call the administrator; have cameras look for less")
_RENEW = Text(
    "证书本应在到期前60天自动更换:通知系统管理员运行 install.sh --certificates",
    "It should have been renewed 60 days before: have the administrator run install.sh --certificates",
)
_CA = Text(
    "通知系统管理员更换签发机构,并让手机、屏幕和网关信任新的机构",
    "Have the administrator make a new authority, and let phones, screens and gateways trust it",
)


def _certificate(point: str, zh: str, en: str, response: Text, soon: float) -> AlarmRule:
    """soon: days. Renewed 60 days before its end by install.sh; a quarter of a day is no reason to come back."""
    return _rule(
        point, "low",
        Level(soon, Priority.LOW, Text(f"{zh}即将到期", f"{en} expires soon"), response),
        Level(7.0, Priority.MEDIUM, Text(f"{zh}一周内到期", f"{en} expires within a week"), response),
        Level(0.0, Priority.HIGH, Text(f"{zh}已过期", f"{en} has expired"), response),
        deadband=1.0,
    )  # fmt: skip


_RULES: Final = (
    # Raspberry Pi documentation, "Frequency management and thermal control": slowed down from 80 °C (soft from 60 on
    # some boards), all cores from 85 °C. PCs throttle at 95 to 105 °C: 85 °C for ten minutes is bad air there, too.
    _rule(
        "cpu-temperature", "high",
        Level(80.0, Priority.LOW, Text("主机温度偏高", "Machine runs hot"), _COOL),
        Level(85.0, Priority.MEDIUM, Text("主机过热", "Machine overheats"), _COOL),
        deadband=5.0, on_delay=600.0, off_delay=60.0,
        source="Raspberry Pi documentation, thermal control; practice",
    ),
    # The board's own comparator at 4.63 V. A dip returns often: one alarm for all of a quarter of an hour.
    _rule(
        "undervoltage", "state",
        Level(None, Priority.MEDIUM, Text("供电电压过低", "Undervoltage"), _POWER),
        off_delay=900.0, source="Raspberry Pi documentation, undervoltage (4.63 V); practice",
    ),
    _rule(
        "throttled", "state",
        Level(
            None, Priority.LOW, Text("处理器降频", "Processor slowed down"),
            Text("检查散热与供电,留意报警是否延迟", "Check cooling and power, watch for late alarms"),
        ),
        on_delay=300.0, off_delay=900.0,
    ),
    _rule(
        "memory-available", "low",
        Level(10.0, Priority.LOW, Text("内存偏少", "Little memory left"), _MEMORY),
        Level(5.0, Priority.MEDIUM, Text("内存即将用尽", "Memory nearly used up"), _MEMORY),
        deadband=5.0, on_delay=300.0, off_delay=60.0,
    ),
    # Four times what it takes with 1,000 devices: it leaks, and should be looked at before the kernel ends it.
    _rule(
        "memory", "high",
        Level(400.0, Priority.LOW, Text("平台占用内存过多", "The hub takes much memory"), _MEMORY),
        deadband=50.0, on_delay=1800.0,
    ),
    # A quarter of what one source may queue (edge.ingest.inbox), and not drained within a minute.
    _rule(
        "inbox-depth", "high",
        Level(
            5000.0, Priority.MEDIUM, Text("报文积压", "Messages pile up"),
            _BUSY,
        ),
        deadband=4000.0, on_delay=60.0,
    ),
    # An attempt ends within a minute (edge.sender): so many for ten minutes are channels that hang.
    _rule(
        "sending", "high",
        Level(
            50.0, Priority.LOW, Text("消息发送积压", "Messages wait to be sent"),
            _CHANNELS,
        ),
        deadband=20.0, on_delay=600.0,
    ),
    # LimitNOFILE of the unit is 8192; a busy hub has under 200.
    _rule(
        "descriptors", "high",
        Level(
            4096.0, Priority.LOW, Text("打开的文件过多", "Too many open files"),
            Text("通知系统管理员下载日志并重启平台", "Have the administrator download the log and restart the hub"),
        ),
        deadband=500.0, on_delay=600.0,
    ),
    _rule(
        "threads", "high",
        Level(
            300.0, Priority.LOW, Text("线程过多", "Too many threads"),
            Text("通知系统管理员下载日志并重启平台", "Have the administrator download the log and restart the hub"),
        ),
        deadband=50.0, on_delay=600.0,
    ),
    _rule(
        "net-changes", "high",
        Level(
            10.0, Priority.LOW, Text("网络时断时续", "Network comes and goes"),
            Text("检查网线插头、交换机端口", "Check the plugs of the cable and the switch's port"),
        ),
        deadband=5.0,
    ),
    _certificate("cert-panel", "面板证书", "Panel certificate", _RENEW, 30.0),
    _certificate("cert-broker", "消息服务器证书", "Broker certificate", _RENEW, 30.0),
    _certificate("cert-ca", "签发机构证书", "Authority certificate", _CA, 365.0),
)  # fmt: skip
