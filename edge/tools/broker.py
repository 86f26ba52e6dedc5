"""An MQTT broker of one's own, for the demo, the bench and the tests: a child process on a loopback port.

It is Mosquitto with the shipped configuration (deploy/mosquitto). Where no Mosquitto can be installed there is
`SpareBroker`, in pure Python: slower by an order of magnitude and MQTT 3.1.1 only, with the same accounts demanded.
"""

from __future__ import annotations

import ctypes
import getpass
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from edge.resources import broker_templates
from edge.tools import broker_care

START_WITHIN = 15.0  # seconds; a busy Pi loads its saved queue first
STOP_WITHIN = 8.0
LOOPBACK = "127.0.0.1"
SBIN = ("/usr/sbin", "/usr/local/sbin")  # not on an ordinary user's PATH


class BrokerError(RuntimeError):
    """The broker did not start; the message carries its own last words."""


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """A login with the topic filters it may subscribe to (read) and publish on (write)."""

    name: str
    password: str = field(repr=False)
    read: Sequence[str] = ()
    write: Sequence[str] = ()


DOWN = ("site/+/down", "zigbee2mqtt/+/set")  # where devices of the demo's site are told to do something


def shipped_accounts(
    *,
    field: Sequence[str],
    demo: Sequence[str] = (),
    down: Sequence[str] = DOWN,
    prefix: str = "edge-hub",
) -> dict[str, BrokerAccount]:
    """The accounts of deploy/mosquitto/accounts.toml by name (hub, field, demo), with fresh random passwords.

    field, demo: topic filters the devices and the demo's visitor publish on; down: on which devices are told.
    prefix: the hub's own topic tree.
    """
    lists = {"{field}": list(field), "{demo}": list(demo), "{down}": list(down)}

    def expand(entries: Sequence[str]) -> list[str]:
        return [topic for entry in entries for topic in lists.get(entry, [entry.replace("{prefix}", prefix)])]

    table = tomllib.loads((broker_templates() / "accounts.toml").read_text("utf-8"))
    return {
        name: BrokerAccount(name, secrets.token_urlsafe(12), expand(rights["read"]), expand(rights["write"]))
        for name, rights in table.items()
    }


def render_configuration(template: str, *, host: str, port: int, directory: Path, user: str) -> str:
    """hub.conf with its placeholders filled in; pure."""
    values = {
        "host": host,
        "port": str(port),
        "directory": str(directory),
        "state": str(directory),
        "user": user,
    }
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def render_acl(accounts: Sequence[BrokerAccount]) -> str:
    """Mosquitto's acl_file: nobody may do what is not listed; pure."""
    lines = []
    for account in accounts:
        lines.append(f"user {account.name}")
        lines += [f"topic read {topic}" for topic in account.read]
        lines += [f"topic write {topic}" for topic in account.write]
        lines.append("")
    return "\n".join(lines)


def find_program(name: str) -> Path | None:
    """A program on the PATH or in the places an ordinary user's PATH leaves out."""
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), *SBIN)))
    return Path(found) if found else None


def free_port(host: str = LOOPBACK, port: int = 0) -> int:
    """A TCP port nobody listens on at this moment: `port` itself, or any. OSError when `port` is taken."""
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # connections of a former run do not count
        probe.bind((host, port))
        return int(probe.getsockname()[1])


