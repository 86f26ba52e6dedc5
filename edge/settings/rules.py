"""rules/*.toml: each [[rule]] with its levels, and whether the points it speaks of exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from edge.domain.device import LINK, Device, Point, Signal
from edge.domain.lifecycle import STUCK, UNCONFIRMED, VITAL
from edge.domain.quantity import QUANTITIES
from edge.domain.rule import AlarmRule, Hours, Level, Priority, Selector
from edge.domain.site import Zone
from edge.settings.devices import Devices
from edge.settings.document import checked, known_keys, read_sheet, tables
from edge.settings.models import AppliesTable, RuleTable, wall_time
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, nearest
from edge.settings.profiles import Library, fitting_unit

_LIFE_QUANTITIES = frozenset({"combustible_gas", "co"})
_RESERVED = frozenset({STUCK, UNCONFIRMED})  # the hub's own rules, which end in ways of their own


@dataclass(slots=True)
class Context:
    """What a rule may refer to."""

    library: Library
    zones: Mapping[str, Zone]
    devices: Devices


def read_rules(
    report: Report, files: Sequence[tuple[FilePath, str]], context: Context
) -> tuple[AlarmRule, ...]:
    """All rules of `files` (path, name for problems) in their order.

    A rule that names devices or a point must find them. One that selects by quantity, signal, category or zone may
    find none: it waits for the first such device.
    """
    reader = _Reader(report, context)
    for path, file in files:
        sheet = read_sheet(report, path, file)
        if sheet is not None:
            known_keys(report, sheet, ("rule",))
            for place, item in tables(report, sheet, ("rule",), sheet.data.get("rule")):
                reader.rule(sheet, place, item)
    return tuple(reader.rules)


def check_coverage(report: Report, rules: Sequence[AlarmRule], devices: Devices) -> None:
    """Report each point whose alarm is about life and that no rule looks at: the hub would be deaf to it.

    A rule for missing data does not count: it hears the silence, not the alarm.
    """
    hearing = [rule for rule in rules if rule.condition != "no_data"]
    for device in devices.devices.values():
        for spec in device.profile.points:
            about_life = spec.signal in VITAL or (
                spec.quantity is not None and spec.quantity.id in _LIFE_QUANTITIES
            )
            point = Point(f"{device.id}.{spec.id}", device, spec)
            if about_life and not any(rule.applies.fits(point) for rule in hearing):
                sheet, path = devices.places[device.id]
                report.add(
                    sheet, path, "no_rule", f"no rule looks at {point.id}: it could never raise an alarm"
                )


class _Reader:
    def __init__(self, report: Report, context: Context) -> None:
        self._report = report
        self._context = context
        self._places: dict[str, tuple[Sheet, Path]] = {}
        self.rules: list[AlarmRule] = []

    def rule(self, sheet: Sheet, path: Path, item: dict[str, Any]) -> None:
        """One [[rule]]. What it applies to is checked even where another key is faulty."""
        table = checked(self._report, sheet, path, item, RuleTable)
        self._unique_id(sheet, path, item.get("id"))
        try:
            applies = AppliesTable.model_validate(item.get("applies"))
        except ValidationError:
            applies = None  # reported with the whole table
        if applies is not None:
            self._applies(sheet, (*path, "applies"), applies)
        if table is None:
            return
        self._condition(sheet, path, table)
        quantity = QUANTITIES.get(table.applies.quantity or "")
        factor, offset = 1.0, 0.0
        if table.unit is not None:
            factor, offset = fitting_unit(self._report, sheet, (*path, "unit"), table.unit, quantity)
        self._levels(sheet, path, table, lambda limit: limit * factor + offset)
        self.rules.append(
            AlarmRule(
                id=table.id,
                applies=_selector(table.applies),
                condition=table.condition,
                levels=tuple(
                    Level(
                        None if level.limit is None else level.limit * factor + offset, Priority(level.priority),
                        level.title.text(), level.response.text(),
                    )
                    for level in table.level
                ),
                signal=Signal(table.signal),
                latch=table.latch,
                source=table.source,
                deadband=table.deadband * factor,
                on_delay=table.on_delay,
                off_delay=table.off_delay,
                hours=self._hours(sheet, path, table),
            )
        )  # fmt: skip

    def _unique_id(self, sheet: Sheet, path: Path, id: object) -> None:
        if not isinstance(id, str):
            return
        if id in _RESERVED:
            self._report.add(
                sheet, (*path, "id"), "reserved", f"`{id}` is a rule of the hub's own: choose another id"
            )
        if id in self._places:
            file, line = self._places[id][0].place(self._places[id][1])
            self._report.add(sheet, (*path, "id"), "duplicate_id", f"rule {id} is also at {file}:{line}")
        self._places.setdefault(id, (sheet, (*path, "id")))

    def _applies(self, sheet: Sheet, path: Path, applies: AppliesTable) -> None:
        library, devices = self._context.library, self._context.devices
        if not applies.model_fields_set:
            message = "says nothing: name a quantity, signal, category, point, devices, zone or watches"
            self._report.add(sheet, path, "value", message)
        categories = library.categories
        if applies.category is not None and applies.category not in categories:
            message = f"no profile has the category {applies.category!r}"
            close = nearest(applies.category, categories)
            self._report.add(sheet, (*path, "category"), "unknown_category", message, close)
        if applies.zone is not None and applies.zone not in self._context.zones:
            message = f"there is no zone {applies.zone!r} in site.toml"
            close = nearest(applies.zone, self._context.zones)
            self._report.add(sheet, (*path, "zone"), "unknown_zone", message, close)
        for index, id in enumerate(applies.devices or ()):
            there = (*path, "devices", index)
            if id not in devices.places:
                message = f"there is no device {id!r}"
                self._report.add(sheet, there, "unknown_device", message, nearest(id, devices.places))
            elif (device := devices.devices.get(id)) is not None:
                self._has_point(sheet, path, there, applies, device)
        point = applies.point
        known = library.points | {LINK.id}
        if applies.devices is None and point is not None and point not in known:
            message = f"no profile has a point {point!r}"
            self._report.add(sheet, (*path, "point"), "missing_point", message, nearest(point, known))

    def _has_point(
        self, sheet: Sheet, path: Path, there: Path, applies: AppliesTable, device: Device
    ) -> None:
        """A rule that names a device must find a point there."""
        ids = [spec.id for spec in device.profile.points] + [LINK.id]
        if applies.point is not None and applies.point not in ids:
            message = (
                f"{device.id} ({device.profile.id}) has no point {applies.point!r}; it has: {', '.join(ids)}"
            )
            close = nearest(applies.point, ids)
            self._report.add(sheet, (*path, "point"), "missing_point", message, close)
            return
        selector = Selector(
            quantity=applies.quantity,
            signal=None if applies.signal is None else Signal(applies.signal),
            category=applies.category,
            point=applies.point,
            watches=applies.watches,
        )
        if not any(selector.fits(Point("", device, spec)) for spec in (*device.profile.points, LINK)):
            message = f"{device.id} ({device.profile.id}) has no point that all of this fits"
            self._report.add(sheet, there, "missing_point", message)

    def _hours(self, sheet: Sheet, path: Path, table: RuleTable) -> Hours | None:
        """The hours of a limit that does not hold all day."""
        if table.hours is None:
            return None
        here = (*path, "hours")
        if {"from", "to"} - table.hours.keys():
            message = 'write hours = { from = "22:00", to = "06:00" }'
            self._report.add(sheet, here, "missing_key", message)
            return None
        if table.hours["from"] == table.hours["to"]:
            self._report.add(sheet, here, "hours", "a limit for the whole day needs no hours")
        if table.condition not in {"high", "low"}:
            message = "only a limit can hold at some hours; a state is told whenever it comes"
            self._report.add(sheet, here, "hours", message)
        if Signal(table.signal) in VITAL:
            self._report.add(sheet, here, "hours", "what is about life has no hours: it holds all day")
        return Hours(wall_time(table.hours["from"]), wall_time(table.hours["to"]))

    def _condition(self, sheet: Sheet, path: Path, table: RuleTable) -> None:
        applies = table.applies
        if table.condition in {"high", "low"} and applies.quantity is None:
            message = "a limit needs applies.quantity, which gives its unit"
            self._report.add(sheet, (*path, "condition"), "condition", message)
        if table.condition == "state" and applies.quantity is not None:
            message = "a quantity is no state: use high or low, or select by signal or point"
            self._report.add(sheet, (*path, "condition"), "condition", message)
        signal = Signal(table.signal)
        if signal in VITAL and not table.latch:
            message = f"{signal.value} is held until a person resets it (GB/T 45839-2025 5.4.2): latch = true"
            self._report.add(sheet, (*path, "latch"), "latch", message)
        if signal in VITAL and (seen := self._of_camera(_selector(applies))) is not None:
            message = (
                f"{seen} is a camera's, and what a camera sees is never {signal.value}: narrow `applies`"
            )
            self._report.add(sheet, (*path, "applies"), "category", message)
        if signal is Signal.FAULT and table.latch:
            message = "a fault ends by itself when it is repaired: latch = false"
            self._report.add(sheet, (*path, "latch"), "latch", message)

    def _of_camera(self, selector: Selector) -> str | None:
        """A point of a camera that it fits: none may raise an alarm about life (GB 50116-2013 4.1.6)."""
        return next((p.id for p in self._context.devices.camera_points() if selector.fits(p)), None)

    def _levels(
        self, sheet: Sheet, path: Path, table: RuleTable, canonical: Callable[[float], float]
    ) -> None:
        levels = table.level
        if table.condition == "state":
            self._state_levels(sheet, path, table)
            return
        limits: list[float] = []
        for index, level in enumerate(levels):
            if level.limit is not None:
                limits.append(level.limit)
            elif table.condition != "no_data" or len(levels) > 1:
                self._report.add(sheet, (*path, "level", index, "limit"), "missing_key", "is missing")
        if len(limits) < len(levels):
            return
        rising = table.condition != "low"
        for index, (milder, graver) in enumerate(pairwise(limits), start=1):
            if (graver <= milder) if rising else (graver >= milder):
                way = "higher" if rising else "lower"
                message = f"levels go from mild to severe: {graver:g} should be {way} than {milder:g}"
                self._report.add(sheet, (*path, "level", index, "limit"), "levels", message)
        for index, (level, graver_level) in enumerate(pairwise(levels), start=1):
            if Priority(graver_level.priority).rank > Priority(level.priority).rank:
                message = (
                    f"a graver level cannot be less urgent ({graver_level.priority} after {level.priority})"
                )
                self._report.add(sheet, (*path, "level", index, "priority"), "levels", message)
        self._within_range(sheet, path, table, canonical)
        self._deadband(sheet, path, table, limits)

    def _state_levels(self, sheet: Sheet, path: Path, table: RuleTable) -> None:
        if len(table.level) > 1:
            self._report.add(sheet, (*path, "level", 1), "levels", "a state has one level")
        if table.level[0].limit is not None:
            self._report.add(sheet, (*path, "level", 0, "limit"), "levels", "a state has no limit")
        if table.deadband:
            self._report.add(sheet, (*path, "deadband"), "deadband", "a state has no deadband")

    def _within_range(
        self, sheet: Sheet, path: Path, table: RuleTable, canonical: Callable[[float], float]
    ) -> None:
        quantity = QUANTITIES.get(table.applies.quantity or "")
        for index, level in enumerate(table.level):
            there = (*path, "level", index, "limit")
            if table.condition == "no_data":
                if level.limit is not None and level.limit <= 0:
                    self._report.add(sheet, there, "range", "should be seconds above 0")
            elif quantity is not None and level.limit is not None:
                value = canonical(level.limit)
                if not quantity.low <= value <= quantity.high:
                    span = f"{quantity.low:g} to {quantity.high:g} {quantity.unit}"
                    message = f"{value:g} {quantity.unit} cannot be reached: {quantity.id} is {span}"
                    self._report.add(sheet, there, "range", message)

    def _deadband(self, sheet: Sheet, path: Path, table: RuleTable, limits: Sequence[float]) -> None:
        gap = min((abs(b - a) for a, b in pairwise(limits)), default=None)
        if table.deadband < 0:
            self._report.add(sheet, (*path, "deadband"), "deadband", "should not be negative")
        elif gap and table.deadband > gap:
            message = f"{table.deadband:g} is wider than the gap of {gap:g} between two levels"
            self._report.add(sheet, (*path, "deadband"), "deadband", message)


def _selector(applies: AppliesTable) -> Selector:
    return Selector(
        applies.quantity, None if applies.signal is None else Signal(applies.signal), applies.category, applies.point,
        tuple(applies.devices or ()), applies.zone, applies.watches,
    )  # fmt: skip
