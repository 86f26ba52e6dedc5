"""The second look: agrees, disagrees, or cannot be asked; and what a suspicion makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.camera.areas import WHOLE
from drivers.camera.frames import Frame
from drivers.camera.model_card import ModelError
from drivers.camera.models import load
from drivers.camera.sight import Area
from drivers.camera.suspects import DOUBT, Suspect, Suspects
from drivers.camera.verifier import Verdict, Verifier
from drivers.camera.watching import Watching, WatchSettings
from edge.domain.names import Text
from edge.tools.benches import camera_plumes as plumes
from tests.drivers.camera.checks.drawing import ONSET, film
from tests.drivers.camera.onnx_models import card, yolo

BOX = (0.4, 0.4, 0.1, 0.1)
SUSPECT = Suspect(BOX, 0.6, {"turns": 0.3})


def frame(t: float = 0.0, level: int = 0) -> Frame:
    return Frame(t, np.full((90, 160, 3), level, np.uint8))


@pytest.fixture
def model(tmp_path):
    """Sees fire in a bright picture, and nothing in a dark one."""
    path = yolo(tmp_path / "fire.onnx", [[32, 32, 8, 8, 0.9, 0.0]], bright=True)
    card(path)
    return path


def test_it_agrees_and_disagrees(model) -> None:
    verifier = Verifier(model)
    assert verifier.problem is None
    agreed = verifier.verify(frame(level=255), "flame", BOX)
    assert agreed.verified is True
    assert agreed.score > 0.4
    assert verifier.verify(frame(level=0), "flame", BOX) == Verdict(False)
    assert verifier.verify(frame(level=255), "smoke", BOX).verified is False


@pytest.mark.parametrize(
    "box", [None, (0, 0, 1, 1), (0.95, 0.95, 0.05, 0.05), (0, 0, 0, 0), (0.5, 0.99, 0.6, 0.3)]
)
def test_any_box_will_do(model, box) -> None:
    assert Verifier(model).verify(frame(level=255), "flame", box).verified is True


def test_without_a_model_nothing_is_said() -> None:
    verifier = Verifier(None)
    assert (verifier.problem, verifier.knows("flame")) == (None, False)
    assert verifier.verify(frame(), "flame", BOX).verified is None


def test_a_missing_model_is_a_word_and_the_check_goes_on(tmp_path) -> None:
    verifier = Verifier(tmp_path / "gone.onnx")
    assert verifier.problem == Text("没有模型文件 gone.onnx", "there is no model file gone.onnx")
    suspects = Suspects("flame", (WHOLE,), 3.0, verifier)
    (sight,) = suspects.sights(frame(), [SUSPECT])
    assert sight.active
    assert "verified" not in sight.why


def test_a_model_without_that_label_is_not_asked(tmp_path) -> None:
    path = yolo(tmp_path / "m.onnx", [[32, 32, 8, 8, 0.9, 0.0]])
    card(path, labels=["cat", "dog"])
    verifier = Verifier(path)
    assert not verifier.knows("flame")
    assert verifier.verify(frame(), "flame", BOX).verified is None


def test_a_model_that_fails_later_is_left_alone(model) -> None:
    made = load(model)

    def fail(*_: object) -> None:
        raise ModelError(Text("坏了", "it broke"))

    verifier = Verifier(model, load=lambda _: made)
    made.detect = fail  # type: ignore[method-assign, assignment]
    assert verifier.verify(frame(), "flame", BOX).verified is None
    assert verifier.problem == Text("坏了", "it broke")
    assert not verifier.knows("flame")


def test_a_suspicion_that_the_model_shares_is_told_at_once(model) -> None:
    suspects = Suspects("flame", (WHOLE,), 3.0, Verifier(model))
    (sight,) = suspects.sights(frame(1.0, 255), [SUSPECT])
    assert sight.active
    assert sight.why["verified"] == 1.0
    assert sight.why["turns"] == 0.3
    assert sight.why["model"] > 0.4


def test_one_that_it_does_not_share_is_told_when_it_goes_on(model) -> None:
    suspects = Suspects("flame", (WHOLE,), 3.0, Verifier(model))
    told = []
    for step in range(100):
        (sight,) = suspects.sights(frame(0.2 * step), [SUSPECT])
        told.append((sight.active, sight.why.get("verified")))
    first = next(number for number, (active, _) in enumerate(told) if active)
    assert 0.2 * first == pytest.approx(DOUBT)
    assert told[first:] == [(True, 0.0)] * (100 - first)


def test_one_that_it_shares_later_is_told_then(model) -> None:
    suspects = Suspects("flame", (WHOLE,), 3.0, Verifier(model))
    shown = [
        suspects.sights(frame(t, level), [SUSPECT])[0] for t, level in ((0.0, 0), (0.2, 255), (0.4, 255))
    ]
    assert [sight.active for sight in shown] == [False, False, True]
    assert shown[-1].why["verified"] == 1.0


def test_one_that_it_does_not_share_and_that_passes_is_never_told(model) -> None:
    suspects = Suspects("flame", (WHOLE,), 3.0, Verifier(model))
    for step in range(100):
        seen = [SUSPECT] if 0.2 * step < DOUBT - 1 else []
        assert not suspects.sights(frame(0.2 * step), seen)[0].active


def test_a_suspicion_is_held_for_a_while_and_then_dropped() -> None:
    suspects = Suspects("flame", (WHOLE,), 3.0, None)
    assert not suspects.sights(frame(0), [])[0].active
    assert suspects.sights(frame(1), [SUSPECT])[0].active
    assert suspects.sights(frame(3.9), [])[0].box == BOX
    assert not suspects.sights(frame(4.1), [])[0].active


def test_each_zone_has_its_own_by_the_foot_of_the_box() -> None:
    left = Area("left", ((0, 0), (0.5, 0), (0.5, 1), (0, 1)))
    right = Area("right", ((0.5, 0), (1, 0), (1, 1), (0.5, 1)))
    suspects = Suspects("flame", (left, right), 3.0, None)
    one, other = suspects.sights(frame(), [SUSPECT, Suspect((0.7, 0.1, 0.1, 0.1), 0.9, {})])
    assert (one.zone, one.score, other.zone, other.score) == ("left", 0.6, "right", 0.9)


def test_a_camera_tells_why_its_model_is_not_asked(tmp_path, model) -> None:
    gone = Watching(WatchSettings(checks=("flame",), verifier=tmp_path / "gone.onnx"))
    assert gone.problem is not None
    assert gone.problem.en == "flame and smoke go unverified: there is no model file gone.onnx"
    assert "未经模型核实" in gone.problem.zh
    assert gone.unverified == Text("没有模型文件 gone.onnx", "there is no model file gone.onnx")
    assert Watching(WatchSettings(checks=("flame",), verifier=model)).problem is None
    assert Watching(WatchSettings(checks=("motion",), verifier=tmp_path / "gone.onnx")).problem is None


@pytest.mark.parametrize(("score", "verified"), [(0.9, True), (0.0, False)])
def test_a_finding_says_what_the_model_said(tmp_path, score, verified) -> None:
    path = yolo(tmp_path / "fire.onnx", [[32, 32, 8, 8, score, 0.0]])
    card(path)
    watching = Watching(WatchSettings(checks=("flame",), verifier=path))
    burning = plumes.flame(np.random.default_rng(2), height=(0.2, 0.35))
    findings = [
        finding
        for shown in film(2, burning, ONSET + 6 + DOUBT)
        for finding in watching.look(shown, round(1e6 * shown.t))
    ]
    assert findings[0].state == "start"
    assert findings[0].verified is verified
    assert "verified" not in findings[0].why
    assert findings[0].why["model"] == pytest.approx(score, abs=1e-3)
