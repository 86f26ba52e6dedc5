"""A desk with a clock, its alarms and orders around the register; restarts from what a journal would hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from edge.domain.alarm import Alarm, Verdict, VerdictKind
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.device import Device, DeviceProfile, Point, PointSpec, Signal
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.hazard import AddHazardPhoto, GradeHazard, Hazard, Rectify, Reinspect, ReportHazard
from edge.domain.hazard_rules import HazardPolicy, HazardRule, Nuisance, Unit
from edge.domain.instant import DAY, HOUR, SECOND, Instant
from edge.domain.names import Text
from edge.domain.order import OrderState, WorkOrder
from edge.domain.quantity import QUANTITIES
from edge.domain.reading import Arrival, Purpose, Quality, Reading, Reason, Value
from edge.domain.request import Request
from edge.domain.rule import AlarmRule, Level, Priority, Selector
from edge.hazards.register import Hazards

START = 1_780_000_000_000_000
GAS_RULE = AlarmRule(
    "gas", Selector(quantity="combustible_gas"), "high",
    (Level(8.0, Priority.HIGH, Text("燃气报警(低限)", "Gas (low)"), Text("", "")),), Signal.GAS, True, "practice",
    deadband=1.0,
)  # fmt: skip
POLICY = HazardPolicy(
    rules=(
        HazardRule("leak", "alarm", "practice", "gas", Text("燃气泄漏", "Gas leak"), rules=("gas",), grade="general",
                   proof=(3, 60.0)),
        HazardRule("current", "alarm", "practice", "electrical", Text("漏电", "Leakage"), rules=("residual",),
                   grade="general", order=True, skill="electric", measures=Text("查绝缘", "Check insulation")),
        HazardRule("after-fire", "verdict", "practice", "fire", Text("查明起火原因", "Find the cause"),
                   verdicts=("real",), signals=(Signal.FIRE,), draft=True),
        HazardRule("lane", "report", "practice", sources=("camera", "resident"), categories=("fire",),
                   grade="general", due={"general": 24 * 3600.0}),
    ),
    due={"grading": 24 * 3600.0, "general": 72 * 3600.0, "suspected_major": 24 * 3600.0, "major": 360 * 3600.0,
         "reinspection": 48 * 3600.0},
    climb=(0.0, 86400.0, 3 * 86400.0),
    nuisance=Nuisance(3, 30.0, skill="detectors"),
)  # fmt: skip
UNITS = (
    Unit("property", Text("物业", "Property"), "company", person="zhou", zones=("b3", "out")),
    Unit("shop-s1", Text("面馆", "Restaurant"), "shop", person="zhou", zones=("sh/s1",)),
)
ROLES = {"zhou": ("fire-manager",), "chen": ("property-manager",)}
_SPEC = PointSpec("lel", Text("燃气", "Gas"), QUANTITIES["combustible_gas"])
_PROFILE = DeviceProfile(
    "gas-1", "Test", "G1", "gas-detector", "json", (_SPEC,), "test", 600.0, Text("燃气", "Gas")
)
_PLACE = Text("3号楼", "Building 3")
GAS = Point("gs-1.lel", Device("gs-1", _PROFILE, _PLACE, "b3/s1/3f", _PLACE, _PLACE, "gs-1"), _SPEC)


class HazardDesk:
    """Carries a journal of last bodies, so that `restart` restores what a real one would."""

    def __init__(self) -> None:
        self.now = Instant(START, 5_000_000, trusted=True)
        self.alarms: dict[str, Alarm] = {}
        self.numbering = Numbering(1, 0)
        self.facts: list[Fact] = []
        self.rows: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.asked: list[Request] = []
        self.hazards = self._made()

    def _made(self) -> Hazards:
        return Hazards(
            self.numbering, POLICY, UNITS, ("lane-blocked",), (GAS_RULE,), self.alarms.values,
            lambda _device: "gas-detector", lambda person: ROLES.get(person, ()),
            lambda utc: datetime.fromtimestamp(utc / SECOND, ZoneInfo("Asia/Shanghai")).time(),
        )  # fmt: skip

    # time

    def restart(self, away: int = 0, *, trusted: bool = True) -> None:
        """A new machine from the rows, after `away` µs; the monotonic clock starts anew."""
        self.now = Instant(self.now.utc + away, 1_000, trusted)
        self.numbering = Numbering(self.numbering.epoch + 1, self.numbering.last)
        self.hazards = self._made()
        since = self.now.utc - self.hazards.remembers["hazard"]
        own = [(kind, row) for (kind, _), row in self.rows.items() if kind in self.hazards.kinds]
        rows = [row for kind, row in own if row["open"] or (kind == "hazard" and row["closed_at"] >= since)]
        self.keep(self.hazards.restore(rows, self.now))
        self.later(0)

    def later(self, micros: int, step: int = 0) -> list[str]:
        """Time passes, `step` of it only on the civil clock; the kinds of facts it made."""
        self.now = Instant(self.now.utc + micros + step, self.now.mono + micros, self.now.trusted)
        return self.keep(self.hazards.conclude(Happened(), self.now))

    # what happens

    def alarm(self, id: str = "a-1", **more: Any) -> list[str]:
        """An alarm is raised."""
        return self.happens("alarm.raised", an_alarm(id, at=self.now.utc, **more))

    def happens(self, kind: str, alarm: Alarm) -> list[str]:
        self.alarms[alarm.id] = alarm
        fact = Fact(self.numbering.next(), kind, self.now.utc, subject="alarm", body=alarm.to_dict())
        return self.keep(self.hazards.conclude(Happened(facts=[fact]), self.now))

    def returns(self, id: str = "a-1") -> list[str]:
        return self.happens("alarm.returned", replace(self.alarms[id], active=False))

    def judged(self, id: str, kind: VerdictKind, by: str = "li") -> list[str]:
        verdict = Verdict(kind, "cooking", by, self.now.utc)
        return self.happens("alarm.verdict", replace(self.alarms[id], verdict=verdict))

    def order(
        self, state: OrderState, hazard: str | None = None, *, alarm: str | None = None, id: str = "wo-1",
        by: str = "sun", kind: str = "", rule: str | None = "gas-hose",
    ) -> list[str]:  # fmt: skip
        """A fact about a work order. rule: by which one about an alarm was opened."""
        job = WorkOrder(
            id, 1, state, self.now.utc, Text("修", "Repair"), Priority.MEDIUM, Seq(1, 1), hazard=hazard, alarm=alarm,
            done_by=by if state is OrderState.DONE else None, rule=rule if alarm else None,
        )  # fmt: skip
        kind = kind or f"order.{state.value}"
        fact = Fact(self.numbering.next(), kind, self.now.utc, by, "order", job.to_dict())
        return self.keep(self.hazards.conclude(Happened(facts=[fact]), self.now))

    def reads(
        self, value: Value, *, quality: Quality = Quality.GOOD, arrival: Arrival = Arrival.LIVE,
        purpose: Purpose = Purpose.LIVE, age: int = 0, after: int = 30 * SECOND, reason: Reason | None = None,
    ) -> list[str]:  # fmt: skip
        """A reading of the gas sensor, `after` µs later."""
        self.now = Instant(self.now.utc + after, self.now.mono + after, self.now.trusted)
        reading = Reading(
            GAS, value, self.now.utc - age, self.now.utc, quality, reason, arrival=arrival, purpose=purpose
        )
        return self.keep(self.hazards.conclude(Happened(readings=[reading]), self.now))

    # what people do

    def report(self, **more: Any) -> Hazard:
        given: dict[str, Any] = {
            "by": "li", "title": Text("消火栓被遮挡", "Hydrant hidden"), "category": "fire", "zone": "out",
            "place": Text("室外", "Outdoors"),
        }  # fmt: skip
        return self.ask(ReportHazard(**given | more))

    def grade(self, hazard: Hazard, grade: Any = "general", by: str = "li", **more: Any) -> Hazard:
        return self.ask(GradeHazard(hazard.id, by, grade, **more))

    def photo(self, hazard: Hazard, id: str = "p-1", kind: Any = "after") -> Hazard:
        return self.ask(AddHazardPhoto(hazard.id, "he", id, kind, "0" * 64, 800, 600))

    def rectified(self, **more: Any) -> Hazard:
        """A hazard that waits to be re-inspected; he-jun did it."""
        hazard = self.grade(self.report(**more))
        return self.ask(Rectify(self.photo(hazard).id, "he"))

    def pass_(self, hazard: Hazard, by: str = "liu", **more: Any) -> Hazard:
        return self.ask(Reinspect(hazard.id, by, passed=True, **more))

    def ask(self, request: Any) -> Hazard:
        told = self.hazards.act(request, self.now)
        self.keep(told)
        assert told.subject is not None
        return Hazard.from_dict(told.subject)

    # what is there

    def last(self, id: str) -> Hazard:
        return Hazard.from_dict(self.rows["hazard", id])

    def all(self) -> list[Hazard]:
        return [Hazard.from_dict(row) for (kind, _), row in self.rows.items() if kind == "hazard"]

    def only(self) -> Hazard:
        (hazard,) = self.all()
        return hazard

    def keep(self, conclusion: Conclusion) -> list[str]:
        for fact in conclusion.facts:
            if fact.subject == "hazard":
                hazard = Hazard.from_dict(fact.body)
                assert hazard.to_dict() == fact.body
                assert hazard.grade != "major" or hazard.interim_at is not None
            self.facts.append(fact)
            self.rows[fact.subject, fact.body["id"]] = fact.body
        self.asked += conclusion.requests
        return [fact.kind for fact in conclusion.facts]


def an_alarm(
    id: str, *, rule: str = "gas", signal: Signal = Signal.GAS, device: str = "gs-1", point: str = "lel",
    zone: str = "b3/s1/3f", purpose: Purpose = Purpose.LIVE, at: int = START,
) -> Alarm:  # fmt: skip
    return Alarm(
        id=id, key=f"{rule}@{device}.{point}", rule=rule, device=device, point=f"{device}.{point}", zone=zone,
        place=Text("3号楼", "Building 3"), signal=signal, level=0, priority=Priority.URGENT, active=True, acked=False,
        latched=True, value=12.0, limit=8.0, unit="%LEL", received_at=at, raised_at=at, annunciated_at=at,
        last_report_at=at, title=Text("燃气报警", "Gas"), response=Text("", ""), purpose=purpose, seq=Seq(1, 1),
    )  # fmt: skip


def a_smoke(id: str, **more: Any) -> Alarm:
    return an_alarm(
        id, **{"rule": "smoke", "signal": Signal.FIRE, "device": "sm-302k", "point": "smoke"} | more
    )


__all__ = ["DAY", "HOUR", "SECOND", "HazardDesk", "a_smoke", "an_alarm"]
