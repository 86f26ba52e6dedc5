"""[[uplink]]: the data centres that get every stored reading."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from edge.domain.site import Uplink
from edge.settings.document import checked, tables
from edge.settings.models import Bilingual, Id, Table, Words
from edge.settings.problems import Report, Sheet
from edge.settings.sources import HUB, Sources


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("write an address as https://influx.example:8086, without name, password, ? and #")
    return text.rstrip("/")


class UplinkTable(Table):
    """One [[uplink]]."""

    id: Id
    kind: Literal["influxdb"]
    name: Bilingual
    url: Annotated[str, AfterValidator(_address)]
    org: Words
    bucket: Words
    token_file: Words | None = None
    ca: Words | None = None
    retention_days: int = Field(0, ge=0, le=36500)
    batch: int = Field(1000, ge=1, le=5000)
    interval: float = Field(10.0, ge=0.1, le=3600)
    compress: bool = True
    timeout: float = Field(10.0, ge=1, le=60)


def read_uplinks(report: Report, sheet: Sheet, sources: Sources) -> tuple[Uplink, ...]:
    """All uplinks of site.toml. Their ids are those of built-in devices, as the sources' ids are."""
    found: list[Uplink] = []
    for path, item in tables(report, sheet, ("uplink",), sheet.data.get("uplink")):
        table = checked(report, sheet, path, item, UplinkTable)
        id = item.get("id")
        if id == HUB:
            report.add(sheet, (*path, "id"), "reserved", "`hub` is the hub itself: choose another id")
        elif isinstance(id, str) and id in sources.places:
            there, place = sources.places[id]
            file, line = there.place(place)
            report.add(sheet, (*path, "id"), "duplicate_id", f"id {id!r} is also at {file}:{line}")
        elif isinstance(id, str):
            sources.places[id] = (sheet, (*path, "id"))
        if table is not None:
            found.append(_uplink(table, sheet.path.parent))
    return tuple(found)


def _uplink(table: UplinkTable, base: FilePath) -> Uplink:
    return Uplink(
        id=table.id,
        kind=table.kind,
        name=table.name.text(),
        url=table.url,
        org=table.org,
        bucket=table.bucket,
        token_file=None if table.token_file is None else base / table.token_file,
        ca=None if table.ca is None else base / table.ca,
        retention_days=table.retention_days,
        batch=table.batch,
        interval=table.interval,
        compress=table.compress,
        timeout=table.timeout,
    )
