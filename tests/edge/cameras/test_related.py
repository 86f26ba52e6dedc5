"""Which cameras are asked for an alarm: those that see its place, nearest first."""

from __future__ import annotations

import pytest

from edge.cameras.related import related
from edge.domain.camera import Camera
from edge.domain.names import Text
from edge.domain.plan import Coincidence, LinkageZone

AREA = Coincidence((LinkageZone("shed", Text("车库", "shed"), ("out/eb", "out/charging")),)).area


def seen(zone: str, *covers: tuple[str, ...]) -> list[str]:
    cameras = [Camera(f"cm-{n}", f"s-{n}", each) for n, each in enumerate(covers)]
    return [camera.device for camera in related(cameras, zone, AREA)]


@pytest.mark.parametrize(
    ("zone", "covers", "found"),
    [
        ("out/eb", [("out/eb",), ("out/lane",)], ["cm-0"]),
        ("out/eb/box", [("out",), ("out/eb",)], ["cm-1", "cm-0"]),  # the narrower view first
        ("out", [("out/eb/box",), ("out/eb",)], ["cm-1", "cm-0"]),  # what lies within
        ("out/eb", [("out/charging",), ("out/eb",)], ["cm-1", "cm-0"]),  # the same linkage zone
        ("b3/s1/3f/301", [("b3/s1/1f",), ("b3/s2",), ("b3/s1/3f",)], ["cm-2", "cm-0"]),  # a unit is one
        ("b1/s1", [("",), ("b1",)], ["cm-1", "cm-0"]),
        ("b1/s1", [()], []),
        ("", [("out",)], []),
        ("b1", [("b1",)] * 6, ["cm-0", "cm-1", "cm-2", "cm-3"]),
        ("b11", [("b1",)], []),
    ],
)  # fmt: skip
def test_nearest_first(zone: str, covers: list[tuple[str, ...]], found: list[str]) -> None:
    assert seen(zone, *covers) == found
