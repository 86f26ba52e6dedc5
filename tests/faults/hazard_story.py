"""A hazard with its work order, sent back once: each of its states is hit by the kill of the hub."""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from typing import Any, Final

from PIL import Image

from tests.faults.rig import Api, NotSoError, until
from tests.faults.stories import PATIENCE, Point, Scene

WORKER: Final = "sun-zhi"
WAY: Final = (
    "reported", "graded", "assigned", "order", "rectified", "sent_back", "order", "rectified", "closed",
)  # fmt: skip


def hazard(scene: Scene) -> None:
    """Reported, graded, a crew sent, sent back, struck off: one order, each step once, the order verified with it."""
    scene.orders += 1
    body = {"title": f"隐患-{scene.orders:03}-", "category": "electrical", "zone": "b1", "separate": True}
    id = str(scene.admin.persist("/api/v1/hazards", body, uuid.uuid4().hex)["id"])
    _step(scene.admin, id, "grade", grade="general")
    _step(scene.admin, id, "assign", skill="electric")
    until(f"{id} has its order", lambda: bool(_order(scene, id)), PATIENCE)
    order = _order(scene, id)
    crew = scene.crew[WORKER]
    for step in ("accept", "depart", "arrive"):
        crew.persist(f"/api/v1/work-orders/{order}/{step}", {}, uuid.uuid4().hex)
    for passed in (False, True):
        _photo(crew, order)
        crew.persist(f"/api/v1/work-orders/{order}/finish", {"action": "replaced"}, uuid.uuid4().hex)
        until(f"{id} is rectified", lambda: _look(scene, id)["state"] == "rectified", PATIENCE)
        if passed:
            _step(scene.admin, id, "reinspect", passed=True)
            continue
        _step(scene.admin, id, "reinspect", passed=False, reason="half_done")
        until(f"{order} is back", lambda: _state(scene, order) == "accepted", PATIENCE)
        crew.persist(f"/api/v1/work-orders/{order}/arrive", {}, uuid.uuid4().hex)
    until(f"{order} is verified", lambda: _state(scene, order) == "verified", PATIENCE)
    facts = scene.admin.look(f"/api/v1/hazards/{id}/story")["items"]
    kinds = [str(fact["kind"]).removeprefix("hazard.") for fact in facts]
    if kinds != list(WAY):
        raise NotSoError(f"{id} tells {kinds}, not {list(WAY)}")
    orders = scene.admin.look("/api/v1/work-orders", limit=200)["items"]
    if [each["id"] for each in orders if each["hazard"] == id] != [order]:
        raise NotSoError(f"{id} has other orders than {order}")


def _step(api: Api, id: str, step: str, **body: Any) -> None:
    api.persist(f"/api/v1/hazards/{id}/{step}", body, uuid.uuid4().hex)


def _look(scene: Scene, id: str) -> Any:
    return scene.admin.look(f"/api/v1/hazards/{id}")


def _order(scene: Scene, id: str) -> str:
    return str(_look(scene, id)["order"] or "")


def _state(scene: Scene, order: str) -> str:
    return str(scene.admin.look(f"/api/v1/work-orders/{order}")["state"])


def _photo(api: Api, order: str) -> None:
    data = io.BytesIO()
    Image.new("RGB", (64, 48), "grey").save(data, "JPEG")
    api.upload(f"/api/v1/work-orders/{order}/photos", data.getvalue(), uuid.uuid4().hex, kind="after")


HAZARDS: Final[Sequence[Point]] = (
    *(Point(hazard, f"hazard.{kind}") for kind in dict.fromkeys(WAY)),
    Point(hazard, "order.opened"),
    Point(hazard, "order.redone"),
    Point(hazard, "order.verified"),
)
