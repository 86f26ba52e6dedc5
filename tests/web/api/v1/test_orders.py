"""Work orders over the API: who may do what, what is refused with which code, and photos."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from edge.domain.device import Signal
from edge.domain.reading import Purpose
from edge.facade import Kept, Role, Unavailable, Unfit
from tests.web.fake_stores import FakeEvidence
from tests.web.fakes import FakeHub
from tests.web.orders import an_order, with_orders
from web.api.v1.orders import SKILLS
from web.pages import order_words

Program = Callable[[Role], httpx.AsyncClient]
ORDERS = "/api/v1/work-orders"


@pytest.fixture(autouse=True)
def orders(hub: FakeHub) -> FakeHub:
    return with_orders(hub)


@pytest.fixture
def desk(program: Program) -> httpx.AsyncClient:
    return program(Role.GUARD)


@pytest.fixture
async def crew(person: Callable[[str], object]) -> httpx.AsyncClient:
    return await person("maintenance")  # type: ignore[misc, no-any-return]


async def step(
    client: httpx.AsyncClient, id: str, name: str, **body: object
) -> tuple[int, dict[str, object]]:
    answer = await client.post(f"{ORDERS}/{id}/{name}", json=body)
    return answer.status_code, answer.json()


async def test_a_title_given_back_in_one_language_stays_in_both(
    desk: httpx.AsyncClient, hub: FakeHub
) -> None:
    alarm = hub.raise_alarm("wp-1.link", Signal.FAULT)
    for title, en in ((alarm.title.zh, alarm.title.en), ("换电池", "换电池")):
        made = (await desk.post(ORDERS, json={"alarm": alarm.id, "skill": "electric", "title": title})).json()
        assert made["title"] == {"zh": title, "en": en}


async def test_from_an_alarm_to_the_verification(
    hub: FakeHub, desk: httpx.AsyncClient, crew: httpx.AsyncClient
) -> None:
    alarm = hub.raise_alarm("wp-1.link", Signal.FAULT)
    made = (
        await desk.post(ORDERS, json={"alarm": alarm.id, "skill": "electric", "needs_photos": True})
    ).json()
    assert (made["state"], made["alarm"], made["device"]) == ("notified", alarm.id, "wp-1")
    assert made["title"] == {"zh": "失联", "en": "No contact"}
    assert made["place"]["zh"] == alarm.place.zh
    assert made["opened_at"].endswith("Z")
    id = made["id"]
    for name, state in (("accept", "accepted"), ("depart", "en_route"), ("arrive", "on_site")):
        code, said = await step(crew, id, name)
        assert (code, said["state"], said["assignee"]) == (200, state, "maintenance")
    assert (await step(crew, id, "finish"))[1]["code"] == "photo_required"
    picture = await crew.post(f"{ORDERS}/{id}/photos?kind=after", content=b"\xff\xd8jpeg")
    (photo,) = picture.json()["photos"]
    assert (photo["kind"], photo["by"], photo["width"]) == ("after", "maintenance", 800)
    shown = await desk.get(f"{ORDERS}/{id}/photos/{photo['id']}")
    assert (shown.content, shown.headers["content-type"]) == (b"\xff\xd8jpeg", "image/jpeg")
    await crew.post(f"{ORDERS}/{id}/parts", json={"name": "CR17450", "count": 1})
    await crew.post(f"{ORDERS}/{id}/comment", json={"note": "底座松动"})
    assert (await step(crew, id, "finish", cause="battery", action="replaced"))[0] == 200
    assert (await step(crew, id, "verify"))[0] == 403
    assert (await step(desk, id, "verify"))[1]["state"] == "verified"
    story = (await desk.get(f"{ORDERS}/{id}/story")).json()["items"]
    assert [fact["kind"] for fact in story][-4:] == [
        "order.part",
        "order.commented",
        "order.done",
        "order.verified",
    ]
    assert story[-3]["note"] == "底座松动"
    assert (await step(desk, id, "cancel", note="x"))[1]["code"] == "closed"


@pytest.mark.parametrize(
    ("role", "name", "code"),
    [
        ("maintenance", "cancel", 403),
        ("maintenance", "redo", 403),
        ("guard", "accept", 403),
        ("guard", "finish", 403),
    ],
)
async def test_each_step_asks_who_it_is(
    hub: FakeHub, program: Program, role: str, name: str, code: int
) -> None:
    order = await an_order(hub)
    assert (await step(program(Role(role)), order.id, name, reason="x"))[0] == code


async def test_an_order_offered_to_others_is_taken_by_the_desk_alone(hub: FakeHub, program: Program) -> None:
    order = await an_order(hub)
    for name in ("accept", "reject"):
        code, said = await step(program(Role.MAINTENANCE), order.id, name, reason="busy")
        assert (code, said["code"]) == (409, "not_yours")
    assert (await step(program(Role.ADMIN), order.id, "accept"))[1]["state"] == "accepted"


async def test_refusals_have_their_codes(
    hub: FakeHub, crew: httpx.AsyncClient, desk: httpx.AsyncClient
) -> None:
    order = await an_order(hub, "accept")
    assert (await step(crew, order.id, "finish"))[1]["code"] == "wrong_step"
    assert (await step(crew, order.id, "hold"))[1]["code"] == "reason_required"
    assert (await step(desk, order.id, "reassign"))[1]["code"] == "assignee_required"
    assert (await step(desk, order.id, "reassign", person="nobody"))[1]["code"] == "unknown_person"
    assert (await step(desk, order.id, "undo"))[1]["code"] == "not_yours"
    assert (await step(crew, order.id, "undo"))[1]["state"] == "notified"
    assert (await step(crew, "wo-9-9", "accept"))[1]["code"] == "not_found"
    assert (await step(crew, order.id, "accept", resaon="x"))[0] == 422


async def test_only_the_code_at_the_device_proves_the_arrival(hub: FakeHub, crew: httpx.AsyncClient) -> None:
    order = await an_order(hub, "depart")
    for code in (None, "code-of-wp-1"):
        assert (await step(crew, order.id, "arrive", proof="qr", code=code))[1]["code"] == "wrong_code"
    arrived = (await step(crew, order.id, "arrive", proof="qr", code="code-of-sm-301"))[1]
    assert arrived["on_site_proof"] == "qr"


async def test_the_list_and_its_filters(hub: FakeHub, crew: httpx.AsyncClient) -> None:
    first, second = await an_order(hub, "accept"), await an_order(hub, device="wp-1")

    async def ids(**query: str) -> list[str]:
        found = (await crew.get(ORDERS, params=query)).json()
        assert found.keys() == {"items", "next"}
        return [item["id"] for item in found["items"]]

    assert await ids() == [second.id, first.id]
    assert await ids(assignee="me") == [first.id]
    assert await ids(state="notified") == [second.id]
    assert await ids(device="sm-301", open="true") == [first.id]
    assert await ids(open="false") == []


async def test_opened_by_hand_it_says_what_is_wrong(desk: httpx.AsyncClient) -> None:
    for body, code in (
        ({}, "reason_required"),
        ({"title": "灯", "device": "none"}, "not_found"),
        ({"title": "灯", "assignee": "none"}, "unknown_person"),
        ({"title": "灯", "zone": "none"}, "unknown_zone"),
        ({"title": "灯", "skill": "lift"}, "unknown_skill"),
        ({"title": "灯\u0000", "skill": "gas"}, "bad_body"),
        ({"title": "\u202e灯", "skill": "gas"}, "bad_body"),
        ({"title": "灯", "due_at": "2020-01-01T00:00:00Z"}, "bad_parameter"),
    ):
        assert (await desk.post(ORDERS, json=body)).json()["code"] == code
    unmanned = (await desk.post(ORDERS, json={"title": "灯", "skill": "gas"})).json()
    assert unmanned["unmanned"] is True or unmanned["offered"] == []


async def test_a_photo_sent_twice_is_kept_once(hub: FakeHub, crew: httpx.AsyncClient) -> None:
    order = await an_order(hub, "arrive")
    for _ in range(2):
        answer = await crew.post(f"{ORDERS}/{order.id}/photos?kind=after", content=b"same")
        assert len(answer.json()["photos"]) == 1


async def test_a_photo_sent_again_while_the_first_is_worked_on_is_kept_once(
    hub: FakeHub, crew: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, path = await an_order(hub, "arrive"), f"{ORDERS}/%s/photos?kind=after"
    assert isinstance(hub.evidence, FakeEvidence)
    keep, begun, go = hub.evidence.keep, asyncio.Event(), asyncio.Event()
    calls = 0

    async def slow(*given: Any) -> Kept:
        nonlocal calls
        calls += 1
        begun.set()
        await go.wait()
        return await keep(*given)

    monkeypatch.setattr(hub.evidence, "keep", slow)
    sent = [asyncio.create_task(crew.post(path % order.id, content=b"same")) for _ in range(2)]
    await begun.wait()
    go.set()
    answers = [(await one).json() for one in sent]
    assert [len(answer["photos"]) for answer in answers] == [1, 1]
    assert calls == 1
    assert list(hub.evidence.kept) == [answers[0]["photos"][0]["id"]]


def test_the_panel_offers_the_skills_that_the_api_takes_everywhere() -> None:
    assert tuple(order_words.SKILLS) == SKILLS


async def test_photos_that_cannot_be_kept(hub: FakeHub, crew: httpx.AsyncClient) -> None:
    order = await an_order(hub, "arrive")
    path = f"{ORDERS}/{order.id}/photos"
    big = await crew.post(path, content=b"x", headers={"content-length": str(21 << 20)})
    assert (big.status_code, big.json()["code"]) == (413, "too_large")
    assert isinstance(hub.evidence, FakeEvidence)
    hub.evidence.refuses = Unfit("this is no picture")
    assert (await crew.post(path, content=b"x")).json()["code"] == "bad_picture"
    hub.evidence.refuses = Unavailable("no space left")
    assert (await crew.post(path, content=b"x")).status_code == 503
    assert (await crew.get(f"{path}/202611-{'0' * 32}")).json()["code"] == "not_found"


async def test_an_alarm_of_a_drill_opens_no_order(desk: httpx.AsyncClient, hub: FakeHub) -> None:
    alarm = hub.raise_alarm("wp-1.link", Signal.FAULT, purpose=Purpose.DRILL)
    answer = await desk.post(ORDERS, json={"alarm": alarm.id, "skill": "electric"})
    assert (answer.status_code, answer.json()["code"]) == (409, "of_drill")
