"""What a service's own answer says, where its HTTP status says only that it was reached.

The group bots of WeCom, DingTalk, Feishu and Lark answer 200 to everything; a code in their JSON tells whether the
message was taken (their documentation of custom bots: errcode; code, in older answers StatusCode).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

LIMIT_WAIT: Final = 60.0  # seconds; all of them count messages by the minute


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why the service did not take a message. wait: seconds it wants to be left alone, None where it does not say."""

    problem: str
    again: bool = True
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class _Service:
    """keys: where its code stands; limited: codes of too many messages; final: of a wrong address or setting."""

    keys: tuple[str, ...]
    limited: frozenset[int]
    final: frozenset[int]


_LARK: Final = _Service(("code", "StatusCode"), frozenset({11232}), frozenset({19001, 19021, 19022, 19024}))
_SERVICES: Final[Mapping[str, _Service]] = {
    "qyapi.weixin.qq.com": _Service(("errcode",), frozenset({45009}), frozenset({93000, 93008, 40058})),
    "oapi.dingtalk.com": _Service(
        ("errcode",), frozenset({130101, 410100, 90030}), frozenset({300001, 300005, 310000, 400013})
    ),
    "open.feishu.cn": _LARK,
    "open.larksuite.com": _LARK,
}


def verdict(url: str, body: bytes) -> Verdict | None:
    """What an answer with status 200 from `url` says against the message; None when it was taken."""
    service = _SERVICES.get(urlsplit(url).hostname or "")
    if service is None:
        return None
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    codes = [said[key] for key in service.keys if key in said] if isinstance(said, dict) else []
    code = codes[0] if codes else None
    if code is None or isinstance(code, bool) or not isinstance(code, int):
        return Verdict("the service answers without saying whether it took the message")
    if code == 0:
        return None
    words = str(said.get("errmsg") or said.get("msg") or said.get("StatusMessage") or "")[:100]
    problem = f"the service refuses the message ({code}): {words}"
    return Verdict(problem, code not in service.final, LIMIT_WAIT if code in service.limited else None)
