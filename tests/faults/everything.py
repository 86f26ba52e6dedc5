"""All faults in one table: was it survived, what was lost, what of the alarms, how soon is it over.

Short: as in the suite, some minutes each. Long: as each verb does it by itself, some hours in all.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.domain.instant import SECOND
from tests.edge.store.influx.servers import PROGRAM, WHY_NOT
from tests.faults import broker, ceilings, clock, damage, disks, kills, memory, states, storm, tmpfs, uplink
from tests.faults.casework import POINTS

KEPT: Final = 0
BROKEN: Final = 1
NOT_HERE: Final = 77  # of a fault that this machine cannot do; what automake calls skipped
_HEAD: Final = ("fault", "survived", "lost", "alarms during the fault", "recovery", "exit", "s")
_NOTHING: Final = "–"
SHORT_OF_DISKS: Final = (*disks.SHORT, damage.accounts_damaged, damage.broker_store)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One fault and what came of it. why: problems, or the reason why it was not done."""

    fault: str
    code: int
    lost: str = _NOTHING
    alarms: str = _NOTHING
    recovery: str = _NOTHING
    why: tuple[str, ...] = ()
    seconds: float = 0.0

    def cells(self) -> tuple[str, ...]:
        """For the table."""
        survived = {KEPT: "yes", BROKEN: "NO", NOT_HERE: "not done"}[self.code]
        return (
            self.fault,
            survived,
            self.lost,
            self.alarms,
            self.recovery,
            str(self.code),
            f"{self.seconds:.0f}",
        )


