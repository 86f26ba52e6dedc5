"""The state of a bus in plain words, with the mend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from drivers.modbus_rtu.polling import Unit
from edge.domain.names import Text

NOT_OPENED: Final = Text("尚未打开", "Not opened yet")
STOPPED: Final = "the hub stops"
WAITING: Final = Text("已打开,等待首次应答", "Open, waiting for the first answer")
ALL_WELL: Final = Text("通信正常", "All devices answer")
NO_UNITS: Final = Text("已打开,此总线未配置设备", "Open; no device is set up on this bus")
NOBODY: Final = Text(
    "已打开,但没有设备应答:请检查设备供电、A/B 接线、波特率、校验与地址",
    "Open, but no device answers: check their power, the wires A and B, baud rate, parity and unit addresses",
)


def opened(units: Sequence[Unit]) -> tuple[bool, Text]:
    """(up, detail) of a bus whose port is open: it is up while somebody answers."""
    lost = [str(unit.number) for unit in units if unit.lost]
    if not units:
        return True, NO_UNITS
    if len(lost) == len(units):
        return False, NOBODY
    if lost:
        return True, Text(
            f"{len(lost)} 台设备失联:地址 {'、'.join(lost)}",
            f"{len(lost)} of {len(units)} devices do not answer: unit {', '.join(lost)}",
        )
    if not any(unit.answered for unit in units):
        return False, WAITING
    return True, ALL_WELL
