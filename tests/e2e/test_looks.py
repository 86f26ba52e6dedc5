"""What holds on every page: readable for all, on every screen, in both languages, by day and night."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from edge.domain.device import Signal
from edge.domain.instant import DAY, HOUR, MINUTE
from edge.domain.reading import Quality
from tests.e2e.access import fits, violations
from tests.e2e.conftest import SignIn
from tests.e2e.panel import Panel
from tests.web.cameras import kept, with_cameras
from tests.web.fakes import PINS, FakeHub, busy_day

PAGES = ["/", "/alarms", "/alarms/a-9", "/devices", "/devices/wp-1", "/health", "/journal"]


@pytest.fixture
def busy(panel: Panel) -> Panel:
    panel.do(busy_day)
    return panel


@pytest.mark.parametrize(("theme", "language"), [("night", "zh"), ("day", "en")])
def test_pages_are_accessible(busy: Panel, sign_in: SignIn, theme: str, language: str) -> None:
    first = busy.do(lambda hub: next(a.id for a in hub.open_alarms()))
    page = sign_in(theme=theme, language=language)
    page.emulate_media(reduced_motion="reduce")
    for path in PAGES:
        page.goto(busy.url + path.replace("a-9", first))
        expect(page.locator("html")).to_have_attribute("data-stream", "live")
        assert violations(page) == [], path


def test_the_door_and_a_calm_wall_are_accessible(panel: Panel, page: Page, sign_in: SignIn) -> None:
    page.goto(panel.url + "/sign-in")
    assert violations(page) == []
    page.get_by_role("link", name="我有一次性代码").click()
    expect(page.get_by_role("textbox", name="一次性代码")).to_be_visible()
    assert violations(page) == []
    assert violations(sign_in()) == []


def test_nothing_scrolls_sideways(busy: Panel, sign_in: SignIn) -> None:
    first = busy.do(lambda hub: next(a.id for a in hub.open_alarms()))
    for language in ("zh", "en"):
        page = sign_in(language=language, width=320, height=640)
        for path in PAGES:
            page.goto(busy.url + path.replace("a-9", first))
            fits(page, 768, 320)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1366, 768), (1280, 1024), (1920, 1080)])
def test_pictures_and_the_next_alarms_are_in_sight_on_a_small_desk_with_many_links(
    panel: Panel, sign_in: SignIn, width: int, height: int
) -> None:
    def stage(hub: FakeHub) -> None:
        links = [replace(hub.links()[0], source=f"bus-{n}") for n in range(12)]
        hub.links = lambda: links  # type: ignore[method-assign]
        fire = hub.raise_alarm("sm-301.smoke")
        kept(with_cameras(hub), fire)
        hub.raise_alarm("sm-402.smoke")
        hub.raise_alarm("gas-1203.gas", Signal.GAS)

    panel.do(stage)
    page = sign_in(width=width, height=height)
    pictures = page.locator("#record-body .sight")
    expect(pictures).to_have_count(3)
    expect(page.locator("#watch li").nth(11)).to_be_attached()
    assert page.locator("#record-body").evaluate("e => e.clientHeight") >= 140
    assert pictures.nth(1).evaluate("e => e.clientHeight") >= (140 if height <= 1024 else 110)
    expect(pictures.nth(1)).to_be_in_viewport(ratio=0.95)
    expect(page.locator("#rows .row:visible").nth(0)).to_be_in_viewport(ratio=0.95)


def test_the_english_menu_is_one_row_at_1280_and_the_audits_kinds_are_one_field_on_a_phone(
    busy: Panel, sign_in: SignIn
) -> None:
    page = sign_in("admin", "/journal", language="en", width=1280, height=800)
    tops = page.locator(".bar nav a").evaluate_all("all => all.map(a => a.getBoundingClientRect().top)")
    assert len(tops) > 12
    assert len(set(tops)) == 1
    expect(page.locator("select[name=kind]")).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("navigation", name="Kinds")).to_be_hidden()
    page.get_by_role("combobox", name="Kinds").select_option("alarm.")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(busy.url + "/journal?kind=alarm.")
    expect(page.get_by_role("combobox", name="Kinds")).to_have_value("alarm.")
    expect(page.locator("tbody tr").first).to_contain_text("Alarm")


def test_languages_change_where_one_stands(busy: Panel, sign_in: SignIn) -> None:
    page = sign_in(path="/health")
    expect(page.locator("h1")).to_contain_text("运行状态")
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_contain_text("Health")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    busy.do(lambda hub: hub.raise_alarm("sm-402.smoke"))
    page.goto(busy.url + "/")
    gas = busy.do(lambda hub: hub.raise_alarm("gas-1203.gas", Signal.GAS))
    expect(page.locator(f"#a-{gas.id}")).to_contain_text("Gas alarm (high)")
    page.get_by_role("button", name="中文").click()
    expect(page.locator(f"#a-{gas.id}")).to_contain_text("燃气报警(高限)")


def strike(panel: Panel, hour: int, minute: int = 0) -> None:
    """Set the site's wall clock (GMT+08:00)."""
    now = panel.hub.now().utc
    ahead = (hour * 60 + minute) * MINUTE - (now + 8 * HOUR) % DAY
    panel.hub.civil = lambda utc: utc + ahead  # type: ignore[method-assign]


