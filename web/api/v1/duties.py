"""Duties: what comes due, what was done about it, the calendar, and what people do."""

from __future__ import annotations

from datetime import date
from hmac import compare_digest
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import Field
from starlette.responses import JSONResponse

from edge.domain.hazard import Category
from edge.domain.instant import DAY
from edge.domain.occurrence import (
    AddDutyPhoto,
    DoDuty,
    DutyRequest,
    DutyState,
    Finding,
    MarkStop,
    StartRound,
    Tick,
    WaiveDuty,
)
from edge.domain.request import Refusal
from edge.facade import Hub
from web.api.routers import api_router
from web.api.v1 import cases, duty_ledger, photos, shapes, tables
from web.api.v1.params import (
    Body,
    Id,
    IdempotencyKey,
    Prose,
    TheHub,
    answer,
    carried_out,
    instant,
    shown,
)
from web.api.v1.schema import FactShape, Listing
from web.auth import Perm, Visitor, require
from web.problems import Problem

router = api_router(tags=["duties"])
SEE: Final = Depends(require(Perm.SEE))
Doer = Annotated[Visitor, Depends(require(Perm.DUTY))]
Line = Annotated[Prose, Field(min_length=1, max_length=200)]
Since = Annotated[str | None, Query(alias="from", description="RFC 3339.")]
Until = Annotated[str | None, Query(alias="to", description="RFC 3339.")]


class AtBody(Body):
    """at: RFC 3339, when it happened, for what was kept on a phone."""

    at: str | None = None


class FindingBody(Body):
    """What was found: it becomes a hazard."""

    title: Line
    category: Category = "facility"
    suspected: bool = False


class StopBody(AtBody):
    """how "nfc": the code in the tag; "qr": the address that is printed there, with its proof (`/at/<checkpoint>?k=…`).

    how "said": the id of the checkpoint. Of a duty without a round, what is read says where the work was.
    """

    code: Line
    how: Literal["qr", "nfc", "said"]
    finding: FindingBody | None = None
    note: Prose | None = None


class DoneBody(AtBody):
    """ticks: by task; notes: by task, what is not in order."""

    ticks: dict[str, Tick] = Field(default_factory=dict, max_length=100)
    notes: dict[str, Prose] = Field(default_factory=dict, max_length=100)
    note: Prose | None = None


class WaiveBody(Body):
    """reason: in the manager's own words."""

    reason: Prose


@router.get("/duties", dependencies=[SEE], responses=shown(Listing[dict[str, Any]]))
async def duties(
    hub: TheHub,
    page: cases.Page,
    state: DutyState | None = None,
    is_open: cases.Open = None,
    duty: Annotated[str | None, Query(max_length=63)] = None,
    kind: Annotated[str | None, Query(max_length=63)] = None,
) -> JSONResponse:
    """Occurrences, newest first."""
    wanted = {"state": None if state is None else state.value, "duty": duty, "kind": kind}
    return await cases.listing(hub, "duty", page, wanted, is_open)


@router.get("/duties/plan", dependencies=[SEE])
async def plan(hub: TheHub) -> JSONResponse:
    """The duties as the site's folder says, each with its next start within 100 days."""
    now = hub.now().utc
    coming: dict[str, int] = {}
    for planned in hub.planned(now, now + 100 * DAY):
        coming.setdefault(planned.duty, planned.from_at)
    items = [
        {
            "id": duty.id, "title": shapes.words(duty.title), "kind": duty.kind,
            "times": [f"{start:%H:%M}" for start in duty.times], "window": duty.window, "crew": list(duty.crew),
            "evidence": duty.evidence, "holidays": duty.holidays, "source": duty.source, "zone": duty.zone or None,
            "route": duty.route, "facilities": list(duty.facilities),
            "tasks": [
                {"id": task.id, "text": shapes.words(task.text), "category": task.category} for task in duty.tasks
            ],
            "checkpoints": [
                {"id": stop.id, "name": shapes.words(stop.name), "zone": stop.zone}
                for stop in hub.site.duties.stops(duty.id)
            ],
            "next_at": shapes.time_of(coming.get(duty.id)),
        }
        for duty in hub.site.duties.duties.values()
    ]  # fmt: skip
    return answer(shapes.listing(items))


@router.get("/duties/calendar", dependencies=[SEE])
async def calendar(
    hub: TheHub, month: Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}$", description="2026-11")] = None
) -> JSONResponse:
    """Each day of a month: what was due, done, made up, missed, waived, with which grade of proof; what is planned."""
    first = first_of(hub, month)
    days = await duty_ledger.month(hub, first)
    return answer(
        {
            "month": f"{first:%Y-%m}",
            "days": [{"day": day.isoformat(), **found.shape()} for day, found in days.items()],
        }
    )


@router.get("/duties/records.csv", dependencies=[SEE], response_class=Response)
async def records(
    hub: TheHub,
    since: Since = None,
    until: Until = None,
    duty: Annotated[str | None, Query(max_length=63)] = None,
    kind: Annotated[str | None, Query(max_length=63)] = None,
    *,
    told: tables.As,
) -> Response:
    """Occurrences of at most 92 days as CSV, with their rounds; 30 days up to now where nothing is said."""
    last = hub.now().utc if until is None else instant("to", until)
    first = last - 30 * DAY if since is None else instant("from", since)
    if last - first > duty_ledger.SPAN:
        raise Problem(422, "too_long", "At most 92 days at a time.")
    where = {key: value for key, value in {"duty": duty, "kind": kind}.items() if value is not None}
    rows = await duty_ledger.occurrences(hub, first, last, where)
    walks = {row["round"]: await hub.case("round", row["round"]) or {} for row in rows if row["round"]}
    return duty_ledger.as_csv(rows, walks, told)


