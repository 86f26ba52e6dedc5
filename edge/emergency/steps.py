"""The steps of a plan in an incident: begun with their stage, ticked by facts or people, late when their time is over.

Pure functions of the incident and a table of deadlines (step's id -> mono µs); a restart makes it anew from the body.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Final

from edge.domain.incident import Incident, StepState, TickState
from edge.domain.instant import SECOND, Instant
from edge.domain.output import Stage
from edge.domain.plan import Plan, step_row
from edge.domain.timers import resumed

Deadlines = dict[str, int]
_OF_ALARM: Final = frozenset(
    {"acked", "normal", "verdict", "verdict:real", "verdict:false", "verdict:fault", "verdict:test"}
)
MUSTERED: Final = 6
"""The highest number of people of whom a step can make its tick depend."""


def begun(
    incident: Incident, plan: Plan | None, stage: Stage, due: Deadlines, now: Instant,
    switches: Callable[[Incident], Collection[str]],
) -> Incident:  # fmt: skip
    """The incident with the steps of a stage; what is true already ticks them at once.

    switches: which of the words `command:<kind>` an output in its area can make true.
    """
    fresh = [StepState.from_dict(step_row(s)) for s in (plan.steps if plan else ()) if s.stage == stage]
    seen = _OF_ALARM if incident.count else frozenset()
    if any(_commands(step) for step in fresh):
        seen |= frozenset(switches(incident))
    fresh = [replace(step, alone=bool(step.ticks) and seen.issuperset(step.ticks)) for step in fresh]
    incident = replace(incident, steps=(*incident.steps, *fresh))
    _limit(incident, fresh, due, now)
    for id in ticked_by(incident, standing(incident)):
        incident = done_by_fact(incident, id, due, now)
    return incident


def _commands(step: StepState) -> bool:
    return any(tick.startswith("command:") for tick in step.ticks)


def stood_down(incident: Incident, due: Deadlines, now: Instant) -> Incident:
    """Its alarms were judged to be nothing: the rest need not be done, but what its alarms still show."""
    shown = {"acked", "normal"}
    pending = [step.id for step in incident.steps if step.how is None and not shown & set(step.ticks)]
    for id in pending:
        incident = _with(incident, id, due, done_at=now.utc, done_by=None, how="not_needed")
    return incident


def needed(incident: Incident, due: Deadlines, now: Instant) -> Incident:
    """It is something after all: what was not needed is to be done, in its whole time."""
    for step in incident.steps:
        if step.how == "not_needed":
            again = replace(step, how=None, done_at=None, overdue=False)
            incident = _with(incident, step.id, due, how=None, done_at=None, overdue=False)
            _limit(incident, [again], due, now)
    return incident


def rerated(incident: Incident, due: Deadlines, now: Instant) -> None:
    """Its priority has changed: time limits begin for the steps that are meant now, and end for the others."""
    pending = [step for step in incident.steps if step.how is None and not step.overdue and step.priorities]
    for step in pending:
        if not meant(step, incident):
            due.pop(step.id, None)
    _limit(incident, [step for step in pending if step.id not in due], due, now)


def meant(step: StepState, incident: Incident) -> bool:
    """Whether a step is for an incident of this priority."""
    return not step.priorities or incident.priority in step.priorities


def _limit(incident: Incident, fresh: Iterable[StepState], due: Deadlines, now: Instant) -> None:
    for step in fresh:
        if step.within is not None and meant(step, incident):
            due[step.id] = now.mono + round(step.within * SECOND)


def standing(incident: Incident) -> set[str]:
    """Words of `TICKS` that the incident itself shows to be true."""
    words = {f"muster:{n}" for n in range(1, min(len(incident.roll), MUSTERED) + 1)}
    words |= {f"report:{report.kind}" for report in incident.reports}
    if incident.stage == 2:
        words.add("confirmed")
    if incident.all_clear_at is not None:
        words.add("all_clear")
    return words


def ticked_by(incident: Incident, words: Collection[str]) -> list[str]:
    """Ids of the steps that these words tick now."""
    return [s.id for s in incident.steps if s.how is None and any(word in words for word in s.ticks)]


def done_by_fact(incident: Incident, id: str, due: Deadlines, now: Instant) -> Incident:
    """The step ticked itself."""
    return _with(incident, id, due, done_at=now.utc, done_by=None, how="fact")


def told(incident: Incident, id: str, state: TickState, by: str, due: Deadlines, now: Instant) -> Incident:
    """A person says how the step stands. One that is open again keeps its lateness and has no time limit any more."""
    if state == "open":
        return _with(incident, id, due, done_at=None, done_by=None, how=None)
    how = "skipped" if state == "skipped" else "person"
    return _with(incident, id, due, done_at=now.utc, done_by=by, how=how)


def late(incident: Incident, due: Deadlines, now: Instant) -> list[str]:
    """Ids of the steps whose time is over, in the order of their deadlines."""
    if incident.state not in {"stage1", "stage2"}:
        return []
    return [id for at, id in sorted((at, id) for id, at in due.items()) if at <= now.mono]


def overdue(incident: Incident, id: str, due: Deadlines) -> Incident:
    """The step is late: said once."""
    return _with(incident, id, due, overdue=True)


def timed(incident: Incident, due: Deadlines, now: Instant) -> Incident:
    """The incident with what remains of each step's time at this moment, for its next fact."""
    return replace(incident, steps=tuple(_timed(step, due.get(step.id), now) for step in incident.steps))


def wound(incident: Incident, now: Instant) -> Deadlines:
    """The deadlines after a restart."""
    return {
        step.id: resumed(step.due_at, step.remaining, now)
        for step in incident.steps
        if step.how is None and step.due_at is not None and step.remaining is not None and not step.overdue
    }


def _timed(step: StepState, due: int | None, now: Instant) -> StepState:
    if due is None:
        return step if step.remaining is None else replace(step, remaining=None)
    left = max(0, due - now.mono)
    return replace(step, due_at=now.utc + left, remaining=left)


def _with(incident: Incident, id: str, due: Deadlines, **changes: object) -> Incident:
    due.pop(id, None)
    steps = tuple(replace(s, **changes) if s.id == id else s for s in incident.steps)  # type: ignore[arg-type]
    return replace(incident, steps=steps)
