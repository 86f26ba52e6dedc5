"""The listener against a real Mosquitto with the shipped configuration."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from drivers._mqtt.buffered import CHUNK
from drivers._mqtt.config import BrokerSettings
from drivers._mqtt.listener import MqttListener
from drivers._mqtt.session import Timing
from edge.domain.reading import Arrival, Delivery
from edge.tools.broker import Broker, free_port
from tests.drivers._mqtt.rig import RecordingHost, as_hub, make_listener, publish, until

Run = Callable[..., tuple[MqttListener, RecordingHost]]


@pytest.fixture
def run() -> Iterator[Run]:
    """Starts a listener; all are stopped at the end."""
    with ExitStack() as running:

        def start(
            settings: BrokerSettings, host: RecordingHost | None = None, **more: object
        ) -> tuple[MqttListener, RecordingHost]:
            host = host or RecordingHost()
            listener = make_listener(settings, **more)  # type: ignore[arg-type]
            listener.start(host)
            running.callback(listener.stop)
            return listener, host

        yield start


@pytest.fixture
def mosquitto(start_broker: Callable[..., Broker]) -> Broker:
    return start_broker()


def counters(listener: MqttListener) -> dict[str, int]:
    return dict(listener.report().counters or {})


def test_a_message_comes_through_with_its_receipt(mosquitto: Broker, run: Run) -> None:
    listener, host = run(as_hub(mosquitto))
    until(lambda: listener.report().up, "the link")
    publish(mosquitto, "site/gs-1203/up", b'{"gas": 3}')
    until(lambda: host.offered)
    (raw,) = host.offered
    assert (raw.source, raw.dialect, raw.channel, raw.payload) == (
        "json",
        "json",
        "site/gs-1203/up",
        b'{"gas": 3}',
    )
    assert raw.arrival is Arrival.LIVE
    assert raw.delivery is not None
    assert not raw.delivery.redelivered
    report = listener.report()
    assert (report.source, report.kind, report.received, report.errors) == ("json", "mqtt", 1, 0)
    assert report.last_message == raw.received.utc
    assert host.new_sessions == ["json"]


def test_the_link_is_up_only_when_our_own_message_came_back(mosquitto: Broker, run: Run) -> None:
    listener, _ = run(as_hub(mosquitto))
    until(lambda: counters(listener)["loopbacks"] >= 3, "loop-backs")
    assert listener.report().up
    assert listener.state.code == "up"
    assert listener.report().detail.zh == "已连接(MQTT 5)"


def test_quiet_for_too_long_without_the_loop_back_reconnects(mosquitto: Broker, run: Run) -> None:
    listener, _ = run(as_hub(mosquitto), timing=Timing(loopback=60.0, silence=0.6))
    until(lambda: counters(listener)["connects"] >= 2, "a second connection")
    assert counters(listener)["failures"] >= 1


def test_an_account_that_may_not_write_its_loop_back_is_told_so(mosquitto: Broker, run: Run) -> None:
    account = mosquitto.accounts[1]  # reads the hub's topics, writes its own
    settings = BrokerSettings(
        host=mosquitto.host, port=mosquitto.port, username=account.name, password=account.password
    )
    settings = BrokerSettings.model_validate(
        {
            "host": mosquitto.host,
            "port": mosquitto.port,
            "username": account.name,
            "password": account.password,
            "hub": "elsewhere",
        }
    )
    listener, _ = run(settings, timing=Timing(loopback=0.1, silence=0.6))
    until(lambda: listener.state.code == "silent", "the state")
    assert not listener.report().up
    assert "check that the account may write" in listener.report().detail.en


def test_what_is_not_acknowledged_comes_again_and_is_marked(mosquitto: Broker, run: Run) -> None:
    settings = as_hub(mosquitto)
    first, host = run(settings)
    until(lambda: first.report().up)
    publish(mosquitto, "site/a/up", b"1", b"2", b"3")
    until(lambda: len(host.offered) == 3)
    first.acknowledge(host.receipts()[:1])
    first.stop()

    second, again = run(settings)
    until(lambda: len(again.offered) == 2, "the redelivery")
    assert again.payloads() == [b"2", b"3"]
    assert all(receipt.redelivered for receipt in again.receipts())
    assert counters(second)["redelivered"] == 2
    assert again.new_sessions == []
    second.acknowledge(again.receipts())


def test_a_receipt_of_an_earlier_connection_is_ignored(mosquitto: Broker, run: Run) -> None:
    listener, host = run(as_hub(mosquitto))
    until(lambda: listener.report().up)
    publish(mosquitto, "site/a/up", b"before")
    until(lambda: host.offered)
    (old,) = host.receipts()
    mosquitto.restart()
    until(lambda: len(host.offered) == 2, "the redelivery after the restart")
    fresh = host.receipts()[1]
    assert (fresh.packet, fresh.redelivered) == (old.packet, True)
    assert fresh.generation > old.generation
    listener.acknowledge([old])
    until(lambda: counters(listener)["stale_receipts"] == 1)
    mosquitto.restart()
    until(lambda: len(host.offered) == 3, "the redelivery, since the late receipt did not count")
    listener.acknowledge(host.receipts()[2:])


def test_a_broker_that_comes_back_with_its_session_loses_nothing(mosquitto: Broker, run: Run) -> None:
    listener, host = run(as_hub(mosquitto))
    until(lambda: listener.report().up)
    mosquitto.stop()
    until(lambda: not listener.report().up, "down")
    until(lambda: listener.state.code == "refused", "the plain word")
    assert "the broker does not run" in listener.report().detail.en
    mosquitto.start()
    publish(mosquitto, "site/a/up", b"while away")
    until(lambda: host.offered, "the queued message")
    assert host.new_sessions == ["json"]
    assert counters(listener)["sessions_lost"] == 0
    assert listener.state.code == "up"
    listener.acknowledge(host.receipts())


def test_a_broker_that_comes_back_without_its_session_is_said_in_plain_words(
    mosquitto: Broker, run: Run
) -> None:
    listener, host = run(as_hub(mosquitto))
    until(lambda: listener.report().up)
    mosquitto.stop()
    until(lambda: not listener.report().up)
    (mosquitto.directory / "mosquitto.db").unlink()
    mosquitto.start()
    until(lambda: listener.report().up, "up again")
    assert listener.state.code == "up_session_lost"
    assert "messages of the outage may be lost" in listener.report().detail.en
    assert host.new_sessions == ["json", "json"]
    publish(mosquitto, "site/a/up", b"after")  # subscribed anew (influxdata/telegraf#16038)
    until(lambda: host.payloads() == [b"after"])


def test_a_killed_broker_is_found_again(mosquitto: Broker, run: Run) -> None:
    listener, host = run(as_hub(mosquitto))
    until(lambda: listener.report().up)
    for number in range(3):
        mosquitto.kill()
        mosquitto.start()
        connects = number + 2
        until(lambda wanted=connects: counters(listener)["connects"] >= wanted)
        until(lambda: listener.report().up)
        publish(mosquitto, "site/a/up", b"%d" % number)
        until(lambda wanted=number: b"%d" % wanted in host.payloads())


def test_a_stored_copy_is_marked_and_comes_once_per_subscription(mosquitto: Broker, run: Run) -> None:
    publish(mosquitto, "site/a/up", b"old", retain=True)
    listener, host = run(as_hub(mosquitto))
    until(lambda: host.offered)
    assert host.offered[0].arrival is Arrival.RETAINED
    publish(mosquitto, "site/a/up", b"new", retain=True)
    until(lambda: len(host.offered) == 2)
    assert host.offered[1].arrival is Arrival.LIVE, "as it happens it is news, retained or not"
    listener.acknowledge(host.receipts())
    mosquitto.restart()
    until(lambda: counters(listener)["connects"] == 2)
    publish(mosquitto, "site/b/up", b"next")
    until(lambda: b"next" in host.payloads())
    stored = [raw for raw in host.offered if raw.arrival is Arrival.RETAINED]
    assert [raw.payload for raw in stored if raw.delivery and not raw.delivery.redelivered] == [b"old"]


def test_a_wrong_password_is_said_in_plain_words_and_tried_again(
    mosquitto: Broker, run: Run, tmp_path: Path
) -> None:
    secret = tmp_path / "mqtt"
    secret.write_text("wrong\n")
    hub = mosquitto.accounts[0]
    settings = BrokerSettings(
        host=mosquitto.host, port=mosquitto.port, username=hub.name, password_file=secret
    )
    listener, _ = run(settings)
    until(lambda: listener.state.code == "wrong_password")
    assert "用户名或密码错误" in listener.report().detail.zh
    assert f"refuses the account {hub.name}" in listener.report().detail.en
    secret.write_text(hub.password + "\n")  # mended without a restart
    until(lambda: listener.report().up, "up with the right password")


def test_a_missing_password_file_is_named(run: Run, tmp_path: Path) -> None:
    settings = BrokerSettings(host="127.0.0.1", port=1, username="hub", password_file=tmp_path / "absent")
    listener, _ = run(settings)
    until(lambda: listener.state.code == "no_password")
    assert "absent" in listener.report().detail.en


@pytest.mark.parametrize(
    ("host", "code", "words"),
    [("127.0.0.1", "refused", "the port is wrong"), ("no-such-host.invalid", "unknown_host", "Unknown host")],
)
def test_no_broker_there(run: Run, host: str, code: str, words: str) -> None:
    listener, _ = run(BrokerSettings(host=host, port=free_port()))
    until(lambda: listener.state.code == code)
    assert words in listener.report().detail.en
    assert listener.report().errors >= 1


def test_a_megabyte_is_counted_acknowledged_and_does_not_stop_the_next(mosquitto: Broker, run: Run) -> None:
    settings = as_hub(mosquitto)
    listener, host = run(settings)
    until(lambda: listener.report().up)
    publish(mosquitto, "site/a/up", b"x" * 1_000_000)
    publish(mosquitto, "site/a/up", b"small")
    until(lambda: host.offered)
    assert host.payloads() == [b"small"]
    ((reason, topic, sample, error),) = host.rejected
    assert (reason, topic, sample) == ("too_large", "site/a/up", b"x" * 200)
    assert "1000000 bytes" in error
    listener.acknowledge(host.receipts())
    listener.stop()
    second, again = run(settings)
    until(lambda: second.report().up)
    publish(mosquitto, "site/a/up", b"end")
    until(lambda: again.offered)
    assert again.payloads() == [b"end"], "neither is delivered again"


def test_a_full_hub_gets_the_message_later_and_in_order(mosquitto: Broker, run: Run) -> None:
    host = RecordingHost(room=2)
    listener, _ = run(as_hub(mosquitto), host)
    until(lambda: listener.report().up)
    publish(mosquitto, "site/a/up", *(b"%d" % n for n in range(6)))
    until(lambda: counters(listener)["held"] == 4)
    before = counters(listener)["loopbacks"]
    until(lambda: counters(listener)["loopbacks"] > before + 1, "the link lives on while messages wait")
    host.room = None
    until(lambda: len(host.offered) == 6)
    assert host.payloads() == [b"%d" % n for n in range(6)]
    listener.acknowledge(host.receipts())


def test_a_full_hub_makes_a_broker_with_a_wider_limit_wait(mosquitto: Broker, run: Run) -> None:
    """MQTT 3.1.1 knows no Receive Maximum: the broker's own limit may be far wider than ours."""
    host = RecordingHost(room=0)
    count, size, window = 900, 4000, 10
    listener, _ = run(as_hub(mosquitto, version="3.1.1", receive_maximum=window), host)
    until(lambda: listener.report().up)
    publish(mosquitto, "site/a/up", *(b"%0*d" % (size, n) for n in range(count)))
    until(lambda: counters(listener)["held"] > window)
    one_read = CHUNK // size + 2
    assert counters(listener)["held"] <= window + one_read
    host.room = None
    done = 0

    def go_on() -> bool:
        nonlocal done
        new = host.receipts()[done:]
        assert len(new) <= window + one_read, "no more are under way than we said"
        listener.acknowledge(new)
        done += len(new)
        return done == count

    until(go_on)
    assert [int(payload) for payload in host.payloads()] == list(range(count))


