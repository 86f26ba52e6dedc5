"""Golden stories: what happens, and which facts it makes, in which order."""

from __future__ import annotations

import pytest

from edge.domain.device import Signal
from tests.edge.alarm.stage import RULES, SILENT, Stage, level, rule

STORIES = {
    # scenario S1: the gas course in a kitchen; low 8, high 20 %LEL, deadband 1
    "gas leak rising and falling": """
        0   | gas=0
        3   | gas=4
        8   | gas=9               | gas raised unacknowledged !
        9   | gas=9
        12  | li: ack gas         | gas acked acknowledged
        25  | gas=14
        30  | gas=20              | gas risen unacknowledged !
        31  | gas=23
        40  | li: ack gas         | gas acked acknowledged
        80  | gas=12
        82  | gas=21
        90  | gas=7.5
        95  | li: reset gas       | refused still_active
        100 | gas=6.9             | gas returned latched
        115 | gas=1
        120 | li: judge gas real leaking hose | gas verdict latched
        125 | li: reset gas       | gas reset normal
        126 | gas=1
    """,
    # scenario S2: cooking smoke at night
    "cooking smoke": """
        0   | smoke=on            | smoke raised unacknowledged !
        18  | li: ack smoke       | smoke acked acknowledged
        20  | smoke=off           | smoke returned latched
        22  | smoke=on            | smoke reannunciated unacknowledged !
        25  | li: reset smoke     | refused still_active
        26  | li: ack smoke       | smoke acked acknowledged
        40  | smoke=off           | smoke returned latched
        45  | li: judge smoke false cooking | smoke verdict latched
        50  | li: reset smoke     | smoke reset normal
        60  | smoke=on            | smoke raised unacknowledged !
    """,
    "every report counts, and asks for attention only when it was normal since": """
        0   | smoke=on            | smoke raised unacknowledged !
        1   | smoke=on            | smoke reported unacknowledged
        2   | li: ack smoke       | smoke acked acknowledged
        3   | smoke=on smoke=on smoke=on | smoke reported acknowledged
        4   | smoke=on smoke=off smoke=on | smoke returned latched, smoke reannunciated unacknowledged !
        5   | smoke=off           | smoke returned latched_unacknowledged
        6   | smoke=off
        7   | li: reset smoke     | refused not_acknowledged
    """,
    "the first acknowledgement stays": """
        0   | smoke=on            | smoke raised unacknowledged !
        1   | li: ack smoke       | smoke acked acknowledged
        2   | wang: ack smoke
        3   | smoke=off           | smoke returned latched
        4   | wang: reset smoke   | smoke reset normal
        5   | wang: reset smoke   | refused not_found
    """,
    "force needs a reason, and the next report raises anew": """
        0   | smoke=on            | smoke raised unacknowledged !
        1   | li: force smoke     | refused reason_required
        2   | li: force smoke detector broken | smoke reset normal
        3   | smoke=on            | smoke raised unacknowledged !
        4   | gas=30              | gas raised unacknowledged !
        5   | li: force gas sensor soaked | gas reset normal
        6   | gas=30              | gas raised unacknowledged !
    """,
    "a fault shows until repaired and ends by itself": """
        0   | head=on             | head raised unacknowledged !
        5   | head=off            | head returned returned, head closed normal
        6   | head=on             | head raised unacknowledged !
        7   | li: ack head        | head acked acknowledged
        8   | head=on             | head reported acknowledged
        9   | head=off            | head returned normal, head closed normal
    """,
    "a limit waits for its acknowledgement": """
        0   | tank=100
        10  | tick                | tank raised unacknowledged !
        20  | tank=146
        40  | tick                | tank returned returned
        41  | tank=100
        51  | tick                | tank reannunciated unacknowledged !
        60  | tank=150
        80  | tick                | tank returned returned
        90  | li: ack tank        | tank acked normal, tank closed normal
        100 | tank=100
        110 | tick                | tank raised unacknowledged !
        111 | li: ack tank        | tank acked acknowledged
        112 | tank=150
        132 | tick                | tank returned normal, tank closed normal
    """,
    "delays count whole, and start again after normal": """
        0   | tank=100
        9   | tank=146
        9.5 | tank=100
        12  | tank=100
        19.5| tank=146            | tank raised unacknowledged !
        30  | tank=100
        50  | tank=146
        69  | tank=145
        70  | tick                | tank returned returned
    """,
    "in the deadband nothing changes": """
        0   | tank=140
        1   | tank=145
        10  | tick                | tank raised unacknowledged !
        11  | tank=145
        60  | tank=140.5
        61  | tank=145.001
        81  | tick                | tank returned returned
    """,
    "what is bad, empty or no number neither raises nor clears nor restarts a delay": """
        0   | tank=100
        3   | tank=200/bad
        4   | tank=none
        5   | tank=on
        10  | tick                | tank raised unacknowledged !
        11  | tank=200/uncertain
        15  | tank=100/bad
        31  | tick                | tank returned returned
        32  | gas=30/bad
        33  | gas=none
        34  | gas=30/uncertain    | gas raised unacknowledged !
        35  | gas=0/bad
    """,
    "zero is a value": """
        0   | gas=9               | gas raised unacknowledged !
        1   | gas=0               | gas returned latched_unacknowledged
    """,
    "a bad normal is not believed, a bad alarm is": """
        0   | smoke=on/bad        | smoke raised unacknowledged !
        1   | smoke=off/bad
        2   | smoke=none
        3   | smoke=off           | smoke returned latched_unacknowledged
    """,
    "a state with an on-delay": """
        0   | door=on
        29  | door=on
        29.5| door=off
        30  | door=on
        60  | tick                | door raised unacknowledged !
        61  | door=off            | door returned returned
        62  | li: reset door      | refused not_acknowledged
        63  | li: ack door        | door acked normal, door closed normal
    """,
    "a press of a button": """
        0   | sos=on              | sos raised unacknowledged !
        5   | li: ack sos         | sos acked acknowledged
        60  | sos=on              | sos reported acknowledged
        100 | sos=off
        120 | sos=on              | sos reported acknowledged
        180.1 | sos=on            | sos reannunciated unacknowledged !
        190 | li: reset sos       | refused still_active
        200 | li: ack sos         | sos acked acknowledged
        480.1 | tick              | sos returned latched
        481 | sos=on              | sos reannunciated unacknowledged !
        781 | tick                | sos returned latched_unacknowledged
        790 | li: ack sos         | sos acked latched
        791 | li: reset sos       | sos reset normal
    """,
    "a hold goes on with what remained of it": """
        0   | sos=on              | sos raised unacknowledged !
        100 | li: ack sos         | sos acked acknowledged
        110 | restart 50
        359.5 | sos=off
        360 | tick                | sos returned latched
    """,
    "a press right after a restart": """
        0   | sos=on              | sos raised unacknowledged !
        1   | li: ack sos         | sos acked acknowledged
        2   | restart 10
        30  | sos=on              | sos reported acknowledged
        31  | restart 120
        152 | sos=on              | sos reannunciated unacknowledged !
    """,
    "records of the past and retained copies touch nothing": """
        0   | smoke=on/history gas=50/history
        1   | gas=50/retained sos=off/retained head=on/retained
        2   | smoke=on            | smoke raised unacknowledged !
        3   | smoke=off/history smoke=off/retained smoke=on/history smoke=on/retained smoke=off/muted
        4   | smoke=on/muted
        5   | smoke=off           | smoke returned latched_unacknowledged
        6   | smoke=on/history smoke=on/retained
    """,
    "a retained fire asks somebody to look": """
        0   | smoke=on/retained   | state-unconfirmed raised latched_unacknowledged !
        1   | smoke=on/retained smoke=off/retained smoke=on/history
        2   | smoke=off/bad
        3   | smoke=on            | smoke raised unacknowledged, state-unconfirmed closed normal !
    """,
    "a retained fire that is out": """
        0   | smoke=on/retained   | state-unconfirmed raised latched_unacknowledged !
        1   | li: shelve state-unconfirmed 60 no time | refused not_shelvable
        2   | smoke=off           | state-unconfirmed closed normal
        3   | smoke=on/retained   | state-unconfirmed raised latched_unacknowledged !
        4   | restart
        5   | smoke=on/retained
        6   | li: reset state-unconfirmed | refused not_acknowledged
        7   | li: ack state-unconfirmed | state-unconfirmed acked latched
        8   | li: reset state-unconfirmed | state-unconfirmed reset normal
    """,
    "a test never merges with a live alarm, and ends by itself": """
        0   | smoke=on/test       | smoke#test raised unacknowledged
        1   | smoke=on            | smoke raised unacknowledged !
        2   | smoke=off/test      | smoke#test returned returned, smoke#test closed normal
        3   | smoke=on            | smoke reported unacknowledged
        4   | smoke=off           | smoke returned latched_unacknowledged
    """,
    "a real alarm during a drill": """
        0   | smoke=on/drill      | smoke#drill raised unacknowledged !
        1   | smoke=on/retained   | state-unconfirmed raised latched_unacknowledged !
        2   | smoke=on            | smoke raised unacknowledged, state-unconfirmed closed normal !
        3   | smoke=off/drill     | smoke#drill returned latched_unacknowledged
        4   | restart
        5   | smoke=on/drill      | smoke#drill reannunciated unacknowledged !
        6   | smoke=on            | smoke reported unacknowledged
    """,
    "shelving": """
        0   | tank=100
        10  | tick                | tank raised unacknowledged !
        11  | li: shelve tank 0 pump works | refused too_long
        12  | li: shelve tank 28801 pump works | refused too_long
        13  | li: shelve tank 100 | refused reason_required
        14  | li: shelve tank 100 pump works | tank shelved unacknowledged
        20  | tank=200
        40  | tick                | tank returned returned
        50  | tank=100
        60  | tick                | tank reannunciated unacknowledged
        114 | tick                | tank unshelved unacknowledged !
        120 | wang: unshelve tank
    """,
    "a shelving outlives the episode": """
        0   | tank=100
        10  | tick                | tank raised unacknowledged !
        11  | li: ack tank        | tank acked acknowledged
        20  | li: shelve tank 500 pump works | tank shelved acknowledged
        30  | tank=200
        50  | tick                | tank returned normal, tank closed normal
        60  | restart 10
        80  | tank=100
        90  | tick                | tank unshelved normal, tank raised unacknowledged
        100 | restart 20
        519 | clock 100000
        520 | tick                | tank unshelved unacknowledged !
    """,
    "a shelving is taken back": """
        0   | tank=100
        10  | tick                | tank raised unacknowledged !
        20  | li: shelve tank 500 pump works | tank shelved unacknowledged
        30  | wang: unshelve tank | tank unshelved unacknowledged !
        600 | tick
    """,
    "a shelving that ran out while the hub was away": """
        0   | tank=100
        10  | tick                | tank raised unacknowledged !
        20  | li: shelve tank 100 pump works | tank shelved unacknowledged
        30  | restart 200         | tank unshelved unacknowledged !
    """,
    "fire, gas and SOS are not shelved by one person": """
        0   | smoke=on gas=9      | smoke raised unacknowledged, gas raised unacknowledged !
        0.5 | sos=on              | sos raised unacknowledged !
        1   | li: shelve smoke 60 cooking | refused second_person
        2   | li: shelve gas 60 cooking | refused second_person
        3   | li: shelve sos 60 cooking | refused second_person
    """,
    "the desk's sound": """
        0   | smoke=on            | smoke raised unacknowledged !
        1   | li: silence         | desk.silenced
        2   | smoke=on            | smoke reported unacknowledged
        3   | gas=4 smoke=on/test | smoke#test raised unacknowledged
        4   | gas=9               | gas raised unacknowledged, desk.sounding !
        5   | li: silence         | desk.silenced
        305 | tick                | desk.sounding
        400 | li: silence         | desk.silenced
        500 | li: silence         | desk.silenced
        800 | tick                | desk.sounding
    """,
    "a latch that nobody resets": """
        0     | smoke=on          | smoke raised unacknowledged !
        10    | li: ack smoke     | smoke acked acknowledged
        86400 | tick              | smoke stuck acknowledged, stuck raised unacknowledged !
        90000 | li: ack stuck     | stuck acked acknowledged
        95000 | smoke=off         | smoke returned latched
        95001 | restart
        200000 | li: reset smoke  | smoke reset normal, stuck returned normal, stuck closed normal
    """,
    "a latch grows old over a restart": """
        0     | smoke=on          | smoke raised unacknowledged !
        50000 | restart 1000
        86400 | tick              | smoke stuck unacknowledged, stuck raised unacknowledged !
    """,
    "comments and verdicts": """
        0   | smoke=on            | smoke raised unacknowledged !
        1   | li: comment smoke   | refused reason_required
        2   | li: comment smoke neighbour called | smoke commented unacknowledged
        3   | li: judge smoke real | smoke verdict unacknowledged
        4   | li: judge smoke false steam | smoke verdict unacknowledged
    """,
    "the civil clock steps, nothing happens": """
        0   | tank=100 sos=on     | sos raised unacknowledged !
        1   | clock 1000000
        2   | tick
        3   | clock -2000000
        10  | tick                | tank raised unacknowledged !
        11  | tank=200
        20  | clock 500000
        31  | tick                | tank returned returned
        299 | tick
        300 | tick                | sos returned latched_unacknowledged
    """,
}


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    Stage().play(STORIES[name])


