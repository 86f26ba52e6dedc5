"""A worker: the people of the site, who take what comes and bring it to its end, so that the day's work goes on."""

from __future__ import annotations

import http.client
import json
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from edge.tools.benches.processes import serve

LOOK: Final = 3.0  # seconds between two looks at what there is to do
PAGE: Final = 200
NEXT: Final = {
    "notified": "accept", "accepted": "depart", "en_route": "arrive", "on_site": "finish", "done": "verify",
}  # fmt: skip
"""The step that follows each state of a work order."""


class _Crew:
    """done: how often each thing was done. refused: of what, with the hub's word for why."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._connection = http.client.HTTPConnection(spec["host"], spec["port"], timeout=30)
        self._headers = {"Authorization": f"Bearer {spec['token']}"}

    def look(self) -> None:
        """Once through everything that is open."""
        for alarm in self._open("alarms", state="open"):
            path = f"alarms/{alarm['id']}"
            if not alarm["acked"]:
                self._do("ack", f"{path}/ack")
            elif alarm["verdict"] is None:
                self._do("verdict", f"{path}/verdict", kind="false", cause="cooking")
            elif not alarm["active"]:
                self._do("reset", f"{path}/reset")
        for incident in self._open("incidents", open="true"):
            path = f"incidents/{incident['id']}"
            if incident["state"] == "all_clear":
                self._do("close incident", f"{path}/close", note="误报")
            else:
                self._do("all clear", f"{path}/all-clear", note="误报", confirm=True)
        for order in self._open("work-orders", open="true"):
            if (step := NEXT.get(order["state"])) is not None:
                self._do(step, f"work-orders/{order['id']}/{step}")
        for hazard in self._open("hazards", open="true"):
            self._do("hazard", f"hazards/{hazard['id']}/cancel", reason="mistaken")

    def _open(self, what: str, **query: str) -> list[dict[str, Any]]:
        asked = "&".join(f"{key}={value}" for key, value in query.items())
        status, answer = self._ask("GET", f"{what}?{asked}&limit={PAGE}")
        return list(answer["items"]) if status == http.client.OK else []

    def _do(self, word: str, path: str, **body: Any) -> None:
        status, answer = self._ask("POST", path, body)
        if status < http.client.BAD_REQUEST:
            self.done[word] += 1
        else:
            self.refused[f"{word}: {answer.get('code', status)}"] += 1

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        headers = {**self._headers, "Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
        try:
            self._connection.request(method, f"/api/v1/{path}", json.dumps(body or {}), headers)
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            return 599, {"code": type(error).__name__}


def work(spec: Mapping[str, Any], ready: Callable[[], None], wait: Callable[[], None]) -> dict[str, Any]:
    """Work until told to end; {"done": {what: times}, "refused": {what and why: times}}.

    spec: `host`, `port`, `token`.
    """
    crew, over = _Crew(spec), threading.Event()

    def keep_on() -> None:
        while not over.wait(LOOK):
            crew.look()

    worker = threading.Thread(target=keep_on, daemon=True)
    worker.start()
    ready()
    wait()
    over.set()
    worker.join(60)
    return {"done": dict(crew.done), "refused": dict(crew.refused)}


if __name__ == "__main__":
    serve(work)
