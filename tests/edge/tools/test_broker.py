from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.tools.broker import (
    Broker,
    BrokerAccount,
    BrokerError,
    Mosquitto,
    SpareBroker,
    find_program,
    free_port,
    make_broker,
    render_acl,
    render_configuration,
    shipped_accounts,
)

TIMED_OUT = 27  # mosquitto_sub after -W seconds


def publish(
    broker: Broker, account: BrokerAccount, topic: str, *more: str, password: str | None = None
) -> int:
    command = [
        "mosquitto_pub",
        "-h",
        broker.host,
        "-p",
        str(broker.port),
        "-V",
        "mqttv311",
        "-q",
        "1",
        "-t",
        topic,
    ]
    login = ["-u", account.name, "-P", password or account.password]
    return subprocess.run([*command, *login, *more], check=False, capture_output=True, timeout=20).returncode


def retained(broker: Broker, account: BrokerAccount) -> dict[str, str]:
    """All retained messages the account may see, by topic."""
    command = ["mosquitto_sub", "-h", broker.host, "-p", str(broker.port), "-V", "mqttv311", "-t", "#", "-v"]
    login = ["-u", account.name, "-P", account.password, "-W", "1"]
    done = subprocess.run([*command, *login], check=False, capture_output=True, text=True, timeout=20)
    assert done.returncode == TIMED_OUT, done.stderr
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


@pytest.fixture(params=[Mosquitto, SpareBroker])
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> Broker:
    accounts = shipped_accounts(field=["zigbee2mqtt/#"], demo=["bench/+"])
    with request.param(tmp_path, list(accounts.values())) as running:
        yield running


def test_configuration_has_no_placeholder_left(tmp_path: Path) -> None:
    template = (Path(__file__).parents[3] / "deploy/mosquitto/hub.conf").read_text("utf-8")
    body = [line for line in template.splitlines() if not line.startswith("#")]
    rendered = render_configuration(
        "\n".join(body), host="127.0.0.1", port=1234, directory=tmp_path, user="me"
    )
    assert "listener 1234 127.0.0.1" in rendered
    assert "{" not in rendered
    assert "allow_anonymous false" in rendered
    assert "set_tcp_nodelay true" in rendered


def test_acl_lists_each_right_under_its_user() -> None:
    accounts = [BrokerAccount("hub", "x", read=["#"], write=["edge-hub/#"]), BrokerAccount("mute", "y")]
    assert render_acl(accounts) == "user hub\ntopic read #\ntopic write edge-hub/#\n\nuser mute\n"


def test_shipped_accounts_expand_their_lists_and_have_fresh_passwords() -> None:
    once = shipped_accounts(field=["a/#", "b/+"], demo=["bench/+"], prefix="he-an")
    again = shipped_accounts(field=["a/#"])
    assert once["field"].write == ["a/#", "b/+"]
    assert once["hub"].write == ["he-an/#", "site/+/down", "zigbee2mqtt/+/set"]
    assert shipped_accounts(field=[], down=["d/+"])["hub"].write == ["edge-hub/#", "d/+"]
    assert again["demo"].write == []
    assert once["hub"].password != again["hub"].password
    assert once["hub"].password not in repr(once["hub"])


def test_who_may_do_what(guarded: Broker) -> None:
    hub, field, demo = (guarded.account(name) for name in ("hub", "field", "demo"))
    assert publish(guarded, field, "zigbee2mqtt/sm-301", "-r", "-m", "smoke") == 0
    assert publish(guarded, hub, "edge-hub/alarms", "-r", "-m", "open") == 0
    publish(guarded, demo, "zigbee2mqtt/sm-301", "-r", "-m", "forged")
    publish(guarded, demo, "site/gv-1203/down", "-r", "-m", "forged")
    publish(guarded, field, "edge-hub/alarms", "-r", "-m", "forged")
    assert retained(guarded, hub) == {"zigbee2mqtt/sm-301": "smoke", "edge-hub/alarms": "open"}


def test_nobody_comes_in_without_the_password(guarded: Broker) -> None:
    demo = guarded.account("demo")
    assert publish(guarded, demo, "bench/x", "-m", "1") == 0
    assert publish(guarded, demo, "bench/x", "-m", "1", password="wrong") != 0
    anonymous = ["mosquitto_pub", "-p", str(guarded.port), "-V", "mqttv311", "-t", "bench/x", "-m", "1"]
    assert subprocess.run(anonymous, check=False, capture_output=True, timeout=20).returncode != 0


def test_passwords_lie_hashed_in_files_nobody_else_reads(guarded: Broker) -> None:
    file = guarded.directory / "passwords"
    assert file.stat().st_mode & 0o077 == 0
    assert not any(account.password in file.read_text() for account in guarded.accounts)


def test_a_restart_keeps_port_and_retained_messages(start_broker: Callable[..., Broker]) -> None:
    broker = start_broker()
    hub = broker.account("hub")
    publish(broker, hub, "edge-hub/x", "-r", "-m", "kept")
    before = broker.port, broker.pid
    broker.restart()
    assert broker.port == before[0]
    assert broker.pid != before[1]
    assert retained(broker, hub) == {"edge-hub/x": "kept"}


def test_a_kill_and_a_second_stop_are_harmless(start_broker: Callable[..., Broker]) -> None:
    broker = start_broker()
    broker.kill()
    assert broker.pid is None
    broker.stop()
    broker.start()
    with pytest.raises(BrokerError, match="runs already"):
        broker.start()


def test_a_taken_port_is_told_before_anything_starts(broker: Broker, tmp_path: Path) -> None:
    second = Mosquitto(tmp_path, broker.accounts, port=broker.port)
    with pytest.raises(BrokerError, match="Address already in use"):
        second.start()
    assert second.pid is None


def test_without_mosquitto_the_spare_broker_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not make_broker(tmp_path, []).spare
    monkeypatch.setattr("edge.tools.broker.find_program", lambda _name: None)
    assert make_broker(tmp_path, []).spare
    with pytest.raises(BrokerError, match="apt-get install mosquitto"):
        Mosquitto(tmp_path, []).start()


def test_programs_are_found_outside_of_an_ordinary_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert find_program("mosquitto") is not None
    assert find_program("no-such-program") is None
    assert os.environ["PATH"] == "/nonexistent"
    assert 1024 < free_port() < 65536
