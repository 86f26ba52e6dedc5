"""The health page: how a line looks before its check speaks up."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from edge.domain.health import Check, Health
from edge.domain.names import Text
from tests.web.fake_stores import CHANNELS
from tests.web.fakes import FakeHub

SMS, WECOM = CHANNELS


@pytest.mark.parametrize(
    ("states", "tone"),
    [(("ok", "failing"), "ok"), (("failing", "failing"), "medium"), (("not_set_up", "not_set_up"), "ok")],
)
async def test_every_way_out_that_fails_is_amber_before_the_check_is(
    person, hub: FakeHub, monkeypatch: pytest.MonkeyPatch, states: tuple[str, str], tone: str
) -> None:
    ways = [replace(way, state=state) for way, state in zip((SMS, WECOM), states, strict=True)]  # type: ignore[arg-type]
    monkeypatch.setattr(hub, "channels", lambda: [*ways, replace(SMS, id="desk", kind="desk", state="ok")])
    checks = {"outside": Check("outside", True, 0, Text("短信:没有信号", "SMS: no signal"))}
    hub.status = Health("armed", checks, None, None)
    page = (await (await person("guard")).get("/health")).text
    line = re.search(r'<li class="c-(\w+)">(?:(?!</li>).)*短信:没有信号', page, re.DOTALL)
    assert line is not None
    assert line[1] == tone
