"""The test stand: a broker with the shipped configuration and a hub, as children, and the API to ask the hub."""

from __future__ import annotations

import http.client
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Self

from edge.facade import Account, Role
from edge.resources import config_root
from edge.settings import write_overrides
from edge.store.accounts import AccountFile
from edge.tools.benches.processes import Worker, cpu_seconds, until
from edge.tools.benches.report import BenchError
from edge.tools.benches.site import DETECTOR_TOPIC, LISTENERS, METER_TOPIC, METERS, write_site
from edge.tools.broker import Broker, BrokerError, Mosquitto, free_port, shipped_accounts
from edge.tools.child import Child
from web.auth.secrets import digest, hash_password, new_token

SIZE: Final = 200  # bytes of a reading
WINDOW: Final = 4096  # deliveries the broker may have under way, as the hub's own default
START_WITHIN: Final = 60.0
YARDSTICK_TOPIC: Final = "yardstick/meter-{:02}/up"
PASSWORD: Final = "bench-wall-bench"  # noqa: S105 - of an account that lives as long as the bench
_HISTORY: Final = (
    6 * 3600 * 1000
)  # ms: readings are dated from so long ago, each a millisecond after the last


class Stand:
    """One folder with broker, site and data. `start_hub` and `stop_hub` as often as needed.

    folder: where the data lies, a temporary one when None (then it is removed at the end). uplink: url of a data
    centre that gets every reading. prepare: adds to the site's folder before the hub starts.
    """

    listeners: tuple[str, ...] = LISTENERS

    def __init__(
        self,
        folder: Path | None = None,
        *,
        detectors: int = 1,
        uplink: str | None = None,
        prepare: Callable[[Path], None] = lambda _site: None,
    ) -> None:
        self._temporary = None if folder else Path(tempfile.mkdtemp(prefix="edge-hub-bench-"))
        self.folder = folder or self._temporary or Path()
        if any(self.folder.glob("*")):
            raise BenchError(f"{self.folder} is not empty: give --data a folder of its own")
        self.detectors = detectors
        self._uplink = uplink
        self._prepare = prepare
        self.token = new_token()
        self.port = 0
        self.broker: Broker = self._make_broker()
        self._hub: Child | None = None
        self._next_ms = time.time_ns() // 1_000_000 - _HISTORY

    # ---- life -----------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        secret = self.folder / "mqtt-password"
        secret.write_text(self.broker.account("hub").password, encoding="utf-8")
        accounts, now = AccountFile(self.folder / "data" / "accounts.db"), time.time_ns() // 1000
        accounts.put(Account("guard", "guard", Role.GUARD, hash_password(PASSWORD)), "bench", now)
        accounts.put_token(digest(self.token), Account("bench", "bench", Role.ADMIN), "bench", now)
        try:
            self.broker.start()
            self.furnish(self.folder / "site", (self.broker.host, self.broker.port, "hub", secret))
            self.start_hub()
        except BaseException as error:
            self.__exit__()
            if isinstance(error, BrokerError):
                raise BenchError(str(error)) from error
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_hub()
        self.broker.stop()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def furnish(self, site: Path, mqtt: tuple[str, int, str, Path]) -> None:
        """Write the site's folder. mqtt: as `write_overrides` wants it."""
        write_site(site, self.detectors, self._uplink)
        self._prepare(site)
        shutil.copyfile(config_root() / "rules" / "fire.toml", site / "rules" / "fire.toml")
        write_overrides(site, mqtt=mqtt)

    def start_hub(self, *, connected: bool = True) -> None:
        """Start the hub; returns when it is armed and, if asked for, connected."""
        self.port = free_port()
        data = self.folder / "data"
        command = [sys.executable, "-m", "edge.cli", "run", "--site", str(self.folder / "site")]
        command += ["--data", str(data), "--listen", f"127.0.0.1:{self.port}"]
        hub = self._hub = Child("hub", command, {}, self.folder / "hub.log")
        hub.start()

        def there() -> bool:
            if hub.ended():
                last = " / ".join(hub.log.read_text("utf-8", "replace").splitlines()[-3:])
                raise BenchError(f"the hub ended at once: {last}")
            try:
                return not connected or self._connected()
            except (OSError, http.client.HTTPException):
                return False

        until(there, "the start of the hub", within=START_WITHIN)

    def stop_hub(self) -> None:
        """SIGTERM, as a service manager would."""
        if self._hub is not None:
            self._hub.terminate()
            self._hub.wait()
            self._hub = None

    @property
    def pid(self) -> int:
        """The hub's process id."""
        if self._hub is None or self._hub.process is None:
            raise BenchError("the hub does not run")
        return self._hub.process.pid

    def quiet(self) -> None:
        """Return when the hub has no more to do than its own beat: commits and compaction are through."""
        calm = 0

        def still() -> bool:
            nonlocal calm
            before = cpu_seconds(self.pid)
            time.sleep(0.4)
            calm = calm + 1 if cpu_seconds(self.pid) - before <= 0.04 else 0
            return calm >= 3

        until(still, "the hub's work after a load", within=60.0, every=0.0)

    # ---- the API --------------------------------------------------------------------------------------------------

    @property
    def host(self) -> str:
        """Where hub and broker listen."""
        return self.broker.host

    def get(self, path: str) -> Any:
        """A JSON answer of the API."""
        return json.loads(self._ask(f"/api/v1{path}"))

    def metrics(self) -> Mapping[str, float]:
        """The metrics without their prefix, summed over their labels."""
        found: dict[str, float] = {}
        for line in self._ask("/metrics").decode().splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                name = name.partition("{")[0].removeprefix("edgehub_")
                found[name] = found.get(name, 0.0) + float(value)
        return found

    def stored(self) -> float:
        """Readings stored since the hub's start."""
        return self.metrics()["readings_stored_total"]

    def _connected(self) -> bool:
        health = json.loads(self._ask("/healthz", {200, 503}))
        return health["status"] != "starting" and all(health["checks"][name]["ok"] for name in self.listeners)

    def _ask(self, path: str, expected: frozenset[int] | set[int] = frozenset({200})) -> bytes:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status not in expected:
            raise BenchError(f"the hub answered {answer.status} to {path}: {body[:200]!r}")
        return body

    # ---- load -----------------------------------------------------------------------------------------------------

    def meters(self, count: int, *, rate: float = 0, topic: str = METER_TOPIC) -> tuple[Worker, int]:
        """A publisher of `count` readings, and the time of the first (ms); flat out when `rate` is 0."""
        start_ms = self._next_ms
        self._next_ms += count
        spec = {"load": "meters", "topic": topic, "devices": METERS, "size": SIZE, "start_ms": start_ms}
        return self._publisher(spec | {"count": count, "rate": rate}), start_ms

    def alarms(self, first: int, count: int, rate: float) -> Worker:
        """A publisher that lets `count` detectors alarm, one after the other."""
        spec = {"load": "alarms", "topic": DETECTOR_TOPIC, "first": first, "rate": rate, "jitter": 0.9}
        return self._publisher(spec | {"count": count})

    def yardstick(self, topic: str, count: int = 0) -> Worker:
        """The client of paho on `topic`: counting up to `count`, or noting when each topic was heard."""
        return Worker("subscriber", self.login("hub") | {"filter": topic, "window": WINDOW, "count": count})

    def follower(self, *paths: str) -> Worker:
        """A reader of the hub's streams."""
        spec = {"host": self.host, "port": self.port, "token": self.token, "paths": paths}
        return Worker("follower", spec)

    def _publisher(self, spec: Mapping[str, Any]) -> Worker:
        return Worker("publisher", {**self.login("field"), **spec})

    def login(self, name: str) -> dict[str, Any]:
        """Where the broker is, and an account there."""
        account = self.broker.account(name)
        return {
            "host": self.broker.host,
            "port": self.broker.port,
            "username": account.name,
            "password": account.password,
        }

    def _make_broker(self) -> Broker:
        accounts = shipped_accounts(field=["zigbee2mqtt/#", "site/#", "yardstick/#"])
        return Mosquitto(self.folder / "broker", list(accounts.values()))
