"""Brokers that are not as one would wish: old ones, encrypted ones, deaf ones."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from paho.mqtt.client import Client

from drivers._mqtt.client import HubClient
from drivers._mqtt.config import BrokerSettings
from drivers._mqtt.link import Versions
from drivers._mqtt.listener import MqttListener
from drivers._mqtt.session import Ending, Timing
from edge.tools.broker import Broker, SpareBroker, find_program, free_port, shipped_accounts
from tests.drivers._mqtt.rig import RecordingHost, as_hub, make_listener, publish, until

Run = Callable[..., tuple[MqttListener, RecordingHost]]


@pytest.fixture
def run() -> Iterator[Run]:
    with ExitStack() as running:

        def start(settings: BrokerSettings, **more: object) -> tuple[MqttListener, RecordingHost]:
            host = RecordingHost()
            listener = make_listener(settings, **more)  # type: ignore[arg-type]
            listener.start(host)
            running.callback(listener.stop)
            return listener, host

        yield start


class ScriptedBroker:
    """Accepts connections and answers each CONNECT with what `answer(protocol level)` says; None closes at once."""

    def __init__(self, answer: Callable[[int], bytes | None]) -> None:
        self._answer = answer
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.levels: list[int] = []
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listening.accept()
                self._open.append(sock)
                connect = sock.recv(1000)
                level = connect[connect.index(b"MQTT") + 4]
                self.levels.append(level)
                answer = self._answer(level)
                if answer is None:
                    sock.close()
                else:
                    sock.sendall(answer)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for sock in self._open:
            sock.close()
        self._thread.join()


@pytest.fixture
def scripted() -> Iterator[Callable[[Callable[[int], bytes | None]], ScriptedBroker]]:
    with ExitStack() as running:

        def start(answer: Callable[[int], bytes | None]) -> ScriptedBroker:
            broker = ScriptedBroker(answer)
            running.callback(broker.close)
            return broker

        yield start


ACCEPTED_311 = b"\x20\x02\x00\x00"
WRONG_VERSION_311 = b"\x20\x02\x00\x01"
WRONG_VERSION_5 = b"\x20\x03\x00\x84\x00"


@pytest.mark.parametrize("refusal", [WRONG_VERSION_311, WRONG_VERSION_5], ids=["as 3.1.1", "as 5"])
def test_a_broker_that_refuses_mqtt_5_gets_3_1_1_at_once(
    scripted: Callable[..., ScriptedBroker], run: Run, refusal: bytes
) -> None:
    broker = scripted(lambda level: refusal if level == 5 else ACCEPTED_311)
    listener, host = run(BrokerSettings(host="127.0.0.1", port=broker.port))
    until(lambda: host.new_sessions, "the connection")
    assert broker.levels == [5, 4]
    assert dict(listener.report().counters or {})["failures"] == 0


def test_a_broker_that_just_hangs_up_on_mqtt_5_gets_3_1_1_next(
    scripted: Callable[..., ScriptedBroker], run: Run
) -> None:
    broker = scripted(lambda level: None if level == 5 else ACCEPTED_311)
    _, host = run(BrokerSettings(host="127.0.0.1", port=broker.port))
    until(lambda: host.new_sessions, "the connection")
    assert broker.levels == [5, 4]


def test_a_port_that_hangs_up_on_everything_is_said_in_plain_words(
    scripted: Callable[..., ScriptedBroker], run: Run
) -> None:
    broker = scripted(lambda _: None)
    listener, _ = run(BrokerSettings(host="127.0.0.1", port=broker.port))
    until(lambda: listener.state.code == "unanswered")
    assert "is it a TLS port" in listener.report().detail.en


def test_a_broker_that_never_answers_times_out(scripted: Callable[..., ScriptedBroker], run: Run) -> None:
    broker = scripted(lambda _: b"")
    listener, _ = run(BrokerSettings(host="127.0.0.1", port=broker.port), timing=Timing(answer=0.3))
    until(lambda: listener.state.code == "timeout")


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (0x87, "wrong_password"),
        (0x86, "wrong_password"),
        (0x89, "busy"),
        (0x8A, "banned"),
        (0x95, "refused_by_broker"),
    ],
)
def test_refusals(scripted: Callable[..., ScriptedBroker], run: Run, code: int, word: str) -> None:
    broker = scripted(lambda _: bytes([0x20, 0x03, 0x00, code, 0x00]))
    listener, _ = run(BrokerSettings(host="127.0.0.1", port=broker.port))
    until(lambda: listener.state.code == word)
    assert set(broker.levels) == {5}


def test_garbage_instead_of_mqtt_is_survived(scripted: Callable[..., ScriptedBroker], run: Run) -> None:
    broker = scripted(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n")
    listener, _ = run(BrokerSettings(host="127.0.0.1", port=broker.port), timing=Timing(answer=0.2))
    until(lambda: len(broker.levels) >= 3, "three attempts")
    assert not listener.report().up


def test_a_site_can_ask_for_3_1_1(scripted: Callable[..., ScriptedBroker], run: Run) -> None:
    broker = scripted(lambda _: ACCEPTED_311)
    _, host = run(BrokerSettings(host="127.0.0.1", port=broker.port, version="3.1.1"))
    until(lambda: host.new_sessions)
    assert broker.levels == [4]


def test_a_version_that_was_only_guessed_is_tried_again() -> None:
    versions = Versions()
    assert not versions.learn(Ending(dialled=True))
    assert not versions.newest
    versions.learn(Ending(dialled=True, accepted=True, was_up=True))
    assert versions.newest, "the broker may have been restarting when it hung up"


def test_a_version_that_was_refused_stays_refused() -> None:
    versions = Versions()
    assert versions.learn(Ending(dialled=True, wrong_version=True))
    versions.learn(Ending(dialled=True, accepted=True))
    versions.learn(Ending(dialled=True))
    assert not versions.newest


def test_the_pure_python_broker_speaks_3_1_1(tmp_path: Path, run: Run) -> None:
    accounts = list(shipped_accounts(field=["#"]).values())
    with SpareBroker(tmp_path, accounts) as broker:
        listener, host = run(as_hub(broker), timing=Timing(answer=1.0))  # it leaves MQTT 5 without an answer
        until(lambda: listener.report().up, "the link")
        assert listener.report().detail.en == "Connected (MQTT 3.1.1)"
        assert listener.window == 20, "such a broker falls silent long before a batch is full"
        publish(broker, "site/a/up", b"hello")
        until(lambda: host.offered)
        listener.acknowledge(host.receipts())
        listener.stop()


def test_a_paho_without_the_seam_works_over_its_own_socket(
    broker: Broker, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HubClient, "_create_socket", Client._create_socket)
    settings = as_hub(broker)
    listener, host = run(settings, source="plain", filters=("plain/#",))
    until(lambda: listener.report().up)
    publish(broker, "plain/a", *(b"%d" % n for n in range(300)))
    until(lambda: len(host.offered) == 300)
    listener.acknowledge(host.receipts())
    publish(broker, "plain/a", b"end")
    until(lambda: len(host.offered) == 301)
    listener.stop()
    again, second = run(settings, source="plain", filters=("plain/#",))
    until(lambda: second.offered)
    assert second.payloads() == [b"end"]
    again.acknowledge(second.receipts())


def test_a_broker_that_says_another_took_over(scripted: Callable[..., ScriptedBroker], run: Run) -> None:
    broker = scripted(lambda _: b"\x20\x03\x00\x00\x00" + b"\xe0\x01\x8e")
    listener, _ = run(BrokerSettings(host="127.0.0.1", port=broker.port))
    until(lambda: listener.state.code == "taken_over")
    assert "another `hub`" in listener.report().detail.en


def test_two_hubs_with_one_name_are_told_so_though_mosquitto_is_silent(broker: Broker, run: Run) -> None:
    first, _ = run(as_hub(broker), source="twin", filters=("twin/#",))
    until(lambda: first.report().up)
    run(as_hub(broker), source="twin", filters=("twin/#",))
    until(lambda: first.state.code == "brief")
    assert "does another client use the same client id" in first.report().detail.en


# ---- TLS ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate authority, a broker's and a client's certificate, valid for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem",
    )  # fmt: skip
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("broker", "hub"):
        openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr",
        )  # fmt: skip
        openssl(
            "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "names", "-out", f"{name}.pem",
        )  # fmt: skip
    return folder


@pytest.fixture
def tls_broker(certificates: Path, tmp_path: Path) -> Iterator[int]:
    """A Mosquitto that speaks TLS only and asks for the client's certificate; yields its port."""
    port = free_port()
    configuration = tmp_path / "tls.conf"
    configuration.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\ncafile {certificates}/ca.pem\n"
        f"certfile {certificates}/broker.pem\nkeyfile {certificates}/broker.key\nrequire_certificate true\n"
    )
    shutil.copymode(certificates / "broker.key", configuration)
    certificates.chmod(0o755)
    program = find_program("mosquitto")
    assert program is not None
    user = ["-c", str(configuration)]
    configuration.write_text(configuration.read_text() + "user root\n")
    process = subprocess.Popen([program, *user], stderr=subprocess.DEVNULL)

    def listens() -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.02)
        return False

    until(listens, "the TLS broker")
    yield port
    process.terminate()
    process.wait(10)


