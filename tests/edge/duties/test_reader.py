"""A guard-tour reader's file: taken, set aside with line and reason, or refused as a whole; never an exception else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.occurrence import UploadReader
from edge.domain.request import Refusal
from edge.duties import reader
from tests.edge.duties.desk import ROUND, Watch, a_book, a_duty

FILE = """时间,点位,人员
2026-03-02 22:10:00,TAG-1,何军
2026/03/02 22:15,TAG-2,何军
2026-03-02T14:20:00Z,tag-3,he-jun
"""


def watch() -> Watch:
    made = Watch(a_book(ROUND))
    made.until("2026-03-03 06:00")
    return made


def test_a_file_closes_the_round_with_its_own_times() -> None:
    desk = watch()
    told = desk.ask(UploadReader("li", FILE))
    assert (told["new"], told["known"], told["aside"]) == (3, 0, [])
    case = desk.case("du-round-202603022200")
    assert (case["state"], case["late"], case["reached"], case["done_by"]) == ("done", True, "B", "he-jun")
    assert case["done_at"] == desk.at("2026-03-02 22:20")


def test_the_same_file_twice_changes_nothing() -> None:
    desk = watch()
    desk.ask(UploadReader("li", FILE))
    before = len(desk.facts)
    told = desk.ask(UploadReader("li", FILE))
    assert (told["new"], told["known"]) == (0, 3)
    assert len(desk.facts) == before


def test_wrong_rows_are_set_aside_with_line_and_reason() -> None:
    lines = [
        "time;checkpoint", "2026-03-02 22:10;TAG-1", "yesterday;TAG-1", "2026-03-02 22:12", "2026-03-02 22:12;TAG-9",
        "2026-03-04 22:12;TAG-1", "2024-03-02 22:12;TAG-1", "2026-03-02 12:00;TAG-2", "",
    ]  # fmt: skip
    told = watch().ask(UploadReader("li", "\r\n".join(lines)))
    assert [(a["line"], a["reason"]) for a in told["aside"]] == [
        (3, "time"), (4, "columns"), (5, "code"), (6, "future"), (7, "old"), (8, "no_round"),
    ]  # fmt: skip
    assert told["new"] == 1


def test_two_months_of_rounds_are_taken_in_one_file() -> None:
    desk = Watch(a_book(ROUND), at="2026-01-05 07:00")
    lines = ["time,checkpoint"]
    desk.until("2026-03-03 06:00")
    for id in desk.known("duty.due"):
        date = f"{id[-12:-8]}-{id[-8:-6]}-{id[-6:-4]}"
        lines += [f"{date} 22:0{n},TAG-{n}" for n in (1, 2, 3)]
    told = desk.ask(UploadReader("chen", "\n".join(lines)))
    assert told["new"] == 3 * len(desk.known("duty.due"))
    assert {row["state"] for (kind, _), row in desk.rows.items() if kind == "duty"} == {"done"}


def test_after_a_day_only_a_manager_says_that_it_was_in_time() -> None:
    desk = watch()
    desk.until("2026-03-05 06:00")
    desk.ask(UploadReader("li", FILE))
    case = desk.case("du-round-202603022200")
    assert (case["state"], case["reached"], case["done_at"]) == ("made_up", "B", desk.at("2026-03-02 22:20"))


@pytest.mark.parametrize(("by", "grade"), [("li", "B"), ("he-jun", "C")])
def test_a_file_proves_nothing_for_who_hands_it_in(by: str, grade: str) -> None:
    desk = watch()
    desk.ask(UploadReader(by, FILE))
    assert desk.case("du-round-202603022200")["reached"] == grade


def test_a_person_nobody_knows_is_set_aside() -> None:
    told = watch().ask(UploadReader("li", FILE.replace("TAG-1,何军", "TAG-1,何君")))
    assert told["new"] == 2
    assert [(a["line"], a["reason"], "何君" in a["text"]) for a in told["aside"]] == [(2, "person", True)]


@pytest.mark.parametrize("text", ["\n".join(line.rpartition(",")[0] for line in FILE.splitlines())])
def test_a_line_that_names_nobody_is_nobodys(text: str) -> None:
    desk = watch()
    (walk,) = desk.ask(UploadReader("li", text))["rounds"]
    assert walk["by"] is None
    assert {(stop["by"], stop["how"]) for stop in walk["stops"]} == {(None, "said")}
    case = desk.case("du-round-202603022200")
    assert (case["done_by"], case["reached"]) == (None, "C")
    desk.restart()
    desk.ask(UploadReader("li", FILE))
    again = desk.rows["round", walk["id"]]
    assert {(stop["by"], stop["how"]) for stop in again["stops"]} == {("he-jun", "reader")}


def test_told_within_a_day_the_miss_is_taken_back() -> None:
    desk = watch()
    assert desk.case("du-round-202603022200")["missed_at"]
    desk.ask(UploadReader("li", FILE))
    case = desk.case("du-round-202603022200")
    assert (case["state"], case["late"], case["missed_at"], case["reason"]) == ("done", True, None, None)


def test_the_ids_of_checkpoints_are_no_codes() -> None:
    told = watch().ask(UploadReader("li", FILE.replace("TAG-", "cp-")))
    assert [(a["line"], a["reason"]) for a in told["aside"]] == [(2, "code"), (3, "code")]


def test_a_read_that_two_rounds_could_claim_waits_for_a_word() -> None:
    other = a_duty("fire", times=ROUND.times, route="night")
    desk = Watch(a_book(ROUND, other))
    desk.until("2026-03-03 06:00")
    assert {a["reason"] for a in desk.ask(UploadReader("li", FILE))["aside"]} == {"several"}
    assert desk.ask(UploadReader("li", FILE, "fire"))["new"] == 3
    assert desk.case("du-round-202603022200")["state"] == "missed"


@pytest.mark.parametrize("text", ["", "\n\n", "a,b\n1,2\n", "时间\n2026"])
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        watch().ask(UploadReader("li", text))
    assert refused.value.code == "bad_file"


@given(st.text(max_size=200))
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    rows, asides = reader.read("time,checkpoint\n" + text, _utc)
    assert all(row.code for row in rows)
    assert {aside.reason for aside in asides} <= {"time", "columns"}


@given(st.text(max_size=60))
def test_no_time_raises(text: str) -> None:
    reader.moment(text, _utc)


def _utc(wall: datetime) -> int:
    return round(wall.replace(tzinfo=UTC).timestamp() * 1e6)
