"""Episodes: what lasts is told once when it starts, once when it ends, and never stays in progress for ever.

A check says at every frame how things stand. Of that comes one finding at the start and one at the end. An episode
older than its kind's `AGES` ends as "aged": its check learns anew, and what is still there starts a new episode.
Without an age a still picture taken for a person, or a headlight's glare, is "in progress" for weeks and hides the
next one (Frigate's issues 3965, 4583, 7487).

What is open when its check begins anew (a new process, other zones, a defect) is held, for the check takes it for the
scene: it goes on under its id until its place looks otherwise (`drivers.camera.holding`).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from drivers.camera.lines import Finding, Open
from drivers.camera.sight import KINDS, Box, Sight

MINUTE: Final = 60.0
HOUR: Final = 3600.0

AGES: Final[Mapping[str, float]] = {
    # Who answers for the camera has seen it by then, or has been reminded by the alarm's own escalation; what it
    # sees since is its scene now, and a camera that tells nothing any more helps nobody.
    "covered": 24 * HOUR,
    "defocused": 24 * HOUR,
    "moved": 24 * HOUR,
    # Movement without a pause is a flag or water, not an event.
    "motion": 10 * MINUTE,
    # A real fire is far beyond a suspicion by then; a lamp or a screen is asked about again, not hidden.
    "flame": 10 * MINUTE,
    "smoke": 10 * MINUTE,
    # A day: every round has passed there.
    "left-object": 24 * HOUR,
    "removed-object": 24 * HOUR,
    "changed": 24 * HOUR,
    # Nobody stands still for half an hour where nobody is expected; a statue or a coat does.
    "person": 30 * MINUTE,
    "bicycle": 24 * HOUR,
    "motorcycle": 24 * HOUR,
    "car": 24 * HOUR,
    # A ride in a lift takes a minute.
    "e-bike": 10 * MINUTE,
}
"""Kind -> the seconds after which an episode is looked at anew. Practice; the reasons stand beside them."""

LEARNT: Final = frozenset(kind for check in ("tamper", "left-object", "zone-change") for kind in KINDS[check])
"""Kinds that are told by comparing with a scene learnt before: a check that begins anew cannot see them again."""
AGAIN: Final = 60.0
"""Seconds in which the others are seen again by a check that has begun anew, or are over."""
DRIVEN_OFF: Final = HOUR
"""How long it is remembered that what went was never of the scene, though its check learnt it as such."""

Key = tuple[str, str, str]
"""check, kind, zone."""


@dataclass(frozen=True, slots=True)
class Held:
    """An episode whose place is to be watched."""

    id: str
    kind: str
    box: Box | None


@dataclass(slots=True)
class _Episode:
    id: str
    since: int  # µs UTC
    began: (
        float | None
    )  # on the frames' own count, which no clock's step touches; None: of a process before this
    max_age: float
    best: Sight
    held: bool = False
    rests: float | None = None  # on the same count: since when it has been held by a check that can tell


class Episodes:
    """The open episodes of one camera. ages: seconds by kind where they are to differ from `AGES`. before: held."""

    def __init__(self, ages: Mapping[str, float] | None = None, before: Sequence[Open] = ()) -> None:
        self._ages = {**AGES, **(ages or {})}
        self._open: dict[Key, _Episode] = {}
        self._gone: dict[str, tuple[float, Box | None]] = {}  # zone -> when, and where, what was held went
        for one in before:
            best = Sight(one.kind, True, one.score, one.zone, one.box)
            episode = _Episode(one.id, one.since, None, one.max_age, best, held=True)
            self._open[one.check, one.kind, one.zone] = episode

    @property
    def active(self) -> tuple[str, ...]:
        """Kinds of which an episode is open, in the order of their starts."""
        return tuple(dict.fromkeys(kind for _, kind, _ in self._open))

    def follow(
        self, check: str, sights: Sequence[Sight], t: float, utc: int, *, learning: bool = False
    ) -> list[Finding]:
        """What changes by what `check` says of the frame at `t` (seconds of the source) and `utc` (µs).

        learning: it cannot tell at present, so that only what it does tell counts, and the rest waits.
        """
        seen = {(check, sight.kind, sight.zone): sight for sight in sights}
        told: list[Finding] = []
        for key, sight in seen.items():
            if sight.active and not self._of_a_zone(key, seen):
                told += self._seen(key, sight, t, utc)
        for key, episode in [(key, one) for key, one in self._open.items() if key[0] == check]:
            now = seen.get(key)
            if episode.began is None:
                episode.began = t - max(0, utc - episode.since) / 1e6
            if t - episode.began >= episode.max_age:
                told.append(self._finish(key, "aged", utc))
            elif episode.held:
                if not learning and self._rested(key, episode, t):
                    told.append(self._finish(key, "end", utc))
            elif (now is None and not learning) or (now is not None and not now.active):
                told.append(self._finish(key, "end", utc))
        return told

    def keep(self, check: str, zones: Collection[str], utc: int) -> list[Finding]:
        """End the episodes of `check` in zones that it no longer looks at."""
        gone = [key for key in self._open if key[0] == check and key[2] not in zones]
        return [self._finish(key, "end", utc) for key in gone]

    def hold(self, check: str) -> None:
        """The check begins anew: what it has open is held."""
        for key, episode in self._open.items():
            if key[0] == check:
                episode.held, episode.rests = True, None

    def held(self, check: str) -> list[Held]:
        """What it has open, and cannot tell of."""
        return [
            Held(one.id, key[1], one.best.box)
            for key, one in self._open.items()
            if key[0] == check and one.held and key[1] in LEARNT
        ]

    def release(self, id: str, t: float, utc: int) -> list[Finding]:
        """Its place looks otherwise since: it is over."""
        key = next(key for key, one in self._open.items() if one.id == id)
        if key[1] == "left-object":
            self._gone[key[2]] = (t, self._open[key].best.box)
        return [self._finish(key, "end", utc)]

    def _seen(self, key: Key, sight: Sight, t: float, utc: int) -> list[Finding]:
        """What follows of something that is there."""
        told = self._driven_off(key, sight, t, utc)
        episode = self._open.get(key)
        if episode is None:
            return told if self._known(key, sight, t) else [*told, self._begin(key, sight, t, utc)]
        if not episode.held or key[1] not in LEARNT:
            episode.held = False
            if sight.score > episode.best.score:
                episode.best = sight
        return told

    def _of_a_zone(self, key: Key, seen: Mapping[Key, Sight]) -> bool:
        """Whether what is new in the whole picture is what one of its zones sees too: told once, by the zone's name."""
        if key[2] or key in self._open:
            return False
        return any(
            zone and kind == key[1] and sight.active and _overlap(sight.box, seen[key].box)
            for (_, kind, zone), sight in seen.items()
        )

    def _rested(self, key: Key, episode: _Episode, t: float) -> bool:
        """Whether what needs no scene has not been seen again for so long that it is over."""
        if key[1] in LEARNT:
            return False
        episode.rests = t if episode.rests is None else episode.rests
        return t - episode.rests >= AGAIN

    def _driven_off(self, key: Key, sight: Sight, t: float, utc: int) -> list[Finding]:
        """What is held has gone where its check misses just that of what it took for the scene."""
        check, kind, zone = key
        held = self._open.get((check, "left-object", zone)) if kind == "removed-object" else None
        if held is None or not held.held or not _overlap(held.best.box, sight.box):
            return []
        return self.release(held.id, t, utc)

    def _known(self, key: Key, sight: Sight, t: float) -> bool:
        """Whether what is seen only says that something held is there, or has gone."""
        check, kind, zone = key
        if check == "tamper":  # a cover is the scene now, and its fall another view
            return any(one.held and other[0] == check for other, one in self._open.items())
        if kind != "removed-object" or zone not in self._gone:
            return False
        gone, box = self._gone[zone]
        return t - gone < DRIVEN_OFF and _overlap(sight.box, box)

    def _begin(self, key: Key, sight: Sight, t: float, utc: int) -> Finding:
        name = f"{utc:016x}{os.urandom(5).hex()}"  # names sort by time, and never clash
        self._open[key] = episode = _Episode(name, utc, t, self._ages[sight.kind], sight)
        return _finding(key, episode, "start", utc)

    def _finish(self, key: Key, state: Literal["end", "aged"], utc: int) -> Finding:
        return _finding(key, self._open.pop(key), state, utc)


def _finding(key: Key, episode: _Episode, state: Literal["start", "end", "aged"], utc: int) -> Finding:
    """A line; its score, box and numbers are those of the episode's strongest frame so far."""
    check, kind, zone = key
    best = episode.best
    why = {name: round(float(number), 4) for name, number in best.why.items()}
    verified = why.pop("verified", None)
    return Finding(
        t=utc,
        id=episode.id,
        check=check,
        kind=kind,
        zone=zone,
        state=state,
        score=round(min(max(float(best.score), 0.0), 1.0), 3),
        box=_rounded(best.box),
        since=episode.since,
        max_age=episode.max_age,
        why=why,
        verified=None if verified is None else verified >= 0.5,
    )


def _overlap(one: Box | None, other: Box | None) -> bool:
    """Whether they are about the same place: half of the smaller one lies in the other; None is everywhere."""
    if one is None or other is None:
        return True
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return min(across, down) > 0 and across * down >= 0.5 * min(one[2] * one[3], other[2] * other[3])


def _rounded(box: Box | None) -> Box | None:
    if box is None:
        return None
    x, y, width, height = (round(float(side), 4) for side in box)
    return x, y, width, height
