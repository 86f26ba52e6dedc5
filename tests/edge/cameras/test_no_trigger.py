"""Whatever a camera finds, and however often: it makes no fire certain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.device import Signal
from edge.domain.reading import Purpose
from tests.edge.emergency.scene import Scene

FOUND = st.tuples(
    st.sampled_from(
        (Signal.FIRE, Signal.GAS, Signal.SUPERVISORY, Signal.FAULT)
    ),  # even by a rule nobody should write
    st.sampled_from(("flame", "smoke", "left-object", "covered")),
    st.integers(0, 700),
)


@given(st.lists(FOUND, max_size=6), st.integers(0, 6))
def test_a_camera_beside_one_detector_is_never_two_triggers(
    found: list[tuple[Signal, str, int]], turn: int
) -> None:
    scene = Scene()
    for number, (signal, kind, seconds) in enumerate(found):
        if number == turn:
            scene.raised("al-smoke", "smoke-a")
        scene.raised(f"al-{number}", "camera", point=f"camera.{kind}", signal=signal, purpose=Purpose.LIVE)
        scene.wait(seconds)
    if turn >= len(found):
        scene.raised("al-smoke", "smoke-a")
    assert {incident.stage for incident in scene.all()} <= {1}
    assert not any(incident.triggers for incident in scene.all())
