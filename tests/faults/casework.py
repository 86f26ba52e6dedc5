"""What lasts while the hub is killed: incidents worked by their plan, hazards until struck off, rounds and duties."""

from __future__ import annotations

import io
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from PIL import Image

from tests.faults import stories
from tests.faults.hazard_story import HAZARDS
from tests.faults.rig import Api, NotSoError, until
from tests.faults.small_site import CHIEF, CREW, PLAN, ROUND, STOPS
from tests.faults.stories import PATIENCE, VALVE, Point, Scene, points

GAS: Final = "site/gs-1203/up"
FITTER: Final = "sun-zhi"
GUARD: Final = CREW[-1]
FOUND: Final = {"title": "灯不亮", "category": "facility"}
Stories = Mapping[str, Mapping[str, Sequence[tuple[str, Any]]]]
"""Subject -> id -> (kind, body) of its facts, oldest first."""


# ---- incidents -----------------------------------------------------------------------------------------------------


def emergency(scene: Scene) -> None:
    """Gas that rises, found real: the plan is worked, everybody is there, reported, all clear, closed."""
    scene.world.valve.say("open")
    scene.world.field.say(GAS, {"gas": 9.0})
    alarm = scene.alarm("gs-1203.gas", "raised")["id"]
    id = _incident(scene, "open", lambda one: one["alarm"] == alarm)["id"]
    _incident(scene, "late with its verdict", lambda one: _step_of(one, "verify")["overdue"])
    scene.world.field.say(GAS, {"gas": 23.0})
    _incident(scene, "urgent", lambda one: one["priority"] == "urgent")
    _do(scene.admin, f"/api/v1/alarms/{alarm}/ack")
    chief, guard, incident = scene.crew[CHIEF], scene.crew[GUARD], f"/api/v1/incidents/{id}"
    _do(chief, f"/api/v1/alarms/{alarm}/verdict", kind="real", cause="hose")
    _do(guard, f"{incident}/steps/knock/done")
    _do(chief, f"{incident}/steps/evacuate/skipped", note="屋内无人")
    _do(chief, f"{incident}/muster", person=GUARD)
    report = _do(chief, f"{incident}/reports", kind="first", note="首报")["reports"][0]["id"]
    guard.upload(f"{incident}/reports/{report}/photos", _picture(), uuid.uuid4().hex)
    scene.world.field.say(GAS, {"gas": 0.0})
    scene.alarm("gs-1203.gas", "normal again", lambda found: not found["active"])
    scene.close(alarm)
    _do(chief, f"{incident}/all-clear", note="已通风", confirm=True)
    _do(chief, f"{incident}/reports", kind="final", note="胶管老化")
    _told_once(
        scene, incident,
        "incident.opened", "incident.risen", "incident.confirmed", "incident.roll", "incident.photo",
        "incident.all_clear", "incident.closed", (2, "incident.report"),
    )  # fmt: skip
    ended = scene.admin.look(incident)
    if not ended["closed_at"] or [one["person"] for one in ended["roll"]] != [GUARD]:
        raise NotSoError(f"{id} ended as {ended}")
    wanted = {
        "valve": "fact",
        "ack": "fact",
        "knock": "person",
        "evacuate": "skipped",
        "first-report": "fact",
    }
    if (found := {step: _step_of(ended, step)["how"] for step in wanted}) != wanted:
        raise NotSoError(f"{id}: its steps were done {found}")


def _incident(scene: Scene, what: str, wanted: Callable[[Any], bool]) -> Any:
    """The open incident of the plan, once it is as wanted."""
    found: list[Any] = []

    def there() -> bool:
        items = scene.admin.look("/api/v1/incidents", open=True, plan=PLAN)["items"]
        found[:] = [one for one in items if wanted(one)]
        return bool(found)

    until(f"the incident is {what}", there, PATIENCE)
    return found[0]


def _step_of(incident: Any, id: str) -> Any:
    return next(step for step in incident["steps"] if step["id"] == id)


# ---- hazards -------------------------------------------------------------------------------------------------------


