"""A year of hazards in moved time: due times, re-inspections and relapses through restarts, holidays and set clocks."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from edge.dispatch.duty import OnDuty
from edge.dispatch.escalation import Escalation
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.hazard import AssignHazard, Hazard, HazardState, Rectify, Reinspect
from edge.domain.instant import DAY, HOUR, SECOND
from edge.domain.names import Text
from edge.domain.roster import Call, Person, Policy, Quiet, Roster, Tell
from tests.edge.hazards.hazard_desk import HazardDesk

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YEAR = int(datetime(2026, 1, 1, tzinfo=SHANGHAI).timestamp() * SECOND)
EVENTS = ("hazard-assigned", "hazard-overdue", "hazard-overdue-2", "hazard-overdue-3", "hazard-closed")
POLICY = Policy(
    "hazards",
    tells=tuple(Tell(on, (Call("assigned", ("sms",), on),)) for on in EVENTS),
    subject="hazard",
    quiet=Quiet(time(22), time(7, 30)),
)
ROSTER = Roster({"zhou": Person("zhou", "周", Text("安防", "Security"))})


class Year(HazardDesk):
    """The desk with its ladder of messages, on the site's calendar."""

    def __init__(self, seed: int) -> None:
        self.told: list[tuple[str, int]] = []
        self.escalation: Escalation | None = None
        super().__init__()
        self.chance = random.Random(seed)
        self.now = type(self.now)(NEW_YEAR, self.now.mono)
        self.real = NEW_YEAR  # the true time, whatever the hub's clock says

    def ladder(self) -> Escalation:
        duty = OnDuty(ROSTER, SHANGHAI, {date(2026, 2, 17): "春节"}.get)
        return Escalation((POLICY,), duty, self.numbering)

    def keep(self, conclusion: Conclusion) -> list[str]:
        kinds = super().keep(conclusion)
        if self.escalation is None:
            self.escalation = self.ladder()
            rows = [row for (kind, _), row in self.rows.items() if kind == "escalation" and row["open"]]
            self.rang(self.escalation.restore(rows, self.now))
        self.rang(self.escalation.conclude(Happened(facts=conclusion.facts), self.now))
        return kinds

    def rang(self, told: Conclusion) -> None:
        for fact in told.facts:
            self.rows["escalation", fact.body["id"]] = fact.body
            if fact.kind == "escalation.tell":
                self.told.append((fact.body["event"], self.now.utc))

    def restart(self, away: int = 0, *, trusted: bool = True) -> None:
        self.escalation = None  # the next facts find it made anew
        super().restart(away, trusted=trusted)
        self.real += away

    def passes(self, micros: int) -> None:
        """Time in steps of the timers, so that nothing is late because nobody looked."""
        end = self.now.mono + micros
        while self.now.mono < end:
            assert self.escalation is not None
            dues = [d for d in (self.hazards.next_due(), self.escalation.next_due()) if d is not None]
            until = min([end, *(max(d, self.now.mono + 1) for d in dues)])
            self.real += until - self.now.mono
            self.later(until - self.now.mono)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_year(seed: int) -> None:
    year = Year(seed)
    chance = year.chance
    zones = [f"b3/s{n}" for n in range(1, 6)]
    closed: dict[str, tuple[str, int]] = {}  # zone -> the last one struck off there, and when in truth
    overdue_at: dict[str, int] = {}
    for _ in range(260):
        zone = chance.choice(zones)
        hazard = year.grade(year.report(zone=zone, by="li"))
        former = closed.get(zone)
        if former is not None and abs(year.real - former[1] - 7 * DAY) > DAY:
            within = year.real - former[1] < 7 * DAY
            assert (hazard.repeat_of is not None) == within
        started = year.real
        year.ask(AssignHazard(hazard.id, "li", unit="property"))
        slow = chance.random() < 0.3
        left = chance.randint(73 * HOUR, 200 * HOUR) if slow else chance.randint(HOUR, 60 * HOUR)
        while year.real - started < left:
            before = year.last(hazard.id)
            if chance.random() < 0.1:
                year.restart(chance.choice([0, HOUR, 6 * HOUR]))
            if chance.random() < 0.05:  # somebody sets the clock; the time that is left does not change by it
                year.later(0, step=chance.choice([-2 * HOUR, 2 * HOUR]))
            year.passes(min(chance.randint(HOUR, 12 * HOUR), max(HOUR, left - (year.real - started))))
            after = year.last(hazard.id)
            if after.overdue and not before.overdue:
                overdue_at[hazard.id] = year.real - started
        last = year.last(hazard.id)
        assert last.overdue == (hazard.id in overdue_at)
        # A clock set by 2 h is believed at the next restart, and so may move the due time by as much.
        assert abs(overdue_at.get(hazard.id, 72 * HOUR) - 72 * HOUR) <= 24 * HOUR
        year.photo(hazard, f"p-{hazard.id}")
        year.ask(Rectify(hazard.id, "he"))
        year.passes(chance.randint(HOUR, 40 * HOUR))
        if chance.random() < 0.2:
            year.ask(Reinspect(hazard.id, "liu", passed=False, reason="not_repaired"))
            year.photo(hazard, f"q-{hazard.id}")
            year.ask(Rectify(hazard.id, "he"))
        year.pass_(year.last(hazard.id), by="liu")
        closed[zone] = (hazard.id, year.real)
    assert year.real - NEW_YEAR > 365 * DAY
    whole = [each for each in year.all() if each.state is HazardState.CLOSED]
    assert len(whole) > 60
    assert any(each.repeat_of for each in whole)
    assert all(each.reinspected_by == "liu" and each.rectified_by == "he" for each in whole)
    once(year)


def once(year: Year) -> None:
    """Each step of overdue was told once, none at night."""
    facts = [f for f in year.facts if f.kind == "hazard.overdue"]
    told = [on for on, _ in year.told if on.startswith("hazard-overdue")]
    assert len(told) == len(facts)
    seen: dict[str, list[int]] = {}
    for fact in facts:
        hazard = Hazard.from_dict(fact.body)
        seen.setdefault(f"{hazard.id}/{hazard.state}/{hazard.sent_back}", []).append(hazard.climbed)
    assert all(steps == list(range(1, len(steps) + 1)) for steps in seen.values())
    for _, at in year.told:
        local = datetime.fromtimestamp(at / SECOND, UTC).astimezone(SHANGHAI).time()
        assert time(7, 30) <= local < time(22)
