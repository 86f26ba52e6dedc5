"""`edge-hub doctor`: how the hub and its machine are, in a report an administrator can send: without secrets.

It writes nothing, stops nothing, and works with the hub running, stopped, or never started.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge import __version__
from edge.lock import SITE_PATH
from edge.masking import site_masks
from edge.tools.checkup import data as stores_of
from edge.tools.checkup import hub, machine, site
from edge.tools.checkup.report import Level, Line, examined

DATA: Final = Path("/var/lib/edge-hub")
SITE: Final = Path("/etc/edge-hub")
_MARKS: Final = {
    Level.INFO: "    ",
    Level.OK: " ok ",
    Level.WARN: "warn",
    Level.UNKNOWN: " ?  ",
    Level.FAILED: "FAIL",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `doctor`."""
    parser.add_argument(
        "--site", type=Path, metavar="DIR", help=f"the site's folder (as the hub last had it, else {SITE})"
    )
    parser.add_argument(
        "--data", type=Path, default=DATA, metavar="DIR", help="the data folder (%(default)s)"
    )
    parser.add_argument(
        "--json", action="store_true", help='print {"version", "time", "lines": […], "failed"}'
    )


def command(arguments: argparse.Namespace) -> int:
    """Print the report; 1 when something in it failed."""
    folder = arguments.site or _site_of(arguments.data)
    masks = site_masks(folder)
    found: list[Line] = []
    for raw in lines(folder, arguments.data):
        line = Line(raw.level, raw.part, masks(raw.name), masks(raw.text))
        if not arguments.json:
            _print(line, new=not found or found[-1].part != line.part)
        found.append(line)
    counts = Counter(line.level for line in found)
    failed = counts[Level.FAILED]
    if arguments.json:
        rows = [asdict(line) for line in found]
        body = {"version": __version__, "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "lines": rows}
        print(json.dumps({**body, "failed": failed}, ensure_ascii=False, indent=2))
    else:
        print(
            f"\n{failed} failed, {counts[Level.WARN]} worth a look, {counts[Level.UNKNOWN]} could not be looked at"
        )
        if counts[Level.UNKNOWN] and os.geteuid() != 0:
            print("Not all of it may be read by everybody: sudo edge-hub doctor")
    sys.stdout.flush()
    return 1 if failed else 0


def _print(line: Line, *, new: bool) -> None:
    """At once: a later check may take its time. new: it is the first of its part."""
    if new:
        print(f"\n{line.part}")
    print(f"  [{_MARKS[line.level]}] {line.name}: {line.text}".replace("\n", "\n         "), flush=True)


def lines(folder: Path, data: Path) -> Iterator[Line]:
    """All there is to say."""
    yield from examined("program", machine.program)
    yield from examined("machine", machine.machine)
    yield from examined("clock", machine.clock)
    yield from examined("disk", lambda: machine.disk(data))
    yield from examined("services", machine.units)
    yield from examined("hub", lambda: hub.hub(data))
    yield from examined("stores", lambda: stores_of.stores(data))
    yield from examined("starts", lambda: stores_of.starts(data))
    yield from examined("site", lambda: site.configuration(folder))
    loaded = site.read(folder)
    if loaded is not None:
        yield from examined("brokers", lambda: site.brokers(loaded))
    yield from examined("serial ports", lambda: site.serial_ports(loaded))
    yield from examined("certificates", lambda: site.certificates(folder, loaded))
    yield from examined("log", lambda: stores_of.troubles(data))


def _site_of(data: Path) -> Path:
    """The folder the hub last had, else the installer's."""
    try:
        return Path((data / SITE_PATH).read_text("utf-8").strip())
    except (OSError, ValueError):
        return SITE
