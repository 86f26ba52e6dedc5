"""What is shown of the models a site dropped in."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cameras.cards import models_of, told
from edge.domain.camera import Camera, CameraZone, View
from edge.domain.names import Text
from edge.facade import CameraModel

FINE = Text("画面正常", "The picture is fine")
SQUARE = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    """With both models, each with its card."""
    for name, licence in (("fire", "Apache-2.0"), ("coco", "MIT")):
        (tmp_path / f"{name}.onnx").write_bytes(b"model")
        (tmp_path / f"{name}.toml").write_text(f'licence = "{licence}"', encoding="utf-8")
    return Camera(
        "cm-01",
        "s",
        (),
        ("flame", "object"),
        verifier=tmp_path / "fire.onnx",
        detector=tmp_path / "coco.onnx",
    )


def test_both_have_their_name_and_licence(camera: Camera) -> None:
    models = [CameraModel("verifier", "fire.onnx", "Apache-2.0"), CameraModel("detector", "coco.onnx", "MIT")]
    assert models_of(camera) == models
    assert told(models, camera, (), View("ok", FINE)) == models
    assert models_of(Camera("cm-02", "s", ())) == []


@pytest.mark.parametrize(
    ("card", "licence", "problem"),
    [
        ("licence = 3", "", None),
        ("licence = [", "", "fire.toml cannot be read"),
        (None, "", "fire.toml is missing"),
    ],
)
def test_what_is_wrong_with_a_card(
    tmp_path: Path, card: str | None, licence: str, problem: str | None
) -> None:
    (tmp_path / "fire.onnx").write_bytes(b"model")
    if card is not None:
        (tmp_path / "fire.toml").write_text(card, encoding="utf-8")
    (found,) = models_of(Camera("cm-01", "s", (), verifier=tmp_path / "fire.onnx"))
    assert found.licence == licence
    assert (found.problem is None) == (problem is None)
    if found.problem is not None and problem is not None:
        assert problem in found.problem.en
        assert "fire.toml" in found.problem.zh


def test_a_model_that_is_gone(camera: Camera) -> None:
    assert camera.detector is not None
    camera.detector.unlink()
    _, gone = models_of(camera)
    assert (gone.licence, gone.problem) == (
        "MIT",
        Text("没有模型文件 coco.onnx", "there is no model file coco.onnx"),
    )


def test_what_the_camera_says_of_a_model_stands_with_that_model(camera: Camera) -> None:
    broken, silent = Text("模型坏了", "the model is broken"), Text("没有应答", "it does not answer")
    view = View("ok", FINE, unverified=broken, undetected=silent)
    assert [one.problem for one in told(models_of(camera), camera, (), view)] == [broken, silent]


def test_a_model_that_no_check_asks_is_said(camera: Camera) -> None:
    idle = Camera("cm-01", "s", (), ("tamper",), verifier=camera.verifier, detector=camera.detector)
    first, second = told(models_of(idle), idle, (), None)
    assert first.problem is not None
    assert second.problem is not None
    assert first.problem.en.startswith("not asked")
    assert second.problem.zh.startswith("未被使用")
    lane = CameraZone("lane", FINE, SQUARE, ("left-object", "smoke"))
    assert [one.problem for one in told(models_of(idle), idle, (lane,), None)] == [None, None]
