"""The recurring obligations of a site: what is to be done when, where rounds lead, and which facilities are checked.

Data as the site's folder says. What becomes of one occurrence stands in `edge.domain.occurrence`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, Final, Literal, Protocol

from edge.domain.hazard import Category
from edge.domain.names import Text

Grade = Literal["A", "B", "C"]
"""How well an occurrence is proved: A by a sensor or the hub's own record, B by photo, place and time, C by a tick."""
OnHoliday = Literal["keep", "skip", "next"]
"""What a public holiday does to it: nothing, it falls away, or it moves to the next working day."""
DutyKind = Literal[
    "fire_patrol", "fire_inspection", "patrol", "test", "check", "cleaning", "waste", "greening", "drill", "office"
]  # fmt: skip
"""防火巡查 and 防火检查 are two duties of the law and never one kind."""
FacilityKind = str
"""Id of a kind of the register: extinguisher, hydrant, fire-door, emergency-light or one of the site's own."""

ROUND_KINDS: Final = frozenset({"fire_patrol", "patrol"})
"""Kinds whose miss is called 漏巡."""
NO_PLACE: Final = Text("", "")


class Recurrence(Protocol):
    """On which days something comes again (RFC 5545)."""

    def days(self, first: date, last: date) -> Sequence[date]:
        """The days from `first` to `last`, both included, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """One item of a checklist. category: of the hazard that it becomes where it is not in order."""

    id: str
    text: Text
    category: Category = "facility"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One place of a round. code: what its QR or NFC tag, or the guard-tour reader, says."""

    id: str
    name: Text
    zone: str
    code: str


@dataclass(frozen=True, slots=True)
class Route:
    """Checkpoints of a round. order: kept as listed, `varied` (never the same twice running), or free.

    gap: seconds between two stops from which on the pause is shown; 0 for none.
    """

    id: str
    name: Text
    stops: tuple[str, ...]
    order: Literal["fixed", "varied", "free"] = "free"
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class SensorProof:
    """What shows by itself that it was done: a reading of `point` within the window, or a fact of a kind.

    Of a drill's fact: plans, ways: those that will do ("live", "call_out", "table_top"), empty for any; mustered: how
    many must have come at least. whole: of a count of the reserve, only once all of it was counted within the window.
    """

    point: str | None = None
    op: Literal["below", "above", "equal"] = "above"
    value: float | bool = True
    fact: str | None = None
    plans: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    mustered: int = 0
    whole: bool = False

    def met_by(self, body: Mapping[str, Any]) -> bool:
        """Whether the body of a fact of that kind is one of those that are meant."""
        return (
            (not self.plans or body.get("plan") in self.plans)
            and (not self.ways or body.get("kind") in self.ways)
            and len(body.get("mustered", ())) >= self.mustered
        )


@dataclass(frozen=True, slots=True)
class Duty:
    """One recurring obligation. times: local starts on each of its days; window: seconds from a start to its end.

    crew: targets as in policies ("post:patrol", "role:operator", "crew:cleaning"). evidence: the grade asked for.
    remind: seconds before the end at which the crew is told, 0 for never. facilities: kinds of the register it checks.
    source: standard and clause, or the word "practice".
    """

    id: str
    title: Text
    kind: DutyKind
    recurrence: Recurrence
    times: tuple[time, ...]
    window: float
    source: str
    crew: tuple[str, ...]
    holidays: OnHoliday = "keep"
    tasks: tuple[Task, ...] = ()
    evidence: Grade = "C"
    proof: SensorProof | None = None
    route: str | None = None
    facilities: tuple[FacilityKind, ...] = ()
    remind: float = 0.0
    zone: str = ""
    place: Text = NO_PLACE
    signature: bool = False


@dataclass(frozen=True, slots=True)
class LifeSpan:
    """How long a kind of facility serves. Months from its making, or from the last service; None: no such term.

    first_service: until the first service; service: between two later ones; scrap: until it is taken away.
    """

    kind: FacilityKind
    name: Text
    source: str
    first_service: int | None = None
    service: int | None = None
    scrap: int | None = None
    category: Category = "facility"


@dataclass(frozen=True, slots=True)
class Facility:
    """One entry of the register. count: pieces at this place of the same making; serial: where there is one."""

    id: str
    kind: FacilityKind
    name: Text
    zone: str
    place: Text
    count: int = 1
    serial: str = ""
    made: date | None = None
    serviced: date | None = None


@dataclass(frozen=True, slots=True)
class DutyBook:
    """All of it, each by its id."""

    duties: Mapping[str, Duty] = field(default_factory=dict)
    checkpoints: Mapping[str, Checkpoint] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)
    spans: Mapping[str, LifeSpan] = field(default_factory=dict)
    facilities: Mapping[str, Facility] = field(default_factory=dict)

    def stops(self, duty: str) -> tuple[Checkpoint, ...]:
        """Where the round of a duty leads, as listed; nothing for a duty without a route."""
        found = self.duties.get(duty)
        if found is None or found.route is None:
            return ()
        return tuple(self.checkpoints[id] for id in self.routes[found.route].stops)

    def tagged(self, text: str) -> Checkpoint | None:
        """The checkpoint whose tag holds this code. Ids stand on pages, so that they show nothing."""
        said = text.strip().casefold()
        return next((point for point in self.checkpoints.values() if point.code.casefold() == said), None)

    def linked(self, text: str) -> Checkpoint | None:
        """The checkpoint of an address `…/at/<id>`, as its printed code says."""
        _, at, id = text.strip().rpartition("/at/")
        return self.checkpoints.get(id.partition("?")[0].rstrip("/")) if at else None


@dataclass(frozen=True, slots=True)
class Planned:
    """One occurrence that the calendar says. id: by local time; from_at, until_at: µs UTC."""

    id: str
    duty: str
    from_at: int
    until_at: int
