"""The real machine of orders within the hub in memory, with a crew of one."""

from __future__ import annotations

from edge.conclude import Conclude
from edge.dispatch.orders import Orders
from edge.domain.names import Text
from edge.domain.order import Advance, OpenOrder, OrderState, Step, WorkOrder
from tests.web.fakes import FakeHub

WAY: tuple[Step, ...] = ("accept", "depart", "arrive", "finish")


def with_orders(hub: FakeHub) -> FakeHub:
    """Let `hub` carry out requests about orders; "electric" is what the account `maintenance` can do."""
    hub.conclude = Conclude(
        [
            Orders(
                hub._numbering,
                (),
                lambda skill, _zone, _now: (
                    ("engineering", ("maintenance",)) if skill == "electric" else (None, ())
                ),
                hub.open_alarms,
                lambda device: hub.site.devices[device].profile.category,
            )
        ]
    )
    return hub


async def an_order(hub: FakeHub, upto: Step | None = None, **more: object) -> WorkOrder:
    """An order of the desk, carried by the crew up to a step of `WAY`."""
    given = {
        "by": "guard", "title": Text("烟感失联 41 小时", "Smoke detector out of contact for 41 h"),
        "task": Text("更换电池或换新", "Change the battery or the detector"),
        "place": hub.site.devices["sm-301"].place, "zone": "b3/s1/3f/301", "device": "sm-301", "skill": "electric",
        "due": 7800.0,
    } | more  # fmt: skip
    body = await hub.act(OpenOrder(**given))  # type: ignore[arg-type]
    for step in WAY[: WAY.index(upto) + 1 if upto else 0]:
        body = await hub.act(Advance(body["id"], "maintenance", step))  # type: ignore[index]
    order = WorkOrder.from_dict(hub.case_rows["order"][body["id"]])  # type: ignore[index]
    assert isinstance(order.state, OrderState)
    return order
