"""Who has not been heard for too long is out of contact, and nobody else."""

from __future__ import annotations

from edge.alarm.supervision import Supervision
from edge.domain.device import Point
from edge.domain.instant import DAY, SECOND, Instant
from edge.domain.reading import Arrival, Reading
from tests.edge.alarm.stage import BOOT, START, Stage, points


def at(second: float, *, civil: float = 0.0) -> Instant:
    return Instant(START + round((second + civil) * SECOND), BOOT + round(second * SECOND))


def said(readings: list[Reading]) -> list[tuple[str, bool]]:
    return [(reading.point.id, reading.value is True) for reading in readings]


def one(expect: float = 60.0) -> Supervision:
    return Supervision(points("sm-1", expect=expect).values(), at(0))


def test_out_of_contact_when_its_time_has_passed_and_back_when_heard() -> None:
    supervision = one()
    assert supervision.online("sm-1") is None
    supervision.heard("sm-1", at(10))
    assert supervision.online("sm-1") is True
    assert supervision.heard_at("sm-1") == at(10).utc
    assert said(supervision.due(at(10))) == [("sm-1.link", False)]
    assert said(supervision.due(at(69.999))) == []
    assert said(supervision.due(at(70))) == [("sm-1.link", True)]
    assert supervision.online("sm-1") is False
    assert said(supervision.due(at(71))) == []
    supervision.heard("sm-1", at(80))
    assert said(supervision.due(at(80))) == [("sm-1.link", False)]
    assert said(supervision.due(at(139.999))) == []
    assert said(supervision.due(at(140))) == [("sm-1.link", True)]


def test_time_counts_from_the_start() -> None:
    supervision = one()
    assert said(supervision.due(at(59))) == []
    assert said(supervision.due(at(60))) == [("sm-1.link", True)]


def test_readings_stand_at_the_moment_they_are_made() -> None:
    (reading,) = one().due(at(61))
    assert (reading.time, reading.received, reading.arrival) == (at(61).utc, at(61).utc, Arrival.LIVE)


def test_a_word_about_the_link_acts_at_once() -> None:
    supervision = one()
    supervision.heard("sm-1", at(1), link=True)
    supervision.heard("sm-1", at(2), link=False)
    assert said(supervision.due(at(2))) == [("sm-1.link", False), ("sm-1.link", True)]
    assert supervision.heard_at("sm-1") == at(1).utc
    supervision.heard("sm-1", at(3), link=False)
    assert said(supervision.due(at(3))) == []
    supervision.heard("sm-1", at(4))
    assert said(supervision.due(at(4))) == [("sm-1.link", False)]


def test_a_device_that_never_speaks_by_itself_is_not_supervised_by_time() -> None:
    supervision = one(expect=0)
    supervision.heard("sm-1", at(0))
    supervision.due(at(0))
    assert said(supervision.due(at(1_000_000))) == []
    assert supervision.online("sm-1") is True
    supervision.heard("sm-1", at(5), link=False)
    assert said(supervision.due(at(5))) == [("sm-1.link", True)]


def test_what_is_retained_or_past_touches_nothing() -> None:
    supervision = one()
    for arrival in (Arrival.RETAINED, Arrival.HISTORY):
        supervision.heard("sm-1", at(30), arrival=arrival)
        supervision.heard("sm-1", at(30), link=False, arrival=arrival)
    assert supervision.online("sm-1") is None
    assert said(supervision.due(at(60))) == [("sm-1.link", True)]


def test_a_step_of_the_civil_clock_accuses_nobody() -> None:
    supervision = one()
    supervision.heard("sm-1", at(10))
    supervision.due(at(10))
    assert said(supervision.due(at(60, civil=10**6))) == []
    assert said(supervision.due(at(70, civil=-(10**6)))) == [("sm-1.link", True)]


def test_it_is_said_again_once_a_day() -> None:
    supervision = one()
    assert said(supervision.due(at(60))) == [("sm-1.link", True)]
    later = Instant(at(60).utc + DAY, at(60).mono + DAY)
    assert said(supervision.due(Instant(later.utc, later.mono - 1))) == []
    assert said(supervision.due(later)) == [("sm-1.link", True)]


def test_after_a_restart_an_open_no_contact_alarm_stays_until_the_device_is_heard() -> None:
    stage = Stage(points_=points("sm-1", "sm-2", expect=60))
    first = Supervision(stage.points.values(), stage.now)
    stage.mono += 61 * SECOND
    first.heard("sm-2", stage.now)
    stage.step(*first.due(stage.now))
    assert [row.device for row in stage.rows.values()] == ["sm-1"]

    stage.restart(away=3600)
    second = Supervision(stage.points.values(), stage.now)
    second.restore(stage.engine.open().values(), {"sm-2": START, "gone": START}, stage.now)
    assert (second.online("sm-1"), second.online("sm-2")) == (False, True)
    assert second.heard_at("sm-2") == START
    stage.mono += 30 * SECOND
    assert not stage.step(*second.due(stage.now)).facts
    second.heard("sm-1", stage.now)
    facts = stage.step(*second.due(stage.now)).facts
    assert [fact.kind for fact in facts] == ["alarm.returned", "alarm.closed"]
    stage.mono += 30 * SECOND
    assert [row.device for row in stage.step(*second.due(stage.now)).alarms] == ["sm-2"]


def test_adopted_devices_join_and_strangers_are_passed_over() -> None:
    supervision = Supervision((), at(0))
    supervision.heard("sm-1", at(1))
    assert supervision.online("sm-1") is None
    assert supervision.heard_at("sm-1") is None
    supervision.add(points("sm-1", expect=60).values(), at(100))
    assert said(supervision.due(at(159))) == []
    assert said(supervision.due(at(160))) == [("sm-1.link", True)]


def test_two_thousand_devices_cost_a_message_next_to_nothing() -> None:
    many: list[Point] = [
        p for p in points(*(f"d-{n}" for n in range(2000)), expect=60).values() if p.id.endswith("link")
    ]
    supervision = Supervision(many, at(0))
    for second in range(59):
        for n in range(0, 2000, 2):
            supervision.heard(f"d-{n}", at(second))
        supervision.due(at(second))
    silent = said(supervision.due(at(60)))
    assert len(silent) == 1000
    assert len(supervision._timers._heap) <= 3000