def run(folder: Path, *, long: bool, seed: int, say: Say, only: Sequence[str] = ()) -> list[Row]:
    """Every verb in order. only: verbs; without any all of them."""
    rows: list[Row] = []
    for verb, do in VERBS.items():
        if only and verb not in only:
            continue
        say(f"{verb} …")
        begun = time.monotonic()
        try:
            found = list(do(folder / verb, long, seed, say))
        except Exception as error:  # noqa: BLE001 - a fault that breaks its own test is no reason to spare the hub the others
            say(traceback.format_exc())
            found = [Row(verb, BROKEN, why=(repr(error),))]
        spent = (time.monotonic() - begun) / len(found)
        rows += [row if row.seconds else _timed(row, spent) for row in found]
    return rows


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Lines for a person; what went wrong stands below."""
    cells = [_HEAD, *(row.cells() for row in rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(_HEAD))]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    for found in rows:
        yield from (f"{found.fault}: {word}" for word in found.why)


def code(rows: Iterable[Row]) -> int:
    """1 when a promise was broken; a fault that cannot be done here breaks none."""
    return BROKEN if any(row.code == BROKEN for row in rows) else KEPT


def _timed(row: Row, seconds: float) -> Row:
    return Row(row.fault, row.code, row.lost, row.alarms, row.recovery, row.why, seconds)


def _kept(ok: bool) -> int:
    return KEPT if ok else BROKEN


def _kills(folder: Path, long: bool, seed: int, say: Say) -> Iterator[Row]:
    times, restarts = (100, 20) if long else (6, 2)
    tally = kills.run(folder, kills=times, restarts=restarts, rate=250, seed=seed, say=say)
    yield Row(
        f"kill -9 of the hub × {tally.kills}, broker restarted × {tally.restarts}",
        _kept(tally.ok),
        f"{tally.lost} of {tally.taken}, {tally.twice} twice",
        f"{tally.raised} of {tally.episodes} fires",
        f"armed ≤ {tally.back:.1f} s",
        why=tuple(tally.problems),
    )


def _states(folder: Path, long: bool, seed: int, say: Say) -> Iterator[Row]:
    points = POINTS if long else POINTS[:: max(1, len(POINTS) // 4)]
    tally = states.run(folder, points, times=3 if long else 1, seed=seed, say=say)
    yield Row(
        f"kill -9 at {len(points)} states of orders, messages, incidents…",
        _kept(tally.ok),
        f"{len(tally.problems)} of {tally.messages + tally.commands + tally.orders + tally.incidents} cases",
        f"{tally.alarms} raised, {tally.twice} twice",
        f"armed ≤ {tally.back:.1f} s",
        why=tuple(tally.problems),
    )


def _storm(folder: Path, long: bool, seed: int, say: Say) -> Iterator[Row]:
    alarms, seconds = (1000, 60.0) if long else (170, 10.0)
    out = storm.run(folder, alarms=alarms, seconds=seconds, seed=seed, say=say)
    yield Row(
        f"{alarms} alarms in {seconds:.0f} s",
        _kept(out.ok),
        f"{len(out.untold)} untold",
        f"{out.alarms} of {alarms}",
        f"first fire told {out.first_fire or -1:.1f} s, all {out.slowest:.0f} s",
        tuple(out.problems),
    )


def _disks(folder: Path, long: bool, seed: int, say: Say) -> Iterator[Row]:
    del seed
    if (reason := tmpfs.why_not()) is not None:
        yield Row("disks that fill, lie or refuse", NOT_HERE, why=(reason,))
        return
    for scenario in disks.SCENARIOS if long else SHORT_OF_DISKS:
        say(scenario.__name__)
        out = disks.run(scenario, folder / scenario.__name__)
        why = () if out.problem is None else (out.problem,)
        lost = "; ".join(out.lost) or _NOTHING
        alarms = f"{out.told} of {out.fires} fires"
        recovery = f"≤ {out.recovery:.1f} s"
        yield Row(f"disk: {out.name}", _kept(out.ok), lost, alarms, recovery, why, out.seconds)


def _uplink(folder: Path, long: bool, seed: int, say: Say) -> Iterator[Row]:
    if PROGRAM is None:
        yield Row("data centre killed, paused, restarted", NOT_HERE, why=(WHY_NOT,))
        return
    readings, rounds = (300_000, 4) if long else (30_000, 1)
    tally = uplink.run(folder, readings=readings, rate=3000, rounds=rounds, grace=5, seed=seed, say=say)
    longest = max((one.until - one.at for one in tally.outages), default=0) / SECOND
    yield Row(
        f"data centre killed, paused, restarted × {tally.faults.total()}",
        _kept(tally.ok),
        f"{tally.missing} of {tally.stored}, {tally.twice} twice",
        f"would wait {max(late for _, late in tally.lag.values()):.0f} ms (p99)",
        f"caught up, longest outage {longest:.1f} s",
    )


def _cameras(folder: Path, long: bool, seed: int, say: Say) -> Iterator[Row]:
    try:
        from tests.faults import cameras
    except ImportError as error:
        yield Row("cameras", NOT_HERE, why=(f"{error.name} is missing",))
        return
    faults = 200 if long else 6
    tally = cameras.run(folder, faults=faults, lanes=2 if long else 1, seed=seed, say=say)
    named = [case.named for case in tally.cases if case.named is not None]
    back = [case.back for case in tally.cases if case.back is not None]
    yield Row(
        f"cameras freeze, stall, break off × {len(tally.cases)}",
        _kept(not tally.problems),
        alarms=f"{len(named)} of {len(tally.cases)} named, ≤ {max(named, default=0):.1f} s",
        recovery=f"≤ {max(back, default=0):.1f} s",
        why=tuple(tally.problems),
    )


def _clock(folder: Path, long: bool, seed: int, say: Say) -> Iterator[Row]:
    wanted = clock.names([] if long else ["back at boot", "ahead at noon"], seed)
    for name in wanted:
        out = clock.run(folder / name.replace(" ", "-"), name, say)
        yield Row(
            f"clock: {name}",
            _kept(out.ok),
            f"{out.lost} of {out.stored + out.lost}",
            f"{out.arrived} of 3, {out.cleared} cleared",
            f"{out.right:.1f} s",
            tuple(out.problems),
            out.seconds,
        )


def _broker(folder: Path, long: bool, seed: int, say: Say) -> Iterator[Row]:
    del seed
    out = broker.run(folder, rate=100, hour=5.0 if long else 0.5, say=say)
    yield Row(
        "broker gone for a day",
        _kept(out.ok),
        f"{out.lost} of {out.published}, {out.twice} twice",
        f"{out.fires} of 1, told to be {out.age:.1f} h old",
        f"{out.back:.1f} s",
        tuple(out.problems),
    )


def _memory(folder: Path, long: bool, seed: int, say: Say) -> Iterator[Row]:
    if (reason := ceilings.why_not()) is not None:
        yield Row("memory ceiling", NOT_HERE, why=(reason,))
        return
    out = memory.run(folder, times=5 if long else 1, rate=100, seed=seed, say=say)
    yield Row(
        f"memory ceiling: hub × {out.hub_kills}",
        _kept(not out.hub_problems),
        f"{out.lost} of {out.taken}, {out.twice} twice",
        f"{out.alarms} of {out.fires}",
        f"{out.hub_back:.1f} s",
        tuple(out.hub_problems),
    )
    if out.no_child is not None:
        yield Row("memory ceiling: camera's process", NOT_HERE, why=(out.no_child,))
        return
    yield Row(
        f"memory ceiling: camera's process × {out.child_kills}",
        _kept(not out.child_problems),
        recovery=f"pictures {out.child_back:.1f} s",
        why=tuple(out.child_problems),
    )


VERBS: Final[dict[str, Callable[[Path, bool, int, Say], Iterator[Row]]]] = {
    "kills": _kills,
    "states": _states,
    "storm": _storm,
    "disks": _disks,
    "uplink": _uplink,
    "cameras": _cameras,
    "clock": _clock,
    "broker": _broker,
    "memory": _memory,
}
