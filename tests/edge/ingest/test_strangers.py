"""Points for senders nobody registered: each by its name, and never without end."""

from __future__ import annotations

from edge.domain.names import Text, is_id
from edge.ingest.strangers import MOST, Strangers

ROOM = Text("消防控制室 Zigbee网关", "Control room, Zigbee gateway")


def test_the_place_names_connection_and_sender() -> None:
    point, new = Strangers().point("zigbee", ROOM, "never-seen")
    assert new
    assert point.device.place == Text(
        "消防控制室 Zigbee网关 未登记设备 never-seen",
        "Control room, Zigbee gateway, unregistered device never-seen",
    )
    assert point.id == f"{point.device.id}.alarm"
    assert is_id(point.device.id)


def test_a_sender_keeps_its_point_also_over_a_restart() -> None:
    strangers = Strangers()
    first, _ = strangers.point("zigbee", ROOM, "never-seen")
    assert strangers.point("zigbee", ROOM, "never-seen") == (first, False)
    assert strangers.point("json", ROOM, "never-seen")[0].id != first.id
    assert Strangers().point("zigbee", ROOM, "never-seen")[0].id == first.id


def test_a_flood_of_invented_names_shares_one_more_point() -> None:
    strangers = Strangers()
    points = {strangers.point("zigbee", ROOM, f"x-{n}")[0].id for n in range(3 * MOST)}
    assert len(points) == MOST + 1


def test_what_cannot_be_shown_is_not() -> None:
    point, _ = Strangers().point("zigbee", ROOM, "a\n\x1b[31m" + "b" * 500)
    assert point.device.name.zh == "a??[31m" + "b" * 53
