from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from edge.domain.fact import Fact, Seq
from edge.domain.reading import Purpose
from edge.facade import Account, Role
from tests.web.fakes import FakeHub
from web.auth.secrets import digest, new_token
from web.server import Listen, WebServer
from web.streams import Streams, event, json_event

QUICK = 0.02  # the streams' second in these tests


def numbers(fact: Fact) -> bytes:
    return event(None, str(fact.seq.number), str(fact.seq))


def parse(data: bytes) -> list[tuple[str | None, str | None, str]]:
    """(event, id, data) of each server-sent event."""
    found = []
    for block in data.decode().split("\n\n")[:-1]:
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            fields[name] = f"{fields[name]}\n{value}" if name in fields else value
        found.append((fields.get("event"), fields.get("id"), fields["data"]))
    return found


class Reader:
    """Reads a stream one event at a time; heartbeats are skipped unless asked for."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self.chunks = chunks
        self.waiting: list[tuple[str | None, str | None, str]] = []

    async def next(self, *, hb: bool = False) -> tuple[str | None, str | None, str]:
        async with asyncio.timeout(60):
            while True:
                while self.waiting:
                    found = self.waiting.pop(0)
                    if hb or found[0] != "hb":
                        return found
                self.waiting += parse(await anext(self.chunks))


@pytest.fixture
async def open_streams(hub: FakeHub) -> AsyncIterator[Callable[..., Streams]]:
    made: list[Streams] = []

    def start(**options: float) -> Streams:
        streams = Streams(hub, **{"second": QUICK, **options})
        streams.start()
        made.append(streams)
        return streams

    yield start
    for streams in made:
        await streams.stop()


def test_an_event_with_several_lines():
    assert event("x", "a\nb", "1-2") == b"event: x\nid: 1-2\ndata: a\ndata: b\n\n"
    assert event(None, "") == b"data: \n\n"
    with pytest.raises(ValueError, match="JSON"):
        json_event("x", float("nan"))


async def test_facts_arrive_in_order_after_the_first_heartbeat(hub, open_streams):
    reader = Reader(open_streams().subscribe(None, numbers, "n"))
    kind, ident, data = await reader.next(hb=True)
    assert (kind, ident, json.loads(data)["seq"]) == ("hb", None, "3-0")
    for n in range(1, 6):
        hub.raise_alarm()
        assert await reader.next() == (None, f"3-{n}", str(n))


@pytest.mark.parametrize("before_start", [True, False])
async def test_a_reader_goes_on_where_it_was(hub, open_streams, before_start):
    """From the hub's memory or journal when the ring is younger, as after a restart; else from the ring."""
    streams = None if before_start else open_streams()
    for _ in range(450):
        hub.raise_alarm()
    streams = streams or open_streams()
    reader = Reader(streams.subscribe(Seq(3, 2), numbers, "n"))
    assert [(await reader.next())[1] for _ in range(448)] == [f"3-{n}" for n in range(3, 451)]
    hub.raise_alarm()
    assert (await reader.next())[1] == "3-451"


async def test_facts_during_a_replay_are_neither_lost_nor_doubled(hub, open_streams):
    for _ in range(500):
        hub.raise_alarm()
    chunks = open_streams().subscribe(Seq(3, 0), numbers, "n")
    seen: list[str | None] = []
    async with asyncio.timeout(60):
        async for chunk in chunks:
            seen += [ident for kind, ident, _ in parse(chunk) if kind is None]
            if len(seen) < 600 and hub.position().number < 700:
                for _ in range(40):
                    hub.raise_alarm()
            if len(seen) >= hub.position().number:
                break
    await chunks.aclose()
    assert seen == [f"3-{n}" for n in range(1, hub.position().number + 1)]


@pytest.mark.parametrize("after", [Seq(9, 1), Seq(3, 77), Seq(0, 0)])
async def test_an_unknown_position_gives_resync_and_then_goes_on(hub, open_streams, after):
    hub.ring = 3
    for _ in range(5):
        hub.raise_alarm()
    reader = Reader(open_streams().subscribe(after, numbers, "n"))
    kind, ident, data = await reader.next()
    assert (kind, ident, json.loads(data)) == ("resync", "3-5", {"seq": "3-5"})
    hub.raise_alarm()
    assert (await reader.next())[1] == "3-6"