def test_day_and_night_are_kept_by_the_browser(panel: Panel, sign_in: SignIn) -> None:
    strike(panel, 12)
    page = sign_in(theme="auto")
    button = page.get_by_role("button", name="日间 / 夜间")
    ink = "getComputedStyle(document.body).color"
    expect(button).to_have_text("日间 / 夜间: 自动", use_inner_text=True)
    day = page.evaluate(ink)
    button.click()
    expect(button).to_have_text("日间 / 夜间: 夜间", use_inner_text=True)
    night = page.evaluate(ink)
    assert day != night
    page.reload()
    assert page.evaluate(ink) == night
    button.click()
    expect(button).to_have_text("日间 / 夜间: 日间", use_inner_text=True)
    strike(panel, 22)
    page.reload()
    assert page.evaluate(ink) == day
    button.click()
    button.click()
    expect(button).to_have_text("日间 / 夜间: 自动", use_inner_text=True)
    assert page.evaluate(ink) == night


def test_an_open_wall_turns_to_night_by_the_sites_clock(panel: Panel, sign_in: SignIn) -> None:
    strike(panel, 18, 59)
    page = sign_in(theme="auto")
    page.clock.install()
    expect(page.locator("html")).to_have_attribute("data-theme", "day")
    page.clock.fast_forward(60_000)
    expect(page.locator("html")).to_have_attribute("data-theme", "night")
    kept = sign_in(theme="day")
    expect(kept.locator("html")).to_have_attribute("data-theme", "day")


def test_trends_are_drawn_in_the_sites_time(busy: Panel, sign_in: SignIn) -> None:
    page = sign_in(path="/devices/wp-1")
    expect(page.locator(".chart .uplot")).to_have_count(1)
    drawn = page.locator(".chart .uplot").element_handle()
    page.get_by_role("button", name="7 天").click()
    assert drawn is not None
    drawn.wait_for_element_state("hidden")
    chart = page.locator(".u-over")
    width = chart.evaluate("over => over.clientWidth")
    chart.hover(position={"x": width - 4, "y": 40})
    legend = page.locator(".u-legend")
    expect(legend).to_contain_text(re.compile(r"\d+\.\d\d pH"))
    newest = busy.do(lambda hub: max(t for t, _, _ in hub._history["wp-1.ph"]))
    local = datetime.fromtimestamp(newest / 1e6, UTC) + timedelta(hours=8)
    expect(legend).to_contain_text(f"{local:%Y-%m-%d %H}")


def test_what_is_not_usable_stretches_no_trend(busy: Panel, sign_in: SignIn) -> None:
    page = sign_in(path="/devices/wp-1")
    expect(page.locator(".chart .uplot")).to_have_count(1)
    expect(page.locator(".left-out")).to_be_hidden()
    busy.do(lambda hub: hub.set_value("wp-1.ph", 200.0, quality=Quality.BAD))
    page.get_by_role("button", name="7 天").click()
    expect(page.locator(".left-out")).to_be_visible()
    expect(page.locator(".left-out")).to_have_text("不可用的读数未画入曲线。")
    box = page.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 40)
    expect(page.locator(".u-legend")).to_contain_text("–")
    page.goto(busy.url + "/devices/gas-1203")
    busy.do(lambda hub: hub._history["gas-1203.gas"].clear())
    busy.do(lambda hub: hub.set_value("gas-1203.gas", 200.0, quality=Quality.BAD))
    page.get_by_role("button", name="7 天").click()
    expect(page.locator(".chart")).to_contain_text("此时段无数据")
    expect(page.locator(".left-out")).to_be_visible()


def test_values_of_a_device_refresh_themselves(busy: Panel, sign_in: SignIn) -> None:
    page = sign_in(path="/devices/bin-1")
    busy.do(lambda hub: hub.set_value("bin-1.level", 12.0))
    expect(page.locator("#point-table")).to_contain_text("12 %")


def test_a_remark_and_a_forced_reset_on_the_alarm_page(panel: Panel, sign_in: SignIn) -> None:
    alarm = panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    page = sign_in(path=f"/alarms/{alarm.id}")
    page.get_by_label("记入处置记录的备注").fill("住户在家炒菜")
    page.get_by_role("button", name="添加").click()
    expect(page.locator(".story")).to_contain_text("住户在家炒菜")
    page.get_by_text("强制复位…").click()
    page.get_by_label("原因", exact=True).fill("探测器卡滞,已更换")
    page.get_by_role("button", name="强制复位").click()
    page.locator('#person [data-person="admin"]').click()  # one person alone forces no end of a fire
    page.keyboard.type(PINS["admin"])
    page.keyboard.press("Enter")
    expect(page.locator(".story")).to_contain_text("探测器卡滞,已更换")
    expect(page.locator(".facts")).to_contain_text("强制复位")


def test_on_plain_http_by_name_as_on_a_sites_network(panel: Panel, sign_in: SignIn) -> None:
    url = panel.url.replace("127.0.0.1", "panel.test")
    page = sign_in(url=url)
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    expect(page.locator("#first [data-act=ack]")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator("#first .taken")).to_be_visible()
