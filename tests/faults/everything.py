"""All faults in one table: was it survived, what was lost, what of the alarms, how soon is it over.

Short: as in the suite, some minutes each. Long: as each verb does it by itself, some hours in all.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from edge.domain.instant import SECOND
from tests.edge.store.influx.servers import PROGRAM, WHY_NOT
from tests.faults import broker, ceilings, clock, damage, disks, kills, memory, states, storm, tmpfs, uplink
from tests.faults.casework import POINTS
from tests.faults.verdict import Say, Verdict

KEPT: Final = 0
BROKEN: Final = 1
NOT_HERE: Final = 77  # of a fault that this machine cannot do; what automake calls skipped
SURVIVED: Final = {KEPT: "yes", BROKEN: "NO", NOT_HERE: "not done"}
_HEAD: Final = ("fault", "survived", "lost", "alarms during the fault", "recovery", "exit", "s")
_NOTHING: Final = "–"
SHORT_OF_DISKS: Final = (*disks.SHORT, damage.accounts_damaged, damage.broker_store)


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
        survived = SURVIVED[self.code]
        spent = f"{self.seconds:.0f}"
        return (self.fault, survived, self.lost, self.alarms, self.recovery, str(self.code), spent)

    def line(self) -> str:
        """All of it for who watches."""
        told = f"survived: {SURVIVED[self.code]}; lost: {self.lost}; alarms: {self.alarms}; over: {self.recovery}"
        return "; ".join([f"{self.fault}: {told}", *self.why, f"{self.seconds:.0f} s"])


@dataclass(frozen=True, slots=True)
class Plan:
    """folder: for this verb alone."""

    folder: Path
    long: bool
    seed: int
    say: Say


Fault = tuple[str, Callable[[], Row]]
"""Its name, and what does it to the hub; whatever that raises, the next is done."""


def run(folder: Path, *, long: bool, seed: int, say: Say, only: Sequence[str] = ()) -> Iterator[Row]:
    """Every fault of every verb, one after the other, each as it is done. only: verbs; without any all of them."""
    wanted = [verb for verb in VERBS if not only or verb in only]
    faults = [fault for verb in wanted for fault in VERBS[verb](Plan(folder / verb, long, seed, say))]
    for n, (name, do) in enumerate(faults, start=1):
        say(f"[{n}/{len(faults)}] {name} …")
        begun = time.monotonic()
        try:
            row = do()
        except Exception as error:  # noqa: BLE001 - a fault that breaks its own test is no reason to spare the hub the others
            say(traceback.format_exc())
            row = Row(name, BROKEN, why=(repr(error),))
        yield replace(row, seconds=time.monotonic() - begun)


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Lines for a person; what went wrong stands below, and how many came to what."""
    cells = [_HEAD, *(row.cells() for row in rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(_HEAD))]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    for found in rows:
        yield from (f"{found.fault}: {word}" for word in found.why)
    kept, broken, not_here = (sum(row.code == code for row in rows) for code in SURVIVED)
    minutes = sum(row.seconds for row in rows) / 60
    yield f"{len(rows)} faults in {minutes:.0f} min: {kept} survived, {broken} not, {not_here} not done here"


def code(rows: Iterable[Row]) -> int:
    """1 when a promise was broken; a fault that cannot be done here breaks none."""
    return BROKEN if any(row.code == BROKEN for row in rows) else KEPT


def _row(
    fault: str, out: Verdict, lost: str = _NOTHING, alarms: str = _NOTHING, recovery: str = _NOTHING
) -> Row:
    return Row(fault, KEPT if out.ok else BROKEN, lost, alarms, recovery, tuple(out.problems))


def _not_here(fault: str, reason: str) -> Fault:
    return fault, lambda: Row(fault, NOT_HERE, why=(reason,))


def _kills(plan: Plan) -> Iterator[Fault]:
    times, restarts, rate = (100, 20, 300) if plan.long else (6, 2, 250)

    def do() -> Row:
        out = kills.run(plan.folder, kills=times, restarts=restarts, rate=rate, seed=plan.seed, say=plan.say)
        return _killed(f"kill -9 of the hub × {out.kills}, broker restarted × {out.restarts}", out)

    yield f"kill -9 of the hub × {times}", do


def _killed(fault: str, out: kills.Tally) -> Row:
    return _row(
        fault,
        out,
        f"{out.lost} of {out.taken}, {out.twice} twice",
        f"{out.raised} of {out.episodes} fires",
        f"armed ≤ {out.back:.1f} s",
    )


