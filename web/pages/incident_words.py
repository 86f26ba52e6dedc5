"""The words of incidents: stages, roles, what is next, and the report prefilled from what the hub knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge.domain.alarm import Alarm
from edge.domain.incident import Incident, ReportKind, StepState
from edge.domain.rule import Priority
from web.i18n import mark as _
from web.pages.incident_kinds import REFUSALS
from web.pages.view import View

STATES: Final = {
    "stage1": (_("Stage 1: to verify"), "c-high"),
    "stage2": (_("Stage 2: certain"), "c-urgent"),
    "all_clear": (_("All clear"), "c-ok"),
    "closed": (_("Closed"), "c-none"),
}
"""Words, and the look."""
SHAPES: Final = {"stage1": "high", "stage2": "urgent", "all_clear": "ok", "closed": "ok"}
ROLES: Final = {
    "operator": _("Control-room operator"),
    "guard": _("Guard"),
    "crew": _("Crew"),
    "commander": _("Scene commander"),
    "evacuation": _("Evacuation team"),
    "fire": _("Fire team"),
    "communication": _("Communication team"),
    "first-aid": _("First-aid team"),
    "manager": _("Property manager"),
}
"""Who does a step; a role that the site's plans invent stands as it is written."""
REPORTS: Final[dict[ReportKind, str]] = {
    "scene": _("Report from the scene"),
    "first": _("First report"),
    "follow_up": _("Follow-up report"),
    "final": _("Final report"),
}
WHY: Final = {
    "two_triggers": _("two independent triggers"),
    "person": _("by a person's word"),
    "lasting": _("it lasted too long"),
}
PROOFS: Final = {"qr": _("code read"), "said": _("said")}
SCRIPT_WORDS: Final = {
    "closed": _("The incident is closed."),
    "wrong_code": _("This code is of no incident that is open. Read the one on the commander's screen."),
    "unknown_person": _("There is nobody of this name."),
    "bad_picture": _("This is no photo that can be kept. Take it again."),
    "too_large": _("The photo is too large."),
    "too_many": _("No more can be added."),
    "photo_failed": _("The photo could not be sent."),
    "steps_open": REFUSALS["steps_open"],
    "still_sounding": REFUSALS["still_sounding"],
    "by_fact": REFUSALS["by_fact"],
    "uploading": _("The photo is being sent…"),
    "hidden": _("The alarm is over: the household is shown no longer."),
}
WANTS: Final = {
    "missing": _("not in the reserve"),
    "short": _("too few"),
    "expired": _("expired"),
    "uncalibrated": _("calibration overdue"),
}
"""Why a material cannot be relied on."""
STORM: Final = 3
"""More alarms of one incident than this are one row of the wall (practice: what is still taken in at a glance)."""
_COMMAND: Final = "command:"
CALL_STEP: Final = "call"
"""Id of the step that calling the household ticks."""


def priority(incident: Incident, alarms: Iterable[Alarm]) -> Priority:
    """The highest of its open alarms now, else what it was opened with."""
    own = [alarm.priority for alarm in alarms if alarm.id in incident.alarms]
    return min(own, key=lambda one: one.rank, default=Priority(incident.priority))


def members(incident: Incident, alarms: Iterable[Alarm]) -> list[Alarm]:
    """Its open alarms, in the wall's order."""
    return [alarm for alarm in alarms if alarm.id in incident.alarms]


def due(incident: Incident, at: Priority) -> list[StepState]:
    """What is to be done still, the next first: the steps of the stage it is in, then what was left of the first.

    at: priority of its highest alarm; a step that is for another one is not due. Acknowledging has its own button, and
    what the hub switches is only watched: both come behind what a person must do, until they are late.
    """
    if incident.state not in {"stage1", "stage2"}:
        return []
    left = [s for s in incident.steps if s.how is None and (not s.priorities or at.value in s.priorities)]
    return sorted(left, key=lambda step: (step.stage != incident.stage, _by_itself(step)))


def _by_itself(step: StepState) -> bool:
    ticks = step.ticks
    return not step.overdue and any(
        tick in {"acked", "normal"} or tick.startswith(_COMMAND) for tick in ticks
    )


def instead(step: StepState, active: Sequence[Alarm]) -> tuple[str, Alarm | None]:
    """What is offered for a step that no person ticks: acknowledge, judge, switch, or "" nothing; and which alarm."""
    if "acked" in step.ticks:
        waiting = next((alarm for alarm in active if not alarm.acked), None)
        return ("ack", waiting) if waiting else ("", None)
    if any(tick.startswith("verdict") for tick in step.ticks):
        waiting = next((alarm for alarm in active if alarm.verdict is None), None)
        return ("verdict", waiting) if waiting else ("", None)
    return ("outputs" if any(tick.startswith(_COMMAND) for tick in step.ticks) else "", None)


