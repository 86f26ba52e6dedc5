"""One process forks all cameras' processes: they share what it has loaded, and nothing else."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from drivers.camera import driver as driver_module
from drivers.camera.config import CameraSettings
from drivers.camera.driver import CameraDriver
from drivers.camera.forkserver import ForkServer
from edge.domain.names import Text
from edge.domain.site import Connection
from tests.drivers.camera.acting import BEGIN, FORKING, Host, alive, connection, serving, within
from tests.drivers.camera.running import allowed
from tests.drivers.camera.streams import MjpegRig

STAYS = "\nbeat()\nfor line in sys.stdin: pass\n"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "FIRST_RETRY", 0.1)


@contextmanager
def cameras(server: ForkServer, *urls: str) -> Iterator[list[CameraDriver]]:
    """A camera for each address, all of one server."""
    with ExitStack() as stack:
        drivers = []
        for url in urls:
            driver = CameraDriver(connection(url=url, checks=["tamper"]), (), server)
            driver.start(Host())
            stack.callback(driver.stop)
            drivers.append(driver)
        yield drivers


def pid(driver: CameraDriver) -> int:
    """Of the process that it has now, 0 without one."""
    process = driver._process
    return 0 if process is None else process.pid


def parent_and_state(pid: int) -> tuple[int, str]:
    """Of a process, "Z" for one that nobody waits for; (0, "") where there is none."""
    try:
        state, parent, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, ""
    return int(parent), state


def forked(server: ForkServer) -> dict[int, str]:
    """The processes that a server has forked, and their states."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    told = {pid: parent_and_state(pid) for pid in pids}
    return {pid: state for pid, (parent, state) in told.items() if parent == server.pid}


def sees(driver: CameraDriver, after: int = 0) -> bool:
    """Whether it shows a picture that was taken after this (µs UTC)."""
    newest = driver.latest()
    return driver.view().state == "ok" and newest is not None and newest.taken > after


def test_all_cameras_come_from_one_process_of_one_thread_and_one_that_ends_ends_alone() -> None:
    server = ForkServer()
    with MjpegRig() as rig, cameras(server, *[rig.url] * 3) as drivers:
        within(lambda: all(map(sees, drivers)), allowed(20))
        parent = server.pid
        assert len(list(Path(f"/proc/{parent}/task").iterdir())) == 1
        before = [pid(driver) for driver in drivers]
        assert {parent_and_state(one)[0] for one in before} == {parent}
        assert {os.getpgid(one) == os.getsid(one) == one for one in before} == {True}
        os.kill(before[1], signal.SIGSEGV)
        within(lambda: pid(drivers[1]) not in {0, before[1]} and sees(drivers[1]), allowed(10))
        assert (pid(drivers[0]), pid(drivers[2]), server.pid) == (before[0], before[2], parent)
        assert [driver.report().counters["restarts"] for driver in drivers] == [0, 1, 0]
        assert not {"Z"} & set(forked(server).values())
    assert not any(map(alive, [parent, *before]))


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
def test_a_server_that_dies_or_hangs_is_replaced_and_all_cameras_see_again(
    sent: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    server = ForkServer()
    with MjpegRig() as rig, cameras(server, rig.url, rig.url) as drivers:
        within(lambda: all(map(sees, drivers)), allowed(20))
        parent, before = server.pid, [pid(driver) for driver in drivers]
        seen = max(driver.latest().taken for driver in drivers)  # type: ignore[union-attr]
        os.kill(parent, sent)
        if sent is signal.SIGSTOP:
            os.kill(before[0], signal.SIGKILL)  # now somebody needs it
        within(lambda: server.pid not in {0, parent}, allowed(10))
        within(lambda: all(sees(driver, seen) for driver in drivers), allowed(10))
        within(lambda: not any(pid(driver) in {0, *before} for driver in drivers), allowed(10))
        within(lambda: all(sees(driver, seen) for driver in drivers), allowed(10))
        assert not alive(parent)
        assert all(
            parent_and_state(one)[1] in {"", "Z"} for one in before
        )  # init's now, where it waits for its own
        assert all(driver.report().up for driver in drivers)
    said = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    why = "has ended (signal 9, Killed)" if sent is signal.SIGKILL else "does not answer: all begin anew"
    assert [line for line in said if "are forked from" in line] == [
        f"the process that cameras' processes are forked from {why}"
    ]


def test_a_forked_process_has_its_own_three_pipes_alone() -> None:
    code = """
there = [n for n in range(100) if os.path.exists(f"/proc/self/fd/{n}")]
beat(codec=json.dumps([there, os.readlink("/proc/self/fd/0")]))
for line in sys.stdin: pass
"""
    server = serving(code)
    hosts = [Host() for _ in range(3)]
    with ExitStack() as stack:
        drivers = [CameraDriver(_named(n), (), server) for n in range(3)]
        for driver, host in zip(drivers, hosts, strict=True):
            driver.start(_Any(host))
            stack.callback(driver.stop)
            within(lambda host=host: host.raws)
        told = [json.loads(json.loads(host.raws[0].payload)["codec"]) for host in hosts]
        assert [numbers for numbers, _ in told] == [[0, 1, 2]] * 3
        assert len({pipe for _, pipe in told}) == 3
        # The first hears the end of its stdin, though others were forked after it.
        first, process = drivers[0], drivers[0]._process
        assert process is not None
        gone = process.pid
        first.stop()
        assert process._forked.status == 0
        assert not alive(gone)


def test_what_one_sets_in_its_environment_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "8")
    name = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
    monkeypatch.delenv(name, raising=False)  # another test may have opened a stream in this process
    code = f"""
beat(codec=os.environ.get({name!r}, "none") + os.environ["OPENBLAS_NUM_THREADS"])
os.environ[{name!r}] = str(os.getpid())
beat(codec=os.environ[{name!r}])
for line in sys.stdin: pass
"""
    server = serving(code)
    hosts = [Host(), Host()]
    with ExitStack() as stack:
        for n, host in enumerate(hosts):
            driver = CameraDriver(_named(n), (), server)
            driver.start(_Any(host))
            stack.callback(driver.stop)
            within(lambda host=host: len(host.raws) > 1)
    codecs = [[json.loads(raw.payload)["codec"] for raw in host.raws] for host in hosts]
    assert [first for first, _ in codecs] == ["none1", "none1"]
    assert codecs[0][1] != codecs[1][1]


