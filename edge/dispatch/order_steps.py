"""What people do to a work order: each function gives the order as it stands afterwards, or refuses.

The due clock is no matter of theirs: `remaining` stands as at `now` when an order comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, get_args

from edge.domain.instant import Instant
from edge.domain.order import (
    AddPart,
    AddPhoto,
    Advance,
    CommentOrder,
    Hold,
    HoldReason,
    OrderState,
    Part,
    Photo,
    Step,
    WorkOrder,
)
from edge.domain.request import Refusal

MOST_PHOTOS: Final = 30
MOST_PARTS: Final = 50
_AT_WORK: Final = frozenset({OrderState.ACCEPTED, OrderState.EN_ROUTE, OrderState.ON_SITE})
_HOLDS: Final[Mapping[str, HoldReason]] = {reason: reason for reason in get_args(HoldReason)}

Advanced = tuple[WorkOrder, str]
"""The order after a step, and the kind of the fact that says so."""


def advanced(order: WorkOrder, request: Advance, now: Instant) -> Advanced:
    """One step of any kind but undo; Refusal `wrong_step`, `not_yours`, `reason_required` and those of the step."""
    return _STEPS[request.step](order, request, now)


def _accept(order: WorkOrder, request: Advance, now: Instant) -> Advanced:
    _in_state(order, OrderState.NOTIFIED)
    if order.assignee not in {None, request.by}:
        raise Refusal("not_yours", "this order was given to somebody else")
    accepted = replace(
        order,
        state=OrderState.ACCEPTED,
        assignee=request.by,
        accepted_at=now.utc,
        unmanned=False,
        reason=None,
    )
    return accepted, "order.accepted"


def _reject(order: WorkOrder, request: Advance, _: Instant) -> Advanced:
    """退单: back to the crew. Before anybody accepted it, it is only this one's word that they will not come."""
    _needs_reason(request)
    if order.state is OrderState.NOTIFIED:
        if order.assignee not in {None, request.by}:
            raise Refusal("not_yours", "this order was given to somebody else")
    else:
        _in_state(order, OrderState.ACCEPTED, OrderState.EN_ROUTE)
        _own(order, request)
    left = tuple(person for person in order.offered if person != request.by)
    return replace(_unassigned(order), offered=left, reason=request.reason), "order.rejected"


def _reassign(order: WorkOrder, request: Advance, _: Instant) -> Advanced:
    """转派 to a person, who has to accept it anew."""
    _in_state(order, OrderState.NOTIFIED, *_AT_WORK)
    if not request.person:
        raise Refusal("assignee_required", "say whom the order is handed to")
    handed = replace(
        _unassigned(order),
        assignee=request.person,
        offered=(request.person,),
        unmanned=False,
        reason=request.reason,
    )
    return handed, "order.reassigned"


def _depart(order: WorkOrder, request: Advance, now: Instant) -> Advanced:
    _working(order, request, OrderState.ACCEPTED)
    return replace(order, state=OrderState.EN_ROUTE, en_route_at=now.utc), "order.en_route"


def _arrive(order: WorkOrder, request: Advance, now: Instant) -> Advanced:
    """到场. Who reads the code at the device is there, whether the departure was told or not."""
    _working(order, request, OrderState.ACCEPTED, OrderState.EN_ROUTE)
    there = replace(order, state=OrderState.ON_SITE, on_site_at=now.utc, on_site_proof=request.proof)
    return there, "order.on_site"


def _hold(order: WorkOrder, request: Advance, now: Instant) -> Advanced:
    _working(order, request, *_AT_WORK)
    reason = _HOLDS.get(request.reason or "")
    if reason is None:
        raise Refusal("reason_required", "a hold waits for parts, owner or maker")
    return replace(order, hold=Hold(reason, request.by, now.utc, order.remaining)), "order.held"


def _approve(order: WorkOrder, request: Advance, _: Instant) -> Advanced:
    """The desk agrees: the due clock stood from the moment the hold was asked for."""
    hold = order.hold
    if hold is None or hold.approved_by is not None:
        raise Refusal("wrong_step", "there is no hold that waits for approval")
    if hold.by == request.by:
        raise Refusal("same_person", "a hold is approved by another person")
    late = order.overdue and hold.remaining == 0
    stopped = replace(
        order, hold=replace(hold, approved_by=request.by), remaining=hold.remaining, due_at=None, overdue=late
    )
    return stopped, "order.hold_approved"


def _resume(order: WorkOrder, request: Advance, _: Instant) -> Advanced:
    if order.hold is None:
        raise Refusal("wrong_step", "the order is not on hold")
    _own(order, request)
    return replace(order, hold=None), "order.resumed"


