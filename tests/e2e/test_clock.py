"""The clock and a time off in a browser whose own zone is another: set, verified, read, and accessible."""

from __future__ import annotations

from dataclasses import replace

from playwright.sync_api import expect

from edge.conclude import Conclude
from edge.domain.absence import Gap
from edge.domain.clock import Quality
from edge.domain.instant import MINUTE
from edge.power.absence import Absences
from tests.e2e.access import violations
from tests.e2e.conftest import SignIn
from tests.e2e.panel import Panel
from tests.web.fakes import FakeHub


def was_off(hub: FakeHub) -> None:
    now = hub.now()
    span = 35 * MINUTE
    tenant = Absences(hub._numbering, Gap(now.utc - span, now.utc, span, span, "power", now.mono, False))
    hub.conclude = Conclude([tenant])
    tenant.restore([], now)
    hub.power.absent = tenant.standing  # type: ignore[method-assign]
    hub.power.stands = replace(hub.power.stands, quality=Quality.DOUBTFUL, trusted=False)


def test_a_time_off_is_read_and_the_clock_is_set_as_the_site_shows_it(panel: Panel, sign_in: SignIn) -> None:
    panel.do(was_off)
    page = sign_in("admin")
    page.goto(panel.url + "/clock")
    assert violations(page) == []
    read = page.locator("#desk [data-absence-seen]")
    expect(read).to_be_visible()
    read.click()
    expect(read).to_have_count(0)
    page.fill("input[name=time]", "2026-12-01T08:30:00")
    page.locator("#clock-set button").click()
    page.get_by_label("我已核对日期").check()  # half a year away: it is asked about twice
    assert panel.do(lambda hub: list(hub.power.asked)) == []
    page.locator("#clock-set button").click()
    expect(page.locator("[data-clock-confirm]")).to_have_count(0)
    assert panel.do(lambda hub: hub.power.asked) == [("admin", 1_796_085_000_000_000)]  # 08:30 in Shanghai


def test_a_clock_that_nothing_here_can_set_is_confirmed(panel: Panel, sign_in: SignIn) -> None:
    stands = replace(panel.hub.power.stands, quality=Quality.HOST, can_set=False)
    panel.hub.power.stands = stands
    page = sign_in("admin", "/clock")
    expect(page.get_by_role("button", name="主机时钟正确")).to_be_visible()
    expect(page.locator("#clock-set")).to_have_count(0)
    page.locator("[data-clock-confirm]").click()
    expect(page.locator("dd").nth(2)).to_contain_text("管理员")
    assert panel.do(lambda hub: hub.power.asked) == [("admin", stands.machine)]
