"""Background and scenarios on a stage whose time the test moves: exact to the microsecond, and nothing sleeps."""

from __future__ import annotations

import signal
import subprocess
from datetime import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from edge.domain.instant import HOUR, SECOND
from edge.domain.site import Site
from edge.tools.modbus_slave import SlaveBus
from edge.tools.simulator.actor import Actor, Course
from edge.tools.simulator.scenario import scenario_files
from edge.tools.simulator.schedule import Schedule
from edge.tools.simulator.stage import BusyError
from tests.edge.tools.simulated import MIDDAY, Theatre, he_an_court

GAS = "site/gs-1203/up"
SMOKE = "zigbee2mqtt/sm-302k"


@pytest.fixture
def theatre(tmp_path: Path) -> Theatre:
    return Theatre(tmp_path)


def register(bus: SlaveBus, unit: int, function: int, at: int) -> int:
    return bus._memory[unit, function][at]


def changes(said: list[tuple[float, Any]], field: str) -> list[tuple[float, Any]]:
    """The messages at which a field has another value than before."""
    found: list[tuple[float, Any]] = []
    for at, body in said:
        if not found or found[-1][1] != body[field]:
            found.append((at, body[field]))
    return found


def test_due_actions_run_in_order_and_may_plan_more() -> None:
    schedule, done = Schedule(), []
    schedule.plan(20, lambda due: done.append(("b", due)))
    schedule.plan(10, lambda due: schedule.plan(due + 5, lambda due: done.append(("a", due))))
    schedule.plan(20, lambda due: done.append(("c", due)))
    schedule.plan(40, lambda due: done.append(("d", due)))
    schedule.run(30)
    assert done == [("a", 15), ("b", 20), ("c", 20)]
    assert schedule.due == 40


@pytest.mark.parametrize(
    ("at", "value"), [(0, 0), (10, 0), (12, 2), (15, 5), (17, 5.4), (20, 6), (24, 9.2), (25, 10), (99, 10)]
)
def test_a_course_goes_straight_from_value_to_value(at: int, value: float) -> None:
    assert Course([0, 5, 6, 10], start=10, over=15).at(at) == pytest.approx(value)


# ---- background ------------------------------------------------------------------------------------------------------


def test_a_day_of_background_raises_no_alarm_by_any_rule_of_the_site() -> None:
    site = he_an_court()
    for seed in range(3):
        for device in site.devices.values():
            actor = Actor(device, seed)
            for quarter in range(96):
                values = actor.values(quarter / 4, 0)
                for spec in device.profile.points:
                    if spec.signal is not None:
                        assert values[spec.id] is False
                    elif spec.quantity is not None:
                        low, high = limits(site, device.profile.category, spec.quantity.id, quarter / 4)
                        assert low < float(values[spec.id]) < high, (device.id, spec.id, quarter / 4)


def limits(site: Site, category: str, quantity: str, hour: float) -> tuple[float, float]:
    low, high = float("-inf"), float("inf")
    local = time(int(hour), round(hour % 1 * 60))
    for rule in site.rules:
        applies = rule.applies
        if rule.hours is not None and not rule.hours.hold(local):
            continue
        if applies.quantity == quantity and applies.category in {None, category}:
            for level in rule.levels:
                assert level.limit is not None
                if rule.condition == "high":
                    high = min(high, level.limit)
                else:
                    low = max(low, level.limit)
    return low, high


def test_the_same_seed_makes_the_same_day(tmp_path: Path) -> None:
    first, again, other = Theatre(tmp_path, seed=4), Theatre(tmp_path, seed=4), Theatre(tmp_path, seed=5)
    for theatre in (first, again, other):
        theatre.stage.open()
        theatre.until(300)
    assert first.said(GAS) == again.said(GAS)
    assert first.said(GAS) != other.said(GAS)


def test_devices_speak_often_at_first_and_then_by_habit_without_drift(theatre: Theatre) -> None:
    theatre.stage.open()
    theatre.until(3600)
    gas = [at for at, _ in theatre.said(GAS)]
    pauses = [round(later - at, 3) for at, later in pairwise(gas)]
    assert pauses[:4] == [3, 6, 12, 20]
    assert set(pauses[3:]) == {20.0}  # a third of the 60 s after which it would be missed
    smoke = [at for at, _ in theatre.said(SMOKE)]
    assert max(later - at for at, later in pairwise(smoke)) == pytest.approx(600)
    assert [body["seq"] for _, body in theatre.said(GAS)] == list(range(1, len(gas) + 1))


