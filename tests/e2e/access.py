"""Whether everybody can read a page: axe's rules for WCAG 2.2 AA, and no scrolling sideways."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
# Only what is wrong is told: what is right on a page would be a megabyte.
_RUN = """axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'],
}).then(({ violations }) => violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target} ${failureSummary}`)))"""


def violations(page: Page) -> list[str]:
    """One line for each part of the page that breaks a rule."""
    found: list[str] = page.evaluate(f"{_AXE};\n{_RUN}")
    return found


def fits(page: Page, *widths: int) -> None:
    """It does not scroll sideways, as wide as it is and at other widths (px), once scripts have drawn it."""
    for width in (None, *widths):
        if width is not None:
            page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")


def check(page: Page) -> None:
    """Both, of the page as it is now."""
    page.emulate_media(reduced_motion="reduce")  # what blinks has no contrast half of the time
    fits(page)
    assert violations(page) == []
