"""The card beside a dropped-in model: what it is, what it wants and gives, and under which licence.

No model comes with the hub. A site puts `fire.onnx` and `fire.toml` side by side; the card says in words what an
ONNX graph cannot: the names of its classes, how its pictures are scaled, and who may use it (shown in the panel).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from edge.domain.names import Text

Kind = Literal["yolo", "ssd"]
KINDS: Final[tuple[Kind, ...]] = ("yolo", "ssd")
SIDES: Final = (32, 1920)  # pixels of a side of the model's picture
LABELS: Final = 1000
KEYS: Final = frozenset(
    {
        "kind",
        "width",
        "height",
        "labels",
        "threshold",
        "overlap",
        "licence",
        "layout",
        "colours",
        "scale",
        "mean",
    }
)


class ModelError(Exception):
    """A model that cannot be used. text: why, in one plain sentence."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the site says of its model.

    kind: "yolo" (one output 1×(4+n)×N, or with an objectness 1×N×(5+n): centre, width, height in the model's pixels)
    or "ssd" (cut before its suppression: boxes N×4 as top, left, bottom, right from 0 to 1, and scores N×n).
    width, height: of the model's picture, pixels. threshold: least score that counts. overlap: boxes of one label that
    share more (intersection over union) are one. layout: "nchw" or "nhwc"; colours: "rgb" or "bgr". The model is
    given (pixel - mean) * scale.
    """

    kind: Kind
    width: int
    height: int
    labels: tuple[str, ...]
    licence: str
    threshold: float = 0.4
    overlap: float = 0.45
    layout: Literal["nchw", "nhwc"] = "nchw"
    colours: Literal["rgb", "bgr"] = "rgb"
    scale: float = 1 / 255
    mean: float = 0.0


def read_card(model: Path) -> ModelCard:
    """The card of `model`: the .toml file of the same name beside it. ModelError when it is missing or wrong."""
    path = model.with_suffix(".toml")
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(
            Text(f"模型旁缺少说明文件 {path.name}", f"the model's card {path.name} is missing beside it")
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(
            Text(
                f"模型说明文件 {path.name} 无法读取:{error}",
                f"the model's card {path.name} cannot be read: {error}",
            )
        ) from None
    return _card(table, path.name)


def _card(table: Mapping[str, Any], name: str) -> ModelCard:
    def wrong(key: str, wanted: str, wanted_zh: str) -> ModelError:
        return ModelError(
            Text(
                f"模型说明文件 {name} 的 {key} 应为{wanted_zh}",
                f"{key} in the model's card {name} must be {wanted}",
            )
        )

    if unknown := sorted(set(table) - KEYS):
        raise ModelError(
            Text(
                f"模型说明文件 {name} 有未知项 {unknown[0]}",
                f"the model's card {name} has an unknown key {unknown[0]}",
            )
        )

    def choice(key: str, among: tuple[str, ...], default: str | None = None) -> Any:
        value = table.get(key, default)
        if value not in among:
            raise wrong(key, f"one of {', '.join(among)}", f"{'、'.join(among)} 之一")
        return value

    def number(key: str, default: float, low: float, high: float) -> float:
        value = table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise wrong(key, f"a number from {low:g} to {high:g}", f" {low:g} 至 {high:g} 的数")
        return float(value)

    def side(key: str) -> int:
        value = table.get(key)
        if type(value) is not int or not SIDES[0] <= value <= SIDES[1]:
            raise wrong(key, f"{SIDES[0]} to {SIDES[1]} pixels", f" {SIDES[0]} 至 {SIDES[1]} 像素")
        return value

    labels = table.get("labels")
    if (
        not isinstance(labels, list)
        or not 0 < len(labels) <= LABELS
        or not all(isinstance(n, str) for n in labels)
    ):
        raise wrong(
            "labels", "the list of the model's class names, in its order", "按模型顺序排列的类别名列表"
        )
    licence = table.get("licence")
    if not isinstance(licence, str) or not licence.strip():
        raise wrong("licence", "the licence of the model, as text", "模型的许可证名称")
    return ModelCard(
        kind=choice("kind", KINDS),
        width=side("width"),
        height=side("height"),
        labels=tuple(labels),
        licence=licence.strip(),
        threshold=number("threshold", 0.4, 0.01, 0.99),
        overlap=number("overlap", 0.45, 0.05, 0.95),
        layout=choice("layout", ("nchw", "nhwc"), "nchw"),
        colours=choice("colours", ("rgb", "bgr"), "rgb"),
        scale=number("scale", 1 / 255, 1e-4, 10.0),
        mean=number("mean", 0.0, 0.0, 255.0),
    )
