"""The words of hazards: states, grades, categories, sources, reasons; and how much time is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge.domain.hazard import Hazard, HazardState
from edge.domain.hazard_rules import Unit
from edge.domain.instant import HOUR, SECOND
from web.i18n import mark as _
from web.pages.order_words import length
from web.pages.view import View

STATES: Final = {
    HazardState.REPORTED: _("Reported"),
    HazardState.ASSIGNED: _("Being rectified"),
    HazardState.RECTIFIED: _("Rectified, awaiting re-inspection"),
    HazardState.CLOSED: _("Struck off"),
    HazardState.CANCELLED: _("Struck out: no hazard"),
}
WAY: Final[tuple[tuple[HazardState, str], ...]] = (
    (HazardState.REPORTED, _("Reported")),
    (HazardState.ASSIGNED, _("Being rectified")),
    (HazardState.RECTIFIED, _("Awaiting re-inspection")),
    (HazardState.CLOSED, _("Struck off")),
)
"""The bar of steps."""
GRADES: Final = {
    "general": _("General hazard"),
    "suspected_major": _("Suspected major hazard"),
    "major": _("Major fire hazard"),
}
UNGRADED: Final = _("Not graded yet")
CATEGORIES: Final = {
    "fire": _("Fire safety"),
    "gas": _("Gas"),
    "electrical": _("Electricity"),
    "water": _("Water"),
    "noise": _("Noise"),
    "fume": _("Oil fume"),
    "sewage": _("Sewage"),
    "waste": _("Waste"),
    "facility": _("Facilities"),
    "other": _("Other"),
}
SOURCES: Final = {
    "alarm": _("Alarm"),
    "limit": _("Limit exceeded"),
    "verdict": _("Verdict on an alarm"),
    "camera": _("Camera finding"),
    "round": _("Inspection round"),
    "person": _("Report"),
    "resident": _("Resident's report"),
}
BACK: Final = {
    "not_repaired": _("Not rectified"),
    "photo_unclear": _("The photo does not show it"),
    "place_not_clean": _("The place was not cleaned up"),
    "half_done": _("Done in part only"),
}
OVERRIDES: Final = {
    "sensor_removed": _("The sensor was removed or moved"),
    "sensor_faulty": _("The sensor is faulty"),
    "measured_by_hand": _("Measured by hand, report attached"),
    "cannot_report": _("This sensor never reports normal values"),
}
CANCELS: Final = {
    "mistaken": _("No hazard"),
    "duplicate": _("In the ledger already"),
}
_OWN: Final = {
    "in_alarm_again": _("The sensor is in alarm again"),
    "reported_again": _("Reported again after it was rectified"),
    "verdict_false": _("The alarm was false"),
    "verdict_fault": _("The device was faulty"),
    "verdict_test": _("It was a test"),
}
_ALL: Final = {**BACK, **OVERRIDES, **CANCELS, **_OWN}
PHOTOS: Final = {"before": _("Before"), "after": _("After"), "other": _("Photo")}


def reason(v: View, word: str | None) -> str:
    """A stable word in the reader's language; a person's own as it is."""
    return "" if not word else v.word(_ALL[word]) if word in _ALL else word


def grade(v: View, hazard: Hazard) -> str:
    """How grave it is."""
    return v.word(GRADES[hazard.grade] if hazard.grade else UNGRADED)


def state(v: View, hazard: Hazard) -> str:
    """The one line about how far it is."""
    if hazard.draft and hazard.state is HazardState.REPORTED:
        return v.word(_("Proposed by the hub"))
    return v.word(STATES[hazard.state])


def tone(hazard: Hazard) -> str:
    """The class of its colour in a list."""
    if not hazard.open:
        return "c-none"
    if hazard.overdue or hazard.grade == "major":
        return "c-urgent"
    return {"suspected_major": "c-high", "general": "c-medium"}.get(hazard.grade or "", "c-low")


def shape(hazard: Hazard) -> str:
    """The shape that goes with it."""
    return {"c-urgent": "urgent", "c-high": "high", "c-medium": "medium"}.get(tone(hazard), "low")


def left(v: View, hazard: Hazard) -> tuple[str, str]:
    """(how much time is left, in words; the class of its colour)."""
    if not hazard.open or hazard.due_at is None:
        return ("", "c-none")
    rest = hazard.due_at - v.now
    if hazard.overdue or rest <= 0:
        return (v.word(_("Late by %(time)s")) % {"time": length(v, max(0, -rest))}, "c-urgent")
    return (v.word(_("%(time)s left")) % {"time": length(v, rest)}, "c-high" if rest < 4 * HOUR else "c-low")


def due_for(v: View, hazard: Hazard) -> str:
    """What the due time is for."""
    if hazard.state is HazardState.RECTIFIED:
        return v.word(_("Re-inspection due"))
    return v.word(_("Rectification due") if hazard.grade else _("Grading due"))


def span(v: View, seconds: float | None) -> str:
    """A mean time in words."""
    return "—" if seconds is None else length(v, round(seconds * SECOND))


def unit(v: View, units: Mapping[str, Unit], id: str | None) -> str:
    """What the responsible unit is called; its id when the register no longer has it."""
    return "—" if not id else v.text(units[id].name) if id in units else id


def sources(v: View, hazard: Hazard) -> str:
    """From which sides it is known, each kind once."""
    return "、".join(dict.fromkeys(v.word(SOURCES[each.kind]) for each in hazard.sources)) if v.language == "zh" \
        else ", ".join(dict.fromkeys(v.word(SOURCES[each.kind]) for each in hazard.sources))  # fmt: skip
