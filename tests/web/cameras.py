"""The real tenant of cameras within the hub in memory, and pictures large enough to be looked at."""

from __future__ import annotations

import io
from dataclasses import replace

from PIL import Image, ImageDraw

from edge.cameras import Cameras
from edge.cameras.holding import Matters
from edge.conclude import Conclude
from edge.domain.alarm import Alarm
from edge.domain.footage import Finding, StillSet
from edge.facade import Footage
from tests.web.fake_cameras import CAMERAS
from tests.web.fakes import FakeHub


def with_cameras(hub: FakeHub) -> FakeHub:
    """Let `hub` carry out requests about footage."""
    matters = Matters(hub.open_alarms)
    tenant = Cameras(CAMERAS, hub._numbering, matters, lambda _place: "", lambda _point: True)
    hub.conclude = Conclude([tenant])
    return hub


def scene(second: int = 0, width: int = 640, height: int = 360) -> bytes:
    """A lane between two walls, with something standing in it."""
    picture = Image.new("RGB", (width, height), (96, 104, 110))
    pen = ImageDraw.Draw(picture)
    pen.polygon([(40, height), (width - 40, height), (width - 220, 90), (220, 90)], fill=(70, 74, 78))
    pen.rectangle([0, 0, 170, 200], fill=(128, 112, 98))
    pen.rectangle([width - 170, 0, width, 200], fill=(120, 118, 110))
    pen.rectangle([260 + second % 60, 200, 380 + second % 60, 290], fill=(190, 196, 200))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=75)
    return out.getvalue()


def show(hub: FakeHub, camera: str = "cm-01", second: int = 0) -> None:
    """The camera has a new picture."""
    now = hub.now().utc
    hub.pictures[camera] = Footage(now, "image/jpeg", scene(second))
    if (view := hub.views[camera]) is not None:
        hub.views[camera] = replace(view, frame_at=now)


def found(hub: FakeHub, alarm: str | None = None) -> Finding:
    """An open finding of CM-01, known to the tenant too."""
    finding = hub.sample_finding(alarm)
    hub.put_case("finding", finding.to_dict(), "finding.seen")
    hub.conclude.tenants[0].restore([finding.to_dict()], hub.now())
    return finding


def kept(hub: FakeHub, alarm: Alarm, *, finding: Finding | None = None) -> StillSet:
    """Pictures of an alarm: before and at it, none after."""
    made = replace(hub.sample_stills(alarm.id), finding=finding.id if finding else None)
    for number, shot in enumerate(made.pictures):
        if shot.kept:
            hub.pictures[shot.id] = Footage(shot.taken or 0, "image/jpeg", scene(number * 20))
    hub.put_case("stills", made.to_dict(), "stills.kept")
    return made
