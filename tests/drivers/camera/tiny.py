"""A detector of three thousand bytes: what it "sees" is the colour of the middle of the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from drivers.camera.frames import Frame

LABELS = ("person", "bicycle", "car")  # red, green, blue
BOX = (0.3, 0.4, 0.8, 0.6)  # top, left, bottom, right of what it sees


def model(folder: Path, name: str = "tiny", side: int = 32) -> Path:
    """The model and its card in `folder`: a score for each label is the mean of its colour."""
    path = folder / f"{name}.onnx"
    boxes = numpy_helper.from_array(np.array([[BOX]], np.float32), "boxes")
    shape = numpy_helper.from_array(np.array([1, 1, len(LABELS)], np.int64), "shape")
    nodes = [
        helper.make_node("GlobalAveragePool", ["picture"], ["mean"]),
        helper.make_node("Reshape", ["mean", "shape"], ["scores"]),
        helper.make_node("Identity", ["boxes"], ["where"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, side, side])],
        [
            helper.make_tensor_value_info("where", TensorProto.FLOAT, [1, 1, 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 1, len(LABELS)]),
        ],
        [boxes, shape],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(made, str(path))
    labels = ", ".join(f'"{label}"' for label in LABELS)
    path.with_suffix(".toml").write_text(
        f'kind = "ssd"\nwidth = {side}\nheight = {side}\nlabels = [{labels}]\nlicence = "CC0-1.0"\n', "utf-8"
    )
    return path


def painted(t: float, label: str | None = None, size: tuple[int, int] = (64, 36)) -> Frame:
    """A picture in which the tiny model sees `label` (or nothing), and which moves a little from the last one."""
    picture = np.full((size[1], size[0], 3), 10 + 25 * (round(t * 5) % 2), np.uint8)
    if label is not None:
        picture[:, :, 2 - LABELS.index(label)] = 250
    return Frame(t, picture)
