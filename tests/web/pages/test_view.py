"""How values, times and alarms are written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.alarm import Alarm, Suppression, Verdict
from edge.domain.device import Signal
from edge.domain.fact import Fact, Seq
from edge.domain.health import LinkReport
from edge.domain.instant import DAY, HOUR, MINUTE, SECOND, from_rfc3339
from edge.domain.names import Text
from edge.domain.reading import Quality, Reason
from edge.domain.request import Acknowledge
from tests.web.fakes import FakeHub
from tests.web.incidents import an_incident, with_incidents
from web.i18n import Language
from web.pages.view import View

NOW = from_rfc3339("2026-11-23T18:14:20Z")  # 02:14:20 of the 24th on site


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub(frozen=NOW)


def view(hub: FakeHub, language: Language = "zh") -> View:
    return View(hub, language, {"guard": "李强"})


@pytest.mark.parametrize(
    ("before", "short"),
    [
        (0, "02:14:20"),
        (2 * HOUR, "00:14:20"),
        (3 * HOUR, "昨 23:14"),
        (27 * HOUR, "11-22 23:14"),
        (400 * DAY, "2025-10-20"),
    ],
)
def test_times_are_as_short_as_they_are_clear(hub: FakeHub, before: int, short: str) -> None:
    assert view(hub).short(NOW - before) == short


def test_the_sites_wall_clock_may_be_another_than_utc_says(hub: FakeHub) -> None:
    hub.civil = lambda utc: utc + HOUR  # type: ignore[method-assign]
    assert view(hub).clock(NOW) == "03:14:20"
    assert view(hub).iso(NOW) == "2026-11-23T18:14:20.000Z"
    assert view(hub).zone_name == "GMT+08:00"


@pytest.mark.parametrize(
    ("span", "zh", "en"),
    [
        (0, "0 秒前", "0 s ago"),
        (59 * SECOND, "59 秒前", "59 s ago"),
        (90 * SECOND, "1 分前", "1 min ago"),
        (41 * HOUR, "41 小时前", "41 h ago"),
        (3 * DAY, "3 天前", "3 d ago"),
    ],
)
def test_ages_are_told_in_the_unit_that_says_enough(hub: FakeHub, span: int, zh: str, en: str) -> None:
    assert view(hub).age(NOW - span) == zh
    assert view(hub, "en").age(NOW - span) == en


def test_never_is_not_long_ago(hub: FakeHub) -> None:
    assert view(hub).age(None) == "从未"


@pytest.mark.parametrize(("seconds", "said"), [(34, "0:34"), (725, "12:05"), (3725, "1:02:05"), (-5, "0:00")])
def test_running_time(hub: FakeHub, seconds: int, said: str) -> None:
    assert view(hub).running(NOW - seconds * SECOND) == said


@pytest.mark.parametrize(
    ("point", "value", "said"),
    [
        ("gas-1203.gas", 0.0, "0 %LEL"),
        ("gas-1203.gas", None, "无数据"),
        ("wp-1.ph", 7.0, "7.00 pH"),
        ("wp-1.mode", "auto", "自动"),
        ("wp-1.mode", "E-17", "E-17"),
        ("sm-301.smoke", True, "报警"),
        ("sm-301.smoke", False, "正常"),
        ("gas-1203.fault", True, "异常"),
        ("wp-1.link", True, "失联"),
        ("wp-1.link", False, "在线"),
    ],
)
def test_values_have_their_unit_and_zero_is_a_value(
    hub: FakeHub, point: str, value: float | bool | str | None, said: str
) -> None:
    hub.set_value(point, value)
    assert view(hub).reading(hub.point(point)) == said  # type: ignore[arg-type]


def test_doubt_is_said_with_its_reason(hub: FakeHub) -> None:
    state = hub.point("wp-1.ph")
    assert state is not None
    assert view(hub).doubt(state) == ""
    stale = replace(state, quality=Quality.UNCERTAIN, reason=Reason.STALE, retained=True)
    assert view(hub).doubt(stale) == "读数存疑 · 逾期未更新 · 启动后未收到实时数据"


def test_a_point_that_never_reported_says_so_and_doubts_nothing(hub: FakeHub) -> None:
    state = hub.point("wp-1.link")
    assert state is not None
    overdue = replace(state, quality=Quality.UNCERTAIN, reason=Reason.STALE)
    assert (view(hub).reading(overdue), view(hub).doubt(overdue)) == ("尚未上报", "")
    assert view(hub, "en").reading(overdue) == "Not reported yet"


def test_a_fire_is_never_called_one_without_the_doubt_until_it_is_judged(hub: FakeHub) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    assert view(hub).title(alarm) == "火警·待核实"
    judged = replace(alarm, verdict=Verdict("real", "", "guard", NOW))
    assert view(hub).title(judged) == "火警"
    assert view(hub).verdict(judged) == "真实火警"
    assert view(hub).title(hub.raise_alarm("gas-1203.gas", Signal.GAS)) == "燃气报警(高限)"


async def test_a_fire_that_its_incident_has_made_certain_is_not_to_be_verified_any_more(hub: FakeHub) -> None:
    made = an_incident(with_incidents(hub))
    certain = replace(made, state="stage2", stage=2, confirmed_why="two_triggers")
    alarm = await hub.act(Acknowledge(made.alarms[0], "guard"))
    assert isinstance(alarm, Alarm)
    for incident, title, state in (
        (made, "火警·待核实", "待核实"),
        (certain, "火警 · 真实火警", "已接警"),
        (replace(certain, confirmed_why="lasting"), "火警·待核实", "待核实"),
        (replace(certain, withdrawn=True), "火警·待核实", "待核实"),
    ):
        hub.put_case("incident", incident.to_dict(), "incident.confirmed")
        assert (view(hub).title(alarm), view(hub).state(alarm)) == (title, state)


async def test_what_is_noted_says_so_and_not_its_kind_once_more(hub: FakeHub) -> None:
    noted = await hub.act(Acknowledge(hub.raise_alarm("wp-1.link", Signal.SUPERVISORY).id, "guard"))
    assert isinstance(noted, Alarm)
    assert (view(hub).state(noted), view(hub, "en").state(noted)) == ("已知悉", "Already noted")


async def test_a_fire_from_ring_to_reset_in_words(hub: FakeHub) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    words = view(hub)
    assert (words.state(alarm), words.hurdle(alarm)) == ("待接警", "现场仍在报警,不能复位。")
    alarm = hub.clear(alarm.id)
    assert (words.state(alarm), words.hurdle(alarm)) == ("待接警", "待接警,接警后方可复位。")
    acked = await hub.act(Acknowledge(alarm.id, "guard"))
    assert isinstance(acked, Alarm)
    assert (words.state(acked), words.handled_by(acked), words.hurdle(acked)) == ("待核实", "李强 接警", "")
    assert view(hub, "en").handled_by(acked) == "Acknowledged by 李强"
    judged = replace(acked, verdict=Verdict("false", "cooking", "guard", NOW))
    assert (words.state(judged), words.verdict(judged)) == ("待复位", "误报 · 烹饪油烟")
    assert (
        words.verdict(replace(acked, verdict=Verdict("false", "隔壁烧纸", "guard", NOW))) == "误报 · 隔壁烧纸"
    )


async def test_a_fault_in_words(hub: FakeHub) -> None:
    fault = hub.raise_alarm("wp-1.link", Signal.FAULT)
    words = view(hub)
    assert (words.state(fault), words.ack(fault)) == ("待知悉", "知悉")
    limit = hub.raise_alarm("bin-1.level", Signal.PROCESS)
    assert words.state(hub.clear(limit.id)) == "已恢复·待知悉"
    noted = await hub.act(Acknowledge(fault.id, "guard"))
    assert isinstance(noted, Alarm)
    assert (words.state(noted), words.handled_by(noted)) == ("已知悉", "李强 知悉")
    assert view(hub, "en").handled_by(noted) == "Noted by 李强"
    shelved = replace(noted, suppression=Suppression("shelved", "guard", "换电池", NOW + 30 * MINUTE))
    assert words.shelving(shelved) == "限时搁置至 02:44:20"


def test_what_the_hub_did_itself_has_its_name_and_a_gone_account_keeps_its_own(hub: FakeHub) -> None:
    assert view(hub).person(None) == "平台"
    assert view(hub).person("guard") == "李强"
    assert view(hub).person("gone") == "gone"


@pytest.mark.parametrize(
    ("up", "slaves", "look"),
    [
        (True, None, "ok"),
        (False, None, "medium"),
        (True, {"sm-301": {"polls": 9, "ok": 9}, "sm-402": {"polls": 9, "ok": 5}}, "ok"),
        (True, {"sm-301": {"polls": 9, "ok": 9}, "sm-402": {"polls": 9, "ok": 0}}, "medium"),
        (True, {"sm-301": {"polls": 0, "ok": 0}}, "ok"),
        (True, {"gas/1203": {"polls": 9, "ok": 5}}, "medium"),
        (True, {"no device of this site": {"polls": 9, "ok": 5}}, "ok"),
    ],
)
def test_a_bus_with_a_silent_unit_is_not_untroubled(
    hub: FakeHub, up: bool, slaves: dict[str, dict[str, int]] | None, look: str
) -> None:
    hub.raise_alarm("gas-1203.link", Signal.FAULT)
    link = LinkReport("bus-1", "serial", up, NOW, Text("", ""), slaves=slaves)
    assert view(hub).link_look(link) == look
    word = "正常" if look == "ok" else "部分失联" if up else "中断"
    assert view(hub).link_word(link) == word


def test_facts_in_words(hub: FakeHub) -> None:
    words = view(hub)
    assert (
        words.fact(hub.emit("session.opened", by="guard", body={"address": "192.0.2.7"}))
        == "登录 · 来自 192.0.2.7"
    )
    assert words.fact(hub.emit("something.new", body={"secret": "x"})) == "something.new"
    hub.raise_alarm("sm-301.smoke")
    assert words.fact(hub._facts[-1]) == "报警 · 3号楼1单元 3层 301 客厅 · 火警"


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("escalation.started", {}, "开始通知人员"),
        (
            "notification.delivered",
            {"channel": "sms", "person": "guard", "asked": "guard"},
            "消息已送达 · 短信 · 李强",
        ),
        ("notification.sent", {"channel": "gone", "person": "", "asked": ""}, "通道已受理消息 · gone"),
        (
            "command.confirmed",
            {"name": ["启动警报", "Sound the siren"], "place": ["1号楼", "Building 1"]},
            "已反馈 · 启动警报 · 1号楼",
        ),
        ("linkage.held", {"name": ["燃气联动", "Gas"]}, "联动待人工启动(手动模式) · 燃气联动"),
        ("order.accepted", {"number": 7}, "接单 · 7"),
        ("later.invented", {}, "later.invented"),
    ],
)
def test_what_an_alarm_set_in_motion_is_told_with_it(
    hub: FakeHub, kind: str, body: dict[str, object], words: str
) -> None:
    fact = Fact(Seq(1, 1), kind, NOW, None, kind.partition(".")[0], {**body, "alarm": "al-1-1"})
    assert view(hub).step(fact) == words
