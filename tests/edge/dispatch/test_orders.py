"""Work orders as people meet them: who may do which step, what it takes, and what time does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.alarm import Suppression, VerdictKind
from edge.domain.device import Signal
from edge.domain.instant import HOUR, MINUTE, SECOND
from edge.domain.names import Text
from edge.domain.order import (
    AddPart,
    AddPhoto,
    CommentOrder,
    OpenOrder,
    OrderState,
    PhotoKind,
    Step,
    WorkOrder,
)
from edge.domain.reading import Purpose
from edge.domain.request import Refusal
from tests.edge.dispatch.order_desk import OrderDesk, alarm, judged


@pytest.fixture
def desk() -> OrderDesk:
    return OrderDesk()


def refused(code: str) -> pytest.RaisesExc[Refusal]:
    return pytest.raises(Refusal, check=lambda refusal: refusal.code == code)


def photo(order: WorkOrder, kind: PhotoKind = "after", id: str = "p-1") -> AddPhoto:
    return AddPhoto(order.id, "sun", id, kind, "0" * 64, 800, 600)


def on_site(desk: OrderDesk, **more: object) -> WorkOrder:
    order = desk.open(**more)
    for step in ("accept", "depart", "arrive"):
        order = desk.do(order, step)
    return order


class TestTheWholeWay:
    def test_from_the_desk_to_the_verification(self, desk: OrderDesk) -> None:
        order = on_site(desk, needs_photos=True)
        desk.ask(photo(order, "before", "p-0"))
        with refused("photo_required"):
            desk.do(order, "finish")
        desk.ask(photo(order))
        desk.ask(AddPart(order.id, "sun", "CR17450", 1))
        done = desk.do(order, "finish", cause="battery", action="replaced")
        with refused("same_person"):
            desk.do(order, "verify")
        closed = desk.do(order, "verify", by="li")
        assert (done.state, closed.state, closed.open) == (OrderState.DONE, OrderState.VERIFIED, False)
        assert (closed.done_by, closed.verified_by, closed.cause) == ("sun", "li", "battery")
        assert [fact.kind.removeprefix("order.") for fact in desk.facts] == [
            "opened", "notified", "accepted", "en_route", "on_site", "photo", "photo", "part", "done", "verified",
        ]  # fmt: skip
        with refused("closed"):
            desk.ask(CommentOrder(order.id, "sun", "late"))

    def test_sent_back_it_needs_a_new_photo(self, desk: OrderDesk) -> None:
        order = on_site(desk, needs_photos=True)
        desk.ask(photo(order))
        desk.do(order, "finish")
        with refused("reason_required"):
            desk.do(order, "redo", by="li")
        again = desk.do(order, "redo", by="li", note="漏")
        assert (again.state, again.redone, again.assignee) == (OrderState.ACCEPTED, 1, "sun")
        desk.do(order, "arrive", proof="qr")
        with refused("photo_required"):
            desk.do(order, "finish")
        desk.ask(photo(order, id="p-2"))
        assert desk.do(order, "finish").state is OrderState.DONE

    def test_only_the_next_step_and_only_ones_own(self, desk: OrderDesk) -> None:
        order = desk.open()
        with refused("wrong_step"):
            desk.do(order, "depart")
        desk.do(order, "accept")
        with refused("wrong_step"):
            desk.do(order, "accept", by="qian")
        with refused("not_yours"):
            desk.do(order, "depart", by="qian")

    def test_words_of_people_stay_out_of_the_body(self, desk: OrderDesk) -> None:
        order = desk.open(note="业主说漏水")
        desk.ask(CommentOrder(order.id, "sun", "明天来"))
        assert [fact.note for fact in desk.facts if fact.note] == ["业主说漏水", "明天来"]
        assert "明天来" not in str(desk.last(order.id).to_dict())


class TestWhoIsTold:
    def test_the_crew_with_the_skill(self, desk: OrderDesk) -> None:
        order = desk.last(desk.open().id)
        assert (order.crew, order.offered, order.unmanned) == ("engineering", ("sun", "qian"), False)

    def test_nobody_is_said_loudly_once_and_looked_for_again(self, desk: OrderDesk) -> None:
        order = desk.open(skill="lift")
        assert desk.last(order.id).unmanned
        assert desk.later(5 * MINUTE) == []
        desk.crews["lift"] = ("lifts", ("zhao",))
        assert desk.later(5 * MINUTE) == ["order.notified"]
        assert (desk.last(order.id).crew, desk.last(order.id).unmanned) == ("lifts", False)

    def test_a_refusal_goes_back_to_the_crew(self, desk: OrderDesk) -> None:
        order = desk.open()
        desk.do(order, "accept")
        with refused("reason_required"):
            desk.do(order, "reject")
        desk.do(order, "reject", reason="no_tools")
        back = desk.last(order.id)
        assert (back.state, back.assignee, back.offered) == (OrderState.NOTIFIED, None, ("qian",))
        desk.do(order, "reject", by="qian", reason="busy")
        assert desk.last(order.id).offered == ("sun",)

    def test_handed_on_it_has_to_be_accepted_anew(self, desk: OrderDesk) -> None:
        order = desk.open()
        desk.do(order, "accept")
        with refused("assignee_required"):
            desk.do(order, "reassign")
        desk.do(order, "reassign", person="qian")
        with refused("not_yours"):
            desk.do(order, "accept")
        assert desk.facts[-1].kind == "order.notified"
        assert desk.do(order, "accept", by="qian").assignee == "qian"

    @pytest.mark.parametrize("by", ["sun", "zhou"])
    def test_those_it_was_offered_to_and_the_rest_of_their_crew_may_take_it(
        self, desk: OrderDesk, by: str
    ) -> None:
        assert desk.do(desk.open(), "accept", by=by).assignee == by

    @pytest.mark.parametrize("step", ["accept", "reject"])
    def test_others_may_not_unless_the_desk_or_a_call_entitles_them(
        self, desk: OrderDesk, step: Step
    ) -> None:
        order = desk.open()
        with refused("not_yours"):
            desk.do(order, step, by="wu", reason="busy")
        assert desk.do(order, "accept", by="wu", entitled=True).assignee == "wu"

    def test_what_was_offered_to_nobody_is_anybodys(self, desk: OrderDesk) -> None:
        assert desk.do(desk.open(skill="lift"), "accept", by="wu").assignee == "wu"

    def test_who_is_asked_for_help_stands_in_the_order(self, desk: OrderDesk) -> None:
        order = on_site(desk)
        assert desk.do(order, "help", person="qian").help_asked == "qian"
        asked = desk.do(order, "help", reason="two_needed")
        assert (asked.helpers, asked.help_asked) == (("qian",), "")


class TestUndo:
    def test_an_acceptance_taken_back_calls_again(self, desk: OrderDesk) -> None:
        order = desk.open()
        desk.do(order, "accept")
        desk.do(order, "undo")
        assert [fact.kind for fact in desk.facts][-2:] == ["order.undone", "order.notified"]
        assert desk.last(order.id).offered == ("sun", "qian")

    def test_ones_own_last_step_within_ten_seconds(self, desk: OrderDesk) -> None:
        order = desk.open()
        desk.do(order, "accept")
        desk.later(10 * SECOND)
        with refused("not_yours"):
            desk.do(order, "undo", by="qian")
        back = desk.do(order, "undo")
        assert (back.state, back.assignee) == (OrderState.NOTIFIED, None)
        with refused("too_late"):
            desk.do(order, "undo")

    def test_not_later_and_not_after_a_restart(self, desk: OrderDesk) -> None:
        order = desk.open()
        desk.do(order, "accept")
        desk.later(10 * SECOND + 1)
        with refused("too_late"):
            desk.do(order, "undo")
        desk.do(order, "depart")
        desk.restart()
        with refused("too_late"):
            desk.do(order, "undo")

    def test_a_photo_taken_meanwhile_stays(self, desk: OrderDesk) -> None:
        order = on_site(desk)
        desk.ask(photo(order))
        back = desk.do(order, "undo")
        assert (back.state, len(back.photos)) == (OrderState.EN_ROUTE, 1)


class TestDueTime:
    def test_overdue_is_said_once(self, desk: OrderDesk) -> None:
        order = desk.open(due=3600)
        assert desk.orders.next_due() == desk.now.mono + HOUR
        assert desk.later(HOUR - 1) == []
        assert desk.later(1) == ["order.overdue"]
        assert desk.later(HOUR) == []
        assert desk.last(order.id).overdue

    @pytest.mark.parametrize("step", [-24 * HOUR, 24 * HOUR])
    def test_a_moved_civil_clock_changes_nothing(self, desk: OrderDesk, step: int) -> None:
        order = desk.open(due=3600)
        assert desk.later(MINUTE, step) == []
        moved = desk.do(order, "accept")
        assert moved.remaining == 59 * MINUTE
        assert moved.due_at == desk.now.utc + 59 * MINUTE
        assert desk.later(59 * MINUTE) == ["order.overdue"]

    def test_time_away_counts_where_the_clock_is_believed(self, desk: OrderDesk) -> None:
        desk.open(due=3600)
        desk.restart(away=20 * MINUTE)
        assert desk.later(40 * MINUTE - 1) == []
        assert desk.later(1) == ["order.overdue"]

    def test_an_untrusted_clock_shortens_nothing(self, desk: OrderDesk) -> None:
        desk.open(due=3600)
        desk.restart(away=-10 * HOUR, trusted=False)
        assert desk.later(HOUR - 1) == []
        assert desk.later(1) == ["order.overdue"]

    def test_a_hold_counts_from_when_it_was_asked_for_once_approved(self, desk: OrderDesk) -> None:
        order = on_site(desk, due=3600)
        with refused("reason_required"):
            desk.do(order, "hold", reason="tired")
        desk.do(order, "hold", reason="parts")
        assert desk.later(2 * HOUR) == ["order.overdue"]
        with refused("same_person"):
            desk.do(order, "approve")
        held = desk.do(order, "approve", by="li")
        assert (held.overdue, held.remaining, held.due_at) == (False, HOUR, None)
        desk.restart(away=HOUR)
        assert desk.later(5 * HOUR) == []
        with refused("wrong_step"):
            desk.do(order, "finish")
        assert desk.do(order, "resume").due_at == desk.now.utc + HOUR
        assert desk.later(HOUR) == ["order.overdue"]

    def test_finished_work_is_never_late(self, desk: OrderDesk) -> None:
        order = on_site(desk, due=3600)
        desk.do(order, "finish")
        assert desk.later(9 * HOUR) == []


class TestOpenedByThemselves:
    def test_a_fault_verdict_opens_one_once(self, desk: OrderDesk) -> None:
        smoke = alarm()
        assert desk.happens("alarm.raised", smoke) == []
        broken = judged(smoke, "fault")
        assert desk.happens("alarm.verdict", broken) == ["order.opened", "order.notified"]
        assert desk.happens("alarm.verdict", broken) == []
        (order,) = desk.all()
        assert (order.alarm, order.rule, order.opened_by, order.needs_photos) == (
            "a-1",
            "judged-fault",
            None,
            True,
        )
        assert order.place == smoke.place

    def test_a_device_judged_faulty_is_repaired_though_its_alarm_is_closed(self, desk: OrderDesk) -> None:
        broken = replace(judged(alarm(), "fault"), active=False, closed_at=1)
        assert desk.happens("alarm.verdict", broken) == ["order.opened", "order.notified"]

    @pytest.mark.parametrize("kind", ["real", "false", "test"])
    def test_another_verdict_opens_none(self, desk: OrderDesk, kind: VerdictKind) -> None:
        assert desk.happens("alarm.verdict", judged(alarm(), kind)) == []

    def test_a_rule_opens_one_for_each_device(self, desk: OrderDesk) -> None:
        battery = alarm(rule="battery-low", signal=Signal.FAULT)
        assert desk.happens("alarm.raised", battery) == ["order.opened", "order.notified"]
        assert desk.happens("alarm.raised", replace(battery, id="a-2")) == []
        assert len(desk.happens("alarm.raised", replace(battery, id="a-3", device="sm-2"))) == 2

    def test_tests_and_drills_send_nobody(self, desk: OrderDesk) -> None:
        for purpose in (Purpose.TEST, Purpose.DRILL):
            assert (
                desk.happens("alarm.raised", alarm(rule="battery-low", signal=Signal.FAULT, purpose=purpose))
                == []
            )

    @pytest.mark.parametrize("kind", ["alarm.released", "alarm.unshelved"])
    @pytest.mark.parametrize("boots", [False, True])
    def test_what_came_while_suppressed_opens_one_when_it_is_released(
        self, desk: OrderDesk, kind: str, boots: bool
    ) -> None:
        battery = alarm(rule="battery-low", signal=Signal.FAULT)
        held = replace(battery, suppression=Suppression("out_of_service", "li", "work", None))
        assert desk.happens("alarm.raised", held) == []
        if boots:
            desk.restart()
            desk.later(MINUTE)
        assert desk.happens(kind, battery) == ["order.opened", "order.notified"]
        desk.do(desk.all()[0], "cancel", by="li", reason="twice")
        assert desk.happens(kind, battery) == []

    def test_what_ended_while_suppressed_opens_none(self, desk: OrderDesk) -> None:
        battery = alarm(rule="battery-low", signal=Signal.FAULT)
        held = replace(battery, suppression=Suppression("shelved", "li", "work", None))
        desk.happens("alarm.raised", held)
        assert desk.happens("alarm.closed", replace(held, active=False, closed_at=1)) == []
        assert desk.happens("alarm.unshelved", replace(battery, active=False, closed_at=1)) == []


class TestNobodyIsSentIntoAFire:
    def test_it_waits_until_the_fire_is_over(self, desk: OrderDesk) -> None:
        fire = alarm("a-1", zone="out/eb")
        desk.happens("alarm.raised", fire)
        assert desk.happens("alarm.raised", alarm("a-2", rule="battery-low", signal=Signal.FAULT, device="sm-2",
                                                  zone="out/eb")) == []  # fmt: skip
        desk.restart()
        assert desk.later(HOUR) == []
        assert desk.happens("alarm.returned", replace(fire, active=False)) == [
            "order.opened",
            "order.notified",
        ]

    def test_a_gas_leak_sends_the_fitter_when_the_gas_is_gone(self, desk: OrderDesk) -> None:
        leak = alarm(rule="gas", signal=Signal.GAS, device="gs-1203", zone="b1/u2/12f/1203")
        assert desk.happens("alarm.raised", leak) == []
        assert desk.happens("alarm.returned", replace(leak, active=False)) == [
            "order.opened",
            "order.notified",
        ]
        assert desk.all()[0].title == Text("检修胶管", "Check the hose")

    def test_who_was_sent_to_look_keeps_the_fitter_from_nothing(self, desk: OrderDesk) -> None:
        leak = alarm(rule="gas", signal=Signal.GAS, device="gs-1203", zone="b1/u2/12f/1203")
        desk.happens("alarm.raised", leak)
        desk.ask(OpenOrder("li", Text("到场核实", "Look"), alarm=leak.id, assignee="he-jun"))
        desk.restart()
        assert desk.later(HOUR) == []
        assert desk.happens("alarm.returned", replace(leak, active=False)) == [
            "order.opened",
            "order.notified",
        ]

    def test_a_repair_that_was_sent_by_hand_is_the_one(self, desk: OrderDesk) -> None:
        leak = alarm(rule="gas", signal=Signal.GAS, device="gs-1203", zone="b1/u2/12f/1203")
        desk.happens("alarm.raised", leak)
        desk.ask(OpenOrder("li", Text("修胶管", "Hose"), alarm=leak.id, skill="gas"))
        assert desk.happens("alarm.returned", replace(leak, active=False)) == []

    def test_a_false_alarm_sends_nobody(self, desk: OrderDesk) -> None:
        leak = alarm(rule="gas", signal=Signal.GAS, device="gs-1203")
        desk.happens("alarm.raised", leak)
        assert desk.happens("alarm.verdict", judged(leak, "false")) == []
        assert desk.happens("alarm.returned", replace(judged(leak, "false"), active=False)) == []

    def test_another_building_does_not_wait(self, desk: OrderDesk) -> None:
        desk.happens("alarm.raised", alarm("a-1", zone="out/eb"))
        battery = alarm("a-2", rule="battery-low", signal=Signal.FAULT, device="sm-2", zone="b3/s1/3f")
        assert len(desk.happens("alarm.raised", battery)) == 2
