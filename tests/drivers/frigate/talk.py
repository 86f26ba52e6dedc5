"""A Frigate that says what happens, and what the codec makes of it."""

from __future__ import annotations

import json
from typing import Any, Final

from drivers.frigate.codec import FrigateCodec
from edge.cameras.findings import parsed
from edge.domain.device import DeviceProfile
from edge.domain.instant import SECOND

LANE: Final = "lane:zones=fire_lane:score=0.6:size=1280x720"
ADDRESSES: Final = (LANE, "shed")
START: Final = 1_795_600_800 * SECOND
MINUTE: Final = 60 * SECOND


class Nvr:
    """Of one camera, `lane`. findings: what was told, as the hub reads it."""

    def __init__(self, profile: DeviceProfile) -> None:
        self.codec = FrigateCodec("frigate", ADDRESSES)
        self.findings: list[dict[str, Any]] = []
        self._profile = profile
        self._now = START

    def later(self, micros: int) -> None:
        """Time passes at Frigate."""
        self._now += micros

    def event(
        self,
        kind: str,
        id: str = "1795600800.25-abcdef",
        label: str = "person",
        zones: list[str] | None = None,
        *,
        stationary: bool = False,
    ) -> list[str]:
        """It publishes an event: what is read, as `field value` or `finding kind state`."""
        body = {
            "id": id,
            "camera": "lane",
            "label": label,
            "start_time": START / SECOND,
            "frame_time": self._now / SECOND,
            "top_score": 0.8,
            "stationary": stationary,
            "current_zones": ["fire_lane"] if zones is None else zones,
            "entered_zones": ["fire_lane"],
        }
        return self._says("events", {"type": kind, "after": body})

    def stats(self, fps: float = 5.0) -> list[str]:
        """It publishes its figures."""
        time = {"last_updated": self._now // SECOND}
        return self._says("stats", {"cameras": {"lane": {"camera_fps": fps}}, "service": time})

    def _says(self, topic: str, body: dict[str, Any]) -> list[str]:
        shown = []
        for message in self.codec.parse(f"frigate/{topic}", json.dumps(body).encode()):
            for sample in self.codec.samples(message, self._profile):
                if sample.field == "finding":
                    found = parsed(sample.value)
                    assert found is not None
                    self.findings.append(found)
                    shown.append(f"finding {found['kind']} {found['state']}")
                else:
                    shown.append(f"{sample.field} {sample.value}")
        return shown
