"""From facts of escalation and orders to the messages they ask for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from edge.domain.alarm import Alarm
from edge.domain.fact import Fact
from edge.domain.hazard import Hazard
from edge.domain.incident import CO, Incident
from edge.domain.names import Text
from edge.domain.notification import About
from edge.domain.order import WorkOrder
from edge.domain.reading import Purpose
from edge.domain.rule import Priority

AT_ONCE: Final = frozenset({"fire", "gas", "sos"})
"""Signals for which different kinds of channels start together (GB/T 45839-2025 5.10.4: two within 15 s)."""
ORDER_CHANNELS: Final = ("sms", "wecom")
"""How the people an order is given to are told, first one first."""
DRILL_ENDS: Final = frozenset({"drill.finished", "drill.ended", "drill.retold"})
"""Facts by which those who were told of a drill hear that it is over."""
DESK_CHANNELS: Final = ("desk", "wecom")
"""How the desk is told of what a crew asks of it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One call to carry out. help: it wants somebody to act, so that it is obsolete once somebody does."""

    person: str
    channels: Sequence[str]
    message: str
    help: bool
    about: About
    alarm: str | None = None
    order: str | None = None
    hazard: str | None = None


class Memory:
    """Alarms and orders as the facts last showed them, to say what a message is about.

    alarms: those that are open, for a hub that has just started. hazard: one as it stands, by its id.
    """

    def __init__(
        self,
        alarms: Callable[[], Iterable[Alarm]] = lambda: (),
        hazard: Callable[[str], Hazard | None] = lambda _: None,
    ) -> None:
        self._open = alarms
        self._hazard = hazard
        self._alarms: dict[str, Alarm] = {}
        self._orders: dict[str, WorkOrder] = {}
        self._incidents: dict[str, Incident] = {}
        self._closed: list[tuple[dict[str, Any], str]] = []  # what is over, and where it is kept

    def note(self, fact: Fact) -> None:
        """Keep what the fact says of an alarm or order."""
        if fact.subject == "alarm" and "signal" in fact.body:
            self._keep(self._alarms, Alarm.from_dict(dict(fact.body)))
        elif fact.subject == "order" and "offered" in fact.body:
            self._keep(self._orders, WorkOrder.from_dict(fact.body))
        elif fact.subject == "incident":
            self._keep(self._incidents, Incident.from_dict(fact.body))

    def _keep(self, kept: dict[str, Any], case: Alarm | WorkOrder | Incident) -> None:
        kept[case.id] = case
        if not case.open:
            self._closed.append((kept, case.id))

    def forget(self) -> None:
        """Drop what is closed: its last messages have been asked for by now."""
        for kept, id in self._closed:
            kept.pop(id, None)
        self._closed.clear()

    def alarm(self, id: str | None) -> Alarm | None:
        """The alarm as last known."""
        if id is None:
            return None
        if id not in self._alarms:
            self._alarms.update({alarm.id: alarm for alarm in self._open() if alarm.id not in self._alarms})
        return self._alarms.get(id)

    def about(self, alarm: str | None, order: str | None, fact: Fact, hazard: str | None = None) -> About:
        """What a message about one of them speaks of; as much as the fact itself says where neither is known."""
        incident = self._incidents.get(str(fact.body.get("incident")))
        if (known := self.alarm(alarm)) is not None:
            about = about_alarm(known)
            return replace(about, cause=CO) if incident is not None and incident.family == CO else about
        if order is not None and (job := self._orders.get(order)) is not None:
            return about_order(job)
        if incident is not None:
            return about_incident(incident)
        if hazard is not None and (found := self._hazard(hazard)) is not None:
            return about_hazard(found)
        signal = str(fact.body.get("signal") or ("order" if order else ""))
        id = alarm or order or hazard or ""
        return About(signal=signal, title=Text(id, id), at=fact.time)


def wanted(fact: Fact, memory: Memory) -> Iterator[Wanted]:
    """The calls a fact asks for."""
    body = fact.body
    if fact.kind in {"escalation.step", "escalation.tell"}:
        alarm, order, hazard = body.get("alarm"), body.get("order"), body.get("hazard")
        about = memory.about(alarm, order, fact, hazard)
        for call in body.get("calls", ()):
            step = fact.kind == "escalation.step"
            yield Wanted(call["person"], call["channels"], call["message"], step, about, alarm, order, hazard)
    elif fact.kind in {"order.notified", "order.reassigned"}:
        about = memory.about(None, body["id"], fact)
        for person in _told(body):
            yield Wanted(person, ORDER_CHANNELS, "order", True, about, body.get("alarm"), body["id"])
    elif fact.kind in {"order.redone", "order.help_asked"}:  # nothing in them that a digit could answer
        about = memory.about(None, body["id"], fact)
        redone = fact.kind == "order.redone"
        person, message = (body["assignee"], "order-redone") if redone else (body["help_asked"], "order-help")
        channels = ORDER_CHANNELS if person else DESK_CHANNELS
        yield Wanted(person or "", channels, message, False, about, body.get("alarm"), body["id"])
    elif fact.kind == "drill.started":
        for call in body["calls"]:
            yield Wanted(call["person"], call["channels"], call["message"], True, _about_drill(body))
    elif fact.kind in DRILL_ENDS:
        message = "drill-stopped" if body["ended_why"] == "alarm" else "drill-over"
        for one in body["late" if fact.kind == "drill.retold" else "told"]:
            yield Wanted(one["person"], one["channels"], message, False, _about_drill(body))
    elif fact.kind == "duty.reminded":
        title, place = Text(*body["title"]), Text(*body["place"])
        about = About(signal="duty", title=title, place=place, at=body["until_at"])
        for person in body["told"]:
            yield Wanted(person, ORDER_CHANNELS, "duty", False, about)


def _about_drill(body: Mapping[str, Any]) -> About:
    """No signal: what is real goes first."""
    at = body["closed_at"] or body["opened_at"]
    return About(priority=1, title=Text(*body["title"]), place=Text(*body["place"]), at=at, drill=True)


def _told(body: Mapping[str, Any]) -> Sequence[str]:
    assignee = body.get("assignee")
    return (assignee,) if assignee else tuple(body.get("offered", ()))


def about_alarm(alarm: Alarm) -> About:
    """What there is to say of an alarm."""
    value = alarm.value
    shown = "" if value is None or isinstance(value, bool) or not alarm.unit else f"{value:g} {alarm.unit}" \
        if isinstance(value, int | float) else f"{value} {alarm.unit}"  # fmt: skip
    return About(
        signal=alarm.signal.value,
        priority=alarm.priority.rank,
        title=alarm.title,
        place=alarm.place,
        todo=alarm.response,
        value=shown,
        at=alarm.raised_at,
        cause=alarm.verdict.kind if alarm.verdict else "",
        drill=alarm.purpose is Purpose.DRILL,
    )


def about_incident(incident: Incident) -> About:
    """What there is to say of an incident that no alarm opened."""
    return About(
        signal=incident.signal or "",
        cause=incident.family if incident.family == CO else "",
        priority=Priority(incident.priority).rank,
        title=incident.title,
        place=incident.place,
        at=incident.opened_at,
        drill=incident.purpose is Purpose.DRILL,
    )


def about_order(order: WorkOrder) -> About:
    """What there is to say of an order."""
    return About(
        signal="order",
        priority=order.priority.rank,
        title=order.title,
        place=order.place,
        todo=order.task,
        at=order.opened_at,
    )


def about_hazard(hazard: Hazard) -> About:
    """What there is to say of a hazard."""
    return About(
        signal="hazard",
        priority=1 if hazard.grade == "major" else 2,
        title=hazard.title,
        place=hazard.place,
        todo=hazard.measures,
        at=hazard.opened_at,
        due=hazard.due_at,
    )
