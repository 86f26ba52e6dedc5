"""Whatever happens: pictures are asked for once, and none is erased while something open needs it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge.domain.conclusion import Captured, Erase, Erased
from edge.domain.device import Signal
from edge.domain.fact import Seq
from edge.domain.footage import AskViewing, DecideViewing, JudgeFinding, KeepClip, StillSet
from edge.domain.hazard import Hazard, HazardState
from edge.domain.hazard_parts import Source
from edge.domain.incident import Incident
from edge.domain.instant import MINUTE, SECOND
from edge.domain.names import Text
from edge.domain.order import OrderState, WorkOrder
from edge.domain.reading import Purpose
from edge.domain.request import Refusal
from edge.domain.rule import Priority
from tests.chance import examples
from tests.edge.cameras.gatehouse import Gatehouse, text

PLACES = ("out/eb", "out/charging", "out/north", "b3/s1/2f", "b9")
RELATED = {
    "out/eb": {"cm-02"},
    "out/charging": {"cm-02"},
    "out/north": {"cm-01"},
    "b3/s1/2f": {"cm-03"},
    "b9": set(),
}


def an_incident(alarms: tuple[str, ...], at: int, count: int) -> Incident:
    return Incident(
        "in-1",
        1,
        at,
        text("t"),
        text("p"),
        "fire",
        "urgent",
        "out",
        "fire",
        "out",
        at,
        alarms=alarms,
        count=count,
    )


def a_hazard(alarm: str, at: int) -> Hazard:
    return Hazard(
        "hz-1",
        1,
        HazardState.REPORTED,
        at,
        text("t"),
        "fire",
        Seq(1, 1),
        sources=(Source("camera", alarm, None, at),),
    )


def an_order(alarm: str | None, hazard: str | None, at: int) -> WorkOrder:
    return WorkOrder(
        "wo-1", 1, OrderState.NOTIFIED, at, text("t"), Priority.HIGH, Seq(1, 1), alarm=alarm, hazard=hazard
    )


class Footage(RuleBasedStateMachine):
    """A gatehouse in which anything may happen, and a journal of what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gatehouse()
        self.count = 0
        self.raised: dict[str, tuple[str, Signal, Purpose]] = {}
        self.seen_erases = 0

    @rule(
        place=st.sampled_from(PLACES),
        signal=st.sampled_from((Signal.FIRE, Signal.GAS, Signal.SOS, Signal.PROCESS)),
        purpose=st.sampled_from(tuple(Purpose)),
    )
    def an_alarm(self, place: str, signal: Signal, purpose: Purpose) -> None:
        self.count += 1
        id = f"a-{self.count}"
        self.raised[id] = place, signal, purpose
        self.gate.raised(id, "d.p", place, signal=signal, purpose=purpose)

    @rule(again=st.booleans())
    def a_camera_finds(self, again: bool) -> None:
        self.count += 1
        on = self.gate.reading("cm-01.left-object", True)
        line = self.gate.line(f"{self.count:x}")
        open_ = [alarm for alarm in self.gate.alarms.values() if alarm.device == "cm-01"]
        if open_:
            self.gate.hears(line, on)
        else:
            self.gate.raised(f"a-{self.count}", "cm-01.left-object", "out/north", signal=Signal.SUPERVISORY)
            self.gate.hears(line, on)
        if again:
            self.gate.hears(line)

    @rule(value=st.booleans())
    def a_point_says(self, value: bool) -> None:
        self.gate.hears(self.gate.reading("cm-01.left-object", value))

    @rule(data=st.data())
    def an_alarm_ends(self, data: st.DataObject) -> None:
        if self.gate.alarms:
            self.gate.closed(data.draw(st.sampled_from(sorted(self.gate.alarms))))

    @rule(data=st.data(), storm=st.booleans())
    def an_incident(self, data: st.DataObject, storm: bool) -> None:
        if self.raised:
            alarm = data.draw(st.sampled_from(sorted(self.raised)))
            self.gate.incidents[:] = [an_incident((alarm,), self.gate.now.utc, 60 if storm else 1)]

    @rule(data=st.data())
    def a_hazard(self, data: st.DataObject) -> None:
        if self.raised:
            alarm = data.draw(st.sampled_from(sorted(self.raised)))
            self.gate.hazards[:] = [a_hazard(alarm, self.gate.now.utc)]

    @rule(data=st.data())
    def an_order(self, data: st.DataObject) -> None:
        if self.raised:
            alarm = data.draw(st.sampled_from(sorted(self.raised)))
            self.gate.orders[:] = [an_order(alarm, None, self.gate.now.utc)]

    @rule()
    def all_is_over(self) -> None:
        self.gate.incidents.clear()
        self.gate.hazards.clear()
        self.gate.orders.clear()

    @rule()
    def the_keeper_works(self) -> None:
        self.gate.deliver()

    @rule(data=st.data())
    def one_thing_comes_back(self, data: st.DataObject) -> None:
        if captures := self.gate.captures():
            one = data.draw(st.sampled_from(captures))
            none = data.draw(st.booleans())
            error = Text("无", "none") if none else None
            self.gate.told(Captured(one.stills, one.shot, None if none else one.wanted, "ab", 1, 1, 1, error))

    @rule(data=st.data())
    def a_deletion_fails(self, data: st.DataObject) -> None:
        if erases := self.gate.erases():
            self.gate.told(Erased(data.draw(st.sampled_from(erases)).stills, "busy"))

    @rule(seconds=st.sampled_from((1, 60, 3600, 86400, 31 * 86400)))
    def time_passes(self, seconds: int) -> None:
        self.gate.later(seconds * SECOND)

    @rule(away=st.sampled_from((0, 10, 86400)), trusted=st.booleans())
    def a_kill(self, away: int, trusted: bool) -> None:
        self.gate.restart(away * SECOND, trusted=trusted)
        self.seen_erases = 0

    @rule(full=st.booleans())
    def the_disk(self, full: bool) -> None:
        self.gate.full = full

    @rule(kind=st.sampled_from(("real", "false")), data=st.data())
    def somebody_judges(self, kind: Any, data: st.DataObject) -> None:
        found = [id for subject, id in self.gate.rows if subject == "finding"]
        if found:
            self._try(JudgeFinding(data.draw(st.sampled_from(found)), "li", kind))

    @rule()
    def somebody_asks_to_see(self) -> None:
        now = self.gate.now.utc
        self._try(AskViewing("li", "somebody", "why", "cm-01", now - MINUTE, now + 1))

    @rule()
    def somebody_decides(self) -> None:
        for (kind, id), row in list(self.gate.rows.items()):
            if kind == "viewing" and row["state"] == "asked":
                self._try(DecideViewing(id, "wang", granted=False))

    @rule(data=st.data())
    def somebody_keeps_a_film(self, data: st.DataObject) -> None:
        wanted: KeepClip = data.draw(
            st.sampled_from(
                [KeepClip("li", camera="cm-01"), *(KeepClip("li", alarm=id) for id in self.raised)]
            )
        )
        self._try(wanted)

    def _try(self, request: Any) -> None:
        with suppress(Refusal):
            self.gate.asks(request)

    @invariant()
    def each_fire_and_gas_asks_each_camera_once(self) -> None:
        asked: dict[str, list[str]] = {id: [] for id in self.raised}
        for one in self.gate.sets():
            if one.alarm in asked and one.by is None:
                asked[one.alarm].append(one.device)
        for id, (place, signal, purpose) in self.raised.items():
            due = signal in {Signal.FIRE, Signal.GAS} and purpose is not Purpose.TEST
            assert sorted(asked[id]) == sorted(RELATED[place] if due else ())

    @invariant()
    def nothing_open_loses_its_pictures(self) -> None:
        for effect in self.gate.effects[self.seen_erases :]:
            if isinstance(effect, Erase):
                one = StillSet.from_dict(self.gate.rows["stills", effect.stills])
                assert one.alarm not in self._needed()
                finding = self.gate.rows.get(("finding", one.finding or ""))
                assert finding is None or not finding["open"]
                assert one.kept_until is not None or self.gate.full
        self.seen_erases = len(self.gate.effects)

    def _needed(self) -> set[str | None]:
        needed: set[str | None] = set(self.gate.alarms)
        for incident in self.gate.incidents:
            needed |= set(incident.alarms)
        for hazard in self.gate.hazards:
            needed |= {source.id for source in hazard.sources}
        return needed | {order.alarm for order in self.gate.orders} - {None}

    @invariant()
    def what_is_erased_says_so_with_its_hashes(self) -> None:
        for one in self.gate.sets():
            assert one.open == (one.erased_at is None)

    @invariant()
    def a_restart_would_know_the_same(self) -> None:
        for kind, id in self.gate.rows:
            if kind == "finding":
                open_ = {one.id for one in self.gate.cameras.open_findings("cm-01")}
                assert (id in open_) == self.gate.rows[kind, id]["open"]


Footage.TestCase.settings = examples(60, stateful_step_count=40)
TestFootage = Footage.TestCase
