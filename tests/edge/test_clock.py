"""The machine's clock, and what the hub keeps of it over a restart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.clock import FILE, SystemClock, TrustedClock, boot_id, read_mark
from edge.domain.clock import Quality, Witness
from edge.domain.instant import HOUR, MINUTE, SECOND, Instant

START = 1_790_000_000 * SECOND


class Moved:
    """A clock a test moves; says: what the machine says of it."""

    def __init__(self) -> None:
        self.at = Instant(START, HOUR)
        self.says = Witness()

    def now(self) -> Instant:
        return self.at

    def witness(self) -> Witness:
        return self.says

    def run(self, time: int, leap: int = 0) -> None:
        self.at = replace(self.at, utc=self.at.utc + time + leap, mono=self.at.mono + time)


def test_the_machine_says_something_of_its_clock() -> None:
    clock = SystemClock()
    said = clock.witness()
    assert isinstance(said.ntp, bool)
    assert said.rtc is None or said.rtc > 0
    assert clock.now().utc > START
    assert boot_id() == boot_id()


@pytest.mark.parametrize("synchronised", [True, False])
def test_where_the_kernel_may_not_be_asked_timesyncd_is(
    synchronised: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.clock._synchronised", lambda: None)
    monkeypatch.setattr("edge.clock._SERVICES", (tmp_path, Path("/")))
    monkeypatch.setattr("edge.clock._SYNCHRONISED", tmp_path / "synchronized")
    if synchronised:
        (tmp_path / "synchronized").touch()
    assert replace(SystemClock().witness(), rtc=None) == Witness(synchronised, service=True)


def test_a_mark_is_left_once_a_minute_and_taken_up(tmp_path: Path) -> None:
    moved = Moved()
    clock = TrustedClock(moved, tmp_path)
    assert clock.mark is None
    clock.look()
    first = read_mark(tmp_path / FILE)
    assert first is not None
    assert (first.utc, first.mono, first.trusted, first.known) == (START, HOUR, True, START)
    moved.run(MINUTE // 2)
    clock.look()
    assert read_mark(tmp_path / FILE) == first
    moved.run(MINUTE)
    clock.look()
    assert TrustedClock(moved, tmp_path).mark != first


def test_what_a_person_confirmed_is_kept_over_a_restart(tmp_path: Path) -> None:
    moved = Moved()
    moved.says = Witness(service=True)
    clock = TrustedClock(moved, tmp_path)
    assert not clock.now().trusted
    clock.confirm()
    moved.run(MINUTE)
    again = TrustedClock(moved, tmp_path)
    assert again.now() == moved.at
    assert again.state(can_set=False).quality is Quality.HAND


def test_a_leap_shows_both_times(tmp_path: Path) -> None:
    moved = Moved()
    clock = TrustedClock(moved, tmp_path)
    moved.run(MINUTE, HOUR)
    clock.look()
    state = clock.state(can_set=True)
    assert (state.now, state.machine) == (START + MINUTE, START + MINUTE + HOUR)
    assert (state.quality, state.trusted) == (Quality.DOUBTFUL, False)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"boot": 1}',
        '{"boot":"a","utc":1.5,"mono":1,"known":null,"hand":null}',
        "\0" * 80,
    ],
)
def test_a_mark_that_cannot_be_read_is_none(content: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(content)
    assert read_mark(tmp_path / FILE) is None
    assert TrustedClock(Moved(), tmp_path).now().trusted


def test_a_disk_that_cannot_be_written_is_no_hindrance(tmp_path: Path) -> None:
    clock = TrustedClock(Moved(), tmp_path / "gone")
    clock.look()
    assert clock.now().trusted
