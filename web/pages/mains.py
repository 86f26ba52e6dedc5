"""What runs on its battery since the mains failed, and for how long it will still run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.facade import Hub
from web.i18n import mark as _
from web.pages.view import View

CATEGORY: Final = "ups"
LEFT: Final = "minutes-left"
_LEFT: Final = _("%(hours)s h %(minutes)s min left on backup power")
_SOON: Final = _("%(minutes)s min left on backup power")
_UNKNOWN: Final = _("time left on backup power unknown")


@dataclass(frozen=True, slots=True)
class OnBattery:
    """A supply without mains. alarm: id of the alarm that says so. minutes: None when it says none."""

    device: str
    alarm: str
    minutes: int | None

    def words(self, view: View) -> str:
        """The supply and its time."""
        if self.minutes is None:
            left = view.word(_UNKNOWN)
        else:
            hours, minutes = divmod(self.minutes, 60)
            left = view.word(_LEFT if hours else _SOON) % {"hours": hours, "minutes": minutes}
        return view.joined(view.device_name(self.device), left)


def on_battery(hub: Hub) -> list[OnBattery]:
    """Every supply whose mains alarm is active, in the order of the wall."""
    found: dict[str, OnBattery] = {}
    for alarm in hub.open_alarms():
        if not alarm.active or alarm.device in found or not alarm.point.endswith(".mains-lost"):
            continue
        state = hub.device(alarm.device)
        if state is None or state.device.profile.category != CATEGORY:
            continue
        left = hub.point(f"{alarm.device}.{LEFT}")
        known = left is not None and left.quality != "bad" and isinstance(left.value, int | float)
        minutes = max(0, round(left.value)) if known else None  # type: ignore[union-attr, arg-type]
        found[alarm.device] = OnBattery(alarm.device, alarm.id, minutes)
    return list(found.values())
