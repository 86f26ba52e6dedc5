"""A worker: follows the hub's streams and notes when each alarm's fact arrives."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from edge.tools.benches.processes import serve


def work(spec: dict[str, Any], ready: Callable[[], None], wait: Callable[[], None]) -> dict[str, Any]:
    """Read `paths` (one stream each) until told to end; {"raised": {device: [monotonic ns, UTC ns, alarm id]}}.

    "bytes" is what came in all.
    """
    raised: dict[str, tuple[int, int, str]] = {}
    amounts = [0] * len(spec["paths"])

    def read(n: int, response: http.client.HTTPResponse) -> None:
        try:
            while line := response.readline():
                mono, utc = time.monotonic_ns(), time.time_ns()
                amounts[n] += len(line)
                if line.startswith(b"data:") and b'"alarm.raised"' in line:
                    alarm = json.loads(line[5:])["alarm"]
                    raised.setdefault(alarm["device"], (mono, utc, alarm["id"]))
        except (OSError, ValueError, http.client.HTTPException):
            return  # the hub, or this worker, has ended it

    connections = []
    for n, path in enumerate(spec["paths"]):
        connection = http.client.HTTPConnection(spec["host"], spec["port"], timeout=60)
        connection.request("GET", path, headers={"Authorization": f"Bearer {spec['token']}"})
        response = connection.getresponse()
        if response.status != http.client.OK:
            raise SystemExit(f"{path} answered {response.status}: {response.read()!r}")
        response.readline()  # the first heartbeat: from here on nothing is missed
        threading.Thread(target=read, args=(n, response), daemon=True).start()
        connections.append(connection)
    ready()
    wait()
    return {"raised": dict(raised), "bytes": sum(amounts)}


if __name__ == "__main__":
    serve(work)
