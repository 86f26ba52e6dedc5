"""Occurrences come due once, are proved, done, reminded of, missed, made up and waived."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from edge.domain.fact import Fact
from edge.domain.hazard import AddHazardPhoto, ReportHazard
from edge.domain.instant import HOUR, MINUTE
from edge.domain.obligation import SensorProof
from edge.domain.occurrence import (
    AddDutyPhoto,
    CheckFacilities,
    DoDuty,
    Finding,
    MarkStop,
    Occurrence,
    StartRound,
    WaiveDuty,
)
from edge.domain.request import Refusal
from tests.edge.duties.desk import CHECK, LISTED, PROVED, ROUND, Watch, a_book, a_duty

DAY = "2026-03-02"


def du(duty: str, hhmm: str, day: str = "20260302") -> str:
    return f"du-{duty}-{day}{hhmm}"


def test_an_occurrence_comes_due_at_its_local_time() -> None:
    watch = Watch(a_book(a_duty()))
    assert watch.until(f"{DAY} 07:59") == []
    watch.until(f"{DAY} 08:00:30")
    case = watch.case(du("patrol", "0800"))
    assert (case["state"], case["from_at"]) == ("due", watch.at(f"{DAY} 08:00"))
    assert case["told"] == ["he-jun"]


def test_missed_is_an_alarm_until_it_is_made_up() -> None:
    watch = Watch(a_book(a_duty()))
    watch.until(f"{DAY} 10:01")
    assert watch.case(du("patrol", "0800"))["state"] == "missed"
    assert watch.shown[-1] == ("patrol", True)
    watch.ask(DoDuty(du("patrol", "0800"), "he-jun"))
    case = watch.case(du("patrol", "0800"))
    assert (case["state"], case["reached"], case["open"]) == ("made_up", "C", False)
    assert watch.shown[-1] == ("patrol", False)


def test_a_later_one_done_stands_for_an_earlier_miss() -> None:
    watch = Watch(a_book(a_duty()))
    watch.until(f"{DAY} 15:30")
    watch.ask(DoDuty(du("patrol", "1500"), "he-jun"))
    first = watch.case(du("patrol", "0800"))
    assert (first["state"], first["open"], first["superseded_by"]) == ("missed", False, du("patrol", "1500"))
    assert watch.shown[-1] == ("patrol", False)


def test_a_second_miss_is_told_anew() -> None:
    watch = Watch(a_book(a_duty()))
    watch.until(f"{DAY} 17:01")
    assert watch.shown[-2:] == [("patrol", False), ("patrol", True)]


def test_only_a_manager_waives_and_says_why() -> None:
    watch = Watch(a_book(a_duty()))
    watch.until(f"{DAY} 10:01")
    for by, reason, code in (("he-jun", "storm", "not_manager"), ("chen", " ", "reason_required")):
        with pytest.raises(Refusal) as refused:
            watch.ask(WaiveDuty(du("patrol", "0800"), by, reason))
        assert refused.value.code == code
    watch.ask(WaiveDuty(du("patrol", "0800"), "chen", "storm"))
    assert watch.case(du("patrol", "0800"))["state"] == "waived"
    assert watch.facts[-1].note == "storm"
    assert "storm" not in str(watch.facts[-1].body)


def test_the_crew_is_reminded_once_before_the_end() -> None:
    watch = Watch(a_book(ROUND))
    watch.until(f"{DAY} 23:29")
    assert "duty.reminded" not in watch.until(f"{DAY} 23:29:50")
    assert watch.until(f"{DAY} 23:31") == ["duty.reminded"]
    assert watch.case(du("round", "2200"))["told"] == ["he-jun"]
    assert "duty.reminded" not in watch.until(f"{DAY} 23:50")


def test_nothing_comes_due_on_a_clock_that_cannot_be_trusted() -> None:
    watch = Watch(a_book(a_duty()))
    watch.until(f"{DAY} 07:59")
    watch.restart(f"{DAY} 15:30", trusted=False)
    assert watch.until(f"{DAY} 15:40") == []


def test_what_came_due_while_the_hub_was_off_is_missed_with_that_reason() -> None:
    watch = Watch(a_book(a_duty()))
    watch.until(f"{DAY} 08:30")
    watch.restart(f"{DAY} 22:30")
    states = {id: (watch.case(du("patrol", id))["state"], watch.case(du("patrol", id))["reason"])
              for id in ("0800", "1500", "2200")}  # fmt: skip
    assert states == {"0800": ("missed", "hub_off"), "1500": ("missed", "hub_off"), "2200": ("due", None)}
    assert watch.known("duty.due").count(du("patrol", "1500")) == 1


def test_a_clock_set_forward_and_back_makes_nothing_come_twice() -> None:
    watch = Watch(a_book(a_duty()))
    watch.until(f"{DAY} 07:59")
    watch.jump("2026-03-03 16:00")
    assert watch.case(du("patrol", "0800"))["reason"] == "clock"
    watch.jump(f"{DAY} 08:00")
    watch.until("2026-03-04 09:00")
    due = watch.known("duty.due")
    assert len(due) == len(set(due)) == 7


def test_a_sensor_proves_what_nobody_has_to_tick() -> None:
    watch = Watch(a_book(PROVED, LISTED))
    watch.until(f"{DAY} 08:30")
    watch.reads("dr-1.open", True)
    assert watch.known("duty.proved") == []
    watch.until(f"{DAY} 09:30")
    watch.reads("dr-1.open", False)
    assert watch.case(du("tank", "0900"))["state"] == "due"
    watch.reads("dr-1.open", True)
    case = watch.case(du("tank", "0900"))
    assert (case["state"], case["reached"], case["done_by"]) == ("done", "A", None)
    body = {"id": "dr-1", "purpose": "drill", "state": "unfinished"}
    watch.happens(Fact(watch.numbering.next(), "drill.finished", watch.now.utc, None, "drill", body))
    assert watch.case(du("drill", "0900"))["state"] == "due"
    body |= {"state": "finished"}
    watch.happens(Fact(watch.numbering.next(), "drill.finished", watch.now.utc, "li", "drill", body))
    assert watch.case(du("drill", "0900"))["reached"] == "A"


def test_only_the_drill_that_is_meant_proves_the_duty() -> None:
    meant = SensorProof(
        fact="drill.finished", plans=("p2-flat-smoke",), ways=("live", "call_out"), mustered=1
    )
    watch = Watch(a_book(replace(LISTED, proof=meant)))
    watch.until(f"{DAY} 09:30")
    held = {"id": "dr-1", "state": "finished", "plan": "p2-flat-smoke", "kind": "live", "mustered": [1]}
    others: list[dict[str, Any]] = [{"plan": "p5-tap-water"}, {"kind": "table_top"}, {"mustered": []}]
    for other in others:
        watch.happens(
            Fact(watch.numbering.next(), "drill.finished", watch.now.utc, "li", "drill", held | other)
        )
        assert watch.case(du("drill", "0900"))["state"] == "due"
    watch.happens(Fact(watch.numbering.next(), "drill.finished", watch.now.utc, "li", "drill", held))
    assert watch.case(du("drill", "0900"))["reached"] == "A"


def test_a_count_proves_the_duty_once_all_was_counted_within_the_window() -> None:
    watch = Watch(a_book(replace(LISTED, proof=SensorProof(fact="stock.counted", whole=True))))
    watch.until(f"{DAY} 09:30")
    for since in (None, watch.now.utc - HOUR):
        body = {"id": "mask", "all_since": since}
        watch.happens(Fact(watch.numbering.next(), "stock.counted", watch.now.utc, "li", "stock", body))
        assert watch.case(du("drill", "0900"))["state"] == "due"
    body = {"id": "mask", "all_since": watch.now.utc - HOUR // 4}
    watch.happens(Fact(watch.numbering.next(), "stock.counted", watch.now.utc, "li", "stock", body))
    assert watch.case(du("drill", "0900"))["reached"] == "A"


def test_a_lower_grade_than_asked_for_is_shown() -> None:
    watch = Watch(a_book(PROVED))
    watch.until(f"{DAY} 09:30")
    watch.ask(AddDutyPhoto(du("tank", "0900"), "sun", "202603-1", "ff", 10, 10))
    watch.ask(MarkStop(du("tank", "0900"), "sun", "TAG-1", "nfc"))
    watch.ask(DoDuty(du("tank", "0900"), "sun"))
    case = watch.case(du("tank", "0900"))
    assert (case["reached"], case["short"]) == ("B", True)
    watch.reads("dr-1.open", True)
    case = watch.case(du("tank", "0900"))
    assert (case["reached"], case["short"]) == ("A", False)


@pytest.mark.parametrize(
    ("photo", "tag", "grade"), [(True, True, "B"), (True, False, "C"), (False, True, "C")]
)
def test_a_photo_proves_with_a_place(photo: bool, tag: bool, grade: str) -> None:
    watch = Watch(a_book(a_duty(evidence="B", zone="z1")))
    watch.until(f"{DAY} 08:30")
    id = du("patrol", "0800")
    for code, how, why in (
        ("TAG-2", "nfc", "unknown_code"),
        ("cp-1", "nfc", "unknown_code"),
        ("cp-1", "said", "no_round"),
    ):
        with pytest.raises(Refusal) as refused:
            watch.ask(MarkStop(id, "sun", code, how))  # type: ignore[arg-type]
        assert refused.value.code == why
    if photo:
        watch.ask(AddDutyPhoto(id, "sun", "202603-1", "ff", 10, 10))
    if tag:
        watch.ask(MarkStop(id, "sun", "tag-1", "nfc"))
    watch.ask(DoDuty(id, "sun"))
    assert watch.case(id)["reached"] == grade


def test_a_row_of_before_the_place_was_kept_is_read() -> None:
    watch = Watch(a_book(a_duty()))
    watch.until(f"{DAY} 08:30")
    row = {
        key: value for key, value in watch.case(du("patrol", "0800")).items() if not key.startswith("seen")
    }
    assert Occurrence.from_dict(row).to_dict() == watch.case(du("patrol", "0800"))


def test_an_id_that_stands_on_the_page_is_no_tag() -> None:
    watch = Watch(a_book(ROUND))
    watch.until(f"{DAY} 22:05")
    for how in ("qr", "nfc"):
        with pytest.raises(Refusal) as refused:
            watch.ask(MarkStop(du("round", "2200"), "he-jun", "cp-1", how))  # type: ignore[arg-type]
        assert refused.value.code == "unknown_code"


def test_a_word_that_comes_more_than_a_day_late_makes_up() -> None:
    watch = Watch(a_book(a_duty(times=(time(9),))))
    id = du("patrol", "0900")
    watch.until("2026-03-06 12:00")
    then = watch.at(f"{DAY} 09:30")
    assert watch.ask(DoDuty(id, "sun", at=then))["state"] == "made_up"
    other = du("patrol", "0900", "20260303")
    told = watch.ask(DoDuty(other, "chen", at=watch.at("2026-03-03 09:30")))
    assert (told["state"], told["late"]) == ("done", True)


def test_a_hub_that_was_off_hears_what_was_done_meanwhile() -> None:
    watch = Watch(a_book(a_duty(times=(time(9),))))
    watch.restart("2026-03-06 12:00")
    told = watch.ask(DoDuty(du("patrol", "0900"), "sun", at=watch.at(f"{DAY} 09:30")))
    assert (told["state"], told["late"]) == ("done", True)


def test_what_a_clock_set_ahead_missed_is_due_again() -> None:
    watch = Watch(a_book(a_duty()))
    watch.jump("2026-03-12 07:00")
    watch.jump(f"{DAY} 07:05")
    assert watch.shown[-1] == ("patrol", False)
    with pytest.raises(Refusal) as refused:
        watch.ask(DoDuty(du("patrol", "0800", "20260305"), "sun"))
    assert refused.value.code == "bad_time"
    watch.until(f"{DAY} 15:30")
    case = watch.case(du("patrol", "0800"))
    assert (case["state"], case["reason"], case["open"]) == ("missed", None, True)
    assert watch.ask(DoDuty(du("patrol", "1500"), "sun"))["state"] == "done"
    watch.restart()
    watch.until("2026-03-05 12:00")
    assert watch.known("duty.due").count(du("patrol", "0800", "20260305")) == 1
    assert watch.case(du("patrol", "0800", "20260305"))["state"] == "missed"


def test_what_was_closed_long_ago_is_forgotten() -> None:
    watch = Watch(a_book(a_duty(), ROUND))
    watch.until(f"{DAY} 22:05")
    watch.walk(du("round", "2200"), "TAG-1")
    watch.until("2026-06-30 12:00")
    ledger = watch.duties._ledger
    assert len(ledger.occurrences) <= 4 * 65
    assert not ledger.rounds


def test_a_photo_days_later_proves_no_more() -> None:
    watch = Watch(a_book(a_duty(evidence="B")))
    watch.until(f"{DAY} 08:30")
    id = du("patrol", "0800")
    watch.ask(DoDuty(id, "sun"))
    watch.until("2026-03-04 08:30")
    watch.ask(AddDutyPhoto(id, "sun", "202603-1", "ff", 10, 10))
    assert (watch.case(id)["reached"], len(watch.case(id)["photos"])) == ("C", 1)


def test_a_round_is_walked_stop_by_stop() -> None:
    watch = Watch(a_book(ROUND))
    watch.until(f"{DAY} 22:05")
    id = du("round", "2200")
    watch.ask(StartRound(id, "he-jun"))
    watch.walk(id, "tag-1")
    watch.until(f"{DAY} 22:25")
    watch.walk(id, "https://hub/at/cp-2")
    with pytest.raises(Refusal) as refused:
        watch.ask(DoDuty(id, "he-jun"))
    assert refused.value.code == "stops_missing"
    watch.walk(id, "TAG-3", "TAG-3")
    walk = watch.rows["round", "rd-round-202603022200"]
    assert walk["missing"] == []
    assert walk["gaps"] == [{"after": "cp-1", "before": "cp-2", "seconds": 1200}]
    assert walk["order_kept"] is True
    assert len(walk["stops"]) == 3
    watch.ask(DoDuty(id, "he-jun"))
    assert (watch.case(id)["state"], watch.case(id)["reached"]) == ("done", "B")
    assert watch.rows["round", "rd-round-202603022200"]["open"] is False


def test_a_round_that_nobody_needs_any_more_is_left() -> None:
    watch = Watch(a_book(ROUND))
    watch.until(f"{DAY} 22:05")
    watch.walk(du("round", "2200"), "TAG-1")
    watch.until("2026-03-03 22:05")
    watch.walk(du("round", "2200", "20260303"), "TAG-1", "TAG-2", "TAG-3")
    watch.ask(DoDuty(du("round", "2200", "20260303"), "he-jun"))
    walk = watch.rows["round", "rd-round-202603022200"]
    assert (walk["open"], walk["finished_at"], walk["missing"]) == (False, None, ["cp-2", "cp-3"])
    watch.until("2026-03-04 22:05")
    watch.walk(du("round", "2200", "20260304"), "TAG-1")
    watch.ask(WaiveDuty(du("round", "2200", "20260304"), "chen", "storm"))
    assert watch.rows["round", "rd-round-202603042200"]["open"] is False


def test_said_stops_are_a_tick() -> None:
    watch = Watch(a_book(ROUND))
    watch.until(f"{DAY} 22:05")
    id = du("round", "2200")
    for stop in ("cp-1", "cp-2", "cp-3"):
        watch.ask(MarkStop(id, "he-jun", stop, "said"))
    watch.ask(DoDuty(id, "he-jun"))
    assert (watch.case(id)["reached"], watch.case(id)["short"]) == ("C", True)


def test_stops_kept_offline_come_later_with_their_own_times() -> None:
    watch = Watch(a_book(ROUND))
    watch.until("2026-03-03 00:05")
    id = du("round", "2200")
    assert watch.case(id)["state"] == "missed"
    for n in (1, 2, 3):
        watch.ask(MarkStop(id, "he-jun", f"TAG-{n}", "nfc", watch.at(f"{DAY} 22:1{n}")))
    watch.ask(DoDuty(id, "he-jun", at=watch.at(f"{DAY} 22:14")))
    case = watch.case(id)
    assert (case["state"], case["late"], case["done_at"]) == ("done", True, watch.at(f"{DAY} 22:13"))
    assert watch.shown[-1] == ("round", False)
    assert watch.rows["round", case["round"]]["uploaded_at"] == watch.now.utc


@pytest.mark.parametrize("wall", [f"{DAY} 23:00", f"{DAY} 21:00", "2031-01-01 00:00"])
def test_times_that_cannot_be_are_refused(wall: str) -> None:
    watch = Watch(a_book(ROUND))
    watch.until(f"{DAY} 22:30")
    with pytest.raises(Refusal) as refused:
        watch.ask(MarkStop(du("round", "2200"), "he-jun", "TAG-1", "qr", watch.at(wall)))
    assert refused.value.code == "bad_time"


def test_a_finding_becomes_a_hazard_and_its_photo_goes_along() -> None:
    watch = Watch(a_book(ROUND))
    watch.until(f"{DAY} 22:05")
    id = du("round", "2200")
    watch.ask(
        MarkStop(id, "he-jun", "TAG-1", "qr", finding=Finding("door wedged open", "fire"), note="again")
    )
    report = watch.asked[-1]
    assert isinstance(report, ReportHazard)
    assert (report.by, report.source, report.source_id, report.zone) == (
        "he-jun",
        "round",
        "rd-round-202603022200",
        "z1",
    )
    assert (report.title.en, report.note) == ("door wedged open", "again")
    watch.hazard_of(report)
    assert watch.rows["round", "rd-round-202603022200"]["stops"][0]["hazard"] == "hz-1"
    watch.ask(AddDutyPhoto(id, "he-jun", "202603-1", "ff", 10, 10, about="cp-1"))
    assert watch.asked[-1] == AddHazardPhoto("hz-1", "he-jun", "202603-1", "before", "ff", 10, 10)


def test_a_finding_is_not_lost_by_a_restart() -> None:
    watch = Watch(a_book(ROUND))
    watch.until(f"{DAY} 22:05")
    watch.ask(
        MarkStop(du("round", "2200"), "he-jun", "TAG-1", "qr", finding=Finding("door wedged open", "fire"))
    )
    watch.asked.clear()
    watch.restart()
    assert [type(each) for each in watch.asked] == [ReportHazard]


def test_a_checklist_is_whole_and_what_is_not_in_order_becomes_a_hazard() -> None:
    watch = Watch(a_book(CHECK))
    watch.until(f"{DAY} 09:05")
    id = du("check", "0900")
    with pytest.raises(Refusal) as refused:
        watch.ask(DoDuty(id, "he-jun"))
    assert refused.value.code == "tasks_missing"
    watch.ask(DoDuty(id, "he-jun", {"seal": "not_ok"}, {"seal": "broken"}))
    report = watch.asked[-1]
    assert isinstance(report, ReportHazard)
    assert (report.category, report.note) == ("fire", "broken")
    watch.hazard_of(report, "hz-7")
    assert watch.case(id)["hazards"] == {"seal": "hz-7"}


def test_the_same_word_twice_changes_nothing() -> None:
    watch = Watch(a_book(a_duty()))
    watch.until(f"{DAY} 08:05")
    id = du("patrol", "0800")
    watch.ask(DoDuty(id, "he-jun"))
    before = len(watch.facts)
    assert watch.ask(DoDuty(id, "he-jun"))["state"] == "done"
    assert len(watch.facts) == before
    with pytest.raises(Refusal) as refused:
        watch.ask(DoDuty(id, "ma-chao"))
    assert refused.value.code == "closed"


def test_a_new_hub_has_missed_nothing_but_owes_what_runs() -> None:
    watch = Watch(a_book(a_duty()), at=f"{DAY} 09:00")
    assert watch.known("duty.due") == [du("patrol", "0800")]
    assert watch.known("duty.missed") == []


def test_an_hour_after_a_first_start_without_duties_is_not_forgotten() -> None:
    watch = Watch(a_book(a_duty()), at=f"{DAY} 07:00")
    watch.restart(f"{DAY} 17:10")
    assert watch.known("duty.missed") == [du("patrol", "0800"), du("patrol", "1500")]


def test_checks_of_the_register_come_first() -> None:
    from tests.edge.duties.test_register import BOX

    watch = Watch(a_book(CHECK, facilities=(BOX,)))
    watch.until(f"{DAY} 09:05")
    with pytest.raises(Refusal) as refused:
        watch.ask(DoDuty(du("check", "0900"), "he-jun", {"seal": "ok"}))
    assert refused.value.code == "unchecked"
    watch.now = type(watch.now)(watch.now.utc + MINUTE, watch.now.mono + MINUTE)
    watch.ask(CheckFacilities("he-jun", (BOX.id,)))
    watch.ask(DoDuty(du("check", "0900"), "he-jun", {"seal": "ok"}))
    assert watch.case(du("check", "0900"))["state"] == "done"