def test_the_sources_own_time_stays_real_however_compressed(tmp_path: Path) -> None:
    theatre = Theatre(tmp_path, compress=60)
    theatre.stage.open()
    theatre.until(600)  # ten hours of the bin's day: from 13:00 to the collection at 19:00 and on to 23:00
    levels = theatre.said("site/bn-r1/up")
    values = [body["level"] for _, body in levels]
    assert max(values) > 45
    assert min(values) < 10
    for at, body in levels:
        assert body["t"] * 1000 == pytest.approx(MIDDAY + theatre.start + at * SECOND, abs=2000)
        assert body["distance"] == pytest.approx(1200 * (1 - body["level"] / 100), abs=7)


def test_a_polled_devices_registers_follow_the_day(theatre: Theatre) -> None:
    theatre.stage.open()
    theatre.until(5)
    bus = theatre.cast.buses["bus-1"]
    assert 30 < register(bus, 12, 3, 0) < 100  # mA
    assert 250 < register(bus, 12, 3, 1) < 600  # tenths of °C


def test_what_is_left_alone_is_never_heard(tmp_path: Path) -> None:
    theatre = Theatre(tmp_path, left=frozenset({"sm-302k", "rc-b3"}))
    theatre.stage.open()
    theatre.stage.connected("zigbee")
    theatre.until(2 * HOUR / SECOND)
    topics = {topic for paper in theatre.papers.values() for _, topic, _ in paper.said}
    assert not [topic for topic in topics if "sm-302k" in topic]
    assert "zigbee2mqtt/sm-301" in topics
    assert not [unit for unit, _ in theatre.cast.buses["bus-1"]._memory if unit == 12]


def test_a_bridge_that_comes_back_says_who_is_there_and_how_it_stands(theatre: Theatre) -> None:
    theatre.stage.play([theatre.scenario("s2")])
    theatre.until(1)
    theatre.papers["zigbee"].said.clear()
    theatre.stage.connected("zigbee")
    theatre.until(3)
    assert theatre.said(f"{SMOKE}/availability") == [(1, {"state": "online"})]
    assert {body["smoke"] for _, body in theatre.said(SMOKE)} == {True}


# ---- scenarios -------------------------------------------------------------------------------------------------------


def test_s1_is_the_gas_course_of_the_story(theatre: Theatre) -> None:
    theatre.stage.play([theatre.scenario("s1")])
    theatre.until(12)
    theatre.stage.told("gv-1203", "valve", "close")
    theatre.until(200)
    gas = {at: body["gas"] for at, body in theatre.said(GAS)}
    assert [gas[t] for t in (0, 5, 9, 10)] == [0, 4, 8, 9]
    assert [gas[t] for t in (25, 26)] == [14, 23]
    assert [gas[t] for t in (75, 95, 114)] == [23, 13, 3.5]
    assert all(0 <= value <= 1 for at, value in gas.items() if 115 <= at <= 180)
    assert not [at for at in gas if at != round(at)]  # each on its second: nothing drifts


def test_in_s1_the_gas_stays_as_long_as_the_valve_is_open(theatre: Theatre) -> None:
    theatre.stage.play([theatre.scenario("s1")])
    theatre.until(80)
    theatre.stage.told("gv-1203", "valve", "close")
    theatre.until(125)
    gas = {at: body["gas"] for at, body in theatre.said(GAS)}
    assert {value for at, value in gas.items() if 26 <= at <= 81} == {23}
    assert gas[101] == 13


def test_a_valve_closes_and_stays_closed_until_somebody_resets_it(theatre: Theatre) -> None:
    theatre.until(5)
    theatre.stage.told("gv-1203", "valve", "close")
    theatre.until(10)
    assert changes(theatre.said("site/gv-1203/up"), "state")[-1] == (5.6, "closed")
    theatre.stage.reset()
    theatre.until(11)
    assert theatre.said("site/gv-1203/up")[-1][1]["state"] == "open"


