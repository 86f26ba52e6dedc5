"""The real machines of drills, incidents and the reserve within the hub in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from edge.conclude import Conclude
from edge.domain.drill import StartDrill
from edge.domain.instant import SECOND
from edge.domain.names import Text
from edge.domain.plan import EmergencyRules
from edge.domain.reserve import Batch, Item, Reserve, Store
from edge.emergency.drill_checks import Ground
from edge.emergency.drills import Drills
from edge.emergency.incidents import Incidents
from edge.emergency.reserve import ReserveStock
from tests.web.fakes import FakeHub
from tests.web.incidents import shipped_plans

ITEMS = (
    Item(
        "escape-mask",
        Text("自救呼吸器", "Escape mask"),
        "station",
        Text("具", "pcs"),
        20,
        (Batch("2023", 4, "2020-10-31"), Batch("2025", 16, "2099-06-30")),
    ),
    Item("fire-hose", Text("消防水带", "Fire hose"), "station", Text("条", "pcs"), 6, (Batch("2024", 6),)),
)
RESERVE = Reserve((Store("station", Text("微型消防站", "Micro fire station"), "b1/1f"),), ITEMS)


def with_drills(hub: FakeHub) -> FakeHub:
    """Let `hub` carry out drills at its detectors, and keep a reserve."""
    hub.site = replace(hub.site, emergency=EmergencyRules(shipped_plans()), reserve=RESERVE)
    site = hub.site
    points = {state.point.id: state.point for state in hub.points()}

    def today(now: Any) -> date:
        return datetime.fromtimestamp(now.utc / SECOND, UTC).date()

    drills = Drills(
        Ground(
            site.emergency.plan, site.devices, points, site.zones, lambda _: None, hub.open_alarms,
            lambda *_: None, lambda *_: ("guard", "maintenance"), lambda _: (),
            lambda: incidents.standing(),  # noqa: PLW0108 - made below
            lambda _: None,
        ),
        hub._numbering,
    )  # fmt: skip
    incidents = Incidents(
        site.emergency, site.devices, site.zones, hub._numbering, hub.open_alarms, drills.of
    )
    reserve = ReserveStock(RESERVE, hub._numbering, today)
    hub.conclude = Conclude([incidents, drills, reserve, incidents.ticking, drills.watching])
    for fact in reserve.restore([], hub.now()).facts:
        hub.put_case(fact.subject, fact.body, fact.kind)
    return hub


async def a_drill(hub: FakeHub, **more: Any) -> Mapping[str, Any]:
    """A live one at flat 301, begun by admin and guard."""
    given = {"kind": "live", "plan": "p2-flat-smoke", "point": "sm-301.smoke"} | more
    made = await hub.act(StartDrill("admin", "guard", **given))
    assert isinstance(made, Mapping)
    return made
