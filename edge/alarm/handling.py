"""What people do to an alarm: each function gives the row as it stands afterwards, or refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from edge.alarm.episode import closed
from edge.domain.alarm import Alarm, AlarmPhoto, Suppression, Verdict
from edge.domain.instant import HOUR, Instant
from edge.domain.lifecycle import UNCONFIRMED, VITAL
from edge.domain.reading import Purpose
from edge.domain.request import Acknowledge, Comment, Judge, Refusal, Reset, Shelve

LONGEST_SHELVING: Final = 8 * HOUR
PHOTOS: Final = 20


def acknowledged(alarm: Alarm, request: Acknowledge, now: Instant) -> Alarm:
    """接警 / 知悉, of an alarm that is not acknowledged yet."""
    return replace(alarm, acked=True, acked_at=now.utc, acked_by=request.by)


def reset(alarm: Alarm, request: Reset, now: Instant) -> Alarm:
    """复位: of what is inactive and acknowledged, or by force with a reason, a fire, gas or SOS by two persons.

    Still active comes first: that answer sends somebody to look (S2: "现场仍在报警,不能复位").
    """
    if request.force and not (request.reason or "").strip():
        raise Refusal("reason_required", "a forced reset needs a reason")
    if alarm.active and not request.force:
        raise Refusal("still_active", "still in alarm on site: cannot reset")
    if not alarm.acked and not request.force:
        raise Refusal("not_acknowledged", "acknowledge the alarm before resetting it")
    forced = alarm.active or not alarm.acked
    if forced and alarm.signal in VITAL:
        second_person(request.by, request.second)
    second = request.second if forced else None
    return replace(closed(alarm, now, request.by), forced=forced, closed_second=second)


def judged(alarm: Alarm, request: Judge, now: Instant) -> Alarm:
    """The verdict; a later one takes the place of an earlier one, which stays in the journal."""
    return replace(alarm, verdict=Verdict(request.kind, request.cause, request.by, now.utc))


def commented(alarm: Alarm, request: Comment, now: Instant) -> Alarm:
    """A remark changes nothing but the story; a picture of it stands with the alarm, once."""
    if request.photo is None:
        if not request.note.strip():
            raise Refusal("reason_required", "a comment needs words")
        return alarm
    if any(photo.id == request.photo for photo in alarm.photos):
        return alarm
    if len(alarm.photos) >= PHOTOS:
        raise Refusal("too_many", f"an alarm keeps {PHOTOS} photos")
    photo = AlarmPhoto(request.photo, request.sha256, request.by, now.utc)
    return replace(alarm, photos=(*alarm.photos, photo))


def second_person(by: str, second: str | None) -> None:
    """Refuse what one person alone may not do: Refusal second_person, same_person."""
    if second is None:
        raise Refusal("second_person", "fire, gas and SOS need a second person")
    if second == by:
        raise Refusal("same_person", "the second person must be another one")


def shelving(alarm: Alarm, request: Shelve, until: int, now: Instant) -> Suppression:
    """限时搁置 until `until` (µs UTC). Fire, gas and SOS need a second person."""
    if alarm.rule == UNCONFIRMED:
        raise Refusal("not_shelvable", "a state that nobody has confirmed cannot be shelved")
    if alarm.purpose is Purpose.DRILL:
        raise Refusal("not_shelvable", "an alarm of a drill cannot be shelved: it ends with the drill")
    if alarm.suppression is not None and alarm.suppression.kind == "out_of_service":
        raise Refusal("out_of_service", "the device is out of service already")
    if alarm.signal in VITAL:
        second_person(request.by, request.second)
    if not request.reason.strip():
        raise Refusal("reason_required", "shelving needs a reason")
    if not now.utc < until <= now.utc + LONGEST_SHELVING:
        raise Refusal("too_long", "an alarm can be shelved for at most eight hours from now")
    return Suppression("shelved", request.by, request.reason, until, until - now.utc, request.second)
