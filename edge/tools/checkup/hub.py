"""The running hub, as it says itself."""

from __future__ import annotations

import http.client
import json
import ssl
from pathlib import Path
from typing import Any, Final

from edge.tools.checkup.data import running
from edge.tools.checkup.machine import has_systemd
from edge.tools.checkup.report import Findings, Level

WITHIN: Final = 5.0  # seconds
_GRAVE: Final = frozenset({"journal"})  # checks without which nothing that happens is kept
_DEFAULTS: Final = Path("/etc/default/edge-hub")
_LISTEN: Final = "127.0.0.1:8080"


def hub(data: Path) -> Findings:
    """Whether it runs, and what it says at /healthz."""
    pid = running(data)
    if pid is None:
        start = "sudo systemctl start edge-hub" if has_systemd() else f"edge-hub run --site DIR --data {data}"
        yield Level.FAILED, "hub", f"none runs on {data}: {start}"
        return
    yield Level.OK, "hub", f"runs as process {pid}{_resident(pid)}"
    listen, encrypted = _address(pid)
    body = _asked(listen, encrypted=encrypted)
    status = body.get("status")
    level = {"armed": Level.OK, "degraded": Level.WARN}.get(str(status), Level.FAILED)
    yield level, "healthz", f"{status}, version {body.get('version')}, at {listen}"
    for name, check in body.get("checks", {}).items():
        if not check["ok"]:
            level = Level.FAILED if name in _GRAVE else Level.WARN
            yield level, name, f"since {check['since']}: {check['detail']['en']}"


def _asked(listen: str, *, encrypted: bool) -> dict[str, Any]:
    host, _, port = listen.rpartition(":")
    host = "127.0.0.1" if host in {"0.0.0.0", "", "[::]", "::"} else host.strip("[]")  # noqa: S104 - is not bound here
    connection: http.client.HTTPConnection
    if encrypted:
        # Who listens there is known by the process id; its certificate is looked at by itself.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, int(port), timeout=WITHIN, context=context)
    else:
        connection = http.client.HTTPConnection(host, int(port), timeout=WITHIN)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse().read(1 << 20)
    finally:
        connection.close()
    body = json.loads(answer)
    if not isinstance(body, dict):
        raise TypeError("/healthz answers no object")
    return body


def _address(pid: int) -> tuple[str, bool]:
    """(where the process listens, whether by TLS), from its command line; else as the installer wrote it."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        words = []
    listen = next((words[at + 1] for at, word in enumerate(words[:-1]) if word == "--listen"), None)
    listen = listen or next((word.partition("=")[2] for word in words if word.startswith("--listen=")), None)
    if words:
        return listen or _LISTEN, any(word.startswith("--tls-cert") for word in words)
    try:
        lines = _DEFAULTS.read_text("utf-8").splitlines()
    except OSError:
        lines = []
    written = next(
        (line.partition("=")[2].strip('"') for line in lines if line.startswith("EDGE_HUB_LISTEN=")), None
    )
    return written or _LISTEN, written is not None


def _resident(pid: int) -> str:
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return ""
    said = {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return f", {said.get('VmRSS', '?')} of memory, {said.get('Threads', '?')} threads"
