"""Day and night: by the browser's choice, else by the site's clock, before the first script runs."""

from __future__ import annotations

import pytest

from edge.domain.instant import HOUR, MINUTE, from_rfc3339
from web.look import theme_by_clock

MIDNIGHT = from_rfc3339("2026-11-23T16:00:00Z")  # on site, GMT+08:00


@pytest.mark.parametrize(
    ("at", "theme"),
    [
        (0, "night"),
        (7 * HOUR - 1, "night"),
        (7 * HOUR, "day"),
        (19 * HOUR - MINUTE, "day"),
        (19 * HOUR, "night"),
    ],
)
def test_night_is_from_seven_to_seven_on_site(hub, at, theme):
    hub.frozen = MIDNIGHT + at
    assert theme_by_clock(hub) == theme


def test_a_demo_at_another_hour_looks_like_that_hour(hub):
    hub.frozen = MIDNIGHT
    hub.civil = lambda utc: utc + 12 * HOUR
    assert theme_by_clock(hub) == "day"


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere"])
@pytest.mark.parametrize(
    ("cookie", "theme"),
    [
        ("", "night"),
        ("theme=auto", "night"),
        ("theme=day", "day"),
        ("theme=night", "night"),
        ("theme=x", "night"),
    ],
)
async def test_pages_come_in_their_look(stranger, hub, path, cookie, theme):
    hub.frozen = MIDNIGHT
    page = (await stranger.get(path, headers={"accept": "text/html", "cookie": cookie})).text
    assert f' data-theme="{theme}"' in page
