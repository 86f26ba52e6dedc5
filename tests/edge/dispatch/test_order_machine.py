"""Whatever people, time and power cuts do: no order is lost, forgotten, or closed by the wrong person."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.domain.instant import HOUR
from edge.domain.order import AddPhoto, OrderState, WorkOrder
from edge.domain.request import Refusal
from tests.chance import examples
from tests.edge.dispatch.order_desk import OrderDesk

PEOPLE = st.sampled_from(["sun", "qian", "li"])
STEPS = st.sampled_from(
    ["accept", "accept", "depart", "arrive", "arrive", "finish", "finish", "verify", "reject", "reassign", "hold",
     "approve", "resume", "redo", "cancel", "help", "undo"]
)  # fmt: skip
FORWARD = {
    OrderState.NOTIFIED: {OrderState.NOTIFIED, OrderState.ACCEPTED, OrderState.CANCELLED},
    OrderState.VERIFIED: {OrderState.VERIFIED},
    OrderState.CANCELLED: {OrderState.CANCELLED},
}


class Orders(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.desk = OrderDesk()
        self.seen: dict[str, WorkOrder] = {}

    @rule(
        due=st.none() | st.integers(1, 10 * 3600),
        photos=st.booleans(),
        skill=st.sampled_from(["electric", "lift"]),
    )
    @precondition(lambda self: len(self.desk.rows) < 4)
    def opens(self, due: int | None, photos: bool, skill: str) -> None:
        self.desk.open(due=due, needs_photos=photos, skill=skill)

    @rule(data=st.data(), step=STEPS, by=PEOPLE)
    @precondition(lambda self: self.desk.rows)
    def steps(self, data: st.DataObject, step: Any, by: str) -> None:
        order = self.desk.last(data.draw(st.sampled_from(sorted(self.desk.rows))))
        before = len(self.desk.facts)
        try:
            after = self.desk.do(order, step, by=by, reason="parts", person="qian")
        except Refusal:
            assert len(self.desk.facts) == before  # a refusal changes nothing
            assert self.desk.last(order.id) == order
            return
        if step != "undo" and order.state in FORWARD:
            assert after.state in FORWARD[order.state]
        if after.state is OrderState.VERIFIED:
            assert after.verified_by == by != after.done_by
        if step == "finish" and after.needs_photos:
            assert after.proved

    @rule(data=st.data())
    @precondition(lambda self: self.desk.rows)
    def shows(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.desk.rows)))
        try:
            self.desk.ask(AddPhoto(id, "sun", f"p-{len(self.desk.facts)}", "after", "0" * 64, 1, 1))
        except Refusal:
            assert not self.desk.last(id).open or len(self.desk.last(id).photos) >= 30

    @rule(micros=st.integers(0, 3 * HOUR), step=st.sampled_from([0, 0, -24 * HOUR, 24 * HOUR]))
    def waits(self, micros: int, step: int) -> None:
        due = self.desk.orders.next_due()
        self.desk.later(micros, step)
        again = self.desk.orders.next_due()
        assert again is None or again > self.desk.now.mono or due is None

    @rule(away=st.integers(0, HOUR), trusted=st.booleans())
    def restarts(self, away: int, trusted: bool) -> None:
        before = {order.id: order for order in self.desk.all()}
        self.desk.restart(away, trusted=trusted)
        assert {order.id: order for order in self.desk.all()} == before

    @invariant()
    def rows_read_back(self) -> None:
        for id, row in self.desk.rows.items():
            order = WorkOrder.from_dict(row)
            assert order.to_dict() == row
            assert order.open is row["open"]
            assert order.assignee is not None or order.state in {OrderState.NOTIFIED, OrderState.CANCELLED}
            assert not (order.open and order.unmanned and order.assignee)
            former = self.seen.get(id)
            if former is not None:
                assert len(order.photos) >= len(former.photos)
                assert former.open or former == order
            self.seen[id] = order

    @invariant()
    def whoever_is_late_is_told(self) -> None:
        for order in self.desk.all():
            if order.open and order.due_at is not None and not order.stopped and not order.overdue:
                assert self.desk.orders.next_due() is not None


TestOrders = Orders.TestCase
TestOrders.settings = examples(60, stateful_step_count=40)
