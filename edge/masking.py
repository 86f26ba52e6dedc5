"""Secrets out of text that leaves the hub: its log, and what `edge-hub doctor` prints.

Two nets: every secret and telephone number the site's folder holds is looked for by its value, and whatever looks like
one (addresses with a password, tokens, Chinese and international telephone numbers) by its form. Better one word too
many than one too few.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

HIDDEN: Final = "***"
_SHORTEST: Final = 4  # characters: a shorter secret would hide half of all words
_PART: Final = 6
_PARTS: Final = re.compile(r"[/:@?&=\s]+")
_LARGEST: Final = 1 << 18  # bytes of a file that is looked through
_CONFIDENTIAL: Final = (
    r"(?:pass(?:word|wd|phrase)|(?<![a-z])(?:pass|psk|pwd)(?![a-z])|secret|token|api[_-]?key|access[_-]?key"
    r"|credential|authori[sz]ation|cookie)"
)
_CONFIDENTIAL_KEY: Final = re.compile(rf"{_CONFIDENTIAL}|phone|mobile|^pin$|^number$", re.IGNORECASE)
_FILE_KEY: Final = re.compile(r"_(?:file|env)$", re.IGNORECASE)
_ADDRESS_KEY: Final = re.compile(r"^(?:url|uri|address|addresses|webhook)$", re.IGNORECASE)

# re.ASCII: Chinese is written without spaces, and its characters are of no word that stands beside them.
_URL: Final = re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.-]*)://([^\s\"'<>`]*)", re.ASCII)
_NAMED: Final = re.compile(
    rf"(?<![\w-])([\w-]*{_CONFIDENTIAL}(?!_file|_env)(?![\w-]*_(?:file|env)\b)[\w-]*[\"']?\s*[=:\uff1a]\s*)"
    r"(\"[^\"]*\"|'[^']*'|(?:(?:Bearer|Basic|Digest)\s+)?[^\s,;&}\])]+)",
    re.IGNORECASE | re.ASCII,
)
_BEARER: Final = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE | re.ASCII)
_TOKENS: Final = re.compile(r"\b(?:ehub_[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]*)", re.ASCII)
_PHONES: Final = re.compile(
    r"(?<![\w.:-])(?:(?:\+|00)\d[\d -]{6,16}\d|1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}-\d{7,8})(?![\w.:-]|\.\d)",
    re.ASCII,
)
_SHOWN_WHOLE: Final = frozenset({"file"})
_SHOWN_PATH: Final = frozenset({"rtsp", "rtsps", "mqtt", "mqtts", "tcp", "ssl", "sftp"})
_SHOWN_HOST: Final = frozenset({"http", "https", "ws", "wss", "s3", "ftp", "ftps"})


class Masks:
    """`masks(text)` is the text without secrets. known: secrets to look for by their value."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        words = {
            word for secret in known if len(secret) >= _SHORTEST for word in (secret, quote(secret, safe=""))
        }
        longest_first = sorted(words, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if words else None

    def __call__(self, text: str) -> str:
        """Without secrets; as many lines as before."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        if "://" in text:
            text = _URL.sub(_address, text)
        text = _NAMED.sub(rf"\1{HIDDEN}", text)
        text = _BEARER.sub(rf"\1 {HIDDEN}", text)
        return _PHONES.sub(HIDDEN, _TOKENS.sub(HIDDEN, text))


def site_masks(site: Path) -> Masks:
    """What the folder of a site holds of secrets and telephone numbers; what cannot be read holds none."""
    known: set[str] = set()
    for path in _files(site / "secrets", "*"):
        known.update(_lines(path))
    for path in _files(site, "*.toml"):
        with suppress(OSError, ValueError):
            known.update(_of_document(tomllib.loads(path.read_text("utf-8")), site))
    return Masks(known)


def _of_document(document: Any, site: Path, key: str = "") -> Iterator[str]:
    match document:
        case dict():
            for name, value in document.items():
                yield from _of_document(value, site, key if key and _ADDRESS_KEY.search(key) else str(name))
        case list():
            for value in document:
                yield from _of_document(value, site, key)
        case str():
            yield from _of_value(key, document, site)


def _of_value(key: str, value: str, site: Path) -> Iterator[str]:
    if _FILE_KEY.search(key):
        if key.endswith("_env"):
            yield os.environ.get(value, "")
        else:
            yield from _lines(site / value)
    elif _CONFIDENTIAL_KEY.search(key):
        yield value
        yield re.sub(r"[ -]", "", value)
    elif "://" in value:
        user_info = value.split("://", 1)[1].rpartition("@")[0]
        yield user_info.partition(":")[2]


def _address(found: re.Match[str]) -> str:
    scheme, rest = found[1].lower(), found[2]
    if scheme in _SHOWN_WHOLE or not rest:
        return found[0]
    if scheme not in _SHOWN_PATH | _SHOWN_HOST:
        return f"{found[1]}://{HIDDEN}"  # of a messenger: its token may stand anywhere
    user_info, at, there = rest.rpartition("@")
    host, slash, path = there.partition("/")
    host, question, _ = host.partition("?")
    path, query, _ = path.partition("?")
    if scheme in _SHOWN_HOST and path:
        path = HIDDEN
    asked = f"?{HIDDEN}" if query or question else ""
    return f"{found[1]}://{HIDDEN + at if user_info else ''}{host}{slash}{path}{asked}"


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    with suppress(OSError):
        yield from (path for path in sorted(folder.rglob(pattern)) if path.is_file())


def _lines(path: Path) -> Iterator[str]:
    with suppress(OSError):
        if path.is_file() and path.stat().st_size <= _LARGEST:
            for line in path.read_bytes().decode("utf-8", "replace").splitlines():
                yield line.strip()
                if "://" in line:  # of a messenger: any part of it may be the key
                    parts = _PARTS.split(line.split("://", 1)[1])
                    yield from (part for part in parts if len(part) >= _PART and not _at_home(part))


def _at_home(part: str) -> bool:
    """Whether it is the bare name of this machine, or an address of its own network: no key, and in every report."""
    try:
        return part == "localhost" or ip_address(part).is_private
    except ValueError:
        return False
