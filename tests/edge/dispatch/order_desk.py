"""A desk, a crew and a clock around the machine of orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edge.dispatch.orders import Orders
from edge.domain.alarm import Alarm, Verdict, VerdictKind
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.device import Signal
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.instant import HOUR, Instant
from edge.domain.names import Text
from edge.domain.order import Advance, OpenOrder, OrderRule, Step, WorkOrder
from edge.domain.reading import Purpose
from edge.domain.rule import Priority

START = 1_780_000_000_000_000
RULES = (
    OrderRule(
        "judged-fault", "fault", "electric", Text("修理", "Repair"), "practice", due=8 * 3600, needs_photos=True
    ),
    OrderRule("battery", "raised", "electric", Text("换电池", "Change the battery"), "practice",
              rules=("battery-low",), due=48 * 3600),
    OrderRule("hose", "raised", "gas", Text("检修胶管", "Check the hose"), "practice", signals=(Signal.GAS,),
              categories=("gas-detector",)),
)  # fmt: skip


class OrderDesk:
    """Carries a journal of last bodies, so that `restart` restores what a real one would."""

    def __init__(self) -> None:
        self.now = Instant(START, 5_000_000, trusted=True)
        self.crews: dict[str, tuple[str | None, tuple[str, ...]]] = {
            "electric": ("engineering", ("sun", "qian")),
            "gas": ("engineering", ("sun",)),
        }
        self.members = {"engineering": ("sun", "qian", "zhou")}
        self.alarms: dict[str, Alarm] = {}
        self.numbering = Numbering(1, 0)
        self.facts: list[Fact] = []
        self.rows: dict[str, Mapping[str, Any]] = {}
        self.orders = self._made()

    def _made(self) -> Orders:
        return Orders(
            self.numbering,
            RULES,
            lambda skill, _zone, _now: self.crews.get(skill, (None, ())),
            self.alarms.values,
            lambda device: "gas-detector" if device.startswith("gs") else "smoke-detector",
            lambda crew: self.members.get(crew, ()),
        )

    def restart(self, away: int = 0, *, trusted: bool = True) -> None:
        """A new machine from the rows, after `away` µs; the monotonic clock starts anew."""
        self.now = Instant(self.now.utc + away, 1_000, trusted)
        self.numbering = Numbering(self.numbering.epoch + 1, self.numbering.last)
        self.orders = self._made()
        self._keep(self.orders.restore([row for row in self.rows.values() if row["open"]], self.now))

    def later(self, micros: int, step: int = 0) -> list[str]:
        """Time passes, `step` of it only on the civil clock; the kinds of facts it made."""
        self.now = Instant(self.now.utc + micros + step, self.now.mono + micros, self.now.trusted)
        return self._keep(self.orders.conclude(Happened(), self.now))

    def happens(self, kind: str, alarm: Alarm) -> list[str]:
        """A fact of the alarm engine; the kinds of facts that followed."""
        self.alarms[alarm.id] = alarm
        fact = Fact(self.numbering.next(), kind, self.now.utc, subject="alarm", body=alarm.to_dict())
        return self._keep(self.orders.conclude(Happened(facts=[fact]), self.now))

    def open(self, **more: Any) -> WorkOrder:
        given = {"by": "li", "title": Text("灯不亮", "Lamp out"), "skill": "electric"} | more
        return self._done(self.orders.act(OpenOrder(**given), self.now))

    def do(self, order: WorkOrder, step: Step, by: str = "sun", **more: Any) -> WorkOrder:
        return self._done(self.orders.act(Advance(order.id, by, step, **more), self.now))

    def ask(self, request: Any) -> WorkOrder:
        return self._done(self.orders.act(request, self.now))

    def last(self, id: str) -> WorkOrder:
        return WorkOrder.from_dict(self.rows[id])

    def all(self) -> list[WorkOrder]:
        return [WorkOrder.from_dict(row) for row in self.rows.values()]

    def _done(self, conclusion: Conclusion) -> WorkOrder:
        self._keep(conclusion)
        assert conclusion.subject is not None
        return WorkOrder.from_dict(conclusion.subject)

    def _keep(self, conclusion: Conclusion) -> list[str]:
        for fact in conclusion.facts:
            assert not self.facts or fact.seq.number > self.facts[-1].seq.number
            assert fact.subject == "order"
            self.facts.append(fact)
            self.rows[fact.body["id"]] = fact.body
        return [fact.kind for fact in conclusion.facts]


def alarm(
    id: str = "a-1", *, rule: str = "smoke", signal: Signal = Signal.FIRE, device: str = "sm-1", zone: str = "b3/s1/3f",
    active: bool = True, purpose: Purpose = Purpose.LIVE,
) -> Alarm:  # fmt: skip
    return Alarm(
        id=id, key=f"{rule}@{device}.x", rule=rule, device=device, point=f"{device}.x", zone=zone,
        place=Text("3号楼", "Building 3"), signal=signal, level=0, priority=Priority.URGENT, active=active, acked=False,
        latched=True, value=True, limit=None, unit="", received_at=START, raised_at=START, annunciated_at=START,
        last_report_at=START, title=Text("火警", "Fire"), response=Text("", ""), purpose=purpose, seq=Seq(1, 1),
    )  # fmt: skip


def judged(of: Alarm, kind: VerdictKind) -> Alarm:
    return replace(of, verdict=Verdict(kind, "", "li", START + HOUR))
