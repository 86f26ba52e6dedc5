"""A fire in the shed before a real camera: its pictures are kept over a restart, masked, and handed on with proof."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.domain.clock import Witness
from edge.domain.footage import CameraSetting, DrawZones, KeepClip, OpenFootage, StillSet
from edge.domain.instant import DAY, SECOND, Instant
from edge.facade import CaseQuery
from edge.hub import RunningHub
from edge.reports import verify
from edge.settings import write_overrides
from edge.tools.broker import Broker
from tests.integration.conftest import Start, make_site, until
from tests.integration.field import Field
from tests.integration.test_incidents import incident

cv2 = pytest.importorskip("cv2")
np = pytest.importorskip("numpy")
MASK = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5))
HEAT = "zigbee2mqtt/ht-eb2"


@pytest.fixture
def site(tmp_path: Path, own_broker: Broker) -> Iterator[Path]:
    """The template site; its cameras show drawn scenes."""
    from edge.tools.simulator.pictures.screen import Screen
    from edge.tools.simulator.pictures.server import PictureServer

    made = make_site(tmp_path, own_broker, cameras=True)
    server = PictureServer({"cm-01": Screen("lane"), "cm-02": Screen("shed")})
    server.start()
    write_overrides(
        made,
        mqtt=(own_broker.host, own_broker.port, "hub", tmp_path / "mqtt-password"),
        serial={bus: str(tmp_path / "no-such-port" / bus) for bus in ("bus-1", "bus-2")},
        cameras={f"{id}-stream": {"url": server.url(id)} for id in ("cm-01", "cm-02")},
    )
    yield made
    server.stop()


def sees(hub: RunningHub, id: str = "cm-02") -> bool:
    state = next(each for each in hub.cameras() if each.device.id == id)
    return state.view is not None and state.view.state == "ok" and state.view.frame_at is not None


@pytest.mark.slow
async def test_a_fire_has_its_pictures(start_hub: Start, field: Field, tmp_path: Path) -> None:
    async with start_hub() as started:
        hub = started.hub
        await until(lambda: sees(hub))
        await hub.act(DrawZones("cm-02", "zhou-min", (), (MASK,)))
        mark = hub.now().utc
        await until(lambda: hub.now().utc - mark > 7 * SECOND)  # pictures with the mask, before and at
        field.say(HEAT, {"smoke": True, "battery": 90, "battery_low": False, "tamper": False})
        opened = await incident(hub, lambda one: one.open)
        alarm = str(opened.alarm)

        def kept() -> bool:
            sets = hub._cameras.sets_of(alarm)
            return len(sets) == 1 and not sets[0].missing

        await until(kept)
        (one,) = await hub.alarm_stills(alarm)
        assert (one.device, [shot.moment for shot in one.pictures]) == ("cm-02", ["before", "at", "after"])
        for shot in one.pictures:
            assert shot.taken is not None, shot.missing
            assert abs(shot.taken - shot.wanted) <= 1.1 * SECOND
            picture = await hub.still(shot.id)
            assert picture is not None
            assert hashlib.sha256(picture.content).hexdigest() == shot.sha256
            jpeg = picture.content
        pixels = cv2.imdecode(np.frombuffer(jpeg, "u1"), cv2.IMREAD_GRAYSCALE)
        assert pixels[: pixels.shape[0] // 3].max() < 20  # under the mask nothing is kept
        assert pixels[2 * pixels.shape[0] // 3 :].max() > 60
        newest = await hub.latest_still("cm-02")
        assert newest is not None
        assert hub.now().utc - newest.taken < 3 * SECOND
        assert (await hub.act(OpenFootage("li", "fire", alarm=alarm, stills=(one.id,))))["state"] == "viewed"  # type: ignore[index]
        assert {metric.name for metric in hub.metrics()} >= {"camera_fps", "camera_frame_age_seconds"}

    async with start_hub() as started:
        hub = started.hub
        assert await hub.alarm_stills(alarm) == [one]
        state = next(each for each in hub.cameras() if each.device.id == "cm-02")
        assert (state.version, state.drawn_by, tuple(state.masks)) == (1, "zhou-min", (MASK,))
        body = await hub.case("incident", opened.id)
        assert body is not None
        pieces = [piece async for piece in hub.records.bundle(body, "li", {}, {}, pictures=[one.id])]
        packed = io.BytesIO(b"".join(piece for piece in pieces if isinstance(piece, bytes)))
        with zipfile.ZipFile(packed) as bundle:
            names = bundle.namelist()
            files = {name: bundle.read(name) for name in names}
        assert verify.verify(files)[0] == []
        assert sum(name.startswith("stills/") for name in names) == 3
        viewed = await hub.cases("viewing", CaseQuery(where={"alarm": alarm}))
        assert [row["by"] for row in viewed.items] == ["li"]
        row = await hub.case("camera", "cm-02")
        assert row is not None
        assert replace(CameraSetting.from_dict(row), opened_at=0).masks == (MASK,)


class LaterClock(SystemClock):
    """The machine's clocks, so much later (µs), and sure of itself."""

    later = 0

    def now(self) -> Instant:
        now = super().now()
        return replace(now, utc=now.utc + self.later, mono=now.mono + self.later)

    def witness(self) -> Witness:
        return Witness(ntp=True)


@pytest.mark.slow
async def test_a_film_is_erased_from_the_disk_when_its_time_is_over(start_hub: Start, tmp_path: Path) -> None:
    clock = LaterClock()
    async with start_hub(clock=clock, connected=False) as started:
        hub = started.hub
        await until(lambda: sees(hub))
        mark = hub.now().utc
        await until(lambda: hub.now().utc - mark > 3 * SECOND)
        made = StillSet.from_dict(await hub.act(KeepClip("li", camera="cm-02")))  # type: ignore[arg-type]
        folder = tmp_path / "data" / "evidence" / "stills"

        def films() -> list[Path]:
            return list(folder.glob(f"*/{made.pictures[0].id}.webm"))

        await until(lambda: bool(films()))
        clock.later = 31 * DAY
        await until(lambda: not films())
        async with asyncio.timeout(20):
            at = hub.position()
            while not (told := await hub.latest_facts(None, 1, "stills.erased")):
                await hub.wait_facts(at)
                at = hub.position()
        assert (told[0].body["id"], told[0].by) == (made.id, None)
