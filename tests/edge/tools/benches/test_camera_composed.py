"""Tampers over still clips: which clips are still, and what is composed of one. Films are drawn here."""

from __future__ import annotations

from argparse import Namespace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.tools.benches import camera_composed, cameras
from edge.tools.benches.camera_cases import Outcome
from edge.tools.benches.camera_cases_tamper import FAMILIES
from edge.tools.benches.camera_composed import Composed, composed, still
from edge.tools.benches.camera_footage import Clip, clips
from edge.tools.benches.camera_made import Told
from edge.tools.benches.camera_places import Image, place
from edge.tools.benches.report import Report

PLACE = place(np.random.default_rng(4))
OTHER = place(np.random.default_rng(6))


def film(path: Path, *pictures: Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    out = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 5.0, (640, 360))
    for picture in pictures:
        out.write(np.ascontiguousarray(picture))
    out.release()


def view(x: int, of: Image = PLACE) -> Image:
    return of[180:540, x : x + 640]


def with_a_car(x: int) -> Image:
    """A box full of corners that drives over half of the picture."""
    shown = view(200).copy()
    x0, x1 = max(0, x), min(640, x + 300)
    shown[120:, x0:x1] = OTHER[:240, 300 + x0 - x : 300 + x1 - x]
    return shown


def one(folder: Path) -> Clip:
    film(folder / "negative/a.avi", *[view(200)] * 30)
    (clip,) = clips(folder)
    return clip


@pytest.mark.slow
def test_a_still_camera_is_told_by_its_label_and_by_its_view(tmp_path: Path) -> None:
    film(tmp_path / "negative/still.avi", *[view(200)] * 30)
    film(tmp_path / "negative/passed.avi", *(with_a_car(20 * n - 300) for n in range(40)))
    film(tmp_path / "negative/wanders.avi", *(view(200 + 2 * n) for n in range(30)))
    film(tmp_path / "negative/cut.avi", *[view(200)] * 20, *[view(200, OTHER)[::-1, ::-1]] * 20)
    film(tmp_path / "negative/short.avi", *[view(200)] * 10)
    film(tmp_path / "negative/moving.avi", *[view(100)] * 30)
    film(tmp_path / "tamper/handled.avi", *[view(200)] * 30)
    (tmp_path / "README.md").write_text(
        "| clip | onset s | fixed |\n|---|---|---|\n| negative/moving | none | n |\n"
    )
    good, wandering = still(clips(tmp_path))
    assert [clip.path.stem for clip in good] == ["passed", "still"]
    assert [clip.path.stem for clip in wandering] == ["cut", "wanders"]


def test_everything_befalls_a_clip_and_the_same_again(tmp_path: Path) -> None:
    clip = one(tmp_path)
    cases = list(composed(clip, 3))
    assert [case.family for case in cases] == list(FAMILIES)
    assert cases[0].name == "covered-plain/3-0 over a.avi"
    first, again, other = (
        next(islice(case.frames, 40, None)).bgr
        for case in (cases[0], *islice(composed(clip, 3), 1), cases[3])
    )
    assert (first == again).all()
    assert (first != other).any()


def test_another_clip_gets_other_cases(tmp_path: Path) -> None:
    here = next(composed(one(tmp_path / "a"), 3))
    film(tmp_path / "b/negative/b.avi", *[view(300)] * 30)
    (clip,) = clips(tmp_path / "b")
    assert next(composed(clip, 3)).onset != here.onset


def test_tuned_and_untuned_clips_are_told_apart_and_nudges_from_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = one(tmp_path)

    def outcome(family: str, expect: str | None, delay: float | None = None, *false: str) -> Composed:
        return Composed(clip, Told("tamper", Outcome(f"{family}/1", family, expect, delay, false, 3.0, 0.5)))

    told = [
        outcome("moved-aside", "moved", 2.0),
        outcome("nudged-aside", "moved"),
        outcome("covered-hand", "covered", 1.5, "moved"),
        outcome("quiet-dusk", None, None, "covered"),
        outcome("quiet-rain", None),
    ]
    monkeypatch.setattr(camera_composed, "run", lambda *_: told)
    report = Report("cameras", "")
    cameras._composed([clip], Namespace(seed=1, jobs=1), report, cameras._Progress())
    figures = {figure.name: figure.value for figure in report.figures}
    assert figures["composed_untuned_moved_recall"] == 100
    assert figures["composed_untuned_nudged_recall"] == 0
    assert figures["composed_untuned_covered_delay_p50"] == 1.5
    assert figures["composed_untuned_tamper_false"] == 1
    assert figures["composed_untuned_tamper_other"] == 1
    assert not any(name.startswith("composed_tuned") for name in figures)
