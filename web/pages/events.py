"""The panel's live stream: the log of facts as pieces of page, encoded once per language, role and kind of page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Annotated, Final, cast
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from edge.domain.alarm import Alarm
from edge.domain.fact import Fact
from edge.domain.instant import SECOND
from edge.domain.reading import Purpose
from edge.facade import Hub, Role
from web.auth import Perm, Visitor, hub_of, identify, require
from web.i18n import Language
from web.pages.render import base_context, language_of, rendered
from web.pages.view import View, people
from web.pages.wall import standing
from web.streams import Streams, event, event_stream, resume_from

router = APIRouter(include_in_schema=False)

_HEARTBEAT: Final = b"event: hb"
_BEATS_PER_CHECK: Final = 60
_FRESH: Final = SECOND
_ABOUT_ALARMS: Final = frozenset({"command", "linkage", "notification", "order", "finding", "stills"})
"""Cases that the page of an incident or alarm shows; facts about them name the alarm they are for."""
_BEATS: Final[WeakKeyDictionary[Hub, dict[Scope, tuple[int, bytes]]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Scope:
    """Who gets the same bytes. wall: the page shows the first alarm and the list, not only the strips."""

    language: Language
    role: Role
    wall: bool


@dataclass
class Painter:
    """Turns facts into pieces of page for one scope. names: what people are called, by account."""

    hub: Hub
    scope: Scope
    names: Mapping[str, str] = field(repr=False)

    def fact(self, fact: Fact) -> bytes:
        """The pieces that changed with `fact`; nothing for what no page shows."""
        changed: list[Alarm] = []
        fresh: tuple[str, ...] = ()
        if fact.subject == "incident":
            fresh = (str(fact.body["id"]),)
            changed = [alarm for alarm in self.hub.open_alarms() if alarm.id in fact.body["alarms"]]
        elif fact.subject in _ABOUT_ALARMS:
            id = fact.body.get("alarm") or fact.body.get("incident")
            return event(None, _fresh((str(id),)), str(fact.seq)) if id else b""
        elif fact.subject == "alarm":
            alarm = Alarm.from_dict(dict(fact.body))
            if alarm.purpose is Purpose.TEST:
                return b""
            changed, fresh = [alarm], (alarm.id,)
        elif not fact.kind.startswith(("desk.", "drill.", "absence.")):
            return b""
        return event(None, self._paint("parts/live.html", changed) + _fresh(fresh), str(fact.seq))

    def beat(self) -> bytes:
        """What changes without a fact: ages, counts, links."""
        return event(None, self._paint("parts/tick.html", []))

    def _paint(self, template: str, changed: list[Alarm]) -> str:
        view = View(self.hub, self.scope.language, self.names)
        context = base_context(self.hub, view, self.scope.role) | {"wall": self.scope.wall}
        newest = {alarm.id: alarm for alarm in context["open_alarms"]}
        context["changed"] = [newest.get(alarm.id, alarm) for alarm in changed]
        context |= standing(self.hub)
        context["quiet_since"] = max((a.closed_at or a.raised_at for a in changed), default=None)
        return rendered(self.scope.language, template, context)


def _fresh(ids: tuple[str, ...]) -> str:
    """Tells a page that shows these alarms or incidents at length to look again."""
    return "".join(f'<hx-partial hx-target="#fresh-{id}" hx-swap="innerHTML">•</hx-partial>' for id in ids)


@router.get("/events")
async def events(
    request: Request,
    visitor: Annotated[Visitor, Depends(require(Perm.SEE))],
    since: str | None = None,
    wall: bool = False,
) -> StreamingResponse:
    """The stream of a page. since: the fact after which the page was painted; a Last-Event-ID wins over it."""
    hub = hub_of(request)
    scope = Scope(language_of(request, visitor), visitor.role, wall)
    painter = Painter(hub, scope, await people(hub))
    streams = cast("Streams", request.app.state.streams)
    chunks = streams.subscribe(resume_from(request, since), painter.fact, scope)
    return event_stream(_with_beats(request, chunks, painter))


async def _with_beats(
    request: Request, chunks: AsyncGenerator[bytes], painter: Painter
) -> AsyncGenerator[bytes]:
    """The stream's chunks, each heartbeat followed by what ages; ends when the session has ended.

    Asking for the session now and then also keeps it alive: a wall that is only looked at sends no other request.
    """
    beats = 0
    async with aclosing(chunks):
        async for chunk in chunks:
            yield chunk
            if _HEARTBEAT not in chunk:
                continue
            beats += 1
            if beats % _BEATS_PER_CHECK == 0 and await identify(request) is None:
                return
            yield _beat(painter)


def _beat(painter: Painter) -> bytes:
    """The beat of the painter's scope, painted once for all its readers."""
    painted = _BEATS.setdefault(painter.hub, {})
    at = painter.hub.now().mono
    then, data = painted.get(painter.scope, (0, b""))
    if not data or not 0 <= at - then < _FRESH:
        data = painter.beat()
        painted[painter.scope] = (at, data)
    return data
