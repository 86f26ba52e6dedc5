"""`python -m tests.faults`: the faults a hub must live through, done on purpose, with a table of what came of it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TextIO

from tests.faults import kills


def main() -> int:
    """0 when everything promised was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    killing = verbs.add_parser("kills", help="kill -9 at random moments under load, restarts of the broker")
    killing.add_argument("--kills", type=int, default=100)
    killing.add_argument("--broker-restarts", type=int, default=20)
    killing.add_argument("--rate", type=float, default=300, help="messages a second (%(default)s)")
    killing.add_argument("--seed", type=int, default=1)
    killing.add_argument("--folder", type=Path, help="keep everything here (default: a new temporary folder)")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="edge-hub-faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    tally = kills.run(
        folder,
        kills=arguments.kills,
        restarts=arguments.broker_restarts,
        rate=arguments.rate,
        seed=arguments.seed,
        say=lambda line: print_to(sys.stderr, line),
    )
    for name, value in tally.rows():
        print_to(sys.stdout, f"{name:<32}{value:>10}")
    for problem in tally.problems:
        print_to(sys.stdout, problem)
    print_to(sys.stderr, f"everything is kept in {folder}")
    return 0 if tally.ok else 1


def print_to(stream: TextIO, line: str) -> None:
    """One line, at once."""
    stream.write(f"{line}\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
