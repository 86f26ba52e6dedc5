"""Cameras to order: drawn pictures over MJPEG (here) and RTSP (`rtsp_server.py`), which break on command.

    with MjpegRig() as rig:            # or RtspRig(), where `rtsp_missing()` is None
        ... rig.url ...
        rig.fault("freeze")            # one of rig.FAULTS; its value is the state a camera's child is to name
        rig.heal()

Whatever was done, `heal()` makes the same address work again.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, Final, Protocol, Self

import cv2
import numpy as np

from tests.drivers.camera.relay import Relay

FPS: Final = 10
PYTHON: Final = "/usr/bin/python3"  # Debian's: it alone has GStreamer's bindings
SERVER: Final = Path(__file__).with_name("rtsp_server.py")
_NEEDS: Final = ("rtph264pay", "x264enc", "openjpegenc", "rtpj2kpay")
_BOUNDARY: Final = "edge"


class Rig(Protocol):
    """A camera that breaks on command. FAULTS: fault -> the state it is to be named by."""

    FAULTS: Mapping[str, str]
    url: str
    username: str | None
    password: str | None

    def fault(self, name: str) -> None: ...
    def heal(self) -> None: ...
    def close(self) -> None: ...


@functools.cache
def drawn(width: int = 640, height: int = 360, count: int = 20) -> tuple[bytes, ...]:
    """JPEGs of a yard: walls, a lamp, something that moves, and a sensor's noise."""
    noise = np.random.default_rng(5)
    yard = np.full((height, width, 3), 90, np.uint8)
    cv2.rectangle(yard, (0, height // 2), (width, height), (70, 80, 75), -1)
    for x in range(0, width, 80):
        cv2.rectangle(yard, (x + 10, 40), (x + 50, 120), (150, 140, 120), -1)
    pictures = []
    for number in range(count):
        picture = yard.copy()
        cv2.circle(picture, (40 + number * (width - 80) // count, height * 2 // 3), 20, (40, 60, 160), -1)
        noisy = picture.astype(np.int16) + noise.integers(-5, 6, picture.shape, np.int16)
        coded = cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8))[1]
        pictures.append(coded.tobytes())
    return tuple(pictures)


@functools.cache
def _black() -> bytes:
    return cv2.imencode(".jpg", np.zeros((360, 640, 3), np.uint8))[1].tobytes()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 32

    def __init__(self, port: int, rig: MjpegRig) -> None:
        self.rig = rig
        self.taken: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request, client_address) -> None:
        self.taken.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request) -> None:
        self.taken.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        """Break off every connection."""
        for connection in tuple(self.taken):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address) -> None:
        """A client that went away is none."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        rig = self.server.rig
        if rig.mode == "stall":
            rig.wait(lambda: rig.mode != "stall", 60)
            return
        if rig.mode == "missing" or self.path != "/live":
            self.send_error(404)
            return
        if rig.mode == "password" or not self._known():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()
            return
        self.send_response(200)
        kind = "text/html" if rig.mode == "page" else f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        self.send_header("Content-Type", kind)
        self.end_headers()
        if rig.mode == "page":
            self.wfile.write(b"<html>log in</html>")
            return
        with contextlib.suppress(OSError):
            self._stream(rig)

    def _known(self) -> bool:
        rig = self.server.rig
        if rig.username is None:
            return True
        told = self.headers.get("Authorization", "").removeprefix("Basic ")
        return base64.b64decode(told) == f"{rig.username}:{rig.password}".encode()

    def _stream(self, rig: MjpegRig) -> None:
        generation = rig.generation
        number = 0
        while rig.generation == generation:
            mode = rig.mode
            if mode != "stall":
                number += mode != "freeze"
                self._part(rig.picture(number))
            pause = 2.0 if mode == "slow" else 1 / FPS
            rig.wait(lambda mode=mode: rig.mode != mode or rig.generation != generation, pause)

    def _part(self, picture: bytes) -> None:
        head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
        self.wfile.write(head.encode() + picture + b"\r\n")


class MjpegRig:
    """An MJPEG camera in threads of this process."""

    FAULTS: ClassVar[Mapping[str, str]] = {
        "freeze": "frozen",
        "stall": "lost",
        "garbage": "wrong-codec",
        "size": "ok",
        "slow": "low-rate",
        "kill": "refused",
        "password": "wrong-password",
        "missing": "no-stream",
        "page": "no-stream",
        "black": "blackout",
    }
    _CUT: ClassVar = ("password", "missing", "page")  # a camera that is set anew restarts its service

    def __init__(self, username: str | None = None, password: str | None = None) -> None:
        self.username, self.password = username, password
        self.mode = "live"
        self.generation = 0
        self._changed = threading.Condition()
        self._noise = np.random.default_rng(7).bytes(20_000)
        drawn()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._listen(0)
        assert self._server is not None
        self._port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self._port}/live"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fault(self, name: str) -> None:
        """Break so, now."""
        if name not in self.FAULTS:
            raise ValueError(f"no fault of this rig: {name}")
        self._turn(name)
        if name == "kill":
            self._silence()
        elif name in self._CUT and self._server is not None:
            self._server.cut()

    def heal(self) -> None:
        """Work again, at the same address."""
        before = self.mode
        self._turn("live")
        if self._server is None:
            self._listen(self._port)
        elif before == "stall":
            self._server.cut()  # a camera that hung is started again

    def close(self) -> None:
        """End for good."""
        self._turn("live")
        self._silence()

    def picture(self, number: int) -> bytes:
        """What it sends now."""
        if self.mode == "garbage":
            return self._noise
        if self.mode == "black":
            return _black()
        pictures = drawn(480, 360) if self.mode == "size" else drawn()
        return pictures[number % len(pictures)]

    def wait(self, done, seconds: float) -> None:
        """Until `done()`, or so many seconds."""
        with self._changed:
            self._changed.wait_for(done, seconds)

    def _turn(self, mode: str) -> None:
        with self._changed:
            self.mode = mode
            self._changed.notify_all()

    def _listen(self, port: int) -> None:
        self._server = _Server(port, self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def _silence(self) -> None:
        if self._server is None or self._thread is None:
            return
        with self._changed:
            self.generation += 1
            self._changed.notify_all()
        self._server.shutdown()
        self._server.socket.close()
        self._server.cut()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None


@functools.cache
def rtsp_missing() -> str | None:
    """Why no RTSP camera can be made on this machine; None when it can."""
    if not Path(PYTHON).exists():
        return f"no {PYTHON} here"
    probe = (
        "import gi; gi.require_version('Gst','1.0'); gi.require_version('GstRtspServer','1.0');"
        "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
        f"print([name for name in {_NEEDS!r} if not Gst.ElementFactory.find(name)])"
    )
    done = subprocess.run([PYTHON, "-c", probe], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return "no RTSP server of GStreamer here (gir1.2-gst-rtsp-server-1.0, python3-gi)"
    return None if done.stdout.strip() == "[]" else f"GStreamer lacks {done.stdout.strip()}"


class RtspRig:
    """An RTSP camera: a GStreamer server in a process of its own, behind a relay that can garble what it sends."""

    FAULTS: ClassVar[Mapping[str, str]] = {
        "freeze": "frozen",
        "stall": "lost",
        "silent": "lost",
        "garbage": "lost",
        "size": "ok",
        "slow": "low-rate",
        "kill": "refused",
        "missing": "no-stream",
        "codec": "wrong-codec",
        "black": "blackout",
    }

    def __init__(self, username: str | None = None, password: str | None = None, codec: str = "h264") -> None:
        if (why := rtsp_missing()) is not None:
            raise RuntimeError(why)
        self.username, self.password = username, password
        self._codec = codec
        self._fault = ""
        self._server: subprocess.Popen[str] | None = None
        self._port = _free_port()
        self._relay = Relay(self._port)
        self.url = f"rtsp://127.0.0.1:{self._relay.port}/live"
        self._start(codec)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fault(self, name: str) -> None:
        """Break so, now."""
        if name not in self.FAULTS:
            raise ValueError(f"no fault of this rig: {name}")
        self._fault = name
        assert self._server is not None
        if name == "stall":
            self._server.send_signal(signal.SIGSTOP)
        elif name == "kill":
            self._relay.refuse()
            self._stop()
        elif name == "garbage":
            self._relay.garble(on=True)
        elif name in ("codec", "missing"):
            self._stop()
            self._start(
                "j2k" if name == "codec" else self._codec, path="/live" if name == "codec" else "/main"
            )
        elif name == "size":
            self._stop()
            self._start(self._codec, size="480x360")
        else:
            self._say(name)

    def heal(self) -> None:
        """Work again, at the same address."""
        fault, self._fault = self._fault, ""
        assert self._server is not None
        if fault == "stall":
            self._server.send_signal(signal.SIGCONT)
        elif fault == "garbage":
            self._relay.garble(on=False)
        elif fault in ("kill", "codec", "missing", "size"):
            self._stop()
            self._start(self._codec)
            self._relay.accept()
        else:
            self._say("live")

    def close(self) -> None:
        """End for good."""
        self._stop()
        self._relay.close()

    def _start(self, codec: str, *, path: str = "/live", size: str = "640x360") -> None:
        command = [PYTHON, str(SERVER), str(self._port), "--codec", codec, "--path", path, "--size", size]
        if self.username is not None:
            command += ["--user", self.username, "--password", self.password or ""]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        self._server = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        assert self._server.stdout is not None
        if self._server.stdout.readline() != "ready\n":
            raise RuntimeError("the RTSP server did not start")

    def _stop(self) -> None:
        server = self._server
        if server is None or server.poll() is not None:
            return
        server.kill()
        server.wait()
        for pipe in (server.stdin, server.stdout):
            if pipe is not None:
                pipe.close()

    def _say(self, word: str) -> None:
        assert self._server is not None
        assert self._server.stdin is not None
        self._server.stdin.write(f"{word}\n")
        self._server.stdin.flush()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
