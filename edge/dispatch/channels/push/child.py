"""The child that owns Apprise: one JSON line in per message, one JSON line out. Secrets come by stdin only.

In: {"url", "text"}. Out: {"error": null | one sentence, "again": bool, "wait": null | seconds}.
"""

from __future__ import annotations

import contextlib
import json
import logging
import resource
import sys
from pathlib import Path
from typing import Any, Final

import apprise
import requests

from edge.dispatch.channels.push.verdicts import verdict

_MEMORY: Final = 512 << 20  # bytes of address space; Apprise and Python take 190 MB of it
_LONGEST: Final = 1 << 20  # bytes of an answer, unpacked; a few kB are usual
_PIECE: Final = 4096


class _Judge(requests.Session):
    """Judges answers more strictly than the plugins: a redirect or a web page is no acceptance."""

    problem: str | None = None  # of the attempt under way; the child makes one at a time
    wait: float | None = None
    again = True

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        options["allow_redirects"] = False
        options["stream"] = True
        try:
            answer = super().request(method, url, *args, **options)
            whole = _read(answer)
        except requests.exceptions.SSLError:
            _Judge.problem = "TLS failed: the certificate is not trusted or the server speaks no TLS"
            raise
        except requests.exceptions.Timeout:
            _Judge.problem = "the server did not answer in time"
            raise
        except requests.exceptions.ConnectionError:
            _Judge.problem = "no connection to the server"
            raise
        if whole:
            self._look(answer)
        else:
            _Judge.problem = "the server answers without an end"
        return answer

    def _look(self, answer: requests.Response) -> None:
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if answer.is_redirect or 300 <= answer.status_code < 400:
            _Judge.problem = (
                f"the server redirects ({answer.status_code}): put its final address into the file"
            )
        elif answer.status_code >= 400:
            _Judge.problem = f"the server answers {answer.status_code}"
            _Judge.again = answer.status_code not in {400, 401, 403, 404, 405, 410}
            after = answer.headers.get("Retry-After", "")
            asked = answer.status_code == 429 and after.isascii() and after.isdigit()
            _Judge.wait = min(float(after), 3600.0) if asked else None
        elif kind == "text/html":
            _Judge.problem = "the server answers with a web page, not with an acceptance"
        elif (refused := verdict(answer.url, answer.content)) is not None:
            _Judge.problem, _Judge.again, _Judge.wait = refused.problem, refused.again, refused.wait


def _read(answer: requests.Response) -> bool:
    """Read the body, bounded as it is unpacked; whether it had an end. The rest of a longer one is not read."""
    body = bytearray()
    for piece in answer.iter_content(_PIECE):
        body += piece
        if len(body) > _LONGEST:
            answer.close()
            break
    answer._content = bytes(body[:_LONGEST])  # noqa: SLF001 - requests reads no bounded body by itself
    return len(body) <= _LONGEST


def attempt(url: str, text: str) -> dict[str, Any]:
    """Send once."""
    _Judge.problem, _Judge.wait, _Judge.again = None, None, True
    way = apprise.Apprise()
    if not way.add(url):
        return {"error": "the address file holds no address that Apprise knows", "again": False, "wait": None}
    accepted = bool(way.notify(body=text))
    refused = None if accepted else "the service refused the message"
    return {"error": _told() or refused, "again": _Judge.again, "wait": _Judge.wait}


def _told() -> str | None:
    return _Judge.problem


def main() -> None:
    """Answer lines until stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    with contextlib.suppress(OSError):  # the first to go when memory runs out, before the hub
        Path("/proc/self/oom_score_adj").write_text("1000")
    logging.disable(logging.CRITICAL)  # its words may hold addresses
    requests.Session = requests.sessions.Session = _Judge  # type: ignore[misc]
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = attempt(asked["url"], asked["text"])
        except Exception as error:  # noqa: BLE001 - a defect of a plugin costs this attempt
            answer = {"error": f"Apprise failed: {type(error).__name__}", "again": True, "wait": None}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
