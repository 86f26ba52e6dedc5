"""How well the hub is, as it knows itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from edge.domain.names import Text


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the hub watches of itself. since: µs UTC of the last change of `ok`."""

    name: str
    ok: bool
    since: int
    detail: Text


@dataclass(frozen=True, slots=True)
class Health:
    """starting: the self-test has not passed since start; degraded: armed with a failing check.

    last_beat, last_self_test: µs UTC of the last passed ones, None before.
    """

    status: Literal["starting", "armed", "degraded"]
    checks: Mapping[str, Check]
    last_beat: int | None
    last_self_test: int | None


@dataclass(frozen=True, slots=True)
class Start:
    """A start of the hub. at: µs UTC, as its clock had it then. cause: a word of `edge.machine.starts.Cause`.

    stopped: µs UTC when the run before stopped in order, None where it did not. undervolted: the machine's supply had
    been too weak before.
    """

    at: int
    cause: str
    version: str
    stopped: int | None = None
    undervolted: bool = False


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What one source (broker listener, bus) has seen since start; counters only grow.

    detail: one plain sentence ("用户名或密码错误…"). slaves: per-unit counters of a bus, by address.
    """

    source: str
    kind: str
    up: bool
    since: int
    detail: Text
    received: int = 0
    errors: int = 0
    last_message: int | None = None
    counters: Mapping[str, int] | None = None
    slaves: Mapping[str, Mapping[str, int]] | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Messages of one source refused for one reason, with the last of them (at most 200 bytes, printable)."""

    source: str
    reason: str
    count: int
    last_at: int
    last_channel: str
    last_sample: str
    last_error: str