@router.get("/duties/{id}", dependencies=[SEE])
async def occurrence(hub: TheHub, id: Id) -> JSONResponse:
    """One occurrence."""
    return answer(shapes.case(await cases.one(hub, "duty", id)))


@router.get("/duties/{id}/story", dependencies=[SEE], responses=shown(Listing[FactShape]))
async def story(hub: TheHub, id: Id) -> JSONResponse:
    """All facts about one occurrence, oldest first."""
    return await cases.story(hub, "duty", id)


@router.post("/duties/{id}/start")
async def start(
    hub: TheHub, id: Id, visitor: Doer, body: AtBody | None = None, key: IdempotencyKey = None
) -> JSONResponse:
    """Begin its round: 409 `no_round`, `closed`; 422 `bad_time`."""
    await cases.one(hub, "duty", id)
    return await _act(hub, StartRound(id, visitor.name, _at(body)), visitor, key)


@router.post("/duties/{id}/stops")
async def stop(
    hub: TheHub, id: Id, visitor: Doer, body: StopBody, key: IdempotencyKey = None
) -> JSONResponse:
    """A checkpoint was reached, a finding becomes a hazard: 409 `no_round`, `closed`; 422 `unknown_code`…"""
    await cases.one(hub, "duty", id)
    if not _fits(hub, body):
        raise Problem(422, "unknown_code", "This is no tag, and not the code that is printed there.")
    found = body.finding
    finding = None if found is None else Finding(found.title, found.category, found.suspected)
    request = MarkStop(id, visitor.name, body.code, body.how, _at(body), finding, body.note)
    return await _act(hub, request, visitor, key)


@router.post("/duties/{id}/done")
async def done(
    hub: TheHub, id: Id, visitor: Doer, body: DoneBody | None = None, key: IdempotencyKey = None
) -> JSONResponse:
    """It is done, or made up: 409 `stops_missing`, `tasks_missing`, `unchecked`, `closed`; 422 `bad_time`."""
    await cases.one(hub, "duty", id)
    said = body or DoneBody()
    request = DoDuty(id, visitor.name, said.ticks, said.notes, _at(body), said.note)
    return await _act(hub, request, visitor, key)


@router.post("/duties/{id}/waive")
async def waive(
    hub: TheHub, id: Id, visitor: Doer, body: WaiveBody, key: IdempotencyKey = None
) -> JSONResponse:
    """It need not be done: 403 `not_manager`, 422 `reason_required`, 409 `closed`."""
    await cases.one(hub, "duty", id)
    return await _act(hub, WaiveDuty(id, visitor.name, body.reason), visitor, key)


@router.post("/duties/{id}/photos")
async def add_photo(
    request: Request,
    hub: TheHub,
    id: Id,
    visitor: Doer,
    about: Annotated[str, Query(max_length=63, description="Id of the task or checkpoint it shows.")] = "",
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Add a photo: the body is the picture itself, as with work orders. 422 `bad_picture`, 413, 503."""
    body = await cases.one(hub, "duty", id)
    picture = await request.body()
    photo = photos.photo_id(body["opened_at"], f"{id}|{about}|{visitor.name}|", picture)
    if any(kept["id"] == photo for kept in body["photos"]):
        return answer(shapes.case(body))
    point = hub.site.duties.checkpoints.get(about)
    place = point.name.zh if point is not None else body["place"][0]
    made = await photos.keep(hub, visitor, place or body["title"][0], photo, picture)
    add = AddDutyPhoto(id, visitor.name, photo, made.sha256, made.width, made.height, about)
    try:
        return await _act(hub, add, visitor, key)
    except Refusal:
        await hub.evidence.drop(photo)
        raise


@router.get("/duties/{id}/photos/{photo}", dependencies=[SEE], response_class=Response)
async def photo(hub: TheHub, id: Id, photo: Id) -> Response:
    """One photo, as JPEG."""
    body = await cases.one(hub, "duty", id)
    return await photos.shown(hub, photo, {kept["id"] for kept in body["photos"]})


def first_of(hub: Hub, month: str | None) -> date:
    """The first day of a month ("2026-11"), of this one where none is said; Problem 422 for what is none."""
    if month is None:
        return duty_ledger.day_of(hub, hub.now().utc).replace(day=1)
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise Problem(422, "bad_parameter", "month: write it as 2026-11.") from error


def _fits(hub: Hub, body: StopBody) -> bool:
    """Whether what was read is what it is said to be; the hub itself knows what was said."""
    match body.how:
        case "qr":
            return stood_there(hub, body.code)
        case "nfc":
            return hub.site.duties.tagged(body.code) is not None
        case "said":
            return True


def stood_there(hub: Hub, text: str) -> bool:
    """Whether `text` is the address printed at a checkpoint, with its proof."""
    point = hub.site.duties.linked(text)
    _, _, proof = text.partition("?k=")
    return point is not None and compare_digest(proof.encode(), checkpoint_code(hub, point.id).encode())


def checkpoint_code(hub: Hub, id: str) -> str:
    """What is printed at a checkpoint besides its id. A blank is in no id of a device: these are codes of their own."""
    return hub.device_code(f"checkpoint {id}")


def _at(body: AtBody | None) -> int | None:
    return None if body is None or body.at is None else instant("at", body.at)


async def _act(hub: Hub, request: DutyRequest, visitor: Visitor, key: str | None) -> JSONResponse:
    """Carry it out; a Refusal becomes a problem on its way out."""
    return answer(shapes.case(await carried_out(hub, request, visitor, key, "duties are not kept here")))
