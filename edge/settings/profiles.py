"""Device profiles: those shipped in `config/profiles`, and the site's own, which come first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from edge.domain.camera import CATEGORY
from edge.domain.device import LINK, DeviceProfile, PointSpec, Signal
from edge.domain.lifecycle import VITAL
from edge.domain.names import is_id
from edge.domain.quantity import QUANTITIES, Quantity, UnitError
from edge.driver import DriverSchema
from edge.resources import config_root
from edge.settings.document import Siblings, checked, read_sheet, tables
from edge.settings.models import PointTable, ProfileTable
from edge.settings.outputs import read_outputs
from edge.settings.positions import Path
from edge.settings.problems import Problem, Report, SettingsError, Sheet, nearest

DAY_SECONDS = 86400


@dataclass(slots=True)
class Library:
    """All profiles a site can use. categories, points: every one that some file names, even a faulty file.

    ids also holds the profiles that could not be read, so that they are not called unknown as well.
    """

    profiles: dict[str, DeviceProfile] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)
    points: set[str] = field(default_factory=set)

    def missing(self, report: Report, sheet: Sheet, path: Path, id: str) -> None:
        """Report the profile `id`, asked for at `path`, if there is none."""
        if id not in self.ids:
            report.add(sheet, path, "unknown_profile", f"there is no profile {id!r}", nearest(id, self.ids))


def read_library(report: Report, schemas: Mapping[str, DriverSchema], own: FilePath | None) -> Library:
    """The shipped profiles and those in the folder `own`; one of the same name replaces the shipped one.

    A shipped profile whose driver is not among `schemas` is left out.
    """
    library = Library()
    for path, file in _files(own):
        id = path.stem
        if id in library.ids:
            continue
        sheet = read_sheet(report, path, file)
        shipped = own is None or path.parent != own
        if sheet is None:
            library.ids.add(id)
            continue
        _note_words(library, sheet)
        if not shipped or sheet.data.get("dialect") in schemas:
            library.ids.add(id)
            profile = _profile(report, sheet, id, schemas)
            if profile is not None:
                library.profiles[id] = profile
    return library


def load_profile(
    id: str, schemas: Mapping[str, DriverSchema], directory: FilePath | None = None
) -> DeviceProfile:
    """The profile `id` from the folder `directory` or those shipped; SettingsError when it is faulty or unknown."""
    report = Report()
    for path, file in _files(directory):
        if path.stem == id:
            sheet = read_sheet(report, path, file)
            profile = None if sheet is None else _profile(report, sheet, id, schemas)
            if profile is None or report.problems():
                raise SettingsError(report.problems())
            return profile
    close = nearest(id, [path.stem for path, _ in _files(directory)])
    raise SettingsError(
        [Problem(f"profiles/{id}.toml", 1, "", "unknown_profile", f"there is no profile {id!r}", close)]
    )


def _files(own: FilePath | None) -> Iterator[tuple[FilePath, str]]:
    """(path, name for problems), the site's own before the shipped ones."""
    if own is not None:
        yield from ((path, f"profiles/{path.name}") for path in sorted(own.glob("*.toml")))
    yield from ((path, str(path)) for path in sorted((config_root() / "profiles").glob("*.toml")))


def _note_words(library: Library, sheet: Sheet) -> None:
    if isinstance(category := sheet.data.get("category"), str):
        library.categories.add(category)
    points = sheet.data.get("point")
    for point in points if isinstance(points, list) else ():
        if isinstance(point, dict) and isinstance(id := point.get("id"), str):
            library.points.add(id)


