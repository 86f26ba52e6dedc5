"""Tiny ONNX models made at test time: they answer by the brightness of their picture, or always the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 64


def card(model: Path, **keys: object) -> None:
    """The card beside `model`, of good values but for `keys`."""
    values: dict[str, object] = {
        "kind": "yolo",
        "width": SIDE,
        "height": SIDE,
        "labels": ["fire", "smoke"],
        "threshold": 0.4,
        "licence": "CC0 (made for this test)",
    }
    values |= keys
    lines = [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
    model.with_suffix(".toml").write_text("\n".join(lines), "utf-8")


def yolo(path: Path, table: Sequence[Sequence[float]], *, bright: bool = False) -> Path:
    """A model of one output 1×(4+n)×N. table: N rows of cx, cy, w, h (pixels) and the scores of each label.

    bright: the scores are multiplied by the mean of the picture given (0 to 1).
    """
    rows = np.array(table, np.float32).T[None]
    return _save(path, {"found": rows}, scaled="found" if bright else None)


def ssd(path: Path, boxes: Sequence[Sequence[float]], scores: Sequence[Sequence[float]]) -> Path:
    """A model of two outputs, cut before its suppression: boxes 1×N×1×4 and scores 1×N×n."""
    return _save(
        path,
        {
            "boxes": np.array(boxes, np.float32)[None, :, None, :],
            "scores": np.array(scores, np.float32)[None],
        },
    )


def _save(path: Path, outputs: dict[str, np.ndarray], scaled: str | None = None) -> Path:
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Reshape", ["mean", "one"], ["level"]),
        helper.make_node("Mul", ["level", "nothing"], ["zero"]),
    ]
    constants = [
        numpy_helper.from_array(np.array([1], np.int64), "one"),
        numpy_helper.from_array(np.zeros(1, np.float32), "nothing"),
    ]
    infos = []
    for name, values in outputs.items():
        constants.append(numpy_helper.from_array(values, f"{name}_constant"))
        if name == scaled:
            mask = np.ones_like(values)
            mask[:, :4] = 0
            constants += [
                numpy_helper.from_array(values * mask, f"{name}_scores"),
                numpy_helper.from_array(values * (1 - mask), f"{name}_boxes"),
            ]
            nodes += [
                helper.make_node("Mul", [f"{name}_scores", "level"], [f"{name}_scaled"]),
                helper.make_node("Add", [f"{name}_scaled", f"{name}_boxes"], [name]),
            ]
        else:
            nodes.append(helper.make_node("Add", [f"{name}_constant", "zero"], [name]))
        infos.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, values.shape))
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, (1, 3, SIDE, SIDE))
    graph = helper.make_graph(nodes, "made", [picture], infos, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(made)
    onnx.save(made, path)
    return path


def _toml(value: object) -> str:
    return repr(value).replace("'", '"') if not isinstance(value, bool) else str(value).lower()
