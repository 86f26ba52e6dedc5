"""Dropped-in models: cards, both engines, both kinds of outputs, and plain words for all that is wrong."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from drivers.camera import models
from drivers.camera.model_card import ModelError, read_card
from tests.drivers.camera.onnx_models import SIDE, card, ssd, yolo

GREY = np.full((SIDE, SIDE, 3), 128, np.uint8)


@pytest.fixture(params=["onnxruntime", "cv2.dnn"])
def engine(request, monkeypatch):
    if request.param == "cv2.dnn":
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
    return request.param


def test_a_yolo_is_decoded(tmp_path, engine) -> None:
    path = yolo(tmp_path / "fire.onnx", [[32, 16, 32, 16, 0.9, 0.1], [8, 8, 4, 4, 0.2, 0.3]])
    card(path)
    model = models.load(path)
    assert model.engine == engine
    (found,) = model.detect(GREY)
    assert (found.label, round(found.score, 3)) == ("fire", 0.9)
    assert found.box == pytest.approx((0.25, 0.125, 0.5, 0.25))
    assert [one.label for one in model.detect(GREY, threshold=0.25)] == ["fire", "smoke"]


def test_nothing_is_told_to_the_engine_s_maker(tmp_path) -> None:
    path = yolo(tmp_path / "fire.onnx", [[32, 16, 32, 16, 0.9, 0.1]])
    card(path)
    script = (
        "import sys, pathlib, drivers.camera.models as m; print(m.load(pathlib.Path(sys.argv[1])).engine)"
    )
    home = tmp_path / "home"
    home.mkdir()
    run = subprocess.run(
        [sys.executable, "-c", script, path],
        env={"HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "onnxruntime"
    assert not list(home.rglob("*"))


def test_an_ssd_is_decoded_with_its_background_left_out(tmp_path, engine) -> None:
    path = ssd(
        tmp_path / "coco.onnx",
        boxes=[[0.1, 0.2, 0.5, 0.6], [0.5, 0.5, 0.9, 0.9]],
        scores=[[0.0, 0.8, 0.1], [0.9, 0.1, 0.2]],
    )
    card(path, kind="ssd", labels=["person", "car"])
    (found,) = models.load(path).detect(GREY)
    assert found.label == "person"
    assert found.box == pytest.approx((0.2, 0.1, 0.4, 0.4))


def test_boxes_on_one_thing_are_joined_but_not_across_labels(tmp_path) -> None:
    path = yolo(
        tmp_path / "m.onnx",
        [[32, 32, 20, 20, 0.9, 0], [33, 32, 20, 20, 0.8, 0], [32, 32, 20, 20, 0, 0.7], [8, 8, 8, 8, 0.6, 0]],
    )
    card(path)
    found = models.load(path).detect(GREY)
    assert [(one.label, round(one.score, 1)) for one in found] == [
        ("fire", 0.9),
        ("smoke", 0.7),
        ("fire", 0.6),
    ]


@pytest.mark.parametrize("shape", [(360, 640, 3), (640, 360, 3), (7, 5, 3), (90, 160)])
def test_any_picture_is_fitted_and_its_boxes_are_relative_to_it(tmp_path, shape) -> None:
    path = yolo(tmp_path / "m.onnx", [[32, 32, 640, 640, 0.9, 0]])
    card(path)
    (found,) = models.load(path).detect(np.zeros(shape, np.uint8))
    assert found.box == pytest.approx((0, 0, 1, 1))


def test_an_objectness_is_part_of_the_score(tmp_path) -> None:
    path = yolo(tmp_path / "m.onnx", [[32, 32, 8, 8, 0.5, 0.9, 0.1]] * 2)
    card(path, threshold=0.3)
    (found,) = models.load(path).detect(GREY)
    assert (found.label, round(found.score, 2)) == ("fire", 0.45)


def test_numbers_that_are_none_are_told(tmp_path) -> None:
    path = yolo(tmp_path / "m.onnx", [[float("nan")] * 4 + [0.5, 0.5]])
    card(path)
    with pytest.raises(ModelError, match="not finite"):
        models.load(path)


def test_a_foreign_model_is_told_with_its_shapes(tmp_path, engine) -> None:
    path = yolo(tmp_path / "m.onnx", [[1, 1, 1, 1, 0.5, 0.5]] * 3)
    card(path, labels=["a", "b", "c", "d", "e"])
    with pytest.raises(ModelError, match=r"outputs \(1×6×3\).*yolo, 5 labels") as raised:
        models.load(path)
    assert "不符" in raised.value.text.zh


def test_a_model_that_wants_another_size_is_told(tmp_path, engine) -> None:
    path = yolo(tmp_path / "m.onnx", [[1, 1, 1, 1, 0.5, 0.5]], bright=True)
    card(path, layout="nhwc")
    if engine == "cv2.dnn":
        pytest.skip("cv2.dnn takes any shape that its layers can bear")
    with pytest.raises(ModelError, match="cannot be run"):
        models.load(path)


def test_missing_and_broken_files_are_told(tmp_path, engine) -> None:
    with pytest.raises(ModelError, match=r"no model file gone\.onnx"):
        models.load(tmp_path / "gone.onnx")
    path = tmp_path / "fire.onnx"
    path.write_bytes(b"not a model" * 100)
    with pytest.raises(ModelError, match=r"card fire\.toml is missing"):
        models.load(path)
    card(path)
    with pytest.raises(ModelError, match=r"fire\.onnx cannot be read") as raised:
        models.load(path)
    assert ("未安装 onnxruntime" in raised.value.text.zh) == (engine == "cv2.dnn")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"kind": "rcnn"}, "kind in the model's card m.toml must be one of yolo, ssd"),
        ({"width": 5}, "width .* must be 32 to 1920 pixels"),
        ({"height": "64"}, "height"),
        ({"labels": []}, "labels"),
        ({"labels": None}, "labels"),
        ({"threshold": 2}, "threshold .* must be a number from 0.01 to 0.99"),
        ({"threshold": True}, "threshold"),
        ({"licence": " "}, "licence"),
        ({"licence": None}, "licence"),
        ({"layout": "chwn"}, "layout"),
        ({"colour": "rgb"}, "unknown key colour"),
    ],
)
def test_a_wrong_card_names_the_key(tmp_path, keys, said) -> None:
    card(tmp_path / "m.onnx", **keys)
    with pytest.raises(ModelError, match=said) as raised:
        read_card(tmp_path / "m.onnx")
    assert raised.value.text.zh


def test_a_card_that_is_no_toml_is_told(tmp_path) -> None:
    (tmp_path / "m.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match=r"m\.toml cannot be read"):
        read_card(tmp_path / "m.onnx")
