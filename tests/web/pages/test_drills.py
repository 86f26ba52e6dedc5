"""The pages of drills and the reserve: both languages, the form, the notice on a wall, and what is printed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import httpx
import pytest

from edge.conclude import Conclude
from edge.domain.device import Signal
from edge.domain.drill import EndDrill
from edge.domain.reading import Purpose
from edge.outputs import Outputs
from tests.edge.outputs.stage import DEVICES, LINKAGES, Stage
from tests.web.drills import a_drill, with_drills
from tests.web.fakes import FakeHub

ComeIn = Callable[[str], Awaitable[httpx.AsyncClient]]
CHINESE = re.compile(r"[\u3400-\u9fff]")
PAGES = [
    "/drills",
    "/drills/{id}",
    "/drills/{id}/record",
    "/reserve",
    "/reserve?show=wanting&sort=site",
    "/reserve/ledger",
    "/reserve/stores/station",
    "/reserve/items/escape-mask",
]


@pytest.fixture(autouse=True)
def machine(hub: FakeHub) -> FakeHub:
    return with_drills(hub)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_pages_speak_the_readers_language(
    hub: FakeHub, person: ComeIn, path: str, language: str
) -> None:
    first = await a_drill(hub)
    await hub.act(EndDrill(first["id"], "admin"))
    drill = await a_drill(hub)
    client = await person("admin")
    client.cookies.set("language", language)
    answer = await client.get(path.format(id=drill["id"]))
    assert answer.status_code == 200
    shown = re.sub(r"<script.*?</script>|中文", "", answer.text, flags=re.DOTALL)
    main = shown.partition("<main")[2]
    if language == "zh":
        assert "演练" in main or "物资" in main
    else:
        assert not [word for word in CHINESE.findall(main) if word not in NAMES], path


NAMES = set("李强张伟王芳王建国李明周敏和安苑物业服务中心有限公司")


async def test_the_form_offers_only_what_can_be_stopped(hub: FakeHub, person: ComeIn) -> None:
    devices = {device.id: device for device in DEVICES}
    outputs = Outputs(devices, Stage().points, LINKAGES, hub._numbering, list, hub.desk)
    hub.conclude = Conclude([*hub.conclude.tenants, outputs])
    page = (await (await person("admin")).get("/drills")).text
    offered = set(re.findall(r'name="outputs" value="([^"]+)"', page))
    assert offered
    barred = {state.output.id for state in hub.outputs() if state.barrier or state.output.kind == "desk"}
    assert not offered & barred
    assert offered == {"siren.siren", "mute.siren", "fan.fan", "siren-landing.siren"}
    assert "119" in page


async def test_a_stopped_drill_fills_every_wall_until_somebody_has_read_it(
    hub: FakeHub, person: ComeIn
) -> None:
    drill = await a_drill(hub)
    client = await person("guard")
    assert "data-say" in (await client.get("/")).text
    hub.raise_alarm("sm-402.smoke", Signal.FIRE)
    for made in hub.conclude.draw([hub._facts[-1]], hub.now()).facts:
        hub.put_case(made.subject, made.body, made.kind)
    wall = (await client.get("/")).text
    assert "drill-stopped" in wall
    assert f'data-drill-seen="{drill["id"]}"' in wall
    assert (await client.post(f"/api/v1/drills/{drill['id']}/seen")).json()["seen_by"] == "guard"
    assert "drill-stopped" not in (await client.get("/")).text


async def test_a_store_has_a_code_for_its_door(person: ComeIn) -> None:
    client = await person("guard")
    code = await client.get("/reserve/stores/station/qr.svg")
    assert code.headers["content-type"] == "image/svg+xml"
    assert (await client.get("/reserve/stores/nowhere")).status_code == 404


async def test_an_alarm_of_a_drill_says_so_on_every_page_and_offers_nothing_real(
    hub: FakeHub, person: ComeIn
) -> None:
    alarm = hub.raise_alarm(purpose=Purpose.DRILL)
    client = await person("admin")
    client.cookies.set("language", "zh")
    for path in (f"/alarms/{alarm.id}", "/alarms", "/reserve", f"/devices/{alarm.device}", "/devices"):
        shown = (await client.get(path)).text
        assert "【演练】" + alarm.title.zh in shown, path
    own = (await client.get(f"/alarms/{alarm.id}")).text
    assert 'id="sounding" data-signal="drill"' in own
    for word in ("确认火警", "派单", "隐患上报"):
        assert word not in own.partition("<main")[2]
    hub.raise_alarm("gas-1203.gas", Signal.GAS)
    assert 'id="sounding" data-signal="gas"' in (await client.get("/reserve")).text
