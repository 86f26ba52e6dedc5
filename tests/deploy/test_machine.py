"""What the machine does when the hub asks, with programs of the test in place of those that would really do it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy" / "machine.sh"


class Box:
    """A folder of requests, programs that only say that they were called, and a kernel's trigger that is a file."""

    def __init__(self, folder: Path) -> None:
        self.requests, self.tools = folder / "run", folder / "bin"
        self.trigger, self.called = folder / "trigger", folder / "called"
        for made in (self.requests, self.tools):
            made.mkdir()
        for name in ("date", "systemctl", "hwclock", "sync", "sleep"):
            (self.tools / name).write_text(f'#!/bin/sh\necho {name} "$@" >>"{self.called}"\n')
            (self.tools / name).chmod(0o755)
        self.script = folder / "machine.sh"
        text = (
            SCRIPT.read_text()
            .replace("/proc/sysrq-trigger", str(self.trigger))
            .replace("/dev/rtc0", "/dev/none")
        )
        self.script.write_text(text.replace("echo u >", "echo u >>").replace("echo b >", "echo b >>"))
        self.trigger.touch()

    def run(self) -> list[str]:
        env = {
            **os.environ,
            "PATH": f"{self.tools}:{os.environ['PATH']}",
            "EDGE_HUB_REQUESTS": str(self.requests),
        }
        subprocess.run(["sh", self.script], env=env, check=True, capture_output=True, timeout=30)
        return self.called.read_text().splitlines() if self.called.exists() else []


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def uptime() -> int:
    return int(Path("/proc/uptime").read_text().split(".")[0])


def test_the_clock_is_set_with_the_time_that_passed(box: Box) -> None:
    run = uptime()
    (box.requests / "set-time").write_text(f"1790000000 {max(0, run - 4)}\n")
    (call,) = box.run()
    said = int(call.removeprefix("date -u -s @"))
    assert 1790000000 <= said <= 1790000060
    assert not (box.requests / "set-time").exists()


@pytest.mark.parametrize(
    "said",
    [
        "", "now", "1790000000", "1790000000 ", "1790000000 1 2", "-1790000000 1", "1790000000; reboot", "99 1",
        "9790000000 1", "$(reboot) 1", "1790000000 1\nrest", "0" * 200,
    ],
)  # fmt: skip
def test_what_is_no_time_sets_nothing(said: str, box: Box) -> None:
    (box.requests / "set-time").write_text(said)
    calls = box.run()
    assert calls == [] or (said == "1790000000 1\nrest" and calls[0].startswith("date -u -s @17900000"))
    assert not (box.requests / "set-time").exists()


def test_a_link_is_no_request(box: Box, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("1790000000 1\n")
    (box.requests / "set-time").symlink_to(tmp_path / "other")
    assert box.run() == []
    assert (tmp_path / "other").exists()


def test_a_rest_stops_everything_and_starts_the_machine_again(box: Box) -> None:
    (box.requests / "rest").write_text("up-01\n")
    calls = box.run()
    assert calls[0] == "systemctl stop edge-hub.service edge-hub-broker.service"
    assert calls[1:] == ["sync", "sleep 300"]
    assert box.trigger.read_text().split() == ["u", "b"]
    assert not (box.requests / "rest").exists()


def test_where_the_kernel_takes_no_order_nothing_is_stopped(box: Box) -> None:
    box.trigger.unlink()
    (box.requests / "rest").write_text("up-01\n")
    calls = box.run()
    assert set(calls) == {"sleep 1"}, "the request stands so long that the hub sees that nobody takes it"
    assert not (box.requests / "rest").exists()


def test_a_kernel_that_fails_in_the_middle_leaves_no_hub_stopped(box: Box) -> None:
    (box.requests / "rest").write_text("up-01\n")
    (box.tools / "sync").write_text(f"#!/bin/sh\nrm {box.trigger}; mkdir {box.trigger}\n")
    assert box.run()[1:] == ["sleep 300", "systemctl reboot"]
    assert not (box.requests / "rest").exists()


def test_where_not_even_a_restart_works_the_hub_is_started(box: Box) -> None:
    (box.requests / "rest").write_text("up-01\n")
    (box.tools / "sync").write_text(f"#!/bin/sh\nrm {box.trigger}; mkdir {box.trigger}\n")
    systemctl = box.tools / "systemctl"
    systemctl.write_text(systemctl.read_text() + '[ "$1" != reboot ]\n')
    assert box.run()[-1] == "systemctl start edge-hub-broker.service edge-hub.service"


def test_nothing_is_done_unasked(box: Box) -> None:
    (box.requests / "poweroff").write_text("now\n")
    assert box.run() == []
