"""Small things the tests of the stores are made of."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from edge.domain.alarm import Alarm
from edge.domain.device import Device, DeviceProfile, Point, PointSpec, Signal
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.instant import DAY, SECOND, Instant
from edge.domain.names import Text
from edge.domain.reading import Delivery, DeliveryKey, Purpose, Reading, Value
from edge.domain.rule import Priority
from edge.store.journal import Entry
from edge.store.telemetry import Telemetry, TelemetryState

START = 1_790_000_000 * SECOND // DAY * DAY  # a midnight in 2026, µs UTC

_TEXT = Text("字", "word")
_PROFILE = DeviceProfile("maker-model", "maker", "model", "bin", "json", (), "practice", 0, _TEXT)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop and the writer threads work until it holds."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in threads and has no event
            await asyncio.sleep(0.001)


def spoil(path: Path, damage: str) -> None:
    """As a worn card does: "zeroed", "cut" in the middle, "emptied", or "gone"."""
    size = path.stat().st_size
    if damage == "gone":
        path.unlink()
    elif damage == "zeroed":
        with path.open("r+b") as file:
            file.write(bytes(size))
    else:
        os.truncate(path, 0 if damage == "emptied" else size // 2)


class Clock:
    """Stands still until told."""

    def __init__(self, utc: int = START) -> None:
        self.utc = utc
        self.trusted = True

    def __call__(self) -> Instant:
        return Instant(self.utc, self.utc - START, self.trusted)


def point(name: str = "probe.level") -> Point:
    id = name.partition(".")[0]
    device = Device(id, _PROFILE, _TEXT, "b3", _TEXT, _TEXT, id)
    return Point(name, device, PointSpec(name.partition(".")[2], _TEXT))


def reading(at: Point, value: Value | None, seconds: float = 0.0, **rest: Any) -> Reading:
    time = START + round(seconds * SECOND)
    return Reading(at, value, time, time + 1500, **rest)


def key(packet: int, source: str = "field", digest: bytes = b"") -> DeliveryKey:
    return DeliveryKey(source, Delivery(1, packet, redelivered=False), digest or packet.to_bytes(16, "big"))


class Desk:
    """Telemetry on a real file, with what it reported as stored."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.path = path
        self.clock = Clock()
        self.told: list[int] = []
        self.options = options
        self.state: TelemetryState
        self.telemetry: Telemetry

    async def __aenter__(self) -> Self:
        self.telemetry = Telemetry(
            self.path,
            now=self.clock,
            on_stored=lambda keys: self.told.extend(key.delivery.packet for key in keys),
            **{"commit_seconds": 3600, **self.options},
        )
        self.state = self.telemetry.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.telemetry.close()

    async def store(self, *readings: Reading, keys: Sequence[DeliveryKey] = ()) -> None:
        self.telemetry.register({r.point.id: r.point for r in readings}.values())
        self.telemetry.keep(readings, keys)
        await self.telemetry.settled()

    async def rows(self, at: Point) -> list[tuple[int, Value | None]]:
        """(µs after START, value) of all raw rows of a point."""
        page = await self.telemetry.raw(at, 0, 2**62, None, 100_000)
        return [(item.t - START, item.v) for item in page.items]


def alarm(number: int, **changes: Any) -> Alarm:
    """An alarm as raised by fact `number`."""
    made = Alarm(
        id=f"a-{number}",
        key=f"smoke@sm-{number}.smoke",
        rule="smoke",
        device=f"sm-{number % 3}",
        point=f"sm-{number % 3}.smoke",
        zone="b3/s1/3f/301",
        place=Text("3号楼1单元301客厅", "Building 3 flat 301"),
        signal=Signal.FIRE,
        level=0,
        priority=Priority.URGENT,
        active=True,
        acked=False,
        latched=True,
        value=True,
        limit=None,
        unit="",
        received_at=START + number,
        raised_at=START + number,
        annunciated_at=START + number,
        last_report_at=START + number,
        title=Text("火警", "Fire alarm"),
        response=Text("立即核实", "Check at once"),
        purpose=Purpose.LIVE,
        seq=Seq(1, number),
    )
    return replace(made, **changes)


def raised(numbering: Numbering, **changes: Any) -> tuple[Entry, Alarm]:
    """An entry that raises an alarm."""
    seq = numbering.next()
    new = alarm(seq.number, seq=seq, **changes)
    return entry("alarm.raised", new), new


def acked(numbering: Numbering, before: Alarm, note: str | None = None) -> tuple[Entry, Alarm]:
    """An entry that acknowledges it."""
    seq = numbering.next()
    after = replace(before, seq=seq, acked=True, acked_by="li", acked_at=START + seq.number)
    return entry("alarm.acked", after, note), after


def closed(numbering: Numbering, before: Alarm) -> tuple[Entry, Alarm]:
    """An entry that resets it by force."""
    seq = numbering.next()
    after = replace(
        before,
        seq=seq,
        active=False,
        latched=False,
        closed_at=START + seq.number,
        closed_by="li",
        forced=before.active or not before.acked,
    )
    return entry("alarm.reset", after), after


def entry(kind: str, state: Alarm, note: str | None = None) -> Entry:
    by = None if kind == "alarm.raised" else "li"
    return Entry(
        [Fact(state.seq, kind, START + state.seq.number, by, "alarm", state.to_dict(), note)], [state]
    )


def plain(numbering: Numbering, **body: Any) -> Entry:
    """An entry with one fact that is about no alarm."""
    return Entry([Fact(numbering.next(), "session.opened", START, "li", "", body)])
