"""What the library of holidays knows, as one line of JSON: `python -m edge.settings.holiday_child [COUNTRY [REGION]]`.

Without a country {country: [its regions]} of all that are known, else {"2026-02-17": "春节", …} from 1970 to 2099.
"""

from __future__ import annotations

import json
import sys
from typing import Final

import holidays

_YEARS: Final = range(1970, 2100)
_CHINESE: Final = {"CN": "zh_CN", "TW": "zh_TW", "HK": "zh_HK", "MO": "zh_MO"}


def main(words: list[str]) -> None:
    """Ask and answer."""
    if not words:
        sys.stdout.write(json.dumps(holidays.list_supported_countries()))
        return
    country, region = words[0], "".join(words[1:])
    days = holidays.country_holidays(
        country, subdiv=region or None, years=_YEARS, language=_CHINESE.get(country)
    )
    sys.stdout.write(json.dumps({day.isoformat(): name for day, name in days.items()}))


if __name__ == "__main__":
    main(sys.argv[1:])
