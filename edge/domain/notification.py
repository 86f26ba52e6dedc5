"""The notification: one message to one person (or group) over one channel, with its attempts and receipts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import time
from enum import StrEnum
from typing import Any

from edge.domain.names import Text


class NotificationState(StrEnum):
    """How far it is."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"  # the next carrier took it
    DELIVERED = "delivered"
    SEEN = "seen"
    ANSWERED = "answered"
    FAILED = "failed"
    FOLDED = "folded"  # told as a number in another message, `into`
    DROPPED = "dropped"  # nobody needs it any more, `reason`


ARRIVED = (
    NotificationState.SENT,
    NotificationState.DELIVERED,
    NotificationState.SEEN,
    NotificationState.ANSWERED,
)
"""States in which somebody may have it, in the order of what they prove."""


@dataclass(frozen=True, slots=True)
class About:
    """What a message speaks of, as it stood when the message was asked for; no personal data.

    signal: of the alarm, "order" for a work order, "hazard" for one, "" for what is about none. value: with its
    unit, "" without. todo: what to do. at: µs UTC it happened. cause: verdict kind or cause, a stable word. drill:
    say so. due: µs UTC until when it is to be done.
    """

    signal: str = ""
    priority: int = 3  # `Priority.rank`
    title: Text = Text("", "")  # noqa: RUF009 - frozen
    place: Text = Text("", "")  # noqa: RUF009 - frozen
    todo: Text = Text("", "")  # noqa: RUF009 - frozen
    value: str = ""
    at: int = 0
    cause: str = ""
    drill: bool = False
    due: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        row: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        return row | {name: [row[name].zh, row[name].en] for name in ("title", "place", "todo")}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> About:
        """What `to_dict` wrote."""
        return cls(**{**row, **{name: Text(*row[name]) for name in ("title", "place", "todo")}})


@dataclass(frozen=True, slots=True)
class Notification:
    """Times are µs UTC.

    person: who gets it, "" for the group or place behind the channel. asked: whom the call was for.
    message: name of the words. help: it calls for somebody, and is obsolete as soon as somebody has taken it.
    then: channels still to try after this one. alarms: ids of all alarms it accounts for, `alarm` among them.
    counts: what was folded into it, by signal. into: the notification it was folded into.
    attempt: of the last try, 0 before the first. uncertain: a former try may have arrived. silent: its silence has
    started the next channel. silence_at, silence_left: when it will, and the µs left as at the last fact.
    begun_at: when its first try began; before that nobody can have read it.
    told: number of the fact by which its last try began or the carrier took it; unlike a time it only grows.
    reason: stable word (acknowledged, closed, verdict, suppressed, accepted, unreachable, refused, gave_up): why it
    ended, or, while it is being sent, why it is not to be tried again. error: the channel's sentence.
    by: who asked for it (test button) or answered.
    """

    id: str
    channel: str
    person: str
    asked: str
    message: str
    state: NotificationState
    open: bool
    opened_at: int
    about: About
    help: bool = False
    urgent: bool = False
    alarm: str | None = None
    order: str | None = None
    hazard: str | None = None
    alarms: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    into: str | None = None
    then: tuple[str, ...] = ()
    attempt: int = 0
    uncertain: bool = False
    silent: bool = False
    silence_at: int | None = None
    silence_left: int = 0
    told: int = 0
    begun_at: int | None = None
    sent_at: int | None = None
    delivered_at: int | None = None
    seen_at: int | None = None
    answered_at: int | None = None
    closed_at: int | None = None
    reference: str | None = None
    reason: str | None = None
    error: str | None = None
    by: str | None = None

    @property
    def rank(self) -> tuple[bool, int, int, int]:
        """What is real before a drill, then fire, then priority, then age."""
        return (
            self.about.drill,
            0 if self.about.signal == "fire" else 1,
            self.about.priority,
            self.opened_at,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the journal and its state table; `from_dict` turns it back."""
        row: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        return row | {
            "state": self.state.value,
            "about": self.about.to_dict(),
            "alarms": list(self.alarms),
            "counts": dict(self.counts),
            "then": list(self.then),
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Notification:
        """The notification that `to_dict` wrote; KeyError, TypeError or ValueError when it is no such row."""
        return cls(
            **{
                **{f.name: row[f.name] for f in fields(cls) if f.name in row},
                "state": NotificationState(row["state"]),
                "about": About.from_dict(row["about"]),
                "alarms": tuple(row["alarms"]),
                "then": tuple(row["then"]),
            }
        )


@dataclass(frozen=True, slots=True)
class DailyProof:
    """One short message a day that proves a channel. at: site's local time; person: "" for the channel's group."""

    channel: str
    person: str
    at: time


@dataclass(frozen=True, slots=True)
class TestChannel:
    """Have a channel send a short message now. person: "" for the group behind it."""

    __test__ = False  # the name is no test's

    channel: str
    person: str
    by: str


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """One channel as the site's folder says. kind: "desk", "sms", "ring" or "apprise".

    url_file: absolute path of the file with the Apprise address, "" for other kinds. modem: id of the source that
    sends SMS and rings, "" for other kinds. rate: messages a minute, None as the service is known to take.
    silence: seconds without its proof after which the next channel starts.
    """

    id: str
    kind: str
    name: Text
    url_file: str = ""
    modem: str = ""
    rate: int | None = None
    silence: float = 30.0
