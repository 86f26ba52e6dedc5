"""The JSON shapes of cameras: how one does, what it found, the pictures kept, who looked at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import TypedDict

from edge.domain.camera import CameraZone, Polygon
from edge.domain.footage import Finding, Shot, StillSet, Viewing
from edge.domain.instant import to_rfc3339
from edge.facade import CameraState
from web.api.v1.schema import Words
from web.api.v1.shapes import tamed, time_of, words


class ZoneShape(TypedDict):
    """A zone of the picture. polygon: corners [x, y], 0 to 1; dwell: seconds."""

    id: str
    name: Words
    polygon: list[list[float]]
    checks: list[str]
    dwell: float


class ModelShape(TypedDict):
    """A model that the site dropped in: "verifier" or "detector"; licence as its card says, null where it says none.

    problem: why it is not asked, null where nothing is known against it.
    """

    part: str
    name: str
    licence: str | None
    problem: Words | None


class JudgementShape(TypedDict):
    """What a person said of a finding: "real" or "false"."""

    kind: str
    by: str
    at: str


class FindingShape(TypedDict):
    """An episode of something seen. zone: of the picture, null for all of it; box: x, y, width, height, 0 to 1.

    why: the numbers that decided. verified: what a second look by a model said. aged: it lasted too long to be
    believed.
    """

    id: str
    open: bool
    opened_at: str
    closed_at: str | None
    camera: str
    check: str
    kind: str
    zone: str | None
    score: float
    box: list[float] | None
    since: str
    ended_at: str | None
    aged: bool
    why: dict[str, float | None]
    verified: bool | None
    purpose: str
    alarm: str | None
    hazard: str | None
    verdict: JudgementShape | None


class FiguresShape(TypedDict):
    """Of 30 days."""

    findings: int
    real: int
    false: int


class CameraShape(TypedDict):
    """A camera. state: ok, starting, off, or why there is no picture; checks: looked for in the whole picture.

    version: of the zones people drew, 0 where they are those of the site's folder. findings: open ones.
    """

    id: str
    source: str
    name: Words
    place: Words
    zone: str
    covers: list[str]
    state: str
    detail: Words
    frame_at: str | None
    fps: float
    cost_ms: float
    width: int | None
    height: int | None
    checks: list[str]
    learning: list[str]
    zones: list[ZoneShape]
    masks: list[list[list[float]]]
    version: int
    drawn_by: str | None
    models: list[ModelShape]
    findings: list[FindingShape]
    figures: dict[str, FiguresShape]


class OneCameraShape(CameraShape):
    """A camera with its last findings."""

    last_findings: list[FindingShape]


class ShotShape(TypedDict):
    """One picture or film. moment: before, at, after, clip. taken_at null: there is none (see missing), or not yet."""

    id: str
    moment: str
    wanted_at: str
    taken_at: str | None
    mime: str
    sha256: str | None
    width: int | None
    height: int | None
    size: int | None
    missing: Words | None


class StillsShape(TypedDict):
    """Pictures of one camera around one moment. erased_at: since then no file is left; kept_until null: not certain.

    others: more alarms of that moment whose pictures these are.
    """

    id: str
    open: bool
    opened_at: str
    camera: str
    alarm: str | None
    others: list[str]
    finding: str | None
    by: str | None
    purpose: str
    kept_until: str | None
    erased_at: str | None
    pictures: list[ShotShape]


class ViewingShape(TypedDict):
    """A look at footage (viewed), or a request to: asked, granted, refused, viewed, lapsed."""

    id: str
    open: bool
    state: str
    opened_at: str
    by: str
    camera: str | None
    alarm: str | None
    stills: list[str]
    asker: str | None
    reason: str
    start: str | None
    end: str | None
    answer: str | None
    decided_by: str | None
    decided_at: str | None
    viewed_at: str | None
    closed_at: str | None
    lapses_at: str | None


class OpeningShape(TypedDict):
    """From now on this person looks, for this reason; it ends a quarter of an hour after the last picture."""

    reason: str
    until: str


def polygon(corners: Polygon) -> list[list[float]]:
    """Corners as JSON."""
    return [list(corner) for corner in corners]


def zones(found: Sequence[CameraZone]) -> list[ZoneShape]:
    """Zones as JSON."""
    return [
        {
            "id": zone.id, "name": words(zone.name), "polygon": polygon(zone.polygon), "checks": list(zone.checks),
            "dwell": zone.dwell,
        }
        for zone in found
    ]  # fmt: skip


def camera(state: CameraState) -> CameraShape:
    """A camera as it stands."""
    view = state.view
    return {
        "id": state.device.id,
        "source": state.camera.source,
        "name": words(state.device.name),
        "place": words(state.device.place),
        "zone": state.device.zone,
        "covers": list(state.camera.covers),
        "state": view.state if view else "off",
        "detail": words(view.detail) if view else {"zh": "", "en": ""},
        "frame_at": time_of(view.frame_at) if view else None,
        "fps": round(view.fps, 2) if view else 0.0,
        "cost_ms": round(view.cost, 2) if view else 0.0,
        "width": view.width or None if view else None,
        "height": view.height or None if view else None,
        "checks": list(state.camera.checks),
        "learning": list(view.learning) if view else [],
        "zones": zones(state.zones),
        "masks": [polygon(mask) for mask in state.masks],
        "version": state.version,
        "drawn_by": state.drawn_by,
        "models": [
            {
                "part": m.part, "name": m.name, "licence": m.licence or None,
                "problem": words(m.problem) if m.problem else None,
            } for m in state.models
        ],
        "findings": [finding(one) for one in state.findings],
        "figures": {
            kind: {"findings": f.findings, "real": f.real, "false": f.false} for kind, f in state.figures.items()
        },
    }  # fmt: skip


def finding(one: Finding) -> FindingShape:
    """A finding."""
    judged = one.verdict
    return {
        "id": one.id,
        "open": one.open,
        "opened_at": to_rfc3339(one.opened_at),
        "closed_at": time_of(one.closed_at),
        "camera": one.device,
        "check": one.check,
        "kind": one.kind,
        "zone": one.zone or None,
        "score": one.score,
        "box": None if one.box is None else list(one.box),
        "since": to_rfc3339(one.since),
        "ended_at": time_of(one.ended),
        "aged": one.aged,
        "why": tamed(one.why),
        "verified": one.verified,
        "purpose": one.purpose,
        "alarm": one.alarm,
        "hazard": one.hazard,
        "verdict": None
        if judged is None
        else {"kind": judged.kind, "by": judged.by, "at": to_rfc3339(judged.at)},
    }


def _shot(shot: Shot) -> ShotShape:
    return {
        "id": shot.id,
        "moment": shot.moment,
        "wanted_at": to_rfc3339(shot.wanted),
        "taken_at": time_of(shot.taken),
        "mime": shot.mime,
        "sha256": shot.sha256 or None,
        "width": shot.width or None,
        "height": shot.height or None,
        "size": shot.size or None,
        "missing": None if shot.missing is None else words(shot.missing),
    }


def stills(one: StillSet) -> StillsShape:
    """A set of pictures."""
    return {
        "id": one.id,
        "open": one.open,
        "opened_at": to_rfc3339(one.opened_at),
        "camera": one.device,
        "alarm": one.alarm,
        "others": list(one.others),
        "finding": one.finding,
        "by": one.by,
        "purpose": one.purpose,
        "kept_until": time_of(one.kept_until),
        "erased_at": time_of(one.erased_at),
        "pictures": [_shot(shot) for shot in one.pictures],
    }


def viewing(body: Mapping[str, Any]) -> ViewingShape:
    """A viewing, from the body of its case."""
    one = Viewing.from_dict(body)
    return {
        "id": one.id,
        "open": one.open,
        "state": one.state,
        "opened_at": to_rfc3339(one.opened_at),
        "by": one.by,
        "camera": one.camera,
        "alarm": one.alarm,
        "stills": list(one.stills),
        "asker": one.asker or None,
        "reason": one.reason,
        "start": time_of(one.start),
        "end": time_of(one.end),
        "answer": one.answer or None,
        "decided_by": one.decided_by,
        "decided_at": time_of(one.decided_at),
        "viewed_at": time_of(one.viewed_at),
        "closed_at": time_of(one.closed_at),
        "lapses_at": time_of(one.lapses_at),
    }
