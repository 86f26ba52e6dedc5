"""Tables for people: what their columns are called, and their cells in words, on the site's clock, with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from edge.domain.names import Text
from web.i18n import mark as _
from web.pages import duty_words, hazard_words, incident_words
from web.pages.order_words import length
from web.pages.view import View

HEADS: Final[Mapping[str, str]] = {
    "id": _("Id"), "number": _("Number"), "title": _("What"), "name": _("Name"), "place": _("Place"),
    "kind": _("Kind"), "state": _("State"), "unit": _("Unit"), "person": _("Person"),
    # duties
    "duty": _("Duty"), "from_at": _("From"), "until_at": _("Until"), "evidence": _("Proof asked for"),
    "reached": _("Proof"), "short": _("Less proof than asked for"), "late": _("told later"),
    "done_at": _("Fulfilled"), "done_by": _("Fulfilled by"), "reason": _("Reason"), "missed_at": _("Missed"),
    "waived_by": _("Waived by"), "superseded_by": _("a later one stands for it"), "round": _("Round"),
    "stops": _("Checkpoints reached"), "missing": _("Missing"), "order_kept": _("Order kept"), "gaps": _("Long pauses"),
    # facilities
    "count": _("Quantity"), "serial": _("Serial number"), "made": _("Made"), "last_service": _("Last service"),
    "next_service": _("Next service"), "scrap_on": _("End of life"), "checked_at": _("Checked"),
    "checked_by": _("Checked by"), "ok": _("In order"), "hazard": _("Hazard"),
    # the reserve
    "minimum": _("Minimum"), "good": _("Can be relied on"), "quantity": _("Quantity"), "wants": _("What is wanting"),
    "batch": _("Batch"), "of_batch": _("In the batch"), "expires": _("Usable until"),
    "calibrated_until": _("Calibrated until"), "counted_at": _("Counted"), "counted_by": _("Counted by"),
    # hazards
    "grade": _("Grade"), "category": _("Category"), "element": _("Element"), "measures": _("Measures"),
    "interim_at": _("Interim control"), "interim_by": _("Interim control by"), "extensions": _("Extensions"),
    "opened_at": _("Reported"), "due_at": _("Due"), "overdue": _("Overdue"), "rectified_at": _("Rectified"),
    "rectified_by": _("Rectified by"), "reinspected_at": _("Re-inspected"),
    "reinspected_by": _("Re-inspected by"), "closed_at": _("Struck off"), "sent_back": _("Times sent back"),
    "repeat_of": _("Repeat of"),
}  # fmt: skip
_STATES: Final[Mapping[str, str]] = {
    **{state.value: said for state, said in duty_words.STATES.items()},
    **duty_words.FACILITY_STATES,
    **{state.value: said for state, said in hazard_words.STATES.items()},
}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "state": _STATES,
    "reason": {**duty_words.WHYS},
    "grade": hazard_words.GRADES,
    "category": hazard_words.CATEGORIES,
    "wants": incident_words.WANTS,
}
GRANTED: Final = {None: _("not decided"), True: _("granted"), False: _("refused")}


def head(v: View, column: str) -> str:
    """What a column is called."""
    return v.word(HEADS[column])


def cell(v: View, column: str, value: Any) -> str:
    """A cell in words. Times are µs UTC, lists of two texts what is said in both languages."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return v.word(_("yes")) if value else v.word(_("no"))
    if column == "extensions":
        return "; ".join(extension(v, each) for each in value)
    if column.endswith("_at") and isinstance(value, int):
        return v.full(value)
    if column.endswith("_by") or column == "person":
        return str(value) if column == "superseded_by" else v.person(value)
    if column in _WORDS:
        return v.joined(*(_said(v, _WORDS[column], word) for word in str(value).split()))
    return _named(v, column, value)


def extension(v: View, asked: Mapping[str, Any]) -> str:
    """Who asked when for how long, and what was said to it."""
    decided = v.word(GRANTED[asked["granted"]])
    who = v.person(asked["decided_by"]) if asked["decided_by"] else ""
    return v.joined(v.person(asked["by"]), v.full(asked["at"]), length(v, asked["span"]), decided, who)


def _said(v: View, words: Mapping[str, str], word: str) -> str:
    return v.word(words[word]) if word in words else word


def _named(v: View, column: str, value: Any) -> str:
    """What the site's folder calls it."""
    site = v.hub.site
    if column == "duty" and value in site.duties.duties:
        value = site.duties.duties[value].title
    elif column == "kind" and value in site.duties.spans:
        value = site.duties.spans[value].name
    elif column == "unit" and isinstance(value, str):
        value = next((unit.name for unit in site.units if unit.id == value), value)
    elif column == "element":
        value = next((element.text for element in site.elements if element.id == value), value)
    elif column == "missing":
        points = site.duties.checkpoints
        names = (v.text(points[id].name) if id in points else id for id in value.split())
        return v.joined(*names)
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = Text(*value)
    return v.text(value) or value.zh if isinstance(value, Text) else str(value)
