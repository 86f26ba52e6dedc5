"""What is under way while the hub is killed: each story goes on over the kill, or raises NotSoError."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
from PIL import Image

from tests.faults.outside import Outside
from tests.faults.rig import Api, NotSoError, until
from tests.faults.small_site import CHIEF, CREW, OPERATORS, PHONES, detector

PATIENCE: Final = 120.0
TWICE: Final = 10.5  # seconds within which the hub takes a digit for one that came twice
VALVE: Final = "gv-1203.valve"
SIREN: Final = "sr-b1.siren"


@dataclass(slots=True)
class Scene:
    """admin, crew: clients of the API for an administrator and for each of the crew, by name."""

    admin: Api
    crew: Mapping[str, Api]
    world: Outside
    fires: int = 0
    orders: int = 0
    _answered: dict[str, float] = field(default_factory=dict)

    def operate(self, output: str, act: str) -> str:
        """Order it by hand; the command's id."""
        answer = self.admin.persist(f"/api/v1/outputs/{output}/operate", {"act": act}, uuid.uuid4().hex)
        return str(answer["items"][0]["id"])

    def command(self, id: str, state: str) -> None:
        """Wait until the command has come so far."""

        def there() -> bool:
            items = self.admin.look("/api/v1/commands", limit=50)["items"]
            return any(command["id"] == id and command["state"] == state for command in items)

        until(f"command {id} is {state}", there, PATIENCE)

    def alarm(self, point: str, what: str, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        """The open alarm at a point, once it is as wanted."""
        found: list[Any] = []

        def there() -> bool:
            device = point.partition(".")[0]
            alarms = self.admin.look("/api/v1/alarms", state="open", device=device)["items"]
            found[:] = [alarm for alarm in alarms if alarm["point"] == point and wanted(alarm)]
            return bool(found)

        until(f"the alarm at {point} is {what}", there, PATIENCE)
        return found[0]

    def close(self, alarm: str) -> None:
        """Reset it, acknowledged or not."""
        self.admin.persist(f"/api/v1/alarms/{alarm}/ack", None, uuid.uuid4().hex)
        closed = self.admin.persist(f"/api/v1/alarms/{alarm}/reset", {}, uuid.uuid4().hex)
        if closed["state"] != "normal":
            raise NotSoError(f"{alarm} is {closed['state']} after its reset")

    def came(self, channel: str, to: str, token: str) -> bool:
        """Whether such a message reached that number, or the group."""
        return any(c.channel == channel and c.to == to and token in c.text for c in self.world.came())

    def answer(self, person: str) -> None:
        """Have a person answer "1" by text, not so soon after the last that it would be taken for the same."""
        time.sleep(max(0.0, self._answered.get(person, 0.0) + TWICE - time.monotonic()))
        self._answered[person] = time.monotonic()
        self.world.modem.receive(f"+86{PHONES[person]}", "1")

    def told(self, channel: str, to: str, token: str) -> None:
        """Wait for it."""
        until(f"{channel} about {token} comes", lambda: self.came(channel, to, token), PATIENCE)


Story = Callable[[Scene], None]


# ---- commands ------------------------------------------------------------------------------------------------------


def valve(scene: Scene) -> None:
    """Closed by hand; the valve says that it did."""
    scene.world.valve.say("open")
    scene.command(scene.operate(VALVE, "close"), "confirmed")


def late_valve(scene: Scene) -> None:
    """The valve does not answer in its time, which is an alarm, and then it does."""
    scene.world.valve.answers = False
    try:
        scene.world.valve.say("open")
        id = scene.operate(VALVE, "close")
        scene.command(id, "unconfirmed")
        scene.alarm("gv-1203.valve-feedback", "raised")
    finally:
        scene.world.valve.answers = True
    scene.world.valve.say("closed")
    scene.command(id, "confirmed")


def siren(scene: Scene) -> None:
    """Started and stopped by hand, over the serial bus."""
    scene.command(scene.operate(SIREN, "start"), "confirmed")
    if not scene.world.bus.sounding:
        raise NotSoError("the siren is confirmed, and does not sound")
    scene.command(scene.operate(SIREN, "stop"), "confirmed")
    if scene.world.bus.sounding:
        raise NotSoError("the siren is stopped, and sounds")


def overtaken(scene: Scene) -> None:
    """Started without power, then stopped: when power returns nothing sounds."""
    scene.world.bus.silent(True)
    try:
        before = scene.world.bus.told[SIREN, "start"]
        start = scene.operate(SIREN, "start")
        stop = scene.operate(SIREN, "stop")
        scene.command(start, "superseded")
    finally:
        scene.world.bus.silent(False)
    scene.command(stop, "confirmed")
    if scene.world.bus.sounding or scene.world.bus.told[SIREN, "start"] != before:
        raise NotSoError("an overtaken start was carried out")


def leak(scene: Scene) -> None:
    """Gas: the linkage closes the valve by itself."""
    scene.world.valve.say("open")
    scene.world.field.say("site/gs-1203/up", {"gas": 9.0})
    alarm = scene.alarm("gs-1203.gas", "raised")

    def closed() -> bool:
        items = scene.admin.look("/api/v1/commands", alarm=alarm["id"])["items"]
        return [(c["output"], c["state"]) for c in items] == [(VALVE, "confirmed")]

    until("the linkage has closed the valve, with one command", closed, PATIENCE)
    scene.world.field.say("site/gs-1203/up", {"gas": 0.0})
    scene.alarm("gs-1203.gas", "normal again", lambda found: not found["active"])
    scene.close(alarm["id"])


# ---- messages ------------------------------------------------------------------------------------------------------


def fire(scene: Scene) -> None:
    """Smoke: a text and the group at once; "1" by text takes it."""
    device = _smoke(scene)
    person = OPERATORS[scene.fires % len(OPERATORS)]
    scene.told("sms", PHONES[person], device)
    scene.told("wecom", "", device)
    scene.answer(person)
    alarm = scene.alarm(f"{device}.smoke", f"taken by {person}", lambda a: a["acked_by"] == person)
    _over(scene, device, alarm["id"])


def refused_fire(scene: Scene) -> None:
    """The group's server shows the first message and says that it failed."""
    scene.world.group.refuse = 1
    device = _smoke(scene)
    scene.told("sms", PHONES[OPERATORS[0]], device)
    until(
        f"the group hears of {device} again",
        lambda: any(device in c.text and c.repeat for c in scene.world.came() if c.channel == "wecom"),
        PATIENCE,
    )
    _over(scene, device, scene.alarm(f"{device}.smoke", "there")["id"])


def unheard_fire(scene: Scene) -> None:
    """Nobody answers the texts: the next rung of the ladder calls."""
    scene.world.modem.answers.add(f"+86{PHONES[CHIEF]}")
    calls = len(scene.world.modem.calls)
    device = _smoke(scene)
    until("the chief is called", lambda: len(scene.world.modem.calls) > calls, PATIENCE)
    _over(scene, device, scene.alarm(f"{device}.smoke", "there")["id"])


def _smoke(scene: Scene) -> str:
    scene.fires += 1
    device = detector(scene.fires)
    scene.world.field.say(f"zigbee2mqtt/{device}", {"smoke": True, "battery": 97})
    scene.alarm(f"{device}.smoke", "raised")
    return device


def _over(scene: Scene, device: str, alarm: str) -> None:
    scene.world.field.say(f"zigbee2mqtt/{device}", {"smoke": False, "battery": 97})
    scene.alarm(f"{device}.smoke", "normal again", lambda found: not found["active"])
    scene.close(alarm)


# ---- work orders ---------------------------------------------------------------------------------------------------


def order(scene: Scene) -> None:
    """From the text that tells of it, taken by "1", to the verified repair, with a hold and a round of rework."""
    id, title, person = _open(scene)
    crew = scene.crew[person]
    scene.told("sms", PHONES[person], title)
    scene.answer(person)

    def taken() -> bool:
        return bool(scene.admin.look(f"/api/v1/work-orders/{id}")["state"] == "accepted")

    until(f"{title} is accepted by text", taken, PATIENCE)
    _step(crew, id, "depart")
    _step(crew, id, "arrive")
    _step(crew, id, "hold", reason="parts")
    _step(scene.admin, id, "approve")
    _step(crew, id, "resume")
    _photo(crew, id)
    _step(crew, id, "finish", action="replaced")
    _step(scene.admin, id, "redo", reason="again")
    _step(crew, id, "arrive")
    _step(crew, id, "finish")
    _step(scene.admin, id, "verify")
    _tells(
        scene, id,
        "opened", "notified", "accepted", "en_route", "on_site", "held", "hold_approved", "resumed", "photo",
        "done", "redone", "on_site", "done", "verified",
    )  # fmt: skip


def undone_order(scene: Scene) -> None:
    """A step taken back within its ten seconds; a restart ends them, and the step stands."""
    id, _, person = _open(scene)
    _step(scene.crew[person], id, "accept")
    try:
        _step(scene.crew[person], id, "undo")
        last = ["undone", "notified"]
    except httpx.HTTPStatusError as error:
        if error.response.json()["code"] != "too_late":
            raise
        last = []
    _step(scene.admin, id, "cancel", reason="mistake")
    _tells(scene, id, "opened", "notified", "accepted", *last, "cancelled")


def late_order(scene: Scene) -> None:
    """Its due time passes, once; then it is handed back, handed on and cancelled."""
    id, _, person = _open(scene, due=2.0)

    def overdue() -> bool:
        return bool(scene.admin.look(f"/api/v1/work-orders/{id}")["overdue"])

    until(f"{id} is overdue", overdue, PATIENCE)
    _step(scene.crew[person], id, "accept")
    _step(scene.crew[person], id, "reject", reason="ill")
    _step(scene.admin, id, "reassign", person=person)
    _step(scene.admin, id, "cancel", reason="mistake")
    kinds = _kinds(scene, id)
    for kind in ("overdue", "rejected", "reassigned", "cancelled"):
        if kinds.count(kind) != 1:
            raise NotSoError(f"{id}: {kind} stands {kinds.count(kind)} times: {kinds}")


def unanswered_order(scene: Scene) -> None:
    """No delivery report comes: after the silence the group is told."""
    scene.world.modem.reports = False
    try:
        id, title, _ = _open(scene)
        scene.told("wecom", "", title)
    finally:
        scene.world.modem.reports = True
    _step(scene.admin, id, "cancel", reason="mistake")
    _tells(scene, id, "opened", "notified", "cancelled")


def _open(scene: Scene, due: float | None = None) -> tuple[str, str, str]:
    """Its id, its title, and whom it is given to."""
    scene.orders += 1
    title, person = f"检修-{scene.orders:03}-", CREW[scene.orders % len(CREW)]
    body: dict[str, Any] = {"title": title, "assignee": person, "zone": "b1"}
    if due is not None:
        body["due_at"] = (datetime.now(UTC) + timedelta(seconds=due)).isoformat()
    return str(scene.admin.persist("/api/v1/work-orders", body, uuid.uuid4().hex)["id"]), title, person


def _step(api: Api, id: str, step: str, **body: str) -> None:
    api.persist(f"/api/v1/work-orders/{id}/{step}", body, uuid.uuid4().hex)


def _photo(api: Api, id: str) -> None:
    data = io.BytesIO()
    Image.new("RGB", (64, 48), "grey").save(data, "JPEG")
    api.upload(f"/api/v1/work-orders/{id}/photos", data.getvalue(), uuid.uuid4().hex, kind="after")


def _kinds(scene: Scene, id: str) -> list[str]:
    facts = scene.admin.look(f"/api/v1/work-orders/{id}/story")["items"]
    return [str(f["kind"]).removeprefix("order.") for f in facts if str(f["kind"]).startswith("order.")]


def _tells(scene: Scene, id: str, *expected: str) -> None:
    """Each step stands once, in its order."""
    kinds = _kinds(scene, id)
    if kinds != list(expected):
        raise NotSoError(f"{id} tells {kinds}, not {list(expected)}")


# ---- where each is hit ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """A state to be hit: the first fact of `kind` in the story whose body has these values."""

    story: Story
    kind: str
    where: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """For a table."""
        return " ".join([self.story.__name__, self.kind, *(value for _, value in self.where)])

    def fits(self, kind: str, body: Any) -> bool:
        """Whether this fact is it."""
        return kind == self.kind and all(body.get(key) == value for key, value in self.where)


def points(story: Story, kinds: str, **where: str) -> list[Point]:
    """One for each of the kinds, which stand in one line."""
    return [Point(story, kind, tuple(where.items())) for kind in kinds.split()]


POINTS: Final[Sequence[Point]] = (
    *points(valve, "command.queued command.sent command.written command.confirmed", output=VALVE),
    *points(late_valve, "command.unconfirmed command.confirmed", output=VALVE),
    *points(siren, "command.sent command.written command.confirmed", output=SIREN, act="start"),
    *points(siren, "command.queued command.sent command.written command.confirmed", output=SIREN, act="stop"),
    *points(overtaken, "command.superseded", output=SIREN),
    *points(leak, "linkage.started command.confirmed linkage.ended"),
    *points(fire, "escalation.started escalation.step notification.answered alarm.acked escalation.stopped"),
    *points(fire, "notification.queued notification.sending notification.sent", channel="wecom"),
    *points(fire, "notification.queued notification.sending notification.sent", channel="sms"),
    *points(fire, "notification.delivered", channel="sms"),
    *points(refused_fire, "notification.retrying", channel="wecom"),
    *points(unheard_fire, "notification.sending notification.sent", channel="ring"),
    *points(order, "order.opened order.notified notification.sending notification.sent"),
    *points(
        order, "notification.delivered notification.answered order.accepted order.en_route order.on_site"
    ),
    *points(order, "order.held order.hold_approved order.resumed order.photo order.done order.redone"),
    *points(order, "order.verified"),
    *points(undone_order, "order.accepted order.undone order.cancelled"),
    *points(late_order, "order.overdue order.rejected order.reassigned"),
    *points(unanswered_order, "notification.silent"),
)


def wait_quiet(api: Api) -> None:
    """No message and no command is on its way any more."""

    def quiet() -> bool:
        messages = api.look("/api/v1/notifications", limit=200)["items"]
        commands = api.look("/api/v1/commands", limit=200)["items"]
        return not any(item["state"] in {"queued", "sending"} for item in messages) and not any(
            item["state"] in {"queued", "sent"} for item in commands
        )

    until("all messages and commands are out", quiet, 90)
