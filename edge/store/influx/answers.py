"""What an answer of InfluxDB's HTTP API means ("InfluxDB OSS v2 API", /api/v2/write), and that of what is none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.domain.site import Uplink
from edge.store.sink import Trouble

_SHOWN: Final = 200  # characters of what a server says
_UNCLEAR: Final = frozenset({500, 502, 504})  # what was sent may have arrived all the same


@dataclass(frozen=True, slots=True)
class Invalid:
    """Something in the lines is refused."""

    text: Text


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The request is too large."""

    text: Text


@dataclass(frozen=True, slots=True)
class Missing:
    """The bucket or what is around it is not there. bucket: whether it is the bucket alone."""

    text: Text
    bucket: bool


Answer = Invalid | TooLarge | Missing | None
"""What the server made of the lines; None when it took them."""


class StopError(Exception):
    """No use to go on now. doubtful: lines of the last request that may have arrived."""

    def __init__(self, trouble: Trouble, doubtful: int = 0) -> None:
        super().__init__(trouble.text.en)
        self.trouble = trouble
        self.doubtful = doubtful


def judged(
    uplink: Uplink, status: int, headers: Mapping[str, str] | None, body: object, count: int, now: Instant
) -> Answer:
    """What an answer to `count` lines means; StopError when it says nothing about the lines."""
    said, json_body = _words(body)
    html = said.lstrip()[:1] == "<"
    if status == 204:
        return None
    if status == 413:
        return TooLarge(Text("请求过大", "the request is too large"))
    if status in {400, 422} and not html:
        return Invalid(Text(said, said))
    if status == 404 and json_body:
        return Missing(Text(f"服务器上没有：{said}", f"not on the server: {said}"), "bucket" in said.lower())
    raise StopError(_trouble(uplink, status, headers or {}, said, now), count if status in _UNCLEAR else 0)


def retry_after(headers: Mapping[str, str], now: Instant) -> float | None:
    """Seconds that a server asks to be left alone (RFC 9110 10.2.3); None when it does not."""
    given = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    if given is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", given.strip()):
        return float(given)
    try:
        moment = parsedate_to_datetime(given)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1) - now.utc / 1e6)


def _trouble(uplink: Uplink, status: int, headers: Mapping[str, str], said: str, now: Instant) -> Trouble:
    if status == 401:
        where = uplink.token_file or "token_file"
        return Trouble(
            Text(f"令牌被拒绝(401)：请检查 {where}", f"the token is refused (401): check {where}"), slow=True
        )
    if status == 403:
        bucket = uplink.bucket
        return Trouble(
            Text(
                f"令牌无权写入 {bucket}(403)",
                f"the token may not write to {bucket} (403): give it that right",
            ),
            slow=True,
        )
    if status == 429 or status >= 500:
        return Trouble(
            Text(f"服务器暂不接收({status})：{said}", f"the server takes nothing now ({status}): {said}"),
            retry_after(headers, now),
            away=status >= 500,
        )
    if 300 <= status < 400:
        there = next((value for name, value in headers.items() if name.lower() == "location"), "?")[:_SHOWN]
        return Trouble(
            Text(
                f"{uplink.url} 转向 {there}：不跟随，请在 url 中写最终地址",
                f"{uplink.url} redirects to {there}: not followed, write the final address as url",
            ),
            slow=True,
        )
    if status == 0:
        return Trouble(
            Text(
                f"{uplink.url} 的证书不被接受：{said}；请检查 ca",
                f"the certificate of {uplink.url} is not accepted: {said}; check ca",
            ),
            slow=True,
        )
    return Trouble(
        Text(
            f"{uplink.url} 应答 {status},不像 InfluxDB:请检查 url",
            f"{uplink.url} answers {status} and is no InfluxDB: check url",
        ),
        slow=True,
    )


def _words(body: object) -> tuple[str, bool]:
    """What the server says, in short, and whether it spoke JSON as InfluxDB does."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
    try:
        found = json.loads(text)
    except ValueError:
        return " ".join(text.split())[:_SHOWN], False
    message = found.get("message") or found.get("error") or text if isinstance(found, dict) else text
    return " ".join(str(message).split())[:_SHOWN], isinstance(found, dict)
