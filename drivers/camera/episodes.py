"""Episodes: what lasts is told once when it starts, once when it ends, and never stays in progress for ever.

A check says at every frame how things stand. Of that comes one finding at the start and one at the end. An episode
older than its kind's `AGES` ends as "aged": its check then learns anew, and what is still there starts a new episode.
Without an age a still picture taken for a person, or a headlight's glare, is "in progress" for weeks and hides the
next one (Frigate's issues 3965, 4583, 7487).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from drivers.camera.lines import Finding
from drivers.camera.sight import Box, Sight

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

Key = tuple[str, str, str]
"""check, kind, zone."""


@dataclass(slots=True)
class _Episode:
    id: str
    since: int  # µs UTC
    began: float  # on the frames' own count, which no clock's step touches
    max_age: float
    best: Sight


class Episodes:
    """The open episodes of one camera. ages: seconds by kind where they are to differ from `AGES`."""

    def __init__(self, ages: Mapping[str, float] | None = None) -> None:
        self._ages = {**AGES, **(ages or {})}
        self._open: dict[Key, _Episode] = {}

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
        told: list[Finding] = []
        seen = {(check, sight.kind, sight.zone): sight for sight in sights}
        for key, sight in seen.items():
            if sight.active and key not in self._open:
                told.append(self._begin(key, sight, t, utc))
            elif sight.active and sight.score > self._open[key].best.score:
                self._open[key].best = sight
        for key, episode in list(self._open.items()):
            if key[0] != check:
                continue
            now = seen.get(key)
            if t - episode.began >= episode.max_age:
                told.append(self._finish(key, "aged", utc))
            elif (now is None and not learning) or (now is not None and not now.active):
                told.append(self._finish(key, "end", utc))
        return told

    def keep(self, check: str, zones: Collection[str], utc: int) -> list[Finding]:
        """End the episodes of `check` in zones that it no longer looks at."""
        gone = [key for key in self._open if key[0] == check and key[2] not in zones]
        return [self._finish(key, "end", utc) for key in gone]

    def _begin(self, key: Key, sight: Sight, t: float, utc: int) -> Finding:
        name = f"{utc:016x}{secrets.token_hex(5)}"  # names sort by time, and never clash
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


def _rounded(box: Box | None) -> Box | None:
    if box is None:
        return None
    x, y, width, height = (round(float(side), 4) for side in box)
    return x, y, width, height
