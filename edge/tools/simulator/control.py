"""The remote control of a running simulator: one JSON line each way over a Unix socket only its owner may use."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

NAME: Final = "simulator.sock"
LONGEST: Final = 65536
PATIENCE: Final = 0.5  # seconds a caller may take to say what it wants; it stands still meanwhile
ANSWER_WITHIN: Final = 5.0

Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class ControlError(Exception):
    """No simulator could be asked, or it refused; one sentence."""


class ControlSocket:
    """Listens at `path`. A socket left behind by a simulator that is gone is replaced, one in use is not."""

    def __init__(self, path: Path, answer: Answer) -> None:
        self.path = path
        self._answer = answer
        if path.is_socket():
            _remove_if_dead(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            with _short(path) as address:
                self.socket.bind(address)
            path.chmod(0o600)
            self.socket.listen()
        except OSError as error:
            self.socket.close()
            raise ControlError(f"cannot listen at {path}: {error.strerror}") from error

    def serve(self) -> None:
        """Answer whoever has called; to be called when the socket is readable."""
        try:
            caller, _ = self.socket.accept()
        except BlockingIOError:
            return
        with caller, contextlib.suppress(OSError):  # a caller who hung up wants no answer
            caller.settimeout(PATIENCE)
            with caller.makefile("rb") as lines:
                line = lines.readline(LONGEST)
            caller.sendall(json.dumps(self._respond(line)).encode() + b"\n")

    def close(self) -> None:
        """Stop listening and take the socket away."""
        self.socket.close()
        self.path.unlink(missing_ok=True)

    def _respond(self, line: bytes) -> Mapping[str, Any]:
        try:
            wanted = json.loads(line)
        except ValueError:
            wanted = None
        if not isinstance(wanted, dict):
            return {"error": 'one JSON object on a line is expected: {"play": ["s2"]} or {"reset": true}'}
        return self._answer(wanted)


def ask(path: Path, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the simulator at `path` answers; ControlError when there is none, or it says why it cannot."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(ANSWER_WITHIN)
        try:
            with _short(path) as address:
                line.connect(address)
            line.sendall(json.dumps(wanted).encode() + b"\n")
            with line.makefile("rb") as lines:
                answer = json.loads(lines.readline(LONGEST))
        except (OSError, ValueError) as error:
            raise ControlError(
                f"no simulator answers at {path} ({error}): start the demo, or name its socket with --control"
            ) from error
    if "error" in answer:
        raise ControlError(str(answer["error"]))
    return answer  # type: ignore[no-any-return]


def _remove_if_dead(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial, _short(path) as address:
        try:
            trial.connect(address)
        except OSError:
            path.unlink(missing_ok=True)
        else:
            raise ControlError(f"another simulator runs at {path}: end it first, or choose another --control")


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """The path as the kernel takes it: an address has at most 107 bytes, folders of data may be deeper."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
