"""Two rules of the hub's own, which no rule file can leave out."""

from __future__ import annotations

from typing import Final

from edge.domain import lifecycle
from edge.domain.device import Signal
from edge.domain.instant import DAY
from edge.domain.names import Text
from edge.domain.rule import AlarmRule, Level, Priority, Selector

STUCK_AFTER: Final = DAY

# A broker's retained copy says "in alarm", but nobody knows since when, or whether it still is. It may not raise a
# fire (home-assistant/core#86992), nor may it be passed over.
UNCONFIRMED: Final = AlarmRule(
    id=lifecycle.UNCONFIRMED,
    applies=Selector(),
    condition="state",
    levels=(
        Level(
            None,
            Priority.HIGH,
            Text("报警状态待核实", "Alarm state unconfirmed"),
            Text(
                "平台只收到此前保留的报警状态:到现场查看;设备重新上报后自动结束,或确无异常后复位",
                "Only a retained alarm state was received: check on site; a new report or a reset ends it",
            ),
        ),
    ),
    signal=Signal.SUPERVISORY,
    latch=True,
    source="practice",
)

# The light holds until reset (GB/T 45839-2025 5.4.2) and nothing re-arms a fire by itself, so a sensor that sticks
# would show a fire for ever (Koenkk/zigbee2mqtt#7837, #1669).
STUCK: Final = AlarmRule(
    id=lifecycle.STUCK,
    applies=Selector(),
    condition="state",
    levels=(
        Level(
            None,
            Priority.HIGH,
            Text("报警超过24小时未复位", "Not reset for 24 hours"),
            Text(
                "到现场核实;探测器卡滞的先修理或更换,再复位原报警",
                "Check on site; repair or replace a stuck detector, then reset the alarm",
            ),
        ),
    ),
    signal=Signal.SUPERVISORY,
    latch=False,
    source="practice",
)

BUILTIN: Final = frozenset({UNCONFIRMED.id, STUCK.id})
