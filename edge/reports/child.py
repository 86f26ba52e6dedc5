"""Reports and bundles, made in a process of their own: `python -m edge.reports.child`.

In: one line of JSON, {"report": Asked} or {"bundle": BundleAsked, "folder": of the draft, "draft": number of the open
file to write it to}. Out: lines of JSON, {"progress": 0 to 1} at any time, and then the report's lines
(`edge.reports.sheet.lines`), or {"head": …} with the size of the bundle once it is written; or {"error": stable word,
"detail": sentence}. It reads the stores and writes to none;
low priority, limited memory and time, the first to go when memory runs out.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from edge.domain.instant import to_rfc3339
from edge.reports.asked import Asked, BundleAsked
from edge.reports.bundle import NothingThereError, write_bundle
from edge.reports.records import alarm_record, duty_log, patrols, repairs
from edge.reports.service import daily, monthly
from edge.reports.sheet import Progress, Section, Sheet, lines
from edge.reports.source import Source

_MEMORY: Final = 1 << 30
_SECONDS: Final = 180  # of computing
_ROOM: Final = 256 << 20
"""Bytes that stay free on the disk: the journal comes before a bundle's draft."""

_KINDS: Final[Mapping[str, Callable[[Source, Asked, Progress], list[Section]]]] = {
    "duty-log": duty_log,
    "alarm-record": alarm_record,
    "repairs": repairs,
    "patrols": patrols,
    "daily": daily,
    "monthly": monthly,
}


def main() -> None:
    """Read, make, write."""
    os.nice(10)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    asked = json.loads(sys.stdin.buffer.readline())
    out = sys.stdout.buffer

    def progress(share: float) -> None:
        out.write(json.dumps({"progress": share}).encode() + b"\n")
        out.flush()

    try:
        if "report" in asked:
            out.writelines(lines(report(Asked.from_dict(asked["report"]), progress)))
        else:
            _bundle(BundleAsked.from_dict(asked["bundle"]), asked, out, progress)
    except NothingThereError:
        _fail(out, "not_found", "the journal holds no such incident yet")
    except sqlite3.Error as error:
        _fail(out, "journal", f"the stores cannot be read ({error})")
    except MemoryError:
        _fail(out, "memory", "it is too much for the hub's memory: choose a shorter span")
    except OSError as error:
        _fail(out, "disk", f"it cannot be written ({error.strerror}): free space on the hub's disk")


def report(asked: Asked, progress: Progress) -> Sheet:
    """Make one report; sqlite3.Error when the journal cannot be read."""
    with Source(asked.journal) as source:
        sections = _KINDS[asked.kind](source, asked, progress)
        doubts = source.standing("hub-clock", asked.start, asked.end)
        head = {
            "kind": asked.kind,
            "from": asked.start,
            "to": asked.end,
            "made_at": asked.now,
            "seq": str(source.last),
            "hub": asked.version,
            "zone": asked.zone,
            "days": [day.isoformat() for day, _, _ in asked.calendar.days(asked.start, asked.end)],
            "clock": {
                "trusted": asked.trusted,
                "doubtful": [{"from": doubt["raised_at"], "until": doubt["closed_at"]} for doubt in doubts],
            },
            "facts_lost": source.lost(),
        }
        return Sheet(head, sections)


def _bundle(asked: BundleAsked, order: Mapping[str, Any], out: BinaryIO, progress: Progress) -> None:
    if shutil.disk_usage(order["folder"]).free < _ROOM:
        raise OSError(28, "no space left")
    with os.fdopen(order["draft"], "w+b") as draft:
        made = write_bundle(asked, draft, progress)
        size = draft.tell()
    head = {**made, "incident": asked.incident, "size": size, "made_at": to_rfc3339(asked.now)}
    out.write(json.dumps({"head": head}).encode() + b"\n")


def _fail(out: BinaryIO, error: str, detail: str) -> None:
    out.write(json.dumps({"error": error, "detail": detail}).encode() + b"\n")


def kinds() -> Sequence[str]:
    """The kinds of report it makes."""
    return tuple(_KINDS)


if __name__ == "__main__":
    main()
