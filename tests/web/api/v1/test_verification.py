"""The household beside its open alarm, and pictures of the place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from edge.domain.household import EmergencyContact, Household
from edge.domain.names import Text
from edge.domain.reading import Purpose
from edge.domain.request import Acknowledge, Reset
from edge.facade import Role
from tests.web.conftest import ComeIn
from tests.web.fakes import FakeHub

HOME = Household(
    "b3/s1/3f/301",
    (Text("听力弱", "hard of hearing"),),
    (EmergencyContact("赵琳", Text("女儿", "daughter"), "19900000031"),),
)
PICTURE = b"\xff\xd8\xff a picture"
JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(autouse=True)
def household(hub: FakeHub) -> None:
    hub.site = replace(hub.site, households=(HOME,))


def showings(hub: FakeHub) -> list[tuple[str | None, dict[str, object]]]:
    return [(fact.by, dict(fact.body)) for fact in hub._facts if fact.kind == "household.shown"]


async def test_shown_while_the_alarm_is_open_and_each_showing_is_noted(hub: FakeHub, person: ComeIn) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    guard = await person("guard")
    for n in (1, 2):
        answer = await guard.get(f"/api/v1/alarms/{alarm.id}/household")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert len(showings(hub)) == n
    assert answer.json() == {
        "zone": "b3/s1/3f/301",
        "marks": [{"zh": "听力弱", "en": "hard of hearing"}],
        "contacts": [{"name": "赵琳", "relation": {"zh": "女儿", "en": "daughter"}, "phone": "19900000031"}],
    }
    assert showings(hub)[0] == ("guard", {"alarm": alarm.id, "zone": "b3/s1/3f/301"})


async def test_not_of_another_flat_not_in_a_drill_not_when_it_is_closed(hub: FakeHub, person: ComeIn) -> None:
    guard = await person("guard")
    other = hub.raise_alarm("sm-402.smoke")
    drill = hub.raise_alarm("sm-301.smoke", purpose=Purpose.DRILL)
    done = hub.raise_alarm("sm-301.smoke")
    hub._act(Acknowledge(done.id, "guard"))
    hub.clear(done.id)
    hub._act(Reset(done.id, "guard"))
    for id in (other.id, drill.id, done.id, "a-none"):
        assert (await guard.get(f"/api/v1/alarms/{id}/household")).status_code == 404
    assert showings(hub) == []


async def test_only_who_verifies_sees_it(hub: FakeHub, person: ComeIn) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    crew = await person("maintenance")
    assert (await crew.get(f"/api/v1/alarms/{alarm.id}/household")).status_code == 403
    assert showings(hub) == []


async def test_no_list_page_or_fact_carries_it(
    hub: FakeHub, person: ComeIn, program: Callable[[Role], httpx.AsyncClient]
) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    guard = await person("guard")
    assert "赵琳" in (await guard.get(f"/api/v1/alarms/{alarm.id}/household")).text
    api = program(Role.ADMIN)
    for path in ("/alarms", f"/alarms/{alarm.id}", f"/alarms/{alarm.id}/story", "/journal"):
        said = (await api.get(f"/api/v1{path}")).text
        assert "赵琳" not in said
        assert "19900000031" not in said
    for path in ("/", f"/alarms/{alarm.id}", "/journal"):
        page = (await guard.get(path)).text
        assert "赵琳" not in page
        assert "听力弱" not in page


async def test_a_photo_stands_with_the_alarm_and_resets_nothing(hub: FakeHub, person: ComeIn) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    crew = await person("maintenance")
    path = f"/api/v1/alarms/{alarm.id}/photos"
    for _ in range(2):  # the same picture once
        answer = await crew.post(path, params={"note": "厨房油烟"}, content=PICTURE, headers=JPEG)
        assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["state"], len(said["photos"]), said["photos"][0]["by"]) == (
        "unacknowledged",
        1,
        "maintenance",
    )
    shown = await crew.get(f"{path}/{said['photos'][0]['id']}")
    assert shown.content == PICTURE
    story = (await crew.get(f"/api/v1/alarms/{alarm.id}/story")).json()["items"]
    assert [(fact["kind"], fact["note"]) for fact in story][-1] == ("alarm.commented", "厨房油烟")
    assert (await crew.get(f"{path}/202611-00000000000000000000000000000000")).status_code == 404
