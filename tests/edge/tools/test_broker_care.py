"""A damaged store of Mosquitto is moved aside before it starts, and only a damaged one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.tools.broker import Mosquitto, find_program, shipped_accounts
from edge.tools.broker_care import STORE, before_start, damage, started
from tests.edge.tools.test_broker import publish

CHUNKS = ((1, 16), (2, 82), (4, 8))
WHOLE = b"\x00\xb5\x00mosquitto db" + bytes(7) + b"\x06" + b"".join(
    kind.to_bytes(4, "big") + size.to_bytes(4, "big") + b"x" * size for kind, size in CHUNKS
)  # fmt: skip


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def zeroed(data: bytes) -> bytes:
    return bytes(len(data))


def zeros_at_the_end(data: bytes) -> bytes:
    return data[:-40] + bytes(40)


def emptied(_data: bytes) -> bytes:
    return b""


def other(data: bytes) -> bytes:
    return b"no store of anybody" + data


DAMAGES = (cut, zeroed, zeros_at_the_end, emptied, other)


@pytest.mark.parametrize("spoil", DAMAGES)
def test_a_damaged_store_is_moved_aside(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    (tmp_path / STORE).write_bytes(spoil(WHOLE))
    aside = before_start(tmp_path, None)
    assert aside is not None
    assert aside.name.startswith(f"{STORE}.20")
    assert aside.name.endswith(".corrupt")
    assert aside.read_bytes() == spoil(WHOLE)
    assert not (tmp_path / STORE).exists()
    assert before_start(tmp_path, None) is None, "and once"


@pytest.mark.parametrize("content", [WHOLE, WHOLE[:23], b"\x00\xb5\x00mosquitto db" + bytes(7) + b"\x03rest"])
def test_a_whole_store_stays(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STORE).write_bytes(content)
    assert before_start(tmp_path, None) is None
    assert (tmp_path / STORE).read_bytes() == content
    assert damage(tmp_path / STORE) is None


def test_a_store_that_is_gone_leaves_a_mark(tmp_path: Path) -> None:
    assert before_start(tmp_path, None) is None, "a first start"
    (tmp_path / STORE).write_bytes(WHOLE)
    assert before_start(tmp_path, None) is None
    (tmp_path / STORE).unlink()
    mark = before_start(tmp_path, None)
    assert mark is not None
    assert mark.name.endswith(".gone")
    assert before_start(tmp_path, None) is None


def test_only_after_a_start_that_failed_mosquitto_is_asked(tmp_path: Path) -> None:
    program = tmp_path / "mosquitto"
    program.write_text("#!/bin/sh\necho Error: no database\nexit 1\n", "utf-8")
    program.chmod(0o755)
    (tmp_path / STORE).write_bytes(WHOLE)
    assert before_start(tmp_path, program) is None
    started(tmp_path)
    assert before_start(tmp_path, program) is None
    aside = before_start(tmp_path, program)
    assert aside is not None
    assert aside.read_bytes() == WHOLE


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    (tmp_path / STORE).write_bytes(b"")
    command = [sys.executable, "-m", "edge.tools.broker_care", "--state", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "it is empty" in done.stderr
    assert len(list(tmp_path.glob("*.corrupt"))) == 1
    subprocess.run([*command, "--started"], check=True)
    assert not (tmp_path / ".starting").exists()
    missing = subprocess.run(
        [*command[:-1], str(tmp_path / "none")], capture_output=True, text=True, check=False
    )
    assert missing.returncode == 1


@pytest.mark.skipif(find_program("mosquitto") is None, reason="no mosquitto here")
def test_mosquitto_starts_on_a_damaged_store(tmp_path: Path) -> None:
    accounts = shipped_accounts(field=["#"])
    with Mosquitto(tmp_path / "broker", list(accounts.values())) as broker:
        store = broker.directory / STORE
        for number, spoil in enumerate((cut, zeros_at_the_end, garbage_within), start=1):
            publish(broker, accounts["field"], "site/b", "-r", "-m", "kept" * 50)
            broker.stop()
            whole = store.read_bytes()
            assert b"kept" in whole
            store.write_bytes(spoil(whole))
            broker.start()
            aside = sorted(
                broker.directory.glob(f"{STORE}.*.corrupt"), key=lambda path: path.stat().st_mtime_ns
            )
            assert (len(aside), aside[-1].read_bytes()) == (number, spoil(whole))


def garbage_within(data: bytes) -> bytes:
    """Chunks that are whole from outside: only Mosquitto can tell, and it ends at it."""
    return data[:23] + (2).to_bytes(4, "big") + (600).to_bytes(4, "big") + b"\xff" * 600
