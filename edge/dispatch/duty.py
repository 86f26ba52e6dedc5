"""Who is on duty: shifts as local wall time and zone, public holidays, leave and stand-ins. Pure.

Fails loud: where the clock cannot be believed, or nobody is on duty, everybody who could be is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final, Literal

from edge.domain.handover import ShiftChange
from edge.domain.instant import DAY, HOUR, Instant
from edge.domain.on_duty import Expiry, Finding, Stint
from edge.domain.roster import GROUP, Person, Post, Quiet, Roster, Shift
from edge.domain.zones import within

Holidays = Callable[[date], str | None]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_DAY: Final = timedelta(days=1)
SOON: Final = 60
"""Days before its expiry from which a certificate is spoken of (practice)."""


class OnDuty:
    """The roster over time. civil: µs UTC -> µs UTC as people's clocks show it (shifted in a demo)."""

    def __init__(
        self, roster: Roster, zone: tzinfo, holidays: Holidays, civil: Callable[[int], int] = lambda utc: utc
    ) -> None:
        self._roster = roster
        self._zone = zone
        self._holidays = holidays
        self._civil = civil

    def holiday(self, day: date) -> str | None:
        """The name of the public holiday on a date, None on any other day."""
        return self._holidays(day)

    # ---- whom a target means --------------------------------------------------------------------------------------

    def who(self, target: str, now: Instant, place: str = "") -> tuple[str, ...]:
        """Ids of the persons that `target` means at `now`, each once; `("",)` for a group channel.

        place: a zone's path; of several people those who look after it are meant, all of them where nobody does.
        A crew is all its members, a post those on duty there, a role or skill those on duty who have it. Where
        nobody is on duty, and on a clock that cannot be trusted, everybody of the post, role or skill is meant. A
        target the roster does not know means nobody.
        """
        kind, _, id = target.partition(":")
        persons = self._roster.persons
        found: Iterable[str] = ()
        if kind == "channel":
            return (GROUP,)
        if kind == "all":
            return tuple(persons)
        if kind == "person":
            return self._present((id,), now) if id in persons else ()
        if kind == "crew" and id in self._roster.crews:
            found = self._present(self._roster.crews[id].members, now)
        elif kind == "post" and id in self._roster.posts:
            found = self._at_post(self._roster.posts[id], now)
        elif kind == "role":
            found = self._on_duty((p.id for p in persons.values() if id in p.roles), now)
        elif kind == "skill":
            found = self._on_duty((p.id for p in persons.values() if id in self._skills(p)), now)
        return self._near(tuple(dict.fromkeys(found)), place)

    def crew_for(self, skill: str, place: str, now: Instant) -> tuple[str | None, tuple[str, ...]]:
        """(crew, its people to be told now) for work that takes `skill` at a zone; no crew: whoever has the skill."""
        able = [crew for crew in self._roster.crews.values() if skill in crew.skills]
        near = [crew for crew in able if not crew.zones or any(within(place, zone) for zone in crew.zones)]
        for crew in near or able:
            return crew.id, self._near(self._on_duty(crew.members, now), place)
        return None, self.who(f"skill:{skill}", now, place)

    def now(self, post: str, now: Instant) -> tuple[str, ...]:
        """Who is on duty at `post`, nobody where its shifts leave a gap; everybody of it on an untrusted clock."""
        if not now.trusted:
            return self._roster.posts[post].members()
        utc = self._civil(now.utc)
        stints = self.stints(self._roster.posts[post], self.local(now.utc).date(), 1)
        working = (person for s in stints if s.start <= utc < s.end for person in s.persons)
        return tuple(dict.fromkeys(working))

    def _at_post(self, post: Post, now: Instant) -> tuple[str, ...]:
        return self.now(post.id, now) or self._present(post.members(), now)

    def _on_duty(self, candidates: Iterable[str], now: Instant) -> tuple[str, ...]:
        """Those of `candidates` who are at work, or whose hours no post tells; all of them when there are none."""
        everybody = tuple(candidates)
        bound = {person for post in self._roster.posts.values() for person in post.members()}
        working = {person for post in self._roster.posts for person in self.now(post, now)}
        at_work = [person for person in everybody if person in working or person not in bound]
        return self._present(at_work or everybody, now)

    def _skills(self, person: Person) -> set[str]:
        crews = (crew.skills for crew in self._roster.crews.values() if person.id in crew.members)
        return {*person.skills, *(skill for skills in crews for skill in skills)}

    def _near(self, people: tuple[str, ...], place: str) -> tuple[str, ...]:
        if not place:
            return people
        return tuple(id for id in people if self._looks_after(id, place)) or people

    def _looks_after(self, id: str, place: str) -> bool:
        zones = self._roster.persons[id].zones
        return not zones or any(within(place, zone) for zone in zones)

    def quiet_left(self, quiet: Quiet, now: Instant) -> int:
        """µs until quiet hours end, 0 when it is not quiet or the clock cannot be trusted."""
        if not now.trusted:
            return 0
        local = self.local(now.utc)
        day, wall = local.date(), local.time()
        over_midnight = quiet.end <= quiet.start
        if wall >= quiet.start and (over_midnight or wall < quiet.end):
            last = day + _ONE_DAY if over_midnight else day
        elif over_midnight and wall < quiet.end:
            last = day
        else:
            return 0
        return max(0, self._utc(last, quiet.end) - self._civil(now.utc))

    # ---- leave ----------------------------------------------------------------------------------------------------

    def _present(self, people: Iterable[str], now: Instant) -> tuple[str, ...]:
        if not now.trusted:
            return tuple(people)
        return self._replaced(people, self.local(now.utc).date())

    def _replaced(self, people: Iterable[str], day: date) -> tuple[str, ...]:
        """`people`, stand-ins for the absent; who has no stand-in there is meant himself."""
        return tuple(dict.fromkeys(self._stand_in(id, day) for id in people))

    def _stand_in(self, id: str, day: date) -> str:
        if not self._absent(id, day):
            return id
        stand_ins = self._roster.persons[id].stand_ins
        return next((other for other in stand_ins if not self._absent(other, day)), id)

    def _absent(self, id: str, day: date) -> bool:
        return any(away.first <= day <= away.last for away in self._roster.persons[id].away)

    # ---- shifts ---------------------------------------------------------------------------------------------------

    def local(self, utc: int) -> datetime:
        """The site's wall clock at µs UTC, shifted as people see it."""
        return (_EPOCH + timedelta(microseconds=self._civil(utc))).astimezone(self._zone)

    def shift(self, utc: int) -> int:
        """µs by which people's clocks are ahead of µs UTC (0 but in a demo)."""
        return self._civil(utc) - utc

    def changes(self, now: Instant) -> list[ShiftChange] | None:
        """When, in the last hour, a watch began at a post that must always be manned; None without such a post."""
        posts = [post for post in self._roster.posts.values() if post.always]
        if not posts:
            return None
        utc, today = self._civil(now.utc), self.local(now.utc).date()
        starts = {
            ShiftChange(post.id, now.utc - (utc - stint.start))
            for post in posts
            for stint in self.stints(post, today, 1)
            if utc - HOUR <= stint.start <= utc
        }
        return sorted(starts)

    def stints(self, post: Post, first: date, days: int) -> list[Stint]:
        """The shifts of `post` that start on the day before `first` or on one of `days` days from it, in order.

        Their moments are those of people's clocks, `shift` ahead of the hub's.
        """
        found: list[Stint] = []
        for number in range(-1, days):
            day = first + number * _ONE_DAY
            for shift, people in self._working(post, day).items():
                begin, end = self._span(post.shifts[shift], day)
                found.append(Stint(post.id, shift, day, begin, end, self._replaced(people, day)))
        return sorted(found, key=lambda stint: (stint.start, stint.end, stint.shift))

    def _working(self, post: Post, day: date) -> dict[str, tuple[str, ...]]:
        """Shift -> who works in it on `day` by pattern, holiday or single date; shifts without anybody left out."""
        holiday = self._holidays(day) is not None
        people: dict[str, list[str]] = {shift: [] for shift in post.shifts}
        for cycle in post.cycles:
            turn = (day - cycle.anchor).days
            for team in cycle.teams:
                shift = cycle.days[(turn + team.day) % len(cycle.days)]
                if shift is not None:
                    people[shift] += team.members
        for weekly in post.weekly:
            if day.weekday() in weekly.days and (weekly.on_holidays or not holiday):
                people[weekly.shift] += weekly.members
        for change in (c for c in post.changes if c.holidays and holiday):
            people[change.shift] = list(change.members)
        for change in (c for c in post.changes if day in c.dates):
            people[change.shift] = list(change.members)
        return {shift: tuple(dict.fromkeys(there)) for shift, there in people.items() if there}

    def _span(self, shift: Shift, day: date) -> tuple[int, int]:
        last = day + _ONE_DAY if shift.overnight else day
        return self._utc(day, shift.start), self._utc(last, shift.end)

    def _utc(self, day: date, wall: time) -> int:
        moment = datetime.combine(day, wall, tzinfo=self._zone)
        return (moment - _EPOCH) // timedelta(microseconds=1)

    # ---- what people should see -----------------------------------------------------------------------------------

    def findings(self, start: int, end: int) -> list[Finding]:
        """Gaps, posts short of people and overlaps between two moments (µs UTC), in order of time."""
        first, shift = self.local(start).date(), self.shift(start)
        days = (end - start) // DAY + 2
        found: list[Finding] = []
        plans = [
            (
                post,
                [
                    replace(s, start=s.start - shift, end=s.end - shift)
                    for s in self.stints(post, first, days)
                ],
            )
            for post in self._roster.posts.values()
        ]
        for post, stints in plans:
            found += _manning(post, stints, start, end)
            found += _overlapping(post, stints)
        everything = [stint for _, stints in plans for stint in stints]
        for person in self._roster.persons:
            own = sorted((s for s in everything if person in s.persons), key=lambda s: s.start)
            found += [
                Finding("overlap", two.post, two.start, min(one.end, two.end), (person,))
                for one, two in pairwise(own)
                if one.post != two.post and two.start < one.end
            ]
        inside = {finding for finding in found if finding.start < end and finding.end > start}
        return sorted(inside, key=lambda f: (f.start, f.post, f.kind, f.end, f.persons))


