"""Messages to people, with moved time: what is sent when, and that each alarm is accounted for."""

from __future__ import annotations

import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from edge.dispatch.channel import Proof
from edge.dispatch.messages import Words
from edge.dispatch.notifications import Notifications
from edge.dispatch.pending import Route
from edge.domain.alarm import Alarm
from edge.domain.conclusion import Alive, Answered, Conclusion, Delivered, Happened, Receipt, Send, Sent
from edge.domain.device import Signal
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.instant import SECOND, Instant
from edge.domain.notification import TestChannel
from edge.domain.request import Acknowledge, Comment, Refusal
from tests.edge.dispatch.order_desk import alarm

PEOPLE = frozenset({"he-jun", "liu-yang"})


class Stage:
    """The tenant, its facts and its sends; time moves by hand."""

    def __init__(self, capacity: int = 2, rows: list[dict[str, Any]] | None = None) -> None:
        self.absent: set[str] = set()
        sms = Proof(delivered=True, answered=True)
        routes = {
            "sms": Route("sms", sms, capacity, PEOPLE.__contains__, ready=lambda: "sms" not in self.absent),
            "wecom": Route("wecom", Proof(), capacity, lambda person: person == ""),
            "mail": Route("email", Proof(), capacity, PEOPLE.__contains__),
            "desk": Route("desk", Proof(seen=True, answered=True), 1000, lambda _: True),
        }
        self.numbering = Numbering(1, 0)
        self.words = Words(ZoneInfo("Asia/Shanghai"))
        self.tenant = Notifications(routes, self.words, self.numbering, lambda _: "zh")
        self.now = Instant(1_800_000_000 * SECOND, 0)
        self.sends: list[Send] = []
        self.facts: list[Fact] = []
        self.requests: list[Any] = []
        self.take(self.tenant.restore(rows or [], self.now))

    def take(self, conclusion: Conclusion) -> None:
        self.facts += conclusion.facts
        self.requests += conclusion.requests
        self.sends += [effect for effect in conclusion.effects if isinstance(effect, Send)]

    def happen(self, *facts: Fact, receipts: tuple[Receipt, ...] = (), after: float = 0.0) -> None:
        moved = round(after * SECOND)
        self.now = Instant(self.now.utc + moved, self.now.mono + moved)
        self.take(self.tenant.conclude(Happened(facts=facts, receipts=receipts), self.now))

    def step(self, alarm: str, signal: str, *channels: str, person: str = "he-jun") -> Fact:
        call = {"person": person, "channels": list(channels), "message": "alarm"}
        body = {"id": "es-1", "alarm": alarm, "signal": signal, "calls": [call]}
        return Fact(self.numbering.next(), "escalation.step", self.now.utc, subject="escalation", body=body)

    def acked(self, alarm: str) -> Fact:
        return self.about("acked", alarm, acked=True)

    def about(self, kind: str, alarm: str, **more: Any) -> Fact:
        body = {"id": alarm, "closed_at": None, "acked": False, "suppression": None} | more
        return Fact(self.numbering.next(), f"alarm.{kind}", self.now.utc, "li-qiang", "alarm", body)

    def raised(self, alarm: Alarm) -> Fact:
        body = alarm.to_dict()
        return Fact(self.numbering.next(), "alarm.raised", self.now.utc, None, "alarm", body)

    def rows(self) -> dict[str, dict[str, Any]]:
        return {f.body["id"]: dict(f.body) for f in self.facts if f.subject == "notification"}

    def states(self) -> list[str]:
        return [row["state"] for row in self.rows().values()]


def test_a_fire_goes_out_over_two_kinds_at_once() -> None:
    stage = Stage()
    stage.happen(stage.step("a-1", "fire", "sms", "wecom"))
    assert {(s.channel, s.person) for s in stage.sends} == {("sms", "he-jun"), ("wecom", "")}
    assert all(send.urgent for send in stage.sends)


def test_what_is_not_urgent_tries_the_next_channel_only_after_silence() -> None:
    stage = Stage()
    stage.happen(stage.step("a-1", "fault", "sms", "mail"))
    (sms,) = stage.sends
    stage.happen(receipts=(Sent(sms.notification, 1, reference="7"),))
    stage.happen(after=29)
    assert len(stage.sends) == 1
    stage.happen(after=2)
    assert [s.channel for s in stage.sends] == ["sms", "mail"]


