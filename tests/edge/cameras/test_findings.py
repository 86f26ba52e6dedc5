"""What cameras find: one case an episode, tied to its alarm, ended, judged, counted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cameras import findings
from edge.cameras.findings import parsed
from edge.cameras.stills import SETS
from edge.domain.device import Signal
from edge.domain.footage import Figures, JudgeFinding
from edge.domain.instant import DAY, HOUR, MINUTE, SECOND
from edge.domain.reading import Purpose
from tests.edge.cameras.gatehouse import Gatehouse, an_alarm


@pytest.fixture
def gate() -> Gatehouse:
    return Gatehouse()


def begins(gate: Gatehouse, id: str = "a", alarm: str = "a-1", **more: object) -> list[str]:
    """A van stops: finding and alarm in one step, as the codec says them."""
    raised = an_alarm(alarm, "cm-01.left-object", "out/north", at=gate.now.utc, signal=Signal.SUPERVISORY)
    on = gate.reading("cm-01.left-object", True)
    return gate.happens(
        "alarm.raised", raised, gate.line(id, **more), gate.reading("cm-01.left-object", False), on
    )


def test_a_finding_is_one_case_of_the_alarm_of_its_kind(gate: Gatehouse) -> None:
    assert begins(gate) == ["finding.seen", "stills.asked"]
    found = gate.finding("a")
    assert (found.open, found.alarm, found.zone, found.why) == (True, "a-1", "lane", {"area": 0.04})
    assert found.max_age == 600 * SECOND
    assert gate.sets()[0].finding == found.id
    assert gate.hears(gate.line("a")) == []  # said twice
    gate.later(20 * SECOND)
    assert gate.hears(gate.line("a", "end", score=0.9)) == ["finding.ended"]
    over = gate.finding("a")
    assert (over.open, over.ended, over.aged, over.score) == (False, gate.now.utc, False, 0.9)
    assert gate.hears(gate.line("a", "end")) == []


def test_a_new_episode_at_an_open_alarm_has_pictures_of_its_own(gate: Gatehouse) -> None:
    begins(gate)
    gate.later(MINUTE)
    assert gate.hears(gate.line("b", zone="other")) == ["finding.seen", "stills.asked"]
    assert {one.finding for one in gate.sets()} == {"a" * 26, "b" * 26}
    assert gate.finding("b").alarm == "a-1"


def test_an_alarm_that_comes_later_is_that_of_what_is_open(gate: Gatehouse) -> None:
    gate.hears(gate.line("a"))
    assert gate.finding("a").alarm is None
    gate.later(5 * SECOND)
    kinds = gate.raised("a-9", "cm-01.left-object", "out/north", signal=Signal.SUPERVISORY)
    assert kinds == ["finding.alarmed", "stills.asked"]
    assert gate.finding("a").alarm == "a-9"


def test_what_no_rule_looks_at_stays_a_reading(gate: Gatehouse) -> None:
    assert (
        gate.hears(
            gate.line("a", check="motion", kind="motion"), gate.line("b", kind="person", check="object")
        )
        == []
    )
    gate.watched.add("person")
    assert gate.hears(gate.line("c", kind="person", check="object")) == ["finding.seen"]


def test_an_end_that_was_lost_is_known_by_the_state_of_the_point(gate: Gatehouse) -> None:
    gate.hears(gate.line("a"))
    gate.restart(MINUTE)
    again = gate.reading("cm-01.left-object", True)
    assert gate.hears(gate.reading("cm-01.left-object", False), again) == []  # rings anew for another zone
    assert gate.hears(gate.reading("cm-01.left-object", False)) == ["finding.ended"]


def test_one_whose_end_nobody_tells_grows_too_old(gate: Gatehouse) -> None:
    gate.hears(gate.line("a", max_age=60.0))
    assert gate.later(100 * SECOND) == []
    due = gate.cameras.next_due()
    assert due is not None
    assert due <= gate.now.mono + 20 * SECOND
    assert gate.later(20 * SECOND) == ["finding.aged"]
    assert gate.finding("a").aged


def test_aged_by_the_camera_itself(gate: Gatehouse) -> None:
    gate.hears(gate.line("a"))
    assert gate.hears(gate.line("a", "aged")) == ["finding.aged"]


def test_judgements_feed_the_figures(gate: Gatehouse) -> None:
    for id, kind in (("a", "real"), ("b", "false"), ("c", "false")):
        gate.hears(gate.line(id), gate.line(id, "end"))
        assert gate.asks(JudgeFinding(id * 26, "li", kind))["verdict"]["kind"] == kind  # type: ignore[arg-type]
    gate.hears(gate.line("d"))
    assert gate.cameras.figures("cm-01") == {"left-object": Figures(4, 1, 2)}
    gate.asks(JudgeFinding("c" * 26, "wang", "real"))  # a correction
    gate.restart(DAY)
    assert gate.cameras.figures("cm-01") == {"left-object": Figures(4, 2, 1)}
    gate.restart(40 * DAY)
    assert gate.refused(JudgeFinding("a" * 26, "li", "real")) == "not_found"
    gate.later(20 * MINUTE)  # the one that is open grows too old
    assert gate.cameras.figures("cm-01") == {}


def test_a_verdict_on_the_alarm_is_one_on_its_finding_unless_that_was_judged(gate: Gatehouse) -> None:
    begins(gate)
    assert gate.judged("a-1", "false") == ["finding.judged"]
    assert gate.judged("a-1", "real") == []
    assert gate.cameras.figures("cm-01")["left-object"] == Figures(1, 0, 1)


def test_the_hazard_that_came_of_it_is_linked(gate: Gatehouse) -> None:
    begins(gate)
    body = {"id": "hz-1", "sources": [{"kind": "camera", "id": "a-1"}]}
    assert gate.hazard(body) == ["finding.linked"]
    assert gate.finding("a").hazard == "hz-1"
    assert gate.hazard(body) == []
    assert gate.hazard({"id": "hz-2", "sources": [{"kind": "alarm", "id": "a-1"}]}) == []


def test_drills_are_marked_and_counted_nowhere(gate: Gatehouse) -> None:
    said = gate.line("a")
    said.purpose = Purpose.DRILL
    gate.hears(said)
    assert gate.finding("a").purpose == "drill"
    assert gate.cameras.figures("cm-01") == {}


GOOD = json.loads(str(Gatehouse().line("a").value))


@given(
    st.one_of(
        st.text(),
        st.sampled_from(sorted(GOOD)).flatmap(
            lambda key: st.one_of(
                st.none(), st.booleans(), st.floats(), st.integers(), st.text(), st.lists(st.floats())
            ).map(lambda value: json.dumps(GOOD | {key: value}))
        ),
        st.recursive(st.none() | st.integers(), st.lists).map(json.dumps),
    )
)
def test_bad_text_is_counted_and_never_raises(value: str) -> None:
    gate = Gatehouse()
    gate.hears(gate.reading("cm-01.finding", value))
    said = parsed(value)
    assert gate.cameras.unread == (said is None)
    for fact in gate.facts:
        json.dumps(fact.body, allow_nan=False)


def test_numbers_that_are_none_are_refused() -> None:
    for bad in (
        {"score": 10**400},
        {"t": -1},
        {"id": "A"},
        {"box": [1, 2, 3]},
        {"why": {"x": "y"}},
        {"t": True},
    ):
        assert parsed(json.dumps(GOOD | bad)) is None
    assert parsed("[" * 100_000) is None
    assert parsed(None) is None


def test_a_camera_cannot_flood_with_open_ones(gate: Gatehouse) -> None:
    for number in range(100):
        gate.hears(gate.line(f"{number:026x}"))
    assert len(gate.cameras.open_findings("cm-01")) == 32
    assert gate.cameras.unread == 68


def test_what_is_forgotten_counts_no_more_and_leaves_its_alarm_the_others(
    gate: Gatehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins(gate)
    gate.hears(gate.line("b"))
    gate.hears(gate.line("a", "end"))
    assert gate.finding("b").alarm == "a-1"
    monkeypatch.setattr(findings, "MOST_KNOWN", 1)
    gate.later(MINUTE)
    assert gate.refused(JudgeFinding("a" * 26, "li", "real")) == "not_found"
    assert gate.cameras.figures("cm-01") == {"left-object": Figures(1, 0, 0)}
    assert gate.judged("a-1", "real") == ["finding.judged"]
    assert gate.finding("b").verdict is not None


def test_memory_has_an_end_also_while_the_clock_cannot_be_believed(
    gate: Gatehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "MOST_KNOWN", 3)
    gate.restart(trusted=False)
    for id in "abcde":
        gate.hears(gate.line(id), gate.line(id, "end"))
    gate.later(MINUTE)
    assert [gate.refused(JudgeFinding(id * 26, "li", "real")) for id in "bc"] == ["not_found", ""]


def test_what_goes_on_is_known_at_the_start_and_drills_and_ends_are_not(gate: Gatehouse) -> None:
    gate.hears(gate.line("a"), gate.line("b", zone="other"))
    gate.hears(gate.line("b", "end"))
    unfinished = gate.cameras.unfinished()
    assert {device: [one.id[0] for one in found] for device, found in unfinished.items() if found} == {
        "cm-01": ["a"]
    }


def test_what_stood_there_for_a_while_is_shown_without_it(gate: Gatehouse) -> None:
    begins(gate, why={"seconds": 61.0, "area": 0.04})
    at = gate.now.utc
    wanted = {one.which: one.wanted - at for one in gate.captures()}
    assert wanted == {"before": -66 * SECOND, "at": 0, "after": 5 * SECOND}
    other = Gatehouse()
    begins(other, why={"seconds": 900.0, "area": 0.04})
    assert (
        min(one.wanted for one in other.captures()) == other.now.utc - 80 * SECOND
    )  # what its ring still has


def test_a_check_that_comes_and_goes_keeps_no_pictures_without_end(gate: Gatehouse) -> None:
    begins(gate)
    for number in range(10, 60):
        gate.later(10 * SECOND)
        gate.hears(gate.line(str(number)))
        gate.hears(gate.line(str(number), "end"))
    assert len(gate.sets()) == SETS
    assert sum(kind == "finding" for kind, _ in gate.rows) == 51  # each is on record all the same
    gate.later(HOUR)
    assert gate.hears(gate.line("70")) == ["finding.seen", "stills.asked"]
