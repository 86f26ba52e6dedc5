"""Work orders: the list, one with its story, what people do about it, and the photos that prove it."""

from __future__ import annotations

from collections.abc import Mapping
from hmac import compare_digest
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import Field
from starlette.responses import JSONResponse

from edge.domain.instant import SECOND
from edge.domain.names import Text
from edge.domain.order import (
    NO_WORDS,
    AddPart,
    AddPhoto,
    Advance,
    CommentOrder,
    OpenOrder,
    OrderRequest,
    OrderState,
    PhotoKind,
    Proof,
    Step,
)
from edge.domain.reading import Purpose
from edge.domain.rule import Priority
from edge.facade import Hub, Kept
from web.api.routers import api_router
from web.api.v1 import cases, photos, shapes
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
from web.problems import Problem, not_found

router = api_router(tags=["work-orders"])
SEE: Final = Depends(require(Perm.SEE))
Dispatcher = Annotated[Visitor, Depends(require(Perm.DISPATCH))]
Hand = Annotated[Visitor, Depends(require(Perm.HAND))]
Line = Annotated[Prose, Field(min_length=1, max_length=200)]


SKILLS: Final = ("electric", "plumbing", "gas", "detectors", "cleaning", "patrol")
"""Those that the panel offers whoever works at the site."""


class OpenBody(Body):
    """What is left out is taken from the alarm or the device. due_at: RFC 3339. assignee: name of an account."""

    title: Line | None = None
    task: Prose = ""
    alarm: Line | None = None
    device: Line | None = None
    zone: Line | None = None
    category: Annotated[Prose, Field(max_length=63)] = ""
    priority: Literal["urgent", "high", "medium", "low"] | None = None
    skill: Annotated[Prose, Field(max_length=63)] = ""
    assignee: Line | None = None
    due_at: str | None = None
    needs_photos: bool = False
    note: Prose | None = None


class StepBody(Body):
    """reason: a stable word (hold: parts, owner, maker); note: one's own words. person: of reassign and help.

    proof: of arrive, "qr" with the `code` that is printed at the device (`/d/<device>?k=<code>`).
    """

    reason: Line | None = None
    note: Prose | None = None
    person: Line | None = None
    proof: Proof = "said"
    code: Line | None = None
    cause: Line | None = None
    action: Line | None = None


class NoteBody(Body):
    """note: the remark."""

    note: Prose


class PartBody(Body):
    """Material used."""

    name: Line
    count: Annotated[int, Field(ge=1, le=9999)] = 1


@router.get("/work-orders", dependencies=[SEE], responses=shown(Listing[dict[str, Any]]))
async def orders(
    hub: TheHub,
    page: cases.Page,
    visitor: Annotated[Visitor, Depends(require(Perm.SEE))],
    state: OrderState | None = None,
    is_open: cases.Open = None,
    crew: Annotated[str | None, Query(max_length=63)] = None,
    assignee: Annotated[str | None, Query(max_length=64, description="An account, or `me`.")] = None,
    alarm: Annotated[str | None, Query(max_length=64)] = None,
    device: Annotated[str | None, Query(max_length=63)] = None,
) -> JSONResponse:
    """Work orders, newest first."""
    wanted = {
        "state": None if state is None else state.value,
        "crew": crew,
        "assignee": visitor.name if assignee == "me" else assignee,
        "alarm": alarm,
        "device": device,
    }
    return await cases.listing(hub, "order", page, wanted, is_open)


@router.get("/work-orders/{id}", dependencies=[SEE])
async def order(hub: TheHub, id: Id) -> JSONResponse:
    """One work order."""
    return answer(shapes.case(await cases.one(hub, "order", id)))


@router.get("/work-orders/{id}/story", dependencies=[SEE], responses=shown(Listing[FactShape]))
async def story(hub: TheHub, id: Id) -> JSONResponse:
    """All facts about one work order, oldest first."""
    return await cases.story(hub, "order", id)


