"""Live streams: one follower reads the hub's log of facts, every browser and program holds a cursor on what it keeps.

Each fact is encoded once per variant (language, scope), whoever wants it. A reader that is slow is not queued for: its
cursor lags, it reads from the journal what the ring no longer holds, and when it is RING facts behind it is told to
`resync`. So memory is bounded whatever the readers do.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import StreamingResponse

from edge.domain.fact import Fact, Seq
from edge.domain.instant import to_rfc3339
from edge.facade import Hub, PointState
from web.problems import Problem

log = logging.getLogger(__name__)

RING: Final = 2000
"""Facts that a reader may be behind and still read on."""
_HELD: Final = 512
"""The newest of them stay in memory (3 KB each in a site with people and plans); the others are in the journal."""
HEARTBEAT: Final = 10  # seconds; comments are invisible to a page's script, so this is a named event
_STEP: Final = 200  # facts at a stretch when a reader catches up
_STRETCH: Final = 0.0005
"""Seconds of encoding at a stretch: an alarm brings a dozen facts, and its own goes out before the others'."""
_WARM: Final = 200
_WARM_BYTES: Final = 1 << 20
"""Facts whose encoded forms are kept, and how much these may be in all: an alarm's piece of page is 20 KB in each
language. Readers stay within `_STRETCH` of each other, and who lags farther behind is rare."""

EncodeFact = Callable[[Fact], bytes]
"""A fact as a whole server-sent event, ended by an empty line; b"" leaves it out."""
EncodeValues = Callable[[Sequence[PointState]], bytes]
"""Changed values as a whole server-sent event, without id: values are never replayed."""


def event(name: str | None, data: str, id: str | None = None) -> bytes:
    """One server-sent event. data may have several lines; name None is the unnamed message."""
    lines = [] if name is None else [f"event: {name}"]
    if id is not None:
        lines.append(f"id: {id}")
    lines += [f"data: {line}" for line in data.splitlines() or [""]]
    return ("\n".join(lines) + "\n\n").encode()


