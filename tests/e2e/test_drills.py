"""A drill in real browsers: begun at a wall with two PINs, watched, stopped by a real alarm over the whole wall."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from edge.domain.incident import Muster, OpenIncident
from tests.e2e.access import check
from tests.e2e.conftest import SignIn
from tests.e2e.panel import Panel
from tests.web.drills import with_drills
from tests.web.fakes import PINS
from tests.web.incidents import draw

WORDS = {
    "zh": {
        "begin": "开始演练",
        "running": "进行中",
        "stopped": "演练终止·真实报警",
        "unfinished": "未完成",
        "real": "火警",
    },
    "en": {
        "begin": "Begin the drill",
        "running": "Under way",
        "stopped": "Drill stopped: real alarm",
        "unfinished": "Unfinished",
        "real": "Fire alarm",
    },
}


@pytest.fixture(autouse=True)
def drills(panel: Panel) -> None:
    panel.do(with_drills)


def enter(page: Page, name: str) -> None:
    """The tile, then the digits."""
    expect(page.locator("#person")).to_be_visible()
    tile = page.locator(f'#person [data-person="{name}"]')
    if tile.is_visible():
        tile.click()
    for digit in PINS[name]:
        page.locator(f'#person [data-pad="{digit}"]').click()
    page.locator("#person .pad .primary").click()


@pytest.mark.parametrize(
    ("width", "height", "theme", "language"), [(360, 740, "day", "zh"), (1366, 768, "night", "en")]
)
def test_from_two_pins_to_the_record(
    panel: Panel, sign_in: SignIn, width: int, height: int, theme: str, language: str
) -> None:
    words = WORDS[language]
    wall = sign_in("guard", "/me", width=width, height=height, theme=theme, language=language)
    wall.locator("#make-wall").click()
    wall.wait_for_url(f"{panel.url}/")
    wall.goto(f"{panel.url}/drills")
    wall.locator("summary").click()
    wall.locator("[name=plan]").first.select_option("p2-flat-smoke")
    wall.locator("[name=point]").select_option("sm-301.smoke")
    check(wall)
    wall.get_by_role("button", name=words["begin"]).click()
    enter(wall, "admin")
    expect(wall.locator("#person [data-person=admin]")).to_have_count(0)  # nobody is two persons
    enter(wall, "guard")
    wall.wait_for_url("**/drills/dr-*")
    expect(wall.locator("#drill-live")).to_contain_text(words["running"])
    expect(wall.locator("[data-stopwatch]")).to_have_text(re.compile(r"^0:\d\d$"))
    check(wall)
    (drill,) = panel.do(lambda hub: hub.drills())
    assert (drill.by, drill.second, drill.outputs) == ("admin", "guard", ())

    # What is real comes to a second wall, and to this one, without a hand: over all, until somebody has read it.
    other = sign_in("guard", "/me", width=width, height=height, theme=theme, language=language)
    other.locator("#make-wall").click()
    other.wait_for_url(f"{panel.url}/")
    expect(other.locator("html")).to_have_attribute("data-stream", "live")
    panel.do(lambda hub: (hub.raise_alarm("sm-402.smoke"), draw(hub)))
    for page in (wall, other):
        notice = page.get_by_role("alertdialog", name=words["stopped"])
        expect(notice).to_contain_text(words["real"])
        box = notice.bounding_box()
        assert box is not None
        assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, width, height)
        expect(notice.get_by_role("button")).to_be_focused()
        check(page)
    other.reload()
    other.get_by_role("alertdialog").get_by_role("button").click()
    enter(other, "guard")
    for page in (wall, other):
        expect(page.get_by_role("alertdialog")).to_have_count(0)
    assert panel.do(lambda hub: hub.drills()) == []

    wall.goto(f"{panel.url}/drills/{drill.id}")
    expect(wall.locator("#drill-live")).to_contain_text(words["stopped"])
    check(wall)
    wall.goto(f"{panel.url}/drills/{drill.id}/record")
    expect(wall.locator(".paper")).to_contain_text(words["unfinished"])
    check(wall)
    assert wall.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1, "a second sheet"


def test_the_live_page_fills_by_itself(panel: Panel, sign_in: SignIn) -> None:
    admin = sign_in("admin", "/drills")
    admin.locator("summary").click()
    admin.locator("[name=kind][value=table_top]").check()
    expect(admin.locator("[name=point]")).to_be_hidden()
    admin.get_by_role("button", name="开始演练").click()
    enter(admin, "guard")
    admin.wait_for_url("**/drills/dr-*")
    times = admin.locator("table.times tbody tr")
    expect(times.last).to_contain_text("0")
    (drill,) = panel.do(lambda hub: hub.drills())
    incident = panel.do(
        lambda hub: hub.act(OpenIncident("admin", drill.plan, "b3/s1/3f/301", drill=drill.id))
    )
    panel.do(draw)
    expect(admin.get_by_role("link", name="执行预案、到岗点名")).to_be_visible()
    panel.do(lambda hub: hub.act(Muster(incident["id"], "guard", "guard")))
    panel.do(draw)
    expect(times.last).to_contain_text("1")
    admin.locator("#drill-end [name=note]").fill("通知路线合适")
    admin.locator("#drill-end button").click()
    expect(admin.locator("#drill-live")).to_contain_text("已完成")
    expect(admin.locator("#drill-live")).to_contain_text("通知路线合适")
    expect(admin.locator("#drill-end")).to_have_count(0)
