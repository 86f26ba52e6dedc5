"""The desk on duty: a wall that belongs to nobody, its people and their PINs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from edge.domain.device import Signal
from tests.e2e.conftest import SignIn
from tests.e2e.panel import Panel
from tests.web.fakes import PASSWORDS, PINS

pytestmark = pytest.mark.e2e


def make_wall(sign_in: SignIn, **how: object) -> Page:
    page = sign_in("guard", "/me", **how)
    page.locator("#make-wall").click()
    page.set_default_timeout(8000)
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
    page.wait_for_timeout(700)
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
    page.wait_for_timeout(700)
    page.locator("#first [data-act=ack]").click()
    for _ in range(4):
        enter(page, "guard", "9999")
        expect(page.locator("#person-error")).to_have_text("PIN 不对。")
    enter(page, "guard", "9999")
    expect(page.locator("#person-error")).to_contain_text("锁定 15 分钟")
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
    page.wait_for_timeout(700)
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
