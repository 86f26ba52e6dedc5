"""The clock and the times off over the API, on the health page and on the strip of every page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.conclude import Conclude
from edge.domain.absence import Gap
from edge.domain.clock import Quality
from edge.domain.instant import HOUR, MINUTE
from edge.domain.power import PowerPlan
from edge.facade import Role
from edge.power.absence import Absences
from tests.web.conftest import ComeIn
from tests.web.fake_power import AT
from tests.web.fakes import FakeHub


async def test_what_vouches_for_the_time(api):
    assert (await api.get("/api/v1/clock")).json() == {
        "quality": "ntp", "trusted": True, "time": "2026-05-28T20:26:40.000Z", "machine": "2026-05-28T20:26:40.000Z",
        "since": "2026-05-28T20:26:40.000Z", "ntp_at": "2026-05-28T20:26:40.000Z", "can_set": True,
    }  # fmt: skip


@pytest.mark.parametrize("role", [Role.GUARD, Role.MAINTENANCE, Role.WALL])
async def test_only_an_administrator_sets_it(program, hub: FakeHub, role: Role) -> None:
    for path in ("clock", "clock/confirm"):
        answer = await program(role).post(f"/api/v1/{path}", json={"time": "2026-06-01T12:00:00Z"})
        assert answer.status_code in {401, 403}
    assert not hub.power.asked


async def test_it_is_set_and_confirmed(program, hub: FakeHub) -> None:
    client = program(Role.ADMIN)
    refused = await client.post("/api/v1/clock", json={"time": "2026-06-01T12:00:00Z"})
    assert (refused.status_code, refused.json()["code"]) == (409, "ntp")
    hub.power.stands = replace(hub.power.stands, quality=Quality.DOUBTFUL, trusted=False, machine=AT + HOUR)
    bad = await client.post("/api/v1/clock", json={"time": "noon"})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_parameter")
    confirmed = (await client.post("/api/v1/clock/confirm")).json()
    assert (confirmed["quality"], confirmed["time"]) == ("hand", "2026-05-28T21:26:40.000Z")
    done = (await client.post("/api/v1/clock", json={"time": "2026-06-01T20:00:00+08:00"})).json()
    assert done["time"] == "2026-06-01T12:00:00.000Z"
    assert len(hub.power.asked) == 2


async def test_a_far_step_takes_a_second_word_and_a_repeat_its_key(program, hub: FakeHub) -> None:
    client, head = program(Role.ADMIN), {"Idempotency-Key": "k1"}
    hub.power.stands = replace(hub.power.stands, quality=Quality.DOUBTFUL, machine=AT + 3652 * 24 * HOUR)
    for path, body in (("clock", {"time": "2036-06-01T12:00:00Z"}), ("clock/confirm", {})):
        refused = await client.post(f"/api/v1/{path}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "far")
    assert not hub.power.asked
    sure = await client.post("/api/v1/clock/confirm", json={"sure": True}, headers=head)
    assert sure.status_code == 200
    (key,) = hub.power.keys
    assert key is not None
    assert key.endswith("/k1")


async def test_the_page_is_an_administrators(person: ComeIn, hub: FakeHub) -> None:
    hub.power.stands = replace(
        hub.power.stands, quality=Quality.DOUBTFUL, trusted=False, ntp_at=None, can_set=False
    )
    page = (await (await person("admin")).get("/clock")).text
    assert "data-clock-confirm" in page
    assert "主机时钟正确" in page
    assert 'id="clock-set"' not in page, "nothing here could set it"
    hub.power.stands = replace(hub.power.stands, can_set=True)
    assert 'id="clock-set"' in (await (await person("admin")).get("/clock")).text
    assert (await (await person("guard")).get("/clock")).status_code == 403


async def test_a_time_off_stands_on_every_page_until_it_is_read(person: ComeIn, hub: FakeHub) -> None:
    now = hub.now()
    found = Gap(now.utc - 33 * MINUTE, now.utc, 33 * MINUTE, 33 * MINUTE, "power", now.mono, False)
    tenant = Absences(hub._numbering, found)
    hub.conclude = Conclude([tenant])
    tenant.restore([], now)
    hub.power.off = [*tenant.standing()]
    (one,) = hub.power.off
    client = await person("guard")
    for path in ("/", "/alarms", "/health"):
        text = (await client.get(path)).text
        assert f'data-absence-seen="{one.id}"' in text
        assert "33 分钟" in text
        assert "停电" in text
    (row,) = (await client.get("/api/v1/absences")).json()["items"]
    assert (row["seconds"], row["why"], row["open"]) == (33 * 60, "power", True)
    read = (await client.post(f"/api/v1/absences/{one.id}/seen")).json()
    assert (read["seen_by"], read["open"]) == ("guard", False)
    again = await client.post(f"/api/v1/absences/{one.id}/seen")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    hub.power.off = [replace(one, length=None, at_least=40_000_000)]
    assert "至少 40 秒" in (await client.get("/health")).text


async def test_the_health_page_says_what_feeds_the_hub(person: ComeIn, hub: FakeHub) -> None:
    device = next(iter(hub.site.devices))
    hub.site = replace(hub.site, power=PowerPlan(device, 3.0))
    client = await person("guard")
    text = (await client.get("/health")).text
    assert "剩余 3.0 分钟" in text
    assert "未安装停机服务" not in text
    hub.power.stands = replace(hub.power.stands, can_set=False)
    assert "未安装停机服务" in (await client.get("/health")).text
