"""What stands near an alarm: devices of the same flat, floor and stair, what they say and their last minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge.domain.alarm import Alarm
from edge.domain.instant import MINUTE
from edge.domain.lifecycle import VITAL
from edge.facade import Hub, PointState
from web.i18n import mark as _
from web.pages.sparkline import Sparkline, sparkline

AROUND: Final = 10 * MINUTE
_MOST: Final = 12
_UPKEEP: Final = frozenset({"battery", "rssi", "snr", "voltage"})
"""What tells about the device, not about the place."""
NEAR: Final = {4: _("same flat"), 3: _("same floor"), 2: _("same stair")}
"""Words by how many parts of the path are the same."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One point near an alarm. near: message id of how near; trend: of the last ten minutes, None for a state."""

    state: PointState
    near: str
    trend: Sparkline | None


async def neighbours(hub: Hub, alarm: Alarm) -> Sequence[Neighbour]:
    """The nearest first; without a place nobody is near."""
    found = []
    for state in hub.points():
        device, spec = state.point.device, state.point.spec
        tells = spec.signal in VITAL or (spec.quantity is not None and spec.quantity.id not in _UPKEEP)
        if device.profile.built_in or state.point.id == alarm.point or not tells:
            continue
        shared = _shared(alarm.zone, device.zone)
        if shared >= min(NEAR):
            found.append((min(shared, max(NEAR)), state))
    found.sort(key=lambda one: (-one[0], one[1].point.device.zone, one[1].point.id))
    return [Neighbour(state, NEAR[shared], await _trend(hub, state)) for shared, state in found[:_MOST]]


def _shared(one: str, other: str) -> int:
    """How many leading parts two paths have in common."""
    count = 0
    for mine, theirs in zip(one.split("/"), other.split("/"), strict=False):
        if not mine or mine != theirs:
            break
        count += 1
    return count


async def _trend(hub: Hub, state: PointState) -> Sparkline | None:
    if state.point.spec.quantity is None:
        return None
    end = hub.now().utc
    return sparkline(
        (await hub.series(state.point.id, end - AROUND, end, 120)).items, end - AROUND, end, None
    )
