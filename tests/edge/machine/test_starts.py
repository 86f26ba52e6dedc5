"""Why a run began."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.domain.instant import Instant
from edge.machine.starts import FILE, Cause, Run, Starts, cause, last_run
from edge.machine.system import System

NOW = Instant(1_790_000_000_000_000, 5_000_000)


@pytest.mark.parametrize(
    ("same_boot", "clean", "panic", "watchdog", "why"),
    [
        (True, True, False, False, Cause.STOPPED),
        (True, False, False, False, Cause.KILLED),
        (
            True,
            False,
            True,
            True,
            Cause.KILLED,
        ),  # what the machine says is of a boot the last run lived in, too
        (False, True, True, True, Cause.REBOOTED),
        (False, False, False, False, Cause.POWER),
        (False, False, True, False, Cause.PANIC),
        (False, False, True, True, Cause.WATCHDOG),
    ],
)
def test_causes(*, same_boot: bool, clean: bool, panic: bool, watchdog: bool, why: Cause) -> None:
    before = Run("a", 1, clean=clean)
    assert cause(before, "a" if same_boot else "b", panic=panic, watchdog=watchdog) is why


def boot(root: Path, id: str) -> System:
    path = root / "proc/sys/kernel/random/boot_id"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(id)
    return System(root)


def test_a_life_of_a_hub(tmp_path: Path) -> None:
    assert Starts(tmp_path, boot(tmp_path, "a"), "1").begin(NOW).cause is Cause.FIRST
    second = Starts(tmp_path, boot(tmp_path, "a"), "1")
    assert second.begin(NOW).cause is Cause.KILLED
    second.end(NOW)
    third = Starts(tmp_path, boot(tmp_path, "b"), "2").begin(NOW)
    assert third.cause is Cause.REBOOTED
    body = third.body()
    assert (body["last_stopped"], body["last_version"]) == ("2026-09-21T14:13:20.000Z", "1")
    assert Starts(tmp_path, boot(tmp_path, "c"), "2").begin(NOW).cause is Cause.POWER


@pytest.mark.parametrize("text", ["", "[]", "{", '{"boot": 3}', '{"boot": "a", "started": "x"}', "\x00" * 40])
def test_what_was_cut_off_is_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert last_run(tmp_path / FILE) is None


def test_a_supply_that_was_weak_before_the_power_went_is_told(tmp_path: Path) -> None:
    first = Starts(tmp_path, boot(tmp_path, "a"), "1")
    assert not first.begin(NOW).undervolted
    first.weak()
    first.weak()
    second = Starts(tmp_path, boot(tmp_path, "b"), "1")
    started = second.begin(NOW)
    assert (started.cause, started.undervolted, second.kept[0].undervolted) == (Cause.POWER, True, True)
    assert not Starts(tmp_path, boot(tmp_path, "c"), "1").begin(NOW).undervolted


def test_a_crash_of_the_kernel_counts_only_when_it_came_after_the_last_start(tmp_path: Path) -> None:
    record = tmp_path / "var/lib/systemd/pstore/1789999"
    record.mkdir(parents=True)
    os.utime(record, (NOW.utc / 1e6 - 3600, NOW.utc / 1e6 - 3600))
    Starts(tmp_path, boot(tmp_path, "a"), "1").begin(NOW)
    assert Starts(tmp_path, boot(tmp_path, "b"), "1").begin(NOW).cause is Cause.POWER
    os.utime(record, (NOW.utc / 1e6 + 60, NOW.utc / 1e6 + 60))
    assert Starts(tmp_path, boot(tmp_path, "c"), "1").begin(NOW).cause is Cause.PANIC


def test_a_disk_that_cannot_be_written_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    starts = Starts(tmp_path / "gone", System(tmp_path), "1")
    assert starts.begin(NOW).cause is Cause.FIRST
    starts.end(NOW)
    assert "cannot be written" in caplog.text


def test_the_last_ten_starts_are_kept_and_what_is_no_start_is_left_out(tmp_path: Path) -> None:
    for number in range(12):
        starts = Starts(tmp_path, boot(tmp_path, "a"), f"v{number}")
        starts.begin(NOW)
    assert [start.version for start in starts.kept] == [f"v{number}" for number in range(11, 1, -1)]
    assert {start.cause for start in starts.kept} == {"killed"}
    path = tmp_path / FILE
    path.write_text(
        path.read_text().replace('"at": 1790000000000000, "cause": "killed", "version": "v5"', '"at": "x"')
    )
    starts.begin(NOW)
    assert len(starts.kept) == 10
    assert "v5" not in {start.version for start in starts.kept}
