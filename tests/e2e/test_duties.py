"""A round walked with a phone in a real browser, also without a connection; the desk's pages and prints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from edge.evidence import EvidenceFiles
from tests.e2e.access import check, fits
from tests.e2e.conftest import SignIn
from tests.e2e.panel import Panel
from tests.e2e.test_orders import picture
from tests.web.duties import BOOK, due, with_duties
from tests.web.fakes import FakeHub

# A browser that reads tags: `tagged` is what comes near it.
READER = """window.NDEFReader = class extends EventTarget {
  scan() { window.tagged = (code) => {
    const data = new TextEncoder().encode(code);
    const records = [{ recordType: "text", data }];
    this.dispatchEvent(Object.assign(new Event("reading"), { message: { records }, serialNumber: "" }));
  }; return Promise.resolve(); }
};"""


@pytest.fixture(autouse=True)
def duties(panel: Panel, tmp_path: Path) -> None:
    panel.do(with_duties)
    panel.hub.evidence = EvidenceFiles(tmp_path)


def test_a_round_on_a_phone_also_without_a_connection(panel: Panel, sign_in: SignIn) -> None:
    id = due(panel.hub, "night-round")
    page = sign_in("guard", "/duties", width=320, height=640, theme="day")
    page.add_init_script(READER)
    page.goto(f"{panel.url}/at/cp-pump?k={panel.hub.device_code('checkpoint cp-pump').replace(' ', '+')}")
    expect(page.locator("#count")).to_have_text("1 / 3")
    check(page)
    page.context.set_offline(True)
    page.locator("[data-tags]").click()
    page.evaluate("tagged('ha-01')")
    expect(page.locator("#count")).to_have_text("2 / 3")
    expect(page.locator("[data-stop=cp-lobby] .when")).to_contain_text("暂存本机")
    expect(page.locator("#unsent")).to_contain_text("1")
    page.locator("[data-stop=cp-gate] [data-found]").click()
    page.fill("#sheet-found [name=title]", "消防通道停车")
    page.select_option("#sheet-found [name=category]", "fire")
    page.fill("#sheet-found [name=note]", "车主已电话联系")
    page.set_input_files(
        "#sheet-found [name=photo]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    page.locator("#sheet-found .primary").click()
    expect(page.locator("#count")).to_have_text("3 / 3")
    assert [stop["id"] for stop in panel.hub.case_rows["round"][f"rd-{id[3:]}"]["stops"]] == ["cp-pump"]
    page.context.set_offline(False)
    expect(page.locator("#unsent")).to_be_hidden()
    expect(page.locator(".draft")).to_have_count(0)
    page.locator("[data-finish]").click()
    check(page)
    page.locator("#sheet-done .primary").click()
    expect(page.locator("#what")).to_contain_text("已完成")
    walk = panel.hub.case_rows["round"][f"rd-{id[3:]}"]
    assert [(stop["id"], stop["how"], stop["ok"]) for stop in walk["stops"]] == [
        ("cp-pump", "qr", True), ("cp-lobby", "nfc", True), ("cp-gate", "said", False),
    ]  # fmt: skip
    assert any(fact.note == "车主已电话联系" for fact in panel.hub._facts)
    row = panel.hub.case_rows["duty"][id]
    assert (row["state"], row["photos"][0]["about"]) == ("done", "cp-gate")


def test_a_round_is_not_finished_with_stops_missing(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in(
        "guard", f"/duties/{due(panel.hub, 'night-round')}/walk", width=320, height=640, theme="night"
    )
    expect(page.locator("[data-tags]")).to_be_hidden()  # this browser reads none
    assert "HA-0" not in page.content()
    page.locator("[data-finish]").click()
    expect(page.locator("#notices")).to_contain_text("还有点位未到")
    check(page)


def test_a_tag_of_elsewhere_is_no_stop(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in("guard", "/duties", width=320, height=640, theme="night")
    page.add_init_script(READER)
    page.goto(f"{panel.url}/duties/{due(panel.hub, 'night-round')}/walk")
    page.locator("[data-tags]").click()
    page.evaluate("tagged('cp-pump')")
    expect(page.locator("#notices")).to_contain_text("不是本次巡查的点位")
    expect(page.locator("#count")).to_have_text("0 / 3")


def test_what_was_kept_is_shown_again_when_the_page_is_loaded_anew(panel: Panel, sign_in: SignIn) -> None:
    id = due(panel.hub, "night-round")
    page = sign_in("guard", f"/duties/{id}/walk", width=320, height=640, theme="day")
    page.route("**/stops", lambda route: route.abort())
    page.locator("[data-stop=cp-lobby] [data-said]").click()
    expect(page.locator("#unsent")).to_contain_text("1")
    page.reload()
    expect(page.locator("#count")).to_have_text("1 / 3")
    expect(page.locator("#notices")).to_contain_text("本机暂存着之前的1步")
    assert f"rd-{id[3:]}" not in panel.hub.case_rows.get("round", {})
    page.unroute("**/stops")
    expect(page.locator("#unsent")).to_be_hidden()
    assert [stop["id"] for stop in panel.hub.case_rows["round"][f"rd-{id[3:]}"]["stops"]] == ["cp-lobby"]


def test_a_code_read_beside_the_work_proves_its_place(panel: Panel, sign_in: SignIn) -> None:
    panel.do(_without_rounds)
    id = due(panel.hub, "extinguisher-check")
    page = sign_in("guard", f"/duties/{id}", width=320, height=640, theme="day")
    expect(page.locator("#do + .body")).to_contain_text("B 级")
    page.goto(f"{panel.url}/at/cp-pump?k={panel.hub.device_code('checkpoint cp-pump').replace(' ', '+')}")
    with page.expect_navigation():
        page.locator("button[data-here]").click()
    expect(page.locator("[aria-labelledby=what]")).to_contain_text("泵房")
    check(page)
    assert panel.hub.case_rows["duty"][id]["seen"] == "cp-pump"


def _without_rounds(hub: FakeHub) -> None:
    book = replace(BOOK, duties={duty.id: duty for duty in BOOK.duties.values() if duty.route is None})
    hub.case_rows.clear()
    with_duties(hub, book)


def test_a_checklist_at_the_desk(panel: Panel, sign_in: SignIn) -> None:
    id = due(panel.hub, "extinguisher-check")
    page = sign_in("guard", f"/duties/{id}", width=768, height=900, theme="day")
    check(page)
    for _ in range(2):
        with page.expect_navigation():
            page.locator("[data-check]").first.click()
    page.check("[name=tick-seal][value=ok]")
    page.locator("[data-step=done] .primary").click()
    expect(page.locator("#what")).to_contain_text("已完成")
    assert panel.hub.case_rows["duty"][id]["reached"] == "C"


def test_a_readers_file(panel: Panel, sign_in: SignIn) -> None:
    page = sign_in("guard", "/duties/reader", width=390, height=800, theme="day")
    text = "时间,点位\n2020-01-01 22:00,HA-01\n".encode("gb18030")
    page.set_input_files("[name=file]", {"name": "r.csv", "mimeType": "text/csv", "buffer": text})
    page.locator("[data-reader] .primary").click()
    expect(page.locator("#result")).to_contain_text("时间过久")
    check(page)


@pytest.mark.parametrize(
    ("path", "theme"),
    [
        ("/duties", "day"),
        ("/duties/calendar", "night"),
        ("/facilities", "day"),
        ("/duties/record?kind=patrol", "night"),
    ],
)
def test_pages_fit_and_read(panel: Panel, sign_in: SignIn, path: str, theme: str) -> None:
    page = sign_in("guard", path, width=320, height=900, theme=theme)
    check(page)
    fits(page, 768, 1920)
