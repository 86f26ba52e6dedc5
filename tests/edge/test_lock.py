"""One hub on a data folder, on whatever disk; how the whole starts and stops is tested in tests/integration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.lock import RESTORING, HubInUseError, only_hub, remember_site


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


def test_where_the_site_is_is_kept_and_written_only_when_it_moved(tmp_path: Path) -> None:
    remember_site(tmp_path, tmp_path / "site")
    path = tmp_path / "site.path"
    assert path.read_text("utf-8") == f"{tmp_path / 'site'}\n"
    before = path.stat().st_mtime_ns
    remember_site(tmp_path, tmp_path / "site")
    assert path.stat().st_mtime_ns == before
    remember_site(tmp_path, tmp_path / "other")
    assert "other" in path.read_text("utf-8")
    path.unlink()
    path.mkdir()
    remember_site(tmp_path, tmp_path / "site")  # a sick disk is no hindrance


def test_half_a_backup_is_no_folder_for_a_hub(tmp_path: Path) -> None:
    (tmp_path / RESTORING).mkdir()
    with pytest.raises(HubInUseError, match="half a backup"), only_hub(tmp_path):
        pass
    assert not (tmp_path / "hub.pid").exists()
