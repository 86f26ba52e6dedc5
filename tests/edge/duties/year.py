"""A year of the shipped duties: a crew that mostly does them, a hub that is restarted and whose clock is set."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from edge.dialects import schemas
from edge.domain.instant import DAY, HOUR, MINUTE, Instant
from edge.domain.occurrence import CheckFacilities, DoDuty, MarkStop, WaiveDuty
from edge.duties.calendar import Calendar
from edge.settings import install_template, load_site
from edge.settings.holidays import calendar
from tests.edge.duties.desk import SHANGHAI, Watch

FIRST, LAST = "2026-02-10 06:00", "2027-02-10 06:00"


class Year:
    """`run` lives through it; the rest looks back."""

    def __init__(self, folder: Path) -> None:
        install_template(folder)
        site = load_site(folder, schemas())
        self.holiday = calendar(site.roster)
        self.book = site.duties
        self.watch = Watch(self.book, at=FIRST, holidays=self._days_off())
        self.dice = random.Random(4)
        self.restarts = 0
        self._seen = 0  # so many rows were looked at
        self._open: list[tuple[str, str]] = []

    def _days_off(self) -> list[date]:
        days = (date(2026, 1, 1) + timedelta(days=n) for n in range(500))
        return [day for day in days if self.holiday(day) is not None]

    def run(self) -> None:
        """Hour by hour."""
        end = self.watch.at(LAST)
        while self.watch.now.utc < end:
            self._pass(HOUR)
            self._people()
            what = self.dice.random()
            if what < 0.01:
                self.restarts += 1
                self.watch.now = Instant(
                    self.watch.now.utc + self.dice.randrange(10 * HOUR), self.watch.now.mono
                )
                self.watch.restart()
            elif what < 0.015:
                step = self.dice.randrange(-3 * HOUR, 3 * HOUR)
                self.watch.now = Instant(self.watch.now.utc + step, self.watch.now.mono + MINUTE)
                self.watch.step()

    def _pass(self, span: int) -> None:
        end = self.watch.now.utc + span
        while self.watch.now.utc < end:
            now = self.watch.now
            wait = min(max((self.watch.duties.next_due() or 0) - now.mono, HOUR // 2), end - now.utc)
            self.watch.now = Instant(now.utc + wait, now.mono + wait)
            self.watch.step()

    def _people(self) -> None:
        rows = self.watch.rows
        new = [*islice(rows, self._seen, None)]
        self._seen = len(rows)
        self._open = [key for key in (*self._open, *new) if key[0] == "duty" and rows[key]["open"]]
        for row in [rows[key] for key in self._open]:
            duty = self.book.duties[row["duty"]]
            luck = self.dice.random()
            if luck > 0.6:
                continue
            if luck < 0.002:
                self.watch.ask(WaiveDuty(row["id"], "chen", "storm"))
                continue
            for stop in self.book.stops(duty.id):
                self.watch.ask(MarkStop(row["id"], "he-jun", stop.code, "qr"))
            own = tuple(f.id for f in self.book.facilities.values() if f.kind in duty.facilities)
            if own:
                self.watch.ask(CheckFacilities("he-jun", own))
            self.watch.ask(DoDuty(row["id"], "he-jun", {task.id: "ok" for task in duty.tasks}))

    # looking back

    def planned(self) -> set[str]:
        """What the calendar says, but for the last day."""
        own = Calendar(self.book.duties.values(), SHANGHAI, self.holiday)
        return {p.id for p in own.between(self.watch.at(FIRST), self.watch.at(LAST) - DAY)}

    def patrols_per_day(self) -> set[int]:
        days = Counter(id[-12:-4] for id in self.watch.known("duty.due") if id.startswith("du-fire-patrol-"))
        return {n for day, n in days.items() if "20260210" < day < "20270209"}

    def inspections_on_days_off(self) -> list[str]:
        ids = [id[-12:-4] for id in self.watch.known("duty.due") if id.startswith("du-fire-inspection-")]
        return [
            day
            for day in ids
            if self.holiday(date.fromisoformat(day)) or date.fromisoformat(day).weekday() > 4
        ]

    def states(self) -> set[str]:
        return {
            row["state"] for (kind, _), row in self.watch.rows.items()
            if kind == "duty" and row["until_at"] < self.watch.now.utc - DAY
        }  # fmt: skip
