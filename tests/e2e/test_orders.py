"""A work order from the desk to the phone and back, in a real browser, with a real photo."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from edge.domain.device import Signal
from edge.domain.order import Step, WorkOrder
from edge.evidence import EvidenceFiles
from tests.e2e.access import check
from tests.e2e.conftest import SignIn
from tests.e2e.demo import until
from tests.e2e.panel import Panel
from tests.web.fakes import PASSWORDS
from tests.web.orders import an_order, with_orders


@pytest.fixture(autouse=True)
def orders(panel: Panel, tmp_path: Path) -> None:
    panel.do(with_orders)
    panel.hub.evidence = EvidenceFiles(tmp_path)


def made(panel: Panel, upto: Step | None = None, **more: object) -> WorkOrder:
    return panel.do(lambda hub: an_order(hub, upto, **more))


def phone(sign_in: SignIn, path: str, **more: object) -> Page:
    return sign_in("maintenance", path, width=320, height=640, theme="day", **more)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1200, 900), (90, 120, 150)).save(out, "JPEG")
    return out.getvalue()


def test_accept_to_finish_on_a_phone(panel: Panel, sign_in: SignIn) -> None:
    order = made(panel, needs_photos=True)
    page = phone(sign_in, "/my")
    expect(page.locator(".list")).to_contain_text("烟感失联")
    check(page)
    page.locator(".item").click()
    main = page.locator(".foot .main")
    for words, then in (("接单", "出发"), ("出发", "到场"), ("到场", "完工…")):
        expect(main).to_have_text(words)
        page.wait_for_load_state()  # a box measured before the styles are there is another box
        box = main.bounding_box()
        assert box is not None
        assert box["height"] >= 48
        main.click()
        expect(main).to_have_text(then)
    expect(page.locator("#undo")).to_be_visible()
    check(page)
    main.click()
    page.locator("#sheet-finish .primary").click()
    expect(page.locator("#notices")).to_contain_text("请先拍完工后照片")
    page.set_input_files(
        "[data-photo=after]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    expect(page.locator(".photos img")).to_have_count(1)
    expect(page.locator(".draft")).to_have_count(0)
    page.fill("[data-add=parts] [name=name]", "CR17450")
    page.locator("[data-add=parts] button").click()
    expect(page.locator("body")).to_contain_text("CR17450 × 1")
    main.click()
    page.select_option("#sheet-finish [name=cause]", "battery")
    page.locator("#sheet-finish .primary").click()
    expect(page.locator(".foot")).to_contain_text("等他人验收")
    row = panel.hub.case_rows["order"][order.id]
    assert (row["state"], row["cause"], row["photos"][0]["kind"]) == ("done", "battery", "after")


def test_a_page_made_anew_under_an_open_camera_loses_no_photo(panel: Panel, sign_in: SignIn) -> None:
    order = made(panel, "arrive", needs_photos=True)
    page = phone(sign_in, f"/my/{order.id}")
    camera = page.query_selector("[data-photo=after]")
    assert camera is not None
    anew = "document.dispatchEvent(new Event('photo-kept'))"
    with page.expect_response(f"**/my/{order.id}"):
        page.evaluate("document.querySelector('.story').dataset.old = 1;" + anew)
    expect(page.locator(".story[data-old]")).to_have_count(0)
    late: list[Route] = []
    page.route(f"**/my/{order.id}", lambda route: late.append(route), times=1)  # noqa: PLW0108 - it wants a function
    page.evaluate(anew)  # asked before there is a photo, answered after it
    until(lambda: page.wait_for_timeout(20) or late)
    before = late[0].fetch()
    camera.set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    expect(page.locator(".photos img")).to_have_count(1)
    late[0].fulfill(response=before)
    page.wait_for_load_state("networkidle")
    expect(page.locator(".photos img")).to_have_count(1)


def test_a_step_is_taken_back(panel: Panel, sign_in: SignIn) -> None:
    order = made(panel)
    page = phone(sign_in, f"/my/{order.id}")
    page.locator(".foot .main").click()
    page.locator("#undo button").click()
    expect(page.locator(".foot .main")).to_have_text("接单")
    assert panel.hub.case_rows["order"][order.id]["state"] == "notified"


def test_without_a_connection_it_is_kept_and_sent_later(panel: Panel, sign_in: SignIn) -> None:
    order = made(panel, "accept")
    page = phone(sign_in, f"/my/{order.id}")
    page.context.set_offline(True)
    page.locator(".foot .main").click()
    expect(page.locator("#unsent")).to_contain_text("未发送 1 条")
    assert panel.hub.case_rows["order"][order.id]["state"] == "accepted"
    page.context.set_offline(False)
    expect(page.locator(".foot .main")).to_have_text("到场")
    expect(page.locator("#unsent")).to_be_hidden()
    assert panel.hub.case_rows["order"][order.id]["state"] == "en_route"


def test_what_was_pressed_outlives_a_sign_in_in_another_tab(panel: Panel, sign_in: SignIn) -> None:
    order = made(panel, "accept")
    page = phone(sign_in, f"/my/{order.id}")
    known = {"name": "maintenance", "password": PASSWORDS["maintenance"]}
    again = page.context.request.post(f"{panel.url}/api/v1/session", data=known)
    assert again.ok
    page.locator(".foot .main").click()
    expect(page.locator(".foot .main")).to_have_text("到场")
    assert panel.hub.case_rows["order"][order.id]["state"] == "en_route"


def test_the_code_at_the_device_proves_the_arrival(panel: Panel, sign_in: SignIn) -> None:
    order = made(panel, "depart")
    page = phone(sign_in, "/my", language="en")
    page.goto(f"{panel.url}/d/sm-301")  # the id alone proves nothing
    expect(page.get_by_role("button", name="I am there (code read)")).to_have_count(0)
    page.goto(f"{panel.url}/d/sm-301?k=code-of-sm-301")
    page.get_by_role("button", name="I am there (code read)").click()
    expect(page.locator(".foot .main")).to_have_text("Finish…")
    assert panel.hub.case_rows["order"][order.id]["on_site_proof"] == "qr"
    check(page)


def test_a_fire_there_stops_the_crew(panel: Panel, sign_in: SignIn) -> None:
    order = made(panel, "accept")
    panel.do(lambda hub: hub.raise_alarm("sm-301.smoke", Signal.FIRE))
    page = phone(sign_in, f"/my/{order.id}")
    expect(page.locator(".danger")).to_contain_text("勿前往")


def test_the_desk_dispatches_from_an_alarm_and_verifies(panel: Panel, sign_in: SignIn) -> None:
    alarm = panel.do(lambda hub: hub.raise_alarm("wp-1.link", Signal.FAULT))
    desk = sign_in("guard", f"/alarms/{alarm.id}")
    desk.get_by_role("link", name="派单").click()
    desk.locator("[data-open] .primary").click()
    desk.wait_for_url("**/orders/wo-*")
    expect(desk.locator(".story")).to_contain_text("已派出")
    check(desk)
    done = made(panel, "finish")
    desk.goto(f"{panel.url}/orders?show=done")
    check(desk)
    desk.locator("tbody a").first.click()
    desk.get_by_role("button", name="验收", exact=True).click()
    expect(desk.locator(".tag").first).to_have_text("已验收")
    assert panel.hub.case_rows["order"][done.id]["verified_by"] == "guard"
