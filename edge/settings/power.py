"""[power]: which UPS feeds the hub, and when the machine stops before it is empty."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from edge.domain.device import Device
from edge.domain.power import PowerPlan
from edge.settings.document import checked
from edge.settings.models import Id, Table
from edge.settings.problems import Report, Sheet, nearest

UPS = "ups"
"""Category of the supplies."""


class PowerTable(Table):
    """[power]"""

    ups: Id
    stop_at_minutes: float = Field(3.0, ge=0, le=120)


def read_power(report: Report, sheet: Sheet, devices: Mapping[str, Device]) -> PowerPlan | None:
    """The table [power], None where there is none or it is faulty."""
    if "power" not in sheet.data:
        return None
    table = checked(report, sheet, ("power",), sheet.data["power"], PowerTable)
    if table is None:
        return None
    supplies = {id for id, device in devices.items() if device.profile.category == UPS}
    if table.ups not in supplies:
        message = f"no device {table.ups!r} of category {UPS} is in devices/"
        report.add(sheet, ("power", "ups"), "unknown_device", message, nearest(table.ups, supplies))
        return None
    return PowerPlan(table.ups, table.stop_at_minutes)
