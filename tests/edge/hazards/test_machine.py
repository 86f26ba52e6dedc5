"""Whatever people, sensors, time and power cuts do: none closes unproved, or by the hand that rectified it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.domain.hazard import (
    AskExtension,
    AssignHazard,
    CancelHazard,
    DecideExtension,
    Hazard,
    HazardState,
    InterimControl,
    Rectify,
    Reinspect,
)
from edge.domain.instant import DAY, HOUR, SECOND
from edge.domain.order import Advance, OpenOrder, OrderState
from edge.domain.reading import Arrival, Purpose, Quality
from edge.domain.request import Refusal
from tests.chance import examples
from tests.edge.hazards.hazard_desk import HazardDesk

PEOPLE = st.sampled_from(["li", "he", "liu", "zhou", "chen"])
ACTS = st.sampled_from(
    ["grade", "suspect", "major", "assign", "crew", "interim", "photo", "rectify", "pass", "override", "fail", "ask",
     "grant", "cancel"]
)  # fmt: skip
FORWARD = {
    HazardState.CLOSED: {HazardState.CLOSED},
    HazardState.CANCELLED: {HazardState.CANCELLED},
}


class Hazards(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.desk = HazardDesk()
        self.shown = 0  # facts looked at
        self.states: dict[str, Hazard] = {}
        self.good: dict[str, int] = {}  # trusted normal readings in a row since the work was done
        self.first: dict[str, int] = {}  # mono µs of the first of them
        self.did: dict[str, set[str]] = {}  # who had an order of it done
        self.orders: dict[str, tuple[str | None, OrderState]] = {}
        self.alarms = 0

    # what happens

    @rule(category=st.sampled_from(["fire", "gas"]), separate=st.booleans(), suspected=st.booleans())
    @precondition(lambda self: len(self.states) < 5)
    def reported(self, category: Any, separate: bool, suspected: bool) -> None:
        self.desk.report(category=category, separate=separate, suspected=suspected, zone="b3/s1/3f")

    @rule()
    @precondition(lambda self: self.alarms < 4)
    def alarm(self) -> None:
        self.alarms += 1
        self.desk.alarm(f"a-{self.alarms}")

    @rule()
    @precondition(lambda self: self.alarms)
    def quiet(self) -> None:
        self.desk.returns(f"a-{self.alarms}")

    @rule(kind=st.sampled_from(["real", "false"]))
    @precondition(lambda self: self.alarms)
    def judged(self, kind: Any) -> None:
        self.desk.judged(f"a-{self.alarms}", kind)

    @rule(
        value=st.sampled_from([0.0, 1.0, 1.0, 7.5, 12.0]),
        quality=st.sampled_from([Quality.GOOD, Quality.GOOD, Quality.BAD]),
        arrival=st.sampled_from([Arrival.LIVE, Arrival.LIVE, Arrival.HISTORY]),
        purpose=st.sampled_from([Purpose.LIVE, Purpose.LIVE, Purpose.DRILL]),
        times=st.integers(1, 4),
        after=st.sampled_from([SECOND, 30 * SECOND]),
    )
    def reads(
        self, value: float, quality: Quality, arrival: Arrival, purpose: Purpose, times: int, after: int
    ) -> None:
        counts = (quality, arrival, purpose) == (Quality.GOOD, Arrival.LIVE, Purpose.LIVE)
        normal = value < 7.0 and not any(a.active for a in self.desk.alarms.values())
        for _ in range(times):
            if counts:
                at = self.desk.now.mono + after
                self.first = {id: self.first[id] if n else at for id, n in self.good.items()}
                self.good = {id: n + 1 if normal else 0 for id, n in self.good.items()}
            self.desk.reads(value, quality=quality, arrival=arrival, purpose=purpose, after=after)
            self.look()

    @rule(hours=st.integers(0, 100), step=st.sampled_from([0, 0, 5 * HOUR, -DAY, 40 * DAY]))
    def time(self, hours: int, step: int) -> None:
        self.desk.later(hours * HOUR, step)

    @rule(away=st.sampled_from([0, SECOND, HOUR, 3 * DAY]), trusted=st.booleans())
    def power_cut(self, away: int, trusted: bool) -> None:
        before = {hazard.id: hazard for hazard in self.desk.all() if hazard.open}
        self.good = dict.fromkeys(self.good, 0)
        self.desk.restart(away, trusted=trusted)
        after = {hazard.id for hazard in self.desk.all() if hazard.open}
        assert set(before) == after  # nothing is lost, nothing ends by itself

    # what people do

    @rule(by=PEOPLE)
    @precondition(lambda self: self.alarms < 4 and not any(a.active for a in self.desk.alarms.values()))
    def leak_is_mended(self, by: str) -> None:
        """Gas comes and goes, and somebody shows the work: only its proof and another person are missing."""
        self.alarm()
        self.look()
        self.quiet()
        self.look()
        for hazard in [h for h in self.desk.all() if h.open and h.key is not None]:
            for do in ("grade", "photo", "rectify"):
                self.act(hazard.id, by, do)
                self.look()

    @rule(by=PEOPLE, do=st.sampled_from(["pass", "pass", "override", "fail"]))
    def reinspected(self, by: str, do: str) -> None:
        """All that wait for it are looked at."""
        for hazard in [h for h in self.desk.all() if h.state is HazardState.RECTIFIED]:
            self.act(hazard.id, by, do)
            self.look()

    @rule(data=st.data(), by=PEOPLE, do=ACTS)
    @precondition(lambda self: self.states)
    def acts(self, data: st.DataObject, by: str, do: str) -> None:
        self.act(data.draw(st.sampled_from(sorted(self.states))), by, do)

    def act(self, id: str, by: str, do: str) -> None:
        """What a person tries; the machine may refuse it."""
        request: Any = {
            "assign": AssignHazard(id, by, unit="shop-s1"),
            "crew": AssignHazard(id, by, skill="gas"),
            "interim": InterimControl(id, by, "看守"),
            "rectify": Rectify(id, by),
            "pass": Reinspect(id, by, passed=True),
            "override": Reinspect(id, by, passed=True, override="sensor_removed"),
            "fail": Reinspect(id, by, passed=False, reason="not_repaired"),
            "ask": AskExtension(id, by, 86400.0, "待料"),
            "grant": DecideExtension(id, by, granted=True),
            "cancel": CancelHazard(id, by, "mistaken"),
        }.get(do)
        count = len(self.desk.facts)
        try:
            if request is not None:
                self.desk.ask(request)
            elif do == "photo":
                self.desk.photo(self.states[id], f"p-{count}")
            else:
                grade = {"grade": "general", "suspect": "suspected_major", "major": "major"}[do]
                self.desk.grade(self.states[id], grade, by, element="lane-blocked", interim=None)
        except Refusal:
            assert len(self.desk.facts) == count  # a refusal changes nothing

    @rule(by=PEOPLE, data=st.data())
    @precondition(lambda self: self.orders)
    def crew(self, by: str, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.orders)))
        hazard, state = self.orders[id]
        if state is OrderState.DONE:
            to = data.draw(st.sampled_from([OrderState.VERIFIED, OrderState.ACCEPTED]))
        elif state in {OrderState.VERIFIED, OrderState.CANCELLED}:
            return
        else:
            to = data.draw(st.sampled_from([OrderState.DONE, OrderState.DONE, OrderState.CANCELLED]))
        self.orders[id] = (hazard, to)
        kind = "order.redone" if to is OrderState.ACCEPTED else ""
        if to is OrderState.DONE and hazard in self.states and self.states[hazard].open:
            self.did.setdefault(hazard, set()).add(by)
        self.desk.order(to, hazard, id=id, by=by, kind=kind)

    # what must hold

    @invariant()
    def look(self) -> None:
        for request in self.desk.asked:
            if isinstance(request, OpenOrder):
                id = f"wo-{len(self.orders)}"
                live = [o for o, (h, s) in self.orders.items() if h == request.hazard and s not in {
                    OrderState.VERIFIED, OrderState.CANCELLED}]  # fmt: skip
                assert not live  # never two crews for one hazard
                self.orders[id] = (request.hazard, OrderState.NOTIFIED)
            elif isinstance(request, Advance) and request.step == "verify":
                self.orders[request.order] = (self.orders[request.order][0], OrderState.VERIFIED)
        opened = [r for r in self.desk.asked if isinstance(r, OpenOrder)]
        self.desk.asked.clear()
        for number, request in enumerate(opened):
            id = f"wo-{len(self.orders) - len(opened) + number}"
            self.desk.order(OrderState.NOTIFIED, request.hazard, id=id)
        for fact in self.desk.facts[self.shown :]:
            if fact.subject == "hazard":
                self.checked(fact.kind, fact.by, Hazard.from_dict(fact.body))
        self.shown = len(self.desk.facts)

    def checked(self, kind: str, by: str | None, hazard: Hazard) -> None:
        before = self.states.get(hazard.id)
        if before is not None and before.state in FORWARD:
            assert hazard.state in FORWARD[before.state]
        if kind == "hazard.rectified":
            self.good[hazard.id] = 0
        if kind == "hazard.proved":
            assert hazard.state is HazardState.RECTIFIED
            assert self.good.get(hazard.id, 0) >= 3
            assert self.desk.now.mono - self.first[hazard.id] >= 60 * SECOND
        if kind == "hazard.disproved":
            assert hazard.state is HazardState.RECTIFIED
            assert self.good[hazard.id] == 0  # only what is not normal takes it back
        if kind == "hazard.closed":
            assert before is not None
            assert before.state is HazardState.RECTIFIED
            assert by is not None
            assert by not in hazard.hands
            assert not self.did.get(hazard.id, set()) & {by}
            assert hazard.reinspected_by == by
            assert hazard.grade in {"general", "major"}
            assert hazard.proved or (hazard.override is not None and hazard.override.by == by)
        if hazard.grade == "major":
            assert hazard.interim_at is not None
            assert hazard.graded_by == "zhou"
        self.states[hazard.id] = hazard


TestHazards = Hazards.TestCase
TestHazards.settings = examples(100, stateful_step_count=50)
