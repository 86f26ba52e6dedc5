"""A modem on a real terminal: texts, calls, what comes in, and everything that goes wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers._serialbus import bus as bus_module
from drivers.at_modem import driver as driver_module
from drivers.at_modem.config import SCHEMA, ModemAddress, ModemRead, ModemSettings, PointRead
from drivers.at_modem.driver import ModemDriver
from drivers.at_modem.words import BARRED, NO_NETWORK, NO_SIM, SIM_LOCKED
from edge.domain.device import Device, DeviceProfile, PointSpec
from edge.domain.names import Text
from edge.domain.site import Connection
from edge.driver import Arrived, Incoming
from edge.tools.modem import Call, SentText, SimulatedModem, Trouble
from tests.drivers.modbus_rtu.hosts import RecordingHost

ANYBODY = "+8619900000001"
NAME = Text("测试", "test")
WITHIN = 60.0


class Ear:
    def __init__(self) -> None:
        self.heard: list[Arrived | Incoming] = []
        self._changed = threading.Condition()

    def __call__(self, told: Arrived | Incoming) -> None:
        with self._changed:
            self.heard.append(told)
            self._changed.notify_all()

    def until(self, so: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(so, WITHIN), self.heard


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[SimulatedModem]:
    simulated = SimulatedModem(tmp_path / "modem")
    simulated.start()
    yield simulated
    simulated.stop()


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def driver(
    modem: SimulatedModem, host: RecordingHost, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModemDriver]:
    monkeypatch.setattr(bus_module, "FIRST_RETRY", 0.1)
    monkeypatch.setattr(bus_module, "LAST_RETRY", 0.2)
    monkeypatch.setattr(driver_module, "SEND_WAIT", 0.5)
    monkeypatch.setattr(driver_module, "TRIES", 1)
    monkeypatch.setattr(driver_module, "CALL_LOOK", 0.05)
    settings = ModemSettings(port=str(modem.path), timeout=0.5)
    points = tuple(
        PointSpec(name, NAME, read=PointRead(value=name))  # type: ignore[arg-type]
        for name in ("signal", "operator", "no-network", "sim")
    )
    profile = DeviceProfile(
        "quectel-ec200",
        "Quectel",
        "EC200",
        "modem",
        "at-modem",
        points,
        "test",
        60,
        NAME,
        read=ModemRead(poll=0.2),
    )
    key = SCHEMA.key(ModemAddress(bus="modem-1"))
    device = Device("gm-01", profile, NAME, "b1", NAME, NAME, key)
    made = ModemDriver(Connection("modem-1", "serial", "at-modem", NAME, settings), [device])
    made.listen(ear)
    made.start(host)
    yield made
    made.stop()


def ready(driver: ModemDriver, host: RecordingHost) -> None:
    host.until(lambda: driver.report().up)


def test_a_text_goes_out_and_its_report_comes_back(driver, modem, host, ear):
    ready(driver, host)
    posted = driver.submit(ANYBODY, "火警:3号楼", urgent=True).result(WITHIN)
    assert posted.error is None
    assert modem.texts == [SentText(ANYBODY, "火警:3号楼")]
    ear.until(lambda: ear.heard == [Arrived(posted.references[0], arrived=True, number=ANYBODY)])


def test_a_long_text_is_whole_at_the_other_end(driver, modem, host, ear):
    ready(driver, host)
    text = "三号楼一单元火警," * 20
    posted = driver.submit(ANYBODY, text, urgent=False).result(WITHIN)
    assert len(posted.references) == 3
    assert modem.texts == [SentText(ANYBODY, text)]
    ear.until(lambda: len(ear.heard) == 3)


def test_a_text_that_never_arrives_is_told(driver, modem, host, ear):
    modem.arrives = False
    ready(driver, host)
    posted = driver.submit(ANYBODY, "x", urgent=False).result(WITHIN)
    ear.until(lambda: ear.heard == [Arrived(posted.references[0], arrived=False, number=ANYBODY)])


def test_a_text_that_comes_in_stays_on_the_sim_until_it_is_on_record(driver, modem, host, ear):
    ready(driver, host)
    modem.receive(ANYBODY, "1")
    modem.receive("10086", "您的话费余额不足。" * 10)
    ear.until(lambda: len(ear.heard) == 2)
    first, second = ear.heard
    assert isinstance(first, Incoming)
    assert isinstance(second, Incoming)
    assert (first.number, first.text) == (ANYBODY, "1")
    assert first.time is not None
    assert abs(first.time / 1e6 - time.time()) < 60
    assert second.text == "您的话费余额不足。" * 10
    looks = len(host.offered)
    host.until(lambda: len(host.offered) >= looks + 2)
    assert modem.stored == 3  # the second has two parts
    driver.release(second.id)
    host.until(lambda: modem.stored == 1)
    driver.release(first.id)
    host.until(lambda: modem.stored == 0)
    assert len(ear.heard) == 2


def test_a_sim_that_refuses_to_delete_repeats_nothing(driver, modem, host, ear):
    modem.refuses = ("AT+CMGD",)
    ready(driver, host)
    modem.receive(ANYBODY, "1")
    ear.until(lambda: len(ear.heard) == 1)
    driver.release(ear.heard[0].id)
    looks = len(host.offered)
    host.until(lambda: len(host.offered) >= looks + 3)
    assert (modem.stored, len(ear.heard)) == (1, 1)
    modem.refuses = ()
    host.until(lambda: modem.stored == 0)


def test_a_call_rings_and_is_hung_up(driver, modem, host):
    ready(driver, host)
    assert driver.ring(ANYBODY, 0.2).result(WITHIN).outcome == "no-answer"
    assert modem.calls == [Call(ANYBODY, "hung-up")]


def test_who_picks_up_and_who_is_busy(driver, modem, host):
    modem.answers = {ANYBODY}
    modem.engaged = {"10086"}
    ready(driver, host)
    assert driver.ring(ANYBODY, 5).result(WITHIN).outcome == "answered"
    assert driver.ring("10086", 5).result(WITHIN).outcome == "busy"
    assert modem.calls == [Call(ANYBODY, "answered"), Call("10086", "busy")]


def test_a_modem_that_refuses_to_hang_up_changes_nothing_about_the_call(driver, modem, host):
    modem.answers = {ANYBODY}
    modem.refuses = ("AT+CHUP", "ATH")
    ready(driver, host)
    rung = driver.ring(ANYBODY, 5).result(WITHIN)
    assert (rung.outcome, rung.error) == ("answered", None)


def test_an_urgent_text_goes_before_what_waits_and_a_cancelled_one_never(driver, modem, host):
    ready(driver, host)
    ring = driver.ring(ANYBODY, 0.5)
    waiting = driver.submit(ANYBODY, "later", urgent=False)
    cancelled = driver.submit(ANYBODY, "never", urgent=False)
    urgent = driver.submit(ANYBODY, "fire", urgent=True)
    assert cancelled.cancel()
    for future in (ring, waiting, urgent):
        future.result(WITHIN)
    assert [sent.text for sent in modem.texts] == ["fire", "later"]


def test_while_a_phone_rings_answers_are_heard_and_the_text_of_a_fire_goes_out(driver, modem, host):
    ready(driver, host)
    heard: list[Arrived | Incoming] = []
    driver.listen(heard.append)
    ring = driver.ring(ANYBODY, WITHIN)
    host.until(lambda: modem.calling == ANYBODY)
    routine = driver.submit("10010", "later", urgent=False)
    assert driver.submit("10086", "fire", urgent=True).result(WITHIN).error is None
    modem.receive(ANYBODY, "1")
    host.until(lambda: any(isinstance(one, Incoming) and one.text == "1" for one in heard))
    assert not ring.done()
    assert not routine.done()
    modem.answers.add(ANYBODY)
    assert ring.result(WITHIN).outcome == "answered"
    assert routine.result(WITHIN).error is None


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (Trouble.NO_CREDIT, BARRED),
        (Trouble.SIM_LOCKED, SIM_LOCKED),
        (Trouble.NO_SIM, NO_SIM),
        (Trouble.NO_NETWORK, NO_NETWORK),
    ],
)
def test_why_a_text_is_refused_and_that_it_is_tried_again(driver, modem, host, trouble, why):
    ready(driver, host)
    modem.trouble = trouble
    posted = driver.submit(ANYBODY, "x", urgent=False).result(WITHIN)
    assert (posted.error, posted.again) == (why, True)
    if trouble is not Trouble.NO_CREDIT:
        host.until(lambda: driver.report().detail == why)
        assert not driver.report().up


def test_a_modem_that_hangs_in_a_message_is_freed(driver, modem, host):
    ready(driver, host)
    modem.trouble = Trouble.HANG
    posted = driver.submit(ANYBODY, "x", urgent=False).result(WITHIN)
    assert posted.error is not None
    assert posted.again
    modem.trouble = Trouble.NONE
    host.until(lambda: driver.submit(ANYBODY, "y", urgent=False).result(WITHIN).error is None)
    assert modem.texts == [SentText(ANYBODY, "y")]


def test_a_modem_that_falls_silent_and_comes_back(driver, modem, host):
    ready(driver, host)
    modem.trouble = Trouble.SILENT
    host.until(lambda: not driver.report().up)
    assert "不应答" in driver.report().detail.zh
    assert host.contact[-1] == ("modem-1", False)
    assert driver.submit(ANYBODY, "x", urgent=True).result(WITHIN).again
    modem.trouble = Trouble.NONE
    ready(driver, host)


def test_a_modem_that_is_pulled_fails_at_once_and_is_used_again(driver, modem, host):
    ready(driver, host)
    modem.unplug()
    host.until(lambda: not driver.report().up)
    assert driver.submit(ANYBODY, "x", urgent=True).result(WITHIN).error is not None
    modem.replug()
    ready(driver, host)
    host.until(lambda: driver.submit(ANYBODY, "y", urgent=True).result(WITHIN).error is None)


def test_a_modem_that_starts_anew_is_set_up_anew(driver, modem, host):
    ready(driver, host)
    host.until(lambda: not modem.echo)
    modem.boot()
    host.until(lambda: not modem.echo)
    host.until(lambda: driver.submit(ANYBODY, "y", urgent=True).result(WITHIN).error is None)


def test_a_modem_that_starts_anew_in_a_message_does_not_hold_up_the_next(driver, modem, host):
    ready(driver, host)
    modem.trouble = Trouble.HANG
    hanging = driver.submit(ANYBODY, "x", urgent=True)
    host.until(lambda: modem.hung == 1)
    modem.trouble = Trouble.NONE
    modem.boot()
    assert hanging.result(WITHIN).again
    host.until(lambda: driver.submit(ANYBODY, "y", urgent=True).result(WITHIN).error is None)


def test_its_state_is_offered_as_its_answers(driver, modem, host):
    ready(driver, host)
    host.until(lambda: bool(host.offered))
    raw = host.offered[-1]
    (message,) = driver.codec.parse(raw.channel, raw.payload)
    assert message.address == "modem-1"
    values = {sample.field: sample.value for sample in driver.codec.samples(message, None)}
    assert values == {
        "signal": -73,
        "operator": "CHINA MOBILE",
        "registration": "home",
        "no-network": False,
        "sim": "ready",
        "sim-fault": False,
    }


def test_a_number_that_is_none_is_refused_without_the_network(driver, host):
    ready(driver, host)
    posted = driver.submit("no number", "x", urgent=False).result(WITHIN)
    assert (posted.error, posted.again) == (driver_module.BAD_NUMBER, False)
    assert driver.ring("1;+CFUN=0", 1).result(WITHIN).error == driver_module.BAD_NUMBER
