"""The hub's clock: how it stands, set or confirmed by an administrator; and the times in which the hub was off."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends
from pydantic import Field
from starlette.responses import JSONResponse
from typing_extensions import TypedDict

from edge.domain.absence import Absence, SeenAbsence
from edge.domain.clock import ClockState
from edge.domain.instant import SECOND, to_rfc3339
from web.api.routers import api_router
from web.api.v1 import shapes
from web.api.v1.params import (
    Body,
    Id,
    IdempotencyKey,
    TheHub,
    answer,
    carried_out,
    instant,
    scoped,
    shown,
)
from web.api.v1.schema import Listing
from web.auth import Perm, Visitor, require

router = api_router(tags=["health"])
_MISSING: Final = "there is no absence of the hub with this id that nobody has read"


class ClockShape(TypedDict):
    """quality: ntp, rtc, hand, host, estimated, doubtful. time: what the hub works with; machine: its machine's clock.

    since: from when the quality holds; ntp_at: when a time server vouched last; can_set: `POST /clock` may work.
    """

    quality: str
    trusted: bool
    time: str
    machine: str
    since: str
    ntp_at: str | None
    can_set: bool


class AbsenceShape(TypedDict):
    """A time in which the hub was off. seconds: null while no trusted clock says it; at_least: seconds for certain.

    why: stopped, rebooted, killed, power, panic, watchdog.
    """

    id: str
    from_at: str
    to_at: str
    seconds: int | None
    at_least: int
    why: str
    open: bool
    seen_by: str | None
    seen_at: str | None


class ConfirmBody(Body):
    """sure: also where the step is so far that it is asked about twice (409 `far`)."""

    sure: bool = False


class ClockBody(ConfirmBody):
    """time: RFC 3339, what the clock is to say now."""

    time: Annotated[str, Field(max_length=40)]


def clock_shape(state: ClockState) -> ClockShape:
    """The clock as the API says it."""
    return {
        "quality": state.quality.value,
        "trusted": state.trusted,
        "time": to_rfc3339(state.now),
        "machine": to_rfc3339(state.machine),
        "since": to_rfc3339(state.since),
        "ntp_at": shapes.time_of(state.ntp_at),
        "can_set": state.can_set,
    }


def absence_shape(one: Absence) -> AbsenceShape:
    """A time off as the API says it."""
    return {
        "id": one.id,
        "from_at": to_rfc3339(one.from_at),
        "to_at": to_rfc3339(one.to_at),
        "seconds": None if one.length is None else one.length // SECOND,
        "at_least": one.at_least // SECOND,
        "why": one.why,
        "open": one.open,
        "seen_by": one.seen_by,
        "seen_at": shapes.time_of(one.seen_at),
    }


@router.get("/clock", dependencies=[Depends(require(Perm.SEE))], responses=shown(ClockShape))
async def clock(hub: TheHub) -> JSONResponse:
    """What vouches for the time."""
    return answer(clock_shape(hub.power.clock()))


@router.post("/clock", responses=shown(ClockShape))
async def set_clock(
    hub: TheHub,
    visitor: Annotated[Visitor, Depends(require(Perm.CLOCK))],
    body: ClockBody,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Have the machine's clock set; on record with old and new time. 409 `ntp`, `far`, `not_installed`;
    422 `bad_time`.
    """
    utc = instant("time", body.time)
    done = await hub.power.set_clock(utc, visitor.name, sure=body.sure, key=scoped(visitor, key))
    return answer(clock_shape(done))


@router.post("/clock/confirm", responses=shown(ClockShape))
async def confirm_clock(
    hub: TheHub,
    visitor: Annotated[Visitor, Depends(require(Perm.CLOCK))],
    body: ConfirmBody | None = None,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """The machine's clock is right as it is: the hub follows it from now on. 409 `far`."""
    sure = body is not None and body.sure
    done = await hub.power.confirm_clock(visitor.name, sure=sure, key=scoped(visitor, key))
    return answer(clock_shape(done))


@router.get("/absences", dependencies=[Depends(require(Perm.SEE))], responses=shown(Listing[AbsenceShape]))
async def absences(hub: TheHub) -> JSONResponse:
    """Times off that nobody has read yet, newest first; those that were read stand in the journal."""
    return answer(shapes.listing(absence_shape(one) for one in hub.power.absent()))


@router.post("/absences/{id}/seen", responses=shown(AbsenceShape))
async def seen(
    hub: TheHub,
    visitor: Annotated[Visitor, Depends(require(Perm.ACK))],
    id: Id,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """A person has read it and checks what the fire panel says of that time."""
    case = await carried_out(hub, SeenAbsence(id, visitor.name), visitor, key, _MISSING)
    return answer(absence_shape(Absence.from_dict(case)))
