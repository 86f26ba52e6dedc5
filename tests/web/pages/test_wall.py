"""Which alarm stands on top of the wall and sounds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.device import Signal
from edge.domain.notification import About, Notification, NotificationState
from edge.domain.reading import Purpose
from edge.hub import wall_order
from tests.edge.emergency.drill_scene import SMOKE, Scene
from web.pages.wall import pinned


@pytest.mark.parametrize("signal", [Signal.FIRE, Signal.GAS, Signal.PROCESS])
def test_what_is_real_stands_and_sounds_above_the_fire_of_a_drill(signal: Signal) -> None:
    scene = Scene()
    scene.ask(SMOKE)
    scene.deliver()
    (drill,) = scene.drill_alarms()
    real = replace(drill, id="real", purpose=Purpose.LIVE, signal=signal, raised_at=drill.raised_at + 1)
    shown = sorted([drill, real], key=wall_order)
    assert (shown[0], pinned(shown)) == (real, real)
    assert pinned([drill]) == drill


def test_a_message_of_a_drill_goes_after_all_that_is_real() -> None:
    of_drill = Notification(
        "nt-1", "sms", "he", "he", "alarm", NotificationState.QUEUED, True, 1, About("fire", 1, drill=True)
    )
    real = replace(of_drill, id="nt-2", opened_at=2, about=About("fault", 3))
    assert min([of_drill, real], key=lambda case: case.rank) == real
