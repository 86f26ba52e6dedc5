from __future__ import annotations

import math

import pytest

from edge.domain.instant import HOUR, SECOND, to_rfc3339
from edge.domain.reading import Quality


async def _all(api, url, limit):
    rows, cursor = [], None
    while True:
        page = (await api.get(url, params={"limit": limit, **({"cursor": cursor} if cursor else {})})).json()
        assert len(page["items"]) <= limit
        rows += page["items"]
        cursor = page["next"]
        if cursor is None:
            return rows


async def test_a_device_has_its_profile_place_points_and_alarms(api, hub):
    alarm = hub.raise_alarm()
    device = (await api.get("/api/v1/devices/sm-301")).json()
    assert device["name"]["zh"] == "3号楼1单元301客厅烟感"
    assert device["profile"] == "heiman-hs1sa"
    assert device["category"] == "smoke-detector"
    assert device["zone"] == "b3/s1/3f/301"
    assert device["online"] is True
    assert device["points"] == ["sm-301.smoke", "sm-301.battery", "sm-301.link"]
    assert device["alarms"] == [alarm.id]
    assert device["adopted"] is False
    known = {point["id"] for point in await _all(api, "/api/v1/points", 100)}
    assert set(device["points"]) <= known


async def test_a_point_has_its_latest_value(api, hub):
    hub.set_value("bin-1.level", 86.5, quality=Quality.UNCERTAIN)
    point = (await api.get("/api/v1/points/bin-1.level")).json()
    assert point["device"] == "bin-1"
    assert point["quantity"] == "level"
    assert point["signal"] is None
    assert (point["unit"], point["value"], point["quality"]) == ("%", 86.5, "uncertain")
    link = (await api.get("/api/v1/points/bin-1.link")).json()
    assert (link["signal"], link["value"], link["time"], link["retained"]) == ("fault", None, None, False)
    assert link["unit"] is None
    assert (await api.get("/api/v1/points/bin-1.link/readings")).json()["unit"] is None


@pytest.mark.parametrize("url", ["/api/v1/devices", "/api/v1/points"])
async def test_pages_cover_the_list_once_by_id(api, url):
    rows = [row["id"] for row in await _all(api, url, 2)]
    assert rows == sorted(set(rows))
    assert rows == [row["id"] for row in await _all(api, url, 1000)]


async def test_points_of_one_device(api):
    rows = (await api.get("/api/v1/points?device=wp-1")).json()["items"]
    assert [row["id"] for row in rows] == ["wp-1.link", "wp-1.mode", "wp-1.ph"]


async def test_an_odd_cursor_is_an_empty_page_at_worst(api):
    assert (await api.get("/api/v1/devices?cursor=zzzz")).json() == {"items": [], "next": None}


async def test_readings_as_buckets_and_raw(api, hub):
    now = hub.now().utc
    for n in range(25):
        hub.set_value("gas-1203.gas", float(n), time=now - (25 - n) * SECOND)
    url = "/api/v1/points/gas-1203.gas/readings"
    series = (await api.get(url, params={"max_points": 10})).json()
    assert set(series) == {"point", "unit", "resolution", "count", "items", "next"}
    assert (series["point"], series["unit"]) == ("gas-1203.gas", "%LEL")
    assert len(series["items"]) <= 10
    assert set(series["items"][0]) == {"t", "v", "q", "min", "max"}
    seen, cursor = [], ""
    while cursor is not None:
        page = (
            await api.get(url, params={"raw": "true", "limit": 10, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [row["v"] for row in page["items"]]
        cursor = page["next"]
    assert seen[-25:] == [float(n) for n in range(25)]
    assert page["count"] == len(seen) == series["count"]


async def test_the_span_is_the_last_day_unless_told(api, hub):
    now = hub.now().utc
    for back in (30, 25, 23, 1):
        hub.set_value("wp-1.ph", 7.0, time=now - back * HOUR)
    url = "/api/v1/points/wp-1.ph/readings"
    assert (await api.get(url, params={"raw": "true"})).json()["count"] == 3  # 23 h, 1 h and the first value
    early = {"from": to_rfc3339(now - 31 * HOUR), "to": to_rfc3339(now - 24 * HOUR)}
    assert (await api.get(url, params=early)).json()["count"] == 2
    assert (await api.get(url, params={"to": early["to"]})).json()["count"] == 2


async def test_a_value_json_cannot_say_is_null(api, hub):
    hub.set_value("wp-1.ph", math.nan)
    assert (await api.get("/api/v1/points/wp-1.ph")).json()["value"] is None
    assert (await api.get("/api/v1/points/wp-1.ph/readings")).json()["items"][-1]["v"] is None


@pytest.mark.parametrize(
    "query",
    ["from=x", "to=2020-13-01T00:00:00Z", "from=2021-01-01T00:00:00Z&to=2020-01-01T00:00:00Z", "max_points=0",
     "max_points=1e9", "raw=perhaps", "limit=-1"],
)  # fmt: skip
async def test_bad_spans_say_what_is_wrong(api, query):
    answer = await api.get(f"/api/v1/points/wp-1.ph/readings?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameter")


async def test_a_foreign_cursor_is_refused(api):
    answer = await api.get("/api/v1/points/wp-1.ph/readings?raw=true&cursor=abc")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


@pytest.mark.parametrize(
    "url", ["devices/x", "points/x", "points/sm-301.none", "points/sm-301.none/readings"]
)
async def test_unknown_ids_are_not_found(api, url):
    answer = await api.get(f"/api/v1/{url}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
