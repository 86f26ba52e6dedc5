"""A case of step 4 in the API's words."""

from __future__ import annotations

from web.api.v1.shapes import case


def test_times_texts_and_inner_parts() -> None:
    body = {
        "id": "wo-1-2",
        "open": True,
        "opened_at": 1_700_000_000_000_000,
        "due_at": None,
        "remaining": 5,
        "title": ["检修", "Repair"],
        "hold": {"reason": "parts", "at": 1_700_000_000_000_000},
        "photos": [{"id": "p1", "at": 1_700_000_000_000_000, "width": 640}],
        "attempts": 2,
        "values": [float("nan"), 1.5],
    }
    moment = "2023-11-14T22:13:20.000Z"
    assert case(body) == {
        "id": "wo-1-2",
        "open": True,
        "opened_at": moment,
        "due_at": None,
        "title": {"zh": "检修", "en": "Repair"},
        "hold": {"reason": "parts", "at": moment},
        "photos": [{"id": "p1", "at": moment, "width": 640}],
        "attempts": 2,
        "values": [None, 1.5],
    }