def die_with_parent() -> None:
    """In a child: SIGTERM when its parent (thread) is killed, so that nothing is left running (Linux, prctl(2))."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Broker(ABC):
    """A broker as a child process. All files live in `directory`; `port` stays the same over restarts.

    Blocking calls: from asyncio use `asyncio.to_thread`. As a context manager it is started and stopped.
    """

    spare: bool

    def __init__(
        self,
        directory: Path,
        accounts: Sequence[BrokerAccount],
        *,
        host: str = LOOPBACK,
        port: int | None = None,
    ) -> None:
        self.directory = directory.resolve()
        self.accounts = tuple(accounts)
        self.host = host
        self.port = port or free_port(host)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def account(self, name: str) -> BrokerAccount:
        """The account of that name; KeyError when there is none."""
        return {account.name: account for account in self.accounts}[name]

    @property
    def log(self) -> Path:
        """Everything the broker said since it was first started."""
        return self.directory / "broker.log"

    def start(self, *, bound: bool = False) -> None:
        """Render the files, start the child, return when it accepts connections. Raises BrokerError.

        bound: the child ends with the thread that starts it, however that ends.
        """
        if self.pid is not None:
            raise BrokerError(f"the broker runs already, process {self.pid}")
        try:
            free_port(self.host, self.port)
        except OSError as error:
            raise BrokerError(f"no broker on {self.host}:{self.port}: {error.strerror}") from error
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        command = self._prepare()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent if bound else None,  # noqa: PLW1509 - by callers without threads
            )
        self._wait_until_it_listens(self._process)

    def stop(self) -> None:
        """End the child as a service manager would: SIGTERM (it saves its queues), SIGKILL when it stays."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End the child at once, as a power cut would: what it held in memory alone is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Stop and start on the same port with the same files."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abstractmethod
    def _prepare(self) -> list[str]:
        """Write the files this broker reads and name the command that starts it."""

    def _wait_until_it_listens(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_WITHIN
        while time.monotonic() < deadline:
            if process.poll() is not None:
                self._process = None
                raise BrokerError(
                    f"the broker ended at once (exit {process.returncode}): {self._last_words()}"
                )
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        self.kill()
        raise BrokerError(
            f"the broker does not listen on {self.host}:{self.port} after {START_WITHIN:.0f} s: {self._last_words()}"
        )

    def _last_words(self) -> str:
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return " / ".join(lines[-3:]) or "it said nothing"

    def _write_private(self, name: str, content: str) -> Path:
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_text(content, "utf-8")
        return path


class Mosquitto(Broker):
    """Eclipse Mosquitto with the configuration that is shipped for sites."""

    spare = False

    def start(self, *, bound: bool = False) -> None:
        """As any broker; a store that keeps it from starting is set aside, as the unit of a site does it."""
        try:
            super().start(bound=bound)
        except BrokerError:
            if self._care() is None:
                raise
            super().start(bound=bound)
        broker_care.started(self.directory)

    def _care(self) -> Path | None:
        try:
            return broker_care.before_start(self.directory, find_program("mosquitto"))
        except OSError as error:
            raise BrokerError(f"the broker's folder cannot be looked at: {error}") from error

    def _prepare(self) -> list[str]:
        program, hasher = find_program("mosquitto"), find_program("mosquitto_passwd")
        if program is None or hasher is None:
            raise BrokerError("mosquitto is not installed: apt-get install mosquitto")
        template = (broker_templates() / "hub.conf").read_text("utf-8")
        configuration = render_configuration(
            template, host=self.host, port=self.port, directory=self.directory, user=getpass.getuser()
        )
        self._write_private("hub.conf", configuration)
        self._write_private("acl", render_acl(self.accounts))
        passwords = self._write_private(
            "passwords", "".join(f"{account.name}:{account.password}\n" for account in self.accounts)
        )
        subprocess.run([hasher, "-U", passwords], check=True, capture_output=True)  # hashes them in place
        self._care()
        return [str(program), "-c", str(self.directory / "hub.conf")]


class SpareBroker(Broker):
    """amqtt, a broker in pure Python, for a demo where neither root nor apt nor a Mosquitto is to be had."""

    spare = True

    def _prepare(self) -> list[str]:
        from argon2 import PasswordHasher

        # Random passwords of one run: the cheapest hash the broker accepts.
        hasher = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
        passwords = self._write_private(
            "passwords",
            "".join(f"{account.name}:{hasher.hash(account.password)}\n" for account in self.accounts),
        )
        settings = {
            "listeners": {"default": {"type": "tcp", "bind": f"{self.host}:{self.port}"}},
            "plugins": {
                "amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(passwords)},
                "amqtt.plugins.topic_checking.TopicAccessControlListPlugin": {
                    "publish_acl": {account.name: list(account.write) for account in self.accounts},
                    "acl": {account.name: list(account.read) for account in self.accounts},
                },
            },
        }
        configuration = self._write_private("spare.yaml", json.dumps(settings))  # JSON is YAML
        return [sys.executable, "-W", "ignore", "-m", "amqtt.scripts.broker_script", "-c", str(configuration)]


def make_broker(
    directory: Path, accounts: Sequence[BrokerAccount], *, host: str = LOOPBACK, port: int | None = None
) -> Broker:
    """Mosquitto where it is installed, else the spare one (`broker.spare`: say so). BrokerError when neither is."""
    if find_program("mosquitto") is not None:
        return Mosquitto(directory, accounts, host=host, port=port)
    if importlib.util.find_spec("amqtt") is not None:
        return SpareBroker(directory, accounts, host=host, port=port)
    raise BrokerError("no broker: apt-get install mosquitto, or pip install the demo extra of this project")
