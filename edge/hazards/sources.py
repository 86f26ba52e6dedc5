"""Where hazards come from: which rule an alarm, a verdict or a report meets, and what the hazard then is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal

from edge.domain.alarm import Alarm
from edge.domain.device import Signal
from edge.domain.hazard import HUB, Hazard, HazardState, Proof, ReportHazard, Source, SourceKind
from edge.domain.hazard_rules import Due, HazardPolicy, HazardRule, Unit
from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.domain.reading import Purpose

NUISANCE: Final = "nuisance"
"""In place of a rule's id: proposed because of false alarms."""
CAMERA: Final = "camera"
"""Category of the profiles of devices that see."""


class Origins:
    """The site's rules over hazards. category: of a device's profile, by its id. alarms: the open ones."""

    def __init__(
        self,
        policy: HazardPolicy,
        units: Sequence[Unit],
        category: Callable[[str], str],
        alarms: Callable[[], Iterable[Alarm]],
    ) -> None:
        self._policy = policy
        self._by_id = {rule.id: rule for rule in policy.rules}
        self._units = units
        self._category = category
        self._alarms = alarms

    def of_alarm(self, on: Literal["alarm", "verdict"], alarm: Alarm) -> HazardRule | None:
        """The rule by which an alarm, or the verdict on it, is a hazard; none of a drill, a test or in repair."""
        if alarm.purpose is not Purpose.LIVE or alarm.suppression is not None:
            return None
        verdict = alarm.verdict.kind if alarm.verdict else ""
        for rule in self._policy.rules:
            if (
                rule.on == on
                and (not rule.rules or alarm.rule in rule.rules)
                and (not rule.signals or alarm.signal in rule.signals)
                and (not rule.kinds or self._category(alarm.device) in rule.kinds)
                and (on == "alarm" or verdict in rule.verdicts)
            ):
                return rule
        return None

    def of_report(self, request: ReportHazard) -> HazardRule | None:
        """The rule for what people, rounds and cameras report."""
        for rule in self._policy.rules:
            if (
                rule.on == "report"
                and (not rule.sources or request.source in rule.sources)
                and (not rule.categories or request.category in rule.categories)
            ):
                return rule
        return None

    def due(self, hazard: Hazard) -> Due:
        """Seconds for each thing to be done about it."""
        rule = self._by_id.get(hazard.rule or "")
        return self._policy.due if rule is None else {**self._policy.due, **rule.due}

    def asks_order(self, hazard: Hazard) -> bool:
        """Whether its rule sends somebody at once."""
        rule = self._by_id.get(hazard.rule or "")
        return rule is not None and rule.order

    def unit(self, zone: str) -> Unit | None:
        """Who answers for a place: the one named closest to it."""
        answering = [unit for unit in self._units if zone and unit.answers_for(zone)]
        return max(answering, key=lambda u: max(len(z) for z in u.zones if _within(zone, z)), default=None)

    def from_alarm(self, seed: Hazard, alarm: Alarm, rule: HazardRule, now: Instant) -> Hazard:
        """`seed` as the hazard that an alarm shows, its sensor behind it."""
        kind: SourceKind = "limit" if alarm.signal is Signal.PROCESS else "alarm"
        if rule.on == "verdict":
            kind = "verdict"
        elif self._category(alarm.device) == CAMERA:
            kind = "camera"
        judge = alarm.verdict.by if alarm.verdict and kind == "verdict" else None
        proof = rule.proof or self._policy.proof
        return self._placed(
            replace(
                seed, title=rule.title if rule.title.zh else alarm.title, category=rule.category, draft=rule.draft,
                place=alarm.place, zone=alarm.zone, device=alarm.device, key=alarm.key, alarm=alarm.id,
                rule=rule.id, sources=(Source(kind, alarm.id, judge, now.utc),), proof=Proof(*proof),
            ),
            rule,
        )  # fmt: skip

    def from_report(self, seed: Hazard, request: ReportHazard, now: Instant) -> Hazard:
        """`seed` as the hazard somebody reports."""
        rule = self.of_report(request)
        known = replace(
            seed, title=request.title, category=request.category, draft=request.draft, place=request.place,
            zone=request.zone, device=request.device, unit=request.unit, rule=rule.id if rule else None,
            alarm=request.alarm, sources=(source(request, now),),
        )  # fmt: skip
        alarm = next((a for a in self._alarms() if a.id == request.alarm), None)
        if alarm is not None and alarm.limit is not None:
            proof = rule.proof if rule is not None and rule.proof else self._policy.proof
            known = replace(known, key=alarm.key, proof=Proof(*proof))
        return self._placed(known, rule)

    def from_falses(self, seed: Hazard, alarm: Alarm, now: Instant) -> Hazard:
        """`seed` as the proposal to look at a detector's place and kind."""
        nuisance = self._policy.nuisance
        judge = alarm.verdict.by if alarm.verdict else None
        known = replace(
            seed, title=nuisance.title, category="facility", draft=True, place=alarm.place, zone=alarm.zone,
            device=alarm.device, alarm=alarm.id, rule=NUISANCE, measures=nuisance.measures, skill=nuisance.skill,
            sources=(Source("verdict", alarm.id, judge, now.utc),),
        )  # fmt: skip
        return self._placed(known, None)

    def _placed(self, hazard: Hazard, rule: HazardRule | None) -> Hazard:
        named = next((u for u in self._units if u.id == (hazard.unit or (rule.unit if rule else None))), None)
        unit = named or self.unit(hazard.zone)
        if unit is not None:
            hazard = replace(hazard, unit=unit.id, person=unit.person)
        if rule is not None:
            hazard = replace(hazard, measures=rule.measures, skill=rule.skill)
        return hazard