def unaided_hazard(scene: Scene) -> None:
    """Without an order: reported by two, late, given time, sent back once, struck off by another person."""
    one, other, chief = scene.crew[GUARD], scene.crew[FITTER], scene.crew[CHIEF]
    said = {"title": "通道堆物", "category": "waste", "zone": "b1"}
    path = f"/api/v1/hazards/{_do(one, '/api/v1/hazards', **said)['id']}"
    _do(other, "/api/v1/hazards", **said, source="round", source_id="rd-x")
    _do(chief, f"{path}/grade", grade="general")
    _do(chief, f"{path}/interim", note="拉警戒带")
    _do(chief, f"{path}/assign", person=FITTER, measures="清走", due_hours=0.5 / 3600)
    until("it is overdue", lambda: bool(scene.admin.look(path)["overdue"]), PATIENCE)
    _do(other, f"{path}/extension", hours=1, note="车未到")
    _do(chief, f"{path}/extension/decide", granted=True)
    _do(other, f"{path}/comment", note="已约车")
    other.upload(f"{path}/photos", _picture(), uuid.uuid4().hex, kind="after")
    _do(other, f"{path}/rectify")
    _do(one, f"{path}/reinspect", passed=False, reason="还剩一半")
    other.upload(f"{path}/photos", _picture("white"), uuid.uuid4().hex, kind="after")
    _do(other, f"{path}/rectify")
    _do(one, f"{path}/reinspect", passed=True)
    _tells(
        scene, path,
        "reported", "source", "graded", "interim", "assigned", "overdue", "extension_asked", "extended", "commented",
        "photo", "rectified", "sent_back", "photo", "rectified", "closed",
    )  # fmt: skip


def proved(scene: Scene) -> None:
    """Gas: one hazard, one order that becomes its own, good readings of the same sensor, struck off by another."""
    for left in scene.admin.look("/api/v1/hazards", open=True, category="gas")["items"]:  # of another story
        _do(scene.crew[CHIEF], f"/api/v1/hazards/{left['id']}/cancel", reason="mistaken")
    scene.world.valve.say("open")
    scene.world.field.say(GAS, {"gas": 9.0})
    alarm = scene.alarm("gs-1203.gas", "raised")["id"]
    path = f"/api/v1/hazards/{_hazard(scene, 'reported', lambda one: one['alarm'] == alarm)['id']}"
    scene.world.field.say(GAS, {"gas": 0.0})
    scene.alarm("gs-1203.gas", "normal again", lambda found: not found["active"])
    scene.close(alarm)
    jobs = _hazard(scene, "given an order", lambda one: one["alarm"] == alarm and one["orders"])["orders"]
    job, fitter = f"/api/v1/work-orders/{jobs[0]['id']}", scene.crew[FITTER]
    for step in ("accept", "depart", "arrive"):
        _do(fitter, f"{job}/{step}")
    fitter.upload(f"{job}/photos", _picture(), uuid.uuid4().hex, kind="after")
    _do(fitter, f"{job}/finish", action="part_changed")
    until("it is rectified", lambda: bool(scene.admin.look(path)["state"] == "rectified"), PATIENCE)
    values = [0.0]

    def shown() -> bool:
        values.append(values[-1] + 0.1 if values[-1] < 1 else 0.0)
        scene.world.field.say(GAS, {"gas": values[-1]})
        return bool(scene.admin.look(path)["proof"]["met_at"])

    until("the sensor proves it", shown, PATIENCE, step=0.25)
    _do(scene.crew[CHIEF], f"{path}/reinspect", passed=True)
    until("its order is verified", lambda: bool(scene.admin.look(job)["state"] == "verified"), PATIENCE)
    _told_once(
        scene,
        path,
        "hazard.reported",
        "hazard.assigned",
        "hazard.rectified",
        "hazard.proved",
        "hazard.closed",
    )
    if len(scene.admin.look(path)["orders"]) != 1:
        raise NotSoError(f"{path} has another order than its one")


def no_hazard(scene: Scene) -> None:
    """Somebody was mistaken."""
    said = {"title": "异响", "category": "noise", "zone": "b1"}
    path = f"/api/v1/hazards/{_do(scene.crew[GUARD], '/api/v1/hazards', **said)['id']}"
    _do(scene.crew[CHIEF], f"{path}/cancel", reason="mistaken")
    _tells(scene, path, "reported", "cancelled")


