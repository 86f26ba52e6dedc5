"""The inbox: order within a source, fairness between sources, bounded, awake when it should be."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from edge.domain.instant import Instant
from edge.domain.reading import NewSession, RawReading
from edge.ingest.inbox import SHARE, Inbox


def raw(source: str, n: int) -> RawReading:
    return RawReading(source, "json", f"site/{n}", b"{}", Instant(n, n))


def numbers(batch: list[RawReading], source: str) -> list[int]:
    return [int(r.channel.split("/")[1]) for r in batch if r.source == source]


async def test_a_flood_on_one_source_does_not_delay_another() -> None:
    inbox = Inbox()
    for n in range(10_000):
        inbox.offer(raw("flood", n))
    inbox.offer(raw("smoke", 1))
    batch = inbox.take(2 * SHARE)
    assert numbers(batch, "smoke") == [1]


async def test_each_source_keeps_its_order_and_loses_nothing() -> None:
    inbox = Inbox()
    for n in range(1000):
        inbox.offer(raw("a", n))
        if n % 3 == 0:
            inbox.offer(raw("b", n))
    got: list[RawReading] = []
    while batch := inbox.take(100):
        got += batch
    assert numbers(got, "a") == list(range(1000))
    assert numbers(got, "b") == list(range(0, 1000, 3))
    assert inbox.received == {"a": 1000, "b": 334}


async def test_a_full_queue_refuses_and_other_queues_do_not() -> None:
    inbox = Inbox(depth=2)
    assert [inbox.offer(raw("a", n)) for n in range(3)] == [True, True, False]
    assert inbox.offer(raw("b", 1))
    assert (inbox.depth(), inbox.received) == (3, {"a": 2, "b": 1})


async def test_a_new_session_has_its_place_in_the_queue_and_always_fits() -> None:
    inbox = Inbox(depth=1)
    assert inbox.offer(raw("a", 1))
    assert inbox.offer(NewSession("a"))
    assert not inbox.offer(raw("a", 2))
    assert inbox.take(10) == [raw("a", 1), NewSession("a")]
    assert inbox.received == {"a": 1}


async def test_offers_of_many_threads_wake_the_line_and_arrive_once() -> None:
    inbox = Inbox()
    inbox.attach(asyncio.get_running_loop())
    got: list[RawReading] = []
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(lambda s=s: [inbox.offer(raw(s, n)) for n in range(500)]) for s in "abcd"]
        async with asyncio.timeout(20):
            while len(got) < 2000:
                await inbox.wait()
                got += inbox.take(64)
        assert all(all(job.result()) for job in jobs)
    for source in "abcd":
        assert numbers(got, source) == list(range(500))
    assert inbox.depth() == 0
