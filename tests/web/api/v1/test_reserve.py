"""The reserve over the API: counted, changed with a reason, as CSV; plans say what is wanting."""

from __future__ import annotations

import httpx
import pytest

from tests.web.drills import with_drills
from tests.web.fakes import FakeHub

RESERVE = "/api/v1/reserve"


@pytest.fixture(autouse=True)
def machine(hub: FakeHub) -> FakeHub:
    return with_drills(hub)


async def test_what_lies_where_and_what_is_wanting(api: httpx.AsyncClient) -> None:
    mask, hose = (await api.get(RESERVE)).json()["items"]
    assert (mask["good"], mask["quantity"], mask["wants"]) == (16, 20, ["short", "expired"])
    assert (mask["unit"], mask["place"]["zh"]) == ({"zh": "具", "en": "pcs"}, "微型消防站")
    assert [batch["wants"] for batch in mask["batches"]] == ["expired", None]
    assert hose["wants"] == []
    assert [row["id"] for row in (await api.get(f"{RESERVE}?wanting=true")).json()["items"]] == [mask["id"]]
    plan = (await api.get("/api/v1/plans/p2-flat-smoke")).json()
    gaps = {gap["stock"]: gap["why"] for gap in plan["gaps"]}
    assert gaps["escape-mask"] == "expired"
    assert gaps["extinguisher-powder-4kg"] == "missing"
    assert "fire-hose" not in gaps


async def test_it_is_counted_and_changed(api: httpx.AsyncClient) -> None:
    path = f"{RESERVE}/fire-hose"
    counted = (await api.post(f"{path}/count", json={"counts": {"2024": 4}})).json()
    assert (counted["good"], counted["wants"], counted["counted_by"]) == (4, ["short"], "program-admin")
    used = {"change": "used", "batch": "2024", "quantity": 9, "reason": "出警"}
    assert (await api.post(f"{path}/change", json=used)).json()["code"] == "bad_quantity"
    assert (await api.post(f"{path}/change", json=used | {"reason": " ", "quantity": 1})).status_code == 422
    added = {"change": "added", "batch": "2026", "quantity": 3, "reason": "补充", "until": "2036-01-31"}
    made = (await api.post(f"{path}/change", json=added)).json()
    assert (made["good"], made["wants"]) == (7, [])
    moved = {"change": "moved", "batch": "2026", "reason": "训练", "place": "东门岗"}
    assert (await api.post(f"{path}/change", json=moved)).json()["batches"][1]["place"] == "东门岗"
    story = (await api.get(f"{path}/story")).json()["items"]
    assert [fact["kind"] for fact in story][-3:] == ["stock.counted", "stock.added", "stock.moved"]
    assert (await api.post(f"{path}/count", json={"counts": {"2024": -1}})).status_code == 422
    assert (await api.post(f"{RESERVE}/nothing/count", json={"counts": {"a": 1}})).status_code == 404


async def test_as_csv(api: httpx.AsyncClient) -> None:
    text = (await api.get("/api/v1/reserve.csv")).text
    assert text.startswith("\ufeffid,name,place")
    assert "escape-mask,自救呼吸器,微型消防站,具,20,16,20,short expired,2023,4,2020-10-31" in text
    words = (await api.get("/api/v1/reserve.csv?words=true&language=en")).text
    assert words.startswith("\ufeffId,Name,Place")
    assert "too few · expired,2023,4,2020-10-31" in words
