"""A watch with a clock around the duties; restarts from what a journal would hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from edge.domain.conclusion import Conclusion, Happened
from edge.domain.device import Device, DeviceProfile, Point, PointSpec
from edge.domain.fact import Fact, Numbering
from edge.domain.hazard import ReportHazard
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text
from edge.domain.obligation import Checkpoint, Duty, DutyBook, Facility, LifeSpan, Route, SensorProof, Task
from edge.domain.occurrence import DutyRequest, MarkStop
from edge.domain.reading import Reading
from edge.domain.request import Request
from edge.duties import builtin
from edge.duties.calendar import Calendar
from edge.duties.tenant import Duties

SHANGHAI = ZoneInfo("Asia/Shanghai")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Every:
    """A recurrence of every n-th day from 2026-01-01."""

    def __init__(self, n: int = 1) -> None:
        self.n = n

    def days(self, first: date, last: date) -> list[date]:
        days = (first + timedelta(days=k) for k in range((last - first).days + 1))
        return [day for day in days if (day - date(2026, 1, 1)).days % self.n == 0]


def text(words: str) -> Text:
    return Text(words, words)


def a_duty(id: str = "patrol", **more: Any) -> Duty:
    given: dict[str, Any] = {
        "id": id, "title": text(id), "kind": "patrol", "recurrence": Every(), "times": (time(8), time(15), time(22)),
        "window": 7200.0, "source": "practice", "crew": ("post:patrol",),
    }  # fmt: skip
    return Duty(**given | more)


POINTS = tuple(Checkpoint(f"cp-{n}", text(f"place {n}"), f"z{n}", f"TAG-{n}") for n in range(1, 4))
STOPS = tuple(point.id for point in POINTS)
ROUND = a_duty("round", times=(time(22),), route="night", remind=1800.0, evidence="B")
CHECK = a_duty(
    "check",
    kind="check",
    times=(time(9),),
    tasks=(Task("seal", text("seal"), "fire"),),
    facilities=("powder",),
)
PROVED = a_duty(
    "tank", kind="test", times=(time(9),), evidence="A", proof=SensorProof("dr-1.open", "equal", value=True)
)
LISTED = a_duty(
    "drill", kind="drill", times=(time(9),), evidence="A", proof=SensorProof(fact="drill.finished")
)
POWDER = LifeSpan("powder", text("powder"), "GB 50444-2008", 60, 24, 120, "fire")


def a_book(*duties: Duty, order: Any = "fixed", facilities: tuple[Facility, ...] = ()) -> DutyBook:
    return DutyBook(
        {duty.id: duty for duty in duties},
        {point.id: point for point in POINTS},
        {"night": Route("night", text("night"), STOPS, order, 600.0)},
        {"powder": POWDER},
        {each.id: each for each in facilities},
    )


class Watch:
    """Carries a journal of last bodies, so that `restart` restores what a real one would."""

    def __init__(
        self, book: DutyBook, at: str = "2026-03-02 07:00", zone: tzinfo = SHANGHAI,
        holidays: Collection[date] = (),
    ) -> None:  # fmt: skip
        self.book = book
        self.zone = zone
        self.holidays = dict.fromkeys(holidays, "holiday")
        self.now = Instant(self.at(at), 5_000_000, trusted=True)
        self.numbering = Numbering(1, 0)
        self.facts: list[Fact] = []
        self.rows: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.asked: list[Request] = []
        self.shown: list[tuple[str, object]] = []
        self.on_duty = ("he-jun",)
        self.duties = self._made()
        self.keep(self.duties.restore((), self.now))
        self.step()

    def _made(self) -> Duties:
        devices = builtin.devices(self.book.duties.values(), text("room"))
        points = {f"{d.id}.{s.id}": Point(f"{d.id}.{s.id}", d, s) for d in devices for s in d.profile.points}
        return Duties(
            self.book,
            Calendar(self.book.duties.values(), self.zone, self.holidays.get),
            points,
            self.numbering,
            lambda _target, _now, _place: self.on_duty,
            lambda person: ("property-manager",) if person == "chen" else (),
            lambda said: "he-jun" if said in {"he-jun", "何军"} else None,
        )

    # time

    def at(self, wall: str) -> int:
        """µs UTC of a local time."""
        moment = datetime.fromisoformat(wall).replace(tzinfo=self.zone)
        return (moment - _EPOCH) // timedelta(microseconds=1)

    def until(self, wall: str) -> list[str]:
        """Time passes to a local time, in steps as the hub makes them; the kinds of facts it made."""
        made: list[str] = []
        end = self.at(wall)
        while self.now.utc < end:
            due = self.duties.next_due() or self.now.mono
            span = min(max(due - self.now.mono, SECOND), end - self.now.utc)
            self.now = Instant(self.now.utc + span, self.now.mono + span, self.now.trusted)
            made += self.step()
        return made

    def jump(self, wall: str) -> list[str]:
        """The civil clock is set; the monotonic one goes on by the minute until it is noticed."""
        self.now = Instant(self.at(wall), self.now.mono + 60 * SECOND, self.now.trusted)
        return self.step()

    def step(self) -> list[str]:
        return self.keep(self.duties.conclude(Happened(), self.now))

    def restart(self, wall: str | None = None, *, trusted: bool = True) -> list[str]:
        """A new machine from the rows; the monotonic clock starts anew."""
        utc = self.now.utc if wall is None else self.at(wall)
        self.now = Instant(utc, 1_000, trusted)
        self.numbering = Numbering(self.numbering.epoch + 1, self.numbering.last)
        self.duties = self._made()
        rows = [row for (kind, _), row in self.rows.items() if row["open"] or self._remembered(kind, row)]
        made = self.keep(self.duties.restore(rows, self.now))
        return made + self.step()

    def _remembered(self, kind: str, row: Mapping[str, Any]) -> bool:
        span = self.duties.remembers.get(kind)
        return span is not None and (row.get("closed_at") or 0) >= self.now.utc - span

    # what happens

    def happens(self, *facts: Fact) -> list[str]:
        return self.keep(self.duties.conclude(Happened(facts=facts), self.now))

    def reads(self, point: str, value: object) -> list[str]:
        device, _, id = point.partition(".")
        spec = PointSpec(id, text(id))
        profile = DeviceProfile("p", "m", "m", "contact", "json", (spec,), "test", 60.0, text("p"))
        made = Point(point, Device(device, profile, text(device), "", text(""), text(""), device), spec)
        reading = Reading(made, value, self.now.utc, self.now.utc)  # type: ignore[arg-type]
        return self.keep(self.duties.conclude(Happened(readings=[reading]), self.now))

    def ask(self, request: DutyRequest) -> Mapping[str, Any]:
        """A person's request; what follows from it stands in `asked`."""
        conclusion = self.duties.act(request, self.now)
        self.keep(conclusion)
        assert conclusion.subject is not None
        return conclusion.subject

    def walk(self, occurrence: str, *codes: str, **more: Any) -> None:
        for code in codes:
            self.ask(MarkStop(occurrence, "he-jun", code, "qr", **more))

    def hazard_of(self, request: ReportHazard, id: str = "hz-1") -> list[str]:
        """What the hazards' tenant answers to a report."""
        source = {"kind": "round", "id": request.source_id, "by": request.by, "at": self.now.utc}
        body = {"id": id, "open": True, "opened_at": self.now.utc, "sources": [source]}
        return self.happens(
            Fact(self.numbering.next(), "hazard.reported", self.now.utc, None, "hazard", body)
        )

    def keep(self, conclusion: Conclusion) -> list[str]:
        for fact in conclusion.facts:
            self.facts.append(fact)
            if fact.subject:
                self.rows[fact.subject, fact.body["id"]] = fact.body
        self.asked += conclusion.requests
        self.shown += [(r.point.spec.id, r.value) for r in conclusion.readings]
        return [fact.kind for fact in conclusion.facts]

    # what stands

    def case(self, id: str) -> Mapping[str, Any]:
        return self.rows["duty", id]

    def known(self, kind: str) -> list[str]:
        """Ids of occurrences a kind of fact told of, in order."""
        return [fact.body["id"] for fact in self.facts if fact.kind == kind]
