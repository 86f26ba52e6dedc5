"""People on the line: each command once, and a sick journal refuses them without stopping the line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.alarm.engine import AlarmEngine
from edge.conclude import Conclude
from edge.dispatch.handover import HandOvers
from edge.domain.alarm import Alarm
from edge.domain.conclusion import Answered
from edge.domain.device import Device, DeviceProfile, Point, PointSpec, Signal
from edge.domain.handover import HandOver, LeftOpen
from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.domain.reading import Reading
from edge.domain.request import Acknowledge, Comment, Refusal, Reset, Shelve
from edge.domain.rule import AlarmRule, Level, Priority, Selector
from edge.facade import Unavailable
from edge.people import KEEP_ANSWERS, People
from edge.store.facts import FactLog
from edge.store.journal import Entry, Journal

WORD = Text("字", "word")
SPEC = PointSpec("smoke", WORD, signal=Signal.FIRE)
PROFILE = DeviceProfile("m-s", "m", "s", "smoke-detector", "json", (SPEC,), "practice", 0, WORD)
POINT = Point("sm-1.smoke", Device("sm-1", PROFILE, WORD, "b1", WORD, WORD, "sm-1"), SPEC)
RULE = AlarmRule(
    "fire",
    Selector(signal=Signal.FIRE),
    "state",
    (Level(None, Priority.URGENT, WORD, WORD),),
    Signal.FIRE,
    latch=True,
    source="practice",
)
NOW = Instant(1_780_000_000_000_000, 1_000_000)


class SlowJournal(Journal):
    """A journal whose look-ups can be made to fail or to take for ever."""

    trouble: Exception | None = None
    deaf = False

    async def alarm(self, id: str) -> Alarm | None:
        if self.trouble is not None:
            raise self.trouble
        if self.deaf:
            await asyncio.Event().wait()
        return await super().alarm(id)


class Desk:
    """A fire alarm, and who may act on it."""

    def __init__(self, path: Path) -> None:
        self.journal = SlowJournal(path)
        self.log = FactLog(self.journal, self.journal.open())
        self.engine = AlarmEngine([POINT], [RULE], self.log.numbering)
        self.people = People(self.engine, Conclude(), self.log, [])

    async def fire(self, *, smoke: bool = True) -> str:
        outcome = self.engine.step([Reading(POINT, smoke, NOW.utc, NOW.utc)], NOW)
        await self.log.record(Entry(facts=outcome.facts, alarms=outcome.alarms))
        return outcome.alarms[-1].id

    async def facts(self) -> list[str]:
        return [fact.kind for fact in await self.log.latest(None, 100)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path / "journal.db")
    yield desk
    await desk.log.close(clean=True)


async def test_a_repeat_is_known_by_what_was_asked_not_by_what_is_open_meanwhile(desk: Desk) -> None:
    people = People(desk.engine, Conclude([HandOvers(lambda _: None, desk.log.numbering)]), desk.log, [])

    def wish(left: LeftOpen, asked: str) -> HandOver:
        return HandOver("control-room", "li", "wang", left, {}, asked=asked)

    first = (await people.carry_out(wish(LeftOpen(), "a"), "k1", NOW)).subject
    again = (await people.carry_out(wish(LeftOpen(alarms=("al-1",)), "a"), "k1", NOW)).subject
    assert isinstance(first, dict)
    assert isinstance(again, dict)
    assert first["id"] == again["id"]
    assert (await desk.facts()).count("handover.made") == 1
    with pytest.raises(Refusal, match="key_reused"):
        await people.carry_out(wish(LeftOpen(), "b"), "k1", NOW)


async def test_a_command_under_a_known_key_is_carried_out_once(desk: Desk) -> None:
    alarm = await desk.fire()
    comment = Comment(alarm, "li", "on my way")
    first = (await desk.people.carry_out(comment, "k1", NOW)).subject
    again = (await desk.people.carry_out(comment, "k1", NOW)).subject
    assert first == again
    assert (await desk.facts()).count("alarm.commented") == 1
    with pytest.raises(Refusal) as refused:
        await desk.people.carry_out(Comment(alarm, "li", "something else"), "k1", NOW)
    assert refused.value.code == "key_reused"
    later = Instant(NOW.utc + KEEP_ANSWERS, NOW.mono)
    await desk.people.carry_out(Comment(alarm, "li", "something else"), "k1", later)
    assert (await desk.facts()).count("alarm.commented") == 2


async def test_a_text_read_again_after_a_restart_is_not_heard_twice(desk: Desk) -> None:
    text = Answered("sms", "+8619900000014", "1", "liu-yang", "k-1")
    fresh, answers = desk.people.heard([text, text], NOW)
    assert fresh == [text]
    await desk.log.record(Entry(facts=[], answers=answers))
    await desk.log.close(clean=False)
    journal = Journal(desk.journal.path)
    state = journal.open()
    log = FactLog(journal, state)
    people = People(desk.engine, Conclude(), log, state.answers)
    assert people.heard([text], NOW) == ([], [])
    other = Answered("sms", "+8619900000014", "1", "liu-yang", "")  # of a network that tells no time
    assert people.heard([other, other], NOW) == ([other, other], [])
    await log.close(clean=True)


async def test_a_closed_alarm_takes_remarks_and_nothing_else(desk: Desk) -> None:
    alarm = await desk.fire()
    await desk.people.carry_out(Acknowledge(alarm, "li"), None, NOW)
    await desk.fire(smoke=False)
    await desk.people.carry_out(Reset(alarm, "li"), None, NOW)
    assert not desk.engine.open()
    await desk.people.carry_out(Comment(alarm, "li", "burnt toast"), None, NOW)
    await desk.people.carry_out(Acknowledge(alarm, "wang"), None, NOW)  # a second one is fine
    for command in (Reset(alarm, "li"), Shelve(alarm, "li", None, "")):
        with pytest.raises(Refusal) as refused:
            await desk.people.carry_out(command, None, NOW)
        assert refused.value.code == "closed"


async def test_nobody_knows_an_alarm_that_never_was(desk: Desk) -> None:
    with pytest.raises(Refusal) as refused:
        await desk.people.carry_out(Acknowledge("al-9-9", "li"), None, NOW)
    assert refused.value.code == "not_found"


async def test_a_journal_that_does_not_answer_keeps_the_line_waiting_for_a_moment_only(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.people.PATIENCE", 0.0)
    desk.journal.deaf = True
    with pytest.raises(Unavailable):
        await desk.people.carry_out(Acknowledge("al-9-9", "li"), None, NOW)
    alarm = await desk.fire()
    acknowledged = (await desk.people.carry_out(Acknowledge(alarm, "li"), None, NOW)).subject
    assert isinstance(acknowledged, Alarm)
    assert acknowledged.acked
