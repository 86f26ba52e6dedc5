"""[[mqtt]] with its [[mqtt.listen]], [[serial]], [[nut]], [[camera]]: where messages come from; `local.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, get_args

from pydantic import BaseModel, Field

from edge.domain.output import smells
from edge.domain.site import Connection, Outlet
from edge.driver import DriverSchema
from edge.settings.document import Siblings, checked, known_keys, models_in, read_sheet, tables
from edge.settings.models import Id, OutletTable, SourceTable, Table, Words
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, nearest
from edge.settings.profiles import Library

LOCAL_FILE = "local.toml"
HUB = "hub"
"""Id of the built-in device that stands for the hub itself; neither a source nor a device may have it."""


class BrokerId(Table):
    """What [[mqtt]] has for itself; the rest is the MQTT driver's."""

    id: Id


class LocalBroker(Table):
    """[mqtt.<broker id>] of local.toml."""

    host: Words | None = None
    port: int | None = None
    username: str | None = None
    password_file: Words | None = None


class LocalBus(Table):
    """[serial.<bus id>] of local.toml."""

    port: Words | None = None


class LocalServer(Table):
    """[nut.<server id>] of local.toml."""

    host: Words | None = None
    port: int | None = None
    username: str | None = None
    password_file: Words | None = None


class LocalCamera(Table):
    """[camera.<source id>] of local.toml. dwell: of all zones of this camera."""

    url: Words | None = None
    username: str | None = None
    password_file: Words | None = None
    dwell: float | None = None


class LocalFile(Table):
    """local.toml: what differs between the machines that run the same site."""

    mqtt: dict[str, LocalBroker] = Field(default_factory=dict)
    serial: dict[str, LocalBus] = Field(default_factory=dict)
    nut: dict[str, LocalServer] = Field(default_factory=dict)
    camera: dict[str, LocalCamera] = Field(default_factory=dict)


@dataclass(slots=True)
class Sources:
    """connections, outlets: those without fault. dialects, places: of each source by its id, faulty ones too.

    A source's or outlet's id is also that of the built-in device which stands for its link.
    """

    connections: list[Connection] = field(default_factory=list)
    outlets: list[Outlet] = field(default_factory=list)
    dialects: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[Sheet, Path]] = field(default_factory=dict)


def read_sources(
    report: Report, sheet: Sheet, schemas: Mapping[str, DriverSchema], library: Library
) -> Sources:
    """All sources of site.toml, with the keys that local.toml replaces."""
    _apply_local(report, sheet)
    reader = _Reader(report, sheet, schemas, library)
    brokers: dict[str, Path] = {}
    for path, item in tables(report, sheet, ("mqtt",), sheet.data.get("mqtt")):
        reader.unique(brokers, path, item.get("id"))
        reader.broker(path, item)
    ports: dict[str, Path] = {}
    for path, item in tables(report, sheet, ("serial",), sheet.data.get("serial")):
        reader.unique(ports, path, item.get("port"), "port", "duplicate_address")
        reader.source(path, item, "serial", None)
    for kind in ("nut", "camera"):
        for path, item in tables(report, sheet, (kind,), sheet.data.get(kind)):
            reader.source(path, item, kind, None)
    return reader.sources


