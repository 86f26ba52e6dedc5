"""An open serial line: write, read with a deadline, wait, all of which a stop of the bus interrupts."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import termios
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from drivers._serialbus.config import LineSettings
from edge.domain.names import Text

if TYPE_CHECKING:
    import serial

WRITE_TIMEOUT: Final = 1.0
CONNECT_TIMEOUT: Final = 1.5
CHUNK: Final = 4096
SLICE: Final = 0.25  # seconds after which a waiting line looks whether the hub stops


class LineDownError(Exception):
    """The line does not open, or is gone. text: why and how to mend it, for the health page."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(slots=True)
class Counters:
    """What one line has seen since start; written by its thread alone."""

    bytes: int = 0
    frames: int = 0
    crc_errors: int = 0
    noise_bytes: int = 0
    timeouts: int = 0
    reopened: int = 0


class Line:
    """An open port. Every method is for the bus's own thread and raises LineDownError when the port is gone.

    Moments are those of `time.monotonic`. heard_at: moment of the latest byte, or of opening.
    """

    def __init__(
        self,
        settings: LineSettings,
        counters: Counters,
        stop: threading.Event,
        wake: threading.Event | None = None,
    ) -> None:
        self.settings = settings
        self.counters = counters
        self._stop = stop
        self._wake = wake or stop
        self._port = _open(settings)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._port.fileno(), selectors.EVENT_READ)
        self.heard_at = time.monotonic()

    def stopping(self) -> bool:
        """Whether the bus has been told to stop; reads and pauses then return at once."""
        return self._stop.is_set()

    def close(self) -> None:
        """Give the port back."""
        self._selector.close()
        with contextlib.suppress(OSError, termios.error):  # it may be gone already
            self._port.close()

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        try:
            self._port.write(data)
        except (OSError, termios.error) as error:
            raise LineDownError(_gone(self.settings.port)) from error

    def read(self, until: float) -> bytes:
        """The bytes that are there, waiting for the first until that moment; empty after it."""
        while not self.stopping():
            left = until - time.monotonic()
            if self._selector.select(max(0.0, min(left, SLICE))):
                return self._take()
            if left <= SLICE:
                break
        return b""

    def _take(self) -> bytes:
        try:
            data: bytes = self._port.read(CHUNK)
        except (OSError, termios.error) as error:
            raise LineDownError(_gone(self.settings.port)) from error
        self.counters.bytes += len(data)
        self.heard_at = time.monotonic()
        return data

    def quiet(self, silence: float, patience: float) -> bytes:
        """Wait for `silence` seconds without a byte, for at most `patience`; what was heard meanwhile."""
        heard = bytearray()
        end = time.monotonic() + patience
        while data := self.read(time.monotonic() + silence):
            heard += data
            if time.monotonic() > end:
                break
        return bytes(heard)

    def pause(self, until: float) -> None:
        """Wait until that moment, until the bus is woken, or stops. What comes meanwhile is left unread."""
        self._wake.wait(min(max(0.0, until - time.monotonic()), threading.TIMEOUT_MAX))
        if not self.stopping():
            self._wake.clear()


def _open(settings: LineSettings) -> serial.SerialBase:
    import serial
    from serial.urlhandler import protocol_socket

    protocol_socket.POLL_TIMEOUT = CONNECT_TIMEOUT  # its connect must not outlast a stop of the hub
    try:
        port: serial.SerialBase = serial.serial_for_url(
            settings.port,
            baudrate=settings.baud,
            parity=settings.parity,
            stopbits=settings.stopbits,
            timeout=0,
            write_timeout=WRITE_TIMEOUT,
            exclusive=True,
        )
    except (OSError, ValueError, termios.error) as error:
        raise LineDownError(_closed(settings.port, error)) from error
    if settings.rs485:
        from serial.rs485 import RS485Settings

        try:
            port.rs485_mode = RS485Settings()
        except (OSError, ValueError, NotImplementedError, termios.error) as error:
            port.close()
            raise LineDownError(
                Text(
                    f"{settings.port} 不支持 RS-485 方向控制:请删除 rs485 一项,或换用自动换向的转换器",
                    f"{settings.port} cannot switch the RS-485 direction: remove rs485, or use a converter that does",
                )
            ) from error
    return port


def _closed(port: str, error: Exception) -> Text:
    """Why the port does not open, with the mend."""
    if port.startswith("socket://"):
        return Text(
            f"连不上 {port}:请检查串口服务器的电源、网线与地址",
            f"{port} does not answer: check power, network and address of the serial converter",
        )
    number = error.args[0] if error.args and isinstance(error.args[0], int) else None
    if number in {errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO}:
        return Text(
            f"找不到串口 {port}:请检查转换器是否插好",
            f"There is no port {port}: check that the converter is plugged in",
        )
    if number in {errno.EACCES, errno.EPERM}:
        return Text(
            f"无权打开串口 {port}:请把运行本平台的用户加入 dialout 组",
            f"No permission to open {port}: put the hub's user into the group dialout",
        )
    if number in {errno.EAGAIN, errno.EBUSY, errno.EWOULDBLOCK}:
        return Text(
            f"串口 {port} 被其他程序占用:请关闭该程序",
            f"{port} is in use by another program: end that program",
        )
    reason = os.strerror(number) if number else str(error)
    return Text(f"串口 {port} 打不开:{reason}", f"{port} does not open: {reason}")


def _gone(port: str) -> Text:
    """An open port was lost. The operating system's own words differ by adapter; what to do is the same."""
    return Text(
        f"串口 {port} 已断开:请检查转换器与线缆",
        f"{port} was disconnected: check the converter and its cable",
    )