def json_event(name: str, data: Any, id: str | None = None) -> bytes:
    """One server-sent event with JSON in it; ValueError for NaN and infinities."""
    return event(name, json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")), id)


@dataclass(slots=True)
class _Entry:
    """A fact in the ring with its encoded forms, by variant."""

    fact: Fact
    encoded: dict[Hashable, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class _Place:
    """How far a reader has come: `cursor` entries, the newest of them `at`, and of each other thing its count."""

    cursor: int
    at: Seq
    breaks: int
    beats: int
    version: int


@dataclass(slots=True)
class _Batch:
    """Values changed after version `since`, up to version `until`."""

    since: int
    until: int
    states: Sequence[PointState]
    encoded: dict[Hashable, bytes] = field(default_factory=dict)


class Streams:
    """The follower and its ring. `start` and `stop` it with the app; `close` ends every stream at once."""

    def __init__(self, hub: Hub, *, ring: int = RING, second: float = 1.0) -> None:
        """ring: facts a reader may be behind. second: how long the beat takes, shorter in tests."""
        self._hub = hub
        self._second = second
        self._most = ring
        self._ring: deque[_Entry] = deque(maxlen=min(ring, _HELD))
        self._warm: deque[_Entry] = deque()  # entries with forms, the newest last
        self._warm_bytes = 0
        self._cold = 0  # number of the newest fact whose forms were let go
        self._count = 0  # entries ever put into the ring: a cursor is such a count
        self._head = hub.position()
        self._breaks = 0  # times the log itself told the follower to resync
        self._batch = _Batch(0, 0, ())
        self._beats = 0
        self._bell = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._open = False
        self.readers = 0

    # -- life -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Follow the log from where it stands now."""
        self._head = self._hub.position()
        self._batch = _Batch(0, self._hub.changed_values(0)[0], ())
        self._open = True
        self._tasks = [
            asyncio.create_task(self._follow(), name="streams-follow"),
            asyncio.create_task(self._tick(), name="streams-tick"),
        ]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    def close(self) -> None:
        """End every stream now, and take no new one; readers come back when the hub does."""
        self._open = False
        self._ring_bell()

    async def stop(self) -> None:
        """Close, and end the follower."""
        self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            # Without its follower a stream would look alive and show nothing: better it is cut, so that walls say so.
            log.critical("the streams' follower failed, all streams are cut", exc_info=error)
            self.close()

    async def _follow(self) -> None:
        while True:
            await self._hub.wait_facts(self._head)
            facts = await self._hub.facts(self._head)
            if facts is None:
                self._breaks += 1
                self._ring.clear()
                self._warm.clear()
                self._warm_bytes = self._cold = 0
                self._head = self._hub.position()
            else:
                for fact in facts:
                    self._ring.append(_Entry(fact))
                    self._count += 1
                    self._head = fact.seq
            self._ring_bell()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._second)
            since = self._batch.until
            until, states = self._hub.changed_values(since)
            self._batch = _Batch(since, until, states)
            self._beats += 1
            if states or self._beats % HEARTBEAT == 0:
                self._ring_bell()

    def _ring_bell(self) -> None:
        self._bell.set()
        self._bell = asyncio.Event()

    # -- reading ----------------------------------------------------------------------------------

    async def subscribe(
        self, after: Seq | None, encode: EncodeFact, key: Hashable, values: EncodeValues | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Server-sent events: facts after `after` (None: from now on), changed values once a second, heartbeats.

        An `after` that the hub no longer knows, or that is over RING facts ago, gives `event: resync`: fetch the
        lists anew, then read on. encode and values must give the same bytes for the same `key`.
        """
        self.readers += 1
        try:
            if after is not None:
                await self._reach(after)
            beats = self._beats // HEARTBEAT
            place = _Place(self._count, self._head, self._breaks, beats, self._batch.until)
            yield self._heartbeat()
            if after is not None and (known := self._cursor_after(after)) is not None:
                place.cursor, place.at = known, after
            elif after is not None:
                # The place was taken first: what happens while older facts are read is in the ring behind it.
                async for chunk in self._older(after, place.cursor, encode):
                    yield chunk
            while self._open:
                bell = self._bell
                if self._left_behind(place):
                    missed, place.cursor, place.at = place.at, self._count, self._head
                    async for chunk in self._older(missed, place.cursor, encode):
                        yield chunk
                elif data := b"".join(self._due(place, encode, key, values)):
                    yield data
                if place.cursor != self._count:
                    await asyncio.sleep(0)  # catching up: let the line and the other readers in between
                else:
                    await bell.wait()
        finally:
            self.readers -= 1

    def _left_behind(self, place: _Place) -> bool:
        """Whether the reader needs facts that only the journal still has."""
        return place.breaks == self._breaks and len(self._ring) < self._count - place.cursor <= self._most

    def _due(
        self, place: _Place, encode: EncodeFact, key: Hashable, values: EncodeValues | None
    ) -> list[bytes]:
        """What there is to send to a reader at its place, which moves on."""
        chunks: list[bytes] = []
        if place.breaks != self._breaks or self._count - place.cursor > self._most:
            place.breaks, place.cursor, place.at = self._breaks, self._count, self._head
            chunks.append(self._resync())
        elif place.cursor != self._count:
            chunks += self._next(self._count - place.cursor, encode, key)
            place.cursor += len(chunks)
            place.at = self._ring[place.cursor - self._count - 1].fact.seq
        if values is not None and place.version != self._batch.until:
            chunks.append(self._values(place.version, values, key))
            place.version = self._batch.until
        if place.beats != self._beats // HEARTBEAT:
            place.beats = self._beats // HEARTBEAT
            chunks.append(self._heartbeat())
        return chunks

    async def _reach(self, after: Seq) -> None:
        """A page is made of the hub's newest state, which the follower may be about to hear of: let it come level."""
        while self._open and self._head.number < after.number <= self._hub.position().number:
            await self._bell.wait()

    def _cursor_after(self, after: Seq) -> int | None:
        """The cursor behind the fact `after`, None when the ring does not hold it."""
        if after == self._head:
            return self._count
        if not self._ring:
            return None
        offset = after.number - self._ring[0].fact.seq.number  # facts are numbered without gaps
        if not 0 <= offset < len(self._ring) or self._ring[offset].fact.seq != after:
            return None
        return self._count - len(self._ring) + offset + 1

    async def _older(self, after: Seq, cursor: int, encode: EncodeFact) -> AsyncGenerator[bytes, None]:
        """Facts after `after` up to what the ring holds behind `cursor`, from the hub's memory or journal."""
        end = self._head.number - (self._count - cursor)
        if end - after.number > self._most:
            yield self._resync()
            return
        while True:
            facts = await self._hub.facts(after, _STEP)
            if facts is None:
                yield self._resync()
                return
            wanted = [fact for fact in facts if fact.seq.number <= end]
            begun, chunks = time.perf_counter(), []
            for fact in wanted:
                chunks.append(encode(fact))
                if time.perf_counter() - begun > _STRETCH:
                    if data := b"".join(chunks):
                        yield data
                    await asyncio.sleep(0)  # as when catching up within the ring
                    begun, chunks = time.perf_counter(), []
            if data := b"".join(chunks):
                yield data
            if not wanted or len(wanted) < len(facts):
                return
            after = wanted[-1].seq

    def _next(self, behind: int, encode: EncodeFact, key: Hashable) -> list[bytes]:
        """What follows for a reader so many facts behind, as much as some milliseconds allow."""
        begun = time.perf_counter()
        chunks: list[bytes] = []
        for n in range(min(behind, _STEP)):
            chunks.append(self._encoded(self._ring[n - behind], encode, key))
            if time.perf_counter() - begun > _STRETCH:
                break
        return chunks

    def _encoded(self, entry: _Entry, encode: EncodeFact, key: Hashable) -> bytes:
        known = entry.encoded.get(key)
        if known is None:
            known = encode(entry.fact)
            # "persisted": false is true only for a while
            if entry.fact.seq.number > self._cold and self._hub.persisted(entry.fact.seq):
                if not entry.encoded:
                    self._warm.append(entry)
                entry.encoded[key] = known
                self._warm_bytes += len(known)
                self._cool()
        return known

    def _cool(self) -> None:
        """Let go of the oldest forms until the others are few enough."""
        while self._warm_bytes > _WARM_BYTES or len(self._warm) > _WARM:
            oldest = self._warm.popleft()
            self._warm_bytes -= sum(map(len, oldest.encoded.values()))
            self._cold = max(self._cold, oldest.fact.seq.number)
            oldest.encoded.clear()

    def _values(self, since: int, encode: EncodeValues, key: Hashable) -> bytes:
        batch = self._batch
        if (
            batch.since != since
        ):  # a slow reader has missed a beat: its own batch, with each point's newest value
            return encode(self._hub.changed_values(since)[1])
        if key not in batch.encoded:
            batch.encoded[key] = encode(batch.states)
        return batch.encoded[key]

    def _heartbeat(self) -> bytes:
        return json_event("hb", {"seq": str(self._head), "time": to_rfc3339(self._hub.now().utc)})

    def _resync(self) -> bytes:
        return json_event("resync", {"seq": str(self._head)}, str(self._head))


def event_stream(chunks: AsyncIterator[bytes]) -> StreamingResponse:
    """An answer that never ends by itself, not to be kept or collected by anybody on the way."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(chunks, media_type="text/event-stream", headers=headers)


def resume_from(request: Request, after: str | None) -> Seq | None:
    """Where a reader wants to go on: its Last-Event-ID wins over `after`, because a reconnect repeats the old URL.

    Problem 422 for a malformed `after`; a Last-Event-ID that is no number of ours means the very beginning, which
    gives a resync.
    """
    last = request.headers.get("last-event-id")
    if last:
        try:
            return Seq.parse(last)
        except ValueError:
            return Seq(0, 0)
    if not after:
        return None
    try:
        return Seq.parse(after)
    except ValueError as error:
        raise Problem(422, "bad_parameter", f"query after: {error}.") from error
