"""Pictures of a running panel for README and docs: `python -m tests.e2e.screenshots --url URL --name N --password P`.

`my` is a crew's page: `--only my --name sun-zhi`. Without a URL it shows a hub in memory on a busy
day. The pictures land in web/docs/.
"""

from __future__ import annotations

import argparse
import shutil
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.panel import Panel
from tests.web.fakes import PASSWORDS, busy_day

PICTURES = Path(__file__).resolve().parents[2] / "web" / "docs"


@dataclass(frozen=True)
class Picture:
    """One page as one browser shows it. full: the whole length of the page."""

    name: str
    path: str
    theme: str
    language: str = "zh"
    width: int = 1600
    height: int = 900
    full: bool = False


SHOTS = (
    Picture("wall-night", "/", "night"),
    Picture("wall-day", "/", "day"),
    Picture("wall-english", "/", "night", language="en"),
    Picture("wall-phone", "/", "day", width=390, height=844),
    Picture("alarms", "/alarms", "day"),
    Picture("alarm", "{alarm}", "day", full=True),
    Picture("devices", "/devices", "day"),
    Picture("device", "{device}", "day", full=True),
    Picture("health", "/health", "night", full=True),
    Picture("journal", "/journal", "night"),
    Picture("orders", "/orders", "day"),
    Picture("messages", "/messages", "night", full=True),
    Picture("cameras", "/cameras", "night"),
    Picture("outputs", "/outputs", "day", language="en", full=True),
    Picture("roster", "/roster", "day", full=True),
    Picture("handover", "/handover", "day", full=True),
    Picture("my", "/my", "night", width=390, height=844),
)


def live(page: Page) -> None:
    """The page's stream is connected; a crew's pages have none."""
    if "/my" not in page.url:
        expect(page.locator("html")).to_have_attribute("data-stream", "live")


def take(browser: Browser, url: str, name: str, password: str, picture: Picture) -> None:
    context = browser.new_context(
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        viewport={"width": picture.width, "height": picture.height},
        reduced_motion="reduce",  # nothing caught in the dark half of a blink
    )
    context.add_cookies(
        [
            {"name": "theme", "value": picture.theme, "url": url},
            {"name": "language", "value": picture.language, "url": url},
        ]
    )
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    page.fill("[name=name]", name)
    page.fill("[name=password]", password)
    page.click("button.primary")
    live(page)
    alarm = page.locator("#first .place a, .row .where a").first
    known = {
        "alarm": (alarm.get_attribute("href") if alarm.count() else None) or "/alarms",
        "device": "/devices",
    }
    if picture.path == "{device}":
        page.goto(f"{url}/devices?sort=alarm")
        known["device"] = (
            page.locator(".table a[href^='/devices/']").first.get_attribute("href") or "/devices"
        )
    if picture.path != "/":
        page.goto(url + picture.path.format(**known))
        live(page)
    reason = page.locator("#viewing:not([hidden]) form button")
    if reason.count():
        reason.click()  # pictures of cameras are shown with a reason only
        expect(page.locator(".sight[data-taken]").first).to_be_visible()
        live(page)
    page.wait_for_timeout(600)  # trends and the record are drawn
    page.screenshot(path=PICTURES / f"{picture.name}.png", full_page=picture.full)
    context.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url")
    options.add_argument("--name", default="guard")
    options.add_argument("--password", default=PASSWORDS["guard"])
    options.add_argument("--only", action="append", default=[], help="name of a picture; all if not given")
    given = options.parse_args()
    PICTURES.mkdir(exist_ok=True)
    wanted = [picture for picture in SHOTS if not given.only or picture.name in given.only]
    with nullcontext() if given.url else Panel() as panel, sync_playwright() as playwright:
        if panel is not None:
            panel.do(busy_day)
        url = panel.url if panel is not None else given.url.rstrip("/")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for picture in wanted:
            take(browser, url, given.name, given.password, picture)
        browser.close()


if __name__ == "__main__":
    main()
