"""A guard's wall in a headless browser, which notes when each alarm was painted."""

from __future__ import annotations

import importlib.util
import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from edge.tools.benches.stand import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Page

# An alarm's row is there; the frame that shows it has been drawn when a task that was queued in that frame runs.
_WATCH: Final = """
() => {
  window.painted = {};
  const seen = new Set();
  new MutationObserver(() => {
    const fresh = [...document.querySelectorAll("#rows > [data-alarm]")].map((row) => row.dataset.alarm)
      .filter((id) => !seen.has(id));
    fresh.forEach((id) => seen.add(id));
    if (fresh.length) requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        const now = Date.now() + 0.5; // the wall's clock: timeOrigin may be tens of ms off it
        for (const id of fresh) window.painted[id] = now;
      };
      channel.port2.postMessage(0);
    });
  }).observe(document.getElementById("rows"), { childList: true, subtree: true });
}
"""


def missing() -> str:
    """Why there is no browser to measure with, in plain words; "" when there is one."""
    if importlib.util.find_spec("playwright") is None:
        return "the Python package playwright is not installed (pip install playwright)"
    if _chromium() is None:
        return "no Chromium is installed (apt-get install chromium)"
    return ""


def _chromium() -> str | None:
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    return next((found for name in names if (found := shutil.which(name))), None)


class Wall:
    """The wall of a signed-in guard at `url`, live before the context begins."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stack = ExitStack()
        self._page: Page | None = None

    def __enter__(self) -> Self:
        from playwright.sync_api import sync_playwright

        with ExitStack() as stack:
            playwright = stack.enter_context(sync_playwright())
            browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
            stack.callback(browser.close)
            page = browser.new_page(locale="zh-CN", viewport={"width": 1600, "height": 900})
            page.goto(f"{self._url}/sign-in?next=/")
            page.fill("[name=name]", "guard")
            page.fill("[name=password]", PASSWORD)
            page.click("button.primary")
            page.wait_for_selector("html[data-stream=live]", state="attached")
            page.evaluate(_WATCH)
            self._page = page
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def watch(self, seconds: float) -> None:
        """Let the browser be for so long."""
        if self._page is not None:
            self._page.wait_for_timeout(seconds * 1000)

    def size(self) -> tuple[float, int]:
        """MB that its scripts hold, and elements of the page."""
        if self._page is None:
            return 0.0, 0
        ask = "() => [performance.memory.usedJSHeapSize / 1e6, document.getElementsByTagName('*').length]"
        heap, elements = self._page.evaluate(ask)
        return heap, elements

    def painted(self) -> dict[str, float]:
        """Alarm id -> ms since 1970 UTC when its row had been painted."""
        if self._page is None:
            return {}
        found: dict[str, float] = self._page.evaluate("() => window.painted")
        return found