def test_no_data() -> None:
    Stage((SILENT,)).play("""
        0   | gas=1
        59  | tank=1
        118 | tank=2/history
        118.5 | tank=2/retained
        119 | tick                | silent raised unacknowledged !
        120 | tank=3/bad
        121 | tank=none
        122 | tank=0              | silent returned returned
        182 | tick                | silent reannunciated unacknowledged !
        183 | restart 500
        800 | tank=0              | silent returned returned
        801 | li: ack silent      | silent acked normal, silent closed normal
        860 | tick                | silent raised unacknowledged !
        900 | li: force silent taken down | silent reset normal
        960 | tick                | silent raised unacknowledged !
    """)


def test_the_hubs_own_absence_accuses_nobody() -> None:
    Stage((SILENT,)).play("""
        0   | tank=1
        50  | restart 500
        600 | tank=1
    """)


def test_what_came_during_a_stall_was_not_missing() -> None:
    stage = Stage((SILENT,))
    stage.step()
    stage.mono = 90_000_000  # nobody ticked for 90 s
    assert stage.say("tank", 1.0).facts == []


def test_no_data_levels() -> None:
    levels = (level("quiet", 60.0), level("lost", 600.0))
    Stage((rule("silent", "tank", "no_data", *levels, signal=Signal.FAULT),)).play("""
        0   | tick
        60  | tick                | silent raised unacknowledged !
        70  | li: ack silent      | silent acked acknowledged
        600 | tick                | silent risen unacknowledged !
        601 | tank=1              | silent returned returned, silent closed normal
    """)


