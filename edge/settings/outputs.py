"""[[output]] of a profile: what a device of this model can be told, and how that is proved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.domain.device import PointSpec
from edge.domain.lifecycle import VITAL
from edge.domain.output import CLOSE, START, STOP, ActSpec, OutputKind, OutputSpec, Tone
from edge.driver import DriverSchema
from edge.settings.document import checked, tables
from edge.settings.models import ActTable, OutputTable
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, nearest

_NEEDED = {
    OutputKind.DESK: tuple(tone.value for tone in Tone),
    OutputKind.VALVE: (CLOSE,),
    **dict.fromkeys(
        (OutputKind.SIREN, OutputKind.BROADCAST, OutputKind.BUZZER, OutputKind.FAN), (START, STOP)
    ),
}
"""Acts that an output of a kind must have, by these ids: the panel and the hub itself call them so."""

_GAS_QUANTITIES = frozenset({"combustible_gas", "co"})


def read_outputs(
    report: Report, sheet: Sheet, raw: object, points: Sequence[PointSpec], schema: DriverSchema | None
) -> list[OutputSpec]:
    """All outputs of a profile whose points are `points`."""
    outputs: dict[str, OutputSpec] = {}
    for path, item in tables(report, sheet, ("output",), raw):
        table = checked(report, sheet, path, item, OutputTable)
        acts = _acts(report, sheet, (*path, "act"), item.get("act"), schema)
        if schema is not None and schema.write is None:
            message = f"devices that speak {schema.dialect} are only listened to: they can have no output"
            report.add(sheet, path, "not_writable", message)
        if table is None:
            continue
        if table.id in outputs:
            report.add(sheet, (*path, "id"), "duplicate_id", f"output {table.id} is listed twice")
        name, kind = table.name.text(), OutputKind(table.kind)
        spec = OutputSpec(table.id, name, kind, tuple(acts), table.feedback, table.within, table.retries)
        _consistent(report, sheet, path, spec, points, table.on_detector)
        outputs[table.id] = spec
    return list(outputs.values())


def _acts(
    report: Report, sheet: Sheet, path: Path, raw: object, schema: DriverSchema | None
) -> list[ActSpec]:
    acts: dict[str, ActSpec] = {}
    for place, item in tables(report, sheet, path, raw):
        table = checked(report, sheet, place, item, ActTable)
        write: Any = None
        if schema is not None and schema.write is not None and isinstance(item.get("write"), dict):
            write = checked(report, sheet, (*place, "write"), item["write"], schema.write)
        if table is None:
            continue
        if table.id in acts:
            report.add(sheet, (*place, "id"), "duplicate_id", f"act {table.id} is listed twice")
        acts[table.id] = ActSpec(table.id, table.name.text(), write, table.confirm)
    return list(acts.values())


def _consistent(
    report: Report, sheet: Sheet, path: Path, spec: OutputSpec, points: Sequence[PointSpec], on_detector: bool
) -> None:
    _detector(report, sheet, path, points, on_detector)
    ids = [act.id for act in spec.acts]
    for needed in _NEEDED.get(spec.kind, ()):
        if needed not in ids:
            message = f"a {spec.kind.value} needs an act {needed!r}"
            report.add(sheet, (*path, "act"), "act", message)
    for index, act in enumerate(spec.acts):
        place = (*path, "act", index)
        if spec.kind is OutputKind.VALVE and act.id != CLOSE:
            message = "a valve is only ever closed from here; it is reopened by hand on site: no other act"
            report.add(sheet, (*place, "id"), "close_only", message, CLOSE)
        if act.confirm is not None and spec.feedback is None:
            message = "confirm is compared with the point that `feedback` names, which this output has not"
            report.add(sheet, (*place, "confirm"), "feedback", message)
        if act.confirm is None and spec.feedback is not None:
            message = "say which value of the feedback point proves that it was done"
            report.add(sheet, (*place, "confirm"), "missing_key", message)
    known = [point.id for point in points]
    if spec.feedback is not None and spec.feedback not in known:
        message = f"this profile has no point {spec.feedback!r}"
        report.add(sheet, (*path, "feedback"), "unknown_point", message, nearest(spec.feedback, known))
    if spec.feedback_fault.id in known:
        message = f"the hub itself keeps a point {spec.feedback_fault.id!r}: choose another id for the output"
        report.add(sheet, (*path, "id"), "reserved", message)


def _detector(
    report: Report, sheet: Sheet, path: Path, points: Sequence[PointSpec], on_detector: bool
) -> None:
    """What detects must not be switched by accident: an output beside it is meant in so many words, or refused."""
    detects = any(
        point.signal in VITAL or (point.quantity is not None and point.quantity.id in _GAS_QUANTITIES)
        for point in points
    )
    if detects and not on_detector:
        message = (
            "this device detects fire, gas or an SOS, and no output may silence or disable it; "
            "if this output is something else (a relay on the same module), say `on_detector = true`"
        )
        report.add(sheet, path, "detector", message)
    if on_detector and not detects:
        message = "this device detects neither fire nor gas nor an SOS: leave on_detector out"
        report.add(sheet, (*path, "on_detector"), "detector", message)
