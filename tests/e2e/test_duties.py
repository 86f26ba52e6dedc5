"""A round walked with a phone in a real browser, also without a connection; the desk's pages and prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from edge.evidence import EvidenceFiles
from tests.e2e.conftest import SignIn
from tests.e2e.panel import Panel
from tests.e2e.test_orders import picture
from tests.web.duties import due, with_duties

pytestmark = pytest.mark.e2e

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture(autouse=True)
def duties(panel: Panel, tmp_path: Path) -> None:
    panel.do(with_duties)
    panel.hub.evidence = EvidenceFiles(tmp_path)


def check(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    assert Axe().run(page, options=RULES).response["violations"] == []


def test_a_round_on_a_phone_also_without_a_connection(panel: Panel, sign_in: SignIn) -> None:
    id = due(panel.hub, "night-round")
    page = sign_in("guard", "/duties", width=320, height=640, theme="day")
    page.goto(f"{panel.url}/at/cp-pump?k={panel.hub.device_code('checkpoint cp-pump').replace(' ', '+')}")
    expect(page.locator("#count")).to_have_text("1 / 3")
    check(page)
    page.context.set_offline(True)
    page.fill("#code", "ha-01")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text("2 / 3")
    expect(page.locator("[data-stop=cp-lobby] .when")).to_contain_text("暂存本机")
    expect(page.locator("#unsent")).to_contain_text("1")
    page.locator("[data-stop=cp-gate] [data-found]").click()
    page.fill("#sheet-found [name=title]", "消防通道停车")
    page.select_option("#sheet-found [name=category]", "fire")
    page.set_input_files(
        "#sheet-found [name=photo]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    page.locator("#sheet-found .primary").click()
    expect(page.locator("#count")).to_have_text("3 / 3")
    assert [stop["id"] for stop in panel.hub.case_rows["round"][f"rd-{id[3:]}"]["stops"]] == ["cp-pump"]
    page.context.set_offline(False)
    expect(page.locator("#unsent")).to_be_hidden(timeout=20_000)
    expect(page.locator(".draft")).to_have_count(0, timeout=20_000)
    page.locator("[data-finish]").click()
    check(page)
    page.locator("#sheet-done .primary").click()
    expect(page.locator("#what")).to_contain_text("已完成")
    walk = panel.hub.case_rows["round"][f"rd-{id[3:]}"]
    assert [(stop["id"], stop["how"], stop["ok"]) for stop in walk["stops"]] == [
        ("cp-pump", "qr", True), ("cp-lobby", "nfc", True), ("cp-gate", "said", False),
    ]  # fmt: skip
    row = panel.hub.case_rows["duty"][id]
    assert (row["state"], row["photos"][0]["about"]) == ("done", "cp-gate")


def test_a_round_is_not_finished_with_stops_missing(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in(
        "guard", f"/duties/{due(panel.hub, 'night-round')}/walk", width=320, height=640, theme="night"
    )
    page.fill("#code", "nobody")
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("不是本次巡查的点位")
    page.locator("[data-finish]").click()
    expect(page.locator("#notices")).to_contain_text("还有点位未到")
    check(page)


def test_a_checklist_at_the_desk(panel: Panel, sign_in: SignIn) -> None:
    id = due(panel.hub, "extinguisher-check")
    page = sign_in("guard", f"/duties/{id}", width=768, height=900, theme="day")
    check(page)
    for _ in range(2):
        with page.expect_navigation():
            page.locator("[data-check]").first.click()
    page.check("[name=tick-seal][value=ok]")
    page.locator("[data-step=done] .primary").click()
    expect(page.locator("#what")).to_contain_text("已完成")
    assert panel.hub.case_rows["duty"][id]["reached"] == "C"


def test_a_readers_file(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in("guard", "/duties/reader", width=390, height=800, theme="day")
    text = "时间,点位\n2020-01-01 22:00,HA-01\n".encode("gb18030")
    page.set_input_files("[name=file]", {"name": "r.csv", "mimeType": "text/csv", "buffer": text})
    page.locator("[data-reader] .primary").click()
    expect(page.locator("#result")).to_contain_text("时间过久")
    check(page)


@pytest.mark.parametrize("path", ["/duties", "/duties/calendar", "/facilities", "/duties/record?kind=patrol"])
@pytest.mark.parametrize("width", [320, 768, 1920])
def test_pages_fit_and_read(panel: Panel, sign_in: SignIn, path: str, width: int) -> None:
    check(sign_in("guard", path, width=width, height=900, theme="night" if width == 768 else "day"))
