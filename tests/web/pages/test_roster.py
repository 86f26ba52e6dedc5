"""The roster on the panel and the API: loud where somebody lacks, telephone numbers for few."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.names import Text
from edge.domain.roster import Roster
from tests.edge.dispatch.test_duty import SHANGHAI, at, roster
from tests.edge.dispatch.test_duty import person as somebody
from tests.edge.dispatch.test_outlook import DESK
from tests.web.fakes import FakeHub

PEOPLE = {"g": somebody("g", name="张磊", phone="19900000013")}
ZH = {"Accept-Language": "zh-CN"}


@pytest.fixture
def hub() -> FakeHub:
    hub = FakeHub(frozen=at(SHANGHAI, 2026, 3, 2, 2).utc)
    hub.people_of = roster(replace(DESK, name=Text("消控室", "Control room")), people=PEOPLE)
    return hub


async def test_one_person_alone_is_said_in_words_beside_a_shape(person):
    page = (await (await person("guard")).get("/roster", headers=ZH)).text
    assert "张磊" in page
    assert page.count("单人值班") == 1 + 14
    assert page.count('aria-current="date"') == 1
    assert "至 08:00" in page


async def test_a_day_nobody_is_there_says_so(person, hub):
    hub.people_of = roster(replace(DESK, weekly=DESK.weekly[:1]))
    page = (await (await person("guard")).get("/roster")).text
    assert page.count("无人值班") > 14


async def test_a_site_without_people_says_what_to_do(person, hub):
    hub.people_of = Roster()
    page = (await (await person("guard")).get("/roster")).text
    assert "people.toml" in page
    assert "<table" not in page


@pytest.mark.parametrize(("name", "reads"), [("guard", False), ("maintenance", False), ("admin", True)])
async def test_only_the_admin_reads_telephone_numbers(person, name, reads):
    client = await person(name)
    assert ("19900000013" in (await client.get("/roster")).text) is reads
    body = (await client.get("/api/v1/roster")).json()
    (row,) = [row for row in body["persons"] if row["id"] == "g"]
    assert row["name"] == "张磊"
    assert row["phone"] == ("19900000013" if reads else None)


async def test_the_api_says_who_is_on_duty_until_when(api):
    body = (await api.get("/api/v1/roster")).json()
    (desk,) = body["posts"]
    assert desk["now"] == {
        "persons": ["g"],
        "shifts": ["night"],
        "until": "2026-03-02T00:00:00.000Z",
        "lack": "short",
    }
    assert body["today"] == "2026-03-02"
    assert {finding["kind"] for finding in body["findings"]} == {"short"}
    assert {stint["post"] for stint in body["stints"]} == {"desk"}
