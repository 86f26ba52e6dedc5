"""One connection with an `upsd`: a question a time, each with a deadline. Blocking, for the driver's thread."""

from __future__ import annotations

import contextlib
import socket
import time
from types import TracebackType
from typing import Final, Self

from drivers.nut import lines
from edge.domain.reading import ProtocolError

LARGEST: Final = 256 * 1024  # bytes of one answer; a UPS has some hundred variables


class RefusedError(Exception):
    """The server answered `ERR`. code: RFC 9271 clause 4.3."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Session:
    """OSError when the line is lost or nobody answers in time, ProtocolError when what comes is no `upsd`."""

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self._timeout = timeout
        self._socket = socket.create_connection((host, port), timeout)
        self._rest = b""
        self.bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def abort(self) -> None:
        """End a wait in another thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def sign_in(self, username: str, password: str) -> None:
        """Say who asks; raises RefusedError."""
        for verb, word in (("USERNAME", username), ("PASSWORD", password)):
            until = self._ask(lines.join(verb, word))
            answer = self._line(until)
            if answer.split(" ")[0] != "OK":
                raise ProtocolError(f"OK is expected, not {answer[:80]!r}")

    def variables(self, ups: str) -> bytes:
        """The `VAR` lines of one UPS; raises RefusedError."""
        until = self._ask(lines.join("LIST", "VAR", ups))
        begin = self._line(until)
        if lines.split(begin) != ["BEGIN", "LIST", "VAR", ups]:
            raise ProtocolError(f"BEGIN LIST VAR is expected, not {begin[:80]!r}")
        found: list[str] = []
        size = 0
        while (line := self._line(until)) != begin.replace("BEGIN", "END", 1):
            found.append(line)
            size += len(line)
            if size > LARGEST:
                raise ProtocolError(f"more than {LARGEST} bytes of variables")
        return "".join(f"{line}\n" for line in found).encode()

    def leave(self) -> None:
        """Say good-bye, without waiting for the answer."""
        with contextlib.suppress(OSError):
            self._socket.sendall(b"LOGOUT\n")

    def _ask(self, line: str) -> float:
        until = time.monotonic() + self._timeout
        self._socket.settimeout(self._timeout)
        self._socket.sendall(line.encode() + b"\n")
        return until

    def _line(self, until: float) -> str:
        while b"\n" not in self._rest:
            if len(self._rest) > lines.LONGEST:
                raise ProtocolError(f"a line of more than {lines.LONGEST} bytes")
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("no answer in time")
            self._socket.settimeout(left)
            data = self._socket.recv(4096)
            if not data:
                raise ConnectionResetError("the server hung up")
            self.bytes += len(data)
            self._rest += data
        taken, self._rest = self._rest.split(b"\n", 1)
        line = taken.removesuffix(b"\r").decode("utf-8", "replace")
        if line.startswith("ERR "):
            raise RefusedError(line.split(" ")[1][:64])
        return line
