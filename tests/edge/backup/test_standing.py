"""What the health check says of backups."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.backup.standing import Standing, check
from edge.domain.backup import Rehearsal
from edge.domain.instant import DAY, HOUR, MINUTE, SECOND
from edge.domain.names import Text

NOW = 1000 * DAY
PASSED = Rehearsal(NOW - 3 * DAY, ok=True, detail=Text("", ""))
FINE = Standing(True, NOW - 5 * HOUR, PASSED, {}, None, own_disk=False, certain=True)
WHY = Text("连接不上", "nothing answers")


def test_all_is_well() -> None:
    ok, said = check(FINE, NOW)
    assert ok
    assert said == Text(
        "上次备份在5小时前;3天前演练还原成功", "Last backup 5 h ago; brought back in a rehearsal 3 days ago"
    )


@pytest.mark.parametrize(
    ("known", "ok", "said"),
    [
        (replace(FINE, planned=False), True, "No backups are set up"),
        (replace(FINE, newest=None, rehearsal=None), True, "No backup yet"),
        (replace(FINE, newest=None, rehearsal=None, trouble=WHY), False, "nothing answers; No backup yet"),
        (replace(FINE, newest=NOW - 2 * DAY - HOUR), False, "Last backup 2 days ago"),
        (replace(FINE, newest=NOW - 2 * DAY), True, "Last backup 2 days ago"),
        (replace(FINE, trouble=WHY), True, "nothing answers; Last backup 5 h ago"),
        (replace(FINE, newest=NOW - 7 * MINUTE), True, "Last backup 7 min ago"),
        (replace(FINE, newest=NOW - 5 * SECOND), True, "Last backup just now"),
        (replace(FINE, rehearsal=None), True, "not rehearsed yet"),
        (replace(FINE, rehearsal=Rehearsal(NOW, False, WHY)), False, "the last rehearsal failed: nothing answers"),
        (replace(FINE, own_disk=True), True, "on the hub's own disk"),
        (replace(FINE, failing={"nas": (NOW - DAY, WHY)}), True, "nas: nothing answers"),
        (replace(FINE, failing={"nas": (NOW - 3 * DAY, WHY)}), False, "nas: nothing answers"),
        (replace(FINE, newest=NOW - 900 * DAY, certain=False), True, "waits for a clock"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(known: Standing, ok: bool, said: str) -> None:
    found = check(known, NOW)
    assert found[0] is ok
    assert said in found[1].en
    assert found[1].zh
