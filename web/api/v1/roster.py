"""Who is on duty, and the coming two weeks."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from starlette.responses import JSONResponse
from typing_extensions import TypedDict

from edge.domain.on_duty import Manned, RosterView, Stint
from web.api.routers import api_router
from web.api.v1 import shapes
from web.api.v1.params import TheHub, answer, shown
from web.auth import Perm, Visitor, require

router = api_router(tags=["roster"])


class RosterShape(TypedDict):
    """Persons are ids of `persons`; phone is null for whoever may not read it. today: the site's local date.

    posts: with who is on duty now. stints: shifts with a date. findings: gap, short, overlap. certificates: expires
    null for one that is missing. holidays: date -> name.
    """

    today: str
    trusted: bool
    days: int
    posts: list[dict[str, Any]]
    stints: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    certificates: list[dict[str, Any]]
    holidays: dict[str, str]
    crews: list[dict[str, Any]]
    persons: list[dict[str, Any]]


def shape(view: RosterView, *, phones: bool) -> RosterShape:
    """The roster as the API says it."""
    return {
        "today": view.today.isoformat(),
        "trusted": view.trusted,
        "days": view.days,
        "posts": [_post(manned) for manned in view.now],
        "stints": [_stint(view, stint) for stint in view.stints],
        "findings": [
            {
                "kind": finding.kind,
                "post": finding.post,
                "start": shapes.time_of(finding.start),
                "end": shapes.time_of(finding.end),
                "persons": list(finding.persons),
            }
            for finding in view.findings
        ],
        "certificates": [
            {
                "person": expiry.person,
                "kind": expiry.kind,
                "expires": None if expiry.expires is None else expiry.expires.isoformat(),
                "days": expiry.days,
            }
            for expiry in view.certificates
        ],
        "holidays": {day.isoformat(): name for day, name in view.holidays.items()},
        "crews": [
            {
                "id": crew.id,
                "name": shapes.words(crew.name),
                "members": list(crew.members),
                "lead": crew.lead,
                "skills": list(crew.skills),
                "zones": list(crew.zones),
            }
            for crew in view.roster.crews.values()
        ],
        "persons": [
            {
                "id": person.id,
                "name": person.name,
                "role": shapes.words(person.role),
                "phone": person.phone if phones else None,
            }
            for person in view.roster.persons.values()
        ],
    }


def _post(manned: Manned) -> dict[str, Any]:
    post = manned.post
    return {
        "id": post.id,
        "name": shapes.words(post.name),
        "people": post.people,
        "always": post.always,
        "now": {
            "persons": list(manned.persons),
            "shifts": list(manned.shifts),
            "until": shapes.time_of(manned.until),
            "lack": manned.lack,
        },
    }


def _stint(view: RosterView, stint: Stint) -> dict[str, Any]:
    return {
        "post": stint.post,
        "shift": stint.shift,
        "name": shapes.words(view.roster.posts[stint.post].shifts[stint.shift].name),
        "date": stint.date.isoformat(),
        "start": shapes.time_of(stint.start),
        "end": shapes.time_of(stint.end),
        "persons": list(stint.persons),
    }


@router.get("/roster", responses=shown(RosterShape))
async def roster(hub: TheHub, visitor: Annotated[Visitor, Depends(require(Perm.SEE))]) -> JSONResponse:
    """Who is on duty now, the shifts of 14 days, what is wrong with them, certificates, crews and people."""
    return answer(shape(hub.roster(), phones=visitor.may(Perm.PHONES)))
