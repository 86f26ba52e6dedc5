"""`python -m tests.faults`: the faults a hub must live through, done on purpose, with a table of what came of it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TextIO

try:
    from tests.edge.store.influx.servers import PROGRAM, WHY_NOT
    from tests.faults import (
        broker,
        cameras,
        ceilings,
        clock,
        disks,
        everything,
        installing,
        kills,
        memory,
        states,
        storm,
        uplink,
    )
    from tests.faults.casework import POINTS
    from tests.faults.tmpfs import why_not
    from tests.faults.verdict import Verdict
except ModuleNotFoundError as error:
    sys.exit(f"there is no {error.name} here: run `sh deploy/test.sh` first, it brings what the tests need")


def main() -> int:
    """0 when everything promised was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    killing = verbs.add_parser("kills", help="kill -9 at random moments under load, restarts of the broker")
    killing.add_argument("--kills", type=int, default=100)
    killing.add_argument("--broker-restarts", type=int, default=20)
    killing.add_argument("--rate", type=float, default=300, help="messages a second (%(default)s)")
    killing.add_argument("--seed", type=int, default=1)
    stating = verbs.add_parser(
        "states",
        help="kill -9 at each state of messages, orders, incidents, hazards…; then what came of it",
    )
    stating.add_argument("words", nargs="*", help="only states whose name has one of these (default: all)")
    stating.add_argument("--times", type=int, default=3, help="each state (%(default)s)")
    stating.add_argument("--seed", type=int, default=1)
    storming = verbs.add_parser(
        "storm", help="very many alarms: the first fire reaches people, none is forgotten"
    )
    storming.add_argument("--alarms", type=int, default=1000)
    storming.add_argument("--seconds", type=float, default=60, help="within which they come (%(default)s)")
    storming.add_argument("--seed", type=int, default=1)
    disking = verbs.add_parser("disks", help="disks that fill, lie or refuse (needs root)")
    disking.add_argument("names", nargs="*", help="of scenarios (default: all)")
    linking = verbs.add_parser(
        "uplink", help="a data centre killed, paused and restarted while readings come in"
    )
    linking.add_argument("--readings", type=int, default=300_000)
    linking.add_argument("--rate", type=int, default=3000, help="readings a second (%(default)s)")
    linking.add_argument("--rounds", type=int, default=4, help="of each fault (%(default)s)")
    linking.add_argument("--seed", type=int, default=1)
    looking = verbs.add_parser(
        "cameras", help="streams that freeze, stall, break off, garble; each named, and over"
    )
    looking.add_argument("names", nargs="*", help="only these faults (default: all)")
    looking.add_argument("--faults", type=int, default=200)
    looking.add_argument(
        "--lanes", type=int, default=2, help="cameras of each transport at once (%(default)s)"
    )
    looking.add_argument("--seed", type=int, default=1)
    setting_up = verbs.add_parser(
        "install", help="install.sh in a Debian of its own: broken off, repeated, used, removed (needs root)"
    )
    setting_up.add_argument("--system", type=Path, help="copy this Debian instead of running debootstrap")
    setting_up.add_argument("--bundle", type=Path, help="made before by deploy/bundle.sh")
    timing = verbs.add_parser(
        "clock", help="the clock leaps by ten years, at boot and at noon; two hours pass on it"
    )
    timing.add_argument("words", nargs="*", help="only leaps whose name has one of these (default: all)")
    timing.add_argument("--seed", type=int, default=1)
    waiting = verbs.add_parser("broker", help="no broker for a day, while devices go on reporting")
    waiting.add_argument("--rate", type=float, default=100, help="messages a second (%(default)s)")
    waiting.add_argument("--hour", type=float, default=5.0, help="seconds an hour takes (%(default)s)")
    squeezing = verbs.add_parser(
        "memory", help="a memory ceiling comes down on the hub, and on a camera's process (needs root)"
    )
    squeezing.add_argument("--times", type=int, default=5, help="each (%(default)s)")
    squeezing.add_argument("--rate", type=float, default=100, help="messages a second (%(default)s)")
    squeezing.add_argument("--seed", type=int, default=1)
    all_of_them = verbs.add_parser(
        "all", help="every verb but install in order, and one table of what came of it"
    )
    all_of_them.add_argument("verbs", nargs="*", type=_verb, metavar="verb", help="only these (default: all)")
    all_of_them.add_argument("--long", action="store_true", help="each as it is by itself: some hours")
    all_of_them.add_argument("--seed", type=int, default=1)
    for verb in verbs.choices.values():
        verb.add_argument(
            "--folder", type=Path, help="keep everything here (default: a new temporary folder)"
        )
    arguments = parser.parse_args()
    folder: Path = arguments.folder or Path(tempfile.mkdtemp(prefix="edge-hub-faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    does = {
        "kills": _kills,
        "states": _states,
        "storm": _storm,
        "disks": _disks,
        "uplink": _uplink,
        "cameras": _cameras,
        "install": _install,
        "clock": _clock,
        "broker": _broker,
        "memory": _memory,
        "all": _all,
    }
    ok = does[arguments.verb](arguments, folder)
    print_to(sys.stderr, f"everything is kept in {folder}")
    return 0 if ok else 1


def _verb(word: str) -> str:
    if word not in everything.VERBS:
        raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(everything.VERBS)}")
    return word


