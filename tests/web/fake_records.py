"""Records in memory: a short report with every type of cell, and a bundle of a few bytes."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from edge.domain.instant import HOUR
from edge.domain.service import ReportKind
from edge.facade import Making, Unavailable
from edge.reports.sheet import Section, Sheet, lines

ALL_TYPES = Section(
    "alarms",
    {"raised_at": "time", "place": "text", "handling": "words", "verdict": "word", "acked_by": "person",
     "people": "people", "took": "span", "number": "number", "share": "share", "after": "photos"},
    [
        {"raised_at": 1_780_000_000_000_000, "place": ["3号楼", "Building 3"], "handling": "=1+1", "verdict": "false",
         "acked_by": "guard", "people": ["guard", "admin"], "took": 75.0, "number": 0, "share": 0.5,
         "after": ["/api/v1/work-orders/wo-1/photos/202606-0"], "link": "/alarms/al-1"},
    ] * 45,
)  # fmt: skip


class FakeRecords:
    """Set `failing` to a sentence; `asked` keeps what was asked for, `left` how many were closed early."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []
        self.sections = (ALL_TYPES, Section("faults", {"raised_at": "time"}, ()))
        self.failing = ""
        self.pictures: Sequence[str] | None = None  # of the last bundle
        self.now_making: Making | None = None
        self.ended = 0
        self.doubtful: list[dict[str, int | None]] = []

    def making(self) -> Making | None:
        return self.now_making

    async def report(
        self, kind: ReportKind, start: int, end: int, by: str
    ) -> AsyncGenerator[Mapping[str, Any]]:
        self.asked.append((kind, start, end))
        try:
            if self.failing:
                raise Unavailable(self.failing)
            clock = {"trusted": True, "doubtful": self.doubtful}
            head = {"kind": kind, "from": start, "to": end, "made_at": end + HOUR, "seq": "1-42", "hub": "0.1.0",
                    "zone": "Asia/Shanghai", "days": [], "clock": clock, "facts_lost": 0}  # fmt: skip
            for line in lines(Sheet(head, self.sections)):
                yield json.loads(line)
        finally:
            self.ended += 1

    async def bundle(
        self,
        incident: Mapping[str, Any],
        by: str,
        words: Mapping[str, str],
        names: Mapping[str, str],
        *,
        pictures: Sequence[str],
    ) -> AsyncGenerator[Mapping[str, Any] | bytes]:
        self.pictures = pictures
        if self.failing:
            raise Unavailable(self.failing)
        yield {"size": 6, "seal": "5" * 64, "files": 9, "first": 1, "last": 7}
        yield b"PK\x03"
        yield b"\x04.."
