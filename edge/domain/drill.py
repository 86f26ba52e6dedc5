"""演练: a rehearsal on the true path, told from what is real in everything that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Final, Literal

from edge.domain.names import Text
from edge.domain.reading import Value

DrillKind = Literal["live", "call_out", "table_top"]
"""实战: begins with a marked reading at the driver's edge. 拉动: the plan's people are called. 桌面: on paper."""
DrillState = Literal["running", "finished", "unfinished"]
EndedWhy = Literal["person", "alarm", "time"]
TIMES: Final = ("reading", "alarm", "message", "answer", "scene", "all_clear")
"""What is measured, in the order in which it comes."""
KINDS: Final[tuple[DrillKind, ...]] = ("live", "call_out", "table_top")


@dataclass(frozen=True, slots=True)
class Drill:
    """Times are µs UTC; people are ids. The words of who started and who ended it stand in the notes of its facts.

    device, point, value: whose reading is rehearsed, None unless live. outputs: ids ticked by both persons; operated:
    those of them the drill has really started. times: by the words of `TIMES`, the first of each; mustered: when each
    of those on the roll came. calls: whom a call-out calls, as in `escalation`. told: who was told of the drill, each
    `{"person", "channels"}`, person "" a group; late: those whom its message reached after its end. ended_why:
    "person", "alarm" (a real one, `ended_by_alarm` or `ended_by_incident`) or "time". seen_by: who read on a wall that
    a real alarm ended it. last: what the fact that carries this has measured.
    """

    id: str
    number: int
    kind: DrillKind
    plan: str
    plan_version: str
    title: Text
    place: Text
    zone: str
    by: str
    second: str
    opened_at: int
    state: DrillState = "running"
    device: str | None = None
    point: str | None = None
    value: Value | None = None
    outputs: tuple[str, ...] = ()
    operated: tuple[str, ...] = ()
    calls: tuple[Mapping[str, Any], ...] = ()
    told: tuple[Mapping[str, Any], ...] = ()
    late: tuple[Mapping[str, Any], ...] = ()
    times: Mapping[str, int] = field(default_factory=dict)
    mustered: tuple[int, ...] = ()
    incident: str | None = None
    alarm: str | None = None
    closed_at: int | None = None
    closed_by: str | None = None
    ended_why: EndedWhy | None = None
    ended_by_alarm: str | None = None
    ended_by_incident: str | None = None
    seen_at: int | None = None
    seen_by: str | None = None
    last: str | None = None

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self.state == "running"

    @property
    def stopped(self) -> bool:
        """Whether a real alarm ended it and nobody has read that on a wall yet."""
        return self.ended_why == "alarm" and self.seen_at is None

    @property
    def open(self) -> bool:
        """Whether it still needs something."""
        return self.running or self.stopped

    def spans(self) -> dict[str, float]:
        """Seconds from the beginning to each time there is; the beginning is the reading, or the start without one."""
        start = self.times.get("reading", self.opened_at)
        return {name: (self.times[name] - start) / 1e6 for name in TIMES if name in self.times}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` turns it back."""
        row = {f.name: getattr(self, f.name) for f in fields(self)}
        return row | {
            "open": self.open,
            "title": [self.title.zh, self.title.en],
            "place": [self.place.zh, self.place.en],
            "outputs": list(self.outputs),
            "operated": list(self.operated),
            "calls": [dict(call) for call in self.calls],
            "told": [dict(one) for one in self.told],
            "late": [dict(one) for one in self.late],
            "times": dict(self.times),
            "mustered": list(self.mustered),
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Drill:
        """What `to_dict` wrote; KeyError, TypeError or ValueError when it is no such row."""
        lists = ("outputs", "operated", "mustered")
        return cls(
            **{
                **{f.name: row[f.name] for f in fields(cls) if f.name in row},
                "title": Text(*row["title"]),
                "place": Text(*row["place"]),
                **{name: tuple(row[name]) for name in lists},
                "calls": tuple(dict(call) for call in row["calls"]),
                "told": tuple(dict(one) for one in row["told"]),
                "late": tuple(dict(one) for one in row.get("late", ())),
                "times": dict(row["times"]),
            }
        )


# ---- requests -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartDrill:
    """演练开始, by two persons. point: id, of a live one. zone: path, of one without a sensor; "" the whole site.

    value: what the point is to say, in its canonical unit; None: its alarm, where the point is a state.
    outputs: ids of those that are really started; all others are out of the drill's reach.
    """

    by: str
    second: str | None
    kind: DrillKind
    plan: str
    point: str | None = None
    zone: str = ""
    value: Value | None = None
    outputs: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class EndDrill:
    """演练结束. One that is over already stays as it is. It stops noise, so it works without the journal."""

    FAILS_OPEN: ClassVar = True

    drill: str
    by: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class SeeDrillStopped:
    """Somebody has read on a wall that a real alarm ended the drill."""

    drill: str
    by: str


DrillRequest = StartDrill | EndDrill | SeeDrillStopped
