"""Tampering: the camera is covered, out of focus, or looks elsewhere than it did."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from drivers.camera.frames import Frame
from drivers.camera.likeness import Field, Likeness, Look, Reference
from drivers.camera.sight import KINDS, Sight
from drivers.camera.turning import find_turn

LEARN: Final = 3.0  # seconds of pictures that make the first reference
HOLD: Final = 2.0  # seconds that a suspicion lasts before it is told
FREE: Final = 1.0  # seconds that all must be well before it is over
FADE: Final = 60.0  # seconds in which the reference follows the scene
REMEMBERED: Final = 4  # looks that are averaged: less noise, and who walks by is thin

LOST: Final = 0.4  # of the structure still in its place: less is suspicious
DOUBT: Final = 0.8  # less is worth a look at where it may have gone
BLURRED: Final = 0.45  # of the reference's sharpness
ALIKE: Final = 0.6  # coarse correlation from which it is the same view
CRISP: Final = (
    0.45  # edges of a strange picture, as part of the reference's, from which it is a view and no cover
)
SHIFTED: Final = 0.05  # of the width
ROTATED: Final = 4.0  # degrees
PATIENCE: Final = 0.4  # seconds between two searches for where it went


@dataclass(frozen=True, slots=True)
class _Verdict:
    t: float
    kind: str
    score: float
    why: dict[str, float]


class Tamper:
    """Covered, defocused or moved; at most one of them at a time."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._reference: Reference | None = None
        self._first: list[Look] = []
        self._recent: deque[Look] = deque(maxlen=REMEMBERED)
        self._doubts: deque[_Verdict] = deque(maxlen=12)
        self._told: _Verdict | None = None
        self._well: float | None = None
        self._searched = -1e9
        self.last: Likeness | None = None

    @property
    def learning(self) -> bool:
        return self._reference is None

    def look(self, frame: Frame) -> Sequence[Sight]:
        now = Look.of(frame)
        self._recent.append(now)
        if self._reference is None:
            self._learn(now)
        else:
            self._compare(self._reference, now)
        told = self._told
        return [
            Sight(kind, True, told.score, why=told.why) if told and told.kind == kind else Sight(kind, False)
            for kind in KINDS["tamper"]
        ]

    def _learn(self, now: Look) -> None:
        self._first.append(now)
        if now.t - self._first[0].t < LEARN:
            return
        reference = Reference(self._first[:: max(1, len(self._first) // 9)])
        if reference.telling:
            self._reference = reference
            self._told, self._first = None, []
        else:
            self._first = self._first[1:]
            self._told = _Verdict(now.t, "covered", 1.0, {"matched": 0.0})

    def _compare(self, reference: Reference, now: Look) -> None:
        mean: Field = np.mean([look.small for look in self._recent], axis=0, dtype=np.float32)
        like = reference.likeness(mean, now.edges)
        self.last = like
        verdict = self._judge(reference, now, like)
        if verdict is None:
            self._calm(reference, now, like)
            return
        self._well = None
        self._doubts.append(verdict)
        since = self._doubts[0].t
        if now.t - since >= HOLD:
            lately = [doubt for doubt in self._doubts if now.t - doubt.t <= HOLD]
            kind, votes = Counter(doubt.kind for doubt in lately).most_common(1)[0]
            if self._told is None or (self._told.kind != kind and votes > 0.8 * len(lately)):
                self._told = next(doubt for doubt in reversed(lately) if doubt.kind == kind)

    def _calm(self, reference: Reference, now: Look, like: Likeness) -> None:
        self._doubts.clear()
        if self._told is not None:
            self._well = self._well or now.t
            if now.t - self._well < FREE:
                return
            self._told, self._well = None, None
        reference.blend(now, 0.2 / FADE)

    def _judge(self, reference: Reference, now: Look, like: Likeness) -> _Verdict | None:
        why = {"matched": like.matched, "sharp": like.sharp, "coarse": like.coarse, "crisp": like.crisp}
        if like.coarse >= ALIKE and like.sharp < BLURRED:
            return _Verdict(now.t, "defocused", 1 - like.sharp, why)
        if like.matched < DOUBT and (like.matched < LOST or now.t - self._searched > 1.0):
            self._searched = now.t
            turn = find_turn(reference.fine, now.fine)
            if turn is not None and (turn.shift > SHIFTED or turn.angle > ROTATED):
                score = min(1.0, 0.5 + turn.agreeing / 100)
                return _Verdict(
                    now.t,
                    "moved",
                    score,
                    why | {"shift": turn.shift, "angle": turn.angle, "agreeing": turn.agreeing},
                )
        if like.matched >= LOST:
            return None
        kind = "moved" if like.crisp >= CRISP else "covered"
        return _Verdict(now.t, kind, 1 - like.matched, why)