def _finish(order: WorkOrder, request: Advance, now: Instant) -> Advanced:
    _working(order, request, OrderState.ON_SITE)
    if order.needs_photos and not order.proved:
        raise Refusal("photo_required", "a photo of the finished work is missing")
    done = replace(
        order,
        state=OrderState.DONE,
        done_at=now.utc,
        done_by=request.by,
        cause=request.cause,
        action=request.action,
    )
    return done, "order.done"


def _verify(order: WorkOrder, request: Advance, now: Instant) -> Advanced:
    _in_state(order, OrderState.DONE)
    if request.by == order.done_by:
        raise Refusal("same_person", "work is verified by another person than the one who did it")
    verified = replace(
        order, state=OrderState.VERIFIED, verified_at=now.utc, verified_by=request.by, closed_at=now.utc
    )
    return verified, "order.verified"


def _redo(order: WorkOrder, request: Advance, _: Instant) -> Advanced:
    """返工: the same person again, and a new photo where one is asked for."""
    _in_state(order, OrderState.DONE)
    _needs_reason(request)
    again = replace(
        order, state=OrderState.ACCEPTED, redone=order.redone + 1, en_route_at=None, on_site_at=None,
        on_site_proof=None, done_at=None, done_by=None, reason=request.reason,
    )  # fmt: skip
    return again, "order.redone"


def _cancel(order: WorkOrder, request: Advance, now: Instant) -> Advanced:
    _needs_reason(request)
    cancelled = replace(
        order, state=OrderState.CANCELLED, hold=None, closed_at=now.utc, reason=request.reason, unmanned=False
    )
    return cancelled, "order.cancelled"


def _help(order: WorkOrder, request: Advance, _: Instant) -> Advanced:
    """请求协助: of a person, or of the desk when nobody is named."""
    _working(order, request, *_AT_WORK)
    person = request.person
    helpers = order.helpers if not person or person in order.helpers else (*order.helpers, person)
    asked = replace(order, helpers=helpers, help_asked=person or "", reason=request.reason)
    return asked, "order.help_asked"


_STEPS: Final[Mapping[Step, Callable[[WorkOrder, Advance, Instant], Advanced]]] = {
    "accept": _accept, "reject": _reject, "reassign": _reassign, "depart": _depart, "arrive": _arrive,
    "hold": _hold, "approve": _approve, "resume": _resume, "finish": _finish, "verify": _verify, "redo": _redo,
    "cancel": _cancel, "help": _help,
}  # fmt: skip


def with_evidence(order: WorkOrder, request: AddPhoto | AddPart | CommentOrder, now: Instant) -> Advanced:
    """What joins the order at any time; Refusal `too_many`, `reason_required`."""
    if isinstance(request, AddPhoto):
        if any(photo.id == request.photo for photo in order.photos):
            raise Refusal("key_reused", "this photo is part of the order already")
        if len(order.photos) >= MOST_PHOTOS:
            raise Refusal("too_many", f"an order keeps at most {MOST_PHOTOS} photos")
        photo = Photo(
            request.photo, request.kind, request.sha256, request.by, now.utc, request.width, request.height,
            order.redone,
        )  # fmt: skip
        return replace(order, photos=(*order.photos, photo)), "order.photo"
    if isinstance(request, AddPart):
        if not request.name.strip() or request.count < 1:
            raise Refusal("reason_required", "a part has a name and a count of at least 1")
        if len(order.parts) >= MOST_PARTS:
            raise Refusal("too_many", f"an order keeps at most {MOST_PARTS} parts")
        return replace(order, parts=(*order.parts, Part(request.name, request.count))), "order.part"
    if not request.note.strip():
        raise Refusal("reason_required", "a comment needs words")
    return order, "order.commented"


def undone(order: WorkOrder, before: WorkOrder) -> WorkOrder:
    """The order as it stood before its last step; what was shown or came to light meanwhile stays."""
    return replace(
        before, photos=order.photos, parts=order.parts, overdue=before.overdue or order.overdue, seq=order.seq
    )


def _unassigned(order: WorkOrder) -> WorkOrder:
    return replace(
        order, state=OrderState.NOTIFIED, assignee=None, accepted_at=None, en_route_at=None, on_site_at=None,
        on_site_proof=None, hold=None,
    )  # fmt: skip


def _in_state(order: WorkOrder, *states: OrderState) -> None:
    if order.state not in states:
        raise Refusal("wrong_step", f"the order is {order.state.value.replace('_', ' ')}")


def _working(order: WorkOrder, request: Advance, *states: OrderState) -> None:
    """A step of the assignee, and none while the work rests."""
    _in_state(order, *states)
    _own(order, request)
    if order.hold is not None:
        raise Refusal("wrong_step", "the order is on hold: resume it first")


def _own(order: WorkOrder, request: Advance) -> None:
    if order.assignee != request.by:
        raise Refusal("not_yours", "this order is somebody else's")


def _needs_reason(request: Advance) -> None:
    if not (request.reason or "").strip() and not (request.note or "").strip():
        raise Refusal("reason_required", "say why")
