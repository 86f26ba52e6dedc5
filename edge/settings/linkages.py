"""linkage/*.toml: each [[linkage]], and whether what it may switch exists and may be switched there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from edge.domain.device import Signal
from edge.domain.lifecycle import VITAL
from edge.domain.output import (
    SAME,
    STOP,
    Do,
    Linkage,
    Output,
    OutputKind,
    When,
    barred,
    gas_zones,
    outputs_of,
)
from edge.domain.rule import AlarmRule
from edge.domain.site import Zone
from edge.domain.zones import within
from edge.settings.devices import Devices
from edge.settings.document import checked, known_keys, read_sheet, tables
from edge.settings.models import DoTable, LinkageTable, WhenTable
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, nearest
from edge.settings.profiles import Library

_WORDS = {
    "gas_zone": "gas may be there: a linkage may only close a gas valve or switch what is marked ex_proof",
    "close_only": "a valve is only ever closed from here",
}


_LOUD = frozenset({OutputKind.SIREN, OutputKind.BROADCAST})
"""They call everybody out."""


@dataclass(slots=True)
class Context:
    """What a linkage may refer to."""

    library: Library
    zones: Mapping[str, Zone]
    devices: Devices
    rules: Sequence[AlarmRule]


def read_linkages(report: Report, folder: FilePath, context: Context) -> tuple[Linkage, ...]:
    """All linkages of the site; a site without the folder has none."""
    reader = _Reader(report, context)
    for path in sorted(folder.glob("*.toml")):
        sheet = read_sheet(report, path, f"{folder.name}/{path.name}")
        if sheet is not None:
            known_keys(report, sheet, ("linkage",))
            for place, item in tables(report, sheet, ("linkage",), sheet.data.get("linkage")):
                reader.linkage(sheet, place, item)
    return tuple(reader.linkages)


class _Reader:
    def __init__(self, report: Report, context: Context) -> None:
        self._report = report
        self._context = context
        devices = context.devices.devices.values()
        self._outputs = outputs_of(devices, {})
        self._gas = gas_zones(devices)
        self._places: dict[str, tuple[Sheet, Path]] = {}
        self.linkages: list[Linkage] = []

    def linkage(self, sheet: Sheet, path: Path, item: dict[str, Any]) -> None:
        """One [[linkage]]."""
        table = checked(self._report, sheet, path, item, LinkageTable)
        if table is None:
            return
        if table.id in self._places:
            first, there = self._places[table.id]
            file, line = first.place(there)
            message = f"linkage {table.id} is also at {file}:{line}"
            self._report.add(sheet, (*path, "id"), "duplicate_id", message)
        self._places.setdefault(table.id, (sheet, (*path, "id")))
        self._when(sheet, (*path, "when"), table.when)
        do = [
            self._do(sheet, (*path, "do", index), one, table.when.zone) for index, one in enumerate(table.do)
        ]
        raw = table.when
        when = When(Signal(raw.signal), raw.stage, raw.zone, raw.category, raw.rule, raw.level)
        self._no_camera_calls_everybody(sheet, path, when, do)
        self.linkages.append(Linkage(table.id, table.name.text(), when, tuple(do), table.source))

    def _when(self, sheet: Sheet, path: Path, when: WhenTable) -> None:
        if when.stage == 2 and Signal(when.signal) not in VITAL:
            message = "stage 2 is for fire, gas and sos: only these are verified"
            self._report.add(sheet, (*path, "stage"), "stage", message)
        self._known(sheet, (*path, "zone"), "unknown_zone", when.zone, self._context.zones)
        self._known(
            sheet, (*path, "category"), "unknown_category", when.category, self._context.library.categories
        )
        rules = {rule.id: rule for rule in self._context.rules}
        self._known(sheet, (*path, "rule"), "unknown_rule", when.rule, rules)
        rule = rules.get(when.rule or "")
        if rule is not None and rule.signal.value != when.signal:
            message = f"the rule {rule.id} is about {rule.signal.value}"
            self._report.add(sheet, (*path, "signal"), "signal", message, rule.signal.value)
        deepest = max((len(r.levels) for r in (rules.values() if rule is None else (rule,))), default=1)
        if when.level > deepest:
            message = f"no such rule has a level {when.level}: the highest is {deepest}"
            self._report.add(sheet, (*path, "level"), "value", message)

    def _no_camera_calls_everybody(self, sheet: Sheet, path: Path, when: When, do: Sequence[Do]) -> None:
        loud = [index for index, one in enumerate(do) if self._kind(one) in _LOUD]
        seen = self._of_camera(when) if loud else None
        for index in loud if seen is not None else ():
            message = f"{seen} is a camera's: what it sees calls nobody out until a person has judged it; narrow `when`"
            self._report.add(sheet, (*path, "do", index), "category", message)

    def _kind(self, do: Do) -> OutputKind | None:
        output = self._outputs.get(do.output or "")
        return do.kind if output is None else output.kind

    def _of_camera(self, when: When) -> str | None:
        """A point of a camera whose alarm would meet it."""
        rules = [
            rule
            for rule in self._context.rules
            if rule.signal is when.signal
            and rule.signal not in VITAL  # of which no camera tells: the rule itself is refused
            and when.rule in {None, rule.id}
            and len(rule.levels) >= when.level
        ]
        for point in self._context.devices.camera_points():
            here = within(point.device.zone, when.zone or "")
            meant = when.category in {None, point.device.profile.category}
            if here and meant and any(rule.applies.fits(point) for rule in rules):
                return point.id
        return None

    def _do(self, sheet: Sheet, path: Path, do: DoTable, alarm_zone: str | None) -> Do:
        if (do.device is None) is not (do.output is None) or (do.kind is None) is not (do.zone is None):
            message = "name one output by `device` and `output`, or several by `kind` and `zone`"
            self._report.add(sheet, path, "value", message)
        elif (do.device is None) is (do.kind is None):
            message = "name one output by `device` and `output`, or several by `kind` and `zone`, not both"
            self._report.add(sheet, path, "value", message)
        elif do.device is not None:
            self._one(sheet, path, do)
        else:
            self._several(sheet, path, do, alarm_zone)
        output = None if do.device is None else f"{do.device}.{do.output}"
        return Do(do.act, output, None if do.kind is None else OutputKind(do.kind), do.zone)

    def _one(self, sheet: Sheet, path: Path, do: DoTable) -> None:
        devices = self._context.devices.devices
        device = devices.get(do.device or "")
        if device is None:
            # a device whose own table is faulty is reported there
            if do.device not in self._context.devices.places:
                self._known(sheet, (*path, "device"), "unknown_device", do.device, devices)
            return
        specs = {spec.id: spec for spec in device.profile.outputs}
        self._known(sheet, (*path, "output"), "unknown_output", do.output, specs)
        if do.output in specs:
            self._allowed(sheet, path, do, [self._outputs[f"{do.device}.{do.output}"]])

    def _several(self, sheet: Sheet, path: Path, do: DoTable, alarm_zone: str | None) -> None:
        if do.zone != SAME:
            self._known(sheet, (*path, "zone"), "unknown_zone", do.zone, self._context.zones)
        place = alarm_zone if do.zone == SAME else do.zone
        meant = [
            output
            for output in self._outputs.values()
            if output.kind == do.kind and within(output.device.zone, place or "")
        ]
        if not meant:
            where = "the site" if place is None else place
            message = f"there is no {do.kind} in {where}: this would start nothing"
            self._report.add(sheet, path, "unknown_output", message)
        self._allowed(sheet, path, do, meant)

    def _allowed(self, sheet: Sheet, path: Path, do: DoTable, outputs: Sequence[Output]) -> None:
        """The act exists, is no stop, and may be done where these outputs are."""
        place = (*path, "act")
        if do.act in {STOP, "off"}:
            message = "a linkage starts, it never stops: that is for a person"
            self._report.add(sheet, place, "stops", message)
        for output in outputs:
            if output.kind is OutputKind.DESK:
                message = f"{output.id} follows the alarms by itself"
                self._report.add(sheet, path, "automatic", message)
            elif output.spec.act(do.act) is None:
                known = [act.id for act in output.spec.acts]
                message = f"{output.id} knows no act {do.act!r}"
                self._report.add(sheet, place, "unknown_act", message, nearest(do.act, known))
            elif (barrier := barred(output, do.act, self._gas)) is not None:
                message = f"{output.id} in {output.device.zone}: {_WORDS[barrier]}"
                self._report.add(sheet, path, barrier, message)

    def _known(self, sheet: Sheet, path: Path, code: str, word: str | None, right: Iterable[str]) -> None:
        if word is not None and word not in right:
            what = code.removeprefix("unknown_")
            self._report.add(sheet, path, code, f"there is no {what} {word!r}", nearest(word, right))
