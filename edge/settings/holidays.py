"""Public holidays: the calendar of the site's country, with the days that the site adds.

The library knows all countries and takes 11 MB; a child asks it once, and what the hub keeps is a few kilobytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from edge.domain.roster import Roster


def calendar(roster: Roster) -> Callable[[date], str | None]:
    """The name of the holiday on a date, None on any other day. The site's own days go first.

    Source: the library `holidays`; in China with the days off that the State Council moves to weekdays, for the years
    the library knows. Later years, up to 2099, have the days that are fixed by law; the site adds the moved ones.
    """
    own = roster.holidays
    if not roster.country:
        return own.get
    public = _asked(roster.country, roster.region)

    def name(day: date) -> str | None:
        return own.get(day) or public.get(day.isoformat())

    return name


def is_country(country: str, region: str) -> bool:
    """Whether a calendar is known for them."""
    known = _supported()
    return country in known and (not region or region in known[country])


def countries() -> list[str]:
    """ISO codes of the countries whose calendar is known."""
    return sorted(_supported())


@lru_cache(maxsize=1)
def _supported() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = _child()
    return found


@lru_cache(maxsize=4)
def _asked(country: str, region: str) -> Mapping[str, str]:
    found: dict[str, str] = _child(country, region)
    return found


def _child(*words: str) -> Any:
    made = subprocess.run(  # noqa: S603 - its own module
        [sys.executable, "-m", "edge.settings.holiday_child", *words], stdout=subprocess.PIPE, check=True
    )
    return json.loads(made.stdout)
