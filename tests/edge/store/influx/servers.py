"""Data centres for the tests: Debian's VictoriaMetrics for real, and a stand-in for what only InfluxDB answers."""

from __future__ import annotations

import gzip
import json
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

PROGRAM = shutil.which("victoria-metrics")
WHY_NOT = "no victoria-metrics here: sh deploy/test.sh installs it where apt is there"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class VictoriaMetrics:
    """A real server on a folder of its own; its port stays the same over restarts."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self.end(signal.SIGKILL)

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(PROGRAM),
                    f"-storageDataPath={self._folder / 'data'}",
                    f"-httpListenAddr=127.0.0.1:{self._port}",
                    "-retentionPeriod=100y",
                    "-memory.allowedBytes=128MB",
                    *self._options,
                ],
                stdout=log,
                stderr=log,
            )
        self.wait()

    def wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=1) as answer:  # noqa: S310 - http
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("victoria-metrics does not start; see " + str(self._folder / "log"))

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(30)
        self._process = None

    def export(self, match: str = '{__name__!=""}') -> Iterator[tuple[dict[str, str], int, float]]:
        """(labels, ms, value) of every stored sample, duplicates included."""
        query = urllib.parse.urlencode({"match[]": match, "start": "0", "end": str(2**32)})
        with urllib.request.urlopen(f"{self.url}/api/v1/export?{query}", timeout=60) as answer:  # noqa: S310 - http
            for line in answer:
                series = json.loads(line)
                for at, value in zip(series["timestamps"], series["values"], strict=True):
                    yield series["metric"], at, value

    def snapshot(self) -> None:
        """Makes it write what it holds in memory to its disk."""
        urllib.request.urlopen(f"{self.url}/snapshot/create", timeout=30).close()  # noqa: S310 - http

    def flush(self) -> None:
        urllib.request.urlopen(f"{self.url}/internal/force_flush", timeout=30).close()  # noqa: S310 - http


class Request:
    """What the stand-in was asked. lines: those of a write, unpacked."""

    def __init__(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        parts = urlsplit(handler.path)
        self.method = handler.command
        self.path = parts.path
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.headers = {key.lower(): value for key, value in handler.headers.items()}
        self.body = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
        self.lines = self.body.decode().split("\n") if self.path == "/api/v2/write" else []


CUT = "X-Cut"  # a reply with this header is the last on its connection, which nobody is told
Reply = tuple[int, dict[str, str], bytes]


def said(status: int, message: str = "", **headers: str) -> Reply:
    """InfluxDB's way of saying no."""
    return (
        status,
        {"Content-Type": "application/json", **headers},
        json.dumps({"code": "x", "message": message}).encode(),
    )


class StandIn:
    """An HTTP server that answers as it is told. answer: request -> reply; None closes the connection without one."""

    def __init__(self, answer: Callable[[Request], Reply | None]) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self.there: Counter[str] = Counter()  # lines taken
        self.cut = threading.Event()  # a connection was
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                request = Request(self, self.rfile.read(length))
                stand_in.requests.append(request)
                reply = stand_in.answer(request)
                if reply is None:
                    self.close_connection = True
                    return
                status, headers, body = reply
                if status == 204:
                    stand_in.there.update(request.lines)
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(body)
                if CUT in headers:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    stand_in.cut.set()

            do_GET = do_POST = _do  # noqa: N815 - the names http.server looks for

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def lines(self) -> list[str]:
        """Of readings, without the hub's own marks."""
        return [line for line in self.there if not line.startswith("edgehub_uplink")]


def takes_all(_request: Request) -> Reply:
    return 204, {}, b""