def test_a_delivery_report_ends_the_silence_also_when_it_comes_first() -> None:
    stage = Stage()
    stage.happen(stage.step("a-1", "fault", "sms", "mail"))
    stage.happen(receipts=(Delivered("sms", "7"), Sent(stage.sends[0].notification, 1, reference="7")))
    stage.happen(after=60)
    assert len(stage.sends) == 1
    assert stage.states() == ["delivered"]


@pytest.mark.parametrize(("signal", "expected"), [("fault", ["mail"]), ("fire", ["mail", "wecom"])])
def test_a_channel_that_is_not_set_up_is_as_if_it_were_not_there(signal: str, expected: list[str]) -> None:
    stage = Stage()
    stage.absent.add("sms")
    stage.happen(stage.step("a-1", signal, "sms", "mail", "wecom"))
    assert sorted(s.channel for s in stage.sends) == expected
    stage.happen(stage.step("a-2", "fault", "sms"))
    assert list(stage.rows().values())[-1]["reason"] == "unreachable"
    with pytest.raises(Refusal, match="not set up"):
        stage.tenant.act(TestChannel("sms", "he-jun", "admin"), stage.now)
    stage.absent.clear()
    stage.happen(stage.step("a-3", "fault", "sms"))
    assert stage.sends[-1].channel == "sms"


def test_a_failed_attempt_starts_the_next_channel_and_is_repeated_by_name() -> None:
    stage = Stage()
    stage.happen(stage.step("a-1", "fault", "sms", "mail"))
    stage.happen(receipts=(Sent(stage.sends[0].notification, 1, error="no network"),))
    assert [s.channel for s in stage.sends] == ["sms", "mail"]
    stage.happen(after=6)
    assert stage.sends[2].repeat
    assert stage.sends[2].text.startswith("【重发】")


def test_a_channel_that_asks_to_wait_is_left_alone_so_long_and_nothing_is_called_a_repeat() -> None:
    stage = Stage()
    stage.happen(stage.step("a-1", "fault", "mail"))
    stage.happen(receipts=(Sent(stage.sends[0].notification, 1, error="busy", wait=30.0),))
    stage.happen(stage.step("a-2", "fault", "mail"), after=29)
    assert len(stage.sends) == 1
    stage.happen(after=2)
    assert [s.repeat for s in stage.sends] == [False, False, False]


def test_a_hanging_channel_delays_no_other_and_is_given_up() -> None:
    stage = Stage(capacity=1)
    stage.happen(stage.step("a-1", "fault", "sms"))
    stage.happen(stage.step("a-2", "fault", "sms"), stage.step("a-3", "fault", "mail"))
    assert [s.channel for s in stage.sends] == ["sms", "mail"]
    stage.happen(after=91)
    assert [s.channel for s in stage.sends] == ["sms", "mail", "sms"]


def test_an_acknowledged_alarm_calls_nobody_any_more() -> None:
    stage = Stage(capacity=1)
    stage.happen(stage.step("a-1", "fault", "sms"))
    stage.happen(stage.step("a-2", "fault", "sms", "mail"))
    stage.happen(stage.acked("a-2"))
    assert stage.states() == ["sending", "dropped"]
    stage.happen(after=60)
    assert len(stage.sends) == 1


def test_one_answers_and_the_alarm_is_acknowledged_by_that_person() -> None:
    stage = Stage()
    stage.happen(stage.step("a-1", "gas", "sms"))
    stage.happen(receipts=(Sent(stage.sends[0].notification, 1, reference="7"),))
    stage.happen(receipts=(Answered("sms", "+861990", " 1。", "he-jun"),))
    stage.happen(receipts=(Answered("sms", "+86", "hello", None), Answered("sms", "1", "到了", "liu-yang")))
    assert stage.requests == [Acknowledge("a-1", "he-jun", " 1。")]
    assert stage.states() == ["answered"]
    assert stage.tenant.strangers == 1
    assert stage.facts[-1].kind == "notification.remark"


def test_other_words_are_a_remark_on_the_alarm() -> None:
    stage = Stage()
    stage.happen(stage.step("a-1", "gas", "sms"))
    stage.happen(receipts=(Sent(stage.sends[0].notification, 1, reference="7"),))
    stage.happen(receipts=(Answered("sms", "+861990", "在路上", "he-jun"),))
    assert stage.requests == [Comment("a-1", "he-jun", "在路上")]


