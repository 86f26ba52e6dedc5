"""A hub that ends as by a power cut: what it had written goes on, what the broker says again changes nothing twice.

The cut is a copy of the data folder at that moment: files as they stand, nothing closed, no mark of a clean stop.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from edge.assembly import Running
from edge.domain.alarm import Alarm, AlarmState
from edge.domain.reading import Delivery, RawReading
from edge.domain.request import Acknowledge, Comment, Judge, Refusal, Reset, Silence
from edge.facade import AlarmQuery
from edge.hub import RunningHub
from edge.store.journal import verify
from tests.integration.conftest import Start, until

SMOKE = "zigbee2mqtt/sm-303"
ELSEWHERE = 1_000_000  # generation: of no connection of this test's hubs, so that nothing is acknowledged


def deliver(
    started: Running, packet: int, payload: bytes, *, again: bool = False, topic: str = SMOKE
) -> None:
    """A delivery as the MQTT driver would hand it over. again: the broker repeats it, marked DUP."""
    source, dialect = ("load", "json") if topic.startswith("bench/") else ("zigbee", "zigbee2mqtt")
    delivery = Delivery(ELSEWHERE, packet, again)
    hub = started.hub
    assert hub._line.inbox.offer(RawReading(source, dialect, topic, payload, hub.now(), delivery=delivery))


def fires(hub: RunningHub) -> list[Alarm]:
    return [alarm for alarm in hub.open_alarms() if alarm.point == "sm-303.smoke"]


async def episodes(hub: RunningHub) -> int:
    page = await hub.alarms(AlarmQuery(device="sm-303"))
    return len([alarm for alarm in page.items if alarm.point == "sm-303.smoke"])


async def through(hub: RunningHub) -> None:
    """All that was delivered has been through the line; it need not be stored."""
    await until(lambda: not hub._line.inbox.depth())
    await hub.note("test.passed", "rig", {})  # takes its turn behind it


@pytest.fixture
def cut(tmp_path: Path) -> Callable[[], Path]:
    """Copies the data folder as a power cut would leave it."""
    numbers = count(1)

    def copy() -> Path:
        target = tmp_path / f"cut-{next(numbers)}"
        shutil.copytree(tmp_path / "data", target)
        return target

    return copy


async def test_a_reset_alarm_is_not_raised_again_by_what_the_broker_repeats(
    start_hub: Start, cut: Callable[[], Path]
) -> None:
    async with start_hub() as started:
        hub = started.hub
        deliver(started, 1, b'{"smoke": true, "battery": 90}')
        await until(lambda: bool(fires(hub)))
        (alarm,) = fires(hub)
        await hub.act(Acknowledge(alarm.id, "li"))
        deliver(started, 2, b'{"smoke": false, "battery": 90}')
        await until(lambda: not fires(hub)[0].active)
        await hub.act(Reset(alarm.id, "li"))
        crashed = cut()  # before the readings were stored
    async with start_hub(crashed) as started:
        hub = started.hub
        since = hub.now().utc
        deliver(started, 1, b'{"smoke": true, "battery": 90}', again=True)
        deliver(started, 2, b'{"smoke": false, "battery": 90}', again=True)
        await hub.settled()
        assert await episodes(hub) == 1
        assert not fires(hub)
        raw = await hub.raw("sm-303.smoke", since - 60_000_000, since + 60_000_000, None, 10)
        assert [row.v for row in raw.items] == [True, False]
        deliver(started, 3, b'{"smoke": true, "battery": 90}')
        await until(lambda: bool(fires(hub)))
        await through(hub)
        assert await episodes(hub) == 2


async def test_a_normal_report_is_not_played_back_after_the_alarm_that_followed_it(
    start_hub: Start, cut: Callable[[], Path]
) -> None:
    async with start_hub() as started:
        hub = started.hub
        deliver(started, 1, b'{"smoke": false}')
        deliver(started, 2, b'{"smoke": true}')
        await until(lambda: bool(fires(hub)))
        crashed = cut()
    async with start_hub(crashed) as started:
        hub = started.hub
        deliver(started, 1, b'{"smoke": false}', again=True)
        await through(hub)
        assert fires(hub)[0].active
        deliver(started, 2, b'{"smoke": true}', again=True)
        deliver(started, 3, b'{"smoke": false}', again=True)  # was under way, never evaluated
        await until(lambda: not fires(hub)[0].active)


async def test_an_alarm_of_long_ago_does_not_mute_a_fire_that_is_repeated(
    start_hub: Start, cut: Callable[[], Path]
) -> None:
    """A session uses its packet ids again: the key of an old report must be gone by then."""
    async with start_hub() as started:
        hub = started.hub
        deliver(started, 7, b'{"smoke": true}')
        await until(lambda: bool(fires(hub)))
        (alarm,) = fires(hub)
        await hub.act(Acknowledge(alarm.id, "li"))
        deliver(started, 8, b'{"smoke": false}')
        await until(lambda: not fires(hub)[0].active)
        await hub.act(Reset(alarm.id, "li"))
        await hub.settled()
        deliver(started, 7, b'{"smoke": false, "battery": 88}')  # 65535 messages later
        await hub.settled()
        await through(hub)
        crashed = cut()
    async with start_hub(crashed) as started:
        hub = started.hub
        deliver(started, 9, b'{"smoke": true}', again=True)  # was under way at the cut
        await until(lambda: bool(fires(hub)))


async def test_what_was_stored_is_not_stored_again(start_hub: Start, cut: Callable[[], Path]) -> None:
    """Without a time of its own, a repeat is told by its packet id and content alone."""
    topic = "bench/load-9"
    async with start_hub() as started:
        hub = started.hub
        for n in range(1, 101):
            deliver(started, n, b'{"seq": %d}' % n, topic=topic)
        await hub.settled()
        for n in range(101, 151):
            deliver(started, n, b'{"seq": %d}' % n, topic=topic)
        await through(hub)
        crashed = cut()
    async with start_hub(crashed) as started:
        hub = started.hub
        for n in range(1, 201):
            deliver(started, n, b'{"seq": %d}' % n, topic=topic, again=True)
        await hub.settled()
        now = hub.now().utc
        raw = await hub.raw("load-9.seq", now - 60_000_000, now + 60_000_000, None, 1000)
        assert sorted(row.v for row in raw.items if isinstance(row.v, float | int)) == list(range(1, 201))
        assert hub._line.intake.duplicates == 100


async def test_the_desk_and_the_alarm_stand_as_they_stood(start_hub: Start, cut: Callable[[], Path]) -> None:
    async with start_hub() as started:
        hub = started.hub
        deliver(started, 1, b'{"smoke": true}')
        await until(lambda: bool(fires(hub)))
        acked = await hub.act(Acknowledge(fires(hub)[0].id, "li"), "k-1")
        assert isinstance(acked, Alarm)
        await hub.act(Comment(acked.id, "li", "the kitchen, somebody is on the way"))
        (before,) = fires(hub)
        story = await hub.story(before.id)
        crashed = cut()
    async with start_hub(crashed) as started:
        hub = started.hub
        assert fires(hub) == [before]
        assert await hub.story(before.id) == story
        deliver(started, 2, b'{"smoke": false}')
        await until(lambda: fires(hub)[0].state is AlarmState.LATCHED)
    assert verify(crashed / "journal.db").ok


async def test_a_command_repeated_over_a_restart_changes_nothing(
    start_hub: Start, cut: Callable[[], Path]
) -> None:
    async with start_hub() as started:
        hub = started.hub
        deliver(started, 1, b'{"smoke": true}')
        await until(lambda: bool(fires(hub)))
        (alarm,) = fires(hub)
        command = Judge(alarm.id, "li", "false", "cooking")
        judged = await hub.act(command, "li/k-1")
        crashed = cut()
    async with start_hub(crashed) as started:
        hub = started.hub
        position = hub.position()
        assert await hub.act(command, "li/k-1") == judged
        assert [f.kind for f in await hub.facts(position) or () if f.kind == "alarm.verdict"] == []
        with pytest.raises(Refusal, match="key_reused"):
            await hub.act(Judge(alarm.id, "li", "real", ""), "li/k-1")


async def test_a_device_that_adopted_itself_is_known_after_the_cut(
    start_hub: Start, cut: Callable[[], Path]
) -> None:
    async with start_hub() as started:
        deliver(started, 1, b'{"seq": 1}', topic="bench/load-9")
        await through(started.hub)
        assert started.hub.device("load-9") is not None
        crashed = cut()
    async with start_hub(crashed) as started:
        known = started.hub.device("load-9")
        assert known is not None
        assert known.device.adopted


async def test_every_cut_of_a_busy_hub_gives_a_whole_journal(
    start_hub: Start, cut: Callable[[], Path]
) -> None:
    cuts = []
    async with start_hub() as started:
        hub = started.hub
        for n in range(1, 9):
            deliver(started, 2 * n, b'{"smoke": true}')
            await until(lambda: any(alarm.active for alarm in fires(hub)))
            (alarm,) = fires(hub)
            cuts.append(await asyncio.to_thread(cut))
            await hub.act(Acknowledge(alarm.id, "li"))
            await hub.act(Silence("li"))
            deliver(started, 2 * n + 1, b'{"smoke": false}')
            await until(lambda: not fires(hub)[0].active)
            await hub.act(Reset(alarm.id, "li"))
    for folder in cuts:
        report = verify(folder / "journal.db")
        assert report.ok, report.problems
