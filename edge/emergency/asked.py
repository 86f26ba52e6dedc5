"""What people ask of an incident that is open: steps, roll, reports, the all clear and the end. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from edge.domain.alarm import Alarm
from edge.domain.incident import (
    AddReportPhoto,
    AllClear,
    CloseIncident,
    FileReport,
    Incident,
    Muster,
    Present,
    ReportPhoto,
    SceneReport,
    TickStep,
    left_out,
)
from edge.domain.instant import Instant
from edge.domain.output import OutputState
from edge.domain.request import Refusal
from edge.emergency import steps

PHOTOS = 12
"""Pictures of one report at most; a longer story is another report."""
REPORTS = 60
ALL_PHOTOS = 60
"""Pictures of one incident at most: every fact about it carries them all."""

After = tuple[Incident, str, str | None]
"""The incident afterwards, the kind of the fact, and the step it is about."""


def asked(
    incident: Incident,
    request: Any,
    due: steps.Deadlines,
    members: Sequence[Alarm],
    number: int,
    now: Instant,
    on: Sequence[OutputState] = (),
) -> After | None:
    """What a request makes of an incident; None when nothing changes by it. Raises Refusal.

    due: changed as the steps are. members: its open alarms. number: of the fact that will tell of it. on: outputs that
    were started for it and have not been stopped.
    """
    match request:
        case TickStep():
            return _tick(incident, request, due, now)
        case Muster():
            return _muster(incident, request, now)
        case FileReport():
            return _report(incident, request, number, now)
        case AddReportPhoto():
            return _photo(incident, request, now)
        case AllClear():
            return _all_clear(incident, request, members, on, now)
        case CloseIncident():
            return _close(incident, request, members, now)
    raise Refusal("not_found", f"an incident knows no {type(request).__name__}")


def _tick(incident: Incident, request: TickStep, due: steps.Deadlines, now: Instant) -> After | None:
    step = next((step for step in incident.steps if step.id == request.step), None)
    if step is None:
        raise Refusal("not_found", "the incident has no such step")
    if request.state == "skipped" and not (request.note or "").strip():
        raise Refusal("reason_required", "leaving a step out needs a reason")
    if (step.how is None) == (request.state == "open"):
        return None  # it stands so already
    if request.state != "open" and step.how is not None:
        return None  # who did it first did it
    if request.state == "done" and step.alone:
        raise Refusal(
            "by_fact", "this step ticks by itself as soon as it is true; leave it out with a reason"
        )
    after = steps.told(incident, step.id, request.state, request.by, due, now)
    return after, "incident.step", step.id


def _muster(incident: Incident, request: Muster, now: Instant) -> After | None:
    known = next((one for one in incident.roll if one.person == request.person), None)
    if known is not None and (known.proof == "qr" or request.proof == "said"):
        return None
    others = (one for one in incident.roll if one is not known)
    present = Present(request.person, now.utc, request.proof)
    return replace(incident, roll=(*others, present)), "incident.roll", None


def _report(incident: Incident, request: FileReport, number: int, now: Instant) -> After:
    if not (request.note or "").strip() and not request.photos:
        raise Refusal("reason_required", "a report needs words or a photo")
    if len(incident.reports) >= REPORTS:
        raise Refusal("too_many", f"an incident takes {REPORTS} reports")
    if len(request.photos) > PHOTOS or _pictures(incident) + len(request.photos) > ALL_PHOTOS:
        raise Refusal("too_many", f"a report takes {PHOTOS} photos, an incident {ALL_PHOTOS}")
    photos = request.photos
    report = SceneReport(f"rp-{incident.number}-{number}", request.kind, request.by, now.utc, photos)
    return replace(incident, reports=(*incident.reports, report)), "incident.report", None


def _photo(incident: Incident, request: AddReportPhoto, now: Instant) -> After | None:
    report = next((report for report in incident.reports if report.id == request.report), None)
    if report is None:
        raise Refusal("not_found", "the incident has no such report")
    if any(photo.id == request.photo for photo in report.photos):
        return None
    if len(report.photos) >= PHOTOS or _pictures(incident) >= ALL_PHOTOS:
        raise Refusal("too_many", f"a report takes {PHOTOS} photos, an incident {ALL_PHOTOS}")
    added = replace(
        report, photos=(*report.photos, ReportPhoto(request.photo, request.sha256, request.by, now.utc))
    )
    reports = tuple(added if one.id == report.id else one for one in incident.reports)
    return replace(incident, reports=reports), "incident.photo", None


def _pictures(incident: Incident) -> int:
    return sum(len(report.photos) for report in incident.reports)


def _all_clear(
    incident: Incident, request: AllClear, members: Sequence[Alarm], on: Sequence[OutputState], now: Instant
) -> After | None:
    if incident.state == "all_clear":
        return None
    if any(alarm.active for alarm in members):
        raise Refusal("still_active", "an alarm of this incident is still active")
    if on and not request.confirm:
        names = ", ".join(state.output.id for state in on)
        raise Refusal("still_sounding", f"still switched on: {names}; stop it, or confirm")
    if (undone := left_out(incident)) and not request.confirm:
        names = ", ".join(step.id for step in undone)
        raise Refusal("steps_open", f"steps with a time limit are not done: {names}; do them, or confirm")
    clear = replace(incident, state="all_clear", all_clear_at=now.utc, all_clear_by=request.by)
    return clear, "incident.all_clear", None


def _close(incident: Incident, request: CloseIncident, members: Sequence[Alarm], now: Instant) -> After:
    if incident.state != "all_clear":
        raise Refusal("not_all_clear", "the all clear comes first")
    if members:
        raise Refusal("still_active", "an alarm of this incident is still open: reset it first")
    if not (request.note or "").strip():
        raise Refusal("reason_required", "closing without a final report needs a reason")
    over = replace(incident, state="closed", closed_at=now.utc, closed_by=request.by)
    return over, "incident.closed", None