def test_who_has_no_address_is_seen_as_unreachable() -> None:
    stage = Stage()
    stage.happen(stage.step("a-1", "fire", "sms", person="nobody"))
    (row,) = stage.rows().values()
    assert (row["state"], row["reason"], row["open"]) == ("failed", "unreachable", False)


def test_a_thousand_alarms_are_all_accounted_for_and_the_fire_goes_first() -> None:
    stage = Stage(capacity=1)
    signals = ["fault"] * 500 + ["fire"] + ["gas"] * 200 + ["process"] * 299
    fire_at = None
    for number, signal in enumerate(signals):
        stage.happen(stage.step(f"a-{number}", signal, "sms", "wecom"), after=0.06)
        if signal == "fire":
            stage.happen(receipts=tuple(Sent(s.notification, s.attempt) for s in stage.sends))
            fire_at = next(f.body["state"] for f in stage.facts if f.body.get("alarm") == f"a-{number}")
            assert any(s.urgent for s in stage.sends)
    assert fire_at is not None
    for _ in range(20):
        stage.happen(receipts=tuple(Sent(s.notification, s.attempt) for s in stage.sends), after=1)
    told = {
        alarm
        for row in stage.rows().values()
        if row["state"] in {"sent", "delivered"}
        for alarm in row["alarms"]
    }
    assert told == {f"a-{number}" for number in range(1000)}
    assert len(stage.sends) < 60
    assert any("另有" in send.text for send in stage.sends)


@pytest.mark.parametrize("told", [False, True])
def test_after_a_crash_nothing_is_lost_and_what_may_have_arrived_says_so(told: bool) -> None:
    stage = Stage(capacity=1)
    stage.happen(stage.step("a-1", "fault", "sms"))
    stage.happen(stage.step("a-2", "fault", "sms"))
    if told:
        stage.happen(receipts=(Sent(stage.sends[0].notification, 1, reference="7"),))
    again = Stage(capacity=2, rows=[row for row in stage.rows().values() if row["open"]])
    sent = {send.notification: send.repeat for send in again.sends}
    before = {send.notification for send in stage.sends}
    arrived = {stage.sends[0].notification} if told else set()
    assert set(sent) == set(stage.rows()) - arrived
    assert all(repeat == (id in before) for id, repeat in sent.items())


def test_a_channel_is_tested_by_hand() -> None:
    stage = Stage()
    stage.take(stage.tenant.act(TestChannel("wecom", "", "admin"), stage.now))
    assert stage.sends[0].text.startswith("【通道自检】")
    with pytest.raises(Refusal, match="no channel"):
        stage.tenant.act(TestChannel("fax", "", "admin"), stage.now)


def test_an_answer_takes_the_alarm_told_last_on_that_channel() -> None:
    stage = Stage()
    stage.happen(stage.step("a-1", "gas", "sms"))
    stage.happen(receipts=(Sent(stage.sends[0].notification, 1, reference="7"),))
    stage.happen(stage.step("a-2", "fault", "mail"), after=5)
    stage.happen(receipts=(Sent(stage.sends[1].notification, 1),))
    stage.happen(stage.step("a-3", "fault", "sms"), after=5)  # under way: not read yet
    stage.happen(receipts=(Answered("sms", "+861990", "1", "he-jun"),))
    assert stage.requests == [Acknowledge("a-1", "he-jun", "1")]


def test_an_answer_to_what_another_has_taken_or_that_came_twice_takes_no_older_alarm() -> None:
    stage = Stage()
    for number in (1, 2):
        stage.happen(stage.step(f"a-{number}", "gas", "sms"), after=5)
        stage.happen(receipts=(Sent(stage.sends[-1].notification, 1, reference=str(number)),))
    stage.happen(stage.acked("a-2"))
    stage.happen(receipts=(Answered("sms", "+861990", "1", "he-jun"),))
    assert stage.requests == []
    stage.happen(receipts=(Answered("sms", "+861990", "1", "he-jun"),), after=20)
    stage.happen(receipts=(Answered("sms", "+861990", "1", "he-jun"),), after=1)
    assert stage.requests == [Acknowledge("a-1", "he-jun", "1")]


def test_an_answer_to_a_folded_message_takes_its_headline_alone() -> None:
    stage = Stage(capacity=1)
    for number in range(5):
        stage.happen(stage.step(f"a-{number}", "fault", "sms"), after=1)
    stage.happen(receipts=(Sent(stage.sends[0].notification, 1, reference="7"),))
    folded = stage.rows()[stage.sends[1].notification]
    assert set(folded["alarms"]) == {f"a-{number}" for number in range(1, 5)}
    stage.happen(receipts=(Sent(folded["id"], 1, reference="8"),), after=1)
    stage.happen(receipts=(Answered("sms", "+861990", "1", "he-jun"),))
    assert stage.requests == [Acknowledge("a-1", "he-jun", "1")]


