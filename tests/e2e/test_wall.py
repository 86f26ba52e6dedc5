"""The alarm wall as guards use it: two desks, one key, a cut cable."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from edge.domain.device import Signal
from edge.domain.health import Check, Health
from edge.domain.names import Text
from edge.domain.request import Acknowledge
from tests.e2e.conftest import SignIn, settled
from tests.e2e.panel import Panel


def first(page: Page) -> str:
    return page.locator("#first > [data-alarm]").get_attribute("data-alarm") or ""


def rows(page: Page) -> list[str]:
    """Ids of the alarms in the list, top to bottom."""
    found: list[str] = page.locator("#rows .row:visible").evaluate_all(
        "rows => rows.map(r => r.dataset.alarm)"
    )
    return found


def live(page: Page) -> Page:
    """The page, once its stream is connected."""
    expect(page.locator("html")).to_have_attribute("data-stream", "live")
    return page


def test_signing_in_and_out(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in("guard", "/devices")
    expect(page.locator("h1")).to_contain_text("设备台账")
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/sign-in")
    page.goto(panel.url + "/health")
    page.wait_for_url("**/sign-in?next=/health")
    page.fill("[name=name]", "guard")
    page.fill("[name=password]", "wrong")
    page.click("button.primary")
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码不对")


def test_an_alarm_is_on_the_wall_at_once(panel: Panel, sign_in: SignIn) -> None:
    page = live(sign_in())
    expect(page.locator("#first")).to_contain_text("一切正常")
    alarm = panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    expect(page.locator("#first .place")).to_have_text("3号楼1单元 3层 301 客厅")
    assert first(page) == alarm.id
    expect(page.locator("#first")).to_contain_text("首火警")
    expect(page.locator("#totals")).to_contain_text("火警 1")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    assert (page.locator("link[rel=icon]").get_attribute("href") or "").startswith("data:image/png")


def test_one_key_acknowledges_and_a_second_desk_sees_who(panel: Panel, sign_in: SignIn) -> None:
    mine, theirs = live(sign_in("guard")), live(sign_in("admin"))
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    expect(mine.locator("#first [data-act=ack]")).to_be_visible()
    mine.keyboard.press("Space")
    expect(theirs.locator("#first .taken")).to_contain_text("李强")
    expect(theirs.locator("#first .taken")).to_contain_text("接警")
    expect(theirs.locator("#first")).to_contain_text("待核实")
    expect(mine).to_have_title(re.compile(r"^报警监控"))


def test_a_false_alarm_from_ring_to_reset(panel: Panel, sign_in: SignIn) -> None:
    page = live(sign_in())
    alarm = panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    expect(page.locator("#first .place")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="接警 空格").click()
    expect(page.locator("#first .taken")).to_be_visible()
    page.get_by_role("button", name="复位").click(force=True)
    expect(page.locator("#notices")).to_contain_text("现场仍在报警,不能复位")
    page.get_by_role("button", name="误报…").click()
    page.get_by_role("button", name="烹饪油烟").click()
    expect(page.locator("#first")).to_contain_text("核实结论 · 误报 · 烹饪油烟")
    panel.do(lambda hub: hub.clear(alarm.id))
    settled(page, "恢复")
    page.locator("#first [data-act=reset]").click()
    expect(page.locator("#first")).to_contain_text("一切正常,自")
    assert rows(page) == []


def test_a_reset_that_the_hub_refuses_is_said_in_words(panel: Panel, sign_in: SignIn) -> None:
    page = live(sign_in())
    alarm = panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    panel.do(lambda hub: hub.act(Acknowledge(alarm.id, "admin")))
    panel.do(lambda hub: hub.clear(alarm.id))
    button = page.locator("#first [data-act=reset]")
    expect(button).to_be_visible()
    settled(page)
    page.route("**/events*", lambda route: route.abort())
    panel.do(lambda hub: hub.emit("alarm.reported", _active_again(hub, alarm.id)))
    page.evaluate("document.querySelector('#first [data-act=reset], #first [data-why]').click()")
    expect(page.locator("#notices")).to_contain_text("现场仍在报警,不能复位")


def _active_again(hub, id):
    return replace(hub._alarms[id], active=True)


def test_confirming_a_fire_takes_a_held_press(panel: Panel, sign_in: SignIn) -> None:
    page = live(sign_in())
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    button = page.get_by_role("button", name="确认火警…")
    button.hover()
    page.mouse.down()
    page.mouse.up()
    expect(page.locator("#notices")).to_contain_text("请按住 1 秒")
    expect(page.locator("#first")).not_to_contain_text("真实火警")
    expect(page.locator("#record-body")).not_to_be_empty()
    settled(page)
    button.hover()  # the record has come and moved it
    page.mouse.down()
    expect(page.locator("#first")).to_contain_text("真实火警")
    page.mouse.up()


def test_who_was_first_is_told_to_who_was_late(panel: Panel, sign_in: SignIn) -> None:
    alarm = panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    page = sign_in("admin")
    page.route("**/events*", lambda route: route.abort())
    page.reload()
    settled(page)
    page.clock.install()
    panel.do(lambda hub: hub.act(Acknowledge(alarm.id, "guard")))
    page.clock.fast_forward(3000)
    page.keyboard.press("a")
    expect(page.locator("#notices")).to_contain_text(re.compile(r"李强 \d\d:\d\d:\d\d 已接警"))


def test_a_cut_cable_greys_the_wall_and_loses_nothing(panel: Panel, sign_in: SignIn) -> None:
    page = live(sign_in(url=panel.cabled_url))
    full = panel.do(lambda hub: hub.raise_alarm("bin-1.level", Signal.PROCESS))
    expect(page.locator("#first .place")).to_be_visible()
    panel.run(panel.cable.cut())
    expect(page.locator("#lost")).to_contain_text(
        re.compile(r"与平台失去连接,画面停在 \d\d:\d\d:\d\d。请看火灾报警控制器。")
    )
    raised = [panel.do(lambda hub: hub.raise_alarm("wp-1.link", Signal.FAULT)) for _ in range(5)]
    fire = panel.do(lambda hub: hub.raise_alarm("sm-402.smoke"))
    panel.run(panel.cable.mend())
    expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator("#first .place")).to_contain_text("402")
    expect(page.locator("#notices")).to_contain_text("已补收 6 条")
    assert first(page) == fire.id
    assert rows(page) == [*(alarm.id for alarm in reversed(raised)), full.id]


def test_a_silent_cable_is_noticed_within_25_seconds(panel: Panel, sign_in: SignIn) -> None:
    page = live(sign_in(url=panel.cabled_url))
    page.clock.install()
    panel.run(panel.cable.stall())
    page.clock.run_for(20_000)
    expect(page.locator("#lost")).to_be_hidden()
    page.clock.run_for(5_000)
    expect(page.locator("#lost")).to_be_visible()
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    panel.run(panel.cable.mend())
    page.clock.resume()
    expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator("#first .place")).to_contain_text("301")


def test_a_desk_that_missed_too_much_takes_the_page_anew(panel: Panel, sign_in: SignIn) -> None:
    page = live(sign_in(url=panel.cabled_url))
    panel.run(panel.cable.cut())
    expect(page.locator("#lost")).to_be_visible()
    panel.hub.ring = 3
    for _ in range(2):
        panel.do(lambda hub: [hub.raise_alarm("wp-1.link", Signal.FAULT) for _ in range(1200)])
    fire = panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    panel.run(panel.cable.mend())
    expect(page.locator("#first .place")).to_contain_text("301")
    assert first(page) == fire.id
    alarm = panel.do(lambda hub: hub.raise_alarm("gas-1203.gas", Signal.GAS))
    expect(page.locator(f"#a-{alarm.id}")).to_be_visible()  # 2,400 rows are drawn anew


def test_silence_is_shown_to_all_and_ends_with_a_new_alarm(panel: Panel, sign_in: SignIn) -> None:
    mine, theirs = live(sign_in("guard")), live(sign_in("admin", "/devices"))
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    for page in (mine, theirs):
        expect(page.locator("html")).to_have_attribute("data-ringing", "fire")
    mine.keyboard.press("m")
    expect(theirs.locator("#desk")).to_contain_text("本台已消音")
    expect(theirs.locator("#desk")).to_contain_text("李强")
    expect(theirs.locator("#desk [data-until]")).to_have_text(re.compile(r"^(5:00|4:5\d)$"))
    for page in (mine, theirs):
        expect(page.locator("html")).to_have_attribute("data-ringing", "")
    panel.do(lambda hub: hub.raise_alarm("gas-1203.gas", Signal.GAS))
    for page in (mine, theirs):
        expect(page.locator("html")).to_have_attribute("data-ringing", "fire")
        expect(page.locator("#desk")).not_to_contain_text("本台已消音")


@pytest.mark.parametrize(
    ("point", "signal", "tone"),
    [
        ("sm-301.smoke", Signal.FIRE, "fire"),
        ("gas-1203.gas", Signal.GAS, "gas"),
        ("wp-1.link", Signal.FAULT, "fault"),
        ("bin-1.level", Signal.PROCESS, "other"),
    ],
)
def test_each_signal_has_its_own_sound_until_acknowledged(
    panel: Panel, sign_in: SignIn, point: str, signal: Signal, tone: str
) -> None:
    page = live(sign_in())
    panel.do(lambda hub: hub.raise_alarm(point, signal))
    expect(page.locator("html")).to_have_attribute("data-ringing", tone)
    page.keyboard.press("a")
    expect(page.locator("html")).to_have_attribute("data-ringing", "")


def test_a_screen_without_leave_to_sound_says_so(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in()
    page.add_init_script(
        "AudioContext = class extends AudioContext { open = false;"
        " get state() { return this.open ? 'running' : 'suspended'; }"
        " async resume() { this.open = true; } }"
    )
    page.reload()
    expect(page.locator("#unlock")).to_contain_text("本机声音未开启,点此开启。")
    page.locator("[data-sound-on]").click()
    expect(page.locator("#unlock")).to_be_hidden()


def test_no_row_moves_under_the_pointer(panel: Panel, sign_in: SignIn) -> None:
    for _ in range(30):
        panel.do(lambda hub: hub.raise_alarm("wp-1.link", Signal.FAULT))
    page = live(sign_in())
    row = page.locator("#rows .row:visible").nth(2)
    id = row.get_attribute("id")
    row.hover()
    pointed = page.locator(f"#{id}")
    before = pointed.bounding_box()
    fresh = panel.do(lambda hub: hub.raise_alarm("wp-1.link", Signal.FAULT))
    gone = panel.do(lambda hub: hub.clear(hub.open_alarms()[2].id))
    fire = panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    expect(page.locator("#first .place")).to_contain_text("301")
    expect(page.locator(f"#a-{gone.id}")).to_have_class(re.compile("gone"))
    after = pointed.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) < 1.5
    expect(page.locator("#chip-new")).to_contain_text("条新报警")
    page.mouse.move(5, 5)
    expect(page.locator(f"#a-{gone.id}")).to_have_count(0)
    assert first(page) == fire.id
    assert fresh.id in rows(page)


def test_no_fault_is_hidden(panel: Panel, sign_in: SignIn) -> None:
    raised = [panel.do(lambda hub: hub.raise_alarm("wp-1.link", Signal.FAULT)) for _ in range(40)]
    page = live(sign_in())
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    expect(page.locator("#others-count")).to_contain_text(re.compile(r"未结束 40 · 待处理 40 · 另有 \d\d 条"))
    expect(page.locator("#chip-more")).to_be_visible()
    for _ in range(41):
        page.keyboard.press("j")
    expect(page.locator(f"#a-{raised[0].id}")).to_have_class(re.compile("chosen"))
    expect(page.locator(f"#a-{raised[0].id}")).to_be_in_viewport()
    page.keyboard.press("a")
    expect(page.locator(f"#a-{raised[0].id}")).to_contain_text("李强 知悉")
    expect(page.locator("#first [data-act=ack]")).to_be_visible()


def test_a_card_that_has_just_changed_takes_no_press(panel: Panel, sign_in: SignIn) -> None:
    page = live(sign_in())
    panel.do(lambda hub: hub.raise_alarm("wp-1.link", Signal.FAULT))
    expect(page.locator("#first .place")).to_contain_text("泵房")
    settled(page)
    page.evaluate(
        "document.addEventListener('htmx:after:swap', () => {"
        " document.querySelector('#first [data-signal=fire] [data-act=ack]')?.click(); })"
    )
    fire = panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    expect(page.locator("#notices")).to_contain_text("画面刚刚更新")
    assert panel.do(lambda hub: hub.alarm(fire.id)).acked is False


def test_with_the_journal_down_a_guard_can_still_acknowledge(panel: Panel, sign_in: SignIn) -> None:
    page = live(sign_in())
    panel.hub.journal_down = True
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    expect(page.locator("#first")).to_contain_text("未存盘")
    page.keyboard.press("Space")
    expect(page.locator("#first .taken")).to_contain_text("李强")
    expect(page.locator("#notices")).to_contain_text("已执行,未存盘")


def test_a_long_trouble_of_the_hub_leaves_a_phone_to_the_alarm(panel: Panel, sign_in: SignIn) -> None:
    long = Text(
        "存储文件损坏,已重新开始;请查看消防主机的记录。" * 4, "A store was damaged and begun anew. " * 8
    )
    checks = {name: Check(name, False, 0, long) for name in ("journal", "telemetry", "accounts")}
    panel.hub.status = Health("degraded", checks, None, None)
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    page = live(sign_in(width=390, height=844))
    said = page.locator("#desk .brief")
    lines = "e => Math.round(e.clientHeight / parseFloat(getComputedStyle(e).lineHeight))"
    assert said.evaluate(lines) == 2
    expect(said).to_contain_text("已投入,有缺陷")
    expect(page.locator("#first .place")).to_be_in_viewport(ratio=1)
    page.locator("#desk").get_by_role("link", name="运行状态").click()
    page.wait_for_url("**/health")


def test_not_armed_until_the_self_test_has_passed(panel: Panel, sign_in: SignIn) -> None:
    armed = panel.hub.status
    panel.hub.status = Health("starting", {}, None, None)
    page = live(sign_in())
    expect(page.locator("#desk")).to_contain_text("未投入")
    panel.hub.status = armed
    panel.do(lambda hub: hub.emit("desk.sounding"))
    expect(page.locator("#desk")).not_to_contain_text("未投入")


def test_help_and_keys(panel: Panel, sign_in: SignIn) -> None:
    alarm = panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    page = live(sign_in())
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="按键")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/alarms/{alarm.id}")


def test_an_alarm_on_another_page_calls_to_the_wall(panel: Panel, sign_in: SignIn) -> None:
    page = live(sign_in(path="/devices"))
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    expect(page.locator("#desk")).to_contain_text("3号楼1单元 3层 301 客厅")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    page.get_by_role("link", name="去报警监控").click()
    expect(page.locator("#first .place")).to_contain_text("301")


def test_an_ended_session_leads_to_the_door(panel: Panel, sign_in: SignIn) -> None:
    page = live(sign_in(url=panel.cabled_url))
    panel.do(lambda hub: hub.people.close_sessions("guard"))
    panel.run(panel.cable.cut())
    panel.run(panel.cable.mend())
    page.wait_for_url("**/sign-in?next=%2F")
