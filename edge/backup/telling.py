"""What is said of one backup, its copies and its rehearsal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.domain.names import Text


def together(problems: Mapping[str, Text]) -> Text:
    """What several targets say, in one sentence."""
    return Text(
        ";".join(f"{id}:{what.zh}" for id, what in problems.items()),
        "; ".join(f"{id}: {what.en}" for id, what in problems.items()),
    )


def of_the_journal(made: Mapping[str, Any]) -> Text | None:
    """What is wrong with a backup that was made all the same."""
    if made["problems"]:
        first = made["problems"][0]
        return Text(f"日志校验不通过({first})", f"the journal does not verify ({first})")
    if made["missing"]:
        missing = ", ".join(made["missing"])
        return Text(f"缺少:{missing}", f"without its {missing}")
    return None


def came_back(came: Mapping[str, Any]) -> Text:
    """What a rehearsal brought back."""
    facts, readings, alarms, cases = (came[key] for key in ("facts", "readings", "alarms", "cases"))
    return Text(
        f"还原 {facts} 条记录、{readings} 条读数,未结报警 {alarms} 条、未结事项 {cases} 项与备份一致",
        f"{facts} facts and {readings} readings came back; {alarms} open alarms and {cases} open cases agree",
    )