def _profile(
    report: Report, sheet: Sheet, id: str, schemas: Mapping[str, DriverSchema]
) -> DeviceProfile | None:
    if not is_id(id):
        message = "the file's name is the profile's id: lower-case letters, digits and hyphens, as in maker-model.toml"
        report.add(sheet, (), "id", message)
    raw = dict(sheet.data)
    points_raw, outputs_raw = raw.pop("point", None), raw.pop("output", None)
    table = checked(report, sheet, (), raw, ProfileTable, Siblings(("point", "output")))
    schema = _schema(report, sheet, raw.get("dialect"), schemas)
    read = None
    if schema is not None:
        read = checked(report, sheet, ("read",), _table(raw.get("read")), schema.profile)
    if not points_raw:
        report.add(sheet, ("point",), "missing_key", "a profile needs at least one [[point]]")
    points = _points(report, sheet, points_raw, schema)
    outputs = read_outputs(report, sheet, outputs_raw, points, schema)
    if table is not None and table.id not in {None, id}:
        report.add(sheet, ("id",), "id", f"the file's name makes the profile's id {id!r}", id)
    if table is None or schema is None or read is None:
        return None
    if any(p.signal in {Signal.FIRE, Signal.GAS} for p in points) and not 0 < table.expect <= DAY_SECONDS:
        message = (
            "a fire or gas detector must be missed within a day (GB/T 45839-2025 5.5.2): 1 to 86400 seconds"
        )
        report.add(sheet, ("expect",), "expect", message)
    if schema.sees and table.category != CATEGORY:
        # By this word cameras are left out of what confirms a fire (GB 50116-2013 4.1.6).
        message = f"what speaks {table.dialect} is a camera, and a camera's category is {CATEGORY!r}"
        report.add(sheet, ("category",), "category", message, CATEGORY)
    if table.category == CATEGORY and (vital := next((p for p in points if p.signal in VITAL), None)):
        message = f"what a camera sees is a suspicion: {vital.id} can be supervisory, never {vital.signal}"
        report.add(sheet, ("category",), "category", message)
    return DeviceProfile(
        id, table.maker, table.model, table.category, table.dialect, tuple(points), table.source, table.expect,
        table.name.text(), table.confirmed, table.rate, read,
        outputs=tuple(outputs),
    )  # fmt: skip


def _schema(
    report: Report, sheet: Sheet, dialect: object, schemas: Mapping[str, DriverSchema]
) -> DriverSchema | None:
    if not isinstance(dialect, str):
        return None
    if dialect not in schemas:
        report.add(
            sheet,
            ("dialect",),
            "unknown_dialect",
            f"there is no dialect {dialect!r}",
            nearest(dialect, schemas),
        )
    return schemas.get(dialect)


def _points(report: Report, sheet: Sheet, raw: object, schema: DriverSchema | None) -> list[PointSpec]:
    points: dict[str, PointSpec] = {}
    for path, item in tables(report, sheet, ("point",), raw):
        table = checked(report, sheet, path, item, PointTable)
        read = None
        if schema is not None:
            read = checked(report, sheet, (*path, "read"), _table(item.get("read")), schema.point)
        if table is None:
            continue
        _consistent(report, sheet, path, table)
        if table.id == LINK.id:
            report.add(
                sheet,
                (*path, "id"),
                "reserved",
                "every device has a point `link` of its own: choose another id",
            )
        if table.id in points:
            report.add(sheet, (*path, "id"), "duplicate_id", f"point {table.id} is listed twice")
        points[table.id] = PointSpec(
            table.id, table.name.text(), QUANTITIES.get(table.quantity or ""),
            None if table.signal is None else Signal(table.signal), table.unit, table.scale, table.offset, table.invert,
            table.report, table.hold, table.rearm, table.field or table.id, read,
            table.longest,
        )  # fmt: skip
    return list(points.values())


def _table(value: object) -> dict[str, Any]:
    """`read` is optional; another type than a table is reported by the model around it."""
    return value if isinstance(value, dict) else {}


def _consistent(report: Report, sheet: Sheet, path: Path, table: PointTable) -> None:
    if table.quantity is not None and table.signal is not None:
        message = "a point has a quantity (it measures) or a signal (it is a state), not both"
        report.add(sheet, (*path, "signal"), "point", message)
    if table.unit is not None:
        fitting_unit(report, sheet, (*path, "unit"), table.unit, QUANTITIES.get(table.quantity or ""))
    if table.scale == 0:
        report.add(sheet, (*path, "scale"), "value", "a scale of 0 would make every value the same")
    for key, wrong in (("invert", table.invert), ("report", table.report == "momentary")):
        if wrong and table.signal is None:
            report.add(sheet, (*path, key), "point", f"{key} is for states: the point has no signal")


def fitting_unit(
    report: Report, sheet: Sheet, path: Path, unit: str, quantity: Quantity | None
) -> tuple[float, float]:
    """(factor, offset) from `unit` to the quantity's own; a unit that does not fit is reported."""
    if quantity is None:
        report.add(sheet, path, "unit", f"{unit!r}: only a point with a quantity has a unit")
        return (1.0, 0.0)
    try:
        return quantity.conversion(unit)
    except UnitError as error:
        report.add(sheet, path, "unit", str(error), nearest(unit, [quantity.unit, *quantity.units]))
        return (1.0, 0.0)
