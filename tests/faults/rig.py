"""The real thing as processes: Mosquitto, the hub through its command line, and a client of its API."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import httpx

from edge.facade import Account, Role
from edge.settings import install_template, write_overrides
from edge.store.accounts import AccountFile
from edge.tools.broker import Broker, Mosquitto, free_port, shipped_accounts
from tests.blind import without_cameras
from web.auth.secrets import digest, new_token

ARMED_WITHIN: Final = 180.0  # a loaded machine of two cores starts slowly
PROJECT: Final = Path(__file__).resolve().parents[2]


class NotSoError(AssertionError):
    """What was waited for did not come about."""


def until(what: str, condition: Callable[[], bool], seconds: float = 30.0, step: float = 0.05) -> None:
    """Look again and again until the condition holds; NotSoError names `what` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotSoError(f"not within {seconds:.0f} s: {what}")
        time.sleep(step)


@dataclass(slots=True)
class Rig:
    """A broker and a hub. site, data: its folders. The hub may be killed and started as often as one likes.

    serial: ports of the site's buses by id; the others lead nowhere. program: the module with the hub's command line,
    and what it is told before the verb. environment: of the hub, besides this process's own.
    """

    folder: Path
    data: Path
    commit_seconds: float = 5.0
    serial: Mapping[str, Path] = field(default_factory=dict)
    program: Sequence[str] = ("edge.cli",)
    environment: Mapping[str, str] = field(default_factory=dict)
    broker: Broker = field(init=False)
    site: Path = field(init=False)
    api: Api = field(init=False)
    token: str = field(init=False)
    _hub: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.site = self.folder / "site"
        self.token = new_token()
        self.broker = Mosquitto(
            self.folder / "broker", list(shipped_accounts(field=["#"], demo=["#"]).values())
        )
        self.broker.start()
        self._make_site()
        self.data.mkdir(parents=True, exist_ok=True)
        account = Account("rig", "rig", Role.ADMIN)
        AccountFile(self.data / "accounts.db").put_token(
            digest(self.token), account, "rig", time.time_ns() // 1000
        )
        self.api = Api(f"http://127.0.0.1:{free_port()}", self.token)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.api.close()
        self.broker.stop()

    @property
    def log(self) -> Path:
        """Everything the hubs said."""
        return self.folder / "hub.log"

    @property
    def hub_pid(self) -> int | None:
        """The hub's process id while it runs."""
        return self._hub.pid if self._hub is not None and self._hub.poll() is None else None

    def start(self) -> None:
        """Start the hub; returns at once."""
        command = [
            sys.executable,
            "-m",
            *self.program,
            "run",
            "--site",
            str(self.site),
            "--data",
            str(self.data),
            "--broker-state",
            str(self.folder / "broker"),
        ]
        with self.log.open("ab") as log:
            self._hub = subprocess.Popen(
                [*command, "--listen", self.api.address],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=PROJECT,
                env={**os.environ, "PYTHONPATH": str(PROJECT), **self.environment},
            )

    def await_armed(self) -> None:
        """Return when the hub is armed and hears its broker."""

        def ready() -> bool:
            if self.hub_pid is None:
                raise NotSoError(f"the hub ended by itself: {self.last_words()}")
            health = self.api.health()
            checks = health.get("checks", {})
            mqtt = [checks.get(source, {}).get("ok", False) for source in ("zigbee", "load")]
            return health.get("status") in {"armed", "degraded"} and all(mqtt)

        until("the hub is armed and connected", ready, ARMED_WITHIN)

    def kill(self) -> None:
        """End the hub as a power cut would: kill -9. NotSoError when it had ended by itself."""
        if self._hub is None:
            return
        if self._hub.poll() is not None:
            raise NotSoError(f"the hub ended by itself: {self.last_words()}")
        self._hub.kill()
        self._hub.wait()
        self._hub = None

    def forget(self) -> None:
        """A hub that somebody else has killed is gone: the next may be started."""
        if self._hub is not None:
            self._hub.wait(20)
            self._hub = None

    def stop(self) -> None:
        """End the hub as a service manager would."""
        if self._hub is not None:
            self._hub.terminate()
            try:
                self._hub.wait(20)
            except subprocess.TimeoutExpired:
                self._hub.kill()
                self._hub.wait()
            self._hub = None

    def last_words(self) -> str:
        """The end of the hub's log, for an error message."""
        return " / ".join(self.log.read_text("utf-8", "replace").splitlines()[-5:])

    def _make_site(self) -> None:
        install_template(self.site)
        without_cameras(self.site)
        password = self.folder / "mqtt-password"
        password.write_text(self.broker.account("hub").password, encoding="utf-8")
        ports = {bus: str(self.folder / "no-such-port" / bus) for bus in ("bus-1", "bus-2")}
        ports |= {bus: str(path) for bus, path in self.serial.items()}
        write_overrides(self.site, mqtt=(self.broker.host, self.broker.port, "hub", password), serial=ports)
        file = self.site / "site.toml"
        text = file.read_text("utf-8")
        file.write_text(
            text.replace("commit_seconds = 5", f"commit_seconds = {self.commit_seconds:g}"), "utf-8"
        )


