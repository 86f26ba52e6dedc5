"""A zone drawn in the browser over a real camera is looked at by its child: what moves there is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from drivers.camera.driver import CameraDriver
from edge.cameras import Cameras
from edge.facade import CameraState, Footage
from edge.tools.simulator.pictures.screen import Screen
from edge.tools.simulator.pictures.server import PictureServer
from tests.drivers.camera.acting import Host, connection, within
from tests.e2e.conftest import SignIn
from tests.e2e.panel import Panel
from tests.e2e.test_cameras import drawn, look, save
from tests.web.cameras import with_cameras

pytestmark = pytest.mark.slow


@pytest.fixture
def screen() -> Iterator[tuple[Screen, str]]:
    """The drawn fire lane at noon, and its address."""
    made = Screen("lane", hour=12.0)
    server = PictureServer({"cm-01": made})
    server.start()
    yield made, server.url("cm-01")
    server.stop()


@pytest.fixture
def seeing(
    panel: Panel, screen: tuple[Screen, str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[CameraDriver, Host]]:
    """The hub in memory sees through the real driver and its child."""
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    driver, host = CameraDriver(connection(url=screen[1], checks=["motion"]), ()), Host()
    panel.do(with_cameras)
    hub = panel.hub
    cameras, act = hub.cameras, hub.act

    def states() -> list[CameraState]:
        hub.views["cm-01"] = driver.view()
        return list(cameras())

    async def latest(camera: str) -> Footage | None:
        still = driver.latest() if camera == "cm-01" else None
        return None if still is None else Footage(still.taken, "image/jpeg", still.path.read_bytes())

    async def acted(request: Any, key: str | None = None) -> Any:
        done = await act(request, key)
        tenant: Any = next(t for t in hub.conclude.tenants if isinstance(t, Cameras))
        for aim in tenant.aims():
            driver.watch(aim.zones, aim.masks)
        return done

    hub.cameras, hub.latest_still, hub.act = states, latest, acted  # type: ignore[method-assign]
    driver.start(host)
    yield driver, host
    driver.stop()


def zones_with_motion(host: Host) -> set[str]:
    """Zones in which the child has found that something moves."""
    said = [json.loads(str(sample.value)) for sample in host.samples() if sample.field == "finding"]
    return {line["zone"] for line in said if line["kind"] == "motion"}


def test_a_zone_drawn_over_a_real_picture_is_looked_at_by_the_child(
    panel: Panel, sign_in: SignIn, screen: tuple[Screen, str], seeing: tuple[CameraDriver, Host]
) -> None:
    driver, host = seeing
    within(lambda: driver.latest() is not None and driver.view().state == "ok", 60)
    page = sign_in("admin", "/cameras/cm-01/zones")
    look(page)
    drawn(page)
    page.get_by_role("button", name="+ 区域").click()
    sheet = page.locator("#drawing")
    frame = sheet.bounding_box()
    assert frame is not None
    for x, y in ((0.2, 0.3), (0.9, 0.3), (0.9, 0.98), (0.2, 0.98)):
        page.mouse.click(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"])
    page.keyboard.press("Enter")
    part = page.locator("#shapes fieldset").last
    part.get_by_label("物品滞留").uncheck()
    part.get_by_label("画面移动").check()
    save(page)
    made = panel.do(lambda hub: hub.case_rows["camera"]["cm-01"]["zones"][-1])
    assert made["checks"] == ["motion"]
    # Whoever walks through it once the child knows the empty scene is found in it.
    shown = iter(range(1000))

    def walks() -> bool:
        if next(shown) % 400 == 0 and "motion" not in driver.view().learning:
            screen[0].show("person")
        return made["id"] in zones_with_motion(host)

    within(walks, 90)
    page.goto(panel.url + "/cameras/cm-01")
    drawn(page)
    expect(page.locator("#over")).to_contain_text("区域 2")
    expect(page.locator("#picture-title")).to_contain_text("画面正常")
