"""The demo as a user starts it: broker, hub and simulator as processes, told from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Demo:
    """A running `edge-hub demo --json`; `about` is its first line."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._complaints = data / "stderr.txt"

    def __enter__(self) -> Self:
        with self._complaints.open("wb") as complaints:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "edge.cli", "demo", "--json", "--data", str(self._data)],
                stdout=subprocess.PIPE,
                stderr=complaints,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._complaints.read_text("utf-8")
        self.about: dict[str, Any] = json.loads(line)
        self.url: str = self.about["url"]
        self.first_hub = self.hub_pid()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.stop()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def stop(self) -> tuple[int, float]:
        """(exit code, seconds it took)"""
        begun = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60), time.monotonic() - begun

    def user(self, role: str) -> dict[str, str]:
        """`name`, `password` and `pin` of the guard, the maintenance or the admin of the demo."""
        found: dict[str, str] = self.about["users"][role]
        return found

    def publish(self, topic: str, payload: Any) -> None:
        mqtt = self.about["mqtt"]
        subprocess.run(
            [
                *("mosquitto_pub", "-h", mqtt["host"], "-p", str(mqtt["port"])),
                *("-u", mqtt["username"], "-P", mqtt["password"]),
                *("-q", "1", "-t", topic, "-m", json.dumps(payload)),
            ],
            check=True,
            timeout=60,
        )

    def say(self, kind: str) -> None:
        """`say("alarm")`, `say("normal")`: the smoke detector that is there to be tried."""
        trial = self.about["try"]
        self.publish(trial["topic"], trial[f"payload_{kind}"])

    def get(self, path: str) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own demo
            self.url + path, headers={"Authorization": f"Bearer {self.about['api_token']}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def fires(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/v1/alarms?state=open&signal=fire")["items"]
        return found

    def hub_pid(self) -> int:
        return int((self._data / "hub.pid").read_text())

    def kill_hub(self) -> None:
        """kill -9, and wait until the demo has it running and armed again."""
        old = self.hub_pid()
        os.kill(old, signal.SIGKILL)
        until(lambda: self.hub_pid() != old and self.armed(), 60)

    def armed(self) -> bool:
        try:
            return bool(self.get("/healthz")["status"] != "starting")
        except (OSError, urllib.error.URLError):
            return False


def until(look: Callable[[], T], seconds: float = 60) -> T:
    """What `look` finds, as soon as it finds something; AssertionError when it does not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing within {seconds} s")