@pytest.mark.parametrize(
    ("flaw", "seen"),
    [
        ("withhold = true", [False, False, False]),
        ("wrong = true", [False, False, False]),
        ("late = 4", [False, True, True]),
        ('action = "dead"', [False, False, False]),
    ],
)
def test_a_siren_that_does_not_confirm_as_it_should(
    theatre: Theatre, tmp_path: Path, flaw: str, seen: list[bool]
) -> None:
    path = tmp_path / "flaw.toml"
    path.write_text(
        'name = { zh = "名", en = "Name" }\ntext = { zh = "看", en = "See" }\n'
        f'[[step]]\nat = 0\ndevice = "sr-eb"\n{flaw}\n'
        '[[step]]\nat = 60\ndevice = "gs-1203"\nset = { gas = 1 }\n'
    )
    bus = theatre.cast.buses["bus-1"]
    theatre.stage.play([theatre.scenario(str(path))])
    theatre.until(1)
    theatre.stage.told("sr-eb", "siren", "start")
    shown = []
    for second in (3, 7, 20):
        theatre.until(second)
        shown.append(bool(register(bus, 41, 1, 0)))
    assert shown == seen


def test_a_light_tower_that_shows_the_wrong_thing(theatre: Theatre, tmp_path: Path) -> None:
    path = tmp_path / "flaw.toml"
    path.write_text(
        'name = { zh = "名", en = "Name" }\ntext = { zh = "看", en = "See" }\n'
        '[[step]]\nat = 0\ndevice = "dk-01"\nwrong = true\n'
        '[[step]]\nat = 60\ndevice = "gs-1203"\nset = { gas = 1 }\n'
    )
    theatre.stage.play([theatre.scenario(str(path))])
    theatre.until(1)
    theatre.stage.told("dk-01", "beacon", "fire")
    theatre.until(5)
    assert register(theatre.cast.buses["bus-2"], 51, 3, 0) not in {0, 1}


def test_s3_is_the_fire_of_the_story_and_s3b_withholds_one_feedback(theatre: Theatre) -> None:
    theatre.stage.play([theatre.scenario("s3b")])
    theatre.until(25)
    theatre.stage.told("rl-eb", "relay", "trip")
    theatre.until(60)
    theatre.stage.told("sr-eb", "siren", "start")
    theatre.stage.told("bc-out", "broadcast", "start")
    theatre.until(70)
    smoke = changes(theatre.said("zigbee2mqtt/sm-eb1"), "smoke")
    assert smoke == [(20, True)] or smoke[-1] == (20, True)
    assert changes(theatre.said("zigbee2mqtt/ht-eb2"), "smoke")[-1] == (58, True)
    first, second = theatre.cast.buses["bus-1"], theatre.cast.buses["bus-2"]
    assert register(first, 22, 1, 0) == 1
    assert register(first, 41, 1, 0) == 0
    assert register(second, 42, 1, 0) == 1
    assert theatre.scenario("s3").length == theatre.scenario("s3b").length


def test_cameras_see_what_the_stories_say_and_a_reset_clears_them(theatre: Theatre) -> None:
    lane, shed = theatre.screens["cm-01"], theatre.screens["cm-02"]
    start = theatre.start / SECOND
    theatre.stage.play([theatre.scenario("s3")])
    theatre.until(250)
    assert [(at - start, kind) for at, kind in shed.shown] == [(50, "fire"), (240, "clear")]
    assert not lane.shown
    theatre.stage.play([theatre.scenario("s7")])
    theatre.until(262)
    assert [(round(at - start), kind) for at, kind in lane.shown] == [(250, "van"), (256, "person")]
    theatre.stage.reset()
    assert not lane.shown
    theatre.until(400)
    assert not lane.shown
    theatre.cast.modems["modem-1"].unplug()


