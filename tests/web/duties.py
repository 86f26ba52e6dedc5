"""The real duties within the hub in memory; the account `admin` is a manager."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

from edge.conclude import Conclude
from edge.domain.conclusion import Happened
from edge.domain.instant import MINUTE
from edge.domain.names import Text
from edge.domain.obligation import Checkpoint, Duty, DutyBook, Facility, LifeSpan, Route, Task
from edge.domain.roster import Person, Roster
from edge.duties.calendar import Calendar
from edge.duties.tenant import Duties
from tests.edge.duties.desk import SHANGHAI, Every
from tests.web.fakes import FakeHub

POINTS = (
    Checkpoint("cp-lobby", Text("1号楼门厅", "Building 1 lobby"), "b1", "HA-01"),
    Checkpoint("cp-pump", Text("泵房", "Pump room"), "b1", "HA-02"),
    Checkpoint("cp-gate", Text("北门", "North gate"), "yard/north", "HA-03"),
)
ROUND = Duty(
    "night-round", Text("巡更", "Security patrol"), "patrol", Every(), (time(0), time(12)), 12 * 3600.0, "practice",
    ("post:patrol",), evidence="B", route="night",
)  # fmt: skip
CHECK = Duty(
    "extinguisher-check", Text("灭火器检查", "Extinguisher check"), "check", Every(), (time(0),), 24 * 3600.0,
    "GB 50444-2008 5.2.1", ("role:guard",), evidence="B", signature=True, facilities=("extinguisher",),
    tasks=(Task("seal", Text("铅封完好", "The seal is whole"), "fire"),),
)  # fmt: skip
BOOK = DutyBook(
    {ROUND.id: ROUND, CHECK.id: CHECK},
    {point.id: point for point in POINTS},
    {"night": Route("night", Text("夜间", "Night"), tuple(point.id for point in POINTS), "varied", 1500.0)},
    {"extinguisher": LifeSpan("extinguisher", Text("干粉灭火器", "Dry powder"), "practice", 60, 24, 120, "fire")},
    {
        "ext-01": Facility("ext-01", "extinguisher", Text("灭火器箱01", "Box 01"), "b1",
                           Text("1号楼 门厅", "Building 1, lobby"), 2, made=date(2018, 5, 1)),
        "ext-02": Facility("ext-02", "extinguisher", Text("灭火器箱02", "Box 02"), "yard/north",
                           Text("院区 北门", "Yard, north gate"), 2, made=date(2026, 1, 1)),
    },
)  # fmt: skip


def with_duties(hub: FakeHub, book: DutyBook = BOOK) -> FakeHub:
    """Let `hub` have duties; those of the moment have come due."""
    admin = Person("admin", "周敏", Text("安防主管", "Head of security"), roles=("property-manager",))
    hub.site = replace(hub.site, duties=book, roster=Roster({"admin": admin}))
    hub.calendar = Calendar(book.duties.values(), SHANGHAI, lambda _: None)
    tenant = Duties(
        book, hub.calendar, {}, hub._numbering, lambda _target, _now, _zone: ("guard",),
        lambda person: ("property-manager",) if person == "admin" else (), lambda _said: None,
    )  # fmt: skip
    hub.conclude = Conclude([tenant])
    look(hub)
    return hub


def look(hub: FakeHub) -> None:
    """The duties look at the calendar now."""
    (tenant,) = hub.conclude.tenants
    now = hub.now()
    made = tenant.conclude(Happened(), replace(now, mono=now.mono + 2 * MINUTE))
    for fact in made.facts:
        hub.put_case(fact.subject, fact.body, fact.kind, fact.by)


def due(hub: FakeHub, duty: str) -> str:
    """The id of the occurrence of a duty that is due."""
    rows = hub.case_rows["duty"].values()
    return next(row["id"] for row in rows if row["duty"] == duty and row["open"])
