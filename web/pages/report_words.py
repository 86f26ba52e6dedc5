"""The words of reports: kinds, sections, columns, figures and what stands in cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from edge.domain.instant import SECOND
from edge.domain.service import ReportKind
from web.i18n import mark as _
from web.pages import duty_words, hazard_words, order_words, wording
from web.pages.view import View

KINDS: Final[Mapping[ReportKind, str]] = {
    "duty-log": _("Duty log"),
    "alarm-record": _("Fire alarm and handling record"),
    "repairs": _("Fault and repair record"),
    "patrols": _("Patrol and inspection record"),
    "daily": _("Daily duty report"),
    "monthly": _("Monthly service report"),
}
ABOUT: Final[Mapping[ReportKind, str]] = {
    "duty-log": _("Per shift: alarms, faults, disablements, hand-overs, tests, signatures"),
    "alarm-record": _("Fire, gas and SOS with verdict and handling; incidents"),
    "repairs": _("Work orders with times, what was found and done, photos before and after"),
    "patrols": _("Fire patrols, fire inspections and other duties with their proof"),
    "daily": _("The day in figures, and what proves that the hub was awake"),
    "monthly": _("Times against standards, repeats, false alarms by detector, duty coverage"),
}
SIGNERS: Final[Mapping[ReportKind, tuple[str, ...]]] = {
    "duty-log": (
        _("Operator on duty (signature)"),
        _("Shift leader (signature)"),
        _("Fire safety manager (signature)"),
    ),
    "alarm-record": (_("Handled by (signature)"), _("Fire safety manager (signature)")),
    "repairs": (
        _("Repaired by (signature)"),
        _("Verified by (signature)"),
        _("Fire safety manager (signature)"),
    ),
    "patrols": (_("Patrolled by (signature)"), _("Fire safety manager (signature)")),
    "daily": (_("Operator on duty (signature)"), _("Property manager (signature)")),
    "monthly": (
        _("Compiled by (signature)"),
        _("Property manager (signature)"),
        _("Owners' committee (signature)"),
    ),
}
SECTIONS: Final[Mapping[str, str]] = {
    "figures": _("In figures"),
    "self_proof": _("Self-proof of the day"),
    "shifts": _("Shifts"),
    "alarms": _("Alarms"),
    "faults": _("Faults"),
    "disablements": _("Disablements"),
    "outages": _("Out of service"),
    "handovers": _("Hand-overs"),
    "tests": _("Tests and drills"),
    "test_duties": _("Tests and checks that were due"),
    "incidents": _("Incidents"),
    "repairs": _("Work orders"),
    "orders": _("Work orders"),
    "fire_patrols": _("Daily fire patrols"),
    "fire_inspections": _("Monthly fire inspections"),
    "other_duties": _("Other duties"),
    "duties": _("Duties"),
    "hazards": _("Hazards"),
    "self_tests": _("Self-tests"),
    "no_contact": _("No contact"),
    "response": _("Times against their targets"),
    "repeats": _("Alarms that came again within 7 days"),
    "false_alarms": _("False alarms by detector (drills and tests not counted)"),
    "coverage": _("Duty coverage by grade of proof"),
    "hazards_closed": _("Hazards closed in time"),
}
COLUMNS: Final[Mapping[str, str]] = {
    "raised_at": _("Raised"),
    "opened_at": _("Opened"),
    "signal": _("Signal"),
    "place": _("Place"),
    "title": _("What"),
    "acked_at": _("Acknowledged at"),
    "acked_by": _("by"),
    "verdict": _("Verdict"),
    "cause": _("Cause"),
    "handling": _("Handling and remarks"),
    "closed_at": _("Ended at"),
    "closed_by": _("by"),
    "shift": _("Shift"),
    "from": _("From"),
    "until": _("Until"),
    "people": _("On duty"),
    "fire": _("Fire"),
    "false": _("False alarms"),
    "gas": _("Gas"),
    "sos": _("SOS"),
    "fault": _("Fault"),
    "supervisory": _("Supervisory"),
    "disablement": _("Disabled"),
    "process": _("Limits"),
    "test": _("Of tests"),
    "number": _("Number"),
    "alarms": _("Alarms"),
    "confirmed_at": _("Stage 2"),
    "confirmed_why": _("Why"),
    "confirmed_by": _("by"),
    "all_clear_at": _("All clear"),
    "all_clear_by": _("by"),
    "state": _("State"),
    "assignee": _("Person"),
    "accepted_at": _("Accepted at"),
    "on_site_at": _("Arrived at"),
    "done_at": _("Finished at"),
    "done_by": _("by"),
    "action": _("Action taken"),
    "parts": _("Parts"),
    "verified_at": _("Verified at"),
    "verified_by": _("by"),
    "before": _("Before"),
    "after": _("After"),
    "from_at": _("From"),
    "until_at": _("Until"),
    "reached": _("Proof"),
    "evidence": _("Proof asked for"),
    "stops": _("Checkpoints"),
    "missing": _("Left out"),
    "gaps": _("Long pauses"),
    "findings": _("Findings"),
    "remarks": _("Remarks"),
    "handover": _("Hand-over"),
    "giver": _("Hands over"),
    "taker": _("Takes over"),
    "left_open": _("Left open"),
    "device": _("Device"),
    "by": _("by"),
    "reason": _("Reason"),
    "figure": _("What"),
    "count": _("Count"),
    "target": _("Target"),
    "within": _("Within"),
    "asked": _("Share asked for"),
    "met": _("Within target"),
    "late": _("Over target"),
    "missed": _("Missed"),
    "share": _("Share"),
    "kept": _("Outcome"),
    "median": _("Median"),
    "p90": _("90 % within"),
    "source": _("Source"),
    "took": _("Took"),
    "result": _("Outcome"),
    "again": _("Came again"),
    "last_at": _("Last time"),
    "judged": _("Judged"),
    "rate": _("Share of false alarms"),
    "duties_due": _("Duties that were due"),
    "duties_done": _("Duties done"),
    "made_up": _("Made up"),
    "waived": _("Waived"),
    "grade_a": duty_words.GRADES["A"],
    "grade_b": duty_words.GRADES["B"],
    "grade_c": duty_words.GRADES["C"],
    "due_at": _("Due time"),
    "grade": _("Grade"),
}
FIGURES: Final[Mapping[str, str]] = {
    "fire": _("Fire alarms"),
    "false": _("of fire, gas and SOS judged false"),
    "gas": _("Gas alarms"),
    "sos": _("SOS calls"),
    "fault": _("Faults"),
    "supervisory": _("Supervisory alarms"),
    "disablement": _("Disablements"),
    "process": _("Limits exceeded"),
    "test": _("Alarms of tests (counted nowhere else)"),
    "orders": _("Work orders opened"),
    "orders_open": _("of them still open"),
    "hazards": _("Hazards reported"),
    "duties_due": _("Duties due"),
    "duties_missed": _("Duties missed"),
    "self_tests": _("Self-tests passed"),
    "self_tests_missed": _("Self-tests missed"),
    "devices": _("Devices, now"),
    "online": _("of them in contact, now"),
    "no_contact": _("Devices lost from sight"),
    "readings_lost": _("Readings lost since the hub's start"),
    "facts_lost": _("Entries the journal lost, since its beginning"),
    "unclean_starts": _("Starts after a crash or power cut"),
    "hazards_in_time": _("Struck off in time"),
    "hazards_late": _("Struck off late"),
    "hazards_open": _("Open, in time"),
    "hazards_overdue": _("Open, overdue"),
    "hazards_repeated": _("Repeated hazards"),
}
_MINUTE: Final = 60
_HOUR: Final = 3600
_CELLS: Final[Mapping[str, Mapping[str, str]]] = {
    "signal": {signal.value: words for signal, words in wording.SIGNALS.items()},
    "verdict": dict(wording.VERDICTS),
    "cause": {**wording.CAUSES, **order_words.CAUSES},
    "action": dict(order_words.ACTIONS),
    "figure": FIGURES,
    "handover": {"made": _("made"), "missed": _("missed")},
    "confirmed_why": {
        "two_triggers": _("two triggers"),
        "person": _("a person's word"),
        "lasting": _("it lasted"),
    },
    "kept": {"kept": _("kept"), "not_kept": _("not kept")},
    "result": {"met": _("in time"), "missed": _("late"), "waiting": _("late, not through yet")},
    "source": {"practice": _("practice")},
    "grade": dict(hazard_words.GRADES),
    "state": {
        "due": _("To do"),
        "under_way": _("Under way"),
        "done": _("Done"),
        "missed": _("Missed"),
        "made_up": _("Made up"),
        "waived": _("Waived"),
        "notified": _("Notified"),
        "accepted": _("Accepted"),
        "en_route": _("En route"),
        "on_site": _("Working"),
        "verified": _("Verified"),
        "cancelled": _("Cancelled"),
        **{state.value: words for state, words in hazard_words.STATES.items() if state.value != "cancelled"},
    },
}


def section(v: View, id: str) -> str:
    """What a section is called; that of a target has its name in the table of targets."""
    if id in SECTIONS:
        return v.word(SECTIONS[id])
    kind, _dash, name = id.partition("-")
    if kind == "alarms":
        return v.word(FIGURES[name])
    if kind == "duty":
        duty = v.hub.site.duties.duties.get(name)
        return v.word(_("Duty: %(name)s")) % {"name": v.text(duty.title) if duty else name}
    target = next((each for each in v.hub.site.service if f"target-{each.id}" == id), None)
    return v.word(_("Target: %(name)s")) % {"name": v.text(target.title) if target else id}


def column(v: View, id: str) -> str:
    """The head of a column."""
    return v.word(COLUMNS[id])


def span(v: View, seconds: float) -> str:
    """A length of time in its two largest units, seconds where they count."""
    if seconds >= _HOUR:
        return order_words.length(v, round(seconds * SECOND))
    if seconds >= _MINUTE and int(seconds) % _MINUTE == 0:
        return v.word(_("%(m)s min")) % {"m": int(seconds) // _MINUTE}
    if seconds >= _MINUTE:
        return v.word(_("%(m)s min %(s)s s")) % {"m": int(seconds) // _MINUTE, "s": int(seconds) % _MINUTE}
    return v.word(_("%(s)s s")) % {"s": f"{seconds:.0f}"}


def cell(v: View, id: str, kind: str, value: Any) -> str:
    """A cell in words; empty for what there is not, a dash for a figure that is not known."""
    if value is None or value == "":
        return "—" if id == "count" else ""
    match kind:
        case "time":
            return v.full(value)
        case "text":
            return str(value[0 if v.language == "zh" else 1] or value[0])
        case "word":
            return v.word(_CELLS.get(id, {}).get(value, "")) or str(value)
        case "person":
            return v.person(value)
        case "people":
            return (", " if v.language == "en" else "、").join(map(v.person, value))
        case "span":
            return span(v, value)
        case "share":
            return f"{value * 100:.1f} %"
        case "photos":
            return " ".join(url.rpartition("/")[2] for url in value)
    return str(value)
