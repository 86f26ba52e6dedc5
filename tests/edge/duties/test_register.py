"""Services and ends of life come near, are over, and are put right."""

from __future__ import annotations

from datetime import date

import pytest

from edge.domain.hazard import ReportHazard
from edge.domain.obligation import Facility
from edge.domain.occurrence import CheckFacilities
from edge.domain.request import Refusal
from edge.duties.facilities import later
from tests.edge.duties.desk import Watch, a_book, text

BOX = Facility("box-1", "powder", text("box"), "z1", text("hall"), 2, made=date(2021, 5, 1))


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2021, 12, 1), 24, date(2023, 12, 1)),
    ],
)
def test_months_later(day: date, months: int, then: date) -> None:
    assert later(day, months) == then


def test_amber_then_red_with_a_draft_then_serviced() -> None:
    watch = Watch(a_book(facilities=(BOX,)), at="2026-02-20 07:00")
    row = watch.rows["facility", "box-1"]
    assert (row["next_service"], row["scrap_on"], row["state"]) == ("2026-05-01", "2031-05-01", "good")
    watch.jump("2026-03-02 00:01")
    assert watch.rows["facility", "box-1"]["state"] == "soon"
    watch.jump("2026-05-01 00:01")
    assert watch.rows["facility", "box-1"]["state"] == "overdue"
    draft = watch.asked[-1]
    assert isinstance(draft, ReportHazard)
    assert (draft.by, draft.draft, draft.source_id) == ("hub", True, "box-1")
    watch.restart()
    watch.step()
    assert len(watch.asked) == 1
    watch.ask(CheckFacilities("he-jun", ("box-1",), serviced="2026-04-30"))
    row = watch.rows["facility", "box-1"]
    assert (row["state"], row["next_service"], row["checked_by"]) == ("good", "2028-04-30", "he-jun")


def test_what_is_not_in_order_becomes_a_hazard() -> None:
    watch = Watch(a_book(facilities=(BOX,)))
    with pytest.raises(Refusal) as refused:
        watch.ask(CheckFacilities("he-jun", ("box-1",), ok=False))
    assert refused.value.code == "reason_required"
    watch.ask(CheckFacilities("he-jun", ("box-1",), ok=False, note="no pressure"))
    report = watch.asked[-1]
    assert isinstance(report, ReportHazard)
    watch.hazard_of(report)
    row = watch.rows["facility", "box-1"]
    assert (row["state"], row["hazard"]) == ("broken", "hz-1")
    watch.ask(CheckFacilities("he-jun", ("box-1",), made="2026-01-10"))
    row = watch.rows["facility", "box-1"]
    assert (row["state"], row["made"], row["scrap_on"]) == ("good", "2026-01-10", "2036-01-10")
    assert row["hazard"] == "hz-1"  # it is open until somebody closes it


def test_what_is_overdue_is_proposed_however_that_came_out() -> None:
    old = Facility("old-1", "powder", text("old"), "b1", text("lobby"), made=date(2010, 1, 1))
    watch = Watch(a_book(facilities=(old,)))
    watch.ask(CheckFacilities("he-jun", ("old-1",), ok=False, note="leaks"))
    watch.asked.clear()
    watch.ask(CheckFacilities("he-jun", ("old-1",)))
    assert [(request.source_id, request.draft) for request in watch.asked] == [("old-1", True)]  # type: ignore[union-attr]
    watch.ask(CheckFacilities("he-jun", ("old-1",)))
    watch.until("2026-03-05 08:00")
    assert len(watch.asked) == 1


@pytest.mark.parametrize("day", ["2027-01-01", "yesterday"])
def test_a_day_that_cannot_be_is_refused(day: str) -> None:
    watch = Watch(a_book(facilities=(BOX,)))
    with pytest.raises(Refusal) as refused:
        watch.ask(CheckFacilities("he-jun", ("box-1",), serviced=day))
    assert refused.value.code == "bad_time"


def test_an_entry_that_left_the_folder_leaves_the_register() -> None:
    watch = Watch(a_book(facilities=(BOX,)))
    watch.book = a_book()
    watch.restart()
    assert watch.rows["facility", "box-1"]["open"] is False
