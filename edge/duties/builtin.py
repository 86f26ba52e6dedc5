"""The hub's own alarm about duties: one that was not done in its time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from edge.domain.device import Device, DeviceProfile, PointSpec, Signal
from edge.domain.names import Text
from edge.domain.obligation import ROUND_KINDS, Duty
from edge.domain.rule import AlarmRule, Level, Priority, Selector

DEVICE: Final = "duties"
"""Id and category of the built-in device whose points are the duties."""
_RESPONSE: Final = Text(
    "核实原因,安排补巡或补做;确不需做的由管理人写明理由免做",
    "Find out why and have it made up; what need not be done is waived by a manager with a reason",
)


def devices(duties: Iterable[Duty], room: Text) -> list[Device]:
    """The built-in device with a point for each duty, placed in the control room `room`; none without duties."""
    points = tuple(PointSpec(duty.id, duty.title, signal=Signal.SUPERVISORY) for duty in duties)
    if not points:
        return []
    name = Text("值守任务", "Duties")
    profile = DeviceProfile(
        id="edge-duties",
        maker="edge-hub",
        model=DEVICE,
        category=DEVICE,
        dialect="hub",
        points=points,
        source="built in",
        expect=0.0,
        name=name,
        built_in=True,
    )
    place = Text(f"{room.zh} {name.zh}", f"{room.en}, {name.en}")
    return [Device(DEVICE, profile, name, "", name, place, DEVICE)]


def rules(duties: Iterable[Duty]) -> list[AlarmRule]:
    """One rule for each duty, so that its alarm says what was missed."""
    return [
        AlarmRule(
            id=f"missed-{duty.id}"[:63],
            applies=Selector(category=DEVICE, point=duty.id),
            condition="state",
            levels=(Level(None, Priority.MEDIUM, _title(duty), _RESPONSE),),
            signal=Signal.SUPERVISORY,
            latch=False,
            source="practice",
        )
        for duty in duties
    ]


def _title(duty: Duty) -> Text:
    if duty.kind in ROUND_KINDS:
        return Text(f"漏巡:{duty.title.zh}", f"Round missed: {duty.title.en}")
    return Text(f"未按时完成:{duty.title.zh}", f"Not done in time: {duty.title.en}")
