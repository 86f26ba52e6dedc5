"""The web server inside the hub's own event loop: listens where it is told, and nowhere else by accident."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn

from edge.facade import Hub
from web.app import create_app
from web.streams import Streams

GRACE: Final = 2  # seconds for answers under way when the hub stops; streams are ended at once


class ListenError(ValueError):
    """It cannot or may not listen there; the text says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the panel and the API are served.

    port 0 takes a free one. certificate, key: PEM files; with them it speaks TLS and nothing else.
    insecure_lan: serve an address other machines reach without TLS; passwords then cross the network in the clear.
    names: host names it may be called by, besides its addresses and the machine's own name.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    certificate: Path | None = None
    key: Path | None = None
    insecure_lan: bool = False
    names: tuple[str, ...] = ()

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return self.certificate is not None

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def check(self) -> None:
        """ListenError when these settings may not be served."""
        if (self.certificate is None) != (self.key is None):
            raise ListenError("TLS needs both a certificate and its key; give the one that is missing.")
        if not self.secure and not self.loopback and not self.insecure_lan:
            raise ListenError(
                f"{self.host}:{self.port} can be reached by other machines, and without TLS passwords would cross the "
                "network in the clear. Give a certificate and key, listen on 127.0.0.1, or say --insecure-lan."
            )


def parse_listen(text: str) -> tuple[str, int]:
    """(host, port) from `HOST:PORT` or `[IPv6]:PORT`; ListenError otherwise."""
    host, colon, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not bare or (":" in bare and bare == host) or not port.isdecimal() or int(port) > 65535:
        raise ListenError(f"{text!r} is no HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080.")
    return bare, int(port)


class _Embedded(uvicorn.Server):
    """uvicorn without signal handlers of its own: the hub decides when to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """The panel and API of one hub on one address."""

    def __init__(self, hub: Hub, listen: Listen) -> None:
        """Raise ListenError when `listen` may not be served."""
        listen.check()
        self._listen = listen
        self.app = create_app(hub, names=listen.names, secure=listen.secure)
        self._server: _Embedded | None = None
        self._task: asyncio.Task[None] | None = None
        self._port = listen.port

    @property
    def port(self) -> int:
        """The real port, also when 0 was asked for."""
        return self._port

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the panel."""
        host = self._listen.host
        host = "127.0.0.1" if host in {"0.0.0.0", ""} else "::1" if host == "::" else host  # noqa: S104 - read, not bound
        return (
            f"http{'s' if self._listen.secure else ''}://{f'[{host}]' if ':' in host else host}:{self.port}"
        )

    async def start(self) -> None:
        """Return when it listens. ListenError when the address is taken or the certificate cannot be read."""
        listen = self._listen
        config = uvicorn.Config(
            self.app,
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE,
            timeout_keep_alive=30,
            limit_concurrency=500,  # of the 1024 files a process may open, stores and drivers need theirs
            ssl_certfile=listen.certificate,
            ssl_keyfile=listen.key,
        )
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            raise ListenError(
                f"The certificate {listen.certificate} or its key {listen.key} is unusable: {error}."
            ) from error
        opened = _open(listen)
        self._port = opened.getsockname()[1]
        self._server = _Embedded(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[opened]), name="web-server")
        listening = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({listening, self._task}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if self._task.done():
            opened.close()
            self._task.result()

    async def stop(self) -> None:
        """End the streams, finish what is under way, and close the port; returns within a few seconds."""
        if self._server is None or self._task is None:
            return
        streams: Streams = self.app.state.streams
        streams.close()
        self._server.should_exit = True
        await self._task
        self._server = self._task = None


def _open(listen: Listen) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    # The protocol by name: only then does asyncio set TCP_NODELAY on what is accepted, without which every second event
    # of a stream waits up to 40 ms for the reader's delayed acknowledgement.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((listen.host, listen.port))
        opened.setblocking(False)
    except OSError as error:
        opened.close()
        raise ListenError(
            f"Cannot listen on {listen.host}:{listen.port}: {error.strerror or error}. Choose another address or port."
        ) from error
    return opened
