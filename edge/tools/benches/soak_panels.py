"""A worker: so many panels, each a reader of the pages' stream and one of facts and values, that never go away."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from edge.tools.benches.processes import serve

PATHS: Final = ("/events?wall=1", "/api/v1/stream")
SILENCE: Final = 60.0  # seconds after which a stream that beats every ten counts as dead


class _Reader(threading.Thread):
    """One stream. ended: why, None while it goes on. raised: (device, monotonic ns) of each new alarm."""

    def __init__(self, spec: Mapping[str, Any], path: str) -> None:
        super().__init__(daemon=True)
        self.ended: str | None = None
        self.bytes = 0
        self.resyncs = 0
        self.raised: list[tuple[str, int]] = []
        self._connection = http.client.HTTPConnection(spec["host"], spec["port"], timeout=SILENCE)
        self._connection.request("GET", path, headers={"Authorization": f"Bearer {spec['token']}"})
        self._response = self._connection.getresponse()
        if self._response.status != http.client.OK:
            raise SystemExit(f"{path} answered {self._response.status}: {self._response.read()!r}")
        self._response.readline()  # the first heartbeat: from here on nothing is missed

    def run(self) -> None:
        try:
            while line := self._response.readline():
                now = time.monotonic_ns()
                self.bytes += len(line)
                self.resyncs += line.startswith(b"event: resync")
                if line.startswith(b"data:") and b'"alarm.raised"' in line:
                    self.raised.append((json.loads(line[5:])["alarm"]["device"], now))
            self.ended = "the hub ended it"
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.ended = repr(error)


def work(spec: Mapping[str, Any], ready: Callable[[], None], wait: Callable[[], None]) -> dict[str, Any]:
    """Read until told to end; {"raised": [[device, monotonic ns], ...] as the first panel saw it, "ended": why, ...}.

    spec: `panels` (how many), `host`, `port`, `token`. "bytes": what came in all, "resyncs": of all streams.
    """
    readers = [_Reader(spec, path) for _ in range(spec["panels"]) for path in PATHS]
    for reader in readers:
        reader.start()
    ready()
    wait()
    return {
        "raised": next((list(reader.raised) for reader in readers if reader.raised), []),
        "bytes": sum(reader.bytes for reader in readers),
        "resyncs": sum(reader.resyncs for reader in readers),
        "ended": [reader.ended for reader in readers if reader.ended is not None],
    }


if __name__ == "__main__":
    serve(work)
