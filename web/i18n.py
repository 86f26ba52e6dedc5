"""The panel's two languages: Chinese (default) and English, whose words are the message ids."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from os import getpid, utime
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

    An installed hub has only the compiled .mo. In a source checkout it is made anew when the .po was edited.
    """
    if language == "en":
        return NullTranslations()
    compiled = CATALOGUE.with_suffix(".mo")
    if CATALOGUE.exists() and not _same_time(CATALOGUE, compiled):
        return GNUTranslations(BytesIO(_compile(CATALOGUE, compiled)))
    with compiled.open("rb") as words:
        return GNUTranslations(words)


def _same_time(source: Path, compiled: Path) -> bool:
    return compiled.exists() and compiled.stat().st_mtime_ns == source.stat().st_mtime_ns


def _compile(source: Path, compiled: Path) -> bytes:
    """The words of `source` as a .mo, kept beside it where that can be written: reading a .po takes 6 MB."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    edited = source.stat().st_mtime_ns
    words = BytesIO()
    with source.open("rb") as text:
        write_mo(words, read_po(text))
    draft = compiled.with_suffix(f".{getpid()}")
    with suppress(OSError):
        draft.write_bytes(words.getvalue())
        utime(draft, ns=(edited, edited))
        draft.replace(compiled)
    return words.getvalue()


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
