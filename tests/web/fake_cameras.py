"""Cameras of the hub in memory: two, a finding on one, pictures that a test puts there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from edge.domain.camera import Camera, CameraZone, View
from edge.domain.device import Device, DeviceProfile, PointSpec, Signal
from edge.domain.footage import CameraSetting, Figures, Finding, Shot, StillSet
from edge.domain.instant import DAY, SECOND
from edge.domain.names import Text
from edge.facade import CameraModel, CameraState, Footage
from tests.web.fake_log import FakeLog

JPEG: Final = bytes.fromhex(  # 8 x 6 pixels of grey
    "ffd8ffe000104a46494600010100000100010000ffdb0043001b12141714111b1716171e1c1b2028422b28252528513a3d304260"
    "5565645f555d5b6a7899816a7190735b5d85b586909ea3abadab6780bcc9baa6c799a8aba4ffc0000b080006000801011100ffc4"
    "0014000100000000000000000000000000000000ffc40014100100000000000000000000000000000000ffda0008010100003f00"
    "3fffd9"
)
PROFILE: Final = DeviceProfile(
    "generic-ip-camera", "generic", "IP camera", "camera", "camera",
    (
        PointSpec("flame", Text("疑似火焰", "Suspected flame"), signal=Signal.SUPERVISORY),
        PointSpec("left-object", Text("物品滞留", "Object left behind"), signal=Signal.SUPERVISORY),
        PointSpec("covered", Text("遮挡", "Covered"), signal=Signal.FAULT),
        PointSpec("finding", Text("发现", "Finding")),
    ),
    "practice", 30.0, Text("网络摄像机", "IP camera"),
)  # fmt: skip
CM_01: Final = Device(
    "cm-01", PROFILE, Text("消防车道北摄像机", "Camera fire lane"), "out/north", Text("北门", "north gate"),
    Text("室外 北门", "Outdoors, north gate"), "cm-01-stream",
)  # fmt: skip
CM_02: Final = Device(
    "cm-02", PROFILE, Text("电动自行车库摄像机", "Camera e-bike shed"), "out/eb", Text("车库", "shed"),
    Text("室外 电动自行车库", "Outdoors, e-bike shed"), "cm-02-stream",
)  # fmt: skip
LANE: Final = CameraZone(
    "lane",
    Text("消防车道", "Fire lane"),
    ((0.1, 0.5), (0.9, 0.5), (0.9, 0.95), (0.1, 0.95)),
    ("left-object",),
    60.0,
)
CAMERAS: Final = (
    Camera("cm-01", "cm-01-stream", ("out/north",), ("tamper",), (LANE,)),
    Camera(
        "cm-02",
        "cm-02-stream",
        ("out/eb",),
        ("tamper", "flame", "smoke"),
        masks=(((0, 0), (0.2, 0), (0.2, 0.3)),),
    ),
)


class FakeCameras(FakeLog):
    """Part of the hub in memory. `views`: how each does; `pictures`: what `still` and `latest_still` give, by id."""

    case_rows: dict[str, dict[str, Mapping[str, Any]]]

    def __init__(self, frozen: int | None, ring: int) -> None:
        super().__init__(frozen, ring)
        fine = Text("画面正常", "The picture is in order")
        now = self.now().utc
        self.views: dict[str, View | None] = {
            "cm-01": View("ok", fine, now, 5.0, 3.2, 1280, 720),
            "cm-02": View(
                "frozen", Text("画面冻结", "The picture is frozen"), now - 60 * SECOND, 0.0, 3.0, 640, 360
            ),
        }
        self.models = {"cm-02": [CameraModel("verifier", "fire.onnx", "Apache-2.0")]}
        self.pictures: dict[str, Footage] = {"cm-01": Footage(now, "image/jpeg", JPEG)}

    def cameras(self) -> Sequence[CameraState]:
        return [self._state(camera, device) for camera, device in zip(CAMERAS, (CM_01, CM_02), strict=True)]

    def camera(self, id: str) -> CameraState | None:
        return next((state for state in self.cameras() if state.device.id == id), None)

    def _state(self, camera: Camera, device: Device) -> CameraState:
        row = self.case_rows.get("camera", {}).get(camera.device)
        drawn = None if row is None else CameraSetting.from_dict(row)
        found = [Finding.from_dict(row) for row in self.case_rows.get("finding", {}).values()]
        return CameraState(
            camera, device, self.views.get(camera.device),
            camera.zones if drawn is None else drawn.zones,
            camera.masks if drawn is None else drawn.masks,
            0 if drawn is None else drawn.version,
            None if drawn is None else drawn.by,
            self.models.get(camera.device, []),
            sorted((f for f in found if f.device == camera.device and f.open), key=lambda f: -f.opened_at),
            {"left-object": Figures(7, 4, 2)} if camera.device == "cm-01" else {},
        )  # fmt: skip

    async def latest_still(self, camera: str) -> Footage | None:
        return self.pictures.get(camera)

    async def still(self, id: str) -> Footage | None:
        return self.pictures.get(id)

    async def alarm_stills(self, alarm: str) -> Sequence[StillSet]:
        found = [StillSet.from_dict(row) for row in self.case_rows.get("stills", {}).values()]
        return sorted((one for one in found if alarm in one.alarms), key=lambda one: one.opened_at)

    def sample_finding(self, alarm: str | None = None) -> Finding:
        """An open finding of CM-01, as a test may put it: `put_case("finding", found.to_dict(), "finding.seen")`."""
        now = self.now().utc
        return Finding(
            "f" * 26, now, "cm-01", "cm-01-stream", "left-object", "left-object", "lane", 0.83, now - 60 * SECOND,
            1800 * SECOND, (0.4, 0.6, 0.2, 0.2), {"area": 0.04, "still": 61.0}, alarm=alarm,
        )  # fmt: skip

    def sample_stills(self, alarm: str, *, device: str = "cm-01") -> StillSet:
        """Pictures before and at an alarm, and one that is missing; their files are in `pictures`."""
        now = self.now().utc
        made = StillSet(
            "st-1-1", now, device,
            (
                Shot("202611-" + "1" * 32, "before", now - 5 * SECOND),
                Shot("202611-" + "2" * 32, "at", now),
                Shot("202611-" + "3" * 32, "after", now + 5 * SECOND, missing=Text("摄像机失联", "The camera is lost")),
            ),
            now + 30 * DAY, alarm,
        )  # fmt: skip
        for shot in made.pictures[:2]:
            kept = replace(shot, taken=shot.wanted, sha256="ab" * 32, width=640, height=360, size=len(JPEG))
            made = made.with_shot(kept)
            self.pictures[shot.id] = Footage(shot.wanted, "image/jpeg", JPEG)
        return made