def test_an_acknowledgement_drops_the_call_for_help_and_not_what_is_told() -> None:
    stage = Stage(capacity=1)
    stage.happen(stage.step("a-0", "fault", "mail"))
    call = {"person": "he-jun", "channels": ["mail"], "message": "verdict"}
    body = {"id": "et-1", "alarm": "a-1", "calls": [call]}
    tell = Fact(stage.numbering.next(), "escalation.tell", stage.now.utc, subject="escalation", body=body)
    stage.happen(stage.step("a-1", "fault", "mail"), tell)
    stage.happen(stage.acked("a-1"))
    states = {(row["alarm"], row["message"]): row["state"] for row in stage.rows().values()}
    assert states["a-1", "alarm"] == "dropped"
    assert states["a-1", "verdict"] == "queued"


def test_to_what_only_tells_nobody_answers_so_it_is_over_once_delivered() -> None:
    stage = Stage()
    call = {"person": "he-jun", "channels": ["sms"], "message": "verdict"}
    body = {"id": "et-1", "alarm": "a-1", "calls": [call]}
    tell = Fact(stage.numbering.next(), "escalation.tell", stage.now.utc, subject="escalation", body=body)
    stage.happen(stage.step("a-1", "fault", "sms"), tell)
    for number, send in enumerate(stage.sends):
        stage.happen(
            receipts=(Sent(send.notification, 1, reference=f"{number}"), Delivered("sms", f"{number}"))
        )
    assert {row["message"]: (row["state"], row["open"]) for row in stage.rows().values()} == {
        "alarm": ("delivered", True),
        "verdict": ("delivered", False),
    }


def test_what_was_taken_while_it_was_being_sent_is_not_sent_again_after_a_restart() -> None:
    stage = Stage()
    stage.happen(stage.step("a-1", "fire", "sms"))
    stage.happen(stage.acked("a-1"))
    (row,) = stage.rows().values()
    assert (row["state"], row["reason"], row["open"]) == ("sending", "acknowledged", True)
    again = Stage(rows=[row])
    assert again.sends == []
    assert again.states() == ["dropped"]


@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        ("shelved", {"suppression": {"kind": "shelved"}}, "suppressed"),
        ("withheld", {"suppression": {"kind": "out_of_service"}}, "suppressed"),
        ("verdict", {"verdict": {"kind": "false"}}, "verdict"),
        ("reset", {"closed_at": 1}, "closed"),
    ],
)
def test_what_ends_a_ladder_ends_the_calls_that_wait(kind: str, more: dict[str, Any], reason: str) -> None:
    stage = Stage(capacity=1)
    stage.happen(stage.step("a-0", "fault", "sms"))
    stage.happen(stage.step("a-1", "fault", "sms", "mail"))
    stage.happen(stage.about(kind, "a-1", **more))
    assert [(row["state"], row["reason"]) for row in stage.rows().values()][-1] == ("dropped", reason)
    stage.happen(receipts=(Sent(stage.sends[0].notification, 1, reference="r"),))
    assert len(stage.sends) == 1


def test_calls_go_on_after_the_word_that_it_is_real() -> None:
    stage = Stage(capacity=1)
    stage.happen(stage.step("a-0", "fault", "sms"))
    stage.happen(stage.step("a-1", "fault", "sms"))
    stage.happen(stage.about("verdict", "a-1", verdict={"kind": "real"}))
    assert stage.states() == ["sending", "queued"]


@pytest.mark.parametrize("back", [0, 3600])
def test_an_answer_takes_what_was_told_last_whatever_the_clock_does(back: int) -> None:
    stage = Stage()
    stage.happen(stage.step("a-9", "gas", "sms"))
    stage.happen(receipts=(Sent(stage.sends[0].notification, 1, reference="1"),))
    stage.now = Instant(stage.now.utc - back * SECOND, stage.now.mono + 600 * SECOND)
    stage.happen(stage.step("a-10", "gas", "sms"))
    stage.happen(receipts=(Sent(stage.sends[1].notification, 1, reference="2"),))
    stage.happen(receipts=(Answered("sms", "+861990", "1", "he-jun"),), after=20)
    assert stage.requests == [Acknowledge("a-10", "he-jun", "1")]


