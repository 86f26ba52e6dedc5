"""Incidents: the list, one with its story, and the plan being worked by people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import Field
from starlette.responses import JSONResponse

from edge.domain.incident import (
    AddReportPhoto,
    AllClear,
    CloseIncident,
    ConfirmIncident,
    FileReport,
    IncidentRequest,
    IncidentState,
    Muster,
    MusterProof,
    OpenIncident,
    ReportKind,
    TickState,
    TickStep,
)
from edge.facade import Hub, Kept
from web.api.routers import api_router
from web.api.v1 import cases, photos, shapes
from web.api.v1.muster import is_code_of
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
from web.api.v1.plans import phones, say
from web.api.v1.schema import FactShape, Listing
from web.auth import Perm, Visitor, require
from web.problems import Problem

router = api_router(tags=["incidents"])
SEE: Final = Depends(require(Perm.SEE))
Seeing = Annotated[Visitor, Depends(require(Perm.SEE))]
Commander = Annotated[Visitor, Depends(require(Perm.COMMAND))]
Judging = Annotated[Visitor, Depends(require(Perm.VERDICT))]
OnScene = Annotated[Visitor, Depends(require(Perm.SCENE))]
Line = Annotated[Prose, Field(min_length=1, max_length=200)]
Said = Annotated[str | None, Query(max_length=60)]


class OpenBody(Body):
    """plan: id. zone: a path, "" for the whole site."""

    plan: Line
    zone: Annotated[Prose, Field(max_length=200)] = ""
    note: Prose | None = None


class NoteBody(Body):
    """note: in one's own words."""

    note: Prose | None = None


class AllClearBody(NoteBody):
    """confirm: with outputs switched on still, or steps with a time limit not done."""

    confirm: bool = False


class MusterBody(Body):
    """person: id in the roster, oneself if not given. code: as it was read at the muster point, for proof qr."""

    person: Line | None = None
    proof: MusterProof = "said"
    code: Line | None = None


class ReportBody(Body):
    """note: what there is to report; photos are added to the report afterwards."""

    kind: ReportKind
    note: Prose


@router.get("/incidents", dependencies=[SEE], responses=shown(Listing[dict[str, Any]]))
async def incidents(
    hub: TheHub,
    page: cases.Page,
    state: IncidentState | None = None,
    is_open: cases.Open = None,
    purpose: Literal["live", "drill"] | None = None,
    plan: Annotated[str | None, Query(max_length=63)] = None,
    zone: Annotated[str | None, Query(max_length=200)] = None,
) -> JSONResponse:
    """Incidents, newest first."""
    wanted = {"state": state, "purpose": purpose, "plan": plan, "zone": zone}
    return await cases.listing(hub, "incident", page, wanted, is_open)


@router.get("/incidents/{id}", dependencies=[SEE])
async def incident(hub: TheHub, id: Id) -> JSONResponse:
    """One incident with its steps, roll and reports."""
    return answer(shapes.case(await cases.one(hub, "incident", id)))


@router.get("/incidents/{id}/story", dependencies=[SEE], responses=shown(Listing[FactShape]))
async def story(hub: TheHub, id: Id) -> JSONResponse:
    """All facts about one incident, oldest first."""
    return await cases.story(hub, "incident", id)


@router.get("/incidents/{id}/call")
async def call(hub: TheHub, id: Id, visitor: Seeing, what: Said = None, trapped: Said = None) -> JSONResponse:
    """Whom to call and what to say: `{"say": {"zh","en"} or null, "phones": […]}`.

    what: what burns; trapped: who cannot get out; both in the caller's words, else "not known yet".
    """
    body = await cases.one(hub, "incident", id)
    plan = hub.site.emergency.plan(body["plan"])
    words = None if plan is None else say(hub, plan, body, visitor.account.display, what, trapped)
    return answer({"say": words, "phones": phones(hub, plan, body["stage"])})


