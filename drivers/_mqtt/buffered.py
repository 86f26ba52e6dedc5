"""A socket that asks the kernel seldom: paho reads every packet in four small pieces and sends each PUBACK alone.

Reads fetch up to 64 KiB and are handed out from memory; `pending` tells how much is left, as an SSL socket does.
Writes are collected until `flush`, so that the PUBACKs of a whole commit leave in one packet.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from typing import Final

from drivers._mqtt.config import BrokerSettings, TlsSettings

CHUNK: Final = 64 * 1024
UNSENT_LIMIT: Final = 1024 * 1024  # beyond it the broker reads nothing any more and paho is told to wait
LINGER: Final = 0.5  # seconds
CONNECT_WITHIN: Final = 4.0  # seconds, for TCP and again for the TLS handshake
_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)  # Linux only


class BufferedSocket:
    """Wraps a connected socket; has just what paho asks of one. Errors are those of the socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._quickack = _QUICKACK if sock.family in {socket.AF_INET, socket.AF_INET6} else None
        self._tls = sock if isinstance(sock, ssl.SSLSocket) else None
        self._data = b""
        self._at = 0
        self._unsent = bytearray()

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes, from memory while there are any; b"" when the peer has closed."""
        at = self._at
        if at >= len(self._data):
            self._data = self._sock.recv(CHUNK)
            at = 0
            if self._quickack is not None:
                # Linux falls back to delayed acknowledgement by itself; together with a broker that uses Nagle's
                # algorithm it would hold every second message for 40 ms.
                self._sock.setsockopt(socket.IPPROTO_TCP, self._quickack, 1)
        taken = self._data[at : at + size]
        self._at = at + len(taken)
        return taken

    def pending(self) -> int:
        """Bytes that can be read without asking the kernel."""
        waiting = len(self._data) - self._at
        return waiting if self._tls is None else waiting + self._tls.pending()

    def send(self, data: bytes | bytearray) -> int:
        """Take `data` for the next `flush`; BlockingIOError while too much is unsent."""
        if len(self._unsent) > UNSENT_LIMIT:
            raise BlockingIOError
        self._unsent += data
        return len(data)

    @property
    def unsent(self) -> bool:
        """Whether `flush` has something to do."""
        return bool(self._unsent)

    def flush(self) -> None:
        """Send what the kernel takes now; the rest stays."""
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            while self._unsent:
                del self._unsent[: self._sock.send(self._unsent)]

    def close(self) -> None:
        """Send what is unsent (PUBACKs, DISCONNECT), wait shortly until the peer has taken it, close.

        Closing with unread bytes makes the kernel reset the connection, and the peer may then lose our last words.
        """
        with contextlib.suppress(OSError):
            self._sock.settimeout(LINGER)
            self._sock.sendall(self._unsent)
            self._sock.shutdown(socket.SHUT_WR)
            until = time.monotonic() + LINGER
            while self._sock.recv(CHUNK) and time.monotonic() < until:
                pass
        self._unsent.clear()
        self._sock.close()

    def fileno(self) -> int:
        """The file descriptor, for poll."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """As on a socket."""
        self._sock.setblocking(flag)


def tls_context(settings: TlsSettings) -> ssl.SSLContext:
    """OSError (ssl.SSLError is one) when a file is missing or no certificate."""
    context = ssl.create_default_context(cafile=settings.ca)
    if settings.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.certificate is not None:
        context.load_cert_chain(settings.certificate, settings.key)
    return context


def dial(broker: BrokerSettings, context: ssl.SSLContext | None) -> BufferedSocket:
    """A connection to the broker, encrypted with `context`. OSError when there is none; nothing stays open then."""
    sock = socket.create_connection(broker.address, timeout=CONNECT_WITHIN)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            sock = context.wrap_socket(sock, server_hostname=broker.host)
    except BaseException:
        sock.close()
        raise
    return BufferedSocket(sock)