def source(request: ReportHazard, now: Instant) -> Source:
    """How a report came."""
    return Source(request.source, request.source_id, None if request.by in {"", HUB} else request.by, now.utc)


def same_thing(known: Iterable[Hazard], hazard: Hazard) -> Hazard | None:
    """The newest of `known` that is about the same: the same sensor, or the same category at the same place.

    A proposal about a detector is the same only as another one about that detector.
    """
    found = None
    for other in known:
        if NUISANCE in {other.rule, hazard.rule}:
            same = other.rule == hazard.rule and other.device == hazard.device
        elif hazard.key is not None and other.key == hazard.key:
            same = True
        else:
            here = other.zone == hazard.zone if hazard.zone else other.place == hazard.place != Text("", "")
            same = here and other.category == hazard.category
        if same and (found is None or other.opened_at >= found.opened_at):
            found = other
    return found


def joined(hazard: Hazard, other: Hazard) -> Hazard:
    """`hazard` with the source of `other` added; the first sensor that shows it stands behind it from then on."""
    more = replace(hazard, sources=(*hazard.sources, *other.sources))
    if hazard.key is None and other.key is not None and hazard.rule != NUISANCE:
        more = replace(more, key=other.key, proof=other.proof, device=hazard.device or other.device)
    return replace(more, alarm=hazard.alarm or other.alarm)


def retracts(hazard: Hazard, alarm: Alarm) -> bool:
    """Whether a verdict takes back what made the hazard: nothing else speaks for it, and nobody has graded it."""
    return (
        alarm.verdict is not None
        and alarm.verdict.kind != "real"
        and hazard.rule != NUISANCE
        and hazard.graded_by is None
        and hazard.state in {HazardState.REPORTED, HazardState.ASSIGNED}
        and bool(hazard.sources)
        and all(each.id == alarm.id and each.kind in {"alarm", "limit"} for each in hazard.sources)
    )


def _within(place: str, zone: str) -> bool:
    return place == zone or place.startswith(f"{zone}/")
