"""Labelled clips: how their labels are read, what counts as found, early and false, on films drawn here."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from edge.tools.benches import camera_footage
from edge.tools.benches.camera_footage import clips, look, readable
from edge.tools.benches.report import BenchError
from edge.tools.simulator.pictures.events import Event
from edge.tools.simulator.pictures.lane import Lane
from edge.tools.simulator.pictures.scene import Scene
from edge.tools.simulator.pictures.shed import Shed

TABLE = """# Clips

| clip | frames | onset s | fixed |
|---|---|---|---|
| flame/f01_yard | 258 | smoke 1.7, flame 3.5 | y |
| negative/n01, n03 | | none | y |
| negative/n05 bottles | | none | ~ |
| leftobject/l01_plaza | 10 | drops ~41, ~136 | y |
| tamper/t01_real | 10 | 64.5 | n |
"""


def film(path: Path, scene: Scene, seconds: int, *events: Event) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    out = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 5.0, (640, 360))
    for n in range(seconds * 5):
        out.write(scene.at(n / 5, events))
    out.release()


def test_labels_come_from_the_table_else_from_the_folder(tmp_path: Path) -> None:
    for name in (
        "flame/f01_yard.mp4", "flame/other.mkv", "negative/n01_road.mp4", "negative/n03.avi", "negative/n05_b.mp4",
        "leftobject/l01_plaza.mp4", "tamper/t01_real.mp4", "smoke/s.mp4", "overlay/flame.mp4", "negative/notes.txt",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "README.md").write_text(TABLE, encoding="utf-8")
    found = {clip.path.name: clip for clip in clips(tmp_path)}
    assert {name: dict(clip.onsets) for name, clip in found.items()} == {
        "f01_yard.mp4": {"smoke": (1.7,), "flame": (3.5,)},
        "other.mkv": {"flame": (0.0,)},
        "n01_road.mp4": {},
        "n03.avi": {},
        "n05_b.mp4": {},
        "l01_plaza.mp4": {"left-object": (41.0, 136.0)},
        "t01_real.mp4": {"tamper": (64.5,)},
        "s.mp4": {"smoke": (0.0,)},
    }
    assert [name for name, clip in found.items() if not clip.fixed] == ["n05_b.mp4", "t01_real.mp4"]
    assert "smoke" in found["other.mkv"].silent
    assert not found["n01_road.mp4"].silent
    assert not any(clip.tuned for clip in found.values())


def test_what_somebody_looked_at_is_known_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"seen")
    (tmp_path / "b.mp4").write_bytes(b"not seen")
    monkeypatch.setattr(
        camera_footage, "TUNED", {"db3a79a9e5c0"} | {camera_footage._digest(tmp_path / "a.mp4")}
    )
    assert [clip.tuned for clip in clips(tmp_path)] == [True, False]
    (tmp_path / "a.mp4").rename(tmp_path / "c.mp4")
    assert [clip.tuned for clip in clips(tmp_path)] == [False, True]


def test_a_folder_without_clips_is_told(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="has no clip"):
        clips(tmp_path)


def test_clips_that_cannot_be_read_are_known_beforehand(tmp_path: Path) -> None:
    film(tmp_path / "negative/good.avi", Lane(1, 13.0), 1)
    (tmp_path / "negative/cut.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    good, bad = readable(clips(tmp_path))
    assert ([clip.path.name for clip in good], [clip.path.name for clip in bad]) == (
        ["good.avi"],
        ["cut.mp4"],
    )
    with pytest.raises(BenchError, match=r"none of the clips can be read, beginning with .*cut\.mp4"):
        readable(bad)


@pytest.mark.slow
def test_findings_are_matched_with_onsets(tmp_path: Path) -> None:
    film(tmp_path / "flame/fire.avi", Shed(1, 13.0), 26, Event("fire", 14.0))
    film(tmp_path / "negative/quiet.avi", Lane(1, 13.0), 20, Event("person", 8.0))
    (tmp_path / "README.md").write_text(
        "| clip | onset s | fixed |\n|---|---|---|\n| flame/fire | 14 | y |\n"
    )
    fire, quiet = ({s.check: s for s in look(clip)} for clip in clips(tmp_path))
    assert set(fire) == {"flame"}
    (delay,) = fire["flame"].delays
    assert delay is not None
    assert 0 < delay < 8
    assert fire["flame"].false == 0
    assert fire["flame"].frames == 130
    assert fire["flame"].ms > 0
    assert set(quiet) == set(camera_footage.CHECKS)
    assert all(shown.delays == () for shown in quiet.values())


@pytest.mark.parametrize(
    ("check", "onsets", "starts", "delays", "false"),
    [
        ("flame", (5.0,), [7.0, 9.0], (2.0,), 0),
        ("flame", (5.0,), [2.0, 7.0], (2.0,), 1),
        ("flame", (5.0,), [4.6], (0.0,), 0),
        ("flame", (5.0,), [], (None,), 0),
        ("flame", (), [3.0, 8.0], (), 2),
        ("left-object", (40.0, 100.0), [52.0], (12.0, None), 0),
        ("left-object", (40.0,), [60.0], (None,), 0),
    ],
)
def test_early_is_false_and_late_is_missed(
    check: str, onsets: tuple[float, ...], starts: list[float], delays: tuple[float | None, ...], false: int
) -> None:
    assert camera_footage._matched(check, onsets, starts) == (delays, false)
