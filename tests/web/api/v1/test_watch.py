"""Away mode and signs of life."""

from __future__ import annotations

from edge.conclude import Conclude
from edge.dispatch.watch import DeskWatch, Presence
from edge.domain.conclusion import Alive
from edge.domain.fact import Seq
from tests.web.conftest import ComeIn
from tests.web.fakes import FakeHub


async def test_a_guard_goes_away_and_comes_back(person: ComeIn, hub: FakeHub) -> None:
    hub.conclude = Conclude([DeskWatch(Presence(), hub._numbering)])
    client = await person("guard")
    gone = (await client.post("/api/v1/away", json={"on": True})).json()
    assert (gone["person"], gone["open"], gone["silent"]) == ("guard", True, False)
    assert "回到值班台" in (await client.get("/away")).text
    back = (await client.post("/api/v1/away", json={"on": False})).json()
    assert (back["id"], back["open"]) == (gone["id"], False)
    assert (await client.post("/api/v1/away", json={"on": False})).json()["code"] == "not_found"
    assert (await (await person("maintenance")).post("/api/v1/away", json={"on": True})).status_code == 403


async def test_signs_of_life_are_a_walls_or_a_persons(person: ComeIn, hub: FakeHub) -> None:
    client = await person("guard")
    await client.post("/api/v1/alive", json={"hears": True})
    await client.post("/api/v1/alive", json={"hears": False, "wall": True})
    made = await client.post("/api/v1/wall")
    client.headers["X-CSRF-Token"] = made.json()["csrf"]
    assert (await client.post("/api/v1/alive", json={"hears": True})).status_code == 204
    assert hub.receipts == [Alive("guard", True), Alive("", False), Alive("", True)]


async def test_only_a_guard_speaks_for_the_desk_and_a_page_says_how_far_it_has_shown(
    person: ComeIn, hub: FakeHub
) -> None:
    for name in ("maintenance", "admin"):
        client = await person(name)
        await client.post("/api/v1/alive", json={"hears": True, "wall": True, "shown": "3-7"})
    assert hub.receipts == [Alive("maintenance", True, Seq(3, 7)), Alive("admin", True, Seq(3, 7))]
    bad = await client.post("/api/v1/alive", json={"hears": True, "shown": "yesterday"})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_parameter")
