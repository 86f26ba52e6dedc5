"""kill -9 of the hub while it keeps the pictures of a fire: each is asked for once, and answered once."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.settings import write_overrides
from tests.faults.rig import Rig, until
from tests.faults.states import Journal, Reaper
from tests.faults.stories import Point, Story
from tests.integration.conftest import make_site

pytest.importorskip("cv2")
HEAT = "zigbee2mqtt/ht-eb2"
SOURCES = ("cm-01", "cm-02")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A hub with the template's cameras, which see drawn scenes."""
    from edge.tools.simulator.pictures.screen import Screen
    from edge.tools.simulator.pictures.server import PictureServer

    server = PictureServer({"cm-01": Screen("lane"), "cm-02": Screen("shed")})
    server.start()
    with Rig(tmp_path, tmp_path / "data", commit_seconds=1) as made:
        shutil.rmtree(made.site)
        make_site(tmp_path, made.broker, cameras=True)
        write_overrides(
            made.site,
            mqtt=(made.broker.host, made.broker.port, "hub", tmp_path / "mqtt-password"),
            serial={bus: str(tmp_path / "none" / bus) for bus in ("bus-1", "bus-2")},
            cameras={f"{id}-stream": {"url": server.url(id)} for id in SOURCES},
        )
        yield made
    server.stop()


class Heat:
    """The heat detector of the shed."""

    def __init__(self, rig: Rig) -> None:
        account = rig.broker.account("field")
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.username_pw_set(account.name, account.password)
        self._client.connect(rig.broker.host, rig.broker.port)
        self._client.loop_start()

    def say(self, *, on: bool) -> None:
        self._client.publish(HEAT, json.dumps({"smoke": on}), qos=1).wait_for_publish(20)

    def end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def burn(rig: Rig, journal: Journal, heat: Heat, point: Point, delay: float) -> None:
    """A fire with a kill in the middle of its pictures; it ends with all of them answered."""
    reaper = Reaper(rig, journal, point, delay)
    reaper.start()
    since = journal.last()
    heat.say(on=True)
    try:
        until("the hub is killed", lambda: reaper.done, 40)
        rig.await_armed()
        until("every picture is answered", lambda: answered(journal, since), 40)
    finally:
        reaper.end()
    assert reaper.trouble is None
    heat.say(on=False)
    alarms = [body["id"] for _, kind, _, body in journal.facts(since) if kind == "alarm.raised"]
    for id in alarms:
        if rig.api.look(f"/api/v1/alarms/{id}")["device"] == "ht-eb2":
            until("it is normal", lambda id=id: not rig.api.look(f"/api/v1/alarms/{id}")["active"], 30)  # type: ignore[misc]
            rig.api.persist(f"/api/v1/alarms/{id}/ack", None, uuid.uuid4().hex)
            rig.api.persist(f"/api/v1/alarms/{id}/reset", {}, uuid.uuid4().hex)


def sets(journal: Journal, since: int = 0) -> dict[str, list[tuple[str, Any]]]:
    """The stories of sets: (kind, body) of their facts."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for _, kind, subject, body in journal.facts(since):
        if subject == "stills":
            found.setdefault(body["id"], []).append((kind, body))
    return found


def answers(story: Sequence[tuple[str, Any]]) -> Counter[str]:
    """How often each picture of a set was answered, by its moment."""
    return Counter(
        shot["moment"]
        for (_, before), (_, body) in pairwise(story)
        for old, shot in zip(before["pictures"], body["pictures"], strict=True)
        if shot != old
    )


def answered(journal: Journal, since: int) -> bool:
    """Whether something was asked for, and nothing is waited for."""
    last = [story[-1][1] for story in sets(journal, since).values()]
    shots = [shot for body in last for shot in body["pictures"]]
    return bool(shots) and all(shot["taken"] is not None or shot["missing"] for shot in shots)


@pytest.mark.faults
@pytest.mark.long
@pytest.mark.slow
def test_pictures_are_asked_for_once_and_answered_once_over_kills(rig: Rig) -> None:
    rig.start()
    rig.await_armed()
    journal, heat = Journal(rig.data / "journal.db"), Heat(rig)
    try:
        until("the shed's camera sees", lambda: seeing(rig), 60)
        for kind, delay in (("stills.asked", 0.0), ("stills.kept", 0.0), ("stills.asked", 0.03)):
            burn(rig, journal, heat, Point(cast("Story", burn), kind), delay)
    finally:
        heat.end()
    rig.kill()
    fires = [b["id"] for _, k, _, b in journal.facts() if k == "alarm.raised" and b["device"] == "ht-eb2"]
    assert len(fires) == 3
    stories = sets(journal)
    for fire in fires:
        own = [story for story in stories.values() if story[0][1]["alarm"] == fire]
        assert [story[0][0] for story in own] == ["stills.asked"]
        assert [kind for kind, _ in own[0]].count("stills.asked") == 1
        assert answers(own[0]) == {"before": 1, "at": 1, "after": 1}
    kept = [
        shot for story in stories.values() for shot in story[-1][1]["pictures"] if shot["taken"] is not None
    ]
    assert kept
    for shot in kept:
        path = rig.data / "evidence" / "stills" / shot["id"][:6] / f"{shot['id']}.jpg"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == shot["sha256"]
    files = {path.stem for path in (rig.data / "evidence" / "stills").rglob("*.jpg")}
    named = {shot["id"] for story in stories.values() for shot in story[-1][1]["pictures"]}
    assert files <= named


def seeing(rig: Rig) -> bool:
    state = rig.api.look("/api/v1/points/cm-02.fps")
    return bool(state.get("value"))
