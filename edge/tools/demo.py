"""`edge-hub demo`: the demo community on this machine – a broker, the hub and the simulator, as children.

The hub runs as it would on a gateway, through its own command line; the simulator plays the devices over the broker and
over pseudo-terminals. When the hub dies it is started again, as systemd would; everything else ends with the demo.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import secrets
import signal
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from edge.facade import Account, Role
from edge.settings import install_template, write_overrides
from edge.store.accounts import AccountFile
from edge.tools.broker import (
    Broker,
    BrokerError,
    free_port,
    make_broker,
    shipped_accounts,
)
from edge.tools.child import Child
from web.auth.pins import new_pin
from web.auth.secrets import digest, hash_password, new_token

START_WITHIN: Final = 90.0
CAMERAS: Final[Mapping[str, str]] = {"cm-01-stream": "cm-01", "cm-02-stream": "cm-02"}
"""Source of the site -> the camera whose pictures the simulator draws."""
DWELL: Final = 10.0  # seconds until what stands in the fire lane counts: a visitor does not wait a minute
BUSES: Final = ("bus-1", "bus-2", "modem-1")
TRY: Final = "sm-303"  # a real smoke detector of the site that the simulator leaves alone
GONE: Final = "sm-s3=41"  # out of contact for 41 h when the demo begins: no site is without a blemish
LOAD_TOPIC: Final = "bench/{device}"
PEOPLE: Final[Mapping[Role, tuple[str, str]]] = {
    Role.GUARD: ("li-qiang", "李强"),
    Role.MAINTENANCE: ("sun-zhi", "孙志"),
    Role.ADMIN: ("zhou-min", "周敏"),
}
"""Three people of the site's people.toml: only by an id of the roster do orders and messages find an account."""


class DemoError(RuntimeError):
    """The demo could not start; one sentence with the mend."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `demo`."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object about the running demo, for programs"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep the data here (default: a new temporary folder)"
    )
    parser.add_argument(
        "--port", type=_port, default=0, metavar="N", help="port of the panel (default: a free one)"
    )
    parser.add_argument(
        "--at", type=_time_of_day, metavar="HH:MM", help="civil time the demo begins at, on the panel"
    )


def command(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; 1 when it cannot start."""
    data = (arguments.data or Path(tempfile.mkdtemp(prefix="edge-hub-demo-"))).resolve()
    try:
        with _only_demo(data):
            _play(Demo(data, arguments.port, arguments.at), as_json=arguments.json)
    except (DemoError, BrokerError, FileExistsError) as error:
        print(f"edge-hub demo: {error}", file=sys.stderr)
        return 1
    return 0


