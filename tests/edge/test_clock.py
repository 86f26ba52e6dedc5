"""The machine's clock, and what the hub keeps of it over a restart."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from edge.clock import FILE, SystemClock, TrustedClock, boot_id, read_mark
from edge.domain.clock import Quality, Witness
from edge.domain.instant import DAY, HOUR, MINUTE, SECOND, Instant

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


def test_where_the_kernel_may_not_be_asked_chrony_is_a_service_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.clock._synchronised", lambda: None)
    monkeypatch.setattr("edge.clock._SERVICES", (tmp_path / "timesync", tmp_path))
    assert replace(SystemClock().witness(), rtc=None) == Witness(ntp=False, service=True)


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


async def test_a_mark_is_left_once_a_minute_and_taken_up(tmp_path: Path) -> None:
    moved = Moved()
    clock = TrustedClock(moved, tmp_path)
    assert clock.mark is None
    await clock.look()
    first = read_mark(tmp_path / FILE)
    assert first is not None
    assert (first.utc, first.mono, first.trusted, first.known) == (START, HOUR, True, START)
    moved.run(MINUTE // 2)
    await clock.look()
    assert read_mark(tmp_path / FILE) == first
    moved.run(MINUTE)
    await clock.look()
    assert TrustedClock(moved, tmp_path).mark != first


async def test_what_a_person_confirmed_is_kept_over_a_restart(tmp_path: Path) -> None:
    moved = Moved()
    moved.says = Witness(service=True)
    clock = TrustedClock(moved, tmp_path)
    assert not clock.now().trusted
    await clock.confirm()
    moved.run(MINUTE)
    again = TrustedClock(moved, tmp_path)
    assert again.now() == moved.at
    assert again.state(can_set=False).quality is Quality.HAND


async def test_a_leap_shows_both_times(tmp_path: Path) -> None:
    moved = Moved()
    clock = TrustedClock(moved, tmp_path)
    moved.run(MINUTE, HOUR)
    await clock.look()
    state = clock.state(can_set=True)
    assert (state.now, state.machine) == (START + MINUTE, START + MINUTE + HOUR)
    assert (state.quality, state.trusted) == (Quality.DOUBTFUL, False)


async def test_a_change_leaves_a_mark_at_once(tmp_path: Path) -> None:
    moved = Moved()
    clock = TrustedClock(moved, tmp_path)
    await clock.look()
    moved.run(SECOND, HOUR)
    await clock.look()
    left = read_mark(tmp_path / FILE)
    assert left is not None
    assert not left.trusted


async def test_a_battery_backed_clock_that_hangs_holds_nothing_up(tmp_path: Path) -> None:
    moved, said = Moved(), threading.Event()
    clock = TrustedClock(moved, tmp_path)

    def hangs() -> Witness:
        assert said.wait(30), "the loop was held up"
        return Witness()

    moved.witness = hangs  # type: ignore[method-assign]
    looking = asyncio.create_task(clock.look())
    asyncio.get_running_loop().call_soon(said.set)
    await looking
    assert said.is_set()


async def test_where_the_mark_is_gone_the_stores_say_until_when_the_hub_lived(tmp_path: Path) -> None:
    moved = Moved()
    moved.says = Witness(rtc=START)
    clock = TrustedClock(moved, tmp_path)
    clock.recall(START - 3652 * DAY)
    assert clock.mark is not None
    assert clock.mark.utc == START - 3652 * DAY
    assert not clock.now().trusted, "a battery-backed clock ten years off is not believed"
    moved.says = Witness(ntp=True)
    await clock.look()
    assert clock.now().trusted
    assert not clock.settled(clock.now())
    again = TrustedClock(moved, tmp_path)
    again.recall(START - HOUR)
    assert again.mark is not None
    assert again.mark.utc != START - HOUR, "a mark that is there says it better"
    assert not again.settled(again.now()), "a restart settles nothing"


def test_a_hub_that_knows_nothing_believes_no_time_before_there_were_hubs(tmp_path: Path) -> None:
    moved = Moved()
    moved.at = replace(moved.at, utc=946_684_800 * SECOND)
    moved.says = Witness(rtc=moved.at.utc)
    clock = TrustedClock(moved, tmp_path)
    clock.recall(0)
    assert not clock.now().trusted


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


async def test_a_disk_that_cannot_be_written_is_no_hindrance(tmp_path: Path) -> None:
    clock = TrustedClock(Moved(), tmp_path / "gone")
    await clock.look()
    assert clock.now().trusted