def test_at_qos_0_a_full_hub_loses_and_counts(mosquitto: Broker, run: Run) -> None:
    host = RecordingHost(room=0)
    listener, _ = run(as_hub(mosquitto), host)
    until(lambda: listener.report().up)
    publish(mosquitto, "site/a/up", b"lost", qos=0)
    until(lambda: host.rejected)
    assert host.rejected[0][:3] == ("overflow", "site/a/up", b"lost")


def test_topics_that_are_not_wanted_are_acknowledged_unseen(mosquitto: Broker, run: Run) -> None:
    settings = as_hub(mosquitto)
    first, host = run(settings, wanted=lambda topic: topic.endswith("/up"))
    until(lambda: first.report().up)
    publish(mosquitto, "site/log", b"noise")
    publish(mosquitto, "site/a/up", b"data")
    until(lambda: host.offered)
    assert host.payloads() == [b"data"]
    first.stop()
    second, again = run(settings)
    until(lambda: again.offered)
    assert again.payloads() == [b"data"]
    second.acknowledge(again.receipts())


def test_thousands_of_receipts_at_once_from_another_thread(mosquitto: Broker, run: Run) -> None:
    count = 5000  # more than the in-flight window
    settings = as_hub(mosquitto)
    listener, host = run(settings)
    until(lambda: listener.report().up)
    sender = threading.Thread(
        target=publish, args=(mosquitto, "site/a/up", *(b"%d" % n for n in range(count)))
    )
    sender.start()
    done = 0
    while done < count:
        receipts: list[Delivery] = host.receipts()[done:]
        listener.acknowledge(receipts)
        done += len(receipts)
        until(lambda mark=done: len(host.offered) > mark or mark == count, "further messages")
    sender.join()
    assert host.payloads() == [b"%d" % n for n in range(count)]
    listener.stop()
    second, again = run(settings)
    until(lambda: second.report().up)
    assert again.offered == []


def test_stop_returns_while_no_broker_answers(run: Run) -> None:
    listener, _ = run(BrokerSettings(host="127.0.0.1", port=free_port()))
    until(lambda: listener.state.code == "refused")
    listener.stop()
    assert listener.state.code == "stopped"
