"""What the demo refuses before it starts anything, and what is left when it is killed; the rest is in tests/e2e."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge import cli


@pytest.mark.parametrize("port", ["65536", "-1", "abc", "1_0", "٨٠"])
def test_a_port_that_is_none_is_misuse(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["demo", f"--port={port}"])
    assert ended.value.code == 2
    assert "no port" in capsys.readouterr().err


def test_a_data_folder_that_cannot_be_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert cli.main(["demo", "--data", str(tmp_path / "file" / "data")]) == 1
    err = capsys.readouterr().err
    assert "choose another --data" in err
    assert err.count("\n") == 1


def test_a_second_demo_leaves_the_first_alone_and_a_killed_one_leaves_nothing_running(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "edge.cli", "demo", "--json", "--data", str(tmp_path)]
    with (
        (tmp_path / "said").open("wb") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as demo,
    ):
        try:
            assert demo.stdout is not None
            about = json.loads(demo.stdout.readline())
            secrets = (tmp_path / "secrets" / "field").read_text()

            assert cli.main(["demo", "--data", str(tmp_path)]) == 1

            assert f"process id {demo.pid} runs on" in capsys.readouterr().err
            assert (tmp_path / "secrets" / "field").read_text() == secrets
            assert demo.poll() is None
        finally:
            demo.kill()
    deadline = time.monotonic() + 60
    while (left := _at_work(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left
    assert about["hub_pid"] != demo.pid


def _at_work(folder: Path) -> list[int]:
    """Processes whose command line names `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(folder) in (entry / "cmdline").read_text("utf-8", "replace"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
