from __future__ import annotations

import os
import pty
import socket
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers._serialbus import bus as bus_module
from drivers._serialbus.bus import SerialBus
from drivers._serialbus.config import LineSettings
from drivers._serialbus.line import Counters, Line, LineDownError
from edge.domain.names import Text


class Terminal:
    """A pseudo-terminal behind a stable path, that can be pulled and put back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plug()

    def plug(self) -> None:
        self.far, self._near = pty.openpty()
        tty.setraw(self._near)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._near))

    def pull(self) -> None:
        self.path.unlink()
        os.close(self.far)
        os.close(self._near)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path / "converter")
    yield terminal
    if terminal.path.is_symlink():
        terminal.pull()


class Talk:
    """Keeps what is heard, and the reasons of each loss."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.lost: list[Text] = []
        self.open = 0
        self._changed = threading.Condition()

    def __call__(self, line: Line) -> None:
        with self._changed:
            self.open += 1
            self._changed.notify_all()
        while not line.stopping():
            data = line.read(time.monotonic() + 0.05)
            with self._changed:
                self.heard += data
                self._changed.notify_all()

    def losing(self, why: Text) -> None:
        with self._changed:
            self.lost.append(why)
            self._changed.notify_all()

    def until(self, so: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(so, 15), (self.heard, self.lost)


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def run(talk: Talk) -> Iterator[Callable[[str], SerialBus]]:
    running: list[SerialBus] = []

    def start(port: str, speak: Callable[[Line], None] = talk) -> SerialBus:
        bus = SerialBus("bus-1", LineSettings(port=port), speak, talk.losing)
        running.append(bus)
        bus.start()
        return bus

    yield start
    for bus in running:
        began = time.monotonic()
        bus.stop()
        assert time.monotonic() - began < 20


def open_line(path: Path, stop: threading.Event | None = None) -> Line:
    return Line(LineSettings(port=str(path)), Counters(), stop or threading.Event())


class TestLine:
    def test_it_writes_and_reads_as_soon_as_something_is_there(self, terminal: Terminal):
        line = open_line(terminal.path)
        try:
            line.write(b"ask")
            assert os.read(terminal.far, 10) == b"ask"
            os.write(terminal.far, b"answer")
            began = time.monotonic()
            assert line.read(began + 60) == b"answer"
            assert time.monotonic() - began < 20
            assert line.counters.bytes == 6
        finally:
            line.close()

    def test_nothing_until_the_moment_is_an_empty_answer(self, terminal: Terminal):
        line = open_line(terminal.path)
        try:
            began = time.monotonic()
            assert line.read(began + 0.05) == b""
            assert 0.05 <= time.monotonic() - began < 20
        finally:
            line.close()

    def test_quiet_throws_away_what_was_left_and_does_not_wait_for_a_babbler(self, terminal: Terminal):
        line = open_line(terminal.path)
        try:
            os.write(terminal.far, b"late answer")
            assert line.quiet(0.02, 1.0) == b"late answer"
            assert line.quiet(0.01, 1.0) == b""
        finally:
            line.close()

    def test_a_stop_ends_a_long_wait(self, terminal: Terminal):
        stop = threading.Event()
        line = open_line(terminal.path, stop)
        try:
            stop.set()
            assert line.read(time.monotonic() + 60) == b""
            line.pause(time.monotonic() + 60)
            assert line.stopping()
        finally:
            line.close()

    def test_baud_rate_and_parity_reach_the_terminal(self, terminal: Terminal):
        line = Line(
            LineSettings(port=str(terminal.path), baud=4800, stopbits=2), Counters(), threading.Event()
        )
        try:
            attributes = termios.tcgetattr(terminal._near)
            assert attributes[4] == attributes[5] == termios.B4800
            assert attributes[2] & termios.CSTOPB
        finally:
            line.close()

    def test_a_port_in_use_says_so(self, terminal: Terminal):
        line = open_line(terminal.path)
        try:
            with pytest.raises(LineDownError) as raised:
                open_line(terminal.path)
            assert "占用" in raised.value.text.zh
        finally:
            line.close()

    def test_a_missing_port_says_so(self, tmp_path: Path):
        with pytest.raises(LineDownError) as raised:
            open_line(tmp_path / "nothing")
        assert "插好" in raised.value.text.zh
        assert str(tmp_path / "nothing") in raised.value.text.en

    def test_a_file_is_no_port(self, tmp_path: Path):
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(LineDownError, match="does not open"):
            open_line(tmp_path / "file")

    def test_a_port_without_direction_control_says_what_to_remove(self, terminal: Terminal):
        with pytest.raises(LineDownError, match="remove rs485"):
            Line(LineSettings(port=str(terminal.path), rs485=True), Counters(), threading.Event())

    def test_a_pulled_terminal_is_a_lost_line(self, terminal: Terminal):
        line = open_line(terminal.path)
        try:
            terminal.pull()
            with pytest.raises(LineDownError, match="disconnected"):
                line.read(time.monotonic() + 5)
        finally:
            line.close()


class TestBus:
    def test_it_comes_back_by_the_same_path(self, terminal: Terminal, talk: Talk, run):
        bus = run(str(terminal.path))
        talk.until(lambda: talk.open == 1)
        os.write(terminal.far, b"one")
        talk.until(lambda: talk.heard == b"one")
        terminal.pull()
        talk.until(lambda: any("找不到串口" in why.zh for why in talk.lost))
        assert "断开" in talk.lost[0].zh
        terminal.plug()
        talk.until(lambda: talk.open == 2)
        os.write(terminal.far, b"two")
        talk.until(lambda: talk.heard == b"onetwo")
        assert bus.counters.reopened == 1
        assert bus.counters.bytes == 6

    def test_a_converter_on_the_network(self, talk: Talk, run):
        with socket.create_server(("127.0.0.1", 0)) as server:
            run(f"socket://127.0.0.1:{server.getsockname()[1]}")
            self.serve(server, talk, 1, b"first")
            self.serve(server, talk, 2, b"again")  # after the converter has rebooted
        assert talk.heard == b"firstagain"

    def serve(self, server: socket.socket, talk: Talk, turn: int, word: bytes) -> None:
        connection, _ = server.accept()
        with connection:
            talk.until(lambda: talk.open == turn)  # what comes while the port is being opened is thrown away
            connection.sendall(word)
            talk.until(lambda: talk.heard.endswith(word))

    def test_a_network_converter_that_is_off_says_so(self, talk: Talk, run):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        run(f"socket://127.0.0.1:{port}")
        talk.until(lambda: bool(talk.lost))
        assert "串口服务器" in talk.lost[0].zh

    def test_a_defect_in_the_driver_is_logged_and_does_not_silence_the_bus(
        self, terminal: Terminal, talk: Talk, run, caplog: pytest.LogCaptureFixture
    ):
        def stumble(line: Line) -> None:
            if not talk.lost:
                raise ZeroDivisionError("one to many")
            talk(line)

        run(str(terminal.path), stumble)
        talk.until(lambda: talk.open == 1)
        assert "one to many" in talk.lost[0].zh
        assert "ZeroDivisionError" in caplog.text

    def test_it_stops_while_it_waits_for_a_port(self, tmp_path: Path, talk: Talk, run, monkeypatch):
        monkeypatch.setattr(bus_module, "FIRST_RETRY", 60.0)
        run(str(tmp_path / "nothing"))
        talk.until(lambda: bool(talk.lost))

    def test_a_bus_that_never_started_can_be_stopped(self, talk: Talk):
        SerialBus("bus-1", LineSettings(port="/dev/null"), talk, talk.losing).stop()
