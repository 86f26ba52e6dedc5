"""The beat: what it sends, what it takes for an answer, and whom it tells."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edge.beat import EVERY, OVERDUE, SELF_TEST, TEST_EVERY, Beat, HubCodec, notify
from edge.domain.instant import Instant
from edge.domain.reading import ProtocolError, Purpose, RawReading


def at(mono: int) -> Instant:
    return Instant(1_780_000_000_000_000 + mono, mono)


def fields(raws: list[RawReading]) -> list[tuple[str, object, Purpose]]:
    codec = HubCodec()
    return [
        (sample.field, sample.value, raw.purpose)
        for raw in raws
        for message in codec.parse(raw.channel, raw.payload)
        for sample in codec.samples(message, None)
    ]


def ended_test() -> Any:
    """What is read of the row of a test alarm that is over."""
    return SimpleNamespace(rule=SELF_TEST, purpose=Purpose.TEST, open=False, active=False)


def test_it_beats_every_ten_seconds_and_tests_at_the_start_and_hourly() -> None:
    beat = Beat("hub")
    sent = [
        (mono, *field)
        for mono in range(0, TEST_EVERY + EVERY, EVERY // 2)
        for field in fields(beat.due(at(mono)))
    ]
    pulses = [mono for mono, name, _, _ in sent if name == "pulse"]
    assert pulses == list(range(0, TEST_EVERY + EVERY, EVERY))
    tests = [mono for mono, name, _, purpose in sent if name == SELF_TEST and purpose is Purpose.TEST]
    # nothing answered the first test: it is repeated with each beat, not in an hour
    assert tests == pulses


def test_only_the_newest_beat_counts_as_passed() -> None:
    beat = Beat("hub")
    beat.due(at(0))
    beat.due(at(EVERY))
    beat.passed(1, at(EVERY))
    assert beat.last_beat is None
    beat.passed(2, at(EVERY + 5))
    beat.judged([ended_test()], at(EVERY + 5))
    assert beat.armed
    assert beat.last_beat == at(EVERY + 5).utc
    assert not beat.overdue(at(EVERY + 5 + OVERDUE))
    assert beat.overdue(at(EVERY + 6 + OVERDUE))


def test_a_test_alarm_that_does_not_come_back_is_told_however_well_the_beat_goes() -> None:
    beat = Beat("hub")
    for count, mono in enumerate(range(0, OVERDUE + EVERY, EVERY), 1):
        beat.due(at(mono))
        beat.passed(count, at(mono))
    assert not beat.armed
    assert not beat.overdue(at(OVERDUE))
    assert beat.overdue(at(OVERDUE + 1))


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(ProtocolError):
        HubCodec().parse("hub", b"{")


def test_the_supervisor_hears_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "notify"
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(path))
        notify("WATCHDOG=1")
        assert supervisor.recv(64) == b"WATCHDOG=1"


def test_a_supervisor_that_is_gone_does_not_end_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify("WATCHDOG=1")


def test_a_supervisor_that_hangs_does_not_hang_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notify"
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(path))
        for _ in range(1000):  # far more than the kernel keeps for one that does not read
            notify("WATCHDOG=1")
