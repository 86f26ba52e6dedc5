"""The answer to a camera that asks who is there: Digest (RFC 7616, as RTSP and HTTP cameras use it) or Basic."""

from __future__ import annotations

import base64
import os
import re
from typing import Final

_SCHEME: Final = re.compile(r"(?:^|,)\s*(digest|basic)(?=\s|,|$)", re.IGNORECASE)
_FIELD: Final = re.compile(r'([a-zA-Z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES: Final = {"MD5": "md5", "SHA-256": "sha256"}


def answer(challenge: str, username: str, password: str, verb: str, target: str) -> str | None:
    """The value of `Authorization` for a `WWW-Authenticate` of one or more schemes; None when none of them is known.

    Digest goes before Basic, the stronger hash before the weaker.
    """
    digests: list[dict[str, str]] = []
    basic = False
    schemes = list(_SCHEME.finditer(challenge))
    ends = [scheme.start() for scheme in schemes[1:]] + [len(challenge)]
    for scheme, end in zip(schemes, ends, strict=False):
        if scheme[1].lower() == "basic":
            basic = True
            continue
        found = _FIELD.findall(challenge[scheme.end() : end])
        digests.append({name.lower(): quoted or plain for name, quoted, plain in found})
    for algorithm in ("SHA-256", "MD5"):
        for fields in digests:
            if fields.get("algorithm", "MD5").upper() == algorithm and "nonce" in fields:
                return _digest(fields, algorithm, username, password, verb, target)
    if basic:
        return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
    return None


def _digest(
    fields: dict[str, str], algorithm: str, username: str, password: str, verb: str, target: str
) -> str:
    import hashlib  # half a megabyte of OpenSSL, for cameras in trouble alone

    def hashed(text: str) -> str:
        return hashlib.new(_HASHES[algorithm], text.encode(), usedforsecurity=False).hexdigest()

    realm, nonce = fields.get("realm", ""), fields["nonce"]
    who = hashed(f"{username}:{realm}:{password}")
    what = hashed(f"{verb}:{target}")
    said = {"username": username, "realm": realm, "nonce": nonce, "uri": target}
    offered = [word.strip() for word in fields.get("qop", "").split(",")]
    if "auth" in offered:
        own = os.urandom(8).hex()
        response = hashed(f"{who}:{nonce}:00000001:{own}:auth:{what}")
    else:
        response = hashed(f"{who}:{nonce}:{what}")
    parts = [f'{name}="{value}"' for name, value in {**said, "response": response}.items()]
    if "opaque" in fields:
        parts.append(f'opaque="{fields["opaque"]}"')
    if "algorithm" in fields:
        parts.append(f"algorithm={fields['algorithm']}")
    if "auth" in offered:
        parts += ["qop=auth", "nc=00000001", f'cnonce="{own}"']
    return "Digest " + ", ".join(parts)
