"""A follower of the hub's event stream, as a wall or another program is one."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import Any, Self

import httpx


class Follower:
    """Reads facts of `/api/v1/stream` in a thread of its own. facts: those seen so far, oldest first."""

    def __init__(self, url: str, token: str) -> None:
        self.facts: list[dict[str, Any]] = []
        self._client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False
        )
        self._connected = threading.Event()
        self._response: httpx.Response | None = None
        self._thread = threading.Thread(target=self._run, name="follower")

    def __enter__(self) -> Self:
        self._thread.start()
        self._connected.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        if self._response is not None:
            stream = self._response.extensions["network_stream"]
            with contextlib.suppress(OSError):
                stream.get_extra_info("socket").shutdown(2)
        self._thread.join()
        self._client.close()

    def saw(self, kind: str, alarm: str) -> bool:
        """Whether a fact of this kind about that alarm came by."""
        return any(fact["kind"] == kind and fact.get("alarm", {}).get("id") == alarm for fact in self.facts)

    def _run(self) -> None:
        name = ""
        with contextlib.suppress(httpx.HTTPError), self._client.stream("GET", "/api/v1/stream") as response:
            self._response = response
            for line in response.iter_lines():
                self._connected.set()
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: ") and name == "fact":
                    self.facts.append(json.loads(line.removeprefix("data: ")))
        self._connected.set()
