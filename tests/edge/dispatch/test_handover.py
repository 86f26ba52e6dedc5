from __future__ import annotations

import pytest

from edge.dispatch.handover import HandOvers
from edge.domain.conclusion import Happened
from edge.domain.fact import Numbering
from edge.domain.handover import HandOver, LeftOpen, ShiftChange, Watch
from edge.domain.instant import HOUR, MINUTE, Instant
from edge.domain.request import Refusal

AT = 1_790_000_000_000_000
CHANGE = ShiftChange("control-room", AT)


def hand_over(giver: str = "li", taker: str = "wang", remarks: str = "") -> HandOver:
    left = LeftOpen(alarms=("al-1-2",), dead=("sm-9",))
    return HandOver("control-room", giver, taker, left, {"keys": True, "radios": False}, remarks)


def at(utc: int, *, trusted: bool = True) -> Instant:
    return Instant(utc, utc - AT + 10 * HOUR, trusted)


class Desk:
    def __init__(self, changes: list[ShiftChange] | None) -> None:
        self.changes = changes
        self.numbering = Numbering(1, 0)
        self.tenant = HandOvers(lambda _: self.changes, self.numbering)

    def kinds(self, now: Instant) -> list[str]:
        return [fact.kind for fact in self.tenant.conclude(Happened(), now).facts]


def test_a_record_says_who_gave_what_to_whom() -> None:
    done = Desk(None).tenant.act(hand_over(remarks=" 3号楼烟感已报修 "), at(AT))
    (fact,) = done.facts
    assert (fact.kind, fact.by, fact.note) == ("handover.made", "li", "3号楼烟感已报修")
    watch = Watch.from_dict(fact.body)
    assert (watch.giver, watch.taker, watch.left.alarms, watch.open) == ("li", "wang", ("al-1-2",), True)
    assert watch.items == {
        "keys": True,
        "panel_keys": False,
        "radios": False,
        "phone": False,
        "logbook": False,
    }
    assert Watch.from_dict(watch.to_dict()) == watch
    assert "3号楼" not in str(fact.body)


def test_one_person_cannot_sign_for_both() -> None:
    with pytest.raises(Refusal) as refused:
        Desk(None).tenant.act(hand_over("li", "li"), at(AT))
    assert refused.value.code == "same_person"


def test_the_next_hand_over_ends_the_watch_of_the_former() -> None:
    desk = Desk(None)
    desk.tenant.act(hand_over(), at(AT))
    facts = desk.tenant.act(hand_over("wang", "zhao"), at(AT + 8 * HOUR)).facts
    assert [(f.kind, f.body["open"]) for f in facts] == [("handover.ended", False), ("handover.made", True)]


def test_a_change_without_one_is_told_once_after_a_quarter_of_an_hour_and_caught_up() -> None:
    desk = Desk([CHANGE])
    assert desk.kinds(at(AT + 14 * MINUTE)) == []
    assert desk.kinds(at(AT + 15 * MINUTE)) == ["handover.missed"]
    assert desk.kinds(at(AT + 20 * MINUTE)) == []
    facts = desk.tenant.act(hand_over(), at(AT + 21 * MINUTE)).facts
    assert [f.kind for f in facts] == ["handover.caught_up", "handover.made"]
    assert desk.kinds(at(AT + 25 * MINUTE)) == []


@pytest.mark.parametrize("when", [-50 * MINUTE, 0, 14 * MINUTE])
def test_one_shortly_before_or_after_is_that_of_the_change(when: int) -> None:
    desk = Desk([CHANGE])
    desk.tenant.act(hand_over(), at(AT + when))
    assert desk.kinds(at(AT + 16 * MINUTE)) == []


def test_nothing_is_missed_without_a_roster_or_on_a_clock_that_nobody_set() -> None:
    assert Desk(None).kinds(at(AT + HOUR)) == []
    assert Desk([CHANGE]).kinds(at(AT + HOUR, trusted=False)) == []


def test_a_restart_forgets_neither_the_watch_nor_what_is_missing() -> None:
    desk = Desk([CHANGE])
    made = desk.tenant.act(hand_over(), at(AT)).subject
    assert made is not None
    fresh = Desk([CHANGE, ShiftChange("gate", AT)])
    missed = Desk([ShiftChange("gate", AT)]).tenant.conclude(Happened(), at(AT + 16 * MINUTE)).facts[0].body
    fresh.tenant.restore([made, missed], at(AT + 17 * MINUTE))
    assert fresh.kinds(at(AT + 18 * MINUTE)) == []


def test_a_new_hub_has_missed_nothing_of_the_time_before_it() -> None:
    desk = Desk([CHANGE])
    desk.tenant.restore([], at(AT + 20 * MINUTE))
    assert desk.kinds(at(AT + 30 * MINUTE)) == []
    later = ShiftChange("control-room", AT + 12 * HOUR)
    desk.changes = [later]
    assert desk.kinds(at(later.at + 16 * MINUTE)) == ["handover.missed"]
