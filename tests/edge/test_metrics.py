"""Cameras in numbers."""

from __future__ import annotations

from edge.domain.camera import Camera, View
from edge.domain.footage import Figures
from edge.domain.instant import SECOND
from edge.domain.names import Text
from edge.facade import CameraState
from edge.metrics import of_cameras
from tests.edge.cameras.gatehouse import POINTS


def state(id: str, view: View | None, **figures: Figures) -> CameraState:
    device = POINTS[f"{id}.finding"].device
    return CameraState(Camera(id, "s", ()), device, view, (), (), 0, None, (), (), figures)


def test_how_they_do_and_what_they_found() -> None:
    now = 1_790_000_000 * SECOND
    fine = View("ok", Text("", ""), now - 2 * SECOND, 4.9, 3.5)
    states = [
        state("cm-01", fine, flame=Figures(7, 2, 4)),
        state("cm-02", View("starting", Text("", ""))),
        state("cm-03", None),
    ]
    found = {
        metric.name: [(dict(labels), value) for labels, value in metric.values]
        for metric in of_cameras(states, 3, now)
    }
    assert found == {
        "camera_fps": [({"camera": "cm-01"}, 4.9), ({"camera": "cm-02"}, 0.0)],
        "camera_frame_age_seconds": [({"camera": "cm-01"}, 2.0)],
        "camera_frame_cost_seconds": [({"camera": "cm-01"}, 0.0035), ({"camera": "cm-02"}, 0.0)],
        "camera_findings": [({"camera": "cm-01", "kind": "flame"}, 7.0)],
        "camera_findings_false": [({"camera": "cm-01", "kind": "flame"}, 4.0)],
        "camera_findings_unread_total": [({}, 3.0)],
    }


def test_a_hub_without_cameras_says_nothing_of_them() -> None:
    assert of_cameras([], 0, 0) == []
