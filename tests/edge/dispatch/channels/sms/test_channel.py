"""Texts and ring calls as channels: who is reached, what is reported, and who answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import pytest

from edge.dispatch.channel import Channel, Keeping
from edge.dispatch.channels.sms.channel import NO_PHONE, RingChannel, SmsChannel
from edge.dispatch.channels.sms.numbers import normalised
from edge.domain.conclusion import Answered, Delivered, Receipt, Send
from edge.domain.names import Text
from edge.domain.roster import Person
from edge.driver import Arrived, Incoming, Posted, Rung

T = TypeVar("T")
NAME = Text("短信", "SMS")
LIU = "+8619900000003"
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

    def release(self, id: str) -> None:
        self.asked.append(("release", id))


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
    desk.tell(Arrived("7", arrived=True, number=LIU))
    assert told == []
    desk.tell(Arrived("8", arrived=True, number=LIU))
    desk.tell(Arrived("9", arrived=True, number=LIU))
    assert told == [Delivered("sms", sent.reference)]
    report = sms.report()
    assert (report.state, report.last_ok, report.counters) == ("ok", 5, {"sent": 1, "delivered": 1})


def test_one_lost_part_is_a_lost_text(sms, desk, told):
    desk.posted = Posted(("7", "8"))
    sent = asyncio.run(sms.send(send("liu-yang")))
    desk.tell(Arrived("8", arrived=False, number=LIU))
    desk.tell(Arrived("7", arrived=True, number=LIU))
    (delivered,) = told
    assert delivered.reference == sent.reference
    assert "未送达" in delivered.error


def test_a_report_counts_for_the_phone_it_names(sms, desk, told):
    """A modem that starts anew counts from 0 again."""
    first = asyncio.run(sms.send(send("liu-yang")))
    second = asyncio.run(sms.send(send("zhou-min")))
    desk.tell(Arrived("1", arrived=True, number="19900000003"))
    assert told == [Delivered("sms", first.reference)]
    desk.tell(Arrived("1", arrived=True, number="+85212345678"))
    assert told[1:] == [Delivered("sms", second.reference)]


def test_an_answer_on_record_is_released(sms, desk):
    assert isinstance(sms, Keeping)
    sms.release("k-1")
    assert desk.asked == [("release", "k-1")]


def test_an_answer_is_told_with_who_it_is_from(sms, desk, told):
    desk.tell(Incoming("19900000003", " 1\n", 1_800_000_000_000_000, "k-1"))
    desk.tell(Incoming("10086", "余额不足", None, "k-2"))
    assert told == [
        Answered("sms", "+8619900000003", "1", "liu-yang", "k-1", 1_800_000_000_000_000),
        Answered("sms", "10086", "余额不足", None, "k-2"),
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
