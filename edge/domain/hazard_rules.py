"""What a site lays down about hazards: where they come from, how long there is, what proves them gone, who answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from edge.domain.device import Signal
from edge.domain.hazard import Category, Grade
from edge.domain.hazard_parts import NOTHING, SourceKind
from edge.domain.names import Text
from edge.domain.zones import within

Due = Mapping[str, float]
"""Seconds by what is to be done: "grading", the grades (rectification of such a one), "reinspection"."""


@dataclass(frozen=True, slots=True)
class HazardRule:
    """From what a hazard comes of itself, or what holds for one that people report. The first that fits is taken.

    on: "alarm" one was raised, "verdict" a person judged one, "report" people, rounds, residents and cameras.
    rules, signals, kinds (of device profiles), verdicts: selectors of alarms; sources, categories: of reports; empty
    fits everything. title, category: of the hazard (a report has its own). grade: never major. draft: a person has to
    confirm it. order: a work order goes out at once. proof: (readings, seconds) of the sensor behind it.
    source: where the due times are from, or the word "practice".
    """

    id: str
    on: Literal["alarm", "verdict", "report"]
    source: str
    category: Category = "other"
    title: Text = NOTHING
    rules: tuple[str, ...] = ()
    signals: tuple[Signal, ...] = ()
    kinds: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    sources: tuple[SourceKind, ...] = ()
    categories: tuple[Category, ...] = ()
    grade: Grade | None = None
    draft: bool = False
    order: bool = False
    skill: str = ""
    unit: str | None = None
    measures: Text = NOTHING
    due: Due = field(default_factory=dict)
    proof: tuple[int, float] | None = None


@dataclass(frozen=True, slots=True)
class Nuisance:
    """So many false alarms of one device within so many days propose a hazard; source as of a rule."""

    times: int = 3
    days: float = 30.0
    title: Text = Text("探测器位置/类型不当", "Detector: wrong place or kind")  # noqa: RUF009 - frozen
    measures: Text = NOTHING
    skill: str = ""


@dataclass(frozen=True, slots=True)
class HazardPolicy:
    """All of it. due: where a rule says nothing. climb: seconds after the due time at which overdue is told again.

    repeat: seconds after closing within which the same at the same place is a repeated hazard. proof: of a sensor
    where no rule says otherwise.
    """

    rules: tuple[HazardRule, ...] = ()
    due: Due = field(default_factory=dict)
    climb: tuple[float, ...] = (0.0,)
    repeat: float = 7 * 86400.0
    proof: tuple[int, float] = (5, 600.0)
    nuisance: Nuisance = Nuisance()


@dataclass(frozen=True, slots=True)
class Element:
    """One element by which a hazard is judged major. text: a paraphrase, not the standard's words."""

    id: str
    text: Text
    source: str


@dataclass(frozen=True, slots=True)
class Unit:
    """责任单位. kind: what it is. contact, phone: personal data, never in a fact. person: who of the roster follows it.

    zones: `/`-paths it answers for.
    """

    id: str
    name: Text
    kind: Literal["company", "shop", "contractor", "owner", "authority"]
    contact: str = ""
    phone: str = ""
    person: str | None = None
    zones: tuple[str, ...] = ()

    def answers_for(self, zone: str) -> bool:
        """Whether a place is one of its own."""
        return any(within(zone, own) for own in self.zones)
