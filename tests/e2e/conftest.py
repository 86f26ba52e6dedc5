"""Browsers before the panel, signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from edge.domain.instant import DAY
from tests.e2e.panel import Panel
from tests.web.fakes import PASSWORDS
from web.auth.secrets import digest, new_session_secret
from web.auth.visitor import COOKIE

SignIn = Callable[..., Page]

expect.set_options(timeout=30_000)  # ms: how long a page takes is the machine's business


def settled(page: Page, words: str = "") -> None:
    """The first alarm's card is there, with these words, and takes presses: not so for a moment after each change."""
    expect(page.locator("#first section:not([data-alarm=''])")).to_contain_text(words)
    page.wait_for_timeout(700)


@pytest.fixture(scope="session")
def base_url() -> None:
    """In the place of pytest-playwright's own, which is written in a manner that pytest 10 will refuse."""


@pytest.fixture
def panel() -> Iterator[Panel]:
    with Panel() as serving:
        yield serving


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browsers complained about: scripts that failed, policies that were broken. None is allowed."""
    heard: list[str] = []
    yield heard
    assert heard == []


def session(panel: Panel, name: str) -> str:
    """The secret of a session, as if the person had come in by the door: tests of other things need not wait there."""
    secret = new_session_secret()
    panel.do(lambda hub: hub.accounts.open_session(digest(secret), name, hub.now().utc, hub.now().utc + DAY))
    return secret


@pytest.fixture
def sign_in(
    panel: Panel, browser: Browser, browser_context_args: dict[str, object], complaints: list[str]
) -> Iterator[SignIn]:
    """`sign_in("guard", "/devices")`: a page of a browser of its own, as that person sees it."""
    contexts: list[BrowserContext] = []

    def come_in(
        name: str = "guard",
        path: str = "/",
        *,
        url: str = "",
        password: str = "",
        language: str = "zh",
        theme: str = "night",
        width: int = 1600,
        height: int = 900,
    ) -> Page:
        base = url or panel.url
        context = browser.new_context(
            **{**browser_context_args, "viewport": {"width": width, "height": height}}
        )  # type: ignore[arg-type]
        contexts.append(context)
        context.add_cookies(
            [
                {"name": "language", "value": language, "url": base},
                {"name": "theme", "value": theme, "url": base},
            ]
        )
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', "
            "(e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}`))"
        )
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda said: complaints.append(said.text) if said.text.startswith("policy: ") else None
        )
        if base in {panel.url, panel.cabled_url}:
            context.add_cookies([{"name": COOKIE, "value": session(panel, name), "url": base}])
            page.goto(base + path)
            return page
        page.goto(f"{base}/sign-in?next={path}")
        page.fill("[name=name]", name)
        page.fill("[name=password]", password or PASSWORDS[name])
        page.click("button.primary")
        page.wait_for_url(f"{base}{path}")
        return page

    yield come_in
    for context in contexts:
        context.close()
