"""What is shown of the models a site dropped in."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cameras.cards import models_of
from edge.domain.camera import Camera
from edge.facade import CameraModel


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ('licence = "Apache-2.0"\nkind = "yolo"', "Apache-2.0"),
        ("licence = 3", ""),
        ("licence = [", ""),
        (None, ""),
    ],
)
def test_each_has_its_name_and_licence(tmp_path: Path, card: str | None, licence: str) -> None:
    if card is not None:
        (tmp_path / "fire.toml").write_text(card, encoding="utf-8")
    camera = Camera("cm-01", "s", (), verifier=tmp_path / "fire.onnx", detector=None)
    assert models_of(camera) == [CameraModel("verifier", "fire.onnx", licence)]
    assert models_of(Camera("cm-02", "s", ())) == []
