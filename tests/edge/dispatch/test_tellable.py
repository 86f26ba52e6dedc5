"""What a policy may tell of is what the hub's parts really say."""

from __future__ import annotations

from pathlib import Path

import edge
from edge.dispatch.tellable import KINDS, TELLABLE
from edge.resources import config_root


def test_each_kind_is_a_fact_that_some_part_makes() -> None:
    own = {"tellable.py"}
    source = "\n".join(
        path.read_text("utf-8") for path in Path(edge.__file__).parent.rglob("*.py") if path.name not in own
    )
    assert not [kind for kind in sorted(KINDS) if f'"{kind}"' not in source]


def test_each_one_the_documentation_names_is_known() -> None:
    text = (config_root() / "README.md").read_text("utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| `[[policy.tell]]`"))
    named = set(row.split("`")[1::2]) - {"[[policy.tell]]", "on", "-", ".", "_", "[overdue]"}
    assert named <= TELLABLE
    assert {"confirmed", "order-overdue", "hazard-overdue-3"} <= named
