"""What the stories do not show: fields of the row, restarts, orphans, closed alarms, commands on nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.alarm.engine import AlarmEngine
from edge.domain.alarm import Alarm, AlarmState, VerdictKind
from edge.domain.device import Signal
from edge.domain.fact import Numbering
from edge.domain.instant import HOUR, SECOND
from edge.domain.lifecycle import STUCK, UNCONFIRMED
from edge.domain.reading import Quality, Reading
from edge.domain.request import Acknowledge, Comment, Judge, Refusal, Reset, Shelve
from edge.domain.rule import Priority, Selector
from tests.edge.alarm.stage import BOOT, RULES, START, Stage, level, points, rule


def test_the_row_of_a_new_alarm() -> None:
    stage = Stage()
    reading = stage.reading("gas", 9.0)
    reading.time -= 3 * SECOND
    reading.received -= 2000
    alarm = stage.step(reading).alarms[0]
    assert alarm.id == "al-3-101"
    assert (alarm.key, alarm.rule, alarm.device, alarm.point) == ("gas@sm-1.gas", "gas", "sm-1", "sm-1.gas")
    assert (alarm.zone, alarm.place.zh) == ("b3/s1/3f/302", "3号楼1单元 3层 302 过道")
    assert (alarm.value, alarm.limit, alarm.unit) == (9.0, 8.0, "%LEL")
    assert (alarm.level, alarm.priority, alarm.title.en) == (0, Priority.HIGH, "low")
    assert (alarm.raised_at, alarm.received_at, alarm.last_report_at) == (START, START - 2000, START - 2000)
    assert alarm.source_time == START - 3 * SECOND
    assert alarm.reports == 1
    assert alarm.hold is None


def test_a_report_without_a_time_of_its_own_has_no_source_time() -> None:
    assert Stage().say("smoke", True).alarms[0].source_time is None


def test_a_risen_alarm_takes_over_the_words_of_its_level() -> None:
    stage = Stage()
    low = stage.say("gas", 9.0).alarms[0]
    stage.mono += SECOND
    high = stage.say("gas", 23.0).alarms[0]
    assert high.id == low.id
    assert (high.level, high.priority, high.title.en, high.limit) == (1, Priority.URGENT, "high", 20.0)
    assert high.response.en == "what to do at high"
    assert (high.value, high.reports, high.annunciated_at) == (23.0, 2, START + SECOND)
    assert high.raised_at == low.raised_at


def test_tests_and_drills_have_keys_of_their_own() -> None:
    stage = Stage()
    keys = [
        stage.happen(f"smoke=on{flag}") and stage.rows[next(reversed(stage.rows))].key
        for flag in ("", "/test", "/drill")
    ]
    assert keys == ["smoke@sm-1.smoke", "smoke@sm-1.smoke#test", "smoke@sm-1.smoke#drill"]


def test_changed_rows_are_given_once_as_they_stand() -> None:
    stage = Stage()
    outcome = stage.step(*(stage.spoken(word) for word in ("smoke=on", "smoke=off", "smoke=on", "head=on")))
    assert [fact.kind for fact in outcome.facts] == [
        "alarm.raised",
        "alarm.returned",
        "alarm.reannunciated",
        "alarm.raised",
    ]
    assert [alarm.rule for alarm in outcome.alarms] == ["smoke", "head"]
    assert outcome.alarms[0].reports == 2


def test_the_answer_to_a_command_stands_last() -> None:
    stage = Stage()
    stage.play(
        """
        0     | smoke=on          | smoke raised unacknowledged !
        86400 | smoke=off         | smoke returned latched_unacknowledged, smoke stuck latched_unacknowledged, """
        """stuck raised unacknowledged !
        86401 | li: ack smoke     | smoke acked latched
    """
    )
    outcome = stage.act(Reset(stage.newest("smoke").id, "li"))
    assert outcome.alarms[-1].rule == "smoke"
    assert {alarm.rule for alarm in outcome.alarms} == {"smoke", STUCK}


def test_an_idle_step_makes_nothing() -> None:
    stage = Stage()
    outcome = stage.step()
    assert (outcome.facts, outcome.alarms, outcome.annunciated) == ([], [], False)
    assert stage.engine.next_due() is None


def test_points_without_rules_are_passed_over() -> None:
    stage = Stage()
    assert not stage.say("plain", 5.0).facts
    assert not stage.step(Reading(points("other")["smoke"], True, START, START)).facts


def test_commands_on_an_unknown_alarm() -> None:
    with pytest.raises(Refusal) as refused:
        Stage().act(Acknowledge("al-1-1", "li"))
    assert refused.value.code == "not_found"


def test_a_refusal_uses_no_number_and_changes_nothing() -> None:
    stage = Stage()
    alarm = stage.say("smoke", True).alarms[0]
    last = stage.numbering.last
    for command in (Reset(alarm.id, "li"), Shelve(alarm.id, "li", stage.now.utc + HOUR, "why")):
        with pytest.raises(Refusal):
            stage.act(command)
    assert stage.numbering.last == last
    assert stage.engine.open() == {alarm.id: alarm}


def test_a_forced_end_keeps_what_was_forced() -> None:
    stage = Stage()
    alarm = stage.say("smoke", True).alarms[0]
    after = stage.act(Reset(alarm.id, "li", force=True, reason="sensor soaked", second="wang")).alarms[0]
    assert (after.state, after.active, after.acked, after.forced) == (AlarmState.NORMAL, True, False, True)
    assert after.closed_by == "li"
    assert stage.journal[-1].note == "sensor soaked"


def test_one_person_alone_forces_no_end_of_a_fire() -> None:
    stage = Stage()
    alarm = stage.say("smoke", True).alarms[0]
    for second, code in ((None, "second_person"), ("li", "same_person")):
        with pytest.raises(Refusal) as refused:
            stage.act(Reset(alarm.id, "li", force=True, reason="x", second=second))
        assert refused.value.code == code
    closed = stage.act(Reset(alarm.id, "li", force=True, reason="x", second="wang")).alarms[0]
    assert (closed.closed_by, closed.closed_second, closed.forced) == ("li", "wang", True)


def test_force_where_none_was_needed_is_not_forced() -> None:
    stage = Stage()
    stage.play("""
        0   | smoke=on            | smoke raised unacknowledged !
        1   | smoke=off           | smoke returned latched_unacknowledged
        2   | li: ack smoke       | smoke acked latched
        3   | li: force smoke to be sure | smoke reset normal
    """)
    assert stage.newest("smoke").forced is False


@pytest.mark.parametrize(
    ("kind", "kept"), [("real", "real"), ("false", None), ("fault", None), ("test", None)]
)
def test_that_it_was_nothing_does_not_hold_what_it_reports_next(kind: VerdictKind, kept: str | None) -> None:
    stage = Stage()
    alarm = stage.say("smoke", True).alarms[0]
    stage.act(Judge(alarm.id, "li", kind, "cooking"))
    stage.mono += SECOND
    assert stage.say("smoke", False).alarms[0].verdict is not None
    again = stage.say("smoke", True).alarms[0]
    assert again.id == alarm.id
    assert (None if again.verdict is None else again.verdict.kind) == kept


def test_verdict_and_comment_on_a_closed_alarm() -> None:
    stage = Stage()
    alarm = stage.say("smoke", True).alarms[0]
    closed = stage.act(Reset(alarm.id, "li", force=True, reason="x", second="wang")).alarms[0]
    stage.mono += SECOND
    judged = stage.keep(
        stage.engine.amend(closed, Judge(alarm.id, "li", "false", "steam"), stage.now)
    ).alarms[0]
    assert judged.verdict is not None
    assert (judged.verdict.kind, judged.verdict.cause, judged.verdict.at) == (
        "false",
        "steam",
        START + SECOND,
    )
    assert judged.closed_at == closed.closed_at
    remarked = stage.keep(stage.engine.amend(judged, Comment(alarm.id, "wang", "called back"), stage.now))
    assert remarked.facts[0].note == "called back"
    for command in (Acknowledge(alarm.id, "li"), Reset(alarm.id, "li")):
        with pytest.raises(Refusal) as refused:
            stage.engine.amend(judged, command, stage.now)
        assert refused.value.code == "closed"


def test_an_alarm_whose_rule_is_gone_stays_and_can_be_handled() -> None:
    stage = Stage()
    stage.play("""
        0   | smoke=on            | smoke raised unacknowledged !
        1   | tank=100
        11  | tick                | tank raised unacknowledged !
        12  | tank=200
        32  | tick                | tank returned returned
    """)
    stage.rules = RULES[1:4]
    stage.play("""
        33  | restart
        34  | smoke=on
        35  | smoke=off
        36  | li: reset smoke     | refused still_active
        37  | li: ack smoke       | smoke acked acknowledged
        38  | li: force smoke rule was removed | smoke reset normal
        39  | li: ack tank        | tank acked normal, tank closed normal
    """)


def test_an_alarm_at_a_point_that_is_gone_is_taken_up_when_the_point_is_adopted() -> None:
    both = points("sm-1", "sm-2")
    stage = Stage(points_=both)
    stage.say("sm-2.smoke", True)
    mine = {id: point for id, point in both.items() if point.device.id == "sm-1"}
    theirs = [point for id, point in both.items() if point.device.id == "sm-2"]
    stage.points = mine
    stage.restart(away=1.0)
    stage.points = both
    assert [alarm.point for alarm in stage.engine.open().values()] == ["sm-2.smoke"]
    stage.engine.add_points(theirs)
    assert [fact.kind for fact in stage.say("sm-2.smoke", True).facts] == ["alarm.reported"]
    assert [fact.kind for fact in stage.say("sm-2.smoke", False).facts] == ["alarm.returned"]


def test_adopted_points_are_watched_for_silence_from_then_on() -> None:
    all_points = points("sm-1", "sm-2")
    stage = Stage(
        (rule("silent", "tank", "no_data", level("silent"), signal=Signal.FAULT),), points("sm-1", expect=60)
    )
    stage.step()
    stage.wait(30)
    late = {p.id: p for p in all_points.values() if p.device.id == "sm-2"}
    stage.engine.add_points(late.values())
    stage.step()
    assert [f.body["point"] for f in stage.wait(35).facts] == ["sm-1.tank"]
    assert [f.body["point"] for f in stage.wait(3600).facts] == ["sm-2.tank"]


def test_silence_of_what_never_speaks_means_nothing() -> None:
    stage = Stage(
        (rule("silent", "tank", "no_data", level("silent"), signal=Signal.FAULT),), points(expect=0)
    )
    stage.step()
    assert stage.engine.next_due() is None


def test_silence_takes_the_profiles_word_and_is_counted_in_seconds() -> None:
    stage = Stage(
        (rule("silent", "tank", "no_data", level("silent"), signal=Signal.FAULT),), points(expect=90)
    )
    stage.step()
    alarm = stage.wait(100).alarms[0]
    assert (alarm.value, alarm.limit, alarm.unit) == (None, 90, "s")
    assert alarm.received_at == alarm.raised_at == START + 90 * SECOND


def test_a_device_under_test_is_not_silent() -> None:
    stage = Stage((rule("silent", "tank", "no_data", level("silent", 60), signal=Signal.FAULT),))
    stage.play("""
        50  | tank=1/test
        109 | tank=1/test
        168 | tick
        169 | tick                | silent raised unacknowledged !
    """)


def test_what_a_drill_says_in_a_devices_stead_does_not_end_its_silence() -> None:
    stage = Stage((rule("silent", "tank", "no_data", level("silent", 60), signal=Signal.FAULT),))
    stage.play("""
        0   | tick
        50  | tank=1/drill
        60  | tick                | silent raised unacknowledged !
        61  | tank=1/drill
        70  | tank=1              | silent returned returned, silent closed normal
    """)


def test_a_limit_rule_without_limits_is_refused() -> None:
    with pytest.raises(ValueError, match="rule gas: every level of a high condition needs a limit"):
        Stage((rule("gas", "gas", "high", level("low"), signal=Signal.GAS),))


def test_rules_pass_over_points_they_cannot_watch() -> None:
    everywhere = Selector()
    rules = [
        replace(rule("state", "", "state", signal=Signal.PROCESS), applies=everywhere),
        replace(rule("high", "", "high", level("high", 1.0), signal=Signal.PROCESS), applies=everywhere),
    ]
    stage = Stage(rules)
    assert told_keys(stage, "smoke", True) == ["state@sm-1.smoke"]
    assert told_keys(stage, "gas", 5.0) == ["high@sm-1.gas"]
    assert told_keys(stage, "plain", 5.0) == ["high@sm-1.plain"]
    assert told_keys(stage, "plain", True) == ["state@sm-1.plain"]


def told_keys(stage: Stage, point: str, value: float) -> list[str]:
    return [alarm.key for alarm in stage.say(point, value).alarms]


def test_retained_is_no_doubt_where_an_alarm_of_life_is_open_or_the_state_is_none() -> None:
    stage = Stage()
    stage.play("""
        0   | gas=50/retained head=on/retained smoke=off/retained smoke=on/retained/test
        1   | sos=on              | sos raised unacknowledged !
        2   | sos=on/retained
    """)


def test_silence_at_the_same_point_does_not_hide_a_retained_fire() -> None:
    stage = Stage((*RULES, rule("quiet", "smoke", "no_data", level("quiet", 60.0), signal=Signal.FAULT)))
    stage.play("""
        0   | tick
        60  | tick                | quiet raised unacknowledged !
        61  | smoke=on/retained   | state-unconfirmed raised latched_unacknowledged !
    """)
    assert stage.newest(UNCONFIRMED).priority is Priority.HIGH


def test_the_doubt_has_the_points_place_and_its_age() -> None:
    stage = Stage()
    reading = replace(stage.spoken("smoke=on/retained"), time=START - HOUR)
    alarm = stage.step(reading).alarms[0]
    assert (alarm.key, alarm.signal, alarm.source_time) == (
        "state-unconfirmed@sm-1.smoke",
        Signal.SUPERVISORY,
        START - HOUR,
    )
    assert alarm.title.zh
    assert alarm.response.zh


def test_stuck_once_for_two_latches_at_a_point() -> None:
    stage = Stage((*RULES, rule("smoke-too", "smoke", "state", signal=Signal.FIRE)))
    stage.play(
        """
        0     | smoke=on          | smoke raised unacknowledged, smoke-too raised unacknowledged !
        86400 | tick              | smoke stuck unacknowledged, stuck raised unacknowledged, """
        """smoke-too stuck unacknowledged !
        86401 | li: force smoke broken | smoke reset normal
        86402 | li: force smoke-too broken | smoke-too reset normal, stuck returned returned, stuck closed normal
    """
    )


def test_stuck_is_told_once_though_its_alarm_was_put_away() -> None:
    stage = Stage()
    stage.play("""
        0     | smoke=on          | smoke raised unacknowledged !
        86400 | tick              | smoke stuck unacknowledged, stuck raised unacknowledged !
        86401 | li: force stuck detector is ordered | stuck reset normal
        90000 | restart 5
        300000 | li: force smoke detector replaced | smoke reset normal
    """)
    assert stage.newest("smoke").stuck_at == START + 86_400 * SECOND


# ---- restarts -----------------------------------------------------------------------------------------------------


def test_a_pending_delay_is_rebuilt_from_the_tail() -> None:
    stage = Stage()
    tail = [stage.reading("tank", 100.0)]
    stage.step(*tail)
    stage.mono += 4 * SECOND
    assert not stage.restart(tail=tail).facts
    stage.play("""
        9.9 | tank=100
        10  | tick                | tank raised unacknowledged !
    """)


def test_a_delay_that_ran_out_while_the_hub_was_away_is_concluded_at_the_first_step() -> None:
    stage = Stage()
    tail = [stage.reading("tank", 100.0)]
    stage.step(*tail)
    assert not stage.restart(away=60, tail=tail).facts
    assert [fact.kind for fact in stage.step().facts] == ["alarm.raised"]


def test_a_pending_return_is_rebuilt_from_the_tail() -> None:
    stage = Stage()
    tail = [stage.reading("tank", 100.0)]
    stage.step(*tail)
    stage.wait(12)
    tail.append(stage.reading("tank", 200.0))
    stage.step(tail[-1])
    stage.mono += 5 * SECOND
    assert not stage.restart(tail=tail).facts
    stage.play("""
        31.9 | tick
        32  | tick                | tank returned returned
    """)


def test_priming_raises_nothing_and_ends_nothing() -> None:
    stage = Stage()
    tail = [
        stage.spoken(word) for word in ("smoke=on", "gas=30", "sos=on", "head=off", "smoke=off", "head=on")
    ]
    stage.restart(tail=tail)
    assert not stage.step().facts
    assert stage.engine.next_due() is None
    # what a person ended by force before the restart does not come back by it, only by a new report
    assert [fact.kind for fact in stage.say("gas", 30.0).facts] == ["alarm.raised"]


def test_an_open_alarm_outlives_a_tail_that_lost_its_report() -> None:
    stage = Stage()
    normal = stage.reading("door", False)
    stage.step(normal)
    stage.mono += SECOND
    stage.say("door", True)
    stage.wait(30)
    assert stage.newest("door").active
    stage.restart(tail=[normal])
    assert not stage.wait(100).facts
    assert stage.newest("door").active


def test_a_delay_that_ran_out_before_the_crash_is_left_to_the_rows() -> None:
    stage = Stage()
    first = stage.reading("tank", 100.0)
    stage.step(first)
    stage.wait(15)
    stage.act(Reset(stage.newest("tank").id, "li", force=True, reason="x", second="wang"))
    later = stage.reading("gas", 1.0)
    stage.step(later)
    stage.restart(tail=[first, later])
    assert not stage.wait(100).facts


def test_a_tail_from_a_clock_that_ran_ahead_counts_as_now() -> None:
    stage = Stage()
    ahead = replace(stage.reading("tank", 100.0), received=START + HOUR)
    stage.restart(away=1, tail=[ahead])
    assert not stage.wait(9.9).facts
    assert [fact.kind for fact in stage.wait(0.2).facts] == ["alarm.raised"]


def test_after_a_step_of_the_clock_within_the_tail_a_delay_can_only_get_longer() -> None:
    stage = Stage()
    ahead = replace(stage.reading("gas", 1.0), received=START + HOUR)
    stage.restart(away=60, tail=[ahead, replace(stage.reading("tank", 100.0), received=START)])
    assert not stage.wait(9.9).facts
    assert [fact.kind for fact in stage.wait(0.2).facts] == ["alarm.raised"]


def test_a_return_that_the_journal_does_not_know_waits_for_the_next_report() -> None:
    stage = Stage()
    stage.say("smoke", True)
    stage.mono += SECOND
    stage.restart(tail=[stage.reading("smoke", False)])
    assert not stage.wait(100).facts
    assert [fact.kind for fact in stage.say("smoke", False).facts] == ["alarm.returned"]


def test_priming_passes_over_what_is_not_evaluated() -> None:
    stage = Stage()
    tail = [stage.spoken(f"tank=100/{flag}") for flag in ("history", "retained", "muted", "bad")]
    stage.restart(away=60, tail=tail)
    assert not stage.step().facts


def test_a_shelving_on_an_untrusted_clock_lasts_what_remained() -> None:
    stage = Stage()
    stage.play("""
        0   | tank=100
        10  | tick                | tank raised unacknowledged !
        20  | li: shelve tank 500 pump works | tank shelved unacknowledged
        120 | wang: ack tank      | tank acked acknowledged
    """)
    suppression = stage.newest("tank").suppression
    assert suppression is not None
    assert suppression.remaining == 400 * SECOND
    stage.trusted = False
    stage.utc_step = -(10**15)
    stage.restart()
    stage.play("""
        519 | tick
        520 | tick                | tank unshelved acknowledged
    """)


def test_a_press_after_a_restart_on_an_untrusted_clock_is_in_doubt_and_asks() -> None:
    stage = Stage()
    stage.play("""
        0   | sos=on              | sos raised unacknowledged !
        1   | li: ack sos         | sos acked acknowledged
    """)
    stage.trusted = False
    stage.play("""
        2   | restart
        3   | sos=on              | sos reannunciated unacknowledged !
    """)


def test_two_open_alarms_of_one_key_are_both_kept() -> None:
    stage = Stage()
    first = stage.say("smoke", True).alarms[0]
    twin = replace(first, id="al-1-7")
    engine = AlarmEngine(set(stage.points.values()), RULES, Numbering(9, 500))
    engine.restore([first, twin], stage.now)
    assert set(engine.open()) == {first.id, "al-1-7"}
    assert engine.act(Acknowledge("al-1-7", "li"), stage.now).alarms[0].acked


def test_next_due_is_the_next_timer_exactly() -> None:
    stage = Stage()
    assert stage.engine.next_due() is None
    stage.say("tank", 100.0)
    assert stage.engine.next_due() == BOOT + 10 * SECOND
    stage.mono += SECOND
    stage.say("tank", 200.0)
    assert stage.engine.next_due() is None
    stage.say("sos", True)
    assert stage.engine.next_due() == BOOT + 301 * SECOND
    stage.mono += SECOND
    stage.say("sos", True)
    assert stage.engine.next_due() == BOOT + 302 * SECOND


def test_a_row_read_back_is_the_row() -> None:
    stage = Stage()
    stage.play("""
        0   | tank=100 sos=on     | sos raised unacknowledged !
        10  | tick                | tank raised unacknowledged !
        20  | li: shelve tank 500 pump works | tank shelved unacknowledged
        21  | li: judge tank fault float | tank verdict unacknowledged
    """)
    for row in stage.rows.values():
        assert Alarm.from_dict(row.to_dict()) == row


def test_bad_quality_of_a_measured_value_is_not_a_value() -> None:
    stage = Stage()
    assert not stage.say("gas", 99.0, quality=Quality.BAD).facts


def test_a_photo_stands_with_the_alarm_once_and_resets_nothing() -> None:
    stage = Stage()
    alarm = stage.say("smoke", True).alarms[0]
    for _ in range(2):
        stage.act(Comment(alarm.id, "he", "", "202611-aa", "hash"))
    (kept,) = stage.engine.open().values()
    assert [(photo.id, photo.by) for photo in kept.photos] == [("202611-aa", "he")]
    assert kept.active
    assert Alarm.from_dict(kept.to_dict()) == kept
    old = {key: value for key, value in kept.to_dict().items() if key != "photos"}  # of a journal of before
    assert Alarm.from_dict(old).photos == ()
    for n in range(19):
        stage.act(Comment(alarm.id, "he", "", f"202611-b{n}", "hash"))
    with pytest.raises(Refusal) as refused:
        stage.act(Comment(alarm.id, "he", "", "202611-cc", "hash"))
    assert refused.value.code == "too_many"
    with pytest.raises(Refusal):
        stage.act(Comment(alarm.id, "he", "  "))
