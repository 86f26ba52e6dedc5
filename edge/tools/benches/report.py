"""A bench's figures with the machine, the command and the yardstick they belong to; as a table and as JSON."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from edge import __version__
from edge.tools.broker import find_program

PERCENTILES: Final = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


class BenchError(RuntimeError):
    """Nothing to measure, or what was measured is not what was to be: one sentence with the mend."""


def _work_done() -> tuple[float, float, float]:
    """Seconds of work of the whole machine, of this process with its children that have ended, and by the clock."""
    ticks = Path("/proc/stat").read_text("ascii").partition("\n")[0].split()[1:9]
    user, nice, system, _idle, _waiting, irq, softirq, stolen = map(int, ticks)
    own = os.times()
    return (
        (user + nice + system + irq + softirq + stolen) / os.sysconf("SC_CLK_TCK"),
        own.user + own.system + own.children_user + own.children_system,
        own.elapsed,
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. yardstick: the same of the yardstick, in the same unit. target: what is to be reached."""

    name: str
    what: str
    value: float
    unit: str
    yardstick: float | None = None
    target: str = ""


@dataclass(slots=True)
class Report:
    """What a bench found. yardstick: what it was measured beside, in words."""

    bench: str
    yardstick: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _begun: tuple[float, float, float] = field(default_factory=_work_done)

    def add(
        self,
        name: str,
        what: str,
        value: float,
        unit: str,
        *,
        yardstick: float | None = None,
        target: str = "",
    ) -> None:
        """Add one figure."""
        self.figures.append(Figure(name, what, value, unit, yardstick, target))

    def others(self) -> float:
        """Percent of the machine that programs other than this bench have taken since it began."""
        busy, own, elapsed = (now - then for now, then in zip(_work_done(), self._begun, strict=True))
        tick = 1 / os.sysconf("SC_CLK_TCK")  # the clock's step: less than one may have passed
        return max(0.0, 100 * (busy - own) / (max(elapsed, tick) * (os.cpu_count() or 1)))

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "bench": self.bench,
            "version": __version__,
            "command": command_line(),
            "machine": machine() | {"others_percent": round(self.others(), 1)},
            "yardstick": self.yardstick,
            "figures": {
                figure.name: {
                    "value": _rounded(figure.value),
                    "unit": figure.unit,
                    "yardstick": None if figure.yardstick is None else _rounded(figure.yardstick),
                    "what": figure.what,
                    "to_reach": figure.target or None,
                }
                for figure in self.figures
            },
            "notes": self.notes,
        }

    def table(self) -> str:
        """For a person."""
        about = machine()
        rows = [("figure", "measured", "yardstick", "to reach")]
        rows += [
            (
                figure.what,
                f"{_shown(figure.value)} {figure.unit}".rstrip(),
                "" if figure.yardstick is None else f"{_shown(figure.yardstick)} {figure.unit}".rstrip(),
                figure.target,
            )
            for figure in self.figures
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        head = [
            f"edge-hub {__version__}, bench {self.bench}: {command_line()}",
            f"{about['cpu']}, {about['cores']} cores, {about['memory_mb']} MB, {about['kernel']}",
            f"Python {about['python']}, SQLite {about['sqlite']}, {about['broker']}; others took {self.others():.0f} %",
            f"yardstick: {self.yardstick}",
            "",
        ]
        return "\n".join([*head, *lines, *(f"note: {note}" for note in self.notes)])


def spread(values: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and max of at least one value."""
    ordered = sorted(values)
    found = {
        name: ordered[min(len(ordered) - 1, int(len(ordered) * part))] for name, part in PERCENTILES.items()
    }
    return {**found, "max": ordered[-1]}


def middle(values: Sequence[float]) -> float:
    """The median of at least one value."""
    return float(median(values))


def command_line() -> str:
    """How this bench was called, without the path of the program."""
    return " ".join(["edge-hub", *sys.argv[1:]])


def machine() -> dict[str, Any]:
    """What it was measured on."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "broker": _broker(),
    }


def _cpu() -> str:
    """The processor as Linux names it, on a Raspberry Pi the board."""
    board = Path("/proc/device-tree/model")
    if board.exists():
        return board.read_text("utf-8", "replace").strip("\0\n ")
    for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _broker() -> str:
    program = find_program("mosquitto")
    if program is None:
        return "no Mosquitto"
    said = subprocess.run([program, "-h"], capture_output=True, text=True, check=False).stdout
    return said.partition("\n")[0].strip() or "Mosquitto"


def _rounded(value: float) -> float:
    return round(value, 3)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
