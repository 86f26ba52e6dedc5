"""Pictures of cameras around an alarm, as its page, its incident's and the wall show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request

from edge.domain.alarm import Alarm
from edge.domain.camera import CameraZone
from edge.domain.footage import Finding, Shot, StillSet
from edge.domain.names import Text
from edge.facade import CameraState, Hub
from web.api.v1.looking import sees
from web.auth import Visitor


@dataclass(frozen=True, slots=True)
class Sight:
    """What one camera showed around an alarm.

    id: of the set of pictures, erased: since when they are gone. about: µs UTC of the alarm. zones: those of the
    picture that the finding lies in. films: (id of the set, film). shown: whether this visitor sees the pictures
    themselves, and not only that there are some.
    """

    id: str
    device: str
    name: Text
    place: Text
    about: int
    shots: Sequence[Shot]
    films: Sequence[tuple[str, Shot]]
    finding: Finding | None
    zones: Sequence[CameraZone]
    erased_at: int | None
    shown: bool


async def sights_of(request: Request, hub: Hub, visitor: Visitor, alarm: Alarm) -> list[Sight]:
    """One for each set that is no film, oldest first; films stand with the first of their camera."""
    shown = sees(request, hub, visitor, alarm)
    sets = await hub.alarm_stills(alarm.id)
    cameras = {state.device.id: state for state in hub.cameras()}
    films: dict[str, list[tuple[str, Shot]]] = {}
    for one in sets:
        films.setdefault(one.device, []).extend((one.id, s) for s in one.pictures if s.moment == "clip")
    found = []
    for one in sets:
        shots = [shot for shot in one.pictures if shot.moment != "clip"]
        if shots:
            made = films.pop(one.device, [])
            found.append(await _sight(hub, alarm, one, shots, made, cameras.get(one.device), shown))
    return found


async def _sight(
    hub: Hub, alarm: Alarm, one: StillSet, shots: Sequence[Shot], films: Sequence[tuple[str, Shot]],
    camera: CameraState | None, shown: bool,
) -> Sight:  # fmt: skip
    row = await hub.case("finding", one.finding) if one.finding else None
    finding = None if row is None else Finding.from_dict(row)
    zones = [
        zone for zone in (camera.zones if camera else ()) if finding is not None and zone.id == finding.zone
    ]
    own = Text(one.device, one.device)  # a camera that is no longer of the site
    return Sight(
        one.id, one.device, camera.device.name if camera else own, camera.device.place if camera else own,
        alarm.raised_at, shots, films, finding, zones, one.erased_at, shown,
    )  # fmt: skip
