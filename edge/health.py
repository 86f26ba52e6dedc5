"""What the hub watches of itself, and the built-in devices whose alarms say so on the wall.

Each check is a state point of the built-in device "hub", each connection a device of category "link"; a check that
fails is a reading like any other, and the rules below make a fault of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from edge import beat
from edge.domain.device import LINK, Device, DeviceProfile, PointSpec, Signal
from edge.domain.health import Check, Health
from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.domain.reading import Purpose, RawReading
from edge.domain.rule import AlarmRule, Level, Priority, Selector
from edge.domain.site import Connection, Outlet, Uplink
from edge.ingest import strangers

HUB: Final = "hub"
UPLINK: Final = "uplink"
_RATE: Final = 1000.0  # values a second that are evaluated: what the hub says of itself comes all at once
Probe = Callable[[Instant], tuple[bool, Text]]

# name, what it is called, what a guard does about it. The order is that of the health page.
_FAULTS: Final[tuple[tuple[str, Text, Text], ...]] = (
    (
        "journal",
        Text("安全日志无法写入", "Safety journal cannot be written"),
        Text(
            "报警照常发出,记录暂存内存;请勿断电,通知系统管理员检查存储",
            "Alarms still go out, records wait in memory; do not cut power, call the administrator",
        ),
    ),
    (
        "telemetry",
        Text("历史数据无法写入", "Readings cannot be stored"),
        Text(
            "报警不受影响,历史曲线可能缺失;通知系统管理员检查存储",
            "Alarms are not affected, trends may have gaps; call the administrator",
        ),
    ),
    (
        "stall",
        Text("历史数据停止保存", "Readings have stopped being stored"),
        Text(
            "报警不受影响,但新读数只在内存中;通知系统管理员检查存储卡",
            "Alarms are not affected, but new readings are in memory only; call the administrator to check the card",
        ),
    ),
    (
        "store-journal",
        Text("安全日志文件曾损坏", "The journal's file was damaged"),
        Text(
            "核对火灾报警控制器:重建前的报警可能未全部带入;通知系统管理员查看运行状态页,检查存储卡和供电",
            "Look at the fire panel, alarms of before may be missing; have the administrator see the health page, "
            "check card and power",
        ),
    ),
    (
        "store-telemetry",
        Text("历史数据文件曾损坏", "The file of readings was damaged"),
        Text(
            "报警不受影响,平台已自行重建;通知系统管理员查看运行状态页,检查存储卡和供电",
            "Alarms are not affected, it was begun anew; have the administrator see the health page, check card and "
            "power",
        ),
    ),
    (
        "store-accounts",
        Text("账户文件曾损坏", "The accounts' file was damaged"),
        Text(
            "账户已由副本恢复,请重新登录;通知系统管理员查看运行状态页,检查存储卡和供电",
            "Accounts came back from their copy, sign in again; have the administrator see the health page, check "
            "card and power",
        ),
    ),
    (
        "store-mosquitto",
        Text("消息代理的存储曾损坏", "The broker's store was damaged"),
        Text(
            "排队的报文可能丢失,留意设备状态;通知系统管理员查看运行状态页,检查存储卡和供电",
            "Messages that waited may be lost, watch the devices; have the administrator see the health page, check "
            "card and power",
        ),
    ),
    (
        "card",
        Text("存储卡寿命将尽", "The card is nearly worn out"),
        Text("通知系统管理员备份并更换存储卡", "Have the administrator make a backup and replace the card"),
    ),
    (
        "disk",
        Text("存储空间不足", "Disk nearly full"),
        Text("通知系统管理员清理或更换存储卡", "Call the administrator to clear or replace the card"),
    ),
    (
        "backup",
        Text("备份未完成", "Backups are missing"),
        Text(
            "检查备份介质是否插好、空间是否足够;原因见运行状态页",
            "Check that the backup medium is plugged in and has room; the reason is on the health page",
        ),
    ),
    (
        "pictures",
        Text("视频画面未保存", "Pictures are not kept"),
        Text(
            "报警不受影响,但摄像机画面没有留证;通知系统管理员",
            "Alarms are not affected, but no pictures are kept as evidence; call the administrator",
        ),
    ),
    (
        "clock",
        Text("时钟未核实", "Clock not confirmed"),
        Text(
            "记录时间可能有误,值守任务暂停;请管理员校时或核实",
            "Times may be wrong and duties wait: have the administrator set or confirm the clock",
        ),
    ),
    (
        "loop",
        Text("平台响应变慢", "The hub answers slowly"),
        Text("留意报警是否延迟,通知系统管理员", "Watch for late alarms, call the administrator"),
    ),
    (
        "annunciation",
        Text("值班台无声", "Nobody can hear the desk"),
        Text(
            "打开报警墙并开启声音,或检查值班台声光;其间以火灾报警控制器为准",
            "Open the alarm wall and turn its sound on, or check the desk's beacon; meanwhile watch the fire panel",
        ),
    ),
    (
        "outside",
        Text("短信与外网均不可用", "No text messages, no internet"),
        Text(
            "平台叫不到任何人:用电话按通讯录人工通知,现场报警照常;检查短信模块与网络,恢复后在消息页试发一条",
            "The hub can call nobody: phone people by the contact list, alarms on site work as ever; check modem and "
            "network, then send a test from the page of messages",
        ),
    ),
    (
        "program",
        Text("平台程序出错", "Error in the hub's program"),
        Text(
            "有报文未能评估:查看运行状态页所列设备,必要时现场核实,通知系统管理员",
            "A message was not evaluated: see the health page for the device, verify on site, call the administrator",
        ),
    ),
    (
        "beat",
        Text("自检失败", "Self-test failed"),
        Text("以火灾报警控制器为准,通知系统管理员", "Rely on the fire panel, call the administrator"),
    ),
)

# What mends itself in the night must still be seen by a person.
_STAYS: Final = frozenset({"store-journal", "store-telemetry", "store-accounts", "store-mosquitto", "stores"})
# Points of earlier releases. They read normal from the start, so that an alarm which a journal still has open there
# returns, and is acknowledged and reset like any other.
_FORMER: Final[tuple[tuple[str, Text, Text], ...]] = (
    (
        "stores",
        Text("存储文件曾损坏(旧版)", "A store was damaged (former release)"),
        Text("通知系统管理员查看运行状态页", "Have the administrator see the health page"),
    ),
)
_DELAYS: Final = {"clock": 90.0}  # seconds; a time server is heard within a minute of the machine's start
FORMER_POINTS: Final = tuple(PointSpec(name, title, signal=Signal.FAULT) for name, title, _ in _FORMER)

RULES: Final[tuple[AlarmRule, ...]] = (
    beat.RULE,
    *(
        AlarmRule(
            id=f"hub-{name}",
            applies=Selector(category=HUB, point=name),
            condition="state",
            levels=(Level(None, Priority.MEDIUM, title, response),),
            signal=Signal.FAULT,
            latch=name in _STAYS,
            source="GB/T 45839-2025 5.8.2 f",
            on_delay=_DELAYS.get(name, 0.0),
        )
        for name, title, response in (*_FAULTS, *_FORMER)
    ),
    AlarmRule(
        id="link-fault",
        applies=Selector(category="link", point=LINK.id),
        condition="state",
        levels=(
            Level(
                None,
                Priority.MEDIUM,
                Text("通信故障", "Link fault"),
                Text(
                    "此链路上的设备暂时看不到,加强人工巡查;检查网关电源与线缆",
                    "Devices on this link cannot be seen, patrol instead; check the gateway's power and cables",
                ),
            ),
        ),
        signal=Signal.FAULT,
        latch=False,
        source="GB/T 45839-2025 5.5.1 e",
        on_delay=5.0,  # a reconnect that succeeds at once is no fault; the clause allows 100 s
    ),
    AlarmRule(
        id="uplink-fault",
        applies=Selector(category=UPLINK, point=LINK.id),
        condition="state",
        levels=(
            Level(
                None,
                Priority.LOW,
                Text("数据上传中断", "Data centre not reached"),
                Text(
                    "报警不受影响,数据留在本地,恢复后自动补发;通知系统管理员,原因见运行状态页",
                    "Alarms are not affected, data waits here and is sent later; call the administrator (health page)",
                ),
            ),
        ),
        signal=Signal.FAULT,
        latch=False,
        source="practice",
        on_delay=60.0,  # a server that restarts is no fault
    ),
    AlarmRule(
        id="stranger-alarm",
        applies=Selector(category=strangers.CATEGORY, point=strangers.ALARM.id),
        condition="state",
        levels=(
            Level(
                None,
                Priority.HIGH,
                Text("未登记设备报警", "Unregistered device in alarm"),
                Text(
                    "平台不知道它装在哪里:到现场查找;在运行状态页查看并登记",
                    "The hub does not know where it is: look for it on site, see the health page and register it",
                ),
            ),
        ),
        signal=Signal.SUPERVISORY,
        latch=False,
        source="practice",
    ),
)


def built_in_devices(
    connections: Iterable[Connection],
    room: Text,
    uplinks: Iterable[Uplink | Outlet] = (),
    machine: Sequence[PointSpec] = (),
) -> list[Device]:
    """The device "hub" and one device per connection, uplink and outlet, placed in the control room `room`.

    machine: further points of the hub, of what it runs on.
    """

    def device(id: str, category: str, name: Text, points: tuple[PointSpec, ...]) -> Device:
        profile = DeviceProfile(
            id=f"edge-{category}",
            maker="edge-hub",
            model=category,
            category=category,
            dialect=beat.DIALECT,
            points=points,
            source="built in",
            expect=0.0,
            name=name,
            rate=_RATE,
            built_in=True,
        )
        place = Text(f"{room.zh} {name.zh}", f"{room.en}, {name.en}")
        return Device(id, profile, name, "", name, place, id)

    faults = tuple(PointSpec(name, title, signal=Signal.FAULT) for name, title, _ in _FAULTS)
    points = (*beat.POINTS, *faults, *FORMER_POINTS, *machine)
    hub = device(HUB, HUB, Text("边缘平台", "Edge hub"), points)
    return [
        hub,
        *(device(link.id, "link", link.name, ()) for link in connections),
        *(device(uplink.id, UPLINK, uplink.name, ()) for uplink in uplinks),
    ]


class HealthMonitor:
    """Runs the checks once a second and says what changed."""

    def __init__(self) -> None:
        self._probes: Mapping[str, Probe] = {}
        self._links: Mapping[str, Probe] = {}
        self._checks: dict[str, Check] = {}
        self._former = FORMER_POINTS  # whose one reading is still to come

    def watch(self, probes: Mapping[str, Probe], links: Mapping[str, Probe]) -> None:
        """What to run: checks of the hub by the names above, and of its connections by their ids."""
        self._probes = probes
        self._links = links

    def tick(self, now: Instant) -> list[RawReading]:
        """Run every check; the readings of those that changed, to enter at the inbox."""
        raws = [beat.own_reading(HUB, Purpose.LIVE, now, **{point.id: False}) for point in self._former]
        self._former = ()
        for name, probe in (*self._probes.items(), *self._links.items()):
            ok, detail = _asked(probe, now)
            known = self._checks.get(name)
            if known is not None and known.ok == ok:
                self._checks[name] = replace(known, detail=detail)
                continue
            self._checks[name] = Check(name, ok, now.utc, detail)
            if name in self._links:
                raws.append(beat.own_reading(name, Purpose.LIVE, now, **{beat.ONLINE: ok}))
            else:
                raws.append(beat.own_reading(HUB, Purpose.LIVE, now, **{name: not ok}))
        return raws

    def health(self, heart: beat.Beat, now: Instant) -> Health:
        """The whole picture. A line that stands still runs no checks, so whether it beats is asked here."""
        checks = dict(self._checks)
        if heart.overdue(now):
            since = checks["beat"].since if "beat" in checks and not checks["beat"].ok else now.utc
            checks["beat"] = Check("beat", ok=False, since=since, detail=beat.LATE)
        failing = any(not check.ok for check in checks.values())
        if not heart.armed:
            status: Literal["starting", "armed", "degraded"] = "starting"
        else:
            status = "degraded" if failing else "armed"
        return Health(status, checks, heart.last_beat, heart.last_self_test)


def _asked(probe: Probe, now: Instant) -> tuple[bool, Text]:
    """What a check says; one that fails itself has found something, and must not stop the others."""
    try:
        return probe(now)
    except Exception as error:  # noqa: BLE001 - shown as the check's own word
        return False, Text(f"检查本身出错:{error!r}", f"The check itself failed: {error!r}")
