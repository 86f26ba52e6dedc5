"""What the records say of drills and the reserve, and why the hub refuses something about one."""

from __future__ import annotations

from typing import Final

from web.i18n import mark as _

KINDS: Final = {
    "drill.started": _("Drill begun"),
    "drill.resumed": _("Drill goes on after a restart"),
    "drill.time": _("Step of the drill"),
    "drill.told": _("Told of the drill"),
    "drill.output": _("Output started by the drill"),
    "drill.finished": _("Drill over"),
    "drill.ended": _("Drill stopped: real alarm"),
    "drill.retold": _("End of the drill told once more"),
    "drill.seen": _("Read that the drill was stopped"),
    "stock.listed": _("Listed in the reserve"),
    "stock.unlisted": _("No longer in the reserve"),
    "stock.counted": _("Reserve counted"),
    "stock.used": _("Taken for use"),
    "stock.added": _("Added"),
    "stock.moved": _("Moved"),
    "stock.discarded": _("Discarded"),
    "stock.calibrated": _("Calibrated"),
    "stock.wanting": _("Reserve wanting"),
    "stock.well": _("Reserve complete again"),
}
SUBJECTS: Final = {"drill.": _("Drills"), "stock.": _("Reserve")}
REFUSALS: Final = {
    "drill_running": _("Another drill is under way: end it first."),
    "real_alarm": _("A real alarm or incident is open: no drill now."),
    "suppressed": _("An alarm of this detector is shelved: take that back first."),
    "cannot_rehearse": _("No drill can begin at this detector: nothing can speak in its place."),
    "value_required": _("This point reports a number: say which."),
    "not_stoppable": _("An output that cannot be stopped again is in no drill's reach."),
    "no_outputs": _("A table-top drill switches nothing."),
    "superseded": _("Something else has switched it since."),
    "bad_quantity": _("There are not that many: count it first."),
    "bad_date": _("Write a day such as 2027-06-30."),
    "other_expiry": _("This batch has another last good day: give what came now a new name."),
}
