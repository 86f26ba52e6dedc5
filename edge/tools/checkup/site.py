"""The site's folder and what it names: brokers, serial ports, certificates. Opens no port of a bus."""

from __future__ import annotations

import os
import socket
import ssl
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from edge.dialects import schemas
from edge.domain.site import Site
from edge.machine.certificates import AUTHORITY, Wanted
from edge.machine.making import certificates_of
from edge.settings import SettingsError, load_site, review_site
from edge.tools.checkup.machine import certificate
from edge.tools.checkup.report import Findings, Level

WITHIN: Final = 3.0  # seconds for one connection


def configuration(folder: Path) -> Findings:
    """As `edge-hub check`."""
    if not folder.is_dir():
        yield Level.FAILED, "site", f"there is no site folder {folder}: give it with --site"
        return
    if not (folder / "site.toml").exists():
        next(folder.iterdir(), None)  # says why, where it cannot be read
        yield Level.FAILED, "site", f"there is no site.toml in {folder}: give --site"
        return
    errors, warnings = review_site(folder, schemas(), date.today())  # noqa: DTZ011 - the day on this machine's wall
    for problem in errors:
        yield Level.FAILED, "configuration", str(problem)
    for problem in warnings:
        yield Level.WARN, "configuration", str(problem)
    if not errors:
        yield Level.OK, "configuration", f"{folder}: in order, {len(warnings)} warnings"


def read(folder: Path) -> Site | None:
    """The site, None when it cannot be loaded (`configuration` says why)."""
    try:
        return load_site(folder, schemas())
    except (SettingsError, OSError, ValueError):
        return None


def brokers(site: Site) -> Findings:
    """Whether each can be reached; nobody signs in."""
    asked: set[tuple[str, int]] = set()
    for settings in (
        *(getattr(connection.settings, "broker", None) for connection in site.connections),
        *(outlet.settings for outlet in site.outlets),
    ):
        if settings is None or settings.address in asked:
            continue
        asked.add(settings.address)
        host, port = settings.address
        yield _reached("broker", host, port, settings.tls)
    for uplink in site.uplinks:
        there = urlsplit(uplink.url)
        port = there.port or (443 if there.scheme == "https" else 80)
        level, name, text = _reached(uplink.id, there.hostname or "", port, None)
        yield (Level.WARN if level is Level.FAILED else level), name, text
    if not asked:
        yield Level.INFO, "broker", "the site names none"


def _reached(name: str, host: str, port: int, tls: Any) -> tuple[Level, str, str]:
    where = f"{host}:{port}"
    try:
        with socket.create_connection((host, port), WITHIN) as link:
            if tls is None:
                return Level.OK, name, f"{where} answers"
            context = ssl.create_default_context(cafile=tls.ca)
            if tls.insecure:
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(link, server_hostname=host) as secure:
                return Level.OK, name, f"{where} answers, {secure.version()}, its certificate is trusted"
    except ssl.SSLCertVerificationError as error:
        return Level.FAILED, name, f"{where}: its certificate is not trusted: {error.verify_message}"
    except OSError as error:
        return Level.FAILED, name, f"{where} cannot be reached: {error}"


def serial_ports(site: Site | None) -> Findings:
    """Whether the ports of the buses are there and may be used."""
    there = sorted(str(path) for path in Path("/dev/serial/by-id").glob("*"))
    yield Level.INFO, "plugged in", ", ".join(there) or "no USB converter"
    for connection in () if site is None else site.connections:
        line = getattr(connection.settings, "line", connection.settings)
        port = getattr(getattr(line, "port", None) and line, "port", None)
        if connection.kind != "serial" or not isinstance(port, str):
            continue
        if port.startswith("socket://"):
            parts = urlsplit(port)
            yield _reached(connection.id, parts.hostname or "", parts.port or 0, None)
        elif not Path(port).exists():
            yield Level.FAILED, connection.id, f"{port} is not there: is the converter plugged in?"
        elif not os.access(port, os.R_OK | os.W_OK):
            yield Level.WARN, connection.id, f"{port} is there; this user may not use it (group dialout)"
        else:
            yield Level.OK, connection.id, f"{port} is there"


def certificates(folder: Path, site: Site | None) -> Findings:
    """How long each is good."""
    panel = folder / "tls" / "server.crt"
    authority = AUTHORITY if AUTHORITY.exists() else None
    wanted = [] if site is None else certificates_of(site, None, authority)
    if panel.exists():
        wanted.append(Wanted("panel", file=panel))
    if authority is not None and site is None:
        wanted.append(Wanted("ca", file=authority))
    for one in wanted:
        where = str(one.file) if one.file else "{}:{}".format(*(one.server or ("", 0)))
        yield from certificate(f"{one.name} {where}", one)
    if not wanted:
        yield Level.INFO, "certificates", "none is used"