async def test_a_replay_of_more_than_the_ring_gives_resync(hub, open_streams):
    for _ in range(2500):
        hub.emit("note")
    reader = Reader(open_streams().subscribe(Seq(3, 1), numbers, "n"))
    assert (await reader.next())[:2] == ("resync", "3-2500")


async def test_a_slow_reader_is_told_to_resync_and_costs_nothing(hub, open_streams):
    streams = open_streams(ring=10)
    slow, quick = (Reader(streams.subscribe(None, numbers, "n")) for _ in range(2))
    await slow.next(hb=True)
    await quick.next(hb=True)
    for n in range(1, 26):
        hub.raise_alarm()
        assert (await quick.next())[1] == f"3-{n}"
    assert (await slow.next())[:2] == ("resync", "3-25")
    hub.raise_alarm()
    assert (await slow.next())[1] == "3-26"


async def test_a_reader_behind_what_is_held_in_memory_misses_nothing(hub, open_streams):
    streams = open_streams()
    slow, quick = (Reader(streams.subscribe(None, numbers, "n")) for _ in range(2))
    await slow.next(hb=True)
    await quick.next(hb=True)
    for n in range(1, 1201):
        hub.raise_alarm()
        assert (await quick.next())[1] == f"3-{n}"
    assert [(await slow.next())[1] for _ in range(1200)] == [f"3-{n}" for n in range(1, 1201)]
    hub.raise_alarm()
    assert (await slow.next())[1] == (await quick.next())[1] == "3-1201"


async def test_a_reader_behind_a_journal_that_cannot_be_read_is_told_to_resync(hub, open_streams):
    streams = open_streams()
    slow, quick = (Reader(streams.subscribe(None, numbers, "n")) for _ in range(2))
    await slow.next(hb=True)
    await quick.next(hb=True)
    hub.ring = 3
    for n in range(1, 1001):
        hub.raise_alarm()
        assert (await quick.next())[1] == f"3-{n}"
    assert (await slow.next())[:2] == ("resync", "3-1000")
    hub.raise_alarm()
    assert (await slow.next())[1] == "3-1001"


async def test_each_fact_is_encoded_once_per_variant(hub, open_streams):
    calls = []

    def counting(name: str) -> Callable[[Fact], bytes]:
        def encode(fact: Fact) -> bytes:
            calls.append((name, fact.seq.number))
            return numbers(fact)

        return encode

    streams = open_streams()
    readers = [Reader(streams.subscribe(None, counting(name), name)) for name in ("zh", "zh", "zh", "en")]
    for reader in readers:
        await reader.next(hb=True)
    assert streams.readers == 4
    for _ in range(3):
        hub.raise_alarm()
    for reader in readers:
        assert [(await reader.next())[2] for _ in range(3)] == ["1", "2", "3"]
    assert sorted(calls) == [(name, n) for name in ("en", "zh") for n in (1, 2, 3)]


async def test_what_is_not_saved_yet_is_encoded_anew(hub, open_streams):
    streams = open_streams()
    hub.journal_down = True

    def encode(fact: Fact) -> bytes:
        return event(None, str(hub.persisted(fact.seq)), str(fact.seq))

    reader = Reader(streams.subscribe(None, encode, "n"))
    await reader.next(hb=True)
    hub.raise_alarm()
    assert (await reader.next())[2] == "False"
    hub._unsaved.clear()
    again = Reader(streams.subscribe(Seq(3, 0), encode, "n"))
    assert (await again.next())[2] == "True"


async def test_the_first_of_many_facts_waits_for_no_other(hub, open_streams):
    def slow(fact: Fact) -> bytes:
        time.sleep(0.006)  # as long as painting a page's pieces may take
        return numbers(fact)

    stream = open_streams().subscribe(None, slow, "n")
    await anext(stream)
    for _ in range(5):
        hub.raise_alarm()
    async with asyncio.timeout(30):
        chunks = [parse(await anext(stream)) for _ in range(5)]
    assert [[data for _, _, data in chunk] for chunk in chunks] == [["1"], ["2"], ["3"], ["4"], ["5"]]


