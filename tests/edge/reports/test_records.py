"""Golden days: what is printed of a day that is known to the second."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.domain.alarm import Suppression
from edge.domain.device import Signal
from edge.domain.instant import HOUR, from_rfc3339
from edge.domain.order import OrderState
from edge.domain.reading import Purpose
from edge.reports.child import kinds, report
from edge.reports.sheet import Sheet
from tests.edge.reports.days import DAY_END, DAY_START, Days, asked, at, duty


def ignored(_: float) -> None:
    """Progress that nobody looks at."""


def rows(sheet: Sheet, section: str) -> list[Mapping[str, Any]]:
    return [row for each in sheet.sections if each.id == section for row in each.rows]


def figures(sheet: Sheet, section: str = "figures") -> dict[str, Any]:
    return {row["figure"]: row["count"] for row in rows(sheet, section)}


@pytest.fixture
async def day(tmp_path: Path) -> Path:
    """A day with fire alarms (one false, one of a test, one of a drill), a fault, orders, duties, a hand-over."""
    path = tmp_path / "journal.db"
    async with Days(path) as days:
        await days.alarm(at("08:00"), acked=12, verdict="false", closed=600, note="厨房油烟", device="sm-1")
        await days.alarm(at("09:00"), acked=45, verdict="real", closed=1200, device="sm-1")
        await days.alarm(at("10:00"), acked=5, verdict="test", closed=60, device="sm-2")
        await days.alarm(at("11:00"), purpose=Purpose.DRILL, closed=60)
        await days.alarm(at("12:00"), signal=Signal.FAULT, closed=300, point="sm-3.link")
        for hour in (0, 1, 2, 5):
            await days.alarm(
                DAY_START + hour * HOUR, purpose=Purpose.TEST, signal=Signal.FAULT, rule="self-test", closed=1
            )
        await days.order(at("12:05"), 1, steps=(60, 600, 1800, 7200))
        await days.order(at("13:00"), 2, steps=(60, 600, 7200, None))
        await days.case("duty", duty("du-1", at("01:00"), "done"), "duty.done")
        await days.case("duty", duty("du-2", at("03:00"), "missed"), "duty.missed")
        left = {
            "alarms": ["x"],
            "orders": [],
            "shelved": [],
            "disabled": [],
            "out_of_service": [],
            "dead": [],
        }
        handed = {"id": "ho-1", "kind": "made", "post": "control-room", "opened_at": at("08:00"), "open": True,
                  "giver": "li", "taker": "wang", "left": left}  # fmt: skip
        await days.case("handover", handed, "handover.made", note="对讲机一部待修")
        await days.alarm(DAY_END, acked=1)  # midnight belongs to the next day
    return path


async def test_duty_log_tells_the_shift_what_came_and_what_was_done(day: Path) -> None:
    stint = {
        "post": "control-room",
        "shift": ["白班", "Day"],
        "start": at("08:00"),
        "end": at("20:00"),
        "persons": ["li"],
    }
    sheet = await asyncio.to_thread(report, asked("duty-log", day, stints=[stint]), ignored)
    (shift,) = rows(sheet, "shifts")
    counted = {"fire": 2, "false": 1, "fault": 1, "test": 1}
    assert {name: shift[name] for name in counted} == counted
    fires = rows(sheet, "alarms")
    assert [row["verdict"] for row in fires] == ["false", "real", "test"]
    assert fires[0]["handling"] == "厨房油烟"
    assert fires[0]["link"] == "/alarms/al-1"
    assert [row["purpose"] for row in rows(sheet, "tests")] == [
        "drill"
    ]  # the hub's self-test is none of the guard's
    (handed,) = rows(sheet, "handovers")
    assert (handed["giver"], handed["taker"], handed["left_open"], handed["remarks"]) == (
        "li",
        "wang",
        1,
        "对讲机一部待修",
    )


async def test_alarms_outside_of_every_shift_are_not_lost(day: Path) -> None:
    stint = {
        "post": "control-room",
        "shift": ["晚班", "Late"],
        "start": at("11:30"),
        "end": at("20:00"),
        "persons": ["li"],
    }
    sheet = await asyncio.to_thread(report, asked("duty-log", day, stints=[stint]), ignored)
    late, none = rows(sheet, "shifts")
    assert (late["fault"], late["fire"], none["shift"], none["fire"]) == (1, 0, ["无班次", "no shift"], 2)


async def test_monthly_counts_targets_false_alarms_and_duties_by_grade(day: Path) -> None:
    sheet = await asyncio.to_thread(report, asked("monthly", day), ignored)
    ack, finish = rows(sheet, "response")
    # 12 s and 45 s; the test and the drill never count
    assert (ack["count"], ack["met"], ack["late"], ack["share"]) == (2, 1, 1, 0.5)
    assert (ack["median"], ack["p90"], ack["kept"]) == (12.0, 45.0, "not_kept")
    assert ack["link"] == "#target-ack-vital"
    assert [row["took"] for row in rows(sheet, "target-ack-vital")] == [45.0, 12.0]
    assert (finish["count"], finish["met"], finish["late"]) == (2, 1, 1)
    (detector,) = rows(sheet, "false_alarms")
    assert (detector["device"], detector["alarms"], detector["false"], detector["rate"]) == (
        "sm-1",
        2,
        1,
        0.5,
    )
    (patrol,) = rows(sheet, "coverage")
    assert (
        patrol["duties_due"],
        patrol["duties_done"],
        patrol["missed"],
        patrol["grade_b"],
        patrol["share"],
    ) == (
        2,
        1,
        1,
        1,
        0.5,
    )


async def test_who_never_answered_or_too_late_stays_in_the_figures(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with Days(path) as days:
        await days.alarm(at("08:00"), closed=600, id="never")
        await days.alarm(at("08:10"), closed=10, id="soon-over")
        late = await days.alarm(at("08:20"), id="shelved-late")
        quiet = Suppression("shelved", "li", "装修", None)
        body = replace(late, suppression=quiet).to_dict()
        await days.tell("alarm.shelved", "alarm", body, at("08:40"), "li", "装修")
        await days.alarm(at("09:00"), suppression=quiet, id="silent-from-the-first")
        order = await days.order(at("12:05"), 1, steps=(None, None, None, None))
        gone = replace(order, state=OrderState.CANCELLED, closed_at=at("15:05"))
        await days.tell("order.cancelled", "order", gone.to_dict(), at("15:05"))
    sheet = await asyncio.to_thread(report, asked("monthly", path), ignored)
    ack, finish = rows(sheet, "response")
    assert (ack["count"], ack["late"], ack["share"]) == (2, 2, 0.0)
    assert [(row["took"], row["result"]) for row in rows(sheet, "target-ack-vital")] == [
        (1200.0, "missed"),
        (600.0, "missed"),
    ]
    assert (finish["count"], finish["late"]) == (1, 1)


async def test_the_day_the_shifts_and_the_month_count_alike(day: Path) -> None:
    """An alarm that a person judged to be of a test is counted as one, everywhere."""
    stint = {"post": "control-room", "shift": ["班", "x"], "start": DAY_START, "end": DAY_END, "persons": []}
    made = {
        kind: await asyncio.to_thread(report, asked(kind, day, stints=[stint]), ignored)
        for kind in ("daily", "monthly", "duty-log")
    }
    (shift,) = rows(made["duty-log"], "shifts")
    for name in ("fire", "false", "fault", "test", "process"):
        assert figures(made["daily"])[name] == figures(made["monthly"])[name] == shift[name]
    assert shift["test"] == 1


async def test_daily_says_what_proves_that_the_hub_was_awake(day: Path) -> None:
    sheet = await asyncio.to_thread(report, asked("daily", day), ignored)
    proof = figures(sheet, "self_proof")
    assert (proof["self_tests"], proof["self_tests_missed"], proof["no_contact"]) == (4, 2 + 18, 1)
    now = ("devices", "online", "readings_lost", "facts_lost")
    assert [proof[name] for name in now] == [None] * 4, "the day is past"
    sheet = await asyncio.to_thread(report, asked("daily", day, now=at("23:00")), ignored)
    assert [figures(sheet, "self_proof")[name] for name in ("devices", "online", "facts_lost")] == [10, 9, 0]
    assert figures(sheet)["duties_missed"] == 1


async def test_a_hub_that_has_just_begun_missed_no_self_test(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with Days(path) as days:
        test = {"purpose": Purpose.TEST, "signal": Signal.FAULT, "rule": "self-test"}
        await days.alarm(at("10:00"), closed=1, **test)
    sheet = await asyncio.to_thread(report, asked("daily", path, now=at("10:15")), ignored)
    proof = figures(sheet, "self_proof")
    assert (proof["self_tests"], proof["self_tests_missed"]) == (1, 0)


async def test_repairs_tell_the_times_of_each_order(day: Path) -> None:
    sheet = await asyncio.to_thread(report, asked("repairs", day), ignored)
    first, second = rows(sheet, "repairs")
    assert (first["assignee"], first["done_at"], first["cause"]) == ("zhang", at("12:35"), "battery")
    assert second["verified_at"] is None


async def test_a_figure_links_to_a_section_that_has_as_many_rows(day: Path) -> None:
    sheet = await asyncio.to_thread(report, asked("monthly", day), ignored)
    for row in rows(sheet, "response"):
        assert len(rows(sheet, row["link"].removeprefix("#"))) == row["count"] == row["met"] + row["late"]
    daily = await asyncio.to_thread(report, asked("daily", day), ignored)
    of_others = {"orders_open", "duties_missed", "self_tests_missed"}
    for row in (*rows(daily, "figures"), *rows(daily, "self_proof"), *rows(sheet, "figures")):
        if (row["link"] or "").startswith("#") and row["figure"] not in of_others:
            made = sheet if row in rows(sheet, "figures") else daily
            assert len(rows(made, row["link"].removeprefix("#"))) == row["count"], row["figure"]
    for row in rows(sheet, "coverage"):
        assert len(rows(sheet, row["link"].removeprefix("#"))) == row["duties_due"]


@pytest.mark.parametrize("kind", kinds())
async def test_an_empty_day_says_so(tmp_path: Path, kind: str) -> None:
    async with Days(tmp_path / "journal.db"):
        pass
    sheet = await asyncio.to_thread(report, asked(kind, tmp_path / "journal.db"), ignored)
    assert sheet.empty
    assert sheet.head["seq"] == "0-0"
    assert sheet.head["clock"] == {"trusted": True, "doubtful": []}


async def test_a_doubtful_clock_is_shown(tmp_path: Path) -> None:
    async with Days(tmp_path / "journal.db") as days:
        await days.alarm(
            at("01:00"), signal=Signal.FAULT, rule="hub-clock", device="hub", point="hub.clock", closed=60
        )
    sheet = await asyncio.to_thread(report, asked("daily", tmp_path / "journal.db"), ignored)
    assert sheet.head["clock"]["doubtful"] == [{"from": at("01:00"), "until": at("01:01")}]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Shanghai", "2026-06-10", 24),
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/Santiago", "2026-09-06", 23),  # midnight itself is skipped
    ],
)
def test_a_day_is_as_long_as_its_clock_says(zone: str, day: str, hours: int) -> None:
    calendar = asked("daily", Path(), zone=zone).calendar
    noon = from_rfc3339(f"{day}T16:00:00Z")
    (only,) = calendar.days(noon, noon + 1)
    start = calendar.start(only[0])
    (whole, *_) = calendar.days(start, start + 30 * HOUR)
    assert (whole[2] - whole[1]) / HOUR == hours
    assert calendar.day_of(whole[1]) == whole[0] != calendar.day_of(whole[1] - 1)
