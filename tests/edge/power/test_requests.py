"""What is asked of the machine: taken up, or taken back."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from edge.power.requests import VARIABLE, Requests


def take(path: Path) -> str:
    """As the service of the machine does."""
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    said = path.read_text()
    path.unlink()
    return said


async def test_what_is_taken_up_is_done(tmp_path: Path) -> None:
    requests = Requests(tmp_path)
    assert requests.installed
    taken, said = await asyncio.gather(
        requests.ask("rest", "up-01", 30), asyncio.to_thread(take, tmp_path / "rest")
    )
    assert (taken, said) == (True, "up-01\n")


async def test_what_nobody_takes_up_is_taken_back(tmp_path: Path) -> None:
    assert not await Requests(tmp_path).ask("rest", "up-01", 0.05)
    assert not (tmp_path / "rest").exists()


async def test_where_nothing_is_installed_nothing_is_asked(tmp_path: Path) -> None:
    for folder in (None, tmp_path / "gone"):
        assert not Requests(folder).installed
        assert not await Requests(folder).ask("rest", "up-01")


def test_the_unit_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert not Requests.of_environment().installed
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert Requests.of_environment().installed
