"""Which supply feeds the hub, and when it rests before that is empty."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """[power]. ups: device id. stop_at: minutes left at which the machine rests; 0: something else sees to it."""

    ups: str
    stop_at: float = 3.0


@dataclass(frozen=True, slots=True)
class Supply:
    """What the supply says now; None: nothing, or nothing that is still true.

    lost: mains are away. low: it says itself that its battery is low. minutes: left. charge: %.
    """

    lost: bool | None = None
    low: bool | None = None
    minutes: float | None = None
    charge: float | None = None
