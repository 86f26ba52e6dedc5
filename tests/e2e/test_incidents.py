"""A fire from the wall to the final report in a real browser, and a verdict with a photo from a phone."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, expect

from edge.domain.household import EmergencyContact, Household
from edge.domain.incident import Incident
from edge.domain.names import Text
from edge.domain.request import Acknowledge, Reset
from edge.evidence import EvidenceFiles
from tests.e2e.access import check
from tests.e2e.conftest import SignIn
from tests.e2e.panel import Panel
from tests.web.fakes import FakeHub
from tests.web.incidents import an_incident, draw, following
from web.api.v1.muster import code_of

HOME = Household(
    "b3/s1/3f/301",
    (Text("听力弱", "hard of hearing"),),
    (EmergencyContact("赵琳", Text("女儿", "daughter"), "19900000031"),),
)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1200, 900), (120, 90, 60)).save(out, "JPEG")
    return out.getvalue()


PHOTO: Final[FilePayload] = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": picture()}


@pytest.fixture(autouse=True)
def plans(panel: Panel, tmp_path: Path) -> None:
    def prepare(hub: FakeHub) -> None:
        following(hub)
        hub.site = replace(hub.site, households=(HOME,))

    panel.do(prepare)
    panel.hub.evidence = EvidenceFiles(tmp_path)


@pytest.fixture
def incident(panel: Panel) -> Incident:
    return panel.do(an_incident)


def test_from_the_wall_to_the_final_report(panel: Panel, sign_in: SignIn, incident: Incident) -> None:
    wall = sign_in(width=1920, height=1080)
    expect(wall.locator("#first .next")).to_contain_text("呼叫住户")
    wall.wait_for_timeout(700)  # a card that has just come is not pressed by accident
    wall.locator("#first").get_by_role("button", name="接警").click()
    expect(wall.locator("#first")).to_contain_text("李强 接警")
    check(wall)

    page = sign_in(path=f"/incidents/{incident.id}", width=1600, height=900)
    check(page)
    expect(page.locator(".plan-steps li").first).to_contain_text("自动")  # acknowledging ticked it
    page.get_by_role("button", name="显示住户电话").click()
    expect(page.locator("section.household")).to_contain_text("听力弱")
    expect(page.locator("section.household a")).to_have_attribute("href", "tel:19900000031")
    page.get_by_role("button", name="已呼叫:无人接听").click()
    expect(page.locator(".plan-steps .done")).to_have_count(2)
    expect(page.locator("#story-title + div")).to_contain_text("已呼叫:无人接听")
    page.get_by_role("button", name="撤销: 呼叫住户").click()
    expect(page.locator(".plan-steps .done")).to_have_count(1)
    page.get_by_role("button", name="跳过: 巡逻到场核实").click()
    page.locator(":popover-open [name=note]").fill("消防队已到场")
    page.locator(":popover-open").get_by_role("button", name="跳过").click()
    page.wait_for_url(f"**/incidents/{incident.id}")
    expect(page.locator(".plan-steps .skipped")).to_have_count(1)

    desk = sign_in(path=f"/alarms/{incident.alarm}", width=768, height=1024, theme="day")
    check(desk)
    button = desk.get_by_role("button", name="确认火警")
    button.click()  # a slip confirms nothing
    assert panel.do(lambda hub: hub.incidents()[0].stage) == 1
    button.hover()
    with desk.expect_response(lambda answer: answer.url.endswith("/verdict")):
        desk.mouse.down()
        desk.wait_for_timeout(1100)
    desk.mouse.up()

    expect(page.locator("#work-top")).to_contain_text("第二阶段")  # by itself, from the log
    expect(page.locator("#work-top")).to_contain_text("真实火警")
    expect(page.locator(".next-step strong")).to_contain_text("拨打119")
    check(page)
    page.get_by_role("button", name="已做,下一步").click()
    expect(page.locator(".next-step strong")).not_to_contain_text("拨打119")

    page.locator("[data-report] [name=kind]").select_option("first")
    expect(page.locator("[data-report] [name=note]")).to_have_value(re.compile("3号楼1单元 3层 301 客厅"))
    page.set_input_files("[data-report] [name=photo]", PHOTO)
    page.get_by_role("button", name="提交报告").click()
    expect(page.locator(".report img")).to_have_count(1)
    expect(page.locator(".report")).to_contain_text("首报")

    panel.do(lambda hub: (hub.clear(str(incident.alarm)), draw(hub)))
    page.get_by_text("应急结束…").click()
    expect(page.locator("#work-end")).to_contain_text("未完成:")  # asked once, before it is over
    page.get_by_role("checkbox", name="仍要宣布应急结束").check()
    page.get_by_role("button", name="宣布应急结束").click()
    expect(page.locator("#work-top")).to_contain_text("写终报")
    page.locator("[data-report] [name=kind]").select_option("final")
    page.get_by_role("button", name="提交报告").click()
    expect(page.locator(".report")).to_have_count(2)
    check(page)


@pytest.mark.parametrize(("width", "theme", "language"), [(390, "night", "zh"), (320, "day", "en")])
def test_a_verdict_with_a_photo_from_a_phone(
    panel: Panel, sign_in: SignIn, incident: Incident, width: int, theme: str, language: str
) -> None:
    phone = sign_in(path=f"/alarms/{incident.alarm}", width=width, height=780, theme=theme, language=language)
    check(phone)
    form = phone.locator("[data-scene]")
    form.locator("[name=kind]").select_option("false")
    form.locator("[name=cause]").select_option("cooking")
    form.locator("[name=note]").fill("厨房油烟,无明火")
    form.locator("[name=photo]").set_input_files(PHOTO)
    with phone.expect_navigation():
        form.locator("button").click()
    expect(phone.locator(".alarm-photos img")).to_have_count(1)
    expect(phone.locator(".story").first).to_contain_text("厨房油烟,无明火")
    alarm = panel.do(lambda hub: hub._alarms[str(incident.alarm)])
    assert alarm.verdict is not None
    assert (alarm.verdict.kind, alarm.verdict.cause, alarm.open) == ("false", "cooking", True)
    check(phone)


@pytest.mark.parametrize(("width", "theme", "language"), [(320, "night", "en"), (1920, "day", "zh")])
def test_pages_are_for_all(
    sign_in: SignIn, incident: Incident, panel: Panel, width: int, theme: str, language: str
) -> None:
    page = sign_in(path="/incidents", width=width, height=900, theme=theme, language=language)
    for path in (
        "/incidents",
        f"/incidents/{incident.id}",
        f"/incidents/{incident.id}/call",
        "/plans",
        "/plans?zone=b3/s1/3f/301&signal=fire",
        "/plans/p1-kitchen-gas",
    ):
        page.goto(panel.url + path)
        check(page)


def test_the_code_is_read_at_the_muster_point(panel: Panel, sign_in: SignIn, incident: Incident) -> None:
    screen = sign_in("guard", f"/incidents/{incident.id}")
    screen.get_by_text("到岗点名二维码").first.click()
    expect(screen.locator("img.code")).to_be_visible()
    code = code_of(panel.hub, incident.id)
    phone = sign_in("maintenance", f"/muster/{code}", width=390, height=780)
    check(phone)
    phone.locator("[data-do]").click()
    expect(phone.locator("main")).to_contain_text("你已到岗")
    assert panel.do(lambda hub: [(one.person, one.proof) for one in hub.incidents()[0].roll]) == [
        ("maintenance", "qr")
    ]


@pytest.mark.parametrize("plan", ["p1-kitchen-gas", "p2-flat-smoke"])
def test_a_plan_is_one_sheet(sign_in: SignIn, plan: str) -> None:
    page = sign_in(path=f"/plans/{plan}")
    assert page.pdf(format="A4").count(b"/Type /Page\n") == 1


def test_the_household_goes_with_its_alarm(panel: Panel, sign_in: SignIn, incident: Incident) -> None:
    alarm = str(incident.alarm)
    pages = [sign_in(path=path) for path in (f"/alarms/{alarm}", f"/incidents/{incident.id}")]
    for page in pages:
        page.get_by_role("button", name="显示住户电话").click()
        expect(page.locator("section.household")).to_contain_text("赵琳")

    def over(hub: FakeHub) -> None:
        hub._act(Acknowledge(alarm, "guard"))
        hub.clear(alarm)
        hub._act(Reset(alarm, "guard"))

    panel.do(over)
    for page in pages:
        expect(page.locator("section.household")).to_be_hidden()
        assert "赵琳" not in page.content()
    shown = panel.do(lambda hub: [fact.by for fact in hub._facts if fact.kind == "household.shown"])
    assert shown == ["guard", "guard"]


def test_a_storm_becomes_one_row_while_one_looks(panel: Panel, sign_in: SignIn, incident: Incident) -> None:
    wall = sign_in(width=1920, height=1080)
    expect(wall.locator("html")).to_have_attribute("data-stream", "live")
    points = ("sm-402.smoke", "sm-402.battery", "sm-301.battery")
    alarms = [panel.do(lambda hub, point=point: hub.raise_alarm(point)) for point in points]
    for alarm in alarms:
        expect(wall.locator(f"#a-{alarm.id}")).to_be_visible()
    ids = (str(incident.alarm), *(alarm.id for alarm in alarms))
    storm = replace(incident, alarms=ids, count=len(ids))
    panel.do(lambda hub: hub.put_case("incident", storm.to_dict(), "incident.joined"))
    expect(wall.locator("#first")).to_contain_text("另有 3 条报警,3 条待接警")
    for alarm in alarms:
        expect(wall.locator(f"#a-{alarm.id}")).to_be_hidden()
    expect(wall.locator("html")).to_have_attribute("data-ringing", "fire")
    wall.goto(f"{panel.url}/incidents/{incident.id}")  # where each is acknowledged by itself
    expect(wall.locator(".members [data-act=ack]")).to_have_count(4)


def test_a_plan_is_started_by_hand(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in(path="/incidents", width=390, height=780)
    form = page.locator("form[data-open]")
    form.locator("[name=plan]").select_option("p4-lift-trapped")
    form.locator("[name=zone]").select_option("b1/s2/12f/1203")
    form.locator("[name=note]").fill("住户对讲求助")
    form.locator("button").click()
    expect(form.locator("button")).to_have_text("再按一次执行")
    form.locator("button").click()
    page.wait_for_url("**/incidents/inc-*")
    expect(page.locator("#work-top")).to_contain_text("电梯困人")
    expect(page.locator("#story-title + div")).to_contain_text("住户对讲求助")
    check(page)


def test_the_words_for_119_are_filled_in_while_calling(
    panel: Panel, sign_in: SignIn, incident: Incident
) -> None:
    page = sign_in(path=f"/incidents/{incident.id}/call")
    page.locator("[name=what]").fill("厨房起火,火势较大")
    page.locator("[name=trapped]").fill("一名老人被困")
    page.get_by_role("button", name="填入").click()
    expect(page.locator(".say-large")).to_contain_text("厨房起火,火势较大;一名老人被困")
