"""The driver against Debian's real `upsd`, and against servers that misbehave."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from drivers.nut import driver as driver_module
from drivers.nut.codec import NutCodec
from drivers.nut.config import ServerSettings
from drivers.nut.driver import NutDriver
from edge.dialects import schemas
from edge.domain.conclusion import Write
from edge.domain.device import Device
from edge.domain.names import Text
from edge.domain.reading import Message, Value
from edge.domain.site import Connection
from edge.settings.profiles import load_profile
from tests.drivers.modbus_rtu.hosts import RecordingHost
from tests.drivers.nut.nut_server import MISSING, NutServer, program

NAME = Text("测试", "test")
PROFILE = load_profile("generic-ups-nut", schemas())


def ups(name: str) -> Device:
    return Device(f"up-{name}", PROFILE, NAME, "b1", NAME, NAME, f"nut-1/{name}")


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "FIRST_RETRY", 0.05)
    monkeypatch.setattr(driver_module, "LAST_RETRY", 0.2)


Drive = Callable[..., NutDriver]


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


@pytest.fixture
def drive(host: RecordingHost) -> Iterator[Drive]:
    running: list[NutDriver] = []

    def start(port: int, *names: str, **settings: Any) -> NutDriver:
        own = ServerSettings(port=port, poll=0.2, **{"timeout": 5.0, **settings})
        connection = Connection("nut-1", "nut", "nut", Text("备电", "UPS"), own)
        driver = NutDriver(connection, [ups(name) for name in names or ("hub",)])
        running.append(driver)
        driver.start(host)
        return driver

    yield start
    for driver in running:
        driver.stop()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NutServer]:
    if program("upsd") is None or program("dummy-ups") is None:
        pytest.skip(MISSING)
    made = NutServer(tmp_path)
    made.start()
    yield made
    made.stop()


def values(host: RecordingHost) -> dict[str, Value]:
    """What the newest answer says."""
    if not host.offered:
        return {}
    raw = host.offered[-1]
    codec = NutCodec()
    (message,) = codec.parse(raw.channel, raw.payload)
    return {sample.field: sample.value for sample in codec.samples(message, PROFILE)}


def test_a_power_cut_is_told_by_the_real_server(server: NutServer, host: RecordingHost, drive: Drive) -> None:
    driver = drive(server.port)
    host.until(lambda: values(host).get("mains-lost") is False, 30)
    assert values(host) == {
        "mains-lost": False, "battery-low": False, "battery": 98, "minutes-left": 470.0,
        "replace-battery": False, "overload": False, "output-voltage": 229.5,
    }  # fmt: skip
    assert ("nut-1/hub", True) in host.contact
    host.until(lambda: driver.report().up, 30)
    server.say("OB DISCHRG LB", charge="9", runtime="150")
    host.until(lambda: values(host).get("battery-low") is True, 30)
    assert values(host)["mains-lost"] is True
    assert (values(host)["battery"], values(host)["minutes-left"]) == (9, 2.5)
    server.say("OL CHRG")
    host.until(lambda: values(host).get("mains-lost") is False, 30)


def test_a_driver_that_ends_and_a_name_nobody_knows_are_told_in_words(
    server: NutServer, host: RecordingHost, drive: Drive
) -> None:
    driver = drive(server.port, "hub", "other")
    host.until(lambda: bool(values(host)) and any(r.channel == "nut-1/other" for r in host.rejected), 30)
    host.until(lambda: "ups.conf" in driver.report().detail.en, 30)
    assert driver.report().up  # one of the two answers
    server.end("dummy-ups")
    host.until(lambda: ("nut-1/hub", False) in host.contact, 30)
    host.until(lambda: not driver.report().up, 30)
    assert "upsdrvctl start" in driver.report().detail.en or "cable" in driver.report().detail.en
    before = len(host.offered)
    server.start_driver()
    host.until(lambda: len(host.offered) > before, 30)


def test_it_connects_when_the_server_comes(server: NutServer, host: RecordingHost, drive: Drive) -> None:
    server.end("upsd")
    driver = drive(server.port, username="reader", password_file=_secret(server.folder))
    host.until(lambda: ("nut-1/hub", False) in host.contact, 30)
    assert not driver.report().up
    assert "No NUT server at 127.0.0.1" in driver.report().detail.en
    server.start()
    host.until(lambda: bool(values(host)), 30)
    slaves = driver.report().slaves
    assert slaves is not None
    assert slaves["hub"]["ok"] >= 1


def test_a_missing_password_file_is_told(host: RecordingHost, drive: Drive, tmp_path: Path) -> None:
    with Answering([]) as wrong:
        driver = drive(wrong.port, username="reader", password_file=tmp_path / "none")
        host.until(lambda: "none" in driver.report().detail.en, 30)


class Answering:
    """A server that answers each line by the next of `answers`, and then says nothing more."""

    def __init__(self, answers: list[bytes]) -> None:
        self._answers = answers
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            with client:
                for answer in self._answers:
                    if not client.recv(4096):
                        break
                    client.sendall(answer)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "BEGIN LIST VAR is expected"),
        (b"ERR ACCESS-DENIED\n", "denies access"),
        (b"BEGIN LIST VAR hub\n" + b"x" * 5000, "a line of more than"),
        (b"BEGIN LIST VAR hub\n", "hung up"),
        (b"ERR SOMETHING-NEW\n", "SOMETHING-NEW"),
    ],
)
def test_what_is_no_ups_server_is_told_and_nothing_breaks(
    answer: bytes, told: str, host: RecordingHost, drive: Drive
) -> None:
    with Answering([answer]) as wrong:
        driver = drive(wrong.port, timeout=2.0)
        host.until(lambda: told in driver.report().detail.en, 30)
        assert not driver.report().up
        assert not host.offered


def test_a_server_that_never_answers_is_given_up_in_time(host: RecordingHost, drive: Drive) -> None:
    with Answering([b""]) as silent:
        driver = drive(silent.port, timeout=0.3)
        host.until(lambda: ("nut-1/hub", False) in host.contact, 30)
        assert not driver.report().up


def test_a_password_that_no_line_can_hold_is_told_without_it(
    tmp_path: Path, host: RecordingHost, drive: Drive
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("ab\tcd\n")
    with Answering([b"OK\n"]) as server:
        driver = drive(server.port, username="monitor", password_file=secret)
        host.until(lambda: "control character" in driver.report().detail.en, 30)
    assert "cd" not in driver.report().detail.zh.replace("upsd", "")


def test_a_ups_is_only_read(host: RecordingHost, drive: Drive) -> None:
    with Answering([]) as server:
        drive(server.port).write(Write("c-1", 1, "up-hub", None))
    assert host.receipts[0].error == "a UPS is only read"


def _secret(folder: Path) -> Path:
    path = folder / "secret"
    path.write_text("secret\n")
    return path


def test_the_message_of_an_answer_is_of_its_ups() -> None:
    (message,) = NutCodec().parse("nut-1/hub", b'VAR hub ups.status "OL"\n')
    assert message == Message("nut-1/hub", {"ups.status": "OL"})
