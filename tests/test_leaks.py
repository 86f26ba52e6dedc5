from __future__ import annotations

import asyncio
import subprocess
import threading
from pathlib import Path

import pytest

from tests import leaks
from tests.leaks import Holdings, leaked_tasks


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "GRACE", 0.1)


def test_a_clean_test_leaves_nothing() -> None:
    assert Holdings.now().settle() == []


def test_a_thread_is_named_until_it_ends() -> None:
    before, done = Holdings.now(), threading.Event()
    thread = threading.Thread(target=done.wait, name="forgotten")
    thread.start()
    assert before.settle() == ["thread 'forgotten'"]
    done.set()
    thread.join()
    assert before.settle() == []


def test_an_open_file_is_named(tmp_path: Path) -> None:
    before = Holdings.now()
    with (tmp_path / "forgotten").open("w") as file:
        assert before.settle() == [f"open {tmp_path}/forgotten (fd {file.fileno()})"]
    assert before.settle() == []


def test_a_child_is_named_also_when_it_ended_but_was_not_waited_for() -> None:
    before = Holdings.now()
    with subprocess.Popen(["sleep", "60"]) as child:
        assert before.settle() == [f"child process {child.pid}: sleep 60"]
        child.kill()
        assert before.settle() == [f"child process {child.pid}: (ended, not waited for)"]
    assert before.settle() == []


async def test_a_task_is_named() -> None:
    forever = asyncio.create_task(asyncio.Event().wait(), name="forgotten")
    (line,) = await leaked_tasks()
    assert line.startswith("task 'forgotten'")
    forever.cancel()
    assert await leaked_tasks() == []
