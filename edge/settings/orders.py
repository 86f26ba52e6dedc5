"""orders.toml: each [[order-rule]], by which a work order opens itself."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path as FilePath
from typing import Literal

from pydantic import Field

from edge.domain.device import Signal
from edge.domain.order import NO_WORDS, OrderRule
from edge.domain.rule import Priority
from edge.resources import config_root
from edge.settings.document import checked, known_keys, read_sheet, tables
from edge.settings.models import Bilingual, Id, PriorityName, SignalName, Table, Words
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, choice, nearest

ORDERS_FILE = "orders.toml"
HOUR = 3600.0


class OrderRuleTable(Table):
    """One [[order-rule]]. on: "raised" an alarm came, "fault" a person judged it to be a fault of the device.

    due_hours: hours until the work is to be done. Empty selectors fit everything; the first rule that fits is taken.
    """

    id: Id
    on: Literal["raised", "fault"]
    skill: Id
    title: Bilingual
    source: Words
    task: Bilingual | None = None
    rules: list[str] = Field(default_factory=list)
    signals: list[SignalName] = Field(default_factory=list)
    categories: list[str] = Field(default_factory=list)
    due_hours: float | None = Field(None, gt=0)
    priority: PriorityName | None = None
    needs_photos: bool = False


def read_order_rules(
    report: Report,
    site_dir: FilePath,
    rules: Collection[str],
    categories: Collection[str],
    skills: Collection[str] | None = None,
) -> tuple[OrderRule, ...]:
    """All rules in their order; a site without `orders.toml` has those shipped.

    rules: ids of the site's alarm rules; categories: of its profiles; skills: of its people, None where it has none.
    The site's own file may name no others; one shipped may, as the site may have alarm rules of its own.
    """
    own = site_dir / ORDERS_FILE
    shipped = not own.is_file()
    path = config_root() / ORDERS_FILE if shipped else own
    sheet = read_sheet(report, path, str(path) if shipped else ORDERS_FILE)
    if sheet is None:
        return ()
    known_keys(report, sheet, ("order-rule",))
    found: dict[str, OrderRule] = {}
    for place, item in tables(report, sheet, ("order-rule",), sheet.data.get("order-rule")):
        table = checked(report, sheet, place, item, OrderRuleTable)
        if table is None:
            continue
        if table.id in found:
            report.add(sheet, (*place, "id"), "duplicate_id", f"there are two order rules {table.id}")
        if not shipped:
            there = (*place, "rules")
            _known(report, sheet, there, table.rules, rules, "unknown_rule", "there is no alarm rule")
            there = (*place, "categories")
            message = "no profile has the category"
            _known(report, sheet, there, table.categories, categories, "unknown_category", message)
            if skills is not None and table.skill not in skills:
                message = f"nobody in people.toml has the skill {table.skill!r}{choice(skills)}"
                close = nearest(table.skill, skills)
                report.add(sheet, (*place, "skill"), "unknown_skill", message, close)
        found.setdefault(table.id, _rule(table))
    return tuple(found.values())


def _known(
    report: Report,
    sheet: Sheet,
    path: Path,
    named: list[str],
    known: Collection[str],
    code: str,
    message: str,
) -> None:
    for index, name in enumerate(named):
        if name not in known:
            report.add(sheet, (*path, index), code, f"{message} {name!r}", nearest(name, known))


def _rule(table: OrderRuleTable) -> OrderRule:
    return OrderRule(
        id=table.id,
        on=table.on,
        skill=table.skill,
        title=table.title.text(),
        source=table.source,
        task=NO_WORDS if table.task is None else table.task.text(),
        rules=tuple(table.rules),
        signals=tuple(Signal(signal) for signal in table.signals),
        categories=tuple(table.categories),
        priority=None if table.priority is None else Priority(table.priority),
        needs_photos=table.needs_photos,
        due=None if table.due_hours is None else table.due_hours * HOUR,
    )
