"""Answers that come late: what they can have meant."""

from __future__ import annotations

from edge.domain.conclusion import Answered, Happened, Sent
from edge.domain.instant import MINUTE, SECOND, Instant
from edge.domain.request import Acknowledge
from tests.edge.dispatch.test_notifications import Stage


def told(stage: Stage, alarm: str) -> int:
    """One more alarm is told by text; when, in µs UTC."""
    stage.happen(stage.step(alarm, "gas", "sms"), after=600)
    stage.happen(receipts=(Sent(stage.sends[-1].notification, 1, reference=alarm),))
    return stage.now.utc


def one(written_at: int | None) -> Answered:
    return Answered("sms", "+861990", "1", "he-jun", "k", written_at)


def test_a_delayed_answer_takes_what_was_told_before_it_was_written() -> None:
    stage = Stage()
    first = told(stage, "a-1")
    told(stage, "a-2")
    stage.happen(receipts=(one(first + MINUTE),))
    assert stage.requests == [Acknowledge("a-1", "he-jun", "1")]


def test_an_answer_older_than_all_that_was_told_is_a_remark() -> None:
    stage = Stage()
    first = told(stage, "a-1")
    stage.happen(receipts=(one(first - 10 * MINUTE),))
    assert stage.requests == []
    assert (stage.facts[-1].kind, stage.facts[-1].note) == ("notification.remark", "1")


def test_a_delayed_answer_to_what_another_has_taken_takes_nothing_else() -> None:
    stage = Stage()
    told(stage, "a-0")
    first = told(stage, "a-1")
    stage.happen(stage.acked("a-1"))
    stage.happen(receipts=(one(first + MINUTE),), after=600)
    assert stage.requests == []


def test_clocks_that_differ_a_little_or_are_not_to_be_trusted_refuse_no_answer() -> None:
    for written, trusted in ((-30 * SECOND, True), (-9 * 3600 * SECOND, False), (None, True)):
        stage = Stage()
        first = told(stage, "a-1")
        stage.now = Instant(stage.now.utc, stage.now.mono, trusted)
        answer = one(None if written is None else first + written)
        stage.take(stage.tenant.conclude(Happened(receipts=(answer,)), stage.now))
        assert stage.requests == [Acknowledge("a-1", "he-jun", "1")]


def test_a_text_written_before_an_alarm_was_told_does_not_take_it_while_it_is_being_sent() -> None:
    stage = Stage()
    stage.happen(stage.step("a-1", "gas", "sms"), after=600)
    stage.happen(receipts=(one(stage.now.utc - 2 * MINUTE),))
    assert stage.requests == []
    stage.happen(receipts=(one(stage.now.utc),), after=20)
    assert stage.requests == [Acknowledge("a-1", "he-jun", "1")]


def test_what_was_certainly_told_wins_over_what_is_being_sent_though_others_have_taken_it() -> None:
    for written in (None, 0):
        stage = Stage()
        told(stage, "a-1")
        stage.happen(stage.acked("a-1"), stage.step("a-2", "gas", "sms"), after=5)
        stage.happen(receipts=(one(None if written is None else stage.now.utc),), after=1)
        assert stage.requests == []


def test_a_text_surely_written_after_it_began_to_go_out_takes_what_is_being_sent() -> None:
    stage = Stage()
    told(stage, "a-1")
    stage.happen(stage.acked("a-1"), stage.step("a-2", "gas", "sms"), after=5)
    stage.happen(receipts=(one(stage.now.utc + 2 * MINUTE),), after=80)
    assert stage.requests == [Acknowledge("a-2", "he-jun", "1")]
