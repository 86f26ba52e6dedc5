"""Texts and ring calls as channels: who is reached, what is reported, and who answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import pytest

from edge.dispatch.channel import Channel
from edge.dispatch.channels.sms.channel import NO_PHONE, RingChannel, SmsChannel
from edge.dispatch.channels.sms.numbers import normalised
from edge.domain.conclusion import Answered, Delivered, Receipt, Send
from edge.domain.names import Text
from edge.domain.roster import Person
from edge.driver import Arrived, Incoming, Posted, Rung

T = TypeVar("T")
NAME = Text("短信", "SMS")
PEOPLE = {
    "liu-yang": Person("liu-yang", "刘洋", NAME, phone="199 0000 0003"),
    "zhou-min": Person("zhou-min", "周敏", NAME, phone="19900000002", addresses={"sms": "0085212345678"}),
    "cleaner": Person("cleaner", "李姐", NAME),
}


class Desk:
    """A messenger that answers as it is told to."""

    def __init__(self) -> None:
        self.posted = Posted(("1",))
        self.rung = Rung("answered")
        self.asked: list[tuple[object, ...]] = []
        self.tell: Callable[[Arrived | Incoming], None]

    def submit(self, number: str, text: str, *, urgent: bool) -> Future[Posted]:
        self.asked.append((number, text, urgent))
        return done(self.posted)

    def ring(self, number: str, seconds: float) -> Future[Rung]:
        self.asked.append((number, seconds))
        return done(self.rung)

    def listen(self, told: Callable[[Arrived | Incoming], None]) -> None:
        self.tell = told


def done(result: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(result)
    return future


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def told() -> list[Receipt]:
    return []


@pytest.fixture
def sms(desk: Desk, told: list[Receipt]) -> SmsChannel:
    channel = SmsChannel("sms", NAME, desk, PEOPLE, lambda: 5)
    channel.start(told.append)
    return channel


def send(person: str, channel: str = "sms") -> Send:
    return Send("nt-1", 1, channel, person, "火警", urgent=True)


def test_a_text_and_its_delivery(sms, desk, told):
    desk.posted = Posted(("7", "8"))
    sent = asyncio.run(sms.send(send("liu-yang")))
    assert desk.asked == [("+8619900000003", "火警", True)]
    assert sent.error is None
    desk.tell(Arrived("7", arrived=True))
    assert told == []
    desk.tell(Arrived("8", arrived=True))
    desk.tell(Arrived("9", arrived=True))
    assert told == [Delivered("sms", sent.reference)]
    report = sms.report()
    assert (report.state, report.last_ok, report.counters) == ("ok", 5, {"sent": 1, "delivered": 1})


def test_one_lost_part_is_a_lost_text(sms, desk, told):
    desk.posted = Posted(("7", "8"))
    sent = asyncio.run(sms.send(send("liu-yang")))
    desk.tell(Arrived("8", arrived=False))
    desk.tell(Arrived("7", arrived=True))
    (delivered,) = told
    assert delivered.reference == sent.reference
    assert "未送达" in delivered.error


def test_an_answer_is_told_with_who_it_is_from(sms, desk, told):
    desk.tell(Incoming("19900000003", " 1\n", None))
    desk.tell(Incoming("10086", "余额不足", None))
    assert told == [
        Answered("sms", "+8619900000003", "1", "liu-yang"),
        Answered("sms", "10086", "余额不足", None),
    ]


def test_a_refusal_is_passed_on(sms, desk):
    desk.posted = Posted(error=Text("欠费", "No credit"), again=False)
    sent = asyncio.run(sms.send(send("liu-yang")))
    assert (sent.error, sent.again) == ("欠费 / No credit", False)
    assert sms.report().state == "failing"


def test_who_is_reached(sms):
    assert [person for person in (*PEOPLE, "", "nobody") if sms.reaches(person)] == ["liu-yang", "zhou-min"]
    sent = asyncio.run(sms.send(send("cleaner")))
    assert NO_PHONE.zh in sent.error
    assert not sent.again


@pytest.mark.parametrize(
    ("outcome", "answered", "error"),
    [("answered", True, False), ("no-answer", False, False), ("busy", False, True)],
)
def test_a_ring_call(desk, told, outcome, answered, error):
    desk.rung = Rung(outcome)
    ring: Channel = RingChannel("ring", NAME, desk, PEOPLE, lambda: 5, seconds=15)
    ring.start(told.append)
    sent = asyncio.run(ring.send(send("zhou-min", "ring")))
    assert desk.asked == [("+8619900000002", 15)]
    assert (sent.answered, sent.error is not None) == (answered, error)


@pytest.mark.parametrize(
    ("number", "same"),
    [
        ("19900000001", "+8619900000001"),
        ("+86 199-0000-0001", "+8619900000001"),
        ("008619900000001", "+8619900000001"),
        ("8619900000001", "+8619900000001"),
        ("+85212345678", "+85212345678"),
        ("10086", "10086"),
    ],
)
def test_one_spelling_for_each_number(number: str, same: str) -> None:
    assert normalised(number) == same