async def test_encoded_forms_of_old_facts_are_not_kept(hub, open_streams):
    calls: Counter[int] = Counter()

    def encode(fact: Fact) -> bytes:
        calls[fact.seq.number] += 1
        return numbers(fact)

    streams = open_streams()
    first = Reader(streams.subscribe(None, encode, "n"))
    await first.next(hb=True)
    for _ in range(260):
        hub.raise_alarm()
        await first.next()
    again = Reader(streams.subscribe(Seq(3, 1), encode, "n"))
    assert [(await again.next())[2] for _ in range(259)] == [str(n) for n in range(2, 261)]
    assert (calls[2], calls[60], calls[61], calls[260]) == (2, 2, 1, 1)


async def test_large_encoded_forms_are_kept_of_the_newest_facts_alone(hub, open_streams):
    calls: Counter[int] = Counter()

    def encode(fact: Fact) -> bytes:
        calls[fact.seq.number] += 1
        return event(None, "x" * 400_000, str(fact.seq))

    streams = open_streams()
    first = Reader(streams.subscribe(None, encode, "n"))
    await first.next(hb=True)
    for _ in range(5):
        hub.raise_alarm()
        await first.next()
    again = Reader(streams.subscribe(Seq(3, 1), encode, "n"))
    assert [(await again.next())[1] for _ in range(4)] == [f"3-{n}" for n in range(2, 6)]
    assert [calls[n] for n in range(2, 6)] == [2, 2, 1, 1]


async def test_what_an_encoder_leaves_out_is_no_event(hub, open_streams):
    reader = Reader(open_streams().subscribe(None, lambda f: b"" if f.seq.number % 2 else numbers(f), "even"))
    await reader.next(hb=True)
    for _ in range(4):
        hub.raise_alarm()
    assert [(await reader.next())[2] for _ in range(2)] == ["2", "4"]


async def test_heartbeats_come_every_ten_seconds(hub, open_streams):
    reader = Reader(open_streams().subscribe(None, numbers, "n"))
    loop = asyncio.get_running_loop()
    await reader.next(hb=True)
    assert (await reader.next(hb=True))[0] == "hb"
    start = loop.time()
    assert (await reader.next(hb=True))[0] == "hb"
    assert loop.time() - start > 5 * QUICK


async def test_values_are_joined_once_a_second_and_never_replayed(hub, open_streams):
    def values(states):
        return json_event("values", {state.point.id: state.value for state in states})

    streams = open_streams()
    hub.set_value("wp-1.ph", 1.0)
    reader = Reader(streams.subscribe(Seq(3, 0), numbers, "n", values))
    await reader.next(hb=True)
    for n in range(50):
        hub.set_value("wp-1.ph", float(n))
        hub.set_value("bin-1.level", float(n))
    kind, ident, data = await reader.next()
    assert (kind, ident) == ("values", None)
    assert json.loads(data) == {"wp-1.ph": 49.0, "bin-1.level": 49.0}
    late = Reader(streams.subscribe(Seq(3, 0), numbers, "n", values))
    assert (await late.next(hb=True))[0] == "hb"
    hub.set_value("bin-1.level", 5.0)
    assert json.loads((await late.next())[2]) == {"bin-1.level": 5.0}


async def test_a_reader_that_missed_beats_gets_the_newest_values_at_once(hub, open_streams):
    def values(states):
        return json_event("values", {state.point.id: state.value for state in states})

    streams = open_streams()
    slow, quick = (Reader(streams.subscribe(None, numbers, "n", values)) for _ in range(2))
    await slow.next(hb=True)
    await quick.next(hb=True)
    for point in ("wp-1.ph", "bin-1.level", "gas-1203.gas"):
        hub.set_value(point, 3.0)
        assert json.loads((await quick.next())[2]) == {point: 3.0}
    assert json.loads((await slow.next())[2]) == {"wp-1.ph": 3.0, "bin-1.level": 3.0, "gas-1203.gas": 3.0}


