"""How each check of `edge.health` is made: one small function a check, asked once a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from edge.beat import LATE
from edge.dispatch.watch import Presence
from edge.domain.health import LinkReport
from edge.domain.instant import HOUR, MINUTE, Instant
from edge.domain.names import Text
from edge.driver import Driver
from edge.health import Probe
from edge.ingest.intake import Intake
from edge.ingest.quarantine import Rejects
from edge.pipeline import Line, Pipeline

SETTLING: Final = 5 * MINUTE
SHOWN: Final = HOUR  # a defect of the program counts as a fault for so long after it last happened


def checks(line: Line, pipeline: Pipeline) -> dict[str, Probe]:
    """The checks of the hub itself, by the names of `edge.health`."""
    fine = Text("正常", "In order")

    def journal(_now: Instant) -> tuple[bool, Text]:
        if line.log.healthy:
            return True, fine
        waiting = line.log.tail_depth
        return False, Text(
            f"{line.log.last_error};{waiting} 条记录在内存中等待",
            f"{line.log.last_error}; {waiting} facts wait in memory",
        )

    def telemetry(_now: Instant) -> tuple[bool, Text]:
        if line.telemetry.healthy:
            return True, fine
        why, waiting, lost = line.telemetry.last_error, line.telemetry.depth, line.telemetry.lost
        return False, Text(
            f"{why};{waiting} 条等待,{lost} 条丢失", f"{why}; {waiting} readings wait, {lost} lost"
        )

    def loop(now: Instant) -> tuple[bool, Text]:
        late = pipeline.late(now)
        return not late, Text(
            "主循环延迟超过100毫秒", "The main loop is more than 100 ms late"
        ) if late else fine

    def beat(now: Instant) -> tuple[bool, Text]:
        overdue = line.heart.overdue(now)
        return not overdue, LATE if overdue else fine

    return {
        "journal": journal,
        "telemetry": telemetry,
        "loop": loop,
        "program": lambda now: _program(line.intake.rejects, now),
        "beat": beat,
    }


def link_checks(drivers: Mapping[str, Driver], intake: Intake) -> dict[str, Probe]:
    """One check for each connection: what its driver says, and what its gateway says of itself."""

    def probe(source: str, driver: Driver) -> Probe:
        def check(_now: Instant) -> tuple[bool, Text]:
            report = driver.report()
            if report.up and not intake.bridges.get(source, True):
                return False, Text("网关报告自己离线", "The gateway says it is offline")
            return report.up, report.detail

        return check

    return {source: probe(source, driver) for source, driver in drivers.items()}


class Way(Protocol):
    """A data centre's follower, or a publisher."""

    id: str

    def report(self) -> LinkReport:
        """State and counters of its link."""


def way_checks(ways: Iterable[Way]) -> dict[str, Probe]:
    """One check for each way out: what it says of its link."""

    def probe(way: Way) -> Probe:
        def check(_now: Instant) -> tuple[bool, Text]:
            report = way.report()
            return report.up, report.detail

        return check

    return {way.id: probe(way) for way in ways}


def _program(rejects: Rejects, now: Instant) -> tuple[bool, Text]:
    """Whether the program itself failed at a message lately."""
    for row in rejects.defects():
        if abs(now.utc - row.last_at) < SHOWN:
            where, what = row.last_channel, row.last_error
            return False, Text(f"{where}:{what}(共 {row.count} 次)", f"{where}: {what} ({row.count} times)")
    return True, Text("正常", "In order")


def annunciation(presence: Presence, beacon: Callable[[], bool], now: Instant) -> Probe:
    """Whether anybody can hear an alarm: a wall or phone that sounds, or a beacon of the desk that works.

    beacon: whether there is one and its device is heard. now: of the start, after which screens have `SETTLING` to come
    back. GB/T 45839-2025 5.4.2: the on-site platform has a sound and light of its own.
    """
    began = now.mono

    def check(now: Instant) -> tuple[bool, Text]:
        if presence.hears(now.mono) or beacon() or now.mono - began < SETTLING:
            return True, Text("正常", "In order")
        return False, Text(
            "没有开着声音的报警墙,值班台也没有可用的声光",
            "No alarm wall has its sound on, and the desk has no beacon that works",
        )

    return check
