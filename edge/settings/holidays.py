"""Public holidays: the calendar of the site's country, with the days that the site adds.

The library is imported where a site names a country: it takes some 8 MB.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from edge.domain.roster import Roster

_CHINESE = {"CN": "zh_CN", "TW": "zh_TW", "HK": "zh_HK", "MO": "zh_MO"}


def calendar(roster: Roster) -> Callable[[date], str | None]:
    """The name of the holiday on a date, None on any other day. The site's own days go first.

    Source: the library `holidays`; in China with the days off that the State Council moves to weekdays, for the years
    the library knows. Later years have the days that are fixed by law; the site adds the moved ones.
    """
    own = roster.holidays
    if not roster.country:
        return own.get
    import holidays

    language = _CHINESE.get(roster.country)
    public = holidays.country_holidays(roster.country, subdiv=roster.region or None, language=language)

    def name(day: date) -> str | None:
        return own.get(day) or public.get(day)

    return name


def is_country(country: str, region: str) -> bool:
    """Whether a calendar is known for them."""
    import holidays

    known = holidays.list_supported_countries()
    return country in known and (not region or region in known[country])


def countries() -> list[str]:
    """ISO codes of the countries whose calendar is known."""
    import holidays

    return sorted(holidays.list_supported_countries())
