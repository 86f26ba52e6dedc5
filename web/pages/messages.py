"""Messages 消息通知: what was sent to whom over which channel, what came of it, and how the channels are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.domain.notification import Notification
from edge.domain.notification import NotificationState as State
from edge.facade import CaseQuery
from web.auth import Perm, Visitor, hub_of, require
from web.auth.permissions import shows
from web.i18n import mark as _
from web.pages import render
from web.problems import Problem

router = APIRouter(include_in_schema=False)

PAGE: Final = 50
STATES: Final[Mapping[State, tuple[str, str]]] = {
    State.QUEUED: (_("Waiting to be sent"), "low"),
    State.SENDING: (_("Being sent"), "low"),
    State.SENT: (_("Taken by the carrier"), "ok"),
    State.DELIVERED: (_("Delivered"), "ok"),
    State.SEEN: (_("Shown"), "ok"),
    State.ANSWERED: (_("Answered"), "ok"),
    State.FAILED: (_("Not sent"), "high"),
    State.FOLDED: (_("Told in another message"), "low"),
    State.DROPPED: (_("No longer needed"), "low"),
}
"""Words, and the look of their tag."""
TRIED: Final = (_("Not delivered yet, will be tried again"), "medium")


def look_of(case: Notification) -> tuple[str, str]:
    """Words and look of a message's state; one that waits because its attempts failed is told from one in a queue."""
    return TRIED if case.state is State.QUEUED and case.error is not None else STATES[case.state]


MESSAGES: Final[Mapping[str, str]] = {
    "alarm": _("Alarm"),
    "nobody": _("Nobody responded"),
    "confirmed": _("Confirmed fire"),
    "confirmed-gas": _("Confirmed gas leak"),
    "confirmed-co": _("Confirmed carbon monoxide"),
    "confirmed-sos": _("Confirmed call for help"),
    "confirmed-other": _("Confirmed incident"),
    "unclosed": _("Incident still open"),
    "cleared": _("Fire cleared"),
    "recovered": _("Fault recovered"),
    "verdict": _("Verdict"),
    "order": _("Work order"),
    "overdue": _("Order overdue"),
    "order-redone": _("Work sent back"),
    "order-help": _("Help asked for"),
    "proof": _("Channel test"),
    "drill": _("Drill"),
    "drill-over": _("Drill over"),
    "drill-stopped": _("Drill stopped: real alarm"),
    "duty": _("Duty"),
    "handover-missed": _("Hand-over missed"),
    "watch-silent": _("No sign of life from the phone of who is away"),
    "hazard": _("Hazard to rectify"),
    "hazard-overdue": _("Hazard overdue"),
    "hazard-back": _("Hazard sent back"),
    "hazard-closed": _("Hazard struck off"),
    "hazard-suspected": _("Suspected major hazard"),
    "hazard-major": _("Major fire hazard"),
    "hazard-extension": _("Extension asked"),
}
REASONS: Final[Mapping[str, str]] = {
    "acknowledged": _("acknowledged in the meantime"),
    "closed": _("closed in the meantime"),
    "verdict": _("judged in the meantime"),
    "suppressed": _("shelved or out of service in the meantime"),
    "accepted": _("accepted in the meantime"),
    "unreachable": _("no channel reaches this person"),
    "refused": _("the channel refuses it"),
    "gave_up": _("given up after an hour"),
    "undelivered": _("the network could not deliver it"),
}
CHANNELS: Final[Mapping[str, tuple[str, str]]] = {
    "ok": (_("Works"), "ok"),
    "failing": (_("Failing"), "high"),
    "unknown": (_("Not used yet"), "low"),
    "not_set_up": (_("Not set up"), "none"),
}
WAYS: Final[Mapping[str, str]] = {
    "desk": _("On the desk's screen"),
    "sms": _("Text message"),
    "ring": _("Phone rings"),
    "apprise": _("Message over the internet"),
}
"""What a channel does, by its kind."""
PROOFS: Final[Mapping[str, str]] = {
    "accepted": _("Taken by the carrier"),
    "delivered": _("Delivered"),
    "seen": _("Shown"),
    "answered": _("Answered"),
}
"""What a channel may be able to prove, weakest first."""


@router.get("/messages")
async def messages(
    request: Request, visitor: Annotated[Visitor, Depends(require(Perm.SEE))], before: str = ""
) -> HTMLResponse:
    """Channels, then messages newest first. before: cursor of the page before."""
    hub = hub_of(request)
    try:
        page = await hub.cases("notification", CaseQuery(before=before or None, limit=PAGE))
    except ValueError as error:
        raise Problem(422, "bad_cursor", "Open the page of messages anew.") from error
    channels = hub.channels()
    return await render.page(
        request,
        visitor,
        "messages.html",
        messages=[Notification.from_dict(row) for row in page.items],
        next=page.next,
        before=before,
        channels=channels,
        ways=WAYS,
        channel_names={channel.id: channel.name for channel in channels},
        persons={person.id: person.name for person in hub.site.roster.persons.values()},
        look_of=look_of,
        kinds=MESSAGES,
        reasons=REASONS,
        channel_states=CHANNELS,
        proofs=PROOFS,
        tests=shows(visitor.role, Perm.TEST_CHANNEL),
    )
