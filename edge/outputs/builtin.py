"""The hub's own alarm about outputs: a command that no feedback confirmed in its time."""

from __future__ import annotations

from collections.abc import Iterable

from edge.domain.device import Device, Signal
from edge.domain.names import Text
from edge.domain.output import OutputKind
from edge.domain.rule import AlarmRule, Level, Priority, Selector

_STARTED = Text("已启动·无反馈", "Activated, no feedback")
_CLOSED = Text("已令关阀·无反馈", "Ordered to close, no feedback")
_ON_SITE = Text(
    "输出未证实动作:派人到现场查看并手动操作,检查供电与线路",
    "It did not prove that it acted: send someone to look and operate it by hand, check power and wiring",
)
_VALVE = Text(
    "阀门未证实关闭:派人到现场手动关阀,勿动电器开关",
    "The valve did not prove that it closed: send someone to close it by hand, touch no switch",
)
_DESK = Text(
    "值班台灯柱无反馈:留意屏幕与本机声音,检查其供电与线路",
    "The desk beacon does not answer: watch the screen and its sound, check the beacon's power and wiring",
)


def rules(devices: Iterable[Device]) -> list[AlarmRule]:
    """One rule per kind and id of output, at the built-in points `<device>.<output>-feedback` of `devices`."""
    found: dict[tuple[OutputKind, str], list[str]] = {}
    for device in devices:
        for spec in device.profile.outputs:
            found.setdefault((spec.kind, spec.id), []).append(device.id)
    return [_rule(kind, output, tuple(ids)) for (kind, output), ids in found.items()]


def _rule(kind: OutputKind, output: str, devices: tuple[str, ...]) -> AlarmRule:
    valve, desk = kind is OutputKind.VALVE, kind is OutputKind.DESK
    return AlarmRule(
        id=f"no-feedback-{kind.value}-{output}"[:63],
        applies=Selector(point=f"{output}-feedback", devices=devices),
        condition="state",
        levels=(
            Level(
                None,
                Priority.MEDIUM if desk else Priority.HIGH,
                _CLOSED if valve else _STARTED,
                _VALVE if valve else _DESK if desk else _ON_SITE,
            ),
        ),
        signal=Signal.FAULT,
        latch=False,
        source="practice (feedback of a started output, GB/T 26875.3-2011)",
    )
