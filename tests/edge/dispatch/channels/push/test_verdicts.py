"""A group bot answers 200 to everything: what its JSON says decides, through Apprise's own plugins."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

WECOM = "wecombot://0123456789"
DINGTALK = "dingtalk://abcdefghij"
FEISHU = "feishu://abcdefghij"
LARK = "lark://abcdefghij"

# The child with the network cut off: each request is answered with the bodies of its arguments, one after another.
CHILD = """
import io, sys, requests
from apprise import NotifyBase
from requests.adapters import HTTPAdapter
from edge.dispatch.channels.push import child

bodies = iter(sys.argv[1:])

def send(self, request, **_):
    answer = requests.Response()
    answer.status_code, answer.url, answer.request = 200, request.url, request
    answer.headers["Content-Type"] = "application/json"
    answer.raw = io.BytesIO(next(bodies).encode())
    return answer

HTTPAdapter.send = send
NotifyBase.request_rate_per_sec = 0
child.main()
"""


def attempts(*cases: tuple[str, str]) -> list[dict[str, Any]]:
    """What the child says of messages to these addresses, answered so."""
    lines = "".join(json.dumps({"url": url, "text": "02:14 车库 · 火警"}) + "\n" for url, _ in cases)
    bodies = [body for _, body in cases]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *bodies], input=lines, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_was_taken() -> None:
    told = attempts(
        (WECOM, '{"errcode":0,"errmsg":"ok"}'),
        (DINGTALK, '{"errcode":0,"errmsg":"ok"}'),
        (FEISHU, '{"code":0,"msg":"success","data":{}}'),
        (FEISHU, '{"StatusCode":0,"StatusMessage":"success"}'),
        (LARK, '{"code":0,"msg":"success"}'),
    )
    assert [one["error"] for one in told] == [None] * 5


def test_what_was_refused() -> None:
    cases = [
        (WECOM, '{"errcode":93000,"errmsg":"invalid webhook url"}', False, None),
        (WECOM, '{"errcode":45009,"errmsg":"api freq out of limit"}', True, 60.0),
        (WECOM, '{"errcode":-1,"errmsg":"system busy"}', True, None),
        (DINGTALK, '{"errcode":310000,"errmsg":"sign not match"}', False, None),
        (DINGTALK, '{"errcode":130101,"errmsg":"send too fast"}', True, 60.0),
        (FEISHU, '{"code":19024,"msg":"Key Words Not Found"}', False, None),
        (FEISHU, '{"code":11232,"msg":"frequency limited"}', True, 60.0),
        (LARK, '{"code":19024,"msg":"Key Words Not Found"}', False, None),
    ]
    told = attempts(*((url, body) for url, body, _, _ in cases))
    assert [(one["again"], one["wait"]) for one in told] == [(again, wait) for _, _, again, wait in cases]
    assert all("refuses the message" in one["error"] for one in told)
    assert "(93000): invalid webhook url" in told[0]["error"]


def test_an_answer_that_says_nothing_is_no_acceptance() -> None:
    bodies = ("", "ok", "[]", "{}", '{"errcode":"0"}', '{"errcode":false}')
    told = attempts(*((WECOM, body) for body in bodies))
    assert ["without saying" in one["error"] for one in told] == [True] * 6
