"""A second look at suspected flame or smoke, by the model that the site dropped in.

The classical checks cannot tell a neon sign from a fire by a threshold; a model that learnt the difference can. It
runs only on candidates, so it costs nothing while nothing is suspected. Without a model, or with one that cannot be
used, a finding stands unverified (None) and people are asked all the same: a model never silences for being broken.

Measured once with a fire model of another's making (not shippable: no licence), clip by clip: the candidates of the
flame check that the model agreed with kept 20 of 22 fires and 1 of 33 scenes without fire (a neon sign).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.camera.frames import Frame, Picture
from drivers.camera.model_card import ModelCard, ModelError
from drivers.camera.models import Model, load
from drivers.camera.sight import Box
from edge.domain.names import Text

WORDS: Final = {
    "flame": frozenset({"fire", "flame", "flames", "火", "火焰", "明火"}),
    "smoke": frozenset({"smoke", "smog", "烟", "烟雾"}),
}
"""Labels, in lower case, that agree with a kind of sight."""

AROUND: Final = 1.0  # of the box's larger side on each side of it: a flame is known by what it stands on
LEAST_SIDE: Final = 0.25  # of the picture: a smaller crop is blur


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model says of a candidate. verified: None when it could not be asked. score: its best for that kind."""

    verified: bool | None
    score: float = 0.0


UNASKED: Final = Verdict(None)


class Verifier:
    """Asks the model about candidates. problem: why it cannot (None: it can); card: of the model, None without one."""

    def __init__(self, path: Path | None, load: Callable[[Path], Model] = load) -> None:
        self.problem: Text | None = None
        self._model: Model | None = None
        if path is None:
            return
        try:
            self._model = load(path)
        except ModelError as error:
            self.problem = error.text

    def knows(self, kind: str) -> bool:
        """Whether the model has a label for `kind`."""
        return self._model is not None and bool(_labels(self._model.card, kind))

    def verify(self, frame: Frame, kind: str, box: Box | None) -> Verdict:
        """Look at the candidate's surroundings, and where that does not convince at the whole picture.

        A model that fails is left alone from then on, and `problem` says why.
        """
        if self._model is None or not (labels := _labels(self._model.card, kind)):
            return UNASKED
        try:
            for picture in _pictures(frame.bgr, box):
                scores = [thing.score for thing in self._model.detect(picture) if thing.label in labels]
                if scores:
                    return Verdict(True, max(scores))
        except ModelError as error:
            self.problem, self._model = error.text, None
            return UNASKED
        return Verdict(False)


def _labels(card: ModelCard, kind: str) -> frozenset[str]:
    words = WORDS.get(kind, frozenset())
    return frozenset(label for label in card.labels if label.strip().lower() in words)


def _pictures(bgr: Picture, box: Box | None) -> list[Picture]:
    if box is None:
        return [bgr]
    height, width = bgr.shape[:2]
    x, y, across, down = box
    margin = AROUND * max(across * width, down * height)
    wide = max(across * width + 2 * margin, LEAST_SIDE * width)
    high = max(down * height + 2 * margin, LEAST_SIDE * height)
    left = int(min(max(0.0, (x + across / 2) * width - wide / 2), max(0.0, width - wide)))
    top = int(min(max(0.0, (y + down / 2) * height - high / 2), max(0.0, height - high)))
    crop = bgr[top : top + max(1, int(high)), left : left + max(1, int(wide))]
    return [bgr] if crop.shape[:2] == bgr.shape[:2] or not crop.size else [crop, bgr]
