"""Messages to people: what was sent to whom over which channel, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Depends
from starlette.responses import JSONResponse
from typing_extensions import TypedDict

from edge.domain.instant import to_rfc3339
from edge.domain.notification import Notification
from web.api.routers import api_router
from web.api.v1 import cases
from web.api.v1.params import TheHub, shown
from web.api.v1.schema import Listing
from web.auth import Perm, require

router = api_router(tags=["notifications"])
SEE = Depends(require(Perm.SEE))


class NotificationShape(TypedDict):
    """alarms: ids of all alarms it accounts for. attempt: number of the last try. into: where it was folded."""

    id: str
    channel: str
    person: str | None
    message: str
    state: str
    open: bool
    alarm: str | None
    order: str | None
    hazard: str | None
    alarms: list[str]
    attempt: int
    opened_at: str
    sent_at: str | None
    delivered_at: str | None
    seen_at: str | None
    answered_at: str | None
    closed_at: str | None
    into: str | None
    reason: str | None
    error: str | None
    by: str | None


def shape(row: Mapping[str, Any]) -> NotificationShape:
    """A notification as the API says it."""
    case = Notification.from_dict(row)
    return {
        "id": case.id,
        "channel": case.channel,
        "person": case.person or None,
        "message": case.message,
        "state": case.state.value,
        "open": case.open,
        "alarm": case.alarm,
        "order": case.order,
        "hazard": case.hazard,
        "alarms": list(case.alarms),
        "attempt": case.attempt,
        "opened_at": to_rfc3339(case.opened_at),
        "sent_at": _time(case.sent_at),
        "delivered_at": _time(case.delivered_at),
        "seen_at": _time(case.seen_at),
        "answered_at": _time(case.answered_at),
        "closed_at": _time(case.closed_at),
        "into": case.into,
        "reason": case.reason,
        "error": case.error,
        "by": case.by,
    }


def _time(utc: int | None) -> str | None:
    return None if utc is None else to_rfc3339(utc)


@router.get("/notifications", dependencies=[SEE], responses=shown(Listing[NotificationShape]))
async def notifications(hub: TheHub, page: cases.Page) -> JSONResponse:
    """Messages to people, newest first."""
    return await cases.listing(hub, "notification", page, {}, shape=shape)