def test_levels_with_delays() -> None:
    levels = (level("low", 8.0), level("high", 20.0))
    Stage((rule("gas", "gas", "high", *levels, signal=Signal.GAS, on_delay=10.0),)).play("""
        0   | gas=9
        5   | gas=25
        10  | tick                | gas raised unacknowledged !
        12  | gas=19
        13  | gas=25
        23  | tick                | gas risen unacknowledged !
        30  | gas=0               | gas returned latched_unacknowledged
        40  | gas=25
        50  | tick                | gas reannunciated unacknowledged !
    """)


def test_straight_to_the_high_level_after_a_delay() -> None:
    levels = (level("low", 8.0), level("high", 20.0))
    stage = Stage((rule("gas", "gas", "high", *levels, signal=Signal.GAS, on_delay=10.0),))
    stage.play("""
        0   | gas=25
        10  | tick                | gas raised unacknowledged !
    """)
    assert stage.newest("gas").level == 1
    assert stage.newest("gas").title.en == "high"


def test_rising_again_after_normal_asks_again_though_the_episode_was_higher() -> None:
    stage = Stage()
    stage.play("""
        0   | gas=25              | gas raised unacknowledged !
        1   | gas=0               | gas returned latched_unacknowledged
        2   | gas=9               | gas reannunciated unacknowledged !
        3   | li: ack gas         | gas acked acknowledged
        4   | restart
        5   | gas=25              | gas reannunciated unacknowledged !
    """)
    assert stage.newest("gas").level == 1


def test_two_rules_at_one_point_are_two_alarms() -> None:
    stage = Stage((*RULES, rule("smoke-too", "smoke", "state", signal=Signal.SUPERVISORY, latch=False)))
    stage.play("""
        0   | smoke=on            | smoke raised unacknowledged, smoke-too raised unacknowledged !
        1   | li: ack smoke       | smoke acked acknowledged
        2   | smoke=off           | smoke returned latched, smoke-too returned returned
    """)
    assert {alarm.rule for alarm in stage.engine.open().values()} == {"smoke", "smoke-too"}
