"""Whatever restarts, power cuts and steps of the clock do: each occurrence comes at most once, and none is lost."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge.domain.instant import HOUR, MINUTE, Instant
from edge.domain.occurrence import DoDuty, DutyState
from edge.domain.request import Refusal
from edge.duties.calendar import Calendar
from tests.chance import examples
from tests.edge.duties.desk import Every, Watch, a_book, a_duty
from tests.edge.duties.year import Year

BERLIN = ZoneInfo("Europe/Berlin")
HOLIDAYS = (date(2026, 4, 3), date(2026, 4, 6))
BOOK = a_book(
    a_duty("often", times=(time(2, 30), time(9), time(18)), window=3 * 3600.0, remind=1800.0),
    a_duty("third", recurrence=Every(3), times=(time(12),), window=30 * 3600.0, holidays="next"),
)


class TheCalendar(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.watch = Watch(BOOK, at="2026-03-27 20:00", zone=BERLIN, holidays=HOLIDAYS)
        self.begun = self.latest = self.watch.now.utc
        self.trusted_upto = self.begun

    def _moved(self) -> None:
        if self.watch.now.trusted:
            self.latest = max(self.latest, self.watch.now.utc)
            self.trusted_upto = self.watch.now.utc

    @rule(minutes=st.integers(1, 9 * 60))
    def time_passes(self, minutes: int) -> None:
        end = self.watch.now.utc + minutes * MINUTE
        while self.watch.now.utc < end:
            now = self.watch.now
            span = min(max((self.watch.duties.next_due() or 0) - now.mono, MINUTE), end - now.utc)
            self.watch.now = Instant(now.utc + span, now.mono + span, now.trusted)
            self.watch.step()
        self._moved()

    @rule(minutes=st.integers(-40 * 60, 40 * 60))
    def the_clock_is_set(self, minutes: int) -> None:
        now = self.watch.now
        self.watch.now = Instant(
            max(self.begun, now.utc + minutes * MINUTE), now.mono + 2 * MINUTE, now.trusted
        )
        self.watch.step()
        self._moved()

    @rule(minutes=st.integers(0, 72 * 60), trusted=st.booleans())
    def it_is_off(self, minutes: int, trusted: bool) -> None:
        utc = self.watch.now.utc + minutes * MINUTE
        self.watch.restart(f"{_local(utc):%Y-%m-%d %H:%M:%S}", trusted=trusted)
        self._moved()

    @rule()
    def the_clock_is_trusted_again(self) -> None:
        now = self.watch.now
        self.watch.now = Instant(now.utc, now.mono + 2 * MINUTE, trusted=True)
        self.watch.step()
        self._moved()

    @rule(data=st.data())
    def somebody_does_one(self, data: st.DataObject) -> None:
        open_ = [id for (kind, id), row in self.watch.rows.items() if kind == "duty" and row["open"]]
        if open_:
            with suppress(Refusal):  # one that a clock set back lets begin later
                self.watch.ask(DoDuty(data.draw(st.sampled_from(open_)), "he-jun"))

    @invariant()
    def each_at_most_once(self) -> None:
        for kind in ("duty.due", "duty.done", "duty.made_up"):
            ids = self.watch.known(kind)
            assert len(ids) == len(set(ids))
        missed, back = Counter(self.watch.known("duty.missed")), Counter(self.watch.known("duty.reopened"))
        assert all(times <= 1 + back[id] for id, times in missed.items())

    @invariant()
    def none_is_lost(self) -> None:
        wanted = Calendar(BOOK.duties.values(), BERLIN, dict.fromkeys(HOLIDAYS, "h").get)
        upto = self.trusted_upto
        ids = {planned.id for planned in wanted.between(self.begun, upto)}
        assert ids <= set(self.watch.known("duty.due"))

    @invariant()
    def what_is_over_is_settled(self) -> None:
        if not self.watch.now.trusted or self.watch.now.utc != self.trusted_upto:
            return
        for (kind, _), row in self.watch.rows.items():
            if kind == "duty" and row["until_at"] <= self.watch.now.utc - HOUR:
                assert row["state"] not in {DutyState.DUE, DutyState.UNDER_WAY}

    @invariant()
    def an_alarm_stands_where_a_miss_is_open(self) -> None:
        for duty in BOOK.duties:
            missed = any(
                row["state"] == "missed" and row["open"]
                for (kind, _), row in self.watch.rows.items()
                if kind == "duty" and row["duty"] == duty
            )
            shown = next((value for point, value in reversed(self.watch.shown) if point == duty), False)
            assert shown is missed


def _local(utc: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=utc)).astimezone(BERLIN)


TestTheCalendar = TheCalendar.TestCase
TestTheCalendar.settings = examples(40, stateful_step_count=25)


def test_a_year_with_holidays_restarts_and_clock_steps(tmp_path: Path) -> None:
    """The duties that are shipped, from one spring festival to the next, by moved time."""
    year = Year(tmp_path / "site")
    year.run()
    due = year.watch.known("duty.due")
    assert len(due) == len(set(due))
    assert set(due) >= year.planned()
    assert year.patrols_per_day() == {3}
    assert not year.inspections_on_days_off()
    assert year.states() == {"done", "made_up", "missed", "waived"}
    assert year.restarts > 50
