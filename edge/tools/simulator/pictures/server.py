"""Drawn cameras over HTTP: `/<camera>` is an endless MJPEG as network cameras send it, `/<camera>.jpg` one picture."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import cv2

from edge.tools.simulator.pictures.screen import Screen

BOUNDARY: Final = "picture"
PATIENCE: Final = 10.0  # seconds a client may take to read a picture before it is dropped


class PictureServer:
    """Serves screens on the loopback address. port: 0 for a free one. OSError when the port is taken."""

    def __init__(self, screens: Mapping[str, Screen], port: int = 0) -> None:
        cv2.setNumThreads(1)  # pictures are small: more threads only cost
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.screens = screens
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="pictures")

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def url(self, camera: str) -> str:
        """The address of a camera's pictures."""
        return f"http://127.0.0.1:{self.port}/{camera}"

    def start(self) -> None:
        """Serve, in threads of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Let all clients go; returns when its threads have ended."""
        self._server.hang_up()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    screens: Mapping[str, Screen]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is nobody's error."""

    def hang_up(self) -> None:
        """End what clients wait for."""
        self.closing.set()
        with self._lock:
            for request in self._open:
                with contextlib.suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE
    server_version = "edge-hub-pictures"

    def do_GET(self) -> None:
        """Pictures, or one."""
        name, _, ending = self.path.strip("/").partition(".")
        screen = self.server.screens.get(name)
        if screen is None or ending not in {"", "jpg"}:
            self.send_error(404, f"cameras here: {', '.join(sorted(self.server.screens))}")
            return
        number, jpeg = screen.next(-1)
        self.send_response(200)
        if ending:
            self.send_header("Content-Type", "image/jpeg")
            self.send_header("Content-Length", str(len(jpeg)))
            self.end_headers()
            self.wfile.write(jpeg)
            return
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        while not self.server.closing.is_set():
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")
            number, jpeg = screen.next(number)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Nothing: the hub has a log."""
