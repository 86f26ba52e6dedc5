"""What people do about a hazard: each function gives the hazard as it stands afterwards, or refuses. Pure.

The due clock is no matter of theirs but where a step sets it anew: `remaining` stands as at `now` when a hazard comes
in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final

from edge.domain.hazard import (
    FIRE_MANAGER,
    MANAGERS,
    AddHazardPhoto,
    AskExtension,
    AssignHazard,
    CancelHazard,
    CommentHazard,
    DecideExtension,
    GradeHazard,
    Hazard,
    HazardRequest,
    HazardState,
    InterimControl,
    Rectify,
    Reinspect,
)
from edge.domain.hazard_parts import Extension, HazardPhoto, Override
from edge.domain.hazard_rules import Due
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text
from edge.domain.request import Refusal

MOST_PHOTOS: Final = 30
LONGEST: Final = 90 * 86400.0
"""Seconds that can be asked for at once."""

Steps = list[tuple[Hazard, str, str | None]]
"""The hazard after each fact, the kind of the fact, and the person's words for it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a step is judged by. roles: of a person; due: of this hazard; elements: ids of the major-hazard list."""

    roles: Callable[[str], Collection[str]]
    due: Due
    elements: Collection[str]

    def manages(self, person: str) -> bool:
        """Whether a person is one who gives time and strikes out."""
        return bool(MANAGERS & set(self.roles(person)))


def stepped(hazard: Hazard, request: HazardRequest, now: Instant, ground: Ground) -> Steps:
    """One request about a hazard that is in the register; Refusal otherwise."""
    if isinstance(request, GradeHazard):
        return _grade(hazard, request, now, ground)
    if isinstance(request, AssignHazard):
        return _assign(hazard, request, now, ground)
    if isinstance(request, Rectify):
        return _rectify(hazard, request, now, ground)
    if isinstance(request, Reinspect):
        return _reinspect(hazard, request, now, ground)
    if isinstance(request, AskExtension):
        return _ask(hazard, request, now)
    if isinstance(request, DecideExtension):
        return _decide(hazard, request, now, ground)
    if isinstance(request, CancelHazard):
        return _cancel(hazard, request, now, ground)
    return _added(hazard, request, now)


def _added(hazard: Hazard, request: HazardRequest, now: Instant) -> Steps:
    """What joins it at any time."""
    if isinstance(request, InterimControl):
        _words(request.note, "say what the interim control is")
        return [(replace(hazard, interim_at=now.utc, interim_by=request.by), "hazard.interim", request.note)]
    if isinstance(request, AddHazardPhoto):
        if len(hazard.photos) >= MOST_PHOTOS:
            raise Refusal("too_many", f"a hazard keeps at most {MOST_PHOTOS} photos")
        photo = HazardPhoto(
            request.photo, request.kind, request.sha256, request.by, now.utc, request.width, request.height,
            hazard.sent_back,
        )  # fmt: skip
        return [(replace(hazard, photos=(*hazard.photos, photo)), "hazard.photo", None)]
    if isinstance(request, CommentHazard):
        _words(request.note, "a comment needs words")
        return [(hazard, "hazard.commented", request.note)]
    raise Refusal("not_found", f"a hazard knows no {type(request).__name__}")


def _grade(hazard: Hazard, request: GradeHazard, now: Instant, ground: Ground) -> Steps:
    """定级: the manager alone says major, and takes a suspicion back; a major one never waits uncontrolled."""
    manager = FIRE_MANAGER in ground.roles(request.by)
    settles = request.grade == "major" or hazard.grade == "major"
    if (settles or (hazard.grade == "suspected_major" and request.grade == "general")) and not manager:
        raise Refusal("not_manager", "only the fire safety manager judges what is, or is not, a major hazard")
    steps: Steps = []
    if request.grade == "major":
        if request.element not in ground.elements:
            raise Refusal("element_required", "choose the element by which it is a major hazard")
        if hazard.interim_at is None and not (request.interim or "").strip():
            raise Refusal(
                "interim_required",
                "a major hazard does not wait uncontrolled: say what controls it meanwhile",
            )
    if (request.interim or "").strip():
        hazard = replace(hazard, interim_at=now.utc, interim_by=request.by)
        steps.append((hazard, "hazard.interim", request.interim))
    changed = hazard.grade != request.grade
    graded = replace(
        hazard, grade=request.grade, element=request.element if request.grade == "major" else None, draft=False,
        graded_at=now.utc, graded_by=request.by, state=_state(hazard),
    )  # fmt: skip
    if changed and graded.state is not HazardState.RECTIFIED:
        graded = regraded(hazard, graded, ground.due.get(request.grade), free=ground.manages(request.by))
    return [*steps, (graded, "hazard.graded", request.note)]


