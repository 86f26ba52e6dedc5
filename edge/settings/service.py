"""service/*.toml: each [[target]], a time by which the service is measured in the monthly report."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Final

from pydantic import Field

from edge.domain.device import Signal
from edge.domain.rule import Priority
from edge.domain.service import Measure, ServiceTarget
from edge.resources import config_root
from edge.settings.document import checked, known_keys, read_sheet, tables
from edge.settings.models import Bilingual, Id, PriorityName, SignalName, Table, Words
from edge.settings.problems import Report

SERVICE_FOLDER: Final = "service"


class TargetTable(Table):
    """One [[target]]. seconds: within which; percent: of the cases that are to keep it."""

    id: Id
    measure: Measure
    title: Bilingual
    seconds: float = Field(gt=0)
    percent: float = Field(gt=0, le=100)
    source: Words
    signals: list[SignalName] = Field(default_factory=list)
    priorities: list[PriorityName] = Field(default_factory=list)


def read_service(report: Report, site_dir: FilePath) -> tuple[ServiceTarget, ...]:
    """All targets in the order of the files; a site without a folder `service` has those shipped."""
    own = site_dir / SERVICE_FOLDER
    folder = own if own.is_dir() else config_root() / SERVICE_FOLDER
    found: dict[str, ServiceTarget] = {}
    for path in sorted(folder.glob("*.toml")):
        sheet = read_sheet(report, path, f"{SERVICE_FOLDER}/{path.name}" if folder == own else str(path))
        if sheet is None:
            continue
        known_keys(report, sheet, ("target",))
        for place, item in tables(report, sheet, ("target",), sheet.data.get("target")):
            table = checked(report, sheet, place, item, TargetTable)
            if table is None:
                continue
            if table.id in found:
                report.add(sheet, (*place, "id"), "duplicate_id", f"there are two targets {table.id}")
            if table.signals and table.measure != "ack":
                message = "only alarms have a signal: it goes with the measure ack"
                report.add(sheet, (*place, "signals"), "value", message)
            found.setdefault(table.id, _target(table))
    return tuple(found.values())


def _target(table: TargetTable) -> ServiceTarget:
    return ServiceTarget(
        id=table.id,
        measure=table.measure,
        title=table.title.text(),
        within=table.seconds,
        share=table.percent / 100,
        source=table.source,
        signals=tuple(Signal(signal) for signal in table.signals),
        priorities=tuple(Priority(priority) for priority in table.priorities),
    )
