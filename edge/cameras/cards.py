"""The models a site dropped in beside a camera: their names, their licence by their cards, and why one is not asked."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from edge.domain.camera import Camera, CameraZone, View
from edge.domain.names import Text
from edge.facade import CameraModel

ASKED_BY: Final[Mapping[str, frozenset[str]]] = {
    "verifier": frozenset({"flame", "smoke"}),
    "detector": frozenset({"object", "e-bike", "left-object"}),
}
"""Which checks ask a model."""

_UNASKED: Final = {
    "verifier": Text(
        "未被使用:该摄像机未启用火焰或烟雾检查", "not asked: this camera looks for neither flame nor smoke"
    ),
    "detector": Text(
        "未被使用:该摄像机未启用目标、电动自行车或物品滞留检查",
        "not asked: this camera looks for no objects, electric bikes or things left",
    ),
}


def models_of(camera: Camera) -> list[CameraModel]:
    """Which ones, as the files stand now. The card of `fire.onnx` is `fire.toml` beside it."""
    found = []
    for part, path in (("verifier", camera.verifier), ("detector", camera.detector)):
        if path is None:
            continue
        card = path.with_suffix(".toml")
        licence: object = ""
        problem = None
        try:
            licence = tomllib.loads(card.read_text("utf-8")).get("licence", "")
        except FileNotFoundError:
            problem = Text(
                f"模型旁缺少说明文件 {card.name}", f"the model's card {card.name} is missing beside it"
            )
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            problem = Text(
                f"模型说明文件 {card.name} 无法读取:{error}",
                f"the model's card {card.name} cannot be read: {error}",
            )
        if not path.is_file():
            problem = Text(f"没有模型文件 {path.name}", f"there is no model file {path.name}")
        found.append(CameraModel(part, path.name, licence if isinstance(licence, str) else "", problem))
    return found


def told(
    models: Iterable[CameraModel], camera: Camera, zones: Sequence[CameraZone], view: View | None
) -> list[CameraModel]:
    """With what is wrong now: what the camera's own process says of one, else its files, else that no check asks it."""
    checks = {*camera.checks, *(check for zone in zones for check in zone.checks)}
    said = {} if view is None else {"verifier": view.unverified, "detector": view.undetected}
    return [
        replace(
            model,
            problem=said.get(model.part)
            or model.problem
            or (None if checks & ASKED_BY[model.part] else _UNASKED[model.part]),
        )
        for model in models
    ]