def test_a_modem_has_its_troubles_and_hears_texts(theatre: Theatre) -> None:
    modem = theatre.cast.modems["modem-1"]
    theatre.stage.play([theatre.scenario("modem")])
    seen = []
    for second in (1, 31, 76, 91, 111):
        theatre.until(second)
        seen.append((modem.trouble.value, modem.path.is_symlink()))
    there, gone = True, False
    assert seen[:3] == [
        ("no-credit", gone),
        ("silent", gone),
        ("none", gone),
    ]  # plugged in by the simulator's start
    assert seen[3:] == [("none", gone), ("none", there)]
    theatre.until(120)
    assert modem.stored == 1
    modem.unplug()


def test_s2_is_the_smoke_of_the_story(theatre: Theatre) -> None:
    theatre.stage.play([theatre.scenario("s2")])
    theatre.until(100)
    assert changes(theatre.said(SMOKE), "smoke") == [
        (0, True), (20, False), (22, True), (40, False), (60, True), (75, False)
    ]  # fmt: skip


def test_a_busy_machine_delays_a_step_but_not_those_after_it(theatre: Theatre) -> None:
    theatre.stage.play([theatre.scenario("s1")])
    theatre.clock.mono += 7 * SECOND + 300_000  # nothing ran for seven seconds
    theatre.stage.schedule.run(theatre.clock.mono)
    theatre.until(10)
    gas = theatre.said(GAS)
    assert [at for at, _ in gas] == [7.3] * 8 + [8, 9, 10]
    assert gas[-1][1]["gas"] == 9


def test_a_bin_fills_and_is_emptied(theatre: Theatre) -> None:
    theatre.stage.play([theatre.scenario("bin-filling")])
    theatre.until(156)
    level = {at: body["level"] for at, body in theatre.said("site/bn-r1/up")}
    assert (level[0], level[90], level[155]) == (40, 99, 4)
    assert next(at for at, value in level.items() if value >= 75) == 53
    assert [body["distance"] for at, body in theatre.said("site/bn-r1/up") if at == 90] == [12]


def test_dead_devices_are_silent_each_in_its_own_way_and_return(theatre: Theatre) -> None:
    theatre.stage.open()
    theatre.stage.connected("zigbee")
    theatre.until(10)
    begin = 10
    theatre.stage.play([theatre.scenario("dead-device")])
    theatre.until(begin + 119)
    assert theatre.cast.buses["bus-1"].dead == {12}
    assert not [at for at, _ in theatre.said("zigbee2mqtt/sm-301") if at > begin + 5]
    theatre.until(begin + 130)
    assert theatre.cast.buses["bus-1"].dead == set()
    link = [(at, body["state"]) for at, body in theatre.said("zigbee2mqtt/sm-301/availability")]
    assert link[1:] == [(begin + 5, "offline"), (begin + 125, "online")]
    assert next(at for at, _ in theatre.said("zigbee2mqtt/sm-301") if at > begin + 5) == begin + 125


def test_a_noisy_line_is_replugged_and_falls_quiet(theatre: Theatre) -> None:
    bus = theatre.cast.buses["bus-1"]
    theatre.stage.play([theatre.scenario("noisy-line")])
    theatre.until(49)
    assert (bus.noise, bus.damage, bus.cut) == (0.3, 0.3, 0.2)
    theatre.until(79)
    assert (bus.noise, bus.damage, bus.cut) == (0, 0, 0)
    assert not bus.path.is_symlink()
    theatre.until(80)
    assert bus.path.is_symlink()
    bus.unplug()


def test_after_its_end_a_device_is_back_in_the_background(theatre: Theatre) -> None:
    theatre.stage.play([theatre.scenario("bin-filling")])
    theatre.until(180)
    assert theatre.stage.playing == []
    last = theatre.said("site/bn-r1/up")[-1][1]
    assert 20 < last["level"] < 60  # half a day after the collection at seven
    assert theatre.lines[-1] == "bin-filling has ended, its devices are back to normal"


def test_reset_ends_everything_at_once_and_for_good(theatre: Theatre) -> None:
    theatre.stage.play([theatre.scenario("s2"), theatre.scenario("s1")])
    theatre.until(1)
    theatre.stage.reset()
    theatre.until(200)
    assert changes(theatre.said(SMOKE), "smoke") == [(0, True), (1, False)]
    assert theatre.said(GAS) == []