def gaps(roster: Roster, zone: tzinfo, holidays: Holidays, start: int, end: int) -> list[Finding]:
    """What is wrong with the shifts of `roster` between two moments (µs UTC), in order of time."""
    return OnDuty(roster, zone, holidays).findings(start, end)


def expiries(roster: Roster, today: date) -> list[Expiry]:
    """Certificates that have run out or will within `SOON` days, and those a post asks for that nobody can show."""
    found: list[Expiry] = []
    for person in roster.persons.values():
        for certificate in person.certificates:
            days = (certificate.expires - today).days
            if days <= SOON:
                found.append(Expiry(person.id, certificate.kind, certificate.expires, days))
    for post in roster.posts.values():
        found += [
            Expiry(id, post.certificate, None, None)
            for id in post.members()
            if post.certificate
            and not any(post.certificate in c.kind for c in roster.persons[id].certificates)
        ]
    return found


def _manning(post: Post, stints: Sequence[Stint], start: int, end: int) -> Iterator[Finding]:
    """Stretches without anybody (where the post must always be manned) and with too few."""
    edges = sorted({start, end, *(s.start for s in stints), *(s.end for s in stints)})
    open_: Finding | None = None
    for begin, stop in pairwise(edge for edge in edges if start <= edge <= end):
        running = [s for s in stints if s.start <= begin < s.end]
        people = tuple(dict.fromkeys(person for s in running for person in s.persons))
        kind = lack(post, people, bool(running))
        if open_ is not None and (kind, people, begin) == (open_.kind, open_.persons, open_.end):
            open_ = Finding(open_.kind, post.id, open_.start, stop, people)
            continue
        if open_ is not None:
            yield open_
        open_ = None if kind is None else Finding(kind, post.id, begin, stop, people)
    if open_ is not None:
        yield open_


def lack(post: Post, people: tuple[str, ...], running: bool) -> Literal["gap", "short"] | None:
    """What a post with these people lacks; running: a shift of it is under way."""
    if not people:
        return "gap" if post.always else None
    return "short" if running and len(people) < post.people else None


def _overlapping(post: Post, stints: Sequence[Stint]) -> Iterator[Finding]:
    for index, one in enumerate(stints):
        for two in stints[index + 1 :]:
            if two.start >= one.end:
                break
            both = tuple(dict.fromkeys(one.persons + two.persons))
            yield Finding("overlap", post.id, two.start, min(one.end, two.end), both)
