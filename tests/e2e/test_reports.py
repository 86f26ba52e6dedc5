"""Reports in a browser: at each width, by keyboard, and on paper in both languages."""

from __future__ import annotations

import pytest

from tests.e2e.access import fits
from tests.e2e.conftest import SignIn


@pytest.mark.parametrize("path", ["/reports", "/reports/monthly", "/reports/duty-log"])
def test_nothing_is_wider_than_the_screen(sign_in: SignIn, path: str) -> None:
    fits(sign_in("guard", path, width=320), 390, 768, 1920)


def test_a_report_by_keyboard(sign_in: SignIn) -> None:
    page = sign_in("guard", "/reports", language="en")
    page.get_by_role("region", name="Daily duty report").get_by_role("link", name="Yesterday").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reports/daily?**")
    assert page.get_by_role("heading", level=1).inner_text() == "Daily duty report"
    assert page.get_by_role("row").count() == 46
    page.go_back()
    assert page.locator("#making").is_hidden()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_paper(sign_in: SignIn, language: str) -> None:
    page = sign_in("guard", "/reports/duty-log", language=language)
    page.emulate_media(media="print")
    assert page.locator(".bar").is_hidden()
    assert page.locator(".signatures").is_visible()
    assert page.locator(".report p.small").last.is_visible()
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    assert paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") >= 1
