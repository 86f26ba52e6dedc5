"""What orders themselves ask to be told, beside the ladder of calls."""

from __future__ import annotations

import pytest

from edge.dispatch.asked import Memory, wanted
from edge.domain.order import Step
from tests.edge.dispatch.order_desk import OrderDesk


@pytest.mark.parametrize(
    ("steps", "last", "more", "told"),
    [
        (("finish",), "redo", {"by": "li", "note": "漏"}, ("sun", "order-redone")),
        ((), "help", {"person": "qian"}, ("qian", "order-help")),
        ((), "help", {"reason": "two_needed"}, ("", "order-help")),
    ],
)
def test_work_sent_back_and_a_call_for_help_reach_somebody(
    steps: tuple[Step, ...], last: Step, more: dict[str, str], told: tuple[str, str]
) -> None:
    desk, memory = OrderDesk(), Memory()
    order = desk.open()
    for step in ("accept", "arrive", *steps):
        desk.do(order, step)
    desk.do(order, last, **more)
    for fact in desk.facts:
        memory.note(fact)
    (call,) = wanted(desk.facts[-1], memory)
    assert (call.person, call.message) == told
    assert call.channels[0] == ("sms" if call.person else "desk")
    assert call.about.title == order.title
    assert not call.help  # a digit would answer nothing
