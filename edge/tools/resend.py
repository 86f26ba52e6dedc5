"""`edge-hub resend`: have the readings of a span sent to a data centre once more. Works beside a running hub."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from edge.domain.instant import from_rfc3339, to_rfc3339
from edge.store.cursors import RequestFile
from edge.store.writer import StoreError
from edge.tools.user import operator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `resend`."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the hub's data folder")
    parser.add_argument("--uplink", required=True, metavar="ID", help="id of the [[uplink]] in site.toml")
    parser.add_argument(
        "--from", dest="start", metavar="T", help="first source time, as 2026-06-01T08:00:00+08:00"
    )
    parser.add_argument("--to", dest="until", metavar="T", help="source time before which it ends")
    parser.add_argument(
        "--set-aside", action="store_true", help="instead, print the newest lines the data centre refuses"
    )


def command(arguments: argparse.Namespace) -> int:
    """Leave the request; 1 with one sentence when it cannot be done, 2 on misuse."""
    path = arguments.data / "telemetry.db"
    if not path.exists():
        return _fail(f"there are no readings at {path}: give the folder that `edge-hub run --data` has")
    file = RequestFile(path)
    try:
        known = file.followers()
        if arguments.uplink not in known:
            there = ", ".join(known) or "none"
            return _fail(f"there is no uplink {arguments.uplink!r} here; there are: {there}")
        if arguments.set_aside:
            for one in file.set_aside(arguments.uplink):
                print(f"{to_rfc3339(one.at)}  {one.reason}\n    {one.line}")
            return 0
        if arguments.start is None or arguments.until is None:
            return _fail("give both --from and --to", code=2)
        try:
            start, until = from_rfc3339(arguments.start), from_rfc3339(arguments.until)
        except ValueError as error:
            return _fail(f"{error}: write it as 2026-06-01T08:00:00+08:00", code=2)
        if start >= until:
            return _fail("--from is not before --to", code=2)
        file.ask(arguments.uplink, start, until, operator(), time.time_ns() // 1000)
    except StoreError as error:
        return _fail(str(error))
    print(f"asked for: the hub sends the readings from {arguments.start} to {arguments.until} once more")
    return 0


def _fail(why: str, code: int = 1) -> int:
    print(f"edge-hub resend: {why}", file=sys.stderr)
    return code
