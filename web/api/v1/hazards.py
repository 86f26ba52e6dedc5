"""Hazards: the ledger, one with its story, and what people do about it until another one strikes it off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request, Response
from pydantic import Field
from starlette.responses import JSONResponse

from edge.domain.hazard import (
    AddHazardPhoto,
    AskExtension,
    AssignHazard,
    CancelHazard,
    Category,
    CommentHazard,
    DecideExtension,
    Grade,
    GradeHazard,
    HazardRequest,
    HazardState,
    InterimControl,
    Rectify,
    Reinspect,
    ReportHazard,
)
from edge.domain.hazard_parts import PhotoKind, SourceKind
from edge.domain.names import Text
from edge.domain.reading import Purpose
from edge.facade import Hub, Kept
from web.api.routers import api_router
from web.api.v1 import cases, hazard_ledger, photos, shapes
from web.api.v1.params import (
    Body,
    Id,
    IdempotencyKey,
    Prose,
    TheHub,
    answer,
    carried_out,
    shown,
)
from web.api.v1.schema import FactShape, Listing
from web.auth import Perm, Visitor, require
from web.problems import Problem, not_found

router = api_router(tags=["hazards"])
router.routes += hazard_ledger.router.routes  # before what takes any word for an id
SEE: Final = Depends(require(Perm.SEE))
Reporter = Annotated[Visitor, Depends(require(Perm.REPORT))]
Keeper = Annotated[Visitor, Depends(require(Perm.HAZARD))]
Inspector = Annotated[Visitor, Depends(require(Perm.VERIFY))]
Line = Annotated[Prose, Field(min_length=1, max_length=200)]
Since = Annotated[str | None, Query(description="RFC 3339: reported at or after.")]


class ReportBody(Body):
    """What is left out is taken from the device or alarm. spot: where in the zone, in words.

    suspected: it looks like a major one. separate: another one than what is open there in this category.
    """

    title: Line
    category: Category
    zone: Line | None = None
    spot: Annotated[Prose, Field(max_length=100)] = ""
    device: Line | None = None
    alarm: Line | None = None
    unit: Line | None = None
    source: SourceKind = "person"
    source_id: Annotated[Prose, Field(max_length=64)] = ""
    suspected: bool = False
    separate: bool = False
    note: Prose | None = None


class GradeBody(Body):
    """element: of the list, for a major one. interim: the control that stands meanwhile."""

    grade: Grade
    element: Line | None = None
    interim: Prose | None = None
    note: Prose | None = None


class AssignBody(Body):
    """unit: of the register; person: an account or somebody of the roster; skill: a work order goes out.

    due_hours: less than the grade gives, more is the manager's.
    """

    unit: Line | None = None
    person: Line | None = None
    measures: Annotated[Prose, Field(max_length=500)] = ""
    skill: Annotated[Prose, Field(max_length=63)] = ""
    due_hours: Annotated[float | None, Field(gt=0, le=24 * 366)] = None
    note: Prose | None = None


class NoteBody(Body):
    """note: in one's own words."""

    note: Prose


class RectifyBody(Body):
    """note: what was done."""

    note: Prose | None = None


class ReinspectBody(Body):
    """passed: strike it off, else reason says why it goes back. override: why without the sensor's proof."""

    passed: bool
    reason: Line | None = None
    override: Line | None = None
    note: Prose | None = None


class AskBody(Body):
    """hours more, and why."""

    hours: Annotated[float, Field(gt=0, le=24 * 366)]
    note: Prose


class DecideBody(Body):
    """The manager's answer."""

    granted: bool
    note: Prose | None = None


class CancelBody(Body):
    """reason: a stable word (mistaken, duplicate) or one's own."""

    reason: Line
    note: Prose | None = None


@router.get("/hazards", dependencies=[SEE], responses=shown(Listing[dict[str, Any]]))
async def hazards(
    hub: TheHub,
    page: cases.Page,
    state: HazardState | None = None,
    is_open: cases.Open = None,
    category: Category | None = None,
    grade: Grade | None = None,
    unit: Annotated[str | None, Query(max_length=63)] = None,
    zone: Annotated[str | None, Query(max_length=200)] = None,
    device: Annotated[str | None, Query(max_length=63)] = None,
    overdue: bool | None = None,
) -> JSONResponse:
    """The ledger, newest first."""
    wanted = {
        "state": None if state is None else state.value, "category": category, "grade": grade, "unit": unit,
        "zone": zone, "device": device, "overdue": None if overdue is None else str(int(overdue)),
    }  # fmt: skip
    return await cases.listing(hub, "hazard", page, wanted, is_open)


