"""What the alarm engine made of a step, tick or command."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.domain.alarm import Alarm
from edge.domain.fact import Fact
from edge.domain.reading import Value


@dataclass(frozen=True, slots=True)
class Defect:
    """An error of the program itself: at the reading of a point, or at a timer (value None)."""

    where: str
    value: Value | None
    error: Exception


@dataclass(slots=True)
class Outcome:
    """What one step, tick or command made.

    facts: numbered, in order. alarms: changed rows as they stand now, the one changed last at the end; after a command
    that is the alarm it was about. annunciated: something asks for attention anew. defects: where the program itself
    failed; each cost one reading or timer, and nothing else.
    """

    facts: list[Fact]
    alarms: list[Alarm]
    annunciated: bool
    defects: list[Defect] = field(default_factory=list)
