"""ONNX models that a site drops in: load, look, decode. Shared by the verifier and the object detector.

onnxruntime runs them where it is installed (the extra `detector`), else cv2.dnn, which is slower (11 to 28 ms for
what takes onnxruntime 4.3 ms, one x86 core) and does not read every graph. One thread either way.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.frames import Picture
from drivers.camera.model_card import ModelCard, ModelError, read_card
from drivers.camera.sight import Box
from edge.domain.names import Text

Floats = NDArray[np.float32]
Run = Callable[[Any], list[Any]]
"""The tensor of one picture -> the graph's outputs."""

MORE: Final = Text(
    "。未安装 onnxruntime,它能读取更多模型(edge-hub[detector])",
    ". onnxruntime is not installed, which reads more models (edge-hub[detector])",
)
NO_MORE: Final = Text("", "")
KEPT: Final = 300  # candidates before overlaps are joined; a scene with more is noise
GREY: Final = 114  # around a picture of another shape, as these models are trained


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing a model sees. label: of its card; score 0 to 1; box: relative to the picture looked at."""

    label: str
    score: float
    box: Box


class Model:
    """A model and its card, ready to look. Not for two threads at once."""

    def __init__(self, card: ModelCard, run: Run, engine: str) -> None:
        self.card = card
        self.engine = engine
        self._run = run

    def detect(self, bgr: Picture, threshold: float | None = None) -> list[Detection]:
        """What is in `bgr`, the surest first; of any size. threshold: in place of the card's.

        ModelError when the graph cannot be run on its card's picture, or answers in another shape than the card says.
        """
        card = self.card
        least = card.threshold if threshold is None else threshold
        fitted, ratio = _fit(bgr, card)
        outputs = self._ask(fitted)
        boxes, scores = (_yolo if card.kind == "yolo" else _ssd)(outputs, card)
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise ModelError(Text("模型输出了无效数值", "the model gives numbers that are not finite"))
        return _kept(boxes, scores, card, least, ratio)

    def _ask(self, fitted: Picture) -> list[Floats]:
        card = self.card
        tensor = (fitted.astype(np.float32) - card.mean) * card.scale
        if card.colours == "rgb":
            tensor = tensor[:, :, ::-1]
        if card.layout == "nchw":
            tensor = tensor.transpose(2, 0, 1)
        try:
            answers = self._run(np.ascontiguousarray(tensor[None]))
        except Exception as error:  # noqa: BLE001 - both engines raise classes of their own, a broken graph any of them
            said = str(error).strip().splitlines()[-1][:200] if str(error).strip() else type(error).__name__
            raise ModelError(Text(f"模型无法运行:{said}", f"the model cannot be run: {said}")) from None
        return [np.asarray(answer, np.float32) for answer in answers]


def load(path: Path) -> Model:
    """The model at `path` with the card beside it, tried once on a grey picture.

    ModelError, in plain words, when it is missing, broken, or not what its card says.
    """
    if not path.is_file():
        raise ModelError(Text(f"没有模型文件 {path.name}", f"there is no model file {path.name}"))
    card = read_card(path)
    run, engine = _engine(path)
    model = Model(card, run, engine)
    model.detect(np.full((card.height, card.width, 3), GREY, np.uint8))
    return model


def _engine(path: Path) -> tuple[Run, str]:
    # Since 1.29 it tells its maker about the machine, unless this is set before it is imported; a hub tells nobody.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError:
        return _dnn(path), "cv2.dnn"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - onnxruntime's errors share no class of their own
        raise _broken(path, error) from None
    (name, kind) = (session.get_inputs()[0].name, session.get_inputs()[0].type)
    wanted = {"tensor(uint8)": np.uint8, "tensor(int32)": np.int32, "tensor(float16)": np.float16}.get(
        kind, np.float32
    )

    def run(tensor: Any) -> list[Any]:
        return list(session.run(None, {name: tensor.astype(wanted)}))

    return run, "onnxruntime"


def _dnn(path: Path) -> Run:
    try:
        net = cv2.dnn.readNetFromONNX(str(path))
        names = net.getUnconnectedOutLayersNames()
    except cv2.error as error:
        raise _broken(path, error, MORE) from None

    def run(tensor: Any) -> list[Any]:
        net.setInput(tensor)
        return list(net.forward(names))

    return run


def _broken(path: Path, error: Exception, more: Text = NO_MORE) -> ModelError:
    said = str(error).strip().splitlines()[-1][:200] if str(error).strip() else type(error).__name__
    return ModelError(
        Text(
            f"模型文件 {path.name} 无法读取:{said}{more.zh}",
            f"the model file {path.name} cannot be read: {said}{more.en}",
        )
    )


def _fit(bgr: Picture, card: ModelCard) -> tuple[Picture, tuple[float, float]]:
    """The picture in the model's size, and the share of its width and height that the picture fills.

    A YOLO is trained on pictures of their own shape with grey around; an SSD on stretched ones.
    """
    if bgr.ndim == 2:
        bgr = np.repeat(bgr[:, :, None], 3, axis=2)
    height, width = bgr.shape[:2]
    if card.kind == "ssd":
        return _array(cv2.resize(bgr, (card.width, card.height), interpolation=cv2.INTER_AREA)), (1.0, 1.0)
    factor = min(card.width / width, card.height / height)
    inner = (max(1, round(width * factor)), max(1, round(height * factor)))
    fitted = np.full((card.height, card.width, 3), GREY, np.uint8)
    fitted[: inner[1], : inner[0]] = cv2.resize(bgr, inner, interpolation=cv2.INTER_AREA)
    return fitted, (inner[0] / card.width, inner[1] / card.height)


def _yolo(outputs: Sequence[Floats], card: ModelCard) -> tuple[Floats, Floats]:
    """Boxes (N, 4) as left, top, right, bottom relative to the model's picture, and scores (N, labels)."""
    count = len(card.labels)
    for output in outputs:
        table = output[0] if output.ndim == 3 and output.shape[0] == 1 else output
        if table.ndim != 2:
            continue
        if table.shape[1] not in (4 + count, 5 + count) or table.shape[0] in (4 + count, 5 + count):
            table = table.T
        if table.shape[1] == 5 + count:
            scores = table[:, 5:] * table[:, 4:5]
        elif table.shape[1] == 4 + count:
            scores = table[:, 4:]
        else:
            continue
        centre, half = table[:, :2], table[:, 2:4] / 2
        size = np.array([card.width, card.height] * 2, np.float32)
        return (np.hstack([centre - half, centre + half]) / size).astype(np.float32), scores
    raise _foreign(outputs, card)