def _state(hazard: Hazard) -> HazardState:
    """Once it is graded: an order that went out already is its assignment."""
    given = any(order.state == "open" for order in hazard.orders)
    return HazardState.ASSIGNED if hazard.state is HazardState.REPORTED and given else hazard.state


def _assign(hazard: Hazard, request: AssignHazard, now: Instant, ground: Ground) -> Steps:
    _in_state(hazard, HazardState.REPORTED, HazardState.ASSIGNED)
    _graded(hazard)
    if hazard.grade == "suspected_major":
        raise Refusal("not_graded", "it is graded first; a suspicion is settled by the fire safety manager")
    if not (request.unit or request.person or request.skill or hazard.unit or hazard.person):
        raise Refusal("assignee_required", "say which unit, or who, is to rectify it")
    measures = Text(request.measures, request.measures) if request.measures.strip() else hazard.measures
    assigned = replace(
        hazard, state=HazardState.ASSIGNED, unit=request.unit or hazard.unit, measures=measures,
        person=request.person or hazard.person, skill=request.skill, assigned_at=now.utc, reason=None,
    )  # fmt: skip
    if request.due is not None:
        left = 0 if hazard.overdue else hazard.remaining
        if left is not None and round(request.due * SECOND) > left and not ground.manages(request.by):
            raise Refusal("not_manager", "more time than the grade gives is an extension: ask the manager")
        assigned = timed(assigned, request.due)
    return [(assigned, "hazard.assigned", request.note)]


def _rectify(hazard: Hazard, request: Rectify, now: Instant, ground: Ground) -> Steps:
    _in_state(hazard, HazardState.REPORTED, HazardState.ASSIGNED)
    _graded(hazard)
    if any(order.state == "open" for order in hazard.orders):
        raise Refusal("wrong_step", "its work order is under way: it is rectified when that is done")
    if not hazard.shown_after:
        raise Refusal("photo_required", "a photo of the rectified place is missing")
    return [(rectified(hazard, request.by, now, ground.due), "hazard.rectified", request.note)]


def rectified(hazard: Hazard, by: str | None, now: Instant, due: Due) -> Hazard:
    """整改完成待复查; the sensor behind it starts to count from here."""
    done = replace(
        hazard, state=HazardState.RECTIFIED, rectified_at=now.utc, rectified_by=by, draft=False,
        rectify_by=hazard.due_at if hazard.grade else None,
        left=0 if hazard.overdue else hazard.remaining if hazard.grade else None,
    ).unproved  # fmt: skip
    return timed(done, due.get("reinspection"))


def _reinspect(hazard: Hazard, request: Reinspect, now: Instant, ground: Ground) -> Steps:
    """复查 by another person; struck off only when the cause is gone, shown by the same sensor where there is one."""
    _in_state(hazard, HazardState.RECTIFIED)
    if request.by in hazard.hands:
        raise Refusal("same_person", "it is re-inspected by another person than those who rectified it")
    if not request.passed:
        reason = (request.reason or "").strip() or (request.note or "").strip()
        _words(reason, "say why it goes back")
        back = sent_back(hazard, request.reason or None, ground.due)
        return [
            (
                replace(back, reinspected_by=request.by, reinspected_at=now.utc),
                "hazard.sent_back",
                request.note,
            )
        ]
    if hazard.grade is None or hazard.grade == "suspected_major":
        raise Refusal("not_graded", "it is graded first; a suspicion is settled by the fire safety manager")
    override = None
    if not hazard.proved:
        reason = (request.override or "").strip()
        if not reason:
            raise Refusal(
                "not_proved", "the sensor has not shown yet that the cause is gone: wait, or give a reason"
            )
        override = Override(request.by, now.utc, reason)
    closed = replace(
        timed(hazard, None), state=HazardState.CLOSED, reinspected_at=now.utc, reinspected_by=request.by,
        closed_at=now.utc, override=override, reason=None,
    )  # fmt: skip
    return [(closed, "hazard.closed", request.note)]