def _hazard(scene: Scene, what: str, wanted: Callable[[Any], bool]) -> Any:
    found: list[Any] = []

    def there() -> bool:
        found[:] = [one for one in scene.admin.look("/api/v1/hazards", open=True)["items"] if wanted(one)]
        return bool(found)

    until(f"the hazard is {what}", there, PATIENCE)
    return found[0]


# ---- rounds and duties ---------------------------------------------------------------------------------------------


def walk(scene: Scene) -> None:
    """A round from its first checkpoint to its end, with something found on the way."""
    due = scene.admin.look("/api/v1/duties", state="due", kind=ROUND, limit=1000)["items"]
    if not due:
        raise NotSoError("no round is due any more")
    guard, path = scene.crew[GUARD], f"/api/v1/duties/{min(one['id'] for one in due)}"
    _do(guard, f"{path}/start")
    _do(guard, f"{path}/stops", code=f"tag-{STOPS[0]}", how="nfc")
    _do(guard, f"{path}/stops", code=STOPS[1], how="said", finding=FOUND)
    guard.upload(f"{path}/photos", _picture(), uuid.uuid4().hex, about=STOPS[1])
    _do(guard, f"{path}/done")
    _told_once(scene, path, "duty.due", "duty.started", "duty.photo", "duty.found", "duty.done")
    round_ = f"/api/v1/rounds/{scene.admin.look(path)['round']}"
    _told_once(scene, round_, "round.started", (2, "round.stop"), "round.found", "round.finished")
    (found,) = [one["hazard"] for one in scene.admin.look(round_)["stops"] if one["hazard"]]
    _do(scene.crew[CHIEF], f"/api/v1/hazards/{found}/cancel", reason="mistaken")


def missed(scene: Scene) -> None:
    """A duty of one minute, of which nobody thinks; it is an alarm, then it is made up and the alarm ends."""
    before = {one["id"] for one in scene.admin.look("/api/v1/duties", duty="minute", limit=1000)["items"]}
    fresh: list[Any] = []

    def came(state: str) -> Callable[[], bool]:
        def there() -> bool:
            items = scene.admin.look("/api/v1/duties", duty="minute", state=state, limit=1000)["items"]
            fresh[:] = [one for one in items if one["id"] not in before]
            return bool(fresh)

        return there

    until("the duty is missed", came("missed"), 150, step=0.2)
    last = max(fresh, key=lambda one: str(one["from_at"]))["id"]
    _do(scene.crew[GUARD], f"/api/v1/duties/{last}/done", note="补做")
    _told_once(scene, f"/api/v1/duties/{last}", "duty.due", "duty.missed", "duty.made_up")


def waived(scene: Scene) -> None:
    """The manager lets one fall."""
    due = scene.admin.look("/api/v1/duties", state="due", kind=ROUND, limit=1000)["items"]
    if not due:
        raise NotSoError("no round is due any more")
    path = f"/api/v1/duties/{min(one['id'] for one in due)}"
    _do(scene.crew[CHIEF], f"{path}/waive", reason="停电")
    _told_once(scene, path, "duty.due", "duty.waived")


# ---- shared --------------------------------------------------------------------------------------------------------


def _do(api: Api, path: str, **body: Any) -> Any:
    return api.persist(path, body, uuid.uuid4().hex)


def _picture(colour: str = "grey") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(data, "JPEG")
    return data.getvalue()


def _kinds(scene: Scene, path: str) -> list[str]:
    return [str(fact["kind"]) for fact in scene.admin.look(f"{path}/story")["items"]]


def _tells(scene: Scene, path: str, *expected: str) -> None:
    """Each step stands once, in its order."""
    kinds = [kind.removeprefix("hazard.") for kind in _kinds(scene, path) if kind.startswith("hazard.")]
    if kinds != list(expected):
        raise NotSoError(f"{path} tells {kinds}, not {list(expected)}")