def _ssd(outputs: Sequence[Floats], card: ModelCard) -> tuple[Floats, Floats]:
    """Likewise. A first column of scores beyond the labels is the background's."""
    count = len(card.labels)
    flat = [output.reshape(-1, output.shape[-1]) for output in outputs if output.ndim >= 2]
    for boxes in flat:
        if boxes.shape[1] != 4:
            continue
        for scores in flat:
            if scores is not boxes and len(scores) == len(boxes) and scores.shape[1] in (count, count + 1):
                return boxes[:, [1, 0, 3, 2]], scores[:, -count:]
    raise _foreign(outputs, card)


def _foreign(outputs: Sequence[Floats], card: ModelCard) -> ModelError:
    shapes = ", ".join("×".join(map(str, output.shape)) for output in outputs)
    return ModelError(
        Text(
            f"模型输出({shapes})与说明文件({card.kind},{len(card.labels)} 类)不符",
            f"the model's outputs ({shapes}) are not those of its card ({card.kind}, {len(card.labels)} labels)",
        )
    )


def _kept(
    boxes: Floats, scores: Floats, card: ModelCard, least: float, ratio: tuple[float, float]
) -> list[Detection]:
    best = scores.argmax(axis=1)
    score = scores[np.arange(len(scores)), best]
    chosen = np.flatnonzero(score >= least)
    chosen = chosen[np.argsort(-score[chosen], kind="stable")][:KEPT]
    if not len(chosen):
        return []
    corners = np.clip(boxes[chosen] / np.array([*ratio, *ratio], np.float32), 0.0, 1.0)
    sized = np.hstack([corners[:, :2], np.maximum(corners[:, 2:] - corners[:, :2], 0.0)])
    # Labels far apart share no overlap: one suppression serves all of them.
    apart = sized.copy()
    apart[:, 0] += 2.0 * best[chosen]
    left = cv2.dnn.NMSBoxes(apart.tolist(), score[chosen].tolist(), least, card.overlap)
    made: list[Detection] = []
    for index in np.asarray(left, np.int64).reshape(-1):
        x, y, width, height = (float(value) for value in sized[index])
        label = card.labels[int(best[chosen[index]])]
        made.append(Detection(label, min(1.0, float(score[chosen[index]])), (x, y, width, height)))
    return made


def _array(value: Any) -> Picture:
    made: Picture = value
    return made
