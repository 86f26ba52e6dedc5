"""The words of duties: states, grades of proof, kinds, reasons; and what the records say of them."""

from __future__ import annotations

from typing import Final

from edge.domain.obligation import ROUND_KINDS
from edge.domain.occurrence import DutyState, Occurrence
from edge.domain.roster import Roster
from web.i18n import mark as _
from web.pages.view import View

STATES: Final = {
    DutyState.DUE: _("To do"),
    DutyState.UNDER_WAY: _("Under way"),
    DutyState.DONE: _("Fulfilled"),
    DutyState.MISSED: _("Missed"),
    DutyState.MADE_UP: _("Made up"),
    DutyState.WAIVED: _("Waived"),
}
_TONES: Final = {
    DutyState.DUE: "c-low", DutyState.UNDER_WAY: "c-low", DutyState.DONE: "c-none", DutyState.MISSED: "c-high",
    DutyState.MADE_UP: "c-none", DutyState.WAIVED: "c-none",
}  # fmt: skip
GRADES: Final = {
    "A": _("A, proved by a sensor or the hub's record"),
    "B": _("B, photo, place and time"),
    "C": _("C, ticked"),
}
KINDS: Final = {
    "fire_patrol": _("Daily fire patrol"),
    "fire_inspection": _("Monthly fire inspection"),
    "patrol": _("Security patrol"),
    "test": _("Test"),
    "check": _("Check"),
    "cleaning": _("Cleaning"),
    "waste": _("Waste"),
    "greening": _("Greening"),
    "drill": _("Drill"),
    "office": _("Office"),
}
HOWS: Final = {"qr": _("code read"), "nfc": _("tag read"), "reader": _("reader"), "said": _("said")}
TICKS: Final = {"ok": _("In order"), "not_ok": _("Not in order"), "na": _("Does not apply")}
WHYS: Final = {"hub_off": _("the hub was off"), "clock": _("the clock was set")}
ASIDE: Final = {
    "columns": _("the line has too few columns"),
    "time": _("no time"),
    "code": _("no checkpoint has this code"),
    "future": _("the time is still to come"),
    "old": _("too long ago"),
    "no_round": _("no round was due there then"),
    "person": _("nobody of the roster is called that"),
    "several": _("several rounds could be meant: choose one above"),
}
FACILITY_STATES: Final = {
    "good": _("In order"),
    "soon": _("Due within 60 days"),
    "overdue": _("Overdue"),
    "broken": _("Not in order"),
}
FACILITY_TONES: Final = {"good": "c-none", "soon": "c-medium", "overdue": "c-urgent", "broken": "c-urgent"}


def state(v: View, case: Occurrence) -> str:
    """How far it is; a missed round has its own word."""
    if case.state is DutyState.MISSED and case.kind in ROUND_KINDS:
        return v.word(_("Round missed"))
    if case.state is DutyState.MADE_UP and case.kind in ROUND_KINDS:
        return v.word(_("Round made up"))
    return v.word(STATES[case.state])


def tone(case: Occurrence) -> str:
    """The colour of its state; what is done with less proof than asked for is amber."""
    return "c-medium" if case.short else _TONES[case.state]


def target(v: View, roster: Roster, said: str) -> str:
    """Who a target of a duty is, in words."""
    kind, _colon, id = said.partition(":")
    if kind == "post" and id in roster.posts:
        return v.text(roster.posts[id].name)
    if kind == "crew" and id in roster.crews:
        return v.text(roster.crews[id].name)
    if kind == "person":
        return v.person(id)
    holder = next((person for person in roster.persons.values() if id in person.roles), None)
    return v.text(holder.role) if holder is not None else id