def _states(plan: Plan) -> Iterator[Fault]:
    points = POINTS if plan.long else POINTS[:: max(1, len(POINTS) // 4)]
    fault = f"kill -9 at {len(points)} states of orders, messages, incidents…"

    def do() -> Row:
        times = 3 if plan.long else 1
        out = states.run(plan.folder, points, times=times, seed=plan.seed, say=plan.say)
        cases = out.messages + out.commands + out.orders + out.incidents
        return _row(
            fault,
            out,
            f"{len(out.problems)} of {cases} cases",
            f"{out.alarms} raised, {out.twice} twice",
            f"armed ≤ {out.back:.1f} s",
        )

    yield fault, do


def _storm(plan: Plan) -> Iterator[Fault]:
    alarms, seconds = (1000, 60.0) if plan.long else (170, 10.0)
    fault = f"{alarms} alarms in {seconds:.0f} s"

    def do() -> Row:
        out = storm.run(plan.folder, alarms=alarms, seconds=seconds, seed=plan.seed, say=plan.say)
        return _row(
            fault,
            out,
            f"{len(out.untold)} untold",
            f"{out.alarms} of {alarms}",
            f"first fire told {out.first_fire or -1:.1f} s, all {out.slowest:.0f} s",
        )

    yield fault, do


def _disks(plan: Plan) -> Iterator[Fault]:
    if (reason := tmpfs.why_not()) is not None:
        yield _not_here("disks that fill, lie or refuse", reason)
        return
    for scenario in disks.SCENARIOS if plan.long else SHORT_OF_DISKS:
        yield f"disk: {scenario.__name__}", partial(_disk, plan, scenario)


def _disk(plan: Plan, scenario: disks.Scenario) -> Row:
    out = disks.run(scenario, plan.folder / scenario.__name__)
    lost = "; ".join(out.lost) or "nothing"
    return _row(f"disk: {out.name}", out, lost, f"{out.told} of {out.fires} fires", f"≤ {out.recovery:.1f} s")


def _uplink(plan: Plan) -> Iterator[Fault]:
    fault = "data centre killed, paused, restarted"
    if PROGRAM is None:
        yield _not_here(fault, WHY_NOT)
        return
    readings, rounds, grace = (300_000, 4, 10) if plan.long else (30_000, 1, 5)

    def do() -> Row:
        out = uplink.run(
            plan.folder,
            readings=readings,
            rate=3000,
            rounds=rounds,
            grace=grace,
            seed=plan.seed,
            say=plan.say,
        )
        longest = max((one.until - one.at for one in out.outages), default=0) / SECOND
        return _row(
            f"{fault} × {out.faults.total()}",
            out,
            f"{out.missing} of {out.stored}, {out.twice} twice",
            f"would wait {max(late for _, late in out.lag.values()):.0f} ms (p99)",
            f"caught up, longest outage {longest:.1f} s",
        )

    yield fault, do


def _cameras(plan: Plan) -> Iterator[Fault]:
    try:
        from tests.faults import cameras
    except ImportError as error:
        yield _not_here("cameras", f"{error.name} is missing")
        return
    faults, lanes = (200, 2) if plan.long else (6, 1)

    def do() -> Row:
        slack = cameras.load()
        out = cameras.run(plan.folder, faults=faults, lanes=lanes, seed=plan.seed, say=plan.say, slack=slack)
        named = [case.named for case in out.cases if case.named is not None]
        back = [case.back for case in out.cases if case.back is not None]
        return Row(
            f"cameras freeze, stall, break off × {len(out.cases)}",
            BROKEN if out.problems else KEPT,
            alarms=f"{len(named)} of {len(out.cases)} named, ≤ {max(named, default=0):.1f} s",
            recovery=f"≤ {max(back, default=0):.1f} s",
            why=tuple(out.problems),
        )

    yield f"cameras freeze, stall, break off × {faults}", do


def _clock(plan: Plan) -> Iterator[Fault]:
    for name in clock.names([] if plan.long else ["back at boot", "ahead at noon"], plan.seed):
        yield f"clock: {name}", partial(_leap, plan, name)


def _leap(plan: Plan, name: str) -> Row:
    out = clock.run(plan.folder / name.replace(" ", "-"), name, plan.say)
    return _row(
        f"clock: {name}",
        out,
        f"{out.lost} of {out.stored + out.lost}",
        f"{out.arrived} of 3, {out.cleared} cleared",
        f"{out.right:.1f} s",
    )


def _broker(plan: Plan) -> Iterator[Fault]:
    fault = "broker gone for a day"

    def do() -> Row:
        out = broker.run(plan.folder, rate=100, hour=5.0 if plan.long else 0.5, say=plan.say)
        return _row(
            fault,
            out,
            f"{out.lost} of {out.published}, {out.twice} twice",
            f"{out.fires} of 1, told to be {out.age:.1f} h old",
            f"{out.back:.1f} s",
        )

    yield fault, do


def _memory(plan: Plan) -> Iterator[Fault]:
    if (reason := ceilings.why_not()) is not None:
        yield _not_here("memory ceiling", reason)
        return
    times = 5 if plan.long else 1
    by_hub, by_camera = f"memory ceiling: hub × {times}", f"memory ceiling: camera's process × {times}"

    def hub() -> Row:
        out = memory.hub(plan.folder, times=times, rate=100, seed=plan.seed, say=plan.say)
        return _killed(by_hub, out)

    def camera() -> Row:
        try:
            out = memory.camera(times, plan.say)
        except ImportError as error:
            return Row(by_camera, NOT_HERE, why=(f"{error.name} is missing",))
        return _row(by_camera, out, recovery=f"pictures {out.back:.1f} s")

    yield by_hub, hub
    yield by_camera, camera


VERBS: Final[dict[str, Callable[[Plan], Iterator[Fault]]]] = {
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
