"""Cameras 视频: the wall of them, one with what it found, and its zones being drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.domain.alarm import Alarm
from edge.domain.camera import DWELL, Camera, CameraZone, Polygon
from edge.domain.camera import View as Seen
from edge.domain.device import Device, Signal
from edge.domain.footage import DETECTED, ZONE_CHECKS, CameraSetting, Figures, Finding, StillSet, zone_to_dict
from edge.domain.names import Text
from edge.facade import AlarmQuery, CameraModel, CameraState, CaseQuery, Hub
from web.api.v1.cameras import LAST, camera_of, last_findings
from web.api.v1.looking import openings_of, session_of
from web.auth import Perm, Visitor, hub_of, require
from web.i18n import mark as _
from web.i18n import translations
from web.pages import camera_words, render
from web.pages.view import View

router = APIRouter(include_in_schema=False)

SeeingVisitor = Annotated[Visitor, Depends(require(Perm.SEE))]
_OFF: Final = Seen("off", Text("", ""))
_USUAL: Final = ("left-object",)
"""What a zone that was just drawn is looked at for, until somebody says otherwise."""
_FAULTS: Final = 8
_KEPT: Final = 10
PARTS: Final = {"verifier": _("Model of the second look"), "detector": _("Model of people and vehicles")}
SCRIPT_WORDS: Final = {
    "judged": _("The verdict is on record and counts in the figures."),
    "making": _("Making the film…"),
    "too_many": _("There are too many for now. Try again later."),
    "too_late": _("The camera no longer holds the pictures of then."),
}
ZONE_WORDS: Final = {
    "mask_n": _("Mask %(n)s"),
    "how_to_draw": _(
        "Press the corners one after another; the first one again, or Enter, closes it. Esc gives up."
    ),
    "corner_set": _("Corner %(n)s: %(x)s % from the left, %(y)s % from above"),
    "three_corners": _("At least three corners are needed"),
    "open_shape": _(
        "The shape being drawn needs at least three corners, so far it has: %(n)s. Set more, or press its button "
        "again to drop it."
    ),
    "closed": _("%(name)s is drawn, with %(n)s corners"),
    "pen_at": _("%(x)s % from the left, %(y)s % from above"),
    "moved_to": _("moved to %(x)s % from the left, %(y)s % from above"),
    "removed": _("%(name)s is removed"),
    "corner_removed": _("Corner removed, %(n)s are left"),
    "corner_added": _("Corner added, there are %(n)s"),
    "undone": _("Undone"),
    "redone": _("Done again"),
    "loaded": _("Version %(n)s is loaded; it counts when it is saved"),
    "shape_said": _("%(name)s, %(n)s corners"),
    "corner_said": _("%(name)s, corner %(n)s of %(all)s: %(x)s % from the left, %(y)s % from above"),
    "crossed": _("%(name)s: its sides cross"),
    "no_checks": _("%(name)s: choose what is looked for in it"),
    "unsent": _("No answer from the hub: what is drawn is not saved yet."),
}
ZONE_NAME: Final = _("Zone %(n)s")
PROBLEMS: Final = {
    "too_many": _("There are too many"),
    "bad_id": _("Its id cannot be used"),
    "same_id": _("Another zone has this id"),
    "no_name": _("A zone needs a name"),
    "bad_name": _("Its name has control characters, or some that turn the direction of writing"),
    "long_name": _("Its name is too long"),
    "unknown_check": _("This cannot be looked for in a zone"),
    "no_detector": _("This camera has no model of people and vehicles"),
    "bad_dwell": _("It counts after 1 second to a day"),
    "corners": _("It needs 3 to 64 corners"),
    "same_corner": _("It has the same corner twice"),
    "not_number": _("A corner is no number"),
    "outside": _("A corner lies outside of the picture"),
    "too_small": _("It is too small to see anything in"),
    "all_masked": _("The masks together cover more than nine tenths of the picture"),
    "newer_version": _("Somebody else has saved other zones meanwhile. Load the page again."),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A camera as the pages show it. view: never None, for the state that says so has its words."""

    camera: Camera
    device: Device
    view: Seen
    zones: Sequence[CameraZone]
    masks: Sequence[Polygon]
    version: int
    by: str | None
    open: Sequence[Finding]
    figures: Mapping[str, Figures]
    models: Sequence[CameraModel]

    @classmethod
    def of(cls, state: CameraState) -> Shown:
        """What the hub says of it."""
        return cls(
            state.camera, state.device, state.view or _OFF, state.zones, state.masks, state.version, state.drawn_by,
            state.findings, state.figures, state.models,
        )  # fmt: skip

    def zone(self, v: View, id: str) -> str:
        """What a zone of the picture is called; empty for all of it."""
        found = next((zone for zone in self.zones if zone.id == id), None)
        return v.text(found.name) if found else id