class _Reader:
    def __init__(
        self, report: Report, sheet: Sheet, schemas: Mapping[str, DriverSchema], library: Library
    ) -> None:
        self._report = report
        self._sheet = sheet
        self._schemas = schemas
        self._library = library
        self._ids: dict[str, Path] = {}  # where the source of each id is
        self.sources = Sources()

    def broker(self, path: Path, item: dict[str, Any]) -> None:
        """One [[mqtt]]: its own keys are checked once for each kind of listener, all alike."""
        listen, publish = (*path, "listen"), (*path, "publish")
        if not item.get("listen") and not item.get("publish"):
            message = "a broker needs at least one [[mqtt.listen]] or [[mqtt.publish]]"
            self._report.add(self._sheet, listen, "missing_key", message)
        siblings = Siblings(("id", "listen", "publish"))
        parent = _Parent(path, item, siblings)
        for there, source in tables(self._report, self._sheet, listen, item.get("listen")):
            self.source(there, source, "mqtt", parent)
        for there, outlet in tables(self._report, self._sheet, publish, item.get("publish")):
            self.outlet(there, outlet, parent)
        checked(self._report, self._sheet, path, _only(item, BrokerId), BrokerId, siblings)

    def source(self, path: Path, item: dict[str, Any], kind: str, parent: _Parent | None) -> None:
        """One source: the keys that every source has, then those of its dialect."""
        report, sheet = self._report, self._sheet
        schema = self._schema(path, item.get("dialect"), kind)
        siblings = Siblings(tuple(SourceTable.model_fields))
        settings = around = None
        if schema is not None:
            own = self._own(item, schema.connection, siblings.keys)
            settings = checked(report, sheet, path, own, schema.connection, siblings)
            if parent is not None:
                around = self._around(schema, parent)
        table = checked(report, sheet, path, _only(item, SourceTable), SourceTable, siblings)
        self._adopting(path, item)
        self._named(path, item)
        if isinstance(id := item.get("id"), str) and isinstance(dialect := item.get("dialect"), str):
            self.sources.dialects[id] = dialect
            self.sources.places.setdefault(id, (sheet, (*path, "id")))
        if table is None or schema is None or settings is None:
            return
        if schema.parent is not None and around is None:
            return
        combined = schema.combine(around, settings) if schema.combine is not None else settings
        self.sources.connections.append(
            Connection(table.id, kind, table.dialect, table.name.text(), combined)
        )

    def outlet(self, path: Path, item: dict[str, Any], parent: _Parent) -> None:
        """One [[mqtt.publish]]."""
        schema = next((s for s in self._schemas.values() if s.kind == "mqtt" and s.parent is not None), None)
        around = None if schema is None else self._around(schema, parent)
        table = checked(self._report, self._sheet, path, item, OutletTable)
        self._named(path, item)
        if isinstance(id := item.get("id"), str):
            self.sources.places.setdefault(id, (self._sheet, (*path, "id")))
        if table is not None and around is not None:
            prefix = table.prefix or f"edge-hub/{_site(self._sheet)}"
            self.sources.outlets.append(Outlet(table.id, table.name.text(), prefix, around))

    def _around(self, schema: DriverSchema, parent: _Parent) -> Any:
        """The broker's table as the driver's model, None when it has none or it is faulty."""
        if schema.parent is None:
            return None
        own = self._own(parent.item, schema.parent, parent.siblings.keys)
        return checked(self._report, self._sheet, parent.path, own, schema.parent, parent.siblings)

    def _named(self, path: Path, item: dict[str, Any]) -> None:
        self.unique(self._ids, path, item.get("id"))
        if item.get("id") == HUB:
            message = "`hub` is the hub itself: choose another id"
            self._report.add(self._sheet, (*path, "id"), "reserved", message)

    def unique(
        self, seen: dict[str, Path], path: Path, value: object, key: str = "id", code: str = "duplicate_id"
    ) -> None:
        """Report a second table with the same `key`, naming the first."""
        if not isinstance(value, str):
            return
        if value in seen:
            file, line = self._sheet.place((*seen[value], key))
            self._report.add(self._sheet, (*path, key), code, f"{key} {value!r} is also at {file}:{line}")
        seen.setdefault(value, path)

    def _schema(self, path: Path, dialect: object, kind: str) -> DriverSchema | None:
        if not isinstance(dialect, str):
            return None
        fitting = {name: schema for name, schema in self._schemas.items() if schema.kind == kind}
        if dialect not in fitting:
            message = f"no dialect {dialect!r} can be heard over [[{kind}]]; there are: {', '.join(sorted(fitting))}"
            self._report.add(
                self._sheet, (*path, "dialect"), "unknown_dialect", message, nearest(dialect, fitting)
            )
        return fitting.get(dialect)

    def _own(self, item: dict[str, Any], model: type[BaseModel], shared: tuple[str, ...]) -> dict[str, Any]:
        """The driver's share of a table."""
        share = {key: value for key, value in item.items() if key not in shared or key in model.model_fields}
        return _absolute(share, model, self._sheet.path.parent)

    def _adopting(self, path: Path, value: object) -> None:
        """Whatever the dialect: a key `profile` in a source names a profile (of devices it may adopt)."""
        if isinstance(value, dict):
            for key, inner in value.items():
                if key == "profile" and isinstance(inner, str):
                    self._library.missing(self._report, self._sheet, (*path, key), inner)
                    self._placeless(path, inner)
                self._adopting((*path, key), inner)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                self._adopting((*path, index), inner)

    def _placeless(self, path: Path, profile: str) -> None:
        """A detector of gas that is adopted stands nowhere: nothing would be barred where it smells gas."""
        known = self._library.profiles.get(profile)
        if known is not None and smells(known):
            message = f"devices of {profile} detect gas or CO and need a zone: write each as a [[device]]"
            self._report.add(self._sheet, (*path, "profile"), "gas_zone", message)


@dataclass(slots=True)
class _Parent:
    path: Path
    item: dict[str, Any]
    siblings: Siblings


def _site(sheet: Sheet) -> str:
    """Its id; whether it is one is said elsewhere."""
    table = sheet.data.get("site")
    return str(table.get("id", "")) if isinstance(table, dict) else ""


def _only(item: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key in model.model_fields}


def _absolute(table: dict[str, Any], model: type[BaseModel], base: FilePath) -> dict[str, Any]:
    """Paths of a table, those fields of its model that are a pathlib.Path, relative to the site's folder."""
    made = dict(table)
    for name, info in model.model_fields.items():
        key = info.alias or name
        value = table.get(key)
        if isinstance(value, str) and value and _is_path(info.annotation):
            made[key] = base / value
        elif isinstance(value, dict):
            for inner in models_in(info.annotation):
                made[key] = _absolute(value, inner, base)
    return made


def _is_path(annotation: object) -> bool:
    return annotation is FilePath or any(map(_is_path, get_args(annotation)))


def _apply_local(report: Report, sheet: Sheet) -> None:
    """Replace values in `sheet` by those of local.toml beside it; problems there are reported there."""
    path = sheet.path.parent / LOCAL_FILE
    if not path.exists():
        return
    local = read_sheet(report, path, LOCAL_FILE)
    if local is None:
        return
    known_keys(report, local, tuple(LocalFile.model_fields))
    table = checked(report, local, (), _only(local.data, LocalFile), LocalFile)
    if table is None:
        return
    for kind, changes in table.model_dump(exclude_unset=True).items():
        found = {item["id"]: (place, item) for place, item in tables(Report(), sheet, (kind,), sheet.data.get(kind))
                 if isinstance(item.get("id"), str)}  # fmt: skip
        for id, values in changes.items():
            if id not in found:
                message = f"site.toml has no [[{kind}]] with the id {id!r}"
                report.add(local, (kind, id), "unknown_bus", message, nearest(id, found))
                continue
            place, item = found[id]
            dwell = values.pop("dwell", None)
            for key, value in values.items():
                item[key] = value
                sheet.moved[(*place, key)] = (local, (kind, id, key))
            if dwell is not None:
                for there, zone in tables(Report(), sheet, (*place, "zone"), item.get("zone")):
                    zone["dwell"] = dwell
                    sheet.moved[(*there, "dwell")] = (local, (kind, id, "dwell"))