def _told_once(scene: Scene, path: str, *expected: str | tuple[int, str]) -> None:
    """Each kind of fact stands so often as said, once where nothing is said."""
    counts = Counter(_kinds(scene, path))
    for each in expected:
        times, kind = (1, each) if isinstance(each, str) else each
        if counts[kind] != times:
            raise NotSoError(f"{path}: {kind} stands {counts[kind]} times, not {times}: {dict(counts)}")


POINTS: Final[Sequence[Point]] = (
    *stories.POINTS,
    *HAZARDS,
    *points(
        emergency, "incident.opened incident.risen incident.step_overdue incident.confirmed incident.roll"
    ),
    *points(emergency, "incident.report incident.photo incident.all_clear incident.closed"),
    *(
        point
        for step in ("valve", "ack", "verify", "knock", "evacuate", "first-report", "normal")
        for point in points(emergency, "incident.step", step=step)
    ),
    *points(emergency, "command.confirmed", output=VALVE),
    *points(
        unaided_hazard,
        "hazard.reported hazard.source hazard.graded hazard.interim hazard.assigned hazard.overdue",
    ),
    *points(
        unaided_hazard,
        "hazard.extension_asked hazard.extended hazard.commented hazard.photo hazard.rectified",
    ),
    *points(unaided_hazard, "hazard.sent_back hazard.closed"),
    *points(proved, "hazard.reported order.opened hazard.assigned order.done hazard.rectified"),
    *points(proved, "hazard.proved hazard.closed order.verified"),
    *points(no_hazard, "hazard.cancelled"),
    *points(walk, "round.started duty.started round.stop hazard.reported round.found duty.found duty.photo"),
    *points(walk, "round.finished duty.done"),
    *points(missed, "duty.due duty.missed duty.made_up"),
    *points(waived, "duty.waived"),
)


# ---- what the journal says ------------------------------------------------------------------------------------------

_ONCE: Final = {
    "incident": "opened confirmed closed",
    "hazard": "reported proved closed cancelled",
    "duty": "due missed done made_up waived",
    "round": "started finished",
}


def audit(journal: Stories) -> Iterator[str]:
    """What was lost or done twice, in a sentence each."""
    for subject, words in _ONCE.items():
        for id, story in journal[subject].items():
            counts = Counter(kind.removeprefix(f"{subject}.") for kind, _ in story)
            yield from (
                f"{id}: {subject}.{w} stands {counts[w]} times" for w in words.split() if counts[w] > 1
            )
            if next(iter(counts)) != words.split()[0]:
                yield f"{id} begins with {story[0][0]}"
    for id, story in journal["incident"].items():
        late = Counter(body["step"] for kind, body in story if kind == "incident.step_overdue")
        yield from (f"{id}: {step} is overdue {n} times" for step, n in late.items() if n > 1)
        done = Counter(body["step"] for kind, body in story if kind == "incident.step")
        yield from (f"{id}: {step} was ticked {n} times" for step, n in done.items() if n > 1)
        people = Counter(one["person"] for one in story[-1][1]["roll"])
        yield from (f"{id}: {person} was counted {n} times" for person, n in people.items() if n > 1)
    for subject in ("incident", "hazard"):
        numbers = Counter(story[-1][1]["number"] for story in journal[subject].values())
        yield from (f"{subject} number {n} was given {k} times" for n, k in numbers.items() if k > 1)
    alarms: dict[str, list[str]] = defaultdict(list)
    for id, story in journal["incident"].items():
        for alarm in story[-1][1]["alarms"]:
            alarms[alarm].append(id)
    yield from (
        f"{alarm} is in the incidents {', '.join(ids)}" for alarm, ids in alarms.items() if len(ids) > 1
    )
    orders = Counter(
        story[-1][1]["alarm"] for story in journal["order"].values() if story[-1][1].get("alarm")
    )
    yield from (f"{alarm} has {n} orders" for alarm, n in orders.items() if n > 1)
    for id, story in journal["round"].items():
        stops = [one["id"] for one in story[-1][1]["stops"]]
        if len(set(stops)) != len(stops):
            yield f"{id} has the stops {stops}"
