"""The pages of cameras: states in words, nothing shown without a reason, stills where alarms are handled."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx
import pytest

from edge.domain.camera import FAULTS, View
from edge.domain.drawn import MESSAGES
from edge.domain.footage import CameraSetting
from edge.domain.instant import SECOND
from edge.domain.names import Text
from edge.facade import CameraModel, Role
from tests.contracts.source import modules
from tests.web.cameras import found, kept, show, with_cameras
from tests.web.fake_cameras import LANE
from tests.web.fakes import FakeHub
from tests.web.pages.test_pages import CHINESE
from web.pages import camera_words
from web.pages.cameras import PROBLEMS, ZONE_WORDS
from web.pages.events import Painter, Scope

ComeIn = Callable[[str], Awaitable[httpx.AsyncClient]]
PAGES = ["/cameras", "/cameras/cm-01", "/cameras/cm-02", "/cameras/cm-01/zones", "/viewings"]


@pytest.fixture(autouse=True)
def cameras(hub: FakeHub) -> None:
    with_cameras(hub)
    show(hub)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_pages_speak_the_readers_language(
    hub: FakeHub, person: ComeIn, path: str, language: str
) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    kept(hub, alarm, finding=found(hub, alarm.id))
    client = await person("admin")
    client.cookies.set("language", language)
    await client.post("/api/v1/cameras/open", json={"reason": "duty"})
    page = await client.get(path)
    assert page.status_code == 200
    if language == "en":
        shown = re.sub(r"<script.*?</script>", "", page.text, flags=re.DOTALL)
        for own in ("李强", "张伟", "王芳", "中文", "和安苑物业服务中心", "和安物业"):
            shown = shown.replace(own, "")
        assert not CHINESE.search(shown), CHINESE.findall(shown)
    elif path != "/viewings":
        assert "视频" in page.text


async def test_a_site_without_cameras_and_a_hub_without_eyes(
    hub: FakeHub, person: ComeIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = await person("guard")
    hub.views = {"cm-01": None, "cm-02": None}
    page = (await guard.get("/cameras")).text
    assert "视频功能未启用" in page
    assert "本机未安装 OpenCV" in page
    assert "api/v1/cameras/open" not in page
    assert "api/v1/cameras/open" not in (await guard.get("/cameras/cm-01")).text
    monkeypatch.setattr(hub, "cameras", list)
    assert "本小区没有接入摄像机" in (await guard.get("/cameras")).text


@pytest.mark.parametrize("state", FAULTS)
async def test_every_state_has_its_words(hub: FakeHub, person: ComeIn, state: str) -> None:
    hub.views["cm-01"] = View(state, Text("一句话说明", "One sentence"))
    page = (await (await person("guard")).get("/cameras")).text
    words = re.search(r'<span class="tag c-medium">([^<]+)</span>', page)
    assert words is not None
    assert words.group(1) != state
    assert "一句话说明" in page


async def test_no_camera_ever_says_fire(hub: FakeHub, person: ComeIn) -> None:
    flame = replace(found(hub), check="flame", kind="flame")
    hub.put_case("finding", flame.to_dict(), "finding.seen")
    page = (await (await person("guard")).get("/cameras/cm-01")).text
    assert "疑似火焰" in page
    assert "视频不是火灾报警信号,请到场核实" in page
    assert "火警" not in re.sub(r'(?s)<header class="top">.*?</header>|<script.*?</script>', "", page)


async def test_checks_say_whether_they_learn_look_or_see(hub: FakeHub, person: ComeIn) -> None:
    view = hub.views["cm-01"]
    assert view is not None
    hub.views["cm-01"] = replace(view, learning=("tamper",))
    found(hub)
    page = (await (await person("guard")).get("/cameras/cm-01")).text
    checks = page[page.index('id="checks"') : page.index('id="health"')]
    assert "学习中" in checks
    assert "有发现" in checks
    hub.views["cm-01"] = replace(view, state="lost")
    page = (await (await person("guard")).get("/cameras/cm-01")).text
    assert "未检查" in page[page.index('id="checks"') : page.index('id="health"')]


async def test_models_say_their_licence_and_figures_what_is_not_judged(hub: FakeHub, person: ComeIn) -> None:
    guard = await person("guard")
    assert "许可证:Apache-2.0" in (await guard.get("/cameras/cm-02")).text
    page = (await guard.get("/cameras/cm-01")).text
    assert re.search(r"<td>物品滞留</td><td>7</td><td>4</td><td>2</td><td>1</td>", page)


async def test_each_model_says_why_it_is_not_asked(hub: FakeHub, person: ComeIn) -> None:
    problem = Text("模型文件 coco.onnx 无法读取", "the model file coco.onnx cannot be read")
    hub.models["cm-01"] = [
        CameraModel("verifier", "fire.onnx", "Apache-2.0"), CameraModel("detector", "coco.onnx", "MIT", problem),
    ]  # fmt: skip
    guard = await person("guard")
    zh = (await guard.get("/cameras/cm-01")).text
    for said in ("fire.onnx", "许可证:Apache-2.0", "coco.onnx", "许可证:MIT", problem.zh):
        assert said in zh
    guard.cookies.set("language", "en")
    assert problem.en in (await guard.get("/cameras/cm-01")).text
    listed = (await guard.get("/api/v1/cameras/cm-01")).json()["models"]
    assert [one["problem"] for one in listed] == [None, {"zh": problem.zh, "en": problem.en}]


async def test_the_crew_sees_states_and_no_pictures(hub: FakeHub, person: ComeIn) -> None:
    crew = await person("maintenance")
    page = (await crew.get("/cameras")).text
    assert "画面冻结" in page
    assert "画面只对本人登录的值班人员显示" in page
    assert "data-camera=" not in page
    assert (await crew.get("/viewings")).status_code == 403


async def test_the_editor_is_given_every_version(hub: FakeHub, person: ComeIn) -> None:
    chief = await person("admin")
    for version, masks in enumerate(([], [[[0, 0], [0.2, 0], [0.2, 0.2]]])):
        body = {"zones": [], "masks": masks, "version": version}
        drawn = await chief.put("/api/v1/cameras/cm-01/zones", json=body)
        assert drawn.status_code == 200, drawn.text
    page = (await chief.get("/cameras/cm-01/zones")).text
    given = re.search(r'id="zones-given">(.*?)</script>', page, re.DOTALL)
    assert given is not None
    said = json.loads(given.group(1))
    assert said["version"] == 2
    assert [(v["version"], len(v["zones"]), len(v["masks"])) for v in said["versions"]] == [
        (2, 0, 1), (1, 0, 0), (0, 1, 0),
    ]  # fmt: skip


async def test_stills_stand_on_alarm_record_and_incident_with_their_reason_where_missing(
    hub: FakeHub, person: ComeIn
) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    kept(hub, alarm, finding=found(hub, alarm.id))
    guard = await person("guard")
    for path in (f"/alarms/{alarm.id}", f"/alarms/{alarm.id}/record"):
        page = (await guard.get(path)).text
        assert page.count('<img src="/api/v1/stills/st-1-1/') == 2, path
        assert "摄像机失联" in page
        assert "0.83" in page
    assert "其前 5.0 秒" in (await guard.get(f"/alarms/{alarm.id}")).text


async def test_a_wall_shows_stills_and_neither_live_pictures_nor_the_register(
    hub: FakeHub, program: Callable[[Role], httpx.AsyncClient]
) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    kept(hub, alarm)
    wall = program(Role.WALL)
    assert (await wall.get(f"/alarms/{alarm.id}/record")).text.count("/api/v1/stills/st-1-1/") == 2
    page = (await wall.get("/cameras")).text
    assert "data-camera=" not in page
    assert "/viewings" not in page
    assert (await wall.get("/viewings")).status_code == 403


async def test_a_picture_that_came_tells_the_pages_of_its_alarm(hub: FakeHub) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    kept(hub, alarm)
    fact = next(fact for fact in hub._facts if fact.kind == "stills.kept")
    painted = Painter(hub, Scope("zh", Role.GUARD, wall=True), {}).fact(fact)
    assert f"#fresh-{alarm.id}".encode() in painted


async def test_a_film_of_an_alarm_is_offered_while_a_camera_still_holds_it(
    hub: FakeHub, person: ComeIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    kept(hub, alarm)
    guard = await person("guard")
    page = (await guard.get(f"/alarms/{alarm.id}")).text
    assert "保存本次报警录像" in page
    assert f'data-goes="{(alarm.raised_at + 90 * SECOND) // 1000}"' in page
    real = hub.now
    monkeypatch.setattr(hub, "now", lambda: replace(real(), utc=real().utc + 91 * SECOND))
    assert "保存本次报警录像" not in (await guard.get(f"/alarms/{alarm.id}")).text


def test_spans_numbers_and_places_in_words(hub: FakeHub) -> None:
    assert camera_words.points(((0, 0), (0.5, 1)), 640, 360) == "0.0,0.0 320.0,360.0"
    assert camera_words.centre(((0, 0), (1, 0), (1, 1), (0, 1)), 640, 360) == (320, 180)
    assert camera_words.rect((0.5, 0.5, 0.25, 0.25), 640, 360) == (320, 180, 160, 90)


async def test_how_long_a_finding_went_on(hub: FakeHub, person: ComeIn) -> None:
    finding = found(hub)
    guard = await person("guard")
    assert (await guard.post("/api/v1/cameras/open", json={"reason": "duty"})).status_code == 200
    assert 'class="box"' in (await guard.get("/cameras/cm-01")).text
    over = replace(finding, closed_at=finding.opened_at, ended=finding.since + 150 * SECOND, aged=True)
    hub.put_case("finding", over.to_dict() | {"open": False}, "finding.aged")
    page = (await guard.get("/cameras/cm-01")).text
    assert "2 分钟" in page or "2 分" in page
    assert "超时,不再采信" in page
    assert 'class="box' not in page  # what is over is no longer drawn on the live picture


def test_every_number_behind_a_finding_has_its_words() -> None:
    """As far as checks name them in the open: `why = {…}`, `why |= {…}`, or within a function `_why`."""
    named: set[str] = set()
    for path, tree in modules().items():
        if not path.startswith("drivers/camera/"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign | ast.AugAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(isinstance(target, ast.Name) and target.id == "why" for target in targets):
                    named |= _keys(node.value)
            elif isinstance(node, ast.FunctionDef) and node.name == "_why":
                named |= {key for each in ast.walk(node) for key in _keys(each)}
    assert {"area", "seconds", "haze"} <= named
    assert named - {"score", "verified"} <= camera_words.WHY.keys()  # these two are said by themselves


def _keys(node: ast.AST) -> set[str]:
    keys = node.keys if isinstance(node, ast.Dict) else []
    return {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


async def test_only_what_the_camera_can_look_for_is_offered(hub: FakeHub, person: ComeIn) -> None:
    admin = await person("admin")
    page = (await admin.get("/cameras/cm-01/zones")).text
    assert 'value="left-object"' in page
    assert 'value="e-bike"' not in page
    drawn = CameraSetting("cm-01", 0, 1, "li", (replace(LANE, checks=("e-bike",)),))
    hub.put_case("camera", drawn.to_dict(), "camera.zones_drawn")
    assert 'value="e-bike"' in (await admin.get("/cameras/cm-01/zones")).text  # so that it can be taken away


def test_every_problem_of_a_drawing_has_words() -> None:
    assert set(MESSAGES) <= {*PROBLEMS, *ZONE_WORDS}
