"""Devices 设备台账: the list with search and filters, one device with its points and their trends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.domain.device import Point, Signal
from edge.domain.lifecycle import VITAL
from edge.domain.rule import AlarmRule
from edge.domain.zones import within
from edge.facade import DeviceState, Hub, PointState
from web.auth import Perm, Visitor, hub_of, require
from web.i18n import mark as _
from web.pages import render
from web.problems import not_found

router = APIRouter(include_in_schema=False)

SeeingVisitor = Annotated[Visitor, Depends(require(Perm.SEE))]

ONLINE: Final = {"yes": True, "no": False, "never": None}
SORTS: Final[Mapping[str, tuple[str, Callable[[DeviceState], Any]]]] = {
    "place": (_("Place"), lambda s: s.device.zone),
    "name": (_("Name"), lambda s: s.device.name.zh),
    "heard": (_("Heard longest ago"), lambda s: s.heard_at or 0),
    "alarm": (_("Alarms first"), lambda s: (-len(s.alarms), s.device.zone)),
}
SPEAKS: Final[Mapping[str, str]] = {
    "json": _("JSON messages"),
    "modbus-rtu": _("Modbus RTU bus"),
    "zigbee2mqtt": _("Zigbee radio"),
    "at-modem": _("Modem"),
    "camera": _("Camera"),
    "frigate": _("Frigate"),
}
"""How a device is spoken to, by its dialect."""
_HOUSEKEEPING: Final = frozenset({"battery", "voltage", "rssi", "snr", "link_quality"})


@router.get("/devices")
async def device_list(
    request: Request,
    visitor: SeeingVisitor,
    q: str = "",
    category: str = "",
    zone: str = "",
    online: str = "",
    sort: str = "place",
) -> HTMLResponse:
    """All devices that fit the search and the filters."""
    hub = hub_of(request)
    key = SORTS[sort if sort in SORTS else "place"][1]
    states = sorted(_matching(hub, q, category, zone, online), key=key)
    return await render.page(
        request,
        visitor,
        "devices.html",
        devices=[(state, headline(hub, state)) for state in states],
        categories=sorted({device.profile.category for device in hub.site.devices.values()}),
        zones=_top_zones(hub),
        sorts={name: words for name, (words, _key) in SORTS.items()},
        chosen={"q": q, "category": category, "zone": zone, "online": online, "sort": sort},
    )


@router.get("/devices/{id}")
async def device_page(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """One device: its points, its open alarms, trends of what it measures."""
    hub = hub_of(request)
    state = hub.device(id)
    if state is None:
        raise not_found("device", id)
    points = [point for point in hub.points() if point.point.device.id == id]
    charts = [
        (point, limits(hub.site.rules, point.point))
        for point in points
        if point.point.spec.quantity is not None or _counted(point)
    ]
    return await render.page(
        request,
        visitor,
        "device.html",
        state=state,
        points=points,
        charts=charts,
        speaks=SPEAKS,
        here="/devices",
    )


def _counted(state: PointState) -> bool:
    """A plain number of the hub itself, which is worth a trend: queues, open files."""
    number = isinstance(state.value, int | float) and not isinstance(state.value, bool)
    return number and state.point.device.profile.built_in


def headline(hub: Hub, state: DeviceState) -> PointState | None:
    """The value a device is known by: what it measures, else its alarm state, else whatever it says."""
    specs = state.device.profile.points
    emergency = [spec for spec in specs if spec.signal in VITAL]
    measured = [spec for spec in specs if spec.quantity and spec.quantity.id not in _HOUSEKEEPING]
    states = [spec for spec in specs if spec.signal not in {None, Signal.FAULT}]
    best = next(iter([*measured, *emergency, *states, *specs]), None)
    return hub.point(f"{state.device.id}.{best.id}") if best else None


def limits(rules: Iterable[AlarmRule], point: Point) -> list[dict[str, Any]]:
    """The limits that alarm rules set for a measured point, for the lines of its trend."""
    return [
        {"value": level.limit, "priority": level.priority.value}
        for rule in rules
        if rule.condition in {"high", "low"} and rule.applies.fits(point)
        for level in rule.levels
        if level.limit is not None
    ]


def _matching(hub: Hub, q: str, category: str, zone: str, online: str) -> Iterable[DeviceState]:
    needle = q.strip().casefold()
    for state in hub.devices():
        device = state.device
        said = (device.id, device.address, device.name.zh, device.name.en, device.place.zh, device.place.en)
        if needle and not any(needle in word.casefold() for word in said):
            continue
        if category and device.profile.category != category:
            continue
        if not within(device.zone, zone):
            continue
        if online == "out" and device.id not in hub.outages():
            continue
        if online in ONLINE and state.online is not ONLINE[online]:
            continue
        if online == "alarm" and not state.alarms:
            continue
        yield state


def _top_zones(hub: Hub) -> list[tuple[str, Any]]:
    """The buildings and grounds that have devices: path and words."""
    tops = sorted({device.zone.partition("/")[0] for device in hub.site.devices.values()})
    return [(top, hub.site.zones[top].name if top in hub.site.zones else None) for top in tops]
