"""Days with holidays, local times over the change of summer time, ids by local time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from edge.duties.calendar import Calendar
from edge.settings.duties import Days
from tests.edge.duties.desk import SHANGHAI, a_duty

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SPRING = {date(2026, 2, day): "春节" for day in range(15, 24)}


def utc(wall: str, zone: ZoneInfo = SHANGHAI) -> int:
    return (datetime.fromisoformat(wall).replace(tzinfo=zone) - _EPOCH) // timedelta(microseconds=1)


def days(rule: str, holidays: str, first: date, last: date) -> list[date]:
    duty = a_duty(recurrence=Days(rule, date(2026, 1, 1)), holidays=holidays)
    return Calendar([duty], SHANGHAI, SPRING.get).days(duty, first, last)


def test_a_holiday_keeps_skips_or_moves() -> None:
    month = (date(2026, 2, 1), date(2026, 2, 28))
    monthly = "FREQ=MONTHLY;BYMONTHDAY=17"
    assert days(monthly, "keep", *month) == [date(2026, 2, 17)]
    assert days(monthly, "skip", *month) == []
    assert days(monthly, "next", *month) == [date(2026, 2, 24)]


def test_what_moves_onto_a_day_that_has_it_already_is_done_once() -> None:
    assert days("FREQ=DAILY", "next", date(2026, 2, 13), date(2026, 2, 25)) == [
        date(2026, 2, 13), date(2026, 2, 24), date(2026, 2, 25),
    ]  # fmt: skip


def test_what_moves_over_the_end_of_a_month_is_found_in_the_next() -> None:
    duty = a_duty(recurrence=Days("FREQ=MONTHLY;BYMONTHDAY=31", date(2026, 1, 1)), holidays="next")
    calendar = Calendar([duty], SHANGHAI, {}.get)
    assert calendar.days(duty, date(2026, 2, 1), date(2026, 2, 28)) == [date(2026, 2, 2)]
    assert calendar.days(duty, date(2026, 6, 1), date(2026, 6, 30)) == [date(2026, 6, 1)]


def test_each_local_time_once_over_the_change_of_summer_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    duty = a_duty(times=(time(2, 30),))
    calendar = Calendar([duty], berlin, {}.get)
    spring = calendar.between(utc("2026-03-28 12:00", berlin), utc("2026-03-29 12:00", berlin))
    autumn = calendar.between(utc("2026-10-24 12:00", berlin), utc("2026-10-25 12:00", berlin))
    assert [planned.id for planned in spring] == ["du-patrol-202603290230"]
    assert [planned.id for planned in autumn] == ["du-patrol-202610250230"]
    assert autumn[0].from_at == utc("2026-10-25 02:30", berlin)


def test_ends_belong_to_one_side() -> None:
    duty = a_duty(times=(time(8),))
    calendar = Calendar([duty], SHANGHAI, {}.get)
    eight = utc("2026-03-02 08:00")
    assert [p.from_at for p in calendar.between(eight - 1, eight)] == [eight]
    assert calendar.between(eight, eight + 1) == []
    assert calendar.between(eight, eight) == []


def test_a_shifted_clock_moves_the_starts() -> None:
    duty = a_duty(times=(time(8),))
    hour = 3_600_000_000
    calendar = Calendar([duty], SHANGHAI, {}.get, lambda utc: utc + hour)
    seven = utc("2026-03-02 07:00")
    assert [p.from_at for p in calendar.between(seven - 1, seven)] == [seven]
