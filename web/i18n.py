"""The panel's two languages: Chinese (default) and English, whose words are the message ids."""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final, Literal

Language = Literal["zh", "en"]

COOKIE: Final = "language"
CATALOGUE: Final = Path(__file__).parent / "locale" / "zh_CN" / "LC_MESSAGES" / "panel.po"


def mark(message: str) -> str:
    """Mark `message` for extraction; it is translated where it is shown."""
    return message


@cache
def translations(language: Language) -> NullTranslations:
    """The catalogue of `language`; English needs none.

    A source checkout reads the .po itself, so that an edit shows at once; an installed hub has only the compiled .mo.
    """
    if language == "en":
        return NullTranslations()
    if not CATALOGUE.exists():
        with CATALOGUE.with_suffix(".mo").open("rb") as compiled:
            return GNUTranslations(compiled)
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with CATALOGUE.open("rb") as source:
        catalogue = read_po(source)
    compiled_now = BytesIO()
    write_mo(compiled_now, catalogue)
    compiled_now.seek(0)
    return GNUTranslations(compiled_now)


def choose_language(cookie: str | None, account: str | None, accept: str | None) -> Language:
    """What this browser chose, else what the account says, else the browser's first known language, else Chinese."""
    for wish in (cookie, account, *_accepted(accept or "")):
        match (wish or "")[:2].lower():
            case "zh":
                return "zh"
            case "en":
                return "en"
    return "zh"


def _accepted(header: str) -> list[str]:
    """The tags of an Accept-Language header, most wanted first (RFC 9110, 12.5.4)."""
    wishes: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wishes.append((float(weight or 1), tag))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(wishes, key=lambda wish: -wish[0]) if weight > 0]