def over_tls(port: int, folder: Path, **tls: object) -> BrokerSettings:
    table = {"ca": folder / "ca.pem", "certificate": folder / "hub.pem", "key": folder / "hub.key", **tls}
    return BrokerSettings.model_validate({"host": "127.0.0.1", "port": port, "tls": table})


def test_encrypted_with_both_certificates(tls_broker: int, certificates: Path, run: Run) -> None:
    listener, host = run(over_tls(tls_broker, certificates), filters=("#",))
    until(lambda: listener.report().up, "the link")
    payload = b"x" * 100_000  # several TLS records, more than one read
    for number in range(3):
        subprocess.run(
            [
                "mosquitto_pub", "-p", str(tls_broker), "-h", "127.0.0.1", "--cafile", f"{certificates}/ca.pem",
                "--cert", f"{certificates}/hub.pem", "--key", f"{certificates}/hub.key",
                "-t", "site/a/up", "-q", "1", "-s",
            ],
            input=payload + b"%d" % number,
            check=True,
        )  # fmt: skip
    until(lambda: len(host.offered) == 3)
    assert host.payloads() == [payload + b"%d" % number for number in range(3)]
    listener.acknowledge(host.receipts())


def test_an_untrusted_certificate_is_refused(tls_broker: int, certificates: Path, run: Run) -> None:
    settings = over_tls(tls_broker, certificates, ca=None)
    listener, _ = run(settings)
    until(lambda: listener.state.code == "tls_certificate")
    assert "check tls.ca" in listener.report().detail.en


def test_unless_the_site_says_insecure(tls_broker: int, certificates: Path, run: Run) -> None:
    listener, _ = run(over_tls(tls_broker, certificates, ca=None, insecure=True), filters=("#",))
    until(lambda: listener.report().up)


def test_tls_to_a_plain_port_is_named(broker: Broker, run: Run) -> None:
    settings = BrokerSettings.model_validate({"host": broker.host, "port": broker.port, "tls": {}})
    listener, _ = run(settings)
    until(lambda: listener.state.code in {"tls", "timeout", "unreachable"})
    assert not listener.report().up


def test_a_missing_certificate_file_is_named(run: Run, tmp_path: Path) -> None:
    listener, _ = run(over_tls(1, tmp_path))
    until(lambda: listener.state.code == "tls_file")
    assert "No such file" in listener.report().detail.en
