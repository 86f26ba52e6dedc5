"""The models a site dropped in beside a camera: their names, and the licence that their cards tell."""

from __future__ import annotations

import tomllib

from edge.domain.camera import Camera
from edge.facade import CameraModel


def models_of(camera: Camera) -> list[CameraModel]:
    """Which ones, as the files stand now. The card of `fire.onnx` is `fire.toml` beside it."""
    found = []
    for part, path in (("verifier", camera.verifier), ("detector", camera.detector)):
        if path is not None:
            try:
                licence = tomllib.loads(path.with_suffix(".toml").read_text("utf-8")).get("licence", "")
            except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
                licence = ""
            found.append(CameraModel(part, path.name, licence if isinstance(licence, str) else ""))
    return found
