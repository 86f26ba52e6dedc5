"""What a report covers, and the times by which the service is measured, as the site's folder says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from edge.domain.device import Signal
from edge.domain.names import Text
from edge.domain.rule import Priority

Measure = Literal["ack", "accept", "arrive", "finish", "verify", "rectify"]
"""Alarm › acknowledged; order sent › accepted; › on site; › done; done › verified; hazard reported › struck off."""

ReportKind = Literal["duty-log", "alarm-record", "repairs", "patrols", "daily", "monthly"]
KINDS: Final[tuple[ReportKind, ...]] = ("duty-log", "alarm-record", "repairs", "patrols", "daily", "monthly")


@dataclass(frozen=True, slots=True)
class ServiceTarget:
    """A time that is to be kept. within: seconds; share: of all cases that are to keep it, 0 to 1.

    signals: of alarms (measure "ack"), priorities: of alarms and orders; empty for all. source: standard and clause,
    or the word "practice".
    """

    id: str
    measure: Measure
    title: Text
    within: float
    share: float
    source: str
    signals: tuple[Signal, ...] = ()
    priorities: tuple[Priority, ...] = ()

    def to_dict(self) -> Mapping[str, Any]:
        """Plain JSON values, for the child."""
        return {
            "id": self.id,
            "measure": self.measure,
            "title": [self.title.zh, self.title.en],
            "within": self.within,
            "share": self.share,
            "source": self.source,
            "signals": [signal.value for signal in self.signals],
            "priorities": [priority.value for priority in self.priorities],
        }
