"""Work orders: opened by people, verdicts and rules, carried on until another person verifies them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from edge.dispatch.order_opening import SEEN, Opening
from edge.dispatch.order_steps import advanced, undone, with_evidence
from edge.domain.alarm import Alarm
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.instant import MINUTE, SECOND, Instant
from edge.domain.order import (
    AddPart,
    AddPhoto,
    Advance,
    CommentOrder,
    OpenOrder,
    OrderRequest,
    OrderRule,
    OrderState,
    WorkOrder,
)
from edge.domain.request import Refusal
from edge.domain.timers import NEVER, resumed

UNDO: Final = 10 * SECOND
LOOK_AGAIN: Final = 5 * MINUTE
"""How often an order that nobody could be told of looks for people: shifts change."""
_FOR_GOOD: Final = frozenset({"verify", "cancel"})

CrewsFor = Callable[[str, str, Instant], tuple[str | None, tuple[str, ...]]]
"""(skill, zone, now) -> (crew's id or None, ids of its people who can be told now, none when nobody is found)."""


@dataclass(slots=True)
class _Open:
    """An open order with its timers (mono µs), and what its last step can be taken back to."""

    order: WorkOrder
    due: int = NEVER
    again: int = NEVER
    before: WorkOrder | None = None
    by: str = ""
    until: int = 0


class Orders:
    """Tenant of step 4. Facts carry the whole order; every way to somebody's phone is an `order.notified`.

    alarms: the open ones as they stand. category: of a device's profile, by the device's id. members: of a crew.
    """

    kinds: tuple[str, ...] = ("order",)
    requests: tuple[type[Any], ...] = (OpenOrder, Advance, AddPhoto, AddPart, CommentOrder)

    def __init__(
        self,
        numbering: Numbering,
        rules: Sequence[OrderRule],
        crews_for: CrewsFor,
        alarms: Callable[[], Iterable[Alarm]],
        category: Callable[[str], str],
        members: Callable[[str], Collection[str]] = lambda _: (),
    ) -> None:
        self._numbering = numbering
        self._members = members
        self._crews_for = crews_for
        self._category = category
        self._opening = Opening(rules, alarms, category)
        self._book: dict[str, _Open] = {}
        self._restored = False

    def open(self) -> list[WorkOrder]:
        """The orders that are open."""
        return [entry.order for entry in self._book.values()]

    # ---- tenant ---------------------------------------------------------------------------------------------------

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """The open orders with what is left of their time. What could be undone before is past undoing."""
        for row in rows:
            entry = _Open(WorkOrder.from_dict(row))
            self._book[entry.order.id] = entry
            self._wind(entry, now)
        self._restored = True
        return Conclusion()

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """Orders that open themselves, due times that are over, people who can be told at last."""
        told = Conclusion()
        if self._restored:  # the alarms are back only now
            self._restored = False
            self._opening.resume(self._has)
        for fact in happened.facts:
            if fact.kind in SEEN:
                self._opening.seen(fact.kind, Alarm.from_dict(dict(fact.body)))
        for alarm, rule in self._opening.due():
            if not self._has(alarm, rule):
                request = _from_rule(alarm, rule, self._category(alarm.device))
                self._open(request, rule.id, now, told)
        for entry in list(self._book.values()):
            if entry.due <= now.mono:
                entry.due = NEVER
                late = replace(entry.order, overdue=True, remaining=0)
                self._record(entry, late, "order.overdue", now, told)
            if entry.again <= now.mono:
                self._notify(entry, now, told)
        return told

    def act(self, request: OrderRequest, now: Instant) -> Conclusion:
        """A person's request; Refusal `closed` for an order that is not open."""
        told = Conclusion()
        if isinstance(request, OpenOrder):
            entry = self._open(request, None, now, told)
            told.subject = entry.order.to_dict()
            return told
        entry = self._entry(request.order)
        order = self._as_of(entry, now)
        if not isinstance(request, Advance):
            after, kind = with_evidence(order, request, now)
            note = request.note if isinstance(request, CommentOrder) else None
            self._record(entry, after, kind, now, told, request.by, note)
        elif request.step == "undo":
            self._undo(entry, request, now, told)
        else:
            self._offered(order, request)
            after, kind = advanced(order, request, now)
            entry.before = None if request.step in _FOR_GOOD else order
            entry.by, entry.until = request.by, now.mono + UNDO
            self._record(entry, after, kind, now, told, request.by, request.note)
            if kind == "order.reassigned":
                self._notify(entry, now, told)
            elif kind == "order.rejected" and (order.assignee or not entry.order.offered):
                self._notify(entry, now, told, without=request.by)
        told.subject = entry.order.to_dict()
        return told

    def next_due(self) -> int | None:
        """When the next order is overdue or looks for people again."""
        soonest = min((min(e.due, e.again) for e in self._book.values()), default=NEVER)
        return None if soonest == NEVER else soonest

    # ---- details --------------------------------------------------------------------------------------------------

    def _entry(self, id: str) -> _Open:
        entry = self._book.get(id)
        if entry is None:
            raise Refusal("closed", "the order is closed, nothing can be added to it")
        return entry

    def _has(self, alarm: Alarm, rule: OrderRule) -> bool:
        """Whether such work is open for this alarm, or of the same rule for the same device."""
        return any(
            (e.order.alarm == alarm.id and _like(e.order, rule))
            or (e.order.rule == rule.id and e.order.device == alarm.device)
            for e in self._book.values()
        )

    def _open(self, request: OpenOrder, rule: str | None, now: Instant, told: Conclusion) -> _Open:
        if not request.title.zh.strip() and not request.title.en.strip():
            raise Refusal("reason_required", "an order needs a title")
        if (
            request.asked and request.due is not None and request.due <= 0
        ):  # here: a repeat is answered as the first
            raise Refusal("bad_parameter", "due_at: is over already")
        seq = self._numbering.next()
        order = WorkOrder(
            id=f"wo-{seq.epoch}-{seq.number}", number=seq.number, state=OrderState.NOTIFIED, opened_at=now.utc,
            title=request.title, priority=request.priority, seq=seq, opened_by=request.by or None, rule=rule,
            task=request.task, category=request.category, place=request.place, zone=request.zone,
            device=request.device, alarm=request.alarm, hazard=request.hazard, skill=request.skill,
            assignee=request.assignee, needs_photos=request.needs_photos,
            remaining=None if request.due is None else round(request.due * SECOND),
        )  # fmt: skip
        entry = self._book[order.id] = _Open(order)
        self._record(entry, order, "order.opened", now, told, order.opened_by, request.note, seq)
        self._notify(entry, now, told)
        return entry

    def _notify(self, entry: _Open, now: Instant, told: Conclusion, without: str = "") -> None:
        """Tell the assignee, else a crew with the skill; say so when nobody is there to be told."""
        order = self._as_of(entry, now)
        if order.assignee is not None:
            order = replace(order, offered=(order.assignee,), unmanned=False)
        else:
            crew, people = self._crews_for(order.skill, order.zone, now)
            people = tuple(person for person in people if person != without)
            if not people and order.unmanned and entry.again != NEVER:
                entry.again = now.mono + LOOK_AGAIN
                return  # it was said already
            order = replace(order, crew=crew, offered=people, unmanned=not people)
        self._record(entry, order, "order.notified", now, told)

    def _undo(self, entry: _Open, request: Advance, now: Instant, told: Conclusion) -> None:
        if entry.before is None or now.mono > entry.until:
            raise Refusal("too_late", "a step can be taken back for ten seconds")
        if entry.by != request.by:
            raise Refusal("not_yours", "only who made a step can take it back")
        back, entry.before = undone(entry.order, entry.before), None
        self._record(entry, back, "order.undone", now, told, request.by, request.note)
        if back.state is OrderState.NOTIFIED:  # whoever was called before has been told that it is taken
            self._notify(entry, now, told)

    def _offered(self, order: WorkOrder, request: Advance) -> None:
        """An order that waits is taken or rejected by those it was offered to, and the rest of their crew."""
        if request.step not in {"accept", "reject"} or order.state is not OrderState.NOTIFIED:
            return
        to_all = not order.offered or order.assignee is not None  # whose it is, the step itself knows
        if to_all or request.entitled or request.by in order.offered:
            return
        if order.crew is None or request.by not in self._members(order.crew):
            raise Refusal("not_yours", "this order was offered to others: the desk can hand it to you")

    def _as_of(self, entry: _Open, now: Instant) -> WorkOrder:
        """The order with what is left of its time now."""
        if entry.due == NEVER:
            return entry.order
        return replace(entry.order, remaining=max(0, entry.due - now.mono))

    def _record(
        self, entry: _Open, order: WorkOrder, kind: str, now: Instant, told: Conclusion,
        by: str | None = None, note: str | None = None, seq: Seq | None = None,
    ) -> None:  # fmt: skip
        """Number the fact, keep the order as it now stands, and set its timers by it."""
        seq = seq or self._numbering.next()
        runs = not order.stopped and not order.overdue and order.remaining is not None
        entry.order = replace(
            order, seq=seq, due_at=now.utc + (order.remaining or 0) if runs else order.due_at
        )
        entry.due = now.mono + (order.remaining or 0) if runs else NEVER
        entry.again = now.mono + LOOK_AGAIN if order.unmanned else NEVER
        told.facts.append(Fact(seq, kind, now.utc, by, "order", entry.order.to_dict(), note))
        if not entry.order.open:
            del self._book[entry.order.id]

    def _wind(self, entry: _Open, now: Instant) -> None:
        order = entry.order
        if (
            not order.stopped
            and not order.overdue
            and order.remaining is not None
            and order.due_at is not None
        ):
            entry.due = resumed(order.due_at, order.remaining, now)
        if order.unmanned:
            entry.again = now.mono + LOOK_AGAIN


def _like(order: WorkOrder, rule: OrderRule) -> bool:
    """Whether an order for the same alarm may be the work that the rule asks for.

    Somebody who was sent by hand to look, or with another skill, repairs nothing.
    """
    sent_to_look = order.assignee is not None and not order.needs_photos
    return order.rule is not None or order.skill == rule.skill or not (order.skill or sent_to_look)


def _from_rule(alarm: Alarm, rule: OrderRule, category: str) -> OpenOrder:
    return OpenOrder(
        by="", title=rule.title, task=rule.task, category=category, place=alarm.place, zone=alarm.zone,
        device=alarm.device, alarm=alarm.id, priority=rule.priority or alarm.priority, skill=rule.skill,
        due=rule.due, needs_photos=rule.needs_photos,
    )  # fmt: skip