def _play(demo: Demo, *, as_json: bool) -> None:
    """From the first child to the last."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        demo.start(stop)
        if not stop.is_set():
            print(json.dumps(demo.about(), ensure_ascii=False) if as_json else demo.words(), flush=True)
        demo.watch(stop)
    finally:
        demo.stop()


class Demo:
    """Everything under one folder: site, secrets, broker files, serial ports, the hub's data and its log."""

    def __init__(self, data: Path, port: int, at: tuple[int, int] | None) -> None:
        self.data = data
        self.site = data / "site"
        self._wanted_port = port
        self._at = at
        self._passwords = {name: secrets.token_urlsafe(9) for name, _ in PEOPLE.values()}
        self._pins = {name: new_pin() for name, _ in PEOPLE.values()}
        self._token = new_token()
        self._broker: Broker | None = None
        self._pictures: int | None = None  # port of what the cameras see
        self._internet = 0  # port of the chat group
        self._children: list[Child] = []
        self.port = 0

    @property
    def url(self) -> str:
        """Where the panel is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, stop: threading.Event) -> None:
        """Broker, simulator (it makes the serial ports), hub; returns when the hub says it is armed."""
        try:
            self.port = free_port(port=self._wanted_port)
        except OSError as error:
            raise DemoError(
                f"port {self._wanted_port} is taken ({error.strerror}): choose another with --port"
            ) from error
        if not (self.site / "site.toml").exists():
            install_template(self.site)
        accounts = shipped_accounts(
            field=["zigbee2mqtt/#", "site/#"],
            demo=[LOAD_TOPIC.replace("{device}", "+"), "zigbee2mqtt/#", "site/#"],
        )
        self._broker = make_broker(self.data / "broker", list(accounts.values()))
        self._broker.start(bound=True)
        self._write_secret("hub", accounts["hub"].password)
        self._write_secret("field", accounts["field"].password)
        if find_spec("cv2") is not None:
            self._pictures = free_port()
        write_overrides(
            self.site,
            mqtt=(self._broker.host, self._broker.port, "hub", self._secret("hub")),
            serial={bus: str(self.data / "serial" / bus) for bus in BUSES},
            cameras={
                source: {"url": f"http://127.0.0.1:{self._pictures or 9}/{camera}", "dwell": DWELL}
                for source, camera in CAMERAS.items()
            },
        )
        self._internet = free_port()
        self._write_group()
        self._open_accounts()
        self._children = [self._child("simulate", *self._simulator()), self._child("run", *self._hub())]
        for child in self._children:
            child.start()
        self._wait_until_armed(stop)

    def watch(self, stop: threading.Event) -> None:
        """Start again what dies, until told to stop."""
        while not stop.wait(0.2):
            for child in self._children:
                if child.ended():
                    print(
                        f"edge-hub demo: {child.name} ended, starting it again", file=sys.stderr, flush=True
                    )
                    child.start()

    def stop(self) -> None:
        """End all children; the data stays."""
        for child in reversed(self._children):
            child.terminate()
        for child in reversed(self._children):
            child.wait()
        if self._broker is not None:
            self._broker.stop()

    def about(self) -> dict[str, Any]:
        """The running demo, for programs."""
        broker = self._broker
        if broker is None:
            raise DemoError("the demo does not run")
        visitor = broker.account("demo")
        return {
            "url": self.url,
            "api_token": self._token,
            "users": {
                role.value: {"name": name, "password": self._passwords[name], "pin": self._pins[name]}
                for role, (name, _) in PEOPLE.items()
            },
            "mqtt": {
                "host": broker.host,
                "port": broker.port,
                "username": visitor.name,
                "password": visitor.password,
            },
            "serial": {bus: str(self.data / "serial" / bus) for bus in BUSES},
            "pid": os.getpid(),
            "hub_pid": int((self.data / "hub.pid").read_text()),
            "data": str(self.data),
            "load": {
                "topic": LOAD_TOPIC,
                "payload": {"seq": 1, "t": time.time_ns() // 1_000_000, "value": 21.5},
            },
            "try": {
                "device": TRY,
                "point": f"{TRY}.smoke",
                "topic": f"zigbee2mqtt/{TRY}",
                "payload_normal": {"smoke": False, "battery": 97, "linkquality": 120},
                "payload_alarm": {"smoke": True, "battery": 97, "linkquality": 120},
            },
        }

    def words(self) -> str:
        """The running demo, for a person."""
        about = self.about()
        mqtt, trial = about["mqtt"], about["try"]
        publish = (
            f"mosquitto_pub -h {mqtt['host']} -p {mqtt['port']} -u {mqtt['username']} -P {mqtt['password']}"
            f" -q 1 -t {trial['topic']} -m"
        )
        people = "\n".join(
            f"    {name:<12} {self._passwords[name]:<14} {self._pins[name]:<8} {display} ({role.value})"
            for role, (name, display) in PEOPLE.items()
        )
        spare = (
            "\nThe broker is a stand-in in pure Python: no Mosquitto is installed. Not for a site.\n"
            if self._broker is not None and self._broker.spare
            else ""
        )
        return f"""
He'an Court (和安苑) runs at   {self.url}
{spare}
    name         password       PIN      person
{people}

Raise a fire alarm, and end it:

    {publish} '{json.dumps(trial["payload_alarm"])}'
    {publish} '{json.dumps(trial["payload_normal"])}'

