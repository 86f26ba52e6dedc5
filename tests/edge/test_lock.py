"""One hub on a data folder, on whatever disk; how the whole starts and stops is tested in tests/integration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.lock import HubInUseError, only_hub


def test_the_file_names_the_running_hub(tmp_path: Path) -> None:
    (tmp_path / "hub.pid").write_text("a much longer text of a former time")
    with only_hub(tmp_path):
        assert (tmp_path / "hub.pid").read_text() == str(os.getpid())


def test_a_second_hub_is_told_which_one_runs(tmp_path: Path) -> None:
    with (
        only_hub(tmp_path),
        pytest.raises(HubInUseError, match=f"process id {os.getpid()} runs on"),
        only_hub(tmp_path),
    ):
        pass
    with only_hub(tmp_path):
        pass


@pytest.mark.parametrize("known", [True, False])
def test_a_disk_that_takes_nothing_keeps_no_hub_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, known: bool
) -> None:
    if known:
        (tmp_path / "hub.pid").write_text("17")
    real = os.open

    def refused(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_RDWR:
            raise OSError(30, "Read-only file system")
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", refused)
    with only_hub(tmp_path):
        assert "cannot be written: Read-only file system" in caplog.text
