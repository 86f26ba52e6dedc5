"""Cameras in a real browser: pictures with their age, zones drawn by mouse and by keys, stills beside an alarm."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from edge.cameras import Cameras
from edge.domain.camera import CameraZone
from edge.domain.footage import StillSet
from edge.domain.instant import SECOND
from edge.domain.request import Acknowledge, Reset
from edge.facade import Footage
from tests.e2e.access import violations
from tests.e2e.conftest import SignIn
from tests.e2e.panel import Panel
from tests.web.cameras import found, kept, scene, show, with_cameras
from tests.web.fakes import FakeHub

SHOW = "显示画面"


@pytest.fixture(autouse=True)
def cameras(panel: Panel) -> None:
    panel.do(with_cameras)
    panel.do(show)


def look(page: Page) -> None:
    """Say why one looks."""
    page.get_by_role("button", name=SHOW).click()
    expect(page.locator("#viewing")).to_be_hidden()


def drawn(page: Page, camera: str = "cm-01") -> None:
    """A picture of the camera is on the screen."""
    expect(page.locator(f".sight[data-camera={camera}]")).to_have_attribute("data-taken", re.compile(r"\d+"))


def check(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "it scrolls sideways"
    assert violations(page) == []


@pytest.mark.parametrize(("width", "theme", "language"), [(320, "night", "en"), (1920, "day", "zh")])
def test_pages_are_readable_for_all_on_every_screen(
    panel: Panel, sign_in: SignIn, width: int, theme: str, language: str
) -> None:
    def stage(hub: FakeHub) -> str:
        alarm = hub.raise_alarm("sm-301.smoke")
        kept(hub, alarm, finding=found(hub, alarm.id))
        return alarm.id

    alarm = panel.do(stage)
    page = sign_in("admin", "/cameras", width=width, theme=theme, language=language, height=800)
    page.emulate_media(reduced_motion="reduce")
    check(page, width)
    page.locator("form[data-footage='/api/v1/cameras/open'] button").click()
    drawn(page)
    for path in ("/cameras", "/cameras/cm-01", "/cameras/cm-01/zones", "/viewings", f"/alarms/{alarm}", "/"):
        page.goto(panel.url + path)
        expect(page.locator("html")).to_have_attribute("data-stream", "live")
        check(page, width)


def test_no_picture_before_a_reason_and_each_look_on_record(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in("guard", "/cameras")
    expect(page.locator(".camera .none").first).to_have_text("画面未打开")
    assert page.locator("[data-camera]").count() == 0
    page.get_by_label("原因").select_option(label="核实报警")
    look(page)
    drawn(page)
    expect(page.locator(".sight[data-camera=cm-02] .none")).to_have_text("画面冻结")
    seen = panel.do(lambda hub: list(hub.case_rows["viewing"].values()))
    assert {(row["by"], row["camera"], row["reason"], row["state"]) for row in seen} == {
        ("guard", "cm-01", "verify", "viewed"),
        ("guard", "cm-02", "verify", "viewed"),
    }


def test_a_picture_says_its_age_turns_grey_and_is_hatched(panel: Panel, sign_in: SignIn) -> None:
    def taken(seconds: int) -> Callable[[FakeHub], None]:
        """So many seconds ago; one still to come is fresh however slow the machine is."""

        def put(hub: FakeHub) -> None:
            hub.pictures["cm-01"] = Footage(hub.now().utc - seconds * SECOND, "image/jpeg", scene())

        return put

    panel.do(taken(-600))
    page = sign_in("guard", "/cameras")
    look(page)
    drawn(page)
    box = page.locator(".sight[data-camera=cm-01]")
    expect(box).not_to_have_class(re.compile("old|stale"))
    panel.do(taken(5))
    page.reload()
    expect(box).to_have_class(re.compile(r"\bold\b"))
    panel.do(taken(20))
    page.reload()
    expect(box).to_have_class(re.compile(r"\bstale\b"))
    expect(box.locator(".stamp")).to_have_text(re.compile(r"\d+ 秒前"))
    panel.do(taken(-600))
    expect(box).not_to_have_class(re.compile("old|stale"))


def test_pictures_come_one_after_another_and_rest_while_nobody_looks(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in("guard", "/cameras")
    look(page)
    drawn(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/picture" in request.url else None)
    box = page.locator(".sight[data-camera=cm-01]")
    for second in (1, 2):
        before = box.get_attribute("data-taken")
        panel.do(lambda hub, at=second: show(hub, second=at))
        expect(box).not_to_have_attribute("data-taken", before or "")
    assert asked
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_timeout(300)  # what was under way is over
    asked.clear()
    page.wait_for_timeout(2500)
    assert asked == []
    before = box.get_attribute("data-taken")
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    panel.do(lambda hub: show(hub, second=9))
    expect(box).not_to_have_attribute("data-taken", before or "")


def test_from_camera_to_camera_by_keys(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in("guard", "/cameras")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-camera-card=cm-02] a").first).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cameras/cm-01")
    page.keyboard.press("j")
    page.wait_for_url("**/cameras/cm-02")
    page.keyboard.press("k")
    page.wait_for_url("**/cameras/cm-01")


def test_a_finding_is_judged_and_says_why(panel: Panel, sign_in: SignIn) -> None:
    panel.do(found)
    page = sign_in("guard", "/cameras/cm-01")
    finding = page.locator(".finding")
    expect(finding).to_contain_text("物品滞留")
    expect(finding).to_contain_text("0.83")
    finding.get_by_role("button", name="没有情况").click()
    expect(page.locator("#notices")).to_contain_text("研判已记录")
    expect(finding).to_contain_text("误报 · 李强", timeout=3000)  # before the page asks by itself
    assert panel.do(lambda hub: hub.case_rows["finding"]["f" * 26]["verdict"]["kind"]) == "false"


# -- zones ---------------------------------------------------------------------------------------------------------


def zones(panel: Panel) -> list[CameraZone]:
    """What the camera is told to look at."""

    def aimed(hub: FakeHub) -> list[CameraZone]:
        tenant: Any = next(t for t in hub.conclude.tenants if isinstance(t, Cameras))
        return [zone for aim in tenant.aims() if aim.device == "cm-01" for zone in aim.zones]

    return panel.do(aimed)


def save(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="保存为新版本").click()


def near(corners: Any, wanted: list[tuple[float, float]], by: float = 0.01) -> bool:
    return len(corners) == len(wanted) and all(
        abs(x - u) <= by and abs(y - v) <= by for (x, y), (u, v) in zip(corners, wanted, strict=True)
    )


def test_a_zone_drawn_by_mouse_is_saved_and_used(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in("admin", "/cameras/cm-01/zones")
    look(page)
    drawn(page)
    page.get_by_role("button", name="+ 区域").click()
    sheet = page.locator("#drawing")
    frame = sheet.bounding_box()
    assert frame is not None
    wanted = [(0.3, 0.1), (0.6, 0.1), (0.6, 0.4), (0.3, 0.4)]
    for x, y in [*wanted, wanted[0]]:
        page.mouse.click(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"])
    part = page.locator("#shapes fieldset").last
    assert [part.locator(f"[name={each}]").input_value() for each in ("zh", "en")] == ["区域 2", "Zone 2"]
    part.get_by_label("名称(中文)").fill("北侧人行道")
    part.get_by_label("名称(英文)").fill("North path")
    part.get_by_label("画面移动").check()
    part.get_by_label("停留多久").fill("15")
    # The last corner is pulled somewhere else, and a new one made between two.
    sheet.scroll_into_view_if_needed()
    frame = sheet.bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + 0.3 * frame["width"], frame["y"] + 0.4 * frame["height"])
    page.mouse.down()
    page.mouse.move(frame["x"] + 0.2 * frame["width"], frame["y"] + 0.45 * frame["height"], steps=4)
    page.mouse.up()
    page.mouse.move(frame["x"] + 0.45 * frame["width"], frame["y"] + 0.1 * frame["height"])
    page.mouse.down()
    page.mouse.move(frame["x"] + 0.45 * frame["width"], frame["y"] + 0.05 * frame["height"], steps=4)
    page.mouse.up()
    save(page)
    made = zones(panel)[-1]
    assert made.name.zh == "北侧人行道"
    assert made.dwell == 15
    assert set(made.checks) == {"left-object", "motion"}
    assert near(made.polygon, [(0.3, 0.1), (0.45, 0.05), (0.6, 0.1), (0.6, 0.4), (0.2, 0.45)], 0.02)
    page.goto(panel.url + "/cameras/cm-01")
    expect(page.locator(".zone-list")).to_contain_text("北侧人行道")
    expect(page.locator("#over")).to_contain_text("北侧人行道")


def test_a_mask_left_open_is_closed_when_it_is_saved_or_another_shape_is_begun(
    panel: Panel, sign_in: SignIn
) -> None:
    page = sign_in("admin", "/cameras/cm-02/zones", width=1280)
    mask = page.get_by_role("button", name="+ 隐私遮盖")
    mask.click()
    sheet = page.locator("#drawing")
    for at, (x, y) in enumerate([(0.1, 0.1), (0.4, 0.1), (0.4, 0.4), (0.1, 0.4)]):
        if at == 2:  # two corners are no shape: it is said, and they stay
            page.get_by_role("button", name="保存为新版本").click()
            expect(page.locator("#problems")).to_contain_text("至少需要三个角,目前 2 个")
            page.get_by_role("button", name="+ 区域").click()
            expect(page.locator("#drawing-said")).to_contain_text("至少需要三个角,目前 2 个")
        frame = sheet.bounding_box()
        assert frame is not None
        page.mouse.click(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"])
    page.get_by_role("button", name="+ 区域").click()
    expect(page.locator("#shapes fieldset")).to_have_count(2)  # one was there
    mask.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    for key in ("Shift+ArrowRight", "Shift+ArrowDown"):
        for _ in range(4):
            page.keyboard.press(key)
        page.keyboard.press("Space")
    page.get_by_role("button", name="保存为新版本").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    masks = panel.do(lambda hub: hub.case_rows["camera"]["cm-02"]["masks"][1:])
    assert near(masks[0], [(0.1, 0.1), (0.4, 0.1), (0.4, 0.4), (0.1, 0.4)])
    assert near(masks[1], [(0.5, 0.5), (0.7, 0.5), (0.7, 0.7)])


def test_a_zone_drawn_by_keys_alone_is_saved_and_used(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in("admin", "/cameras/cm-01/zones", width=1280)
    button = page.get_by_role("button", name="+ 区域")
    expect(button).to_be_enabled()
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#drawing")).to_be_focused()
    page.keyboard.press("Space")  # the middle
    for key, times in (("Shift+ArrowRight", 4), ("Shift+ArrowDown", 4), ("Shift+ArrowLeft", 4)):
        for _ in range(times):
            page.keyboard.press(key)
        page.keyboard.press("Space")
    expect(page.locator("#drawing-said")).to_contain_text("第 4 个角")
    page.keyboard.press("Enter")
    shape = page.locator('[data-key="zones:1"]')
    expect(shape).to_be_focused()
    page.keyboard.press("Enter")  # to its first corner
    expect(page.locator('[data-key="zones:1:0"]')).to_be_focused()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Insert")
    expect(page.locator('[data-key="zones:1:1"]')).to_be_focused()
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    save(page)
    polygon = zones(panel)[-1].polygon
    assert near(polygon, [(0.47, 0.5), (0.585, 0.45), (0.7, 0.5), (0.7, 0.7), (0.5, 0.7)])


def test_a_touch_draws_a_mask_and_a_corner_goes(panel: Panel, sign_in: SignIn, browser: Any) -> None:
    page = sign_in("admin", "/cameras/cm-02/zones", width=390, height=844)
    page.get_by_role("button", name="+ 隐私遮盖").click()
    stamp = page.locator(".sight .stamp")
    expect(stamp).to_be_hidden()
    expect(stamp).to_have_text("")  # no picture has no age
    sheet = page.locator("#drawing")
    for x, y in ((0.3, 0.3), (0.6, 0.3), (0.6, 0.6)):
        frame = sheet.bounding_box()
        assert frame is not None
        sheet.dispatch_event(
            "pointerdown",
            {
                "button": 0, "pointerId": 7, "pointerType": "touch", "isPrimary": True,
                "clientX": frame["x"] + x * frame["width"], "clientY": frame["y"] + y * frame["height"],
            },
        )  # fmt: skip
    page.keyboard.press("Enter")
    expect(page.locator("#shapes fieldset")).to_have_count(2)
    page.locator('[data-key="masks:0"]').focus()
    page.keyboard.press("Delete")
    expect(page.locator("#shapes fieldset")).to_have_count(1)
    save(page)
    row = panel.do(lambda hub: hub.case_rows["camera"]["cm-02"])
    assert len(row["masks"]) == 1
    assert near(row["masks"][0], [(0.3, 0.3), (0.6, 0.3), (0.6, 0.6)])


def test_what_is_wrong_is_said_by_the_name_of_the_zone_and_an_earlier_version_comes_back(
    panel: Panel, sign_in: SignIn
) -> None:
    page = sign_in("admin", "/cameras/cm-01/zones")
    part = page.locator("#shapes fieldset").first
    part.get_by_label("物品滞留").uncheck()
    page.get_by_role("button", name="保存为新版本").click()
    expect(page.locator("#problems")).to_contain_text("消防车道:请选择检查内容")
    part.get_by_label("画面移动").check()
    part.get_by_label("停留多久").fill("0")
    page.get_by_role("button", name="保存为新版本").click()
    expect(page.locator("#problems")).to_contain_text("消防车道: 停留时间须为 1 秒至 1 天")
    part.get_by_label("停留多久").fill("30")
    save(page)
    assert zones(panel)[0].checks == ("motion",)
    page.get_by_role("button", name="载入: 0").click()
    save(page)
    assert zones(panel)[0].checks == ("left-object",)
    assert zones(panel)[0].dwell == 60
    expect(page.locator("#versions-title ~ .body li")).to_have_count(3)


def test_two_who_draw_at_once_do_not_overwrite_each_other(panel: Panel, sign_in: SignIn) -> None:
    one, other = (sign_in("admin", "/cameras/cm-01/zones") for _ in range(2))
    for page in (one, other):
        page.locator("#shapes fieldset").first.get_by_label("停留多久").fill("45")
    save(one)
    other.get_by_role("button", name="保存为新版本").click()
    expect(other.locator("#notices")).to_contain_text("期间有人保存了别的区域")
    assert panel.do(lambda hub: hub.case_rows["camera"]["cm-01"]["version"]) == 1


# -- stills --------------------------------------------------------------------------------------------------------


def test_stills_stand_beside_a_fire_at_once_on_the_wall_and_on_its_page(
    panel: Panel, sign_in: SignIn
) -> None:
    alarm = panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    wall = sign_in("guard", "/")
    expect(wall.locator("#first .place")).to_contain_text("301")
    page = sign_in("guard", f"/alarms/{alarm.id}")
    expect(page.locator("#stills")).to_have_count(0)
    panel.do(lambda hub: kept(hub, alarm, finding=found(hub, alarm.id)))
    for each in (wall.locator("#record-body"), page.locator("#stills")):
        expect(each.locator("img")).to_have_count(2)
        expect(each).to_contain_text("物品滞留")
        expect(each).to_contain_text("摄像机失联")  # why there is no third
        expect(each).to_contain_text("视频不是火灾报警信号,请到场核实")
    loaded = "img => img.complete && img.naturalWidth > 0"
    expect(page.locator("#stills img").first).to_be_visible()
    assert page.locator("#stills img").first.evaluate(loaded)
    assert page.locator("#stills svg .box").count() == 1
    by = panel.do(lambda hub: [row["by"] for row in hub.case_rows["viewing"].values()])
    assert by == ["guard"]  # once in a quarter of an hour, however many screens


def test_a_film_is_asked_for_once_until_it_is_there(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in("guard", "/cameras/cm-01")
    page.get_by_role("button", name="保存最近 90 秒录像").click()
    expect(page.get_by_role("button", name="正在制作录像…")).to_be_disabled()

    def made(hub: FakeHub) -> str:
        alarm = hub.raise_alarm("sm-301.smoke")
        kept(hub, alarm)
        (film,) = (s for row in hub.case_rows["stills"].values() if (s := StillSet.from_dict(row)).by)
        hub.put_case("stills", replace(film, alarm=alarm.id).to_dict(), "stills.asked")
        return alarm.id

    alarm = panel.do(made)
    other = sign_in("guard", f"/alarms/{alarm}")
    expect(other.get_by_role("button", name="正在制作录像…")).to_be_disabled()

    def there(hub: FakeHub) -> None:
        (film,) = (s for row in hub.case_rows["stills"].values() if (s := StillSet.from_dict(row)).by)
        done = film.with_shot(replace(film.pictures[0], taken=film.pictures[0].wanted, sha256="ab" * 32))
        hub.put_case("stills", done.to_dict(), "stills.kept")

    panel.do(there)
    expect(page.get_by_role("button", name="保存最近 90 秒录像")).to_be_enabled(timeout=8000)
    expect(page.locator("#kept")).to_contain_text("录像 (")
    expect(other.get_by_role("button", name="保存本次报警录像")).to_be_enabled(timeout=8000)


def test_a_film_is_no_longer_offered_when_the_camera_no_longer_holds_it(
    panel: Panel, sign_in: SignIn
) -> None:
    def stage(hub: FakeHub) -> str:
        alarm = hub.raise_alarm("sm-301.smoke")
        kept(hub, alarm)
        return alarm.id

    page = sign_in("guard", f"/alarms/{panel.do(stage)}")
    button = page.get_by_role("button", name="保存本次报警录像")
    expect(button).to_be_enabled()
    page.locator("[data-goes]").evaluate("form => { form.dataset.goes = 1; }")
    expect(button).to_have_count(0)


def test_pictures_of_a_closed_alarm_need_a_reason(panel: Panel, sign_in: SignIn) -> None:
    def stage(hub: FakeHub) -> str:
        alarm = hub.raise_alarm("sm-301.smoke")
        kept(hub, alarm)
        hub._act(Acknowledge(alarm.id, "guard"))
        hub.clear(alarm.id)
        hub._act(Reset(alarm.id, "guard"))
        return alarm.id

    id = panel.do(stage)
    page = sign_in("guard", f"/alarms/{id}")
    expect(page.locator("#stills img")).to_have_count(0)
    expect(page.locator("#stills")).to_contain_text("填写事由后可查看")
    page.get_by_role("button", name=SHOW).click()
    expect(page.locator("#stills img")).to_have_count(2)


def test_a_request_goes_from_the_form_to_the_one_look(panel: Panel, sign_in: SignIn) -> None:
    alarm = panel.do(lambda hub: hub.raise_alarm("sm-301.smoke"))
    panel.do(lambda hub: kept(hub, alarm))
    page = sign_in("guard", "/viewings")
    local = panel.do(lambda hub: hub.now().utc) / 1e6 + 8 * 3600
    stamp = "new Date(%f * 1000).toISOString().slice(0, 16)"
    page.get_by_label("摄像机").select_option("cm-01")
    page.get_by_label("开始时间").fill(page.evaluate(stamp % (local - 600)))
    page.get_by_label("结束时间").fill(page.evaluate(stamp % (local + 60)))  # the minute that runs
    page.get_by_label("申请人").fill("派出所 王警官 012345")
    page.get_by_label("原因").fill("电动车被盗")
    with page.expect_navigation():
        page.get_by_role("button", name="登记申请").click()
    chief = sign_in("admin", "/viewings")
    chief.get_by_label("答复").fill("同意,现场查看")
    with chief.expect_navigation():
        chief.get_by_role("button", name="同意", exact=True).click()
    page.reload()
    with page.expect_navigation():
        page.get_by_role("button", name="查看一次").click()
    pictures = page.locator("#opened-title ~ .body img")
    expect(pictures).to_have_count(2)
    page.wait_for_function(
        "[...document.querySelectorAll('#opened-title ~ .body img')].every((i) => i.naturalWidth)"
    )
    page.goto(panel.url + "/viewings")
    expect(page.locator(".paper")).to_contain_text("派出所 王警官 012345")
    expect(page.locator(".paper")).to_contain_text("同意,现场查看")