@router.get("/cameras")
async def wall(request: Request, visitor: SeeingVisitor) -> HTMLResponse:
    """All cameras with their pictures, once a reason is given."""
    cameras = [Shown.of(state) for state in hub_of(request).cameras()]
    off = bool(cameras) and all(one.view.state == "off" for one in cameras)
    return await page(request, visitor, "cameras.html", cameras=cameras, off=off)


@router.get("/cameras/{id}")
async def one(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """One camera: its picture with zones and boxes, its checks and state, what it found and why."""
    hub = hub_of(request)
    shown = Shown.of(camera_of(hub, id))
    ids = [state.device.id for state in hub.cameras()]
    at = ids.index(id)
    kept = await hub.cases("stills", CaseQuery(where={"device": id}, limit=_KEPT))
    return await page(
        request, visitor, "camera.html", one=shown, findings=await last_findings(hub, id, LAST),
        former=ids[at - 1] if at else None, following=ids[at + 1] if at + 1 < len(ids) else None,
        checks=_checks(shown), busy={f.check for f in shown.open},
        faults=await _faults(hub, id), kept=[StillSet.from_dict(row) for row in kept.items],
        figures=sorted(shown.figures.items()), parts=PARTS, here="/cameras",
    )  # fmt: skip


@router.get("/cameras/{id}/zones")
async def zones(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """Its zones and masks, drawn over its newest picture."""
    hub = hub_of(request)
    shown = Shown.of(camera_of(hub, id))
    versions = await _versions(hub, shown)
    given = {
        "camera": id,
        "version": shown.version,
        "zones": [_plain(zone) for zone in shown.zones],
        "masks": shown.masks,
        "usual": _USUAL,
        "dwell": DWELL,
        "versions": [
            {"version": v["version"], "zones": [_plain(zone) for zone in v["zones"]], "masks": v["masks"]}
            for v in versions
        ],
    }
    return await page(
        request, visitor, "zones.html", one=shown, given=given, versions=versions, zone_words=_zone_words,
        zone_checks=_choices(shown, versions), here="/cameras",
    )  # fmt: skip


async def page(request: Request, visitor: Visitor, template: str, **more: Any) -> HTMLResponse:
    """A page about cameras. looking: whether this visitor has said why they look."""
    now = hub_of(request).now().mono
    looking = visitor.may(Perm.CAMERA) and openings_of(request).reason(session_of(visitor), now) is not None
    return await render.page(
        request, visitor, template, cw=camera_words, looking=looking, footage_words=script_words, **more
    )


def script_words(v: View) -> Mapping[str, str]:
    """For `footage.js`."""
    return {key: v.word(words) for key, words in SCRIPT_WORDS.items()}


def _zone_words(v: View) -> Mapping[str, str | Mapping[str, str]]:
    """zone_n: what a new zone is called until somebody says otherwise, each language in its own words."""
    said = {key: v.word(words) for key, words in (ZONE_WORDS | PROBLEMS).items()}
    named = {"zh": translations("zh").gettext(ZONE_NAME), "en": translations("en").gettext(ZONE_NAME)}
    return {**said, "zone_n": named, "language": v.language}


def _checks(shown: Shown) -> Mapping[str, Sequence[Text]]:
    """What is looked for, and in which zones; none: in the whole picture."""
    found: dict[str, list[Text]] = {id: [] for id in shown.camera.checks}
    for zone in shown.zones:
        for id in zone.checks:
            if id not in shown.camera.checks:
                found.setdefault(id, []).append(zone.name)
    return found


async def _faults(hub: Hub, id: str) -> Sequence[Alarm]:
    """When it could not see of late."""
    return (await hub.alarms(AlarmQuery(device=id, signal=Signal.FAULT, limit=_FAULTS))).items


async def _versions(hub: Hub, shown: Shown) -> list[dict[str, Any]]:
    """The drawings of before, newest first, and at last what the site's folder says."""
    drawn = [
        (fact, CameraSetting.from_dict(fact.body)) for fact in await hub.case_story("camera", shown.device.id)
    ]
    found: list[dict[str, Any]] = [
        {
            "version": setting.version, "zones": setting.zones, "masks": setting.masks, "by": setting.by,
            "at": fact.time, "note": fact.note,
        }
        for fact, setting in reversed(drawn)
    ]  # fmt: skip
    own = {
        "version": 0,
        "zones": shown.camera.zones,
        "masks": shown.camera.masks,
        "by": None,
        "at": None,
        "note": None,
    }
    return [*found, own]


def _choices(shown: Shown, versions: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a zone can be looked at for by this camera, and what one is or was, so that it can be taken away."""
    asked = {check for one in versions for zone in (*shown.zones, *one["zones"]) for check in zone.checks}
    return [
        id for id in ZONE_CHECKS if shown.camera.detector is not None or id not in DETECTED or id in asked
    ]


def _plain(zone: CameraZone) -> dict[str, Any]:
    return zone_to_dict(zone) | {"name": {"zh": zone.name.zh, "en": zone.name.en}}