def sent_back(hazard: Hazard, reason: str | None, due: Due) -> Hazard:
    """Once more, with the time that was left of the rectification."""
    again = replace(
        hazard, state=HazardState.ASSIGNED if hazard.grade else HazardState.REPORTED, rectified_at=None,
        rectified_by=None, sent_back=hazard.sent_back + 1, reason=reason, left=None,
    ).unproved  # fmt: skip
    if hazard.left is not None:
        return timed(again, hazard.left / SECOND)
    return timed(again, due.get(hazard.grade or "grading"))


def _ask(hazard: Hazard, request: AskExtension, now: Instant) -> Steps:
    _in_state(hazard, HazardState.REPORTED, HazardState.ASSIGNED)
    _words(request.note, "say why more time is needed")
    if not 0 < request.span <= LONGEST:
        raise Refusal("too_long", f"at most {LONGEST / 86400:g} days more can be asked for at once")
    if hazard.asked is not None:
        raise Refusal("wrong_step", "an extension waits for an answer already")
    asked = Extension(request.by, now.utc, round(request.span * SECOND))
    return [(replace(hazard, extensions=(*hazard.extensions, asked)), "hazard.extension_asked", request.note)]


def _decide(hazard: Hazard, request: DecideExtension, now: Instant, ground: Ground) -> Steps:
    asked = hazard.asked
    if asked is None:
        raise Refusal("wrong_step", "no extension waits for an answer")
    if not ground.manages(request.by):
        raise Refusal("not_manager", "the manager decides on more time")
    if asked.by == request.by:
        raise Refusal("same_person", "another person than the one who asked decides")
    answered = replace(asked, granted=request.granted, decided_by=request.by, decided_at=now.utc)
    decided = replace(
        hazard, extensions=tuple(answered if each is asked else each for each in hazard.extensions)
    )
    if not request.granted:
        return [(decided, "hazard.extension_refused", request.note)]
    if hazard.state is HazardState.RECTIFIED:
        decided = replace(decided, left=(hazard.left or 0) + asked.span)
    else:
        left = 0 if hazard.overdue else hazard.remaining or 0
        decided = timed(decided, (left + asked.span) / SECOND)
    return [(decided, "hazard.extended", request.note)]


def _cancel(hazard: Hazard, request: CancelHazard, now: Instant, ground: Ground) -> Steps:
    """What is no hazard, or stands in the ledger already; a confirmed one only the manager strikes out."""
    _words(request.reason, "say why it is no hazard")
    confirmed = not hazard.draft and hazard.grade is not None
    if hazard.grade in {"major", "suspected_major"} and FIRE_MANAGER not in ground.roles(request.by):
        raise Refusal("not_manager", "only the fire safety manager judges what is, or is not, a major hazard")
    if confirmed and not ground.manages(request.by):
        raise Refusal("not_manager", "a confirmed hazard is struck out by the manager")
    return [(cancelled(hazard, request.reason, now), "hazard.cancelled", request.note)]


def cancelled(hazard: Hazard, reason: str, now: Instant) -> Hazard:
    """It is none."""
    return replace(timed(hazard, None), state=HazardState.CANCELLED, closed_at=now.utc, reason=reason)


def regraded(before: Hazard, graded: Hazard, seconds: float | None, *, free: bool) -> Hazard:
    """With the clock of its new grade; unless a manager says so (`free`), another grade gives no more time.

    What is overdue stays so: calling it graver is no extension.
    """
    if before.grade is None or free:
        return timed(graded, seconds)
    left = before.remaining
    if before.overdue or seconds is None or (left is not None and left <= round(seconds * SECOND)):
        return graded
    return timed(graded, seconds)


def timed(hazard: Hazard, seconds: float | None) -> Hazard:
    """With its due clock set anew: None stops it."""
    remaining = None if seconds is None else max(0, round(seconds * SECOND))
    return replace(hazard, remaining=remaining, due_at=None, overdue=False, climbed=0)


def _graded(hazard: Hazard) -> None:
    if hazard.grade is None or hazard.draft:
        raise Refusal("not_graded", "it is graded first")


def _in_state(hazard: Hazard, *states: HazardState) -> None:
    if hazard.state not in states:
        raise Refusal("wrong_step", f"the hazard is {hazard.state.value}")


def _words(text: str, message: str) -> None:
    if not text.strip():
        raise Refusal("reason_required", message)
