"""Whether a message can leave the site at all."""

from __future__ import annotations

import pytest

from edge.dispatch.channel import ChannelReport
from edge.dispatch.reachable import NONE, PATIENCE, reachable, watching
from edge.domain.instant import Instant
from edge.domain.names import Text

ERROR = Text("没有信号", "No signal")


def way(id: str, state: str = "ok") -> ChannelReport:
    return ChannelReport(id, state, ERROR if state == "failing" else Text("", ""))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("states", "cut", "leads"),
    [
        ({"sms": "ok", "wecom": "ok"}, (), True),
        ({"sms": "failing", "wecom": "ok"}, (), True),
        ({"sms": "unknown", "wecom": "failing"}, (), True),
        ({"sms": "failing", "wecom": "failing"}, (), False),
        ({"sms": "ok", "wecom": "failing"}, ("sms",), False),  # its modem is away: it need not be tried
        ({"sms": "failing", "wecom": "not_set_up"}, (), False),
        ({"wecom": "not_set_up"}, (), True),
        ({}, (), True),
    ],
)
def test_one_way_that_works_is_enough(states: dict[str, str], cut: tuple[str, ...], leads: bool) -> None:
    ways = ((Text(f"通道{id}", f"way {id}"), way(id, state)) for id, state in states.items())
    said, detail = reachable(ways, cut)
    assert said is leads
    for id in [*cut, *(id for id, state in states.items() if state == "failing")]:
        assert f"way {id}: " in detail.en
        assert f"通道{id}:" in detail.zh
    assert (detail == NONE) is all(state == "not_set_up" for state in states.values())


def test_a_modem_that_registers_anew_is_no_failure() -> None:
    leads = [True, False, False, True, False, False, False]
    check = watching(lambda: (leads.pop(0), ERROR))
    times = [0, 1, PATIENCE, PATIENCE + 1, PATIENCE + 2, 2 * PATIENCE, 2 * PATIENCE + 2]
    assert [check(Instant(0, mono, trusted=True))[0] for mono in times] == [*[True] * 6, False]
