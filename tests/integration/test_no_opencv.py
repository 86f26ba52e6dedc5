"""A hub without OpenCV: everything but the cameras works, and it says that they are off."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.camera import driver as camera_driver
from edge.tools.broker import Broker
from tests.integration.conftest import Start, make_site, until


@pytest.fixture
def site(tmp_path: Path, start_broker: Callable[..., Broker]) -> Path:
    return make_site(tmp_path, start_broker(), cameras=True)


async def test_the_hub_starts_and_says_that_cameras_are_off(
    start_hub: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_driver, "find_spec", lambda _name: None)
    async with start_hub() as started:
        links = {link.source: link for link in started.hub.links()}
        assert links["zigbee"].up

        def told(source: str) -> str:
            return started.hub.health().checks[source].detail.zh

        for source in ("cm-01-stream", "cm-02-stream"):
            assert not links[source].up
            assert links[source].detail.en.startswith("Cameras are off: OpenCV is not installed")
            await until(lambda source=source: "未安装 OpenCV" in told(source))


def test_the_hub_itself_never_loads_opencv() -> None:
    code = """
import sys
from edge.resources import config_root
from edge.dialects import decoder, make_driver, schemas
from edge.settings import load_site
import edge.assembly, edge.run, web.app
site = load_site(config_root() / "site", schemas())
for connection in site.connections:
    make_driver(connection, list(site.devices.values()))
decoder("camera")
heavy = {"cv2", "numpy", "onnxruntime"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