class Api:
    """The hub's API for a program. Raises httpx.TransportError while the hub is away, unless said otherwise."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=10, trust_env=False
        )

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return self.url.removeprefix("http://")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at a path; httpx.HTTPStatusError for an error status."""
        return self._client.get(path, params=query).raise_for_status().json()

    def page(self, path: str) -> str:
        """A page of the panel, in Chinese."""
        return self._client.get(path, headers={"Accept-Language": "zh-CN"}).raise_for_status().text

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, key: str | None = None
    ) -> httpx.Response:
        """A write, with its Idempotency-Key."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._client.post(path, json=dict(body or {}), headers=headers)

    def persist(self, path: str, body: Mapping[str, Any] | None, key: str, seconds: float = 60) -> Any:
        """A write that is repeated with one key until the hub has answered it, over kills."""
        return self._insist(path, lambda: self.post(path, body, key), seconds)

    def upload(self, path: str, data: bytes, key: str, **query: str) -> Any:
        """As `persist`, with a file as the body."""
        headers = {"Idempotency-Key": key}
        return self._insist(
            path, lambda: self._client.post(path, params=query, content=data, headers=headers), 60
        )

    @staticmethod
    def _insist(path: str, send: Callable[[], httpx.Response], seconds: float) -> Any:
        deadline = time.monotonic() + seconds
        while True:
            try:
                answer = send()
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code < 500:
                return answer.raise_for_status().json()
            if time.monotonic() > deadline:
                raise NotSoError(f"no answer to POST {path} within {seconds:.0f} s")
            time.sleep(0.1)

    def look(self, path: str, seconds: float = 60, **query: Any) -> Any:
        """As `get`, repeated until the hub has answered, over kills."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.get(path, **query)
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def health(self) -> dict[str, Any]:
        """`/healthz`, whatever its status; empty while nobody answers."""
        try:
            health: dict[str, Any] = self._client.get("/healthz", timeout=15).json()
        except (httpx.TransportError, ValueError):
            return {}
        return health

    def check(self, name: str) -> dict[str, Any]:
        """One check of `/healthz`; empty while nobody answers."""
        found: dict[str, Any] = self.health().get("checks", {}).get(name, {})
        return found

    def metric(self, name: str) -> float:
        """Sum of a metric over its labels; NotSoError for one the hub does not know."""
        text = self._client.get("/metrics").raise_for_status().text
        if f"# TYPE {name} " not in text:
            raise NotSoError(f"there is no metric {name}")
        lines = (line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{")))
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """All items of a list, page by page."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, limit=1000, **query, **cursor)
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}