@router.post("/work-orders")
async def open_order(
    hub: TheHub, visitor: Dispatcher, body: OpenBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Dispatch: to a person, or to whoever has the skill and is on duty."""
    return await _act(hub, await _opening(hub, visitor, body), visitor, key)


def _stands_at(hub: Hub, device: str | None, code: str | None) -> bool:
    """Whether `code` is the one printed at the order's device."""
    return device is not None and compare_digest((code or "").encode(), hub.device_code(device).encode())


def _stepping(step: Step, perm: Perm) -> None:
    """The route of one step, for who may make it."""
    guard = Depends(require(perm))

    async def advance(
        hub: TheHub,
        id: Id,
        visitor: Visitor = guard,
        body: StepBody | None = None,
        key: IdempotencyKey = None,
    ) -> JSONResponse:
        order = await cases.one(hub, "order", id)
        said = body or StepBody()
        if said.proof == "qr" and not _stands_at(hub, order["device"], said.code):
            raise Problem(409, "wrong_code", "This is not the code of the order's device.")
        if said.person is not None and await hub.accounts.account(said.person) is None:
            raise Problem(422, "unknown_person", f"There is no account {said.person!r}.")
        request = Advance(
            id, visitor.name, step, said.reason, said.note, said.person, said.proof, said.cause, said.action,
            entitled=visitor.may(Perm.DISPATCH),
        )  # fmt: skip
        return await _act(hub, request, visitor, key)

    router.add_api_route(
        f"/work-orders/{{id}}/{step}",
        advance,
        methods=["POST"],
        name=f"order_{step}",
        summary=f"{step.capitalize()} a work order",
        description="409 `wrong_step`, `not_yours`, `same_person`, `photo_required`, `too_late`, `closed`; "
        "422 `reason_required`, `assignee_required`.",
    )


STEPS: Final[Mapping[Step, Perm]] = {
    "accept": Perm.WORK, "reject": Perm.WORK, "depart": Perm.WORK, "arrive": Perm.WORK, "hold": Perm.WORK,
    "resume": Perm.WORK, "finish": Perm.WORK, "help": Perm.WORK, "reassign": Perm.HAND, "undo": Perm.HAND,
    "approve": Perm.VERIFY, "verify": Perm.VERIFY, "redo": Perm.VERIFY, "cancel": Perm.DISPATCH,
}  # fmt: skip
"""Each step of an order, and what it takes to make it."""

for _name, _perm in STEPS.items():
    _stepping(_name, _perm)


@router.post("/work-orders/{id}/comment")
async def comment(
    hub: TheHub, id: Id, visitor: Hand, body: NoteBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Put a remark into its story."""
    await cases.one(hub, "order", id)
    return await _act(hub, CommentOrder(id, visitor.name, body.note), visitor, key)


@router.post("/work-orders/{id}/parts")
async def part(
    hub: TheHub, id: Id, visitor: Hand, body: PartBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Note material used."""
    await cases.one(hub, "order", id)
    return await _act(hub, AddPart(id, visitor.name, body.name, body.count), visitor, key)


@router.post("/work-orders/{id}/photos")
async def add_photo(
    request: Request,
    hub: TheHub,
    id: Id,
    visitor: Hand,
    kind: PhotoKind = "other",
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Add a photo: the body is the picture itself (JPEG, PNG, WebP, at most 20 MB). 422 `bad_picture`, 413, 503.

    What is kept is upright, at most 1600 px wide and high, without metadata, with place, time and person on it. The
    same picture sent twice is kept once.
    """
    body = await cases.one(hub, "order", id)
    picture = await request.body()
    about = f"{body['id']}|{body['redone']}|{kind}|{visitor.name}|"
    photo = photos.photo_id(body["opened_at"], about, picture)

    async def look() -> tuple[Mapping[str, Any], set[str]]:
        now = await cases.one(hub, "order", id)
        return now, {kept["id"] for kept in now["photos"]}

    async def act(made: Kept) -> JSONResponse:
        add = AddPhoto(id, visitor.name, photo, kind, made.sha256, made.width, made.height)
        return await _act(hub, add, visitor, key)

    return await photos.added(hub, visitor, photo, picture, look, act)


@router.get("/work-orders/{id}/photos/{photo}", dependencies=[SEE], response_class=Response)
async def photo(hub: TheHub, id: Id, photo: Id) -> Response:
    """One photo, as JPEG."""
    body = await cases.one(hub, "order", id)
    return await photos.shown(hub, photo, {kept["id"] for kept in body["photos"]})


async def _act(hub: Hub, request: OrderRequest, visitor: Visitor, key: str | None) -> JSONResponse:
    """Carry it out; a Refusal becomes a problem on its way out."""
    return answer(shapes.case(await carried_out(hub, request, visitor, key, "work orders are not kept here")))


def _skills(hub: Hub) -> set[str]:
    roster = hub.site.roster
    skills = [person.skills for person in roster.persons.values()]
    skills += [crew.skills for crew in roster.crews.values()]
    return {*SKILLS, *(s for own in skills for s in own), *(rule.skill for rule in hub.site.order_rules)}


async def _opening(hub: Hub, visitor: Visitor, body: OpenBody) -> OpenOrder:
    alarm = None
    if body.alarm is not None and (alarm := await hub.alarm(body.alarm)) is None:
        raise not_found("alarm", body.alarm)
    if alarm is not None and alarm.purpose is Purpose.DRILL:
        raise Problem(409, "of_drill", "An order of a drill's alarm would be real work.")
    device = None
    id = body.device or (alarm.device if alarm else None)
    if id is not None and (device := hub.device(id)) is None and body.device is not None:
        raise not_found("device", id)
    if body.assignee is not None and await hub.accounts.account(body.assignee) is None:
        raise Problem(422, "unknown_person", f"There is no account {body.assignee!r}.")
    if body.skill and body.skill not in _skills(hub):
        raise Problem(422, "unknown_skill", f"Nobody has a skill {body.skill!r}, and no rule asks for it.")
    if body.zone is not None and body.zone not in hub.site.zones:
        raise Problem(422, "unknown_zone", f"There is no zone {body.zone!r}.")
    title = alarm.title if alarm else None  # in both languages, also where the form gives it back in one
    if body.title and not (title and body.title in {title.zh, title.en}):
        title = Text(body.title, body.title)
    if title is None:
        raise Problem(422, "reason_required", "An order needs a title, or an alarm that has one.")
    due = None
    if body.due_at is not None:
        due = (instant("due_at", body.due_at) - hub.now().utc) / SECOND
    place = alarm.place if alarm else device.device.place if device else None
    if place is None and body.zone is not None:
        place = hub.site.zones[body.zone].full
    return OpenOrder(
        by=visitor.name,
        title=title,
        task=Text(body.task, body.task) if body.task else NO_WORDS,
        category=body.category or (device.device.profile.category if device else ""),
        place=place or NO_WORDS,
        zone=body.zone or (alarm.zone if alarm else device.device.zone if device else ""),
        device=id,
        alarm=body.alarm,
        priority=Priority(body.priority) if body.priority else alarm.priority if alarm else Priority.MEDIUM,
        skill=body.skill,
        assignee=body.assignee,
        due=due,
        needs_photos=body.needs_photos,
        note=body.note,
        asked=body.model_dump_json(),
    )
