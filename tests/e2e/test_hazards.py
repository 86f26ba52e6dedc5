"""A hazard from the report to striking off in a real browser, with a real photo, at a desk and on a phone."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from edge.evidence import EvidenceFiles
from tests.e2e.access import check
from tests.e2e.conftest import SignIn
from tests.e2e.panel import Panel
from tests.web.hazards import a_hazard, with_hazards


@pytest.fixture(autouse=True)
def hazards(panel: Panel, tmp_path: Path) -> None:
    panel.do(with_hazards)
    panel.hub.evidence = EvidenceFiles(tmp_path)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1200, 900), (90, 120, 150)).save(out, "JPEG")
    return out.getvalue()


PHOTO = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": picture()}


def press(page: Page, step: str, index: int = 0) -> None:
    """The button of a step's form, opened first where it is folded away."""
    form = page.locator(f"form[data-step='{step}']").nth(index)
    if not form.is_visible():
        page.locator("details", has=form).locator("summary").click()
    button = form.locator("button")
    expect(button).to_be_enabled()
    with page.expect_navigation():
        button.click()


@pytest.mark.parametrize(
    ("width", "height", "theme"),
    [(1920, 1080, "night"), (320, 640, "day")],
)
def test_from_the_report_to_striking_off(
    panel: Panel, sign_in: SignIn, width: int, height: int, theme: str
) -> None:
    view = {"width": width, "height": height, "theme": theme}
    crew = sign_in("maintenance", "/hazards/report", **view)
    check(crew)
    crew.select_option("[name=zone]", "yard/north")
    crew.fill("[name=title]", "消火栓被遮挡")
    crew.select_option("[name=category]", "fire")
    crew.set_input_files("[name=photo]", PHOTO)
    crew.get_by_role("button", name="上报").click()
    crew.wait_for_url("**/hazards/hz-*")
    expect(crew.locator(".evidence img")).to_have_count(1)
    expect(crew.locator("#hazard-title")).to_contain_text("待定级")
    path = crew.url.removeprefix(panel.url)

    desk = sign_in("guard", path, **view)
    check(desk)
    press(desk, "grade")
    expect(desk.locator("#hazard-title")).to_contain_text("一般隐患")
    press(desk, "assign")
    expect(desk.locator(".way [aria-current]")).to_have_text("整改中")
    check(desk)

    crew.reload()
    crew.locator("form[data-step=rectify] button").click()
    expect(crew.locator("#notices")).to_contain_text("请先拍整改后照片")
    with crew.expect_navigation():
        crew.set_input_files("[data-photo=after]", PHOTO)
    expect(crew.locator(".evidence img")).to_have_count(2)
    press(crew, "rectify")
    expect(crew.locator(".way [aria-current]")).to_have_text("待复查")
    check(crew)

    desk.reload()
    press(desk, "reinspect")
    expect(desk.locator(".way [aria-current]")).to_have_text("销号")
    check(desk)
    desk.goto(f"{panel.url}/hazards?show=all")
    expect(desk.locator("tbody")).to_contain_text("销号")
    check(desk)
    for print_of in ("/hazards/ledger", f"{path}/notice"):
        desk.goto(panel.url + print_of)
        check(desk)


def test_who_rectified_it_cannot_strike_it_off(panel: Panel, sign_in: SignIn) -> None:
    hazard = panel.do(lambda hub: a_hazard(hub, "graded"))
    page = sign_in("guard", f"/hazards/{hazard.id}")
    with page.expect_navigation():
        page.set_input_files("[data-photo=after]", PHOTO)
    press(page, "rectify")
    page.locator("form[data-step=reinspect] button").first.click()
    expect(page.locator("#notices")).to_contain_text("须由既未整改、也未拍整改照片的人复查")


def test_a_major_one_needs_its_element_and_its_control(panel: Panel, sign_in: SignIn) -> None:
    hazard = panel.do(lambda hub: a_hazard(hub, "graded"))
    page = sign_in("admin", f"/hazards/{hazard.id}", width=390, height=844)
    page.get_by_text("判定为重大火灾隐患…").click()
    form = page.locator("form[data-step=grade]", has=page.locator("[name=element]"))
    form.locator("[name=element]").select_option("lane-blocked")
    form.locator("[name=interim]").fill("专人看守")
    with page.expect_navigation():
        form.locator("button").click()
    expect(page.locator("#hazard-title")).to_contain_text("重大火灾隐患")
    check(page)


def test_the_notice_fits_on_one_sheet(panel: Panel, sign_in: SignIn) -> None:
    hazard = panel.do(lambda hub: a_hazard(hub, "assigned"))
    page = sign_in("guard", f"/hazards/{hazard.id}/notice", theme="night")
    pdf = page.pdf(format="A4")
    assert pdf.count(b"/Type /Page\n") == 1
