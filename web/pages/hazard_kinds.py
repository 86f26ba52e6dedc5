"""What the records say of hazards, and why the hub refuses something about one."""

from __future__ import annotations

from typing import Final

from web.i18n import mark as _

KINDS: Final = {
    "hazard.reported": _("Hazard reported"),
    "hazard.source": _("Reported from another side"),
    "hazard.graded": _("Graded"),
    "hazard.assigned": _("Given to be rectified"),
    "hazard.interim": _("Interim control"),
    "hazard.order": _("Its work order has moved on"),
    "hazard.photo": _("Photo added"),
    "hazard.commented": _("Remark"),
    "hazard.rectified": _("Rectified, awaiting re-inspection"),
    "hazard.proved": _("Proved by sensor"),
    "hazard.disproved": _("The sensor shows it again: no longer proved"),
    "hazard.sent_back": _("Not passed, sent back"),
    "hazard.extension_asked": _("Extension asked"),
    "hazard.extended": _("Extension granted"),
    "hazard.extension_refused": _("Extension refused"),
    "hazard.overdue": _("Hazard overdue"),
    "hazard.closed": _("Struck off"),
    "hazard.cancelled": _("Struck out: no hazard"),
    "nuisance.counted": _("False alarms of a device counted"),
}
REFUSALS: Final = {
    "not_graded": _("Grade it first. A suspicion is settled by the fire safety manager."),
    "place_required": _("Say where it is."),
    "not_proved": _("The sensor has not shown yet that the cause is gone. Wait, or give a reason."),
    "not_manager": _("This is for the manager to decide."),
    "element_required": _("Choose the element by which it is a major hazard."),
    "interim_required": _("A major hazard does not wait uncontrolled: say what controls it meanwhile."),
}
