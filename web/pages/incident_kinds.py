"""What the records say of incidents, and why the hub refuses something about one."""

from __future__ import annotations

from typing import Final

from web.i18n import mark as _

KINDS: Final = {
    "incident.opened": _("Plan activated, to verify"),
    "incident.joined": _("Another alarm of the same cause"),
    "incident.risen": _("More urgent than before"),
    "incident.confirmed": _("Stage 2 of the plan"),
    "incident.step": _("Step of the plan"),
    "incident.step_overdue": _("Step of the plan is late"),
    "incident.roll": _("Answered the roll-call"),
    "incident.report": _("Incident report"),
    "incident.photo": _("Photo added"),
    "incident.quiet": _("Its detectors have been quiet for a while"),
    "incident.unclosed": _("Still open for a day: say all clear and file the final report"),
    "incident.stood_down": _("Judged to be nothing: the other steps are not needed"),
    "incident.all_clear": _("All clear"),
    "incident.closed": _("Incident closed"),
}
REFUSALS: Final = {
    "judge_alarm": _("Its alarm is open: judge the alarm itself."),
    "by_fact": _("This step ticks by itself as soon as it is true. You can skip it with a reason."),
    "still_sounding": _("Outputs are still switched on. Stop them, or confirm the all clear all the same."),
    "steps_open": _("Steps with a time limit are not done. Do them, or confirm the all clear all the same."),
    "not_all_clear": _("The all clear comes first."),
}