async def test_closing_ends_every_stream_at_once(hub, open_streams):
    streams = open_streams(second=60.0)
    reader = Reader(streams.subscribe(None, numbers, "n"))
    await reader.next(hb=True)
    reading = asyncio.create_task(reader.next())
    await asyncio.sleep(0)
    streams.close()
    with pytest.raises(StopAsyncIteration):
        await reading
    assert streams.readers == 0


async def test_a_follower_that_fails_cuts_the_streams_loudly(hub, open_streams, monkeypatch, caplog):
    streams = open_streams()
    reader = Reader(streams.subscribe(None, numbers, "n"))
    await reader.next(hb=True)

    async def broken(*_args: object):
        raise RuntimeError("the log is gone")

    monkeypatch.setattr(hub, "facts", broken)
    with caplog.at_level(logging.CRITICAL):
        hub.raise_alarm()
        with pytest.raises(StopAsyncIteration):
            await reader.next()
    assert "follower failed" in caplog.text


# -- over a real server -----------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def serving(
    hub: FakeHub, role: Role = Role.ADMIN
) -> AsyncIterator[tuple[WebServer, httpx.AsyncClient]]:
    token = new_token()
    hub.people.tokens[digest(token)] = Account("program", "program", role)
    server = WebServer(hub, Listen(port=0))
    await server.start()
    async with httpx.AsyncClient(base_url=server.url, headers={"authorization": f"Bearer {token}"}) as client:
        yield server, client
    await server.stop()


async def test_the_stream_over_http(hub):
    hub.raise_alarm()
    async with serving(hub) as (_, client), client.stream("GET", "/api/v1/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in answer.headers
        reader = Reader(answer.aiter_bytes())
        assert (await reader.next(hb=True))[0] == "hb"
        alarm = hub.raise_alarm("gas-1203.gas")
        kind, ident, data = await reader.next()
        fact = json.loads(data)
        assert (kind, ident) == ("fact", "3-2")
        assert fact["seq"] == ident
        assert fact["kind"] == "alarm.raised"
        assert fact["alarm"]["id"] == alarm.id
        assert fact["alarm"]["state"] == "unacknowledged"
        hub.set_value("wp-1.ph", float("nan"))
        kind, ident, data = await reader.next()
        assert (kind, ident) == ("values", None)
        assert json.loads(data)["items"] == [
            {"point": "wp-1.ph", "v": None, "t": json.loads(data)["items"][0]["t"], "q": "good"}
        ]


async def test_last_event_id_wins_over_after(hub):
    for _ in range(5):
        hub.raise_alarm()
    async with serving(hub) as (_, client):
        for headers, query, first in (
            ({}, "?after=3-1", "3-2"),
            ({"Last-Event-ID": "3-3"}, "?after=3-1", "3-4"),
            ({"Last-Event-ID": "nonsense"}, "?after=3-1", "3-1"),
        ):
            async with client.stream("GET", f"/api/v1/stream{query}", headers=headers) as answer:
                assert (await Reader(answer.aiter_bytes()).next())[1] == first
        assert (await client.get("/api/v1/stream?after=x")).status_code == 422


async def test_tests_are_only_shown_when_asked_for_and_sign_ins_only_to_who_may_know(hub):
    async with (
        serving(hub, Role.MAINTENANCE) as (_, client),
        client.stream("GET", "/api/v1/stream") as plain,
        client.stream("GET", "/api/v1/stream?purpose=test") as with_tests,
    ):
        one, other = Reader(plain.aiter_bytes()), Reader(with_tests.aiter_bytes())
        await one.next(hb=True)
        await other.next(hb=True)
        hub.emit("session.opened", by="guard", body={"address": "192.0.2.1"})
        hub.raise_alarm(purpose=Purpose.TEST)
        hub.raise_alarm()
        assert (await one.next())[1] == "3-3"
        assert (await other.next())[1] == "3-2"


async def test_the_server_stops_promptly_with_streams_open(hub):
    async with serving(hub) as (server, client), client.stream("GET", "/api/v1/stream") as answer:
        reader = Reader(answer.aiter_bytes())
        await reader.next(hb=True)
        loop = asyncio.get_running_loop()
        start = loop.time()
        await server.stop()
        assert loop.time() - start < 1.5
        with pytest.raises(StopAsyncIteration):
            await reader.next()