@router.get("/hazards/{id}", dependencies=[SEE])
async def hazard(hub: TheHub, id: Id) -> JSONResponse:
    """One hazard."""
    return answer(shapes.case(await cases.one(hub, "hazard", id)))


@router.get("/hazards/{id}/story", dependencies=[SEE], responses=shown(Listing[FactShape]))
async def story(hub: TheHub, id: Id) -> JSONResponse:
    """All facts about one hazard, oldest first."""
    return await cases.story(hub, "hazard", id)


@router.post("/hazards")
async def report(
    hub: TheHub, visitor: Reporter, body: ReportBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Report one: where one of its category is open at the place this becomes a source of it (see `id`)."""
    return await _act(hub, await _report(hub, visitor, body), visitor, key)


@router.post("/hazards/{id}/grade")
async def grade(
    hub: TheHub, id: Id, visitor: Keeper, body: GradeBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Grade it: 403 `not_manager`, 422 `element_required`, `interim_required`."""
    await cases.one(hub, "hazard", id)
    request = GradeHazard(id, visitor.name, body.grade, body.element, body.interim, body.note)
    return await _act(hub, request, visitor, key)


@router.post("/hazards/{id}/assign")
async def assign(
    hub: TheHub, id: Id, visitor: Keeper, body: AssignBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Say who rectifies it, and send a crew where a skill is named. 409 `not_graded`, 403 `not_manager`."""
    await cases.one(hub, "hazard", id)
    _unit(hub, body.unit)
    if (
        body.person is not None
        and body.person not in hub.site.roster.persons
        and await hub.accounts.account(body.person) is None
    ):
        raise Problem(422, "unknown_person", f"There is nobody {body.person!r}.")
    due = None if body.due_hours is None else body.due_hours * 3600
    request = AssignHazard(
        id, visitor.name, body.unit, body.person, body.measures, body.skill, due, body.note
    )
    return await _act(hub, request, visitor, key)


@router.post("/hazards/{id}/interim")
async def interim(
    hub: TheHub, id: Id, visitor: Keeper, body: NoteBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Record the control that stands meanwhile."""
    await cases.one(hub, "hazard", id)
    return await _act(hub, InterimControl(id, visitor.name, body.note), visitor, key)


@router.post("/hazards/{id}/comment")
async def comment(
    hub: TheHub, id: Id, visitor: Reporter, body: NoteBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Put a remark into its story."""
    await cases.one(hub, "hazard", id)
    return await _act(hub, CommentHazard(id, visitor.name, body.note), visitor, key)


@router.post("/hazards/{id}/rectify")
async def rectify(
    hub: TheHub, id: Id, visitor: Reporter, body: RectifyBody | None = None, key: IdempotencyKey = None
) -> JSONResponse:
    """Say that it is rectified, without a work order: 409 `photo_required`, `wrong_step`, `not_graded`."""
    await cases.one(hub, "hazard", id)
    return await _act(hub, Rectify(id, visitor.name, body.note if body else None), visitor, key)


@router.post("/hazards/{id}/reinspect")
async def reinspect(
    hub: TheHub, id: Id, visitor: Inspector, body: ReinspectBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Strike it off or send it back: 409 `same_person`, `not_proved`, `not_graded`; 422 `reason_required`."""
    await cases.one(hub, "hazard", id)
    request = Reinspect(id, visitor.name, body.passed, body.reason, body.override, body.note)
    return await _act(hub, request, visitor, key)


@router.post("/hazards/{id}/extension")
async def extension(
    hub: TheHub, id: Id, visitor: Reporter, body: AskBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Ask for more time; the manager decides."""
    await cases.one(hub, "hazard", id)
    return await _act(hub, AskExtension(id, visitor.name, body.hours * 3600, body.note), visitor, key)


@router.post("/hazards/{id}/extension/decide")
async def decide(
    hub: TheHub, id: Id, visitor: Keeper, body: DecideBody, key: IdempotencyKey = None
) -> JSONResponse:
    """The manager's answer: 403 `not_manager`, 409 `same_person`, `wrong_step`."""
    await cases.one(hub, "hazard", id)
    return await _act(hub, DecideExtension(id, visitor.name, body.granted, body.note), visitor, key)


@router.post("/hazards/{id}/cancel")
async def cancel(
    hub: TheHub, id: Id, visitor: Keeper, body: CancelBody, key: IdempotencyKey = None
) -> JSONResponse:
    """It is none: a confirmed one only by the manager, 403 `not_manager`."""
    await cases.one(hub, "hazard", id)
    return await _act(hub, CancelHazard(id, visitor.name, body.reason, body.note), visitor, key)


@router.post("/hazards/{id}/photos")
async def add_photo(
    request: Request,
    hub: TheHub,
    id: Id,
    visitor: Reporter,
    kind: PhotoKind = "other",
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Add a photo: the body is the picture itself, as with work orders. 422 `bad_picture`, 413, 503."""
    body = await cases.one(hub, "hazard", id)
    picture = await request.body()
    about = f"{id}|{body['sent_back']}|{kind}|{visitor.name}|"
    photo = photos.photo_id(body["opened_at"], about, picture)

    async def look() -> tuple[Mapping[str, Any], set[str]]:
        now = await cases.one(hub, "hazard", id)
        return now, {kept["id"] for kept in now["photos"]}

    async def act(made: Kept) -> JSONResponse:
        add = AddHazardPhoto(id, visitor.name, photo, kind, made.sha256, made.width, made.height)
        return await _act(hub, add, visitor, key)

    return await photos.added(hub, visitor, photo, picture, look, act)


@router.get("/hazards/{id}/photos/{photo}", dependencies=[SEE], response_class=Response)
async def photo(hub: TheHub, id: Id, photo: Id) -> Response:
    """One photo, as JPEG."""
    body = await cases.one(hub, "hazard", id)
    return await photos.shown(hub, photo, {kept["id"] for kept in body["photos"]})


def _unit(hub: Hub, id: str | None) -> None:
    if id is not None and all(unit.id != id for unit in hub.site.units):
        raise Problem(422, "unknown_unit", f"There is no unit {id!r} in the register.")


async def _report(hub: Hub, visitor: Visitor, body: ReportBody) -> ReportHazard:
    alarm = None
    if body.alarm is not None and (alarm := await hub.alarm(body.alarm)) is None:
        raise not_found("alarm", body.alarm)
    if alarm is not None and alarm.purpose is Purpose.DRILL:
        raise Problem(409, "of_drill", "A drill's alarm shows no hazard.")
    id = body.device or (alarm.device if alarm else None)
    device = None
    if id is not None and (device := hub.device(id)) is None and body.device is not None:
        raise not_found("device", id)
    if body.zone is not None and body.zone not in hub.site.zones:
        raise Problem(422, "unknown_zone", f"There is no zone {body.zone!r}.")
    _unit(hub, body.unit)
    zone = body.zone or (alarm.zone if alarm else device.device.zone if device else "")
    place = alarm.place if alarm else device.device.place if device else None
    if place is None and zone in hub.site.zones:
        place = hub.site.zones[zone].full
    where = place or Text("", "")
    if body.spot.strip():
        where = Text(f"{where.zh} {body.spot.strip()}".strip(), f"{where.en} {body.spot.strip()}".strip())
    return ReportHazard(
        by=visitor.name,
        title=Text(body.title, body.title),
        category=body.category,
        place=where,
        zone=zone,
        device=id,
        unit=body.unit,
        source=body.source,
        source_id=body.source_id or body.alarm or "",
        alarm=body.alarm,
        suspected=body.suspected,
        separate=body.separate,
        note=body.note,
    )


async def _act(hub: Hub, request: HazardRequest, visitor: Visitor, key: str | None) -> JSONResponse:
    """Carry it out; a Refusal becomes a problem on its way out."""
    return answer(shapes.case(await carried_out(hub, request, visitor, key, "hazards are not kept here")))
