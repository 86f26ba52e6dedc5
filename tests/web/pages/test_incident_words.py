"""How incidents stand on the wall."""

from __future__ import annotations

from edge.domain.incident import AllClear
from tests.edge.emergency.scene import Scene
from web.pages.incident_words import on_wall


def test_what_fires_again_after_the_all_clear_stands_for_the_new_incident() -> None:
    scene = Scene()
    fire = scene.quiet(scene.judged(scene.raised("al-1"), "real"))
    scene.ask(AllClear(scene.one().id, "li", confirm=True))
    scene.wait(60)
    scene.changed("alarm.reannunciated", fire, active=True)
    newest = sorted(scene.hub.standing(), key=lambda one: one.opened_at, reverse=True)
    shown = on_wall(newest, list(scene.alarms.values()), None)["al-1"]
    assert (shown.incident.state, shown.incident.stage) == ("stage1", 1)
    assert shown.step is not None
