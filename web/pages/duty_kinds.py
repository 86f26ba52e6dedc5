"""What the records say of duties, and why the hub refuses something about one."""

from __future__ import annotations

from typing import Final

from web.i18n import mark as _

FACTS: Final = {
    "duty.due": _("Came due"),
    "duty.started": _("Begun"),
    "duty.reminded": _("Its crew was reminded"),
    "duty.proved": _("Proved by a sensor or record"),
    "duty.place": _("Code read at the place"),
    "duty.reopened": _("Due again: the clock had been set ahead"),
    "duty.photo": _("Photo added"),
    "duty.found": _("A finding became a hazard"),
    "duty.done": _("Fulfilled"),
    "duty.missed": _("Missed"),
    "duty.made_up": _("Made up"),
    "duty.waived": _("Waived"),
    "duty.superseded": _("A later one stands for it"),
    "round.started": _("Round begun"),
    "round.stop": _("Checkpoint reached"),
    "round.uploaded": _("Stops sent later"),
    "round.found": _("A finding became a hazard"),
    "round.finished": _("Round finished"),
    "round.left": _("Round left unfinished"),
    "facility.listed": _("Entry of the register"),
    "facility.removed": _("Taken off the register"),
    "facility.good": _("In order"),
    "facility.soon": _("Service or end of life is near"),
    "facility.overdue": _("Service or end of life is over"),
    "facility.checked": _("Facility checked"),
    "facility.found": _("A finding became a hazard"),
    "calendar.begun": _("Duties begin"),
    "calendar.kept": _("Calendar of duties looked at"),
    "calendar.skipped": _("Too long off: older duties are not listed"),
}
SUBJECTS: Final = {
    "duty.": _("Duties"),
    "round.": _("Rounds"),
    "facility.": _("Fire facilities"),
    "calendar.": _("Calendar of duties"),
}
REFUSALS: Final = {
    "no_round": _("This duty is no round."),
    "stops_missing": _("Not all checkpoints were reached yet."),
    "tasks_missing": _("Go through the whole checklist first."),
    "unchecked": _("Check all entries of the register first."),
    "unknown_code": _("This tag is none of this round's checkpoints."),
    "bad_time": _("This time cannot be. Check the clock."),
    "bad_file": _("The first line of the file must name the columns time and checkpoint."),
}
