"""A real InfluxDB for the tests of the dashboard: Debian's, which answers the same InfluxQL as version 2 does."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.edge.store.influx.servers import free_port

PROGRAM = shutil.which("influxd")
WHY_NOT = "no influxd here: sh deploy/test.sh installs Debian's influxdb where apt has it"
DATABASE = "readings"

_CONFIGURATION = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
query-log-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
[monitor]
store-enabled = false
"""


@dataclass(frozen=True, slots=True)
class Series:
    """Of an answer. rows: values in the order of `columns`, the time in ms."""

    name: str
    tags: dict[str, str]
    columns: list[str]
    rows: list[list[Any]]


class InfluxDB:
    """A server on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        port = free_port()
        self._url = f"http://127.0.0.1:{port}"
        folder.mkdir(parents=True)
        (folder / "conf").write_text(_CONFIGURATION.format(folder=folder, port=port, rpc=free_port()))

    def __enter__(self) -> Self:
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(PROGRAM), "-config", str(self._folder / "conf")], stdout=log, stderr=log
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                self._ask("/ping", None)
                break
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    self.__exit__()
                    raise AssertionError(f"influxd does not start; see {self._folder / 'log'}") from None
                time.sleep(0.05)
        self._ask(f"/query?{urllib.parse.urlencode({'q': f'CREATE DATABASE {DATABASE}'})}", b"")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(30)

    def write(self, lines: Iterable[str]) -> None:
        """Line protocol with times in µs; refuses as a whole what one line has wrong."""
        self._ask(f"/write?db={DATABASE}&precision=u", "\n".join(lines).encode())

    def query(self, text: str) -> list[Series]:
        """AssertionError says what the server did not understand."""
        where = urllib.parse.urlencode({"db": DATABASE, "epoch": "ms", "q": text})
        answer = json.loads(self._ask(f"/query?{where}", None))
        result = answer["results"][0]
        assert "error" not in result, f"{result.get('error')}: {text}"
        return [
            Series(found["name"], found.get("tags", {}), found["columns"], found["values"])
            for found in result.get("series", [])
        ]

    def _ask(self, path: str, body: bytes | None) -> bytes:
        try:
            with urllib.request.urlopen(f"{self._url}{path}", data=body, timeout=30) as answer:  # noqa: S310 - http
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{path}: {error.read().decode(errors='replace')}") from None
