"""Day or night: what this browser chose, else what the site's clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from fastapi import Request

from edge.facade import Hub

COOKIE: Final = "theme"
NIGHT: Final = (19, 7)
"""Hours of the site's wall clock at which the night look begins and ends."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Theme = Literal["day", "night"]


def chosen_theme(request: Request) -> Theme | None:
    """What this browser chose; None: it follows the clock."""
    match request.cookies.get(COOKIE):
        case "day":
            return "day"
        case "night":
            return "night"
    return None


def theme_by_clock(hub: Hub) -> Theme:
    """How the panel looks at this hour of the site."""
    civil = _EPOCH + timedelta(microseconds=hub.civil(hub.now().utc))
    begins, ends = NIGHT
    return "day" if ends <= civil.astimezone(ZoneInfo(hub.site.timezone)).hour < begins else "night"
