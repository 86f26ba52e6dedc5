"""The whole way, on real parts: mosquitto_pub to the wall, one key, a second desk, a killed hub, a reset."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.e2e.demo import Demo, until
from tests.e2e.screenshots import PICTURES
from tests.e2e.test_duty import enter

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with Demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture
def desk(demo: Demo, sign_in: SignIn) -> SignIn:
    def come_in(role: str = "guard") -> Page:
        user = demo.user(role)
        page = sign_in(user["name"], url=demo.url, password=user["password"])
        expect(page.locator("html")).to_have_attribute("data-stream", "live")
        return page

    return come_in


def test_the_first_line_tells_programs_all_they_need(demo: Demo) -> None:
    about = demo.about
    assert {"url", "api_token", "users", "mqtt", "serial", "pid", "hub_pid", "data", "load", "try"} <= set(
        about
    )
    assert about["hub_pid"] == demo.first_hub  # another test may have killed it since
    assert set(about["users"]) == {"guard", "maintenance", "admin"}
    assert "seq" in about["load"]["payload"]
    devices = demo.get("/api/v1/devices?limit=1000")["items"]
    assert about["try"]["device"] in {device["id"] for device in devices}


def test_from_mosquitto_pub_to_a_reset_over_a_killed_hub(demo: Demo, desk: SignIn) -> None:
    demo.say("normal")
    mine, theirs = desk("guard"), desk("admin")
    demo.say("alarm")
    expect(mine.locator("#first .place")).to_contain_text("303")
    expect(theirs.locator("#first .place")).to_contain_text("303")
    expect(mine.locator("#totals")).to_contain_text("火警 1")
    taken = theirs.locator("#first .taken")
    for _ in range(
        10
    ):  # a press just as another alarm takes the card counts for nothing and says so: once more
        mine.keyboard.press("Space")
        with suppress(AssertionError):
            expect(taken).to_contain_text("李强")
            break
    expect(taken).to_contain_text("李强")
    (before,) = demo.fires()
    assert before["state"] == "acknowledged"
    assert before["persisted"]

    demo.kill_hub()

    (after,) = demo.fires()
    assert after == before
    story = demo.get(f"/api/v1/alarms/{before['id']}/story")["items"]
    told = [fact["kind"] for fact in story if fact["kind"].startswith("alarm.")]
    assert told == ["alarm.raised", "alarm.acked"]
    expect(theirs.locator("html")).to_have_attribute("data-stream", "live")
    expect(theirs.locator("#first .taken")).to_contain_text("李强")

    theirs.get_by_role("button", name="复位").click(force=True)
    expect(theirs.locator("#notices")).to_contain_text("现场仍在报警,不能复位")
    demo.say("normal")
    until(lambda: demo.fires()[0]["state"] == "latched")
    theirs.get_by_role("button", name="误报…").click()
    theirs.get_by_role("button", name="烹饪油烟").click()
    expect(mine.locator("#first")).to_contain_text("误报")
    mine.wait_for_timeout(700)  # a card that has just changed takes no press for a moment
    mine.locator("#first [data-act=reset]").click()
    until(lambda: not demo.fires())
    expect(theirs.locator("#totals")).to_contain_text("火警 0")


def test_a_watch_of_guard_and_crew(demo: Demo, desk: SignIn, sign_in: SignIn) -> None:
    guard, crew, head = demo.user("guard"), demo.user("maintenance"), demo.user("admin")
    demo.say("normal")
    wall = desk("guard")
    wall.goto(f"{demo.url}/me")
    wall.locator("#make-wall").click()
    wall.wait_for_url(f"{demo.url}/")
    expect(wall.locator("html")).to_have_attribute("data-stream", "live")

    demo.say("alarm")
    expect(wall.locator("#first .place")).to_contain_text("303")
    wall.wait_for_timeout(700)  # a card that has just come takes no press for a moment
    wall.keyboard.press("Space")
    enter(wall, guard["name"], guard["pin"])
    expect(wall.locator("#first .taken")).to_contain_text("李强")
    wall.locator("#first .place a").click()
    wall.get_by_role("link", name="派单").click()
    wall.fill("[data-open] [name=task]", "到 303 看烟感")
    wall.select_option("[data-open] [name=assignee]", crew["name"])
    wall.locator("[data-open] .primary").click()
    wall.wait_for_url("**/orders/wo-*")
    order = wall.url.rsplit("/", 1)[1]

    phone = sign_in(crew["name"], "/my", url=demo.url, password=crew["password"], width=390, height=844)
    phone.locator(f"a[href='/my/{order}']").click()
    main = phone.locator(".foot .main")
    for words, then in (("接单", "出发"), ("出发", "到场"), ("到场", "完工…")):
        expect(main).to_have_text(words)
        main.click()
        expect(main).to_have_text(then)
    phone.set_input_files("[data-photo=after]", PICTURES / "wall-phone.png")
    expect(phone.locator(".photos img")).to_have_count(1)
    main.click()
    phone.select_option("#sheet-finish [name=cause]", "battery")
    phone.locator("#sheet-finish .primary").click()
    expect(phone.locator(".foot")).to_contain_text("等他人验收")

    wall.reload()
    expect(wall.locator(".evidence img")).to_have_js_property("naturalWidth", 390)
    wall.get_by_role("button", name="验收", exact=True).click()
    expect(wall.locator(".tag").first).to_have_text("已验收")
    done = demo.get(f"/api/v1/work-orders/{order}")
    assert (done["assignee"], done["opened_by"], done["verified_by"]) == (
        crew["name"],
        guard["name"],
        guard["name"],
    )

    wall.get_by_role("link", name="交接班").click()
    expect(wall.locator("main")).to_contain_text("303")
    wall.select_option("[name=post]", "control-room")
    for side, person in (("giver", guard), ("taker", head)):
        wall.select_option(f"[name={side}]", person["name"])
        wall.fill(f"[name={side}-pin]", person["pin"])
    wall.get_by_role("button", name="完成交接班").click()
    wall.wait_for_url("**/handover/ho-*")
    expect(wall.locator("main")).to_contain_text("周敏 PIN 签认")
    demo.say("normal")


def test_it_ends_in_time_and_leaves_its_data(tmp_path: Path) -> None:
    with Demo(tmp_path) as demo:
        demo.say("alarm")
        until(demo.fires)
        code, seconds = demo.stop()
    assert code == 0
    assert seconds < 20
    with Demo(tmp_path) as again:
        assert [fire["device"] for fire in again.fires()] == [again.about["try"]["device"]]
