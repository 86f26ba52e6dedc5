"""The lines of a report, and how they are told."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

WITHIN: Final = 15.0  # seconds for one finding: longer than any check waits by itself


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


def within(seconds: float, name: str, check: Callable[[], Findings]) -> Findings:
    """The findings of a check, each as it comes. One that hangs (a sick disk, a pipe) is left behind in its thread.

    seconds: for one finding. Raises what the check raises.
    """
    told: queue.SimpleQueue[tuple[Level, str, str] | Exception | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            for found in check():
                told.put(found)
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            told.put(error)
        else:
            told.put(None)

    threading.Thread(target=run, name=f"doctor-{name}", daemon=True).start()
    while True:
        try:
            found = told.get(timeout=seconds)
        except queue.Empty:
            yield Level.UNKNOWN, name, f"no answer within {seconds:g} s: looking at it hangs"
            return
        if found is None:
            return
        if isinstance(found, Exception):
            raise found
        yield found


def examined(part: str, check: Callable[[], Findings]) -> Iterator[Line]:
    """The lines of a check. It may fail or hang at any point: what it found stays, and that is one more line."""
    try:
        for level, name, text in within(WITHIN, "check", check):
            yield Line(level, part, name, text)
    except Exception as error:  # noqa: BLE001 - a report with a gap is worth more than a traceback
        yield Line(Level.UNKNOWN, part, "check", f"could not be made: {type(error).__name__}: {error}")
