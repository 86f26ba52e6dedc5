"""Phone numbers in one spelling, so that who answers is recognised."""

from __future__ import annotations

import re
from typing import Final

COUNTRY: Final = "86"
_MOBILE: Final = re.compile(r"1[0-9]{10}")


def normalised(number: str) -> str:
    """A Chinese mobile number as +86 and eleven digits; any other without blanks and hyphens, `00` as `+`."""
    bare = re.sub(r"[\s()-]", "", number)
    if bare.startswith("00"):
        bare = "+" + bare[2:]
    digits = bare.removeprefix("+").removeprefix(COUNTRY)
    return f"+{COUNTRY}{digits}" if _MOBILE.fullmatch(digits) else bare