def _install(arguments: argparse.Namespace, folder: Path) -> bool:
    if reason := installing.why_not():
        print_to(sys.stderr, reason)
        return False
    return installing.run(folder, sys.stdout, system=arguments.system, bundle=arguments.bundle)


def _kills(arguments: argparse.Namespace, folder: Path) -> bool:
    return _tell(
        kills.run(
            folder,
            kills=arguments.kills,
            restarts=arguments.broker_restarts,
            rate=arguments.rate,
            seed=arguments.seed,
            say=_say,
        )
    )


def _states(arguments: argparse.Namespace, folder: Path) -> bool:
    words = arguments.words
    points = [point for point in POINTS if not words or any(word in point.name for word in words)]
    return _tell(states.run(folder, points, times=arguments.times, seed=arguments.seed, say=_say))


def _storm(arguments: argparse.Namespace, folder: Path) -> bool:
    return _tell(
        storm.run(folder, alarms=arguments.alarms, seconds=arguments.seconds, seed=arguments.seed, say=_say)
    )


def _disks(arguments: argparse.Namespace, folder: Path) -> bool:
    if (reason := why_not()) is not None:
        print_to(sys.stderr, reason)
        return False
    wanted = [s for s in disks.SCENARIOS if not arguments.names or s.__name__ in arguments.names]
    kept = [_tell(disks.run(one, folder / one.__name__), one.__name__) for one in wanted]
    return bool(kept) and all(kept)


def _uplink(arguments: argparse.Namespace, folder: Path) -> bool:
    if PROGRAM is None:
        print_to(sys.stderr, WHY_NOT)
        return False
    return _tell(
        uplink.run(
            folder,
            readings=arguments.readings,
            rate=arguments.rate,
            rounds=arguments.rounds,
            grace=10,
            seed=arguments.seed,
            say=_say,
        )
    )


def _cameras(arguments: argparse.Namespace, folder: Path) -> bool:
    tally = cameras.run(
        folder,
        faults=arguments.faults,
        lanes=arguments.lanes,
        seed=arguments.seed,
        names=arguments.names,
        say=_say,
    )
    for row in tally.rows():
        print_to(sys.stdout, "".join(f"{cell:<18}" for cell in row))
    for problem in tally.problems:
        print_to(sys.stdout, problem)
    return not tally.problems


def _clock(arguments: argparse.Namespace, folder: Path) -> bool:
    wanted = clock.names(arguments.words, arguments.seed)
    kept = [_tell(clock.run(folder / name.replace(" ", "-"), name, _say), name) for name in wanted]
    return bool(kept) and all(kept)


def _broker(arguments: argparse.Namespace, folder: Path) -> bool:
    return _tell(broker.run(folder, rate=arguments.rate, hour=arguments.hour, say=_say))


def _memory(arguments: argparse.Namespace, folder: Path) -> bool:
    if (reason := ceilings.why_not()) is not None:
        print_to(sys.stderr, reason)
        return False
    times = arguments.times
    kept = _tell(
        memory.hub(folder, times=times, rate=arguments.rate, seed=arguments.seed, say=_say), "the hub"
    )
    return _tell(memory.camera(times, _say), "a camera's process") and kept


def _all(arguments: argparse.Namespace, folder: Path) -> bool:
    """Ended by Ctrl-C it tells what there is."""
    rows: list[everything.Row] = []
    try:
        for row in everything.run(
            folder, long=arguments.long, seed=arguments.seed, say=_say, only=arguments.verbs
        ):
            rows.append(row)
            print_to(sys.stdout, row.line())
    except KeyboardInterrupt:
        rows.append(everything.Row("the rest", everything.BROKEN, why=("broken off",)))
    print_to(sys.stdout, "")
    for line in everything.table(rows):
        print_to(sys.stdout, line)
    return everything.code(rows) == everything.KEPT


def _tell(verdict: Verdict, name: str = "") -> bool:
    """Whether it was kept."""
    if name:
        print_to(sys.stdout, f"{name:<44}{'holds' if verdict.ok else 'FAILS'}")
    for line in verdict.lines():
        print_to(sys.stdout, line)
    return verdict.ok


def _say(line: str) -> None:
    print_to(sys.stderr, line)


def print_to(stream: TextIO, line: str) -> None:
    """One line, at once."""
    stream.write(f"{line}\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