def test_scenarios_follow_each_other(theatre: Theatre) -> None:
    theatre.stage.play([theatre.scenario("s2"), theatre.scenario("s1")])
    assert theatre.stage.playing == ["s2"]
    theatre.until(75 + 9)
    assert theatre.stage.playing == ["s1"]
    at, body = theatre.said(GAS)[-1]
    assert (at, body["gas"]) == (84, 8)


def test_two_stories_at_once_must_not_share_a_device(theatre: Theatre) -> None:
    theatre.stage.play([theatre.scenario("s2")])
    theatre.stage.play([theatre.scenario("s1")])
    assert theatre.stage.playing == ["s2", "s1"]
    with pytest.raises(BusyError, match="s2 is playing with sm-302k; wait for its end, or use --reset"):
        theatre.stage.play([theatre.scenario("s2")])


def test_a_press_of_a_button_is_one_message(theatre: Theatre, tmp_path: Path) -> None:
    story = tmp_path / "press.toml"
    story.write_text(
        'name = { zh = "按", en = "Press" }\ntext = { zh = "看", en = "See" }\n'
        '[[step]]\nat = 1\ndevice = "so-105"\nset = { sos = true }\n'
        '[[step]]\nat = 9\nsource = "zigbee"\naction = "offline"\n'
        '[[step]]\nat = 10\ndevice = "so-105"\nset = { battery = 20 }\n'
    )
    theatre.stage.open()
    theatre.stage.play([theatre.scenario(str(story))])
    theatre.until(9.5)
    assert theatre.papers["zigbee"].muted
    theatre.until(30)
    assert not theatre.papers["zigbee"].muted
    button = theatre.said("zigbee2mqtt/so-105")
    assert [at for at, body in button if "action" in body] == [1]
    assert [at for at, body in button if body["battery"] == 20] == [10]


@pytest.mark.parametrize("id", scenario_files(None))
def test_every_shipped_scenario_plays_to_its_end_on_the_demo_site(theatre: Theatre, id: str) -> None:
    scenario = theatre.scenario(id)
    theatre.stage.open()
    theatre.stage.play([scenario])
    theatre.until(scenario.length / SECOND)
    assert theatre.stage.playing == []
    for text in (scenario.name, scenario.text):
        assert text.zh
        assert text.en
    for bus in theatre.cast.buses.values():
        bus.unplug()
    for modem in theatre.cast.modems.values():
        modem.unplug()


def test_the_internet_goes_and_comes_and_the_hub_is_killed(theatre: Theatre) -> None:
    with subprocess.Popen(["sleep", "600"]) as hub:
        theatre.hub_pid.write_text(str(hub.pid), encoding="ascii")
        theatre.stage.open()
        theatre.stage.play([theatre.scenario("s6")])
        theatre.until(11)
        assert theatre.internet.done == ["stop"]
        assert hub.poll() is None
        theatre.until(20)
        assert hub.wait(30) == -signal.SIGKILL
        theatre.until(115)
        assert theatre.internet.done == ["stop", "start"]
    theatre.hub_pid.write_text("no number", encoding="ascii")
    theatre.until(130)
    theatre.stage.play([theatre.scenario("s6")])
    theatre.until(160)
    assert any("could not be killed" in line for line in theatre.lines)
    theatre.stage.reset()
    assert theatre.internet.done[-1] == "start"


def test_a_device_that_fell_silent_before_is_kept_by_its_bridge_and_says_nothing(tmp_path: Path) -> None:
    heard = MIDDAY - 41 * HOUR
    theatre = Theatre(tmp_path, gone={"sm-s3": heard})
    theatre.stage.open()
    theatre.stage.connected("zigbee")
    theatre.until(3600)
    ((_, kept),) = theatre.said("zigbee2mqtt/sm-s3")
    assert (kept["smoke"], kept["last_seen"]) == (False, heard // 1000)
    words = [body["state"] for _, body in theatre.said("zigbee2mqtt/sm-s3/availability")]
    assert set(words) == {"offline"}
    assert len(words) > 1, "again, for a hub that came later"
    assert len(theatre.said("zigbee2mqtt/sm-s2")) > 1
    with pytest.raises(ValueError, match="bridge"):
        Theatre(tmp_path, gone={"gs-1203": heard})
