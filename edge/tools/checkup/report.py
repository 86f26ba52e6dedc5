"""The lines of a report, and how they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """What a line means. Only `failed` makes the exit code 1."""

    INFO = "info"
    OK = "ok"
    WARN = "warn"  # worth a look; the hub works
    UNKNOWN = "unknown"  # could not be looked at
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """One finding. part: "stores", "site", …; name: of what was looked at."""

    level: Level
    part: str
    name: str
    text: str


Findings = Iterable[tuple[Level, str, str]]
"""(level, name, text) each."""


def examined(part: str, check: Callable[[], Findings]) -> Iterator[Line]:
    """The lines of a check. It may fail at any point: what it found stays, the failure is one more line."""
    try:
        for level, name, text in check():
            yield Line(level, part, name, text)
    except Exception as error:  # noqa: BLE001 - a report with a gap is worth more than a traceback
        yield Line(Level.UNKNOWN, part, "check", f"could not be made: {type(error).__name__}: {error}")
