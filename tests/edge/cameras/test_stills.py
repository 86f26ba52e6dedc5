"""Pictures of alarms: asked for once, kept as long as something needs them, erased with proof."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.cameras.stills import FILMS
from edge.cameras.tenant import ASKED, GATHER
from edge.domain.conclusion import Captured, Erased
from edge.domain.device import Signal
from edge.domain.footage import RING, KeepClip
from edge.domain.instant import DAY, MINUTE, SECOND
from edge.domain.names import Text
from edge.domain.reading import Purpose
from tests.edge.cameras.gatehouse import Gatehouse, an_alarm


@pytest.fixture
def gate() -> Gatehouse:
    return Gatehouse()


def test_a_fire_asks_the_cameras_that_see_its_place_for_three_moments(gate: Gatehouse) -> None:
    assert gate.raised() == ["stills.asked"]
    at = gate.now.utc
    assert [(c.device, c.wanted - at, c.which) for c in gate.captures()] == [
        ("cm-02", -5 * SECOND, "before"), ("cm-02", 0, "at"), ("cm-02", 5 * SECOND, "after"),
    ]  # fmt: skip
    (one,) = gate.sets()
    assert (one.alarm, one.kept_until) == ("a-1", at + 30 * DAY)
    assert gate.deliver() == ["stills.kept"]  # what comes back at once is one fact
    assert [shot.moment for shot in gate.sets()[0].pictures if shot.kept] == ["before", "at", "after"]


def test_gas_too_and_the_linkage_zone_around_it(gate: Gatehouse) -> None:
    assert gate.raised("a-1", zone="out/charging", signal=Signal.GAS) == ["stills.asked"]
    assert gate.captures()[0].device == "cm-02"
    assert gate.raised("a-2", zone="b9/s1") == []
    assert gate.raised("a-3", zone="out", signal=Signal.GAS) == ["stills.asked"] * 2  # what lies within
    assert gate.raised("a-4", signal=Signal.PROCESS) == []
    assert gate.raised("a-5", purpose=Purpose.TEST) == []


def test_a_drill_is_marked(gate: Gatehouse) -> None:
    gate.raised(purpose=Purpose.DRILL)
    assert gate.sets()[0].purpose == "drill"


def test_a_camera_that_loses_its_stream_gives_what_it_saw_before(gate: Gatehouse) -> None:
    gate.raised("a-1", "cm-01.lost", "out/north", signal=Signal.FAULT)
    assert [shot.moment for shot in gate.sets()[0].pictures] == ["before"]


def test_what_had_not_come_back_is_asked_for_again_after_a_restart(gate: Gatehouse) -> None:
    gate.raised()
    first, second, third = gate.captures()
    gate.told(Captured(first.stills, first.shot, first.wanted, "ab", 640, 360, 10))
    gate.restart(2 * SECOND)
    assert gate.captures() == [second, third]
    lost = Text("没有", "none")
    assert gate.told(Captured(second.stills, second.shot, error=lost)) == ["stills.missing"]
    assert gate.told(Captured(second.stills, second.shot, error=lost)) == []
    gate.restart()
    assert gate.captures() == [third]


def test_an_alarm_does_not_wait_for_its_pictures_and_a_kill_between_loses_none(gate: Gatehouse) -> None:
    alarm = an_alarm(at=gate.now.utc)
    assert gate.happens("alarm.raised", alarm, follow=False) == []
    gate.alarms["a-0"] = an_alarm(
        "a-0", at=gate.now.utc - 2 * RING
    )  # the ring holds nothing of that any more
    gate.restart(SECOND)
    assert [(one.device, one.which) for one in gate.captures()] == [
        ("cm-02", "before"), ("cm-02", "at"), ("cm-02", "after"),
    ]  # fmt: skip
    assert [one.alarm for one in gate.sets()] == ["a-1"]


def test_alarms_of_a_moment_ask_together_a_few_in_a_step_and_never_in_that_of_an_alarm(
    gate: Gatehouse,
) -> None:
    names = [f"a-{number:02}" for number in range(ASKED + 2)]
    for number, name in enumerate(names):  # too far apart to share their pictures
        alarm = an_alarm(name, at=gate.now.utc - number * GATHER)
        assert gate.happens("alarm.raised", alarm, follow=False) == []
    assert gate.later(GATHER - 1) == []
    gate.later(0)
    gate.now = replace(gate.now, mono=gate.now.mono + 1)
    last = an_alarm("a-99", at=gate.now.utc + GATHER)
    assert gate.happens("alarm.raised", last, follow=False) == []
    assert gate.later(0) == ["stills.asked"] * ASKED
    assert gate.cameras.next_due() in range(gate.now.mono + 1)
    assert gate.later(0) == ["stills.asked"] * 3
    assert sorted(str(one.alarm) for one in gate.sets()) == [*names, "a-99"]


def test_alarms_of_a_moment_share_what_the_same_cameras_show(gate: Gatehouse) -> None:
    at = gate.now.utc
    for name, after, zone, purpose in (
        ("a-1", 0, "out/eb", Purpose.LIVE),
        ("a-2", GATHER - 1, "out/eb", Purpose.LIVE),
        ("a-3", 1, "out/eb", Purpose.DRILL),
        ("a-4", 1, "b9/s1", Purpose.LIVE),
        ("a-5", GATHER, "out/eb", Purpose.LIVE),
    ):
        alarm = an_alarm(name, zone=zone, at=at + after, purpose=purpose)
        assert gate.happens("alarm.raised", alarm, follow=False) == []
    assert gate.later(GATHER) == ["stills.asked"] * 3
    assert [one.alarms for one in gate.sets()] == [("a-1", "a-2"), ("a-3",), ("a-5",)]
    gate.deliver()
    assert [one.id for one in gate.cameras.sets_of("a-2")] == [gate.sets()[0].id]
    film = gate.asks(KeepClip("li", alarm="a-2"))
    assert [one.id for one in gate.cameras.sets_of("a-1")][1:] == [film["id"]]
    gate.deliver()
    gate.restart()  # asks for none of them again
    assert [one.alarms for one in gate.sets()] == [("a-1", "a-2"), ("a-3",), ("a-5",), ("a-1", "a-2")]
    gate.closed("a-1")  # and what the other needs stays
    gate.closed("a-3")
    gate.closed("a-5")
    gate.later(30 * DAY)
    assert {erase.stills for erase in gate.erases()} == {one.id for one in gate.sets()[1:3]}
    gate.deliver()
    gate.closed("a-2")
    gate.later(MINUTE)
    gate.deliver()
    assert gate.cameras.sets_of("a-1") == gate.cameras.sets_of("a-2") == []


def test_alarm_after_alarm_does_not_keep_pictures_from_being_asked_for(gate: Gatehouse) -> None:
    gate.happens("alarm.raised", an_alarm(at=gate.now.utc), follow=False)
    gate.later(GATHER - 1)
    gate.now = replace(gate.now, mono=gate.now.mono + 1 + GATHER)
    assert gate.happens("alarm.raised", an_alarm("a-2", at=gate.now.utc), follow=False) == ["stills.asked"]


def test_what_came_and_what_did_not_are_a_fact_each_with_all_that_is_known(gate: Gatehouse) -> None:
    gate.raised()
    before, at, after = gate.captures()
    lost = Text("没有", "none")
    told = gate.told(
        Captured(before.stills, before.shot, before.wanted, "ab", 640, 360, 10),
        Captured(at.stills, at.shot, error=lost),
        Captured(after.stills, after.shot, after.wanted, "cd", 640, 360, 10),
    )
    assert told == ["stills.kept", "stills.missing"]
    assert [(one.kept, one.missing) for one in gate.sets()[0].pictures] == [
        (True, None), (False, lost), (True, None),
    ]  # fmt: skip


def test_pictures_go_after_thirty_days_and_the_fact_says_so_when_they_are_gone(gate: Gatehouse) -> None:
    gate.raised()
    gate.deliver()
    gate.closed("a-1")
    gate.later(30 * DAY - MINUTE)
    assert not gate.erases()
    gate.later(MINUTE)
    (erase,) = gate.erases()
    assert erase.shots == tuple(shot.id for shot in gate.sets()[0].pictures)
    gate.later(MINUTE)
    assert len(gate.erases()) == 1  # under way
    assert gate.told(Erased(erase.stills, "busy")) == []
    gate.later(MINUTE)
    assert len(gate.erases()) == 2
    assert gate.deliver() == ["stills.erased"]
    (one,) = gate.sets()
    assert one.erased_at == gate.now.utc
    assert not one.open
    assert all(shot.sha256 for shot in one.pictures)
    assert gate.cameras.sets_of("a-1") == []


def test_an_erasing_that_a_kill_interrupted_is_done_again(gate: Gatehouse) -> None:
    gate.raised()
    gate.deliver()
    gate.closed("a-1")
    gate.later(31 * DAY)
    assert len(gate.erases()) == 1
    gate.restart()
    assert gate.deliver() == ["stills.erased"]


def test_an_open_alarm_keeps_its_pictures(gate: Gatehouse) -> None:
    gate.raised()
    gate.deliver()
    gate.later(90 * DAY)
    assert not gate.erases()
    gate.closed("a-1")
    gate.later(MINUTE)
    assert len(gate.erases()) == 1


def test_a_clock_nobody_believes_erases_nothing_and_counts_from_when_it_is_set(gate: Gatehouse) -> None:
    gate.now = replace(gate.now, utc=0, trusted=False)
    gate.raised()
    assert gate.sets()[0].kept_until is None
    gate.deliver()
    gate.closed("a-1")
    gate.later(90 * DAY)
    assert not gate.erases()
    gate.now = replace(gate.now, utc=1_790_000_000 * SECOND, trusted=True)
    assert gate.later(MINUTE) == ["stills.dated"]
    assert gate.sets()[0].kept_until == gate.now.utc + 30 * DAY


def test_a_clock_that_leapt_says_nothing_about_how_long_pictures_are_kept(gate: Gatehouse) -> None:
    gate.leapt = True
    gate.raised()
    assert gate.sets()[0].kept_until is None
    gate.leapt = False
    assert "stills.dated" in gate.later(MINUTE)
    assert gate.sets()[0].kept_until == gate.now.utc + 30 * DAY


def test_a_full_disk_takes_the_oldest_free_ones_first(gate: Gatehouse) -> None:
    for number in range(15):
        gate.raised(f"a-{number}")
        gate.later(MINUTE)
    gate.deliver()
    for number in range(1, 15):
        gate.closed(f"a-{number}")
    gate.full = True
    gate.later(MINUTE)
    asked = [gate.rows["stills", erase.stills]["alarm"] for erase in gate.erases()]
    assert asked == [f"a-{number}" for number in range(1, 11)]


def test_a_film_of_what_the_ring_still_holds(gate: Gatehouse) -> None:
    gate.raised()
    gate.effects = []
    gate.later(10 * SECOND)
    made = gate.asks(KeepClip("li", alarm="a-1"))
    (order,) = gate.captures()
    assert (order.start, order.wanted) == (gate.now.utc - 40 * SECOND, gate.now.utc)
    assert made["by"] == "li"
    assert made["pictures"][0]["moment"] == "clip"
    gate.later(5 * MINUTE)
    assert gate.refused(KeepClip("li", alarm="a-1")) == "too_late"
    assert gate.refused(KeepClip("li", alarm="a-7")) == "not_found"
    assert gate.refused(KeepClip("li", camera="cm-9")) == "not_found"
    assert gate.asks(KeepClip("li", camera="cm-01"))["device"] == "cm-01"
    gate.hears(gate.line("a"))
    assert gate.asks(KeepClip("li", finding="a" * 26))
    assert gate.refused(KeepClip("li")) == "not_found"


def test_a_film_that_comes_too_late_for_one_camera_leaves_none_of_another(gate: Gatehouse) -> None:
    gate.hears(gate.line("a"))
    gate.raised("a-1", "cm-01.left-object", "out/north", rule="left", signal=Signal.SUPERVISORY)
    first = gate.sets()[0]
    gate.later(3 * MINUTE)
    again = replace(first, id="st-9-9", device="cm-02", opened_at=gate.now.utc)  # of another camera, just now
    gate.rows["stills", again.id] = again.to_dict()
    gate.restart()
    before = len(gate.facts)
    assert gate.refused(KeepClip("li", alarm="a-1")) == "too_late"
    assert len(gate.facts) == before
    assert [one for one in gate.cameras.sets_of("a-1") if one.by is not None] == []


def test_films_of_a_camera_are_counted_by_the_hour(gate: Gatehouse) -> None:
    gate.raised()
    for _ in range(FILMS):
        gate.asks(KeepClip("li", camera="cm-02"))
    assert gate.refused(KeepClip("wang", camera="cm-02")) == "too_many"
    assert gate.asks(KeepClip("li", camera="cm-01"))
    assert gate.asks(KeepClip("li", alarm="a-1"))["device"] == "cm-02"  # they do not use up those of an alarm
    gate.later(61 * MINUTE)
    assert gate.asks(KeepClip("li", camera="cm-02"))


def test_a_full_disk_takes_films_that_people_wished_for_first(gate: Gatehouse) -> None:
    for number in range(8):
        gate.raised(f"a-{number}")
        gate.later(MINUTE)
    wished = [gate.asks(KeepClip("li", camera="cm-02"))["id"] for _ in range(5)]
    gate.deliver()
    for number in range(8):
        gate.closed(f"a-{number}")
    gate.full = True
    gate.later(MINUTE)
    asked = [erase.stills for erase in gate.erases()]
    assert asked[:5] == wished
    assert [gate.rows["stills", id]["alarm"] for id in asked[5:]] == [f"a-{number}" for number in range(5)]


def test_words_of_what_is_missing_are_kept(gate: Gatehouse) -> None:
    gate.raised()
    gate.told(
        *(Captured(c.stills, c.shot, error=Text("摄像机没有画面", "no picture")) for c in gate.captures())
    )
    assert {shot.missing for shot in gate.sets()[0].pictures} == {Text("摄像机没有画面", "no picture")}
