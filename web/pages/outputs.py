"""Outputs 输出控制: what can be switched, by building and floor, and linkage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.domain.output import STOP, CommandState, OutputKind, OutputState
from edge.facade import CaseQuery
from web.auth import Perm, Visitor, hub_of, require
from web.auth.permissions import shows
from web.i18n import mark as _
from web.pages import render
from web.pages.view import View

router = APIRouter(include_in_schema=False)

KINDS: Final[Mapping[OutputKind, str]] = {
    OutputKind.SIREN: _("Sirens"),
    OutputKind.BROADCAST: _("Voice evacuation"),
    OutputKind.BUZZER: _("Buzzers"),
    OutputKind.VALVE: _("Gas valves"),
    OutputKind.RELAY: _("Power cut-off"),
    OutputKind.FAN: _("Fans"),
    OutputKind.DESK: _("Desk beacon"),
}
STATES: Final[Mapping[CommandState, tuple[str, str]]] = {
    CommandState.QUEUED: (_("Ordered"), "low"),
    CommandState.SENT: (_("Activated, waiting for feedback"), "low"),
    CommandState.WRITTEN: (_("Sent; this device cannot prove it"), "low"),
    CommandState.CONFIRMED: (_("Feedback received"), "ok"),
    CommandState.UNCONFIRMED: (_("Activated, no feedback"), "high"),
    CommandState.REFUSED: (_("Refused: gas may be there"), "medium"),
    CommandState.EXPIRED: (_("Expired"), "medium"),
    CommandState.SUPERSEDED: (_("Superseded"), "low"),
}
"""Words, and the look of their tag."""
_RESTS: Final = (False, "open", "off")

_SOUNDS: Final = (_("Sounding"), _("Silent"))
_DONE: Final[Mapping[OutputKind, tuple[str, str]]] = {
    OutputKind.SIREN: _SOUNDS,
    OutputKind.BROADCAST: _SOUNDS,
    OutputKind.BUZZER: _SOUNDS,
    OutputKind.VALVE: (_("Valve closed"), _("Valve open")),
    OutputKind.RELAY: (_("Power cut off"), _("Power on")),
    OutputKind.FAN: (_("Running"), _("Standing still")),
}
"""What the feedback of an output says: done, and not done."""


def feedback(state: OutputState, view: View) -> str:
    """What the output reports of itself, in words; a value that nobody foresaw stays as it is."""
    spec, seen = state.output.spec, state.seen
    if spec.feedback is None:
        return view.word(_("cannot be proved"))
    act = next((act for act in spec.acts if act.confirm is not None and act.confirm == seen), None)
    if (words := _DONE.get(spec.kind)) is None:
        return view.text(act.name) if act else view.value(seen, None)
    if act is not None:
        return view.word(words[act.id == STOP])
    return view.word(words[1]) if seen in _RESTS else view.value(seen, None)


@router.get("/outputs")
async def outputs(request: Request, visitor: Annotated[Visitor, Depends(require(Perm.SEE))]) -> HTMLResponse:
    """All outputs by building, with big buttons; the last commands."""
    hub = hub_of(request)
    page = await hub.cases("command", CaseQuery(limit=20))
    return await render.page(
        request,
        visitor,
        "outputs.html",
        buildings=_by_building(hub.outputs()),
        zones=hub.site.zones,
        recent=page.items,
        kinds=KINDS,
        looks=STATES,
        feedback=feedback,
        linkage=hub.linkage(),
        starts=hub.linkage_starts(),
        operates=shows(visitor.role, Perm.OPERATE),
    )


def _by_building(states: Sequence[OutputState]) -> dict[str, list[OutputState]]:
    """First part of the zone -> its outputs, floor by floor, sirens first."""
    found: dict[str, list[OutputState]] = {}
    order = list(KINDS)
    for state in sorted(states, key=lambda s: (order.index(s.output.kind), s.output.device.zone)):
        found.setdefault(state.output.device.zone.partition("/")[0], []).append(state)
    return dict(sorted(found.items()))
