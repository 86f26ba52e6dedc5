"""Why a camera gives no picture: asked by plain sockets, because OpenCV only ever says "not opened".

Asked only while there is trouble: a cheap camera has few sessions to give. RTSP (RFC 2326) is asked to DESCRIBE its
stream, HTTP to GET it; both with Digest or Basic (RFC 7616, 7617) as the camera wants. Never blocks longer than it was
given, apart from a name server that does not answer, for which nobody waits.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from drivers.camera import troubles
from drivers.camera.addresses import Address
from drivers.camera.credentials import answer
from drivers.camera.troubles import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE: Final = 2.0  # seconds for all of it: the fault is to be named within five of its beginning
CONNECTING: Final = 1.5
MOST: Final = 64 * 1024  # bytes of an answer that are read

CODECS: Final = frozenset({"H264", "H265", "HEVC", "JPEG"})
_STATIC: Final = {"26": "JPEG", "31": "H261", "32": "MPV", "33": "MP2T", "34": "H263"}  # RFC 3551
_JPEG: Final = b"\xff\xd8"


def ask(address: Address, patience: float = PATIENCE) -> Trouble | None:
    """What is wrong at `address`; None when it answers as it should. Takes about `patience` seconds at most."""
    if address.kind == "file":
        return _local(Path(address.path), troubles.NO_FILE)
    if address.kind == "usb":
        return _local(Path(address.path), troubles.NO_CAMERA)
    until = time.monotonic() + patience
    try:
        with _Line(address, until) as line:
            return _rtsp(line, address) if address.kind == "rtsp" else _http(line, address)
    except _TroubleError as error:
        return error.trouble


class _TroubleError(Exception):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.fault)
        self.trouble = trouble


def _local(path: Path, missing: Trouble) -> Trouble | None:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except FileNotFoundError:
        return missing
    except PermissionError:
        return troubles.NOT_ALLOWED
    except OSError as error:
        return troubles.IN_USE if error.errno == errno.EBUSY else missing
    return None


# --- RTSP and HTTP ---------------------------------------------------------------------------------------------------


def _rtsp(line: _Line, address: Address) -> Trouble | None:
    headers = {"Accept": "application/sdp", "User-Agent": "edge-hub"}
    reply = line.request("DESCRIBE", address.url, "RTSP/1.0", headers)
    if reply is None:
        return troubles.SILENT
    if not reply.start.startswith("RTSP/"):
        return troubles.NOT_RTSP
    if reply.code != 200:
        return troubles.status(reply.code)
    return _of_sdp(line.body(reply).decode("utf-8", "replace"))


def _of_sdp(text: str) -> Trouble | None:
    """RFC 8866: the encodings of the video of a description."""
    names: list[str] = []
    video = False
    for row in text.splitlines():
        if row.startswith("m="):
            kind, *rest = row[2:].split() or [""]
            video = kind == "video"
            names += [_STATIC[payload] for payload in rest[2:] if video and payload in _STATIC]
        elif video and row.startswith("a=rtpmap:"):
            _, _, encoding = row.partition(" ")
            names.append(encoding.partition("/")[0].strip().upper())
    if not names:
        return troubles.NO_VIDEO
    return None if CODECS & set(names) else troubles.wrong_codec(names[0])


def _http(line: _Line, address: Address) -> Trouble | None:
    headers = {"Host": address.netloc, "Accept": "*/*", "Connection": "close", "User-Agent": "edge-hub"}
    reply = line.request("GET", address.target, "HTTP/1.1", headers)
    if reply is None:
        return troubles.SILENT
    if not reply.start.startswith("HTTP/"):
        return troubles.NOT_HTTP
    if reply.code != 200:
        return troubles.status(reply.code)
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        return troubles.WEB_PAGE
    if kind.startswith("image/"):
        return troubles.ONE_PICTURE
    if kind != "multipart/x-mixed-replace":
        return None if kind.startswith("video/") else troubles.wrong_codec(kind or "?")
    part = line.part(reply)
    return troubles.GARBLED if part and not part.startswith(_JPEG) else None


@dataclass(frozen=True, slots=True)
class _Reply:
    start: str
    code: int
    headers: Mapping[str, str]
    rest: bytes


class _Line:
    """A connection that is given up at `until` (monotonic)."""

    def __init__(self, address: Address, until: float) -> None:
        self._address = address
        self._until = until
        self._count = 0
        self._socket = self._connected()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def request(self, verb: str, target: str, version: str, headers: dict[str, str]) -> _Reply | None:
        """The answer, after the second try where a password is asked for; None where none came in time.

        _TroubleError where the password decides.
        """
        reply = self._once(verb, target, version, headers)
        if reply is None or reply.code != 401:
            return reply
        if not self._address.username:
            raise _TroubleError(troubles.NO_PASSWORD)
        said = answer(
            reply.headers.get("www-authenticate", ""),
            self._address.username,
            self._address.password,
            verb,
            target,
        )
        if said is None:
            raise _TroubleError(troubles.PASSWORD)
        if version.startswith("HTTP"):  # told to close
            self._socket.close()
            self._socket = self._connected()
        return self._once(verb, target, version, {**headers, "Authorization": said})

    def body(self, reply: _Reply) -> bytes:
        """What follows the headers, as long as they say."""
        length = reply.headers.get("content-length", "")
        wanted = min(int(length), MOST) if length.isascii() and length.isdigit() else 0
        held = reply.rest
        while len(held) < wanted and (more := self._read()):
            held += more
        return held

    def part(self, reply: _Reply) -> bytes:
        """The beginning of the first part of a multipart stream, without its headers; empty when none comes."""
        held = reply.rest
        while len(held) < MOST:
            _, found, content = held.partition(b"\r\n\r\n")
            if found and len(content) >= len(_JPEG):
                return content
            if not (more := self._read()):
                break
            held += more
        return held if len(held) >= MOST else b""

    def _once(self, verb: str, target: str, version: str, headers: Mapping[str, str]) -> _Reply | None:
        self._count += 1
        rows = [f"{verb} {target} {version}", f"CSeq: {self._count}"]
        rows += [f"{name}: {value}" for name, value in headers.items()]
        try:
            self._socket.sendall(("\r\n".join(rows) + "\r\n\r\n").encode())
        except TimeoutError:
            return None
        except OSError:
            raise _TroubleError(troubles.BROKEN_OFF) from None
        held = b""
        while b"\r\n\r\n" not in held and len(held) < MOST:
            more = self._read()
            if more is None:
                return None
            if not more:
                if held:
                    break
                raise _TroubleError(troubles.BROKEN_OFF)
            held += more
        head, _, rest = held.partition(b"\r\n\r\n")
        start, *fields = head.decode("latin-1").split("\r\n")
        words = start.split()
        code = int(words[1]) if len(words) > 1 and words[1].isascii() and words[1].isdigit() else 0
        named: dict[str, str] = {}
        for row in fields:
            name, _, value = row.partition(":")
            key = name.strip().lower()
            named[key] = f"{named[key]}, {value.strip()}" if key in named else value.strip()
        return _Reply(start, code, named, rest)

    def _read(self) -> bytes | None:
        """Some bytes, empty at the end, None when the time is up."""
        if (left := self._until - time.monotonic()) <= 0:
            return None
        self._socket.settimeout(left)
        try:
            return self._socket.recv(MOST)
        except TimeoutError:
            return None
        except OSError:
            return b""

    def _connected(self) -> socket.socket:
        error: OSError | None = None
        for family, kind, protocol, _, where in _resolve(self._address, self._until):
            left = min(CONNECTING, self._until - time.monotonic())
            if left <= 0:
                break
            line = socket.socket(family, kind, protocol)
            try:
                line.settimeout(left)
                line.connect(where)
                return self._encrypted(line)
            except OSError as problem:
                line.close()
                error = problem
            except BaseException:
                line.close()
                raise
        raise _TroubleError(_unreached(error))

    def _encrypted(self, line: socket.socket) -> socket.socket:
        if not self._address.encrypted:
            return line
        import ssl

        # Cameras sign their certificates themselves; what is asked here opens the same way as the stream itself.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            return context.wrap_socket(line, server_hostname=self._address.host)
        except ssl.SSLError:
            raise _TroubleError(troubles.NO_TLS) from None


def _unreached(error: OSError | None) -> Trouble:
    if isinstance(error, ConnectionRefusedError):
        return troubles.REFUSED
    if isinstance(error, ConnectionResetError):
        return troubles.BROKEN_OFF
    if error is not None and error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN):
        return troubles.NO_ROUTE
    return troubles.NO_ANSWER


Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]]


def _resolve(address: Address, until: float) -> list[Found]:
    """The addresses of its host. A name server that is silent holds a thread for half a minute, but not us."""
    found: list[Found] = []
    problem: list[OSError] = []
    done = threading.Event()

    def look() -> None:
        try:
            found.extend(
                socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)  # type: ignore[arg-type]
            )
        except (OSError, UnicodeError) as error:
            problem.append(error if isinstance(error, OSError) else OSError(str(error)))
        done.set()

    threading.Thread(target=look, name="camera name", daemon=True).start()
    if not done.wait(max(0.0, until - time.monotonic())):
        raise _TroubleError(troubles.NO_DNS)
    if problem:
        again = isinstance(problem[0], socket.gaierror) and problem[0].errno == socket.EAI_AGAIN
        raise _TroubleError(troubles.NO_DNS if again else troubles.UNKNOWN_HOST)
    return found
