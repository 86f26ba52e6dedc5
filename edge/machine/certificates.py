"""Until when certificates are good: of files, and of what a broker really shows to who comes.

Only the end of validity is read (X.509, RFC 5280 4.1.2.5), of the DER itself: a library for it would cost the hub
megabytes.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge.domain.instant import DAY

AUTHORITY: Final = Path("/etc/ssl/edge-hub/ca.crt")  # the site's own, as the installer makes it
ASKED_WITHIN: Final = 5.0  # seconds
_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_UTC_TIME, _GENERALIZED_TIME, _SEQUENCE = 0x17, 0x18, 0x30
_LARGEST: Final = 1 << 20  # bytes of a file of certificates


class CertificateError(ValueError):
    """A file or server that shows no certificate that can be read; says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Certificates whose end is of interest. name: "panel", "broker", "ca". At most one of the two is given."""

    name: str
    file: Path | None = None
    server: tuple[str, int] | None = None


def days_left(wanted: Iterable[Wanted], utc: int) -> dict[str, float]:
    """Name -> days until the first of its certificates ends, below 0 when it has; what cannot be read is left out.

    utc: µs, of a clock to be believed. Blocks for as long as servers take to answer, `ASKED_WITHIN` each.
    """
    left: dict[str, float] = {}
    for one in wanted:
        with suppress(CertificateError):
            days = round((ends(one) - utc) / DAY, 1)
            left[one.name] = min(days, left.get(one.name, days))
    return left


def ends(wanted: Wanted) -> int:
    """µs UTC when the first of them ends; raises CertificateError."""
    try:
        if wanted.server is not None:
            text = ssl.get_server_certificate(wanted.server, timeout=ASKED_WITHIN)
        elif wanted.file is not None:
            with wanted.file.open("rb") as file:
                text = file.read(_LARGEST).decode("ascii", "replace")
        else:
            raise CertificateError("nothing to look at")
    except (OSError, ValueError) as error:
        raise CertificateError(str(error)) from error
    found = [_end(ssl.PEM_cert_to_DER_cert(pem)) for pem in _PEM.findall(text)]
    if not found:
        raise CertificateError("no certificate in it")
    return min(found)


def _end(der: bytes) -> int:
    """notAfter: Certificate › tbsCertificate › the first SEQUENCE that holds two times › the second of them."""
    try:
        certificate, _ = _content(der, 0)
        body = _children(_children(certificate)[0][1])
        for tag, inner in body:
            times = _children(inner) if tag == _SEQUENCE else []
            if len(times) == 2 and all(kind in {_UTC_TIME, _GENERALIZED_TIME} for kind, _ in times):
                return _moment(*times[1])
    except (IndexError, ValueError) as error:
        raise CertificateError(f"it cannot be read ({error})") from error
    raise CertificateError("it says no end")


def _moment(kind: int, text: bytes) -> int:
    words = text.decode("ascii")
    if kind == _UTC_TIME:  # of two digits, 50 to 99 are the former century (RFC 5280 4.1.2.5.1)
        words = ("19" if words[:2] >= "50" else "20") + words
    return int(datetime.strptime(words, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()) * 1_000_000


def _content(der: bytes, at: int) -> tuple[bytes, int]:
    """(content of the element that begins at `at`, where the next one begins)."""
    length = der[at + 1]
    begin = at + 2
    if length & 0x80:
        size = length & 0x7F
        length = int.from_bytes(der[begin : begin + size], "big")
        begin += size
    if begin + length > len(der):
        raise ValueError("cut off")
    return der[begin : begin + length], begin + length


def _children(der: bytes) -> Sequence[tuple[int, bytes]]:
    """(tag, content) of each element; empty where there are none to be read."""
    found, at = [], 0
    while at < len(der):
        tag = der[at]
        try:
            content, at = _content(der, at)
        except (IndexError, ValueError):
            return []
        found.append((tag, content))
    return found
