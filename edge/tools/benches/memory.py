"""`bench memory`: what the hub holds, armed and idle, after a load, and with panels looking on."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import Final

from edge.tools.benches.ingest import check_stored_once
from edge.tools.benches.processes import Usage, Worker, usage
from edge.tools.benches.report import Report
from edge.tools.benches.stand import Stand

YARDSTICK: Final = (
    "a Python process that has imported fastapi, uvicorn, paho, msgspec and pydantic, and does nothing"
)
PANELS: Final = 5
DETECTORS: Final = 200
ALARM_RATE: Final = 10.0


def measure(arguments: Namespace) -> Report:
    """RSS, PSS, threads and files in three states."""
    report = Report("memory", YARDSTICK)
    with Worker("imports", {}) as bare:
        floor = usage(bare.pid)
    with Stand(arguments.data, detectors=DETECTORS) as stand:
        stand.quiet()
        _add(report, "idle", "armed and idle", usage(stand.pid), floor)
        publisher, start_ms = stand.meters(arguments.messages)
        with publisher:
            publisher.go()
            publisher.answer()
        check_stored_once(stand, start_ms, arguments.messages)
        stand.quiet()
        loaded = f"after {arguments.messages:,} readings"
        _add(report, "loaded", loaded, usage(stand.pid), floor)
        count = min(DETECTORS, arguments.alarms)
        with (
            stand.follower(*["/events?wall=1"] * PANELS) as panels,
            stand.alarms(1, count, ALARM_RATE) as alarms,
        ):
            alarms.go()
            alarms.answer()
            time.sleep(2)
            found = usage(stand.pid)
            panels.go()
            panels.answer()
        _add(report, "panels", f"with {PANELS} panels and {count} open alarms", found, floor)
        report.add("peak_rss", "largest RSS of the run", found.peak, "MB")
    return report


def _add(report: Report, name: str, state: str, found: Usage, floor: Usage) -> None:
    report.add(
        f"{name}_rss", f"{state}: RSS", found.rss, "MB", yardstick=floor.rss, target="≤ 90 MB (goal ≤ 70)"
    )
    report.add(f"{name}_pss", f"{state}: PSS", found.pss, "MB", yardstick=floor.pss)
    report.add(f"{name}_threads", f"{state}: threads", found.threads, "", yardstick=floor.threads)
    report.add(f"{name}_files", f"{state}: open files", found.files, "", yardstick=floor.files)