def next_step(incident: Incident, alarms: Iterable[Alarm]) -> StepState | None:
    """The one thing to do now."""
    return next(iter(due(incident, priority(incident, alarms))), None)


@dataclass(frozen=True, slots=True)
class OnWall:
    """How an alarm of an incident stands on the wall. others: open ones of the same; folded: it has no row."""

    incident: Incident
    step: StepState | None
    others: int
    waiting: int
    folded: bool


def on_wall(
    incidents: Iterable[Incident], alarms: Sequence[Alarm], pinned: Alarm | None
) -> Mapping[str, OnWall]:
    """By id of each open alarm of an incident. A storm is folded into one row: that on top, else the wall's first.

    incidents: the newest first; to it belongs what fired again after the all clear of another one. waiting: how many of
    the others nobody has acknowledged.
    """
    found: dict[str, OnWall] = {}
    for incident in incidents:
        own = [alarm for alarm in members(incident, alarms) if alarm.id not in found]
        if not own:
            continue
        lead = next((alarm for alarm in own if pinned is not None and alarm.id == pinned.id), own[0])
        step = next_step(incident, own)
        storm = incident.count > STORM
        for alarm in own:
            waiting = sum(not other.acked for other in own if other.id != alarm.id)
            found[alarm.id] = OnWall(incident, step, len(own) - 1, waiting, storm and alarm.id != lead.id)
    return found


def role(v: View, step: StepState) -> str:
    """Who does it."""
    return v.word(ROLES[step.role]) if step.role in ROLES else step.role


def state(v: View, incident: Incident) -> str:
    """Stage in words; a certain fire is called so."""
    if incident.state == "stage2" and incident.signal == "fire":
        return v.joined(v.word(_("Stage 2")), v.word(_("Confirmed fire")))
    return v.word(STATES[incident.state][0])


def seconds(v: View, span: int) -> str:
    """A length in seconds, minutes or hours, for the record. span: µs."""
    whole = max(0, round(span / 1_000_000))
    if whole < 120:
        return v.word(_("%(n)s s")) % {"n": whole}
    minutes, rest = divmod(whole, 60)
    if minutes < 120 and not rest:
        return v.word(_("%(n)s min")) % {"n": minutes}
    if minutes < 120:
        return v.word(_("%(m)s min %(s)s s")) % {"m": minutes, "s": rest}
    return v.word(_("%(h)s h %(m)s min")) % {"h": minutes // 60, "m": minutes % 60}


def prefilled(v: View, incident: Incident, first: Alarm | None) -> dict[ReportKind, str]:
    """The text of each kind of report, made of what is known: no names of residents, no guesses."""
    begun = first.raised_at if first else incident.opened_at
    known = [
        f"{v.full(begun)[:16]} {v.joined(v.text(incident.place), v.text(incident.title))}",
        v.word(_("%(n)s alarms")) % {"n": incident.count} if incident.count > 1 else "",
    ]
    if first is not None and first.acked_at is not None:
        known.append(v.word(_("acknowledged %(time)s")) % {"time": v.clock(first.acked_at)})
    if incident.confirmed_at is not None:
        why = WHY.get(incident.confirmed_why or "", "")
        known.append(
            v.word(_("certain %(time)s (%(why)s)"))
            % {"time": v.clock(incident.confirmed_at), "why": v.word(why)}
        )
    else:
        known.append(v.word(_("being verified")))
    done = [v.text(step.title) for step in incident.steps if step.how in {"fact", "person"}]
    open_ = [v.text(step.title) for step in incident.steps if step.how is None]
    there = v.word(_("%(n)s responders on site")) % {"n": len(incident.roll)} if incident.roll else ""
    measures = v.word(_("done: %(what)s")) % {"what": _list(v, done)} if done else ""
    rest = v.word(_("under way: %(what)s")) % {"what": _list(v, open_[:3])} if open_ else ""
    ended = (
        v.word(_("all clear %(time)s")) % {"time": v.clock(incident.all_clear_at)}
        if incident.all_clear_at is not None
        else ""
    )
    head, tail = _sentence(v, known), _sentence(v, [there, measures, rest])
    unit = v.hub.site.unit
    caller = v.joined(unit.name, unit.control_room_phone)
    return {
        "scene": "",
        "first": _sentence(v, [head, tail, caller]),
        "follow_up": _sentence(v, [head, tail]),
        "final": _sentence(v, [head, there, measures, ended, v.word(_("cause:")) + " "]),
    }


def incident_script_words(v: View) -> Mapping[str, str]:
    """What the page's script may have to say."""
    return {key: v.word(words) for key, words in SCRIPT_WORDS.items()}


def _sentence(v: View, parts: Sequence[str]) -> str:
    return (";" if v.language == "zh" else "; ").join(part for part in parts if part)


def _list(v: View, parts: Sequence[str]) -> str:
    return ("、" if v.language == "zh" else ", ").join(parts)
