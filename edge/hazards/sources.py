"""Where hazards come from: which rule an alarm, a verdict or a report meets, and what the hazard then is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal

from edge.domain.alarm import Alarm
from edge.domain.device import Signal
from edge.domain.hazard import ENDS, HUB, Grade, Hazard, HazardState, ReportHazard
from edge.domain.hazard_parts import NOTHING, Proof, Sensor, Source, SourceKind
from edge.domain.hazard_rules import Due, HazardPolicy, HazardRule, Unit
from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.domain.reading import Purpose
from edge.domain.zones import within

NUISANCE: Final = "nuisance"
"""In place of a rule's id: proposed because of false alarms."""
CAMERA: Final = "camera"
"""Category of the profiles of devices that see."""
_WALKS: Final = ("rd-", "du-")
"""How ids of rounds and of due duties begin; other findings are about the entry of a register they name."""
_GRADES: Final = (None, "general", "suspected_major", "major")


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

    def unit(self, zone: str) -> Unit | None:
        """Who answers for a place: the one named closest to it."""
        answering = [unit for unit in self._units if zone and unit.answers_for(zone)]
        return max(answering, key=lambda u: max(len(z) for z in u.zones if within(zone, z)), default=None)

    def kind(self, alarm: Alarm, rule: HazardRule) -> SourceKind:
        """As what an alarm speaks by `rule`."""
        if rule.on == "verdict":
            return "verdict"
        if self._category(alarm.device) == CAMERA:
            return "camera"
        return "limit" if alarm.signal is Signal.PROCESS else "alarm"

    def from_alarm(self, seed: Hazard, alarm: Alarm, rule: HazardRule, now: Instant) -> Hazard:
        """`seed` as the hazard that an alarm shows, its sensor behind it."""
        kind = self.kind(alarm, rule)
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


def where(hazard: Hazard) -> str:
    """Its category and place, as one word: what differs in it is never the same unless the sensor is."""
    return f"{hazard.category}|{hazard.zone or f'{hazard.place.zh}|{hazard.place.en}'}"


def same_thing(known: Iterable[Hazard], hazard: Hazard) -> Hazard | None:
    """The newest of `known` that is about the same: the same sensor, or the same category at the same place.

    What verdicts propose (look at this detector, find the cause) is the same only as its like.
    """
    found = None
    for other in known:
        if NUISANCE in {other.rule, hazard.rule}:
            same = other.rule == hazard.rule and other.device == hazard.device
        elif (
            hazard.key is not None
            and hazard.key in _keys(other)
            and not _judged(hazard)
            and not _judged(other)
        ):
            same = True
        elif hazard.zone or hazard.place != NOTHING:
            same = where(other) == where(hazard) and not _apart(other, hazard)
        else:
            same = False
        if same and (found is None or other.opened_at >= found.opened_at):
            found = other
    return found


def _apart(one: Hazard, other: Hazard) -> bool:
    """Whether two hazards of one category and zone are known to be different ones all the same."""
    if _judged(one) or _judged(other):
        return one.rule != other.rule
    if one.device is not None and other.device is not None:
        return one.device != other.device
    # A spot is what people add to the name of the zone; who only named the zone may mean either.
    if one.device is None and other.device is None and not _covers(one.place, other.place):
        return True
    new = other.sources[0]
    findings = (
        [each for each in one.sources if each.kind == "round" and each.id] if new.kind == "round" else []
    )
    if any(each.id == new.id for each in findings):  # one walk found both
        return (one.title.zh, one.title.en) != (other.title.zh, other.title.en)
    return (
        bool(findings)
        and not new.id.startswith(_WALKS)
        and all(not f.id.startswith(_WALKS) for f in findings)
    )


def _covers(one: Text, other: Text) -> bool:
    """Whether one of two places is the other, or the zone around it."""
    return one.zh.startswith(other.zh) or other.zh.startswith(one.zh)


def _judged(hazard: Hazard) -> bool:
    return bool(hazard.sources) and hazard.sources[0].kind == "verdict"


def _keys(hazard: Hazard) -> set[str]:
    return {key for key in (hazard.key, *(sensor.key for sensor in hazard.others)) if key is not None}


def repeats(hazard: Hazard, key: str | None) -> bool:
    """Whether that sensor has spoken for it already."""
    return key is not None and key in _keys(hazard)


def joined(hazard: Hazard, other: Hazard) -> Hazard:
    """`hazard` with the source of `other` added, in that one's words; the sensor behind it has to prove it as well."""
    told = other.sources[0]
    told = replace(
        told,
        title=NOTHING if other.title == hazard.title else other.title,
        place=NOTHING if other.place == hazard.place else other.place,
    )
    known = (*hazard.sources, told)
    over = max(0, len(known) - 2 * ENDS)
    more = replace(
        hazard, sources=known[:ENDS] + known[ENDS + over :], dropped=hazard.dropped + over,
        draft=hazard.draft and other.draft, rule=hazard.rule or other.rule, alarm=hazard.alarm or other.alarm,
    )  # fmt: skip
    if other.key is None or hazard.rule == NUISANCE or other.key in _keys(hazard):
        return more
    if hazard.key is None:
        return replace(more, key=other.key, proof=other.proof, device=hazard.device or other.device)
    if other.proof is None or len(hazard.others) >= ENDS:
        return more
    return replace(more, others=(*hazard.others, Sensor(other.key, other.proof)))


def graver(hazard: Hazard, grade: Grade | None) -> bool:
    """Whether `grade` says more than what is known of it."""
    return grade is not None and _GRADES.index(grade) > _GRADES.index(hazard.grade)


def retracts(hazard: Hazard, alarm: Alarm) -> bool:
    """Whether a verdict takes back what made the hazard: nothing else speaks for it, and nobody has graded it."""
    return (
        alarm.dismissed
        and hazard.rule != NUISANCE
        and hazard.graded_by is None
        and hazard.state in {HazardState.REPORTED, HazardState.ASSIGNED}
        and bool(hazard.sources)
        and hazard.dropped == 0
        and all(each.id == alarm.id and each.kind in {"alarm", "limit"} for each in hazard.sources)
    )
