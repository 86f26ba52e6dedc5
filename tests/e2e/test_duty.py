"""The desk on duty: a wall that belongs to nobody, its people and their PINs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from edge.alarm.outage import OutOfService
from edge.alarm.outages import Outages
from edge.conclude import Conclude
from edge.dispatch.handover import HandOvers
from edge.dispatch.watch import DeskWatch, Presence
from edge.domain.device import Signal
from tests.e2e.access import violations
from tests.e2e.conftest import SignIn, settled
from tests.e2e.panel import Panel
from tests.web.fakes import PASSWORDS, PINS, FakeHub
from tests.web.sample_site import DEVICES


def make_wall(sign_in: SignIn, **how: object) -> Page:
    page = sign_in("guard", "/me", **how)
    page.locator("#make-wall").click()
    page.wait_for_url(lambda url: url.endswith("/"))
    expect(page.locator("html")).to_have_attribute("data-stream", "live")
    return page


def enter(page: Page, name: str, pin: str) -> None:
    """Choose the tile, press the digits."""
    expect(page.locator("#person")).to_be_visible()
    tile = page.locator(f'#person [data-person="{name}"]')
    if tile.is_visible():
        tile.click()
    for digit in pin:
        page.locator(f'#person [data-pad="{digit}"]').click()
    page.locator("#person .pad .primary").click()


def test_a_wall_asks_who_acts_and_remembers_for_minutes(panel: Panel, sign_in: SignIn) -> None:
    page = make_wall(sign_in)
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    settled(page)
    page.keyboard.press(" ")
    expect(page.locator("#person-title")).to_have_text("谁在操作?")
    expect(page.locator("#person [data-person]")).to_have_text(["李强", "王芳"])
    page.locator('[data-person="guard"]').click()
    page.keyboard.type(PINS["guard"])
    page.keyboard.press("Enter")
    expect(page.locator("#first .taken")).to_contain_text("李强")
    expect(page.locator("#person-now b")).to_have_text("李强")
    expect(page.locator("#person-now .left")).to_have_text(re.compile(r"^(5:00|4:5\d)$"))
    panel.do(lambda hub: hub.raise_alarm("wp-1.link", Signal.FAULT))
    page.locator("#rows [data-act=ack]").click()
    expect(page.locator("#rows")).to_contain_text("李强")
    page.get_by_role("button", name="换人").click()
    enter(page, "admin", PINS["admin"])
    expect(page.locator("#person-now b")).to_have_text("王芳")


def test_a_locked_pin_never_stops_the_wall(panel: Panel, sign_in: SignIn) -> None:
    page = make_wall(sign_in)
    alarm = panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    settled(page)
    page.locator("#first [data-act=ack]").click()
    for _ in range(4):
        enter(page, "guard", "9999")
        expect(page.locator("#person-error")).to_have_text("PIN 不对。")
    enter(page, "guard", "9999")
    expect(page.locator("#person-error")).to_contain_text("暂时锁定")
    page.locator("[data-pad=cancel]").click()
    page.locator("#first [data-act=silence]").click()
    expect(page.locator("#desk")).to_contain_text("报警墙 1")
    newer = panel.do(lambda hub: hub.raise_alarm("gas-1203.gas", Signal.GAS))
    expect(page.locator(f"#a-{newer.id}")).to_be_visible()
    page.locator("#first [data-act=ack]").click()
    enter(page, "admin", PINS["admin"])
    expect(page.locator("#first .taken")).to_contain_text("王芳")
    assert panel.do(lambda hub: hub.alarm(alarm.id)).acked_by == "admin"


def test_a_fire_is_put_aside_by_two(panel: Panel, sign_in: SignIn) -> None:
    page = make_wall(sign_in)
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    settled(page)
    page.get_by_role("button", name="限时搁置").click()
    page.get_by_role("button", name="1 小时").click()
    enter(page, "guard", PINS["guard"])
    expect(page.locator("#person-title")).to_have_text("第二人")
    expect(page.locator("#person [data-person]")).to_have_text(["张伟", "王芳"])
    enter(page, "admin", "1111")
    expect(page.locator("#person-error")).to_have_text("PIN 不对。")
    enter(page, "admin", PINS["admin"])
    expect(page.locator("#totals")).to_contain_text("搁置 1")
    expect(page.locator("#watch")).to_contain_text("现场动火作业")
    expect(page.locator("#rows")).to_contain_text("限时搁置至")


def test_ones_own_pin(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in("admin", "/me")
    page.fill("[name=password]", PASSWORDS["admin"])
    page.fill("[name=pin]", "1234")
    page.fill("[name=again]", "1234")
    page.click("#own-pin .primary")
    expect(page.locator("#notices")).to_contain_text("不能太好猜")
    page.fill("[name=pin]", "83026")
    page.fill("[name=again]", "83026")
    page.click("#own-pin .primary")
    expect(page.locator("#notices")).to_contain_text("原 PIN 作废")


def tenants(panel: Panel) -> None:
    """The real tenants of duty, on the panel's hub."""

    def put(hub: FakeHub) -> None:
        devices = {device.id: device for device in DEVICES}
        hub.conclude = Conclude(
            [
                OutOfService(devices.get, Outages(), hub._numbering),
                HandOvers(lambda _: None, hub._numbering),
                DeskWatch(Presence(), hub._numbering),
            ]
        )

    panel.do(put)


