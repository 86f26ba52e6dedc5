"""Smoke detectors and the guard who handles them, over and over, while the hub is being killed."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any, Final

import httpx

from tests.faults.load import Publisher
from tests.faults.rig import Api, NotSoError

LOOK: Final = 0.2  # seconds
PATIENCE: Final = 150.0


class Detector(threading.Thread):
    """One detector: alarm, acknowledged, normal, reset, again. Every episode must be exactly one alarm.

    ids: alarms it saw, one per episode. trouble: what went wrong, None so far.
    """

    def __init__(self, device: str, publisher: Publisher, url: str, token: str) -> None:
        super().__init__(name=f"detector-{device}")
        self.device = device
        self.ids: list[str] = []
        self.trouble: str | None = None
        self._publisher = publisher
        self._api = Api(url, token)
        self._enough = threading.Event()

    def finish(self) -> None:
        """End after the episode under way."""
        self._enough.set()
        self.join(2 * PATIENCE)
        self._api.close()

    def run(self) -> None:
        try:
            while not self._enough.is_set():
                self._episode()
        except (NotSoError, httpx.HTTPError) as error:
            self.trouble = f"{self.device}, episode {len(self.ids) + 1}: {error}"

    def _episode(self) -> None:
        topic = f"zigbee2mqtt/{self.device}"
        self._publisher.say(topic, {"smoke": True, "battery": 97})
        alarm = self._acknowledged()
        path = f"/api/v1/alarms/{alarm['id']}"
        self._publisher.say(topic, {"smoke": False, "battery": 97})
        self._await(lambda found: found["id"] == alarm["id"] and not found["active"], "normal again")
        closed = self._api.persist(f"{path}/reset", {}, uuid.uuid4().hex, PATIENCE)
        if closed["state"] != "normal":
            raise NotSoError(f"{alarm['id']} is {closed['state']} after its reset")
        self.ids.append(alarm["id"])

    def _acknowledged(self) -> Any:
        """The alarm of this episode, acknowledged and saved.

        One that was shown before it was on the disk may have gone with a kill: the broker says the smoke again, and it
        is raised anew. So may an acknowledgement that was answered as not saved yet: it is given again.
        """
        deadline = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < deadline:
            alarm = self._await(lambda alarm: alarm["active"] and alarm["id"] not in self.ids, "raised")
            if not alarm["acked"]:
                self._acknowledge(alarm["id"])
            elif alarm["persisted"]:
                return alarm
            else:
                time.sleep(LOOK)
        raise NotSoError("its acknowledgement is not saved")

    def _acknowledge(self, id: str) -> None:
        try:
            self._api.persist(f"/api/v1/alarms/{id}/ack", None, uuid.uuid4().hex, PATIENCE)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.NOT_FOUND:
                raise

    def _await(self, wanted: Any, what: str) -> Any:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                alarms = self._api.get("/api/v1/alarms", state="open", device=self.device)["items"]
            except httpx.HTTPError:
                alarms = []
            if found := next((a for a in alarms if a["point"] == f"{self.device}.smoke" and wanted(a)), None):
                return found
            if time.monotonic() > deadline:
                raise NotSoError(f"its alarm is not {what} within {PATIENCE:.0f} s")
            time.sleep(LOOK)
