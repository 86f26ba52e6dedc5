"""The roster as people see it: who is on duty now, the coming two weeks, and what is wrong with them. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from edge.dispatch.duty import OnDuty, expiries, lack
from edge.domain.instant import DAY, Instant
from edge.domain.on_duty import Expiry, Manned, RosterView
from edge.domain.roster import Post, Roster

DAYS: Final = 14
"""How far people plan ahead on one sheet of A4 (practice)."""


def outlook(roster: Roster, duty: OnDuty, now: Instant) -> RosterView:
    """The roster at `now`; on a clock that cannot be trusted only who belongs to each post."""
    posts = roster.posts.values()
    today = duty.local(now.utc).date()
    if not now.trusted:
        everybody = tuple(Manned(post, post.members()) for post in posts)
        return RosterView(roster, False, today, DAYS, everybody)
    shift = duty.shift(now.utc)
    stints = [
        replace(stint, start=stint.start - shift, end=stint.end - shift)
        for post in posts
        for stint in duty.stints(post, today, DAYS)
        if stint.end - shift > now.utc or stint.date >= today
    ]
    return RosterView(
        roster,
        True,
        today,
        DAYS,
        tuple(_manned(post, duty, now) for post in posts),
        tuple(sorted(stints, key=lambda stint: (stint.start, stint.end, stint.post))),
        tuple(duty.findings(now.utc, now.utc + DAYS * DAY)),
        tuple(sorted(expiries(roster, today), key=_pressing)),
        {day: name for day in map(today.__add__, map(timedelta, range(DAYS))) if (name := duty.holiday(day))},
    )


def _manned(post: Post, duty: OnDuty, now: Instant) -> Manned:
    shift, today = duty.shift(now.utc), duty.local(now.utc).date()
    running = [s for s in duty.stints(post, today, 1) if s.start <= now.utc + shift < s.end]
    people = duty.now(post.id, now)
    until = min((stint.end - shift for stint in running), default=None)
    return Manned(
        post, people, tuple(stint.shift for stint in running), until, lack(post, people, bool(running))
    )


def _pressing(expiry: Expiry) -> tuple[date, str]:
    return expiry.expires or date.min, expiry.person