def test_a_watch_is_handed_over_with_two_pins(panel: Panel, sign_in: SignIn) -> None:
    tenants(panel)
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    page = make_wall(sign_in)
    page.get_by_role("link", name="交接班").click()
    expect(page.locator("main")).to_contain_text("301 客厅")
    page.get_by_label("楼栋钥匙").check()
    page.get_by_label("备注").fill("3号楼烟感待换")
    page.locator("[name=giver]").select_option("guard")
    page.locator("[name=giver-pin]").fill(PINS["guard"])
    page.locator("[name=taker]").select_option("admin")
    page.locator("[name=taker-pin]").fill("0000")
    page.get_by_role("button", name="完成交接班").click()
    expect(page.locator("#notices")).to_contain_text("PIN 不对")
    page.locator("[name=taker-pin]").fill(PINS["admin"])
    page.get_by_role("button", name="完成交接班").click()
    page.wait_for_url("**/handover/ho-*")
    expect(page.locator("main")).to_contain_text("3号楼烟感待换")
    expect(page.locator("main")).to_contain_text("王芳 PIN 签认")


def test_a_detector_goes_out_of_service_by_two(panel: Panel, sign_in: SignIn) -> None:
    tenants(panel)
    page = sign_in("guard", "/devices/sm-301")
    page.get_by_role("button", name="停用(检修)").click()
    page.get_by_role("button", name="1 天").click()
    enter(page, "admin", PINS["admin"])
    expect(page.locator("main")).to_contain_text("停用至")
    expect(page.locator("#totals")).to_contain_text("停用 1")
    page.get_by_role("button", name="恢复使用").click()
    expect(page.get_by_role("button", name="停用(检修)")).to_be_visible()


def test_a_guard_takes_the_tone_along(panel: Panel, sign_in: SignIn) -> None:
    tenants(panel)
    page = sign_in("guard", "/away", width=390, height=844)
    page.get_by_role("button", name="携本机离席").click()
    expect(page.locator("main")).to_contain_text("你就是值班台")
    expect(page.locator("#sign")).to_contain_text("秒前")
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    expect(page.locator("html")).to_have_attribute("data-ringing", "fire")
    assert panel.do(lambda hub: hub.receipts[-1].person) == "guard"
    with page.expect_response("**/api/v1/alive"):
        page.locator("#sign").click()  # the press that lets it sound
    assert panel.do(lambda hub: hub.receipts[-1].shown == hub.position())
    page.get_by_role("button", name="回到值班台").click()
    expect(page.get_by_role("button", name="携本机离席")).to_be_visible()


@pytest.mark.parametrize(("language", "theme"), [("zh", "night"), ("en", "day")])
def test_everybody_can_read_and_reach_it(panel: Panel, sign_in: SignIn, language: str, theme: str) -> None:
    tenants(panel)
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    page = make_wall(sign_in, language=language, theme=theme)
    settled(page)
    page.keyboard.press(" ")
    page.locator('[data-person="guard"]').click()
    assert violations(page) == []
    enter(page, "guard", PINS["guard"])
    for path in ("/handover", "/devices/sm-301"):
        page.goto(panel.url + path)
        assert violations(page) == []
    other = sign_in("guard", "/me", language=language, theme=theme)
    assert violations(other) == []
    other.goto(panel.url + "/away")
    assert violations(other) == []
