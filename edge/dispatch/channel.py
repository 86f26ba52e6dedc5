"""The channel contract: what a folder under `edge/dispatch/channels/` offers.

A channel carries one message to one person, or to a place or group of its own, and says what became of it. Deciding who
is told what, in which order, and whether again, is not its business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from edge.domain.conclusion import Receipt, Send, Sent
from edge.domain.names import Text


@dataclass(frozen=True, slots=True)
class Proof:
    """What a channel can prove of a message, each stage for itself.

    accepted: the next carrier took it. delivered: it is on the person's device. seen: it was shown to or opened by
    somebody. answered: the person can answer on the channel.
    """

    accepted: bool = True
    delivered: bool = False
    seen: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """How a channel is. state: unknown until its first attempt or sign; not_set_up while what it needs (its address)
    is not there: then it is no channel to anybody. Times are µs UTC, None before the first.

    detail: one plain sentence. counters only grow ("sent", "failed", "delivered", …). last_error: when it last failed.
    """

    id: str
    state: Literal["ok", "failing", "unknown", "not_set_up"]
    detail: Text
    counters: Mapping[str, int] = field(default_factory=dict)
    last_ok: int | None = None
    last_error: int | None = None


@runtime_checkable
class Keeping(Protocol):
    """A channel that keeps answers until they are on record."""

    def release(self, key: str) -> None:
        """The answer with this key is on record. Called on the hub's loop; never blocks it."""


class Channel(Protocol):
    """One way out, as `channels.toml` names it. Called on the hub's loop; never blocks it."""

    id: str
    kind: str
    """What carries it, as the rule of two kinds counts: "sms", "ring", "desk", "wecom", "dingtalk", "email", …"""
    name: Text
    proves: Proof
    capacity: int
    """Messages it can carry at once; further ones wait in its queue. 1 for a modem."""

    def reaches(self, person: str) -> bool:
        """Whether it has an address of this person id; "" asks for the place or group behind the channel itself."""

    async def send(self, send: Send) -> Sent:
        """Try once, and tell what came of it. Failures are a `Sent` with a plain error, not an exception.

        The sender puts a time limit on it by cancelling: then nothing may be left half done that hinders the next.
        `Sent.reference` is unique within the channel for as long as reports about it can come.
        """

    def start(self, told: Callable[[Receipt], None]) -> None:
        """Begin; returns at once. told: takes `Delivered`, `Answered`, `Alive` from any thread and never blocks."""

    async def stop(self) -> None:
        """End what it started; returns when it has ended (at most a few seconds)."""

    def report(self) -> ChannelReport:
        """State and counters, as of now."""
