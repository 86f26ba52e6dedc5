"""What flame and smoke have in common: a suspicion that lasts, its zone, and the model's second look."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from drivers.camera.areas import stands_in
from drivers.camera.frames import Frame
from drivers.camera.sight import Area, Box, Sight

if TYPE_CHECKING:
    from drivers.camera.verifier import Verifier

ASKS: Final = 3  # first looks of the model, soon after each other: a flame is another one by then
ASK_AGAIN: Final = 0.4  # s between them
LATER: Final = 2.0  # s between the looks that follow
DOUBT: Final = 10.0  # s for which a suspicion must last that the model does not share: it may be wrong, too


@dataclass(frozen=True, slots=True)
class Suspect:
    """One candidate: box relative to the picture, score 0 to 1, and the numbers that decided."""

    box: Box
    score: float
    why: Mapping[str, float]


class Tracks:
    """Suspects of single frames, followed: those are told that come again often enough, at one place.

    window: frames looked back; needed: of them with the suspect in; stays: the part of the smaller box that it has in
    common with where it was first in the window (what grows keeps its place, what walks away does not).
    """

    def __init__(self, window: int, needed: int, stays: float) -> None:
        self._window, self._needed, self._stays = window, needed, stays
        self._tracks: list[deque[Suspect | None]] = []

    def clear(self) -> None:
        """Follow nothing any more."""
        self._tracks.clear()

    def follow(self, suspects: Sequence[Suspect]) -> list[Suspect]:
        """Those of this frame that have lasted; its score is the mean of its frames."""
        free = list(suspects)
        for track in self._tracks:
            box = next(hit.box for hit in reversed(track) if hit)
            hit = max(free, key=lambda one: common(box, one.box), default=None)
            if hit is not None and common(box, hit.box) > 0:
                free.remove(hit)
                track.append(hit)
            else:
                track.append(None)
        self._tracks = [track for track in self._tracks if any(track)]
        self._tracks += [deque([one], maxlen=self._window) for one in free]
        return [lasting for track in self._tracks if (lasting := self._lasting(track))]

    def _lasting(self, track: deque[Suspect | None]) -> Suspect | None:
        hits = [hit for hit in track if hit]
        last = track[-1]
        if last is None or len(hits) < self._needed or common(hits[0].box, last.box) < self._stays:
            return None
        score = sum(hit.score for hit in hits) / len(hits)
        return Suspect(last.box, score, {**last.why, "frames": float(len(hits))})


def common(one: Box, other: Box) -> float:
    """The common part of two boxes, as a share of the smaller; 0 where they do not touch."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / max(1e-9, min(one[2] * one[3], other[2] * other[3]))


@dataclass(slots=True)
class _Held:
    suspect: Suspect
    since: float
    seen: float
    told: bool = False
    verified: bool | None = None
    sure: float = 0.0
    asks: int = 0
    asked: float = -1e9


class Suspects:
    """The suspicions of one kind, one per area. hold: s that one stays after it was last seen.

    With a model each is looked at again before it is told; `why` then says "verified" (1 or 0) and the model's score.
    Without one, or when it cannot be asked, neither is there. What the model shares is told at once. Its No keeps away
    what passes (most false suspicions do), and never hides what goes on for `DOUBT` seconds: that is told unverified.
    """

    def __init__(self, kind: str, areas: Sequence[Area], hold: float, verifier: Verifier | None) -> None:
        self._kind = kind
        self._areas = tuple(areas)
        self._hold = hold
        self._verifier = verifier if verifier is not None and verifier.knows(kind) else None
        self._held: dict[str, _Held] = {}

    def clear(self) -> None:
        """Hold nothing any more."""
        self._held.clear()

    def sights(self, frame: Frame, suspects: Sequence[Suspect]) -> list[Sight]:
        """One sight per area, of its strongest suspect. suspects: those of this frame."""
        return [self._sight(area, frame, suspects) for area in self._areas]

    def _sight(self, area: Area, frame: Frame, suspects: Sequence[Suspect]) -> Sight:
        here = [suspect for suspect in suspects if stands_in(suspect.box, area.polygon)]
        held = self._held.get(area.id)
        if here:
            best = max(here, key=lambda suspect: suspect.score)
            if held is None:
                held = self._held[area.id] = _Held(best, frame.t, frame.t)
            held.suspect, held.seen = best, frame.t
            if not held.verified:
                self._ask(held, frame)
            believed = self._verifier is None or held.verified or frame.t - held.since >= DOUBT
            held.told = held.told or bool(believed)
        elif held is not None and frame.t - held.seen > self._hold:
            del self._held[area.id]
            held = None
        if held is None or not held.told:
            return Sight(self._kind, False, zone=area.id)
        why = dict(held.suspect.why)
        if held.verified is not None:
            why |= {"verified": float(held.verified), "model": held.sure}
        return Sight(self._kind, True, held.suspect.score, area.id, held.suspect.box, why)

    def _ask(self, held: _Held, frame: Frame) -> None:
        pause = ASK_AGAIN if held.asks < ASKS else LATER
        if self._verifier is None or held.told or frame.t - held.asked < pause:
            return
        verdict = self._verifier.verify(frame, self._kind, held.suspect.box)
        if verdict.verified is None:
            self._verifier = None
            return
        held.asks, held.asked = held.asks + 1, frame.t
        held.verified, held.sure = verdict.verified, verdict.score
