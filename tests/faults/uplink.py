"""A data centre that is killed, paused and restarted at random while readings stream in: is every row there, once?

The server is Debian's VictoriaMetrics, the store and the follower are the hub's own, in this process. VictoriaMetrics
keeps equal samples of a repeated sending unless told otherwise: it runs with -dedup.minScrapeInterval=1ms.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from edge.clock import SystemClock
from edge.domain.device import Point
from edge.domain.instant import DAY
from edge.domain.names import Text
from edge.domain.reading import Reading
from edge.domain.site import Uplink
from edge.store.cursors import Resend
from edge.store.followers import CaughtUp, Follower
from edge.store.influx.lines import Lines
from edge.store.influx.sink import InfluxSink
from edge.store.sink import Refused
from edge.store.telemetry import Telemetry
from tests.edge.store.influx.servers import VictoriaMetrics
from tests.edge.store.making import point
from tests.faults.verdict import Say, Verdict

POINTS = 50
SPARE = 100  # readings kept back for each fault: there is always something to send
LATE = 0.1  # share of readings that come out of order, about
_STRIDE = 7919  # a prime: n -> n * stride % count meets each number once


@dataclass(slots=True)
class Tally(Verdict):
    """What came of it."""

    stored: int = 0
    there: int = 0
    missing: int = 0
    twice: int = 0
    foreign: int = 0
    late: int = 0
    repeated: int = 0
    lost: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    outages: list[CaughtUp] = field(default_factory=list)
    lag: dict[str, tuple[float, float]] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, str]]:
        faults = ", ".join(f"{count} {name}" for name, count in sorted(self.faults.items()))
        lags = [
            (f"loop late, {when}, p50/p99 ms", f"{p50:.2f}/{p99:.2f}")
            for when, (p50, p99) in self.lag.items()
        ]
        return [
            ("readings stored", str(self.stored)),
            ("of these out of order", str(self.late)),
            ("faults of the server", faults),
            ("outages told", str(len(self.outages))),
            ("there", str(self.there)),
            ("missing", str(self.missing)),
            ("there twice", str(self.twice)),
            ("there, never stored", str(self.foreign)),
            ("sent again", str(self.repeated)),
            ("lost, by the hub's word", str(self.lost)),
            *lags,
        ]


@dataclass(slots=True)
class _Scene:
    tally: Tally
    dice: random.Random
    server: VictoriaMetrics
    telemetry: Telemetry
    follower: Follower
    spare: list[list[Reading]]
    say: Say


def run(folder: Path, *, readings: int, rate: int, rounds: int, grace: float, seed: int, say: Say) -> Tally:
    """readings: in all. rate: stored a second. rounds: how often each of the three faults happens."""
    folder.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    with tally.judging():
        asyncio.run(_run(tally, folder, readings, rate, rounds, grace, seed, say))
    return tally


async def _run(
    tally: Tally, folder: Path, readings: int, rate: int, rounds: int, grace: float, seed: int, say: Say
) -> None:
    dice, clock = random.Random(seed), SystemClock()
    points = [point(f"d{n}.level") for n in range(POINTS)]
    with VictoriaMetrics(folder / "server", "-dedup.minScrapeInterval=1ms") as server:
        telemetry = Telemetry(
            folder / "telemetry.db",
            now=clock.now,
            on_stored=lambda _keys: None,
            commit_seconds=0.5,
            compact_rows=max(5000, readings // 10),
            followers=["dc"],
        )
        telemetry.open()
        telemetry.register(points)
        expected = _readings(points, readings, dice, clock.now().utc - DAY, tally)
        spare = [expected[-n * SPARE :][:SPARE] for n in range(1, 3 * rounds + 2)]
        await _watch(tally, "without uplink", _feed(telemetry, expected[: readings // 10], rate))
        uplink = Uplink("dc", "influxdb", Text("中心", "Centre"), server.url, "o", "b", timeout=1.5)
        follower = _follower(
            tally, telemetry, InfluxSink(uplink, Lines("court", dict[str, Point]().get), clock.now), grace
        )
        scene = _Scene(tally, dice, server, telemetry, follower, spare, say)
        following = asyncio.create_task(follower.run())
        fed = asyncio.create_task(_feed(telemetry, expected[readings // 10 : -SPARE * len(spare)], rate))
        await _watch(tally, "with it, and faults", _harass(scene, rounds, readings / rate))
        await fed
        telemetry.keep(spare.pop())  # a server that restarted is noticed with the next row
        await telemetry.settled()
        await _all_sent(scene)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await follower.close()
        await telemetry.close()
        tally.stored = telemetry.stored
        tally.repeated, tally.lost = follower.standing.repeated, follower.standing.lost
        await asyncio.to_thread(server.flush)
        _compare(tally, expected, server)


def _readings(
    points: list[Point], count: int, dice: random.Random, start: int, tally: Tally
) -> list[Reading]:
    """Each with a millisecond and a value of its own; about every tenth is late, by up to the whole length."""
    readings: list[Reading] = []
    for n in range(count):
        at, whom = start + n * 10_000, points[n % len(points)]
        other = n * _STRIDE % count
        if other < n and dice.random() < 2 * LATE:
            at = start + other * 10_000 + 5000
            tally.late += 1
        readings.append(Reading(whom, float(n), at, at + 1000))
    return readings


def _follower(tally: Tally, telemetry: Telemetry, sink: InfluxSink, grace: float) -> Follower:
    async def told(one: CaughtUp) -> None:
        tally.outages.append(one)

    async def asked(_id: str, _ask: Resend, _rows: int) -> None:
        raise AssertionError("nobody asked")

    def refused(_id: str, one: Refused) -> None:
        raise AssertionError(one)

    return Follower(
        "dc",
        sink,
        telemetry.cursors,
        interval=0.5,
        rate=10_000,
        grace=grace,
        now=SystemClock().now,
        compact=telemetry.compact,
        told=told,
        asked=asked,
        refused=refused,
    )


async def _feed(telemetry: Telemetry, readings: list[Reading], rate: int) -> None:
    begun = time.monotonic()
    for at in range(0, len(readings), 100):
        telemetry.keep(readings[at : at + 100])
        await asyncio.sleep(max(0.0, begun + (at + 100) / rate - time.monotonic()))


async def _watch(tally: Tally, name: str, work: object) -> None:
    """How late the event loop wakes while `work` runs: what an alarm would wait."""
    task = asyncio.ensure_future(work)  # type: ignore[call-overload]
    lags: list[float] = []
    while not task.done():
        asked = time.perf_counter()
        await asyncio.sleep(0.005)
        lags.append((time.perf_counter() - asked - 0.005) * 1000)
    await task
    lags.sort()
    tally.lag[name] = lags[len(lags) // 2], lags[len(lags) * 99 // 100]


async def _harass(scene: _Scene, rounds: int, seconds: float) -> None:
    """Kill, pause and restart the server, at random moments while readings come in."""
    faults = [name for name in ("killed", "paused", "restarted") for _ in range(rounds)]
    scene.dice.shuffle(faults)
    for name in faults:
        await asyncio.sleep(scene.dice.uniform(0.2, 1.0) * seconds / len(faults))
        scene.say(f"{name} with {scene.follower.behind} readings to go")
        scene.tally.faults[name] += 1
        await _fault(scene, name, scene.dice.uniform(0.5, 3.0))


async def _fault(scene: _Scene, name: str, seconds: float) -> None:
    server = scene.server
    if name == "paused":
        server.send(signal.SIGSTOP)
        scene.telemetry.keep(scene.spare.pop())
        await _noticed(scene)
        await asyncio.sleep(seconds / 2)
        server.send(signal.SIGCONT)
        return
    if name == "killed":
        await _kill(scene)
    scene.telemetry.keep(scene.spare.pop())
    await asyncio.to_thread(server.end, signal.SIGTERM)
    await asyncio.sleep(seconds / 2)
    await asyncio.to_thread(server.start)


async def _noticed(scene: _Scene) -> None:
    async with asyncio.timeout(60):
        while True:
            await asyncio.sleep(0.01)
            if not scene.follower.up:
                return


async def _kill(scene: _Scene) -> None:
    """Once the server has on its disk what the hub counts on: what it took a grace ago. The rest it may lose.

    How soon it writes by itself depends on the machine; a snapshot writes all that it has.
    """
    while True:
        taken = scene.follower._cursor
        await asyncio.to_thread(scene.server.snapshot)
        await asyncio.sleep(scene.dice.uniform(0.1, 1.0))
        written = scene.follower._written
        if written is None or written.cursor <= taken:
            scene.server.send(signal.SIGKILL)
            return


async def _all_sent(scene: _Scene) -> None:
    """Until the follower has caught up."""
    async with asyncio.timeout(300):
        while True:
            scene.follower.wake()
            await asyncio.sleep(0.1)
            if scene.follower.up and not scene.follower.behind and scene.follower.standing.outage is None:
                return


def _compare(tally: Tally, expected: list[Reading], server: VictoriaMetrics) -> None:
    wanted = Counter((r.point.device.id, r.time // 1000, r.value) for r in expected)
    found = Counter(
        (labels["device"], at, value) for labels, at, value in server.export('{__name__="reading_value"}')
    )
    tally.there = len(found)
    tally.missing = len(wanted.keys() - found.keys())
    tally.foreign = len(found.keys() - wanted.keys())
    tally.twice = sum(count > 1 for count in found.values())
    if (tally.there, tally.missing, tally.twice, tally.foreign, tally.lost) != (tally.stored, 0, 0, 0, 0):
        tally.problems.append(f"there are {tally.there} of {tally.stored} readings")