@router.post("/incidents")
async def open_incident(
    hub: TheHub, visitor: Commander, body: OpenBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Start a plan by hand. 404 `not_found`: no such plan or zone."""
    return await _act(hub, OpenIncident(visitor.name, body.plan, body.zone, body.note), visitor, key)


@router.post("/incidents/{id}/confirm")
async def confirm(
    hub: TheHub, id: Id, visitor: Judging, body: NoteBody | None = None, key: IdempotencyKey = None
) -> JSONResponse:
    """Stage 2 by a person's word. 409 `judge_alarm` while an alarm is open: its verdict says so; `closed`."""
    await cases.one(hub, "incident", id)
    return await _act(hub, ConfirmIncident(id, visitor.name, (body or NoteBody()).note), visitor, key)


@router.post("/incidents/{id}/steps/{step}/{state}")
async def tick(
    hub: TheHub,
    id: Id,
    step: Id,
    state: TickState,
    visitor: OnScene,
    body: NoteBody | None = None,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """A step is done, skipped (422 `reason_required` without a note) or open again. 404, 409 `closed`.

    409 `by_fact`: one that only what the hub sees can tick is not done by saying so.
    """
    await cases.one(hub, "incident", id)
    note = (body or NoteBody()).note
    return await _act(hub, TickStep(id, visitor.name, step, state, note), visitor, key)


@router.post("/incidents/{id}/muster")
async def muster(
    hub: TheHub,
    id: Id,
    visitor: OnScene,
    body: MusterBody | None = None,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Answer the roll, for oneself or on behalf of another. 422 `unknown_person`, 409 `closed`, `wrong_code`."""
    await cases.one(hub, "incident", id)
    said = body or MusterBody()
    if said.proof == "qr" and not is_code_of(hub, id, said.code or ""):
        raise Problem(409, "wrong_code", "This is not the code of the muster point; read it anew.")
    person = said.person or visitor.name
    known = person in hub.site.roster.persons or await hub.accounts.account(person) is not None
    if not known:
        raise Problem(422, "unknown_person", f"There is nobody {person!r}.")
    return await _act(hub, Muster(id, visitor.name, person, said.proof), visitor, key)


@router.post("/incidents/{id}/reports")
async def report(
    hub: TheHub, id: Id, visitor: OnScene, body: ReportBody, key: IdempotencyKey = None
) -> JSONResponse:
    """First, follow-up or final report, or one from the scene. 422 `reason_required`, 409 `closed`, `too_many`."""
    await cases.one(hub, "incident", id)
    return await _act(hub, FileReport(id, visitor.name, body.kind, body.note), visitor, key)


@router.post("/incidents/{id}/reports/{report}/photos")
async def add_photo(
    request: Request, hub: TheHub, id: Id, report: Id, visitor: OnScene, key: IdempotencyKey = None
) -> JSONResponse:
    """Add a photo to a report: the body is the picture itself (JPEG, PNG, WebP, at most 20 MB).

    404, 409 `closed`, `too_many`; 422 `bad_picture`, 413, 503. The same picture sent twice is kept once.
    """
    body = await cases.one(hub, "incident", id)
    picture = await request.body()
    photo = photos.photo_id(body["opened_at"], f"{id}|{report}|{visitor.name}|", picture)

    async def look() -> tuple[Mapping[str, Any], Collection[str]]:
        now = await cases.one(hub, "incident", id)
        return now, _photos(now)

    async def act(made: Kept) -> JSONResponse:
        return await _act(hub, AddReportPhoto(id, visitor.name, report, photo, made.sha256), visitor, key)

    return await photos.added(hub, visitor, photo, picture, look, act)


@router.get("/incidents/{id}/photos/{photo}", dependencies=[SEE], response_class=Response)
async def photo(hub: TheHub, id: Id, photo: Id) -> Response:
    """One photo of its reports, as JPEG."""
    return await photos.shown(hub, photo, _photos(await cases.one(hub, "incident", id)))


@router.post("/incidents/{id}/all-clear")
async def all_clear(
    hub: TheHub, id: Id, visitor: Commander, body: AllClearBody | None = None, key: IdempotencyKey = None
) -> JSONResponse:
    """It is over. 409 `still_active`, `closed`; `still_sounding`, `steps_open` without `confirm`."""
    await cases.one(hub, "incident", id)
    said = body or AllClearBody()
    return await _act(hub, AllClear(id, visitor.name, said.note, said.confirm), visitor, key)


@router.post("/incidents/{id}/close")
async def close(
    hub: TheHub, id: Id, visitor: Commander, body: NoteBody | None = None, key: IdempotencyKey = None
) -> JSONResponse:
    """Close it without a final report. 409 `not_all_clear`, `still_active`, `closed`; 422 `reason_required`."""
    await cases.one(hub, "incident", id)
    return await _act(hub, CloseIncident(id, visitor.name, (body or NoteBody()).note), visitor, key)


def _photos(body: Mapping[str, Any]) -> set[str]:
    return {photo["id"] for report in body["reports"] for photo in report["photos"]}


async def _act(hub: Hub, request: IncidentRequest, visitor: Visitor, key: str | None) -> JSONResponse:
    """Carry it out; a Refusal becomes a problem on its way out."""
    return answer(shapes.case(await carried_out(hub, request, visitor, key, "there is no such incident")))
