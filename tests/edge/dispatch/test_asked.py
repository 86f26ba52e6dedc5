"""What orders themselves ask to be told, beside the ladder of calls."""

from __future__ import annotations

from datetime import UTC

import pytest

from edge.dispatch.asked import Memory, wanted
from edge.dispatch.messages import Words
from edge.domain.fact import Fact, Seq
from edge.domain.notification import Notification, NotificationState
from edge.domain.order import Step
from tests.edge.dispatch.order_desk import OrderDesk
from tests.edge.emergency.scene import Scene


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


@pytest.mark.parametrize(
    ("device", "said"), [("co", "CARBON MONOXIDE CONFIRMED"), ("gas-a", "GAS LEAK CONFIRMED")]
)
def test_what_became_certain_is_called_by_its_name(device: str, said: str) -> None:
    scene, memory = Scene(), Memory()
    alarm = scene.judged(scene.raised("al-1", device), "real")
    for fact in scene.facts:
        memory.note(fact)
    memory.note(Fact(Seq(1, 1), "alarm.verdict", 1, "li", "alarm", alarm.to_dict()))
    told = Fact(Seq(1, 2), "escalation.told", 1, None, "escalation", {"incident": scene.one().id})
    message = Notification(
        "nt-1",
        "sms",
        "li",
        "li",
        "confirmed",
        NotificationState.QUEUED,
        True,
        1,
        memory.about("al-1", None, told),
    )
    assert said in Words(UTC).compose(message, "en", repeat=False, answers=False)