def test_the_message_taken_by_another_is_the_last_one_though_the_clock_was_set_back() -> None:
    stage = Stage()
    stage.happen(stage.step("a-1", "gas", "sms"))
    stage.happen(receipts=(Sent(stage.sends[0].notification, 1, reference="1"),))
    stage.now = Instant(stage.now.utc - 3600 * SECOND, stage.now.mono + 600 * SECOND)
    stage.happen(stage.step("a-2", "gas", "sms"))
    stage.happen(receipts=(Sent(stage.sends[1].notification, 1, reference="2"),))
    stage.happen(stage.acked("a-2"))
    stage.happen(receipts=(Answered("sms", "+861990", "1", "he-jun"),), after=20)
    assert stage.requests == []


def one_message_for_many(stage: Stage) -> Send:
    """Of a-1 to a-4, sent by SMS and not proved; mail is still to come."""
    for number in range(5):
        stage.happen(stage.raised(alarm(f"a-{number}", signal=Signal.FAULT)))
        stage.happen(stage.step(f"a-{number}", "fault", "sms", "mail"))
    stage.happen(receipts=(Sent(stage.sends[0].notification, 1, reference="0"), Delivered("sms", "0")))
    head = stage.sends[-1]
    stage.happen(receipts=(Sent(head.notification, 1, reference="1"),))
    return head


def test_who_takes_one_of_many_in_a_message_does_not_silence_the_others() -> None:
    stage = Stage(capacity=1)
    head = one_message_for_many(stage)
    taken = stage.rows()[head.notification]["alarm"]
    stage.happen(stage.acked(taken))
    stage.happen(after=31)
    mail = stage.sends[-1]
    assert (mail.channel, len(stage.sends)) == ("mail", 3)
    row = stage.rows()[mail.notification]
    assert row["alarm"] != taken
    assert row["counts"] == {"fault": 2}


def test_once_all_in_a_message_are_taken_no_other_channel_starts() -> None:
    stage = Stage(capacity=1)
    head = one_message_for_many(stage)
    stage.happen(*(stage.acked(id) for id in stage.rows()[head.notification]["alarms"]))
    stage.happen(after=600)
    assert len(stage.sends) == 2
    assert stage.rows()[head.notification]["open"] is False


@pytest.mark.parametrize(
    ("person", "sign", "seen"),
    [
        ("he-jun", Alive("he-jun", hears=False, shown=Seq(1, 999)), True),
        ("", Alive("", hears=True, shown=Seq(1, 999)), True),
        ("he-jun", Alive("he-jun", hears=True), False),  # sounds in a pocket
        ("he-jun", Alive("he-jun", hears=True, shown=Seq(1, 1)), False),  # its stream is behind
        ("", Alive("he-jun", hears=True, shown=Seq(1, 999)), False),  # a phone is no wall
    ],
)
def test_a_screen_has_shown_what_it_says_it_has(person: str, sign: Alive, seen: bool) -> None:
    stage = Stage()
    stage.happen(stage.step("a-1", "fault", "desk", "mail", person=person or "he-jun"))
    if not person:
        stage.sends.clear()
        stage.happen(stage.step("a-2", "fault", "desk", "wecom", person=""))
    stage.happen(receipts=tuple(Sent(send.notification, 1) for send in stage.sends))
    stage.happen(receipts=(sign,), after=15)
    stage.happen(after=16)
    mine = [row for row in stage.rows().values() if (row["channel"], row["person"]) == ("desk", person)]
    assert [row["state"] for row in mine] == ["seen" if seen else "sent"]
    assert [row["silent"] for row in mine] == [not seen]


def test_a_step_costs_the_same_however_many_are_open() -> None:
    """Of many tries the quickest, which the rest of the machine did not disturb."""
    stage = Stage()
    costs = []
    for many in (50, 1500):
        while len(stage.sends) < many:
            stage.happen(stage.step(f"a-{len(stage.sends)}", "fault", "desk", person=""))
            stage.happen(receipts=(Sent(stage.sends[-1].notification, 1),))
        quickest = 1.0
        for _ in range(50):
            began = time.perf_counter()
            stage.happen(receipts=(Delivered("sms", "?"), Alive("he-jun", hears=True)))
            stage.tenant.next_due()
            quickest = min(quickest, time.perf_counter() - began)
        costs.append(quickest)
    assert costs[1] < 5 * costs[0] + 0.0002
