"""The real register of hazards within the hub in memory; the account `admin` is the fire safety manager."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

from edge.conclude import Conclude
from edge.domain.hazard import AddHazardPhoto, AssignHazard, GradeHazard, Hazard, Rectify, ReportHazard
from edge.domain.hazard_rules import Element, HazardPolicy, HazardRule, Unit
from edge.domain.names import Text
from edge.domain.roster import Person, Roster
from edge.hazards.register import Hazards
from tests.web.fakes import FakeHub

UNITS = (
    Unit(
        "property",
        Text("和安物业", "He'an Property"),
        "company",
        "王建国",
        "13800000000",
        "admin",
        ("b1", "b3"),
    ),
    Unit(
        "shop-s1", Text("S1 面馆", "S1 restaurant"), "shop", "面馆负责人", "19900000071", "admin", ("yard",)
    ),
)
ELEMENTS = (
    Element("lane-blocked", Text("消防车通道被占用(释义)", "Fire lane occupied (paraphrase)"), "paraphrase"),
)
POLICY = HazardPolicy(
    rules=(
        HazardRule("lane", "report", "practice", sources=("camera", "resident"), categories=("fire",),
                   grade="general"),
    ),
    due={"grading": 86400.0, "general": 72 * 3600.0, "suspected_major": 86400.0, "major": 360 * 3600.0,
         "reinspection": 48 * 3600.0},
)  # fmt: skip


def with_hazards(hub: FakeHub) -> FakeHub:
    """Let `hub` carry out requests about hazards."""
    admin = Person("admin", "周敏", Text("安防主管", "Head of security"), roles=("fire-manager",))
    hub.site = replace(hub.site, units=UNITS, elements=ELEMENTS, roster=Roster({"admin": admin}))
    hub.conclude = Conclude(
        [
            Hazards(
                hub._numbering, POLICY, UNITS, [element.id for element in ELEMENTS], (), hub.open_alarms,
                lambda device: hub.site.devices[device].profile.category,
                lambda person: ("fire-manager",) if person == "admin" else (),
                lambda _utc: time(12),
            )
        ]
    )  # fmt: skip
    return hub


async def a_hazard(hub: FakeHub, upto: str = "reported", **more: Any) -> Hazard:
    """A hazard at the north gate, carried on to "graded", "assigned" or "rectified" (by the account maintenance)."""
    given: dict[str, Any] = {
        "by": "guard", "title": Text("消火栓被遮挡", "Hydrant hidden"), "category": "fire", "zone": "yard/north",
        "place": Text("院区 北门", "Yard, north gate"), "note": "电动车挡着",
    }  # fmt: skip
    steps: list[Any] = [ReportHazard(**given | more)]
    body: Any = await hub.act(steps[0])
    id = body["id"]
    if upto != "reported":
        body = await hub.act(GradeHazard(id, "guard", "general"))
    if upto in {"assigned", "rectified"}:
        body = await hub.act(AssignHazard(id, "guard", unit="shop-s1", measures="挪开杂物,恢复标识"))
    if upto == "rectified":
        await hub.act(AddHazardPhoto(id, "maintenance", "202611-" + "0" * 32, "after", "0" * 64, 800, 600))
        body = await hub.act(Rectify(id, "maintenance"))
    return Hazard.from_dict(body)