Token for the API: {self._token}
Data, logs and the site's files: {self.data}
Ctrl-C ends the demo.
"""

    # ---- details --------------------------------------------------------------------------------------------------

    def _child(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Child:
        command = [sys.executable, "-m", "edge.cli", name, *arguments]
        return Child(name, command, environment, self.data / f"{name}.log")

    def _hub(self) -> tuple[list[str], dict[str, str]]:
        return (
            [
                "--site",
                str(self.site),
                "--data",
                str(self.data),
                "--listen",
                f"127.0.0.1:{self.port}",
                "--broker-state",
                str(self.data / "broker"),
            ],
            self._environment(),
        )

    def _environment(self) -> dict[str, str]:
        return {"EDGE_HUB_DEMO_CIVIL_OFFSET": str(self._civil_offset())}

    def _simulator(self) -> tuple[list[str], dict[str, str]]:
        if self._broker is None:
            raise DemoError("the simulator needs the broker first")
        options: dict[str, object] = {
            "--site": self.site,
            "--mqtt": f"{self._broker.host}:{self._broker.port}",
            "--username": "field",
            "--password-file": self._secret("field"),
            "--serial-dir": self.data / "serial",
            "--leave": TRY,
            "--gone": GONE,
            "--internet": self._internet,
            "--hub-pid": self.data / "hub.pid",
        }
        if self._pictures is not None:
            options["--pictures"] = self._pictures
        return [str(part) for pair in options.items() for part in pair], self._environment()

    def _civil_offset(self) -> int:
        """µs from the machine's clock to the demo's, in the site's time zone."""
        if self._at is None:
            return 0
        now = datetime.now(ZoneInfo("Asia/Shanghai"))
        hour, minute = self._at
        return round(
            (now.replace(hour=hour, minute=minute, second=0, microsecond=0) - now).total_seconds() * 1_000_000
        )

    def _open_accounts(self) -> None:
        accounts = AccountFile(self.data / "accounts.db")
        now = time.time_ns() // 1000
        for role, (name, display) in PEOPLE.items():
            accounts.put(Account(name, display, role, hash_password(self._passwords[name])), "demo", now)
            accounts.put_pin(name, hash_password(self._pins[name]), "demo", now)
        accounts.remove_token("demo-token", "demo", now)
        accounts.put_token(digest(self._token), Account("demo-token", "demo-token", Role.ADMIN), "demo", now)

    def _secret(self, name: str) -> Path:
        return self.data / "secrets" / name

    def _write_secret(self, name: str, secret: str) -> None:
        path = self._secret(name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secret + "\n", encoding="utf-8")

    def _write_group(self) -> None:
        """The address of the site's chat group, which the simulator plays; an address of somebody's own stays."""
        file = self.site / "secrets/wecom"
        if file.exists() and not file.read_text("utf-8").startswith("json://127.0.0.1:"):
            return
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(f"json://127.0.0.1:{self._internet}/\n", encoding="utf-8")

    def _wait_until_armed(self, stop: threading.Event) -> None:
        deadline = time.monotonic() + START_WITHIN
        hub = self._children[-1]
        while not stop.wait(0.1):
            if hub.ended():
                raise DemoError(f"the hub ended at once: {_last_lines(hub.log)}")
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:  # noqa: S310 - our own panel
                    if answer.status == 200:
                        return
            except (OSError, urllib.error.URLError):
                if time.monotonic() > deadline:
                    raise DemoError(
                        f"the hub is not armed after {START_WITHIN:.0f} s: {_last_lines(hub.log)}"
                    ) from None


@contextlib.contextmanager
def _only_demo(data: Path) -> Iterator[None]:
    """Make `data` and hold `demo.pid` in it: a second demo would change the passwords and ports of the first."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        file = (data / "demo.pid").open("a+", encoding="ascii")
    except OSError as error:
        raise DemoError(f"{data} cannot hold the data ({error.strerror}): choose another --data") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise DemoError(
                f"a demo with process id {file.read().strip()} runs on {data}: stop it, or choose another --data"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _last_lines(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines()
    return " / ".join(lines[-3:]) or "it said nothing"


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        msg = f"{text!r} is no port, which is a number up to 65535"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _time_of_day(text: str) -> tuple[int, int]:
    try:
        moment = datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - a time of day, in the site's zone
    except ValueError:
        msg = f"{text!r} is no time of day such as 02:14"
        raise argparse.ArgumentTypeError(msg) from None
    return moment.hour, moment.minute