def test_where_opencv_cannot_be_loaded_each_camera_says_why(caplog: pytest.LogCaptureFixture) -> None:
    broken = "import sys\nsys.modules['cv2'] = None\nfrom drivers.camera import forking\nforking.main()\n"
    server = ForkServer((sys.executable, "-c", broken))
    with cameras(server, "rtsp://192.0.2.31/2", "rtsp://192.0.2.32/2") as drivers:
        within(lambda: all("cv2" in driver.report().detail.en for driver in drivers))
        within(lambda: all(driver.report().counters["restarts"] > 2 for driver in drivers))
        assert not any(driver.report().up for driver in drivers)
    assert not [record for record in caplog.records if "forked from" in record.message]


def test_with_the_hub_they_are_gone_whatever_they_do(tmp_path: Path) -> None:
    code = f"import signal\nopen({str(tmp_path / 'pids')!r}, 'a').write(f'{{os.getpid()}}\\n')\nbeat()\ntime.sleep(600)"
    hub = f"""
import os, sys, threading
from drivers.camera.forkserver import ForkServer
from drivers.camera.lines import Start
from drivers.camera.process import Process
with ForkServer((sys.executable, "-c", {FORKING + BEGIN + code!r})) as server:
    processes = [Process(Start(f"s-{{n}}", "rtsp://192.0.2.31/2", "/nowhere"), server) for n in range(2)]
    for process in processes:
        while not process.read(1.0): pass
    print(server.pid, flush=True)
    threading.Event().wait()
"""
    with subprocess.Popen([sys.executable, "-c", hub], stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        server = int(started.stdout.readline())
        left = [server, *map(int, (tmp_path / "pids").read_text().split())]
        assert len(left) == 3
        assert all(map(alive, left))
        started.kill()
    within(lambda: all(parent_and_state(one)[1] in {"", "Z"} for one in left), allowed(20))


def test_it_ends_with_its_last_camera_and_begins_with_the_next() -> None:
    server = serving(STAYS)
    for _ in range(2):
        driver, host = CameraDriver(connection(), (), server), Host()
        assert server.pid == 0
        driver.start(host)
        within(lambda host=host: host.raws)
        served = server.pid
        assert served
        driver.stop()
        assert not alive(served)


def test_a_process_that_cannot_be_forked_is_told() -> None:
    limited = "import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (0, 0))\n"
    if os.getuid() == 0:  # no limit holds for root
        limited = (
            "import os\ndef none(): raise BlockingIOError(11, 'temporarily unavailable')\nos.fork = none\n"
        )
    server = ForkServer((sys.executable, "-c", limited + FORKING + BEGIN))
    driver = CameraDriver(connection(), (), server)
    driver.start(Host())
    try:
        within(lambda: "temporarily unavailable" in driver.report().detail.en)
    finally:
        driver.stop()


class _Any(Host):
    """Takes more than one camera."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.raws = host.raws

    def heard(self, source: str, address: str, *, ok: bool) -> None:
        self.heards.append(ok)


def _named(n: int) -> Connection:
    settings = CameraSettings.model_validate({"url": "rtsp://192.0.2.31/2"})
    return Connection(f"stream-{n}", "camera", "camera", Text("x", "x"), settings)
