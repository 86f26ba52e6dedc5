"""An electric bicycle in a lift. EXPERIMENTAL: off unless the site asks for it in a zone, and no accuracy is claimed.

The classes of COCO know bicycles and motorcycles, none an electric bicycle, and there was no film of one in a lift to
measure on. The rule is theirs: a bicycle or a motorcycle in the lift's zone for a second. A pushchair, a folding
bicycle or a wheelchair may be taken for one, and an e-bike seen from the front for a person. What follows from it is a
question to a person, never a lift that stops.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from drivers.camera.checks.objects import KINDS, Rule, Watch
from drivers.camera.detector import Finder
from drivers.camera.sight import Area

SECONDS: Final = 1.0
RULE: Final = Rule("e-bike", KINDS["bicycle"] | KINDS["motorcycle"], need=3, of=5, seconds=SECONDS)


class EBike(Watch):
    """One sight in each zone. finder: the way to the detector."""

    def __init__(self, areas: Sequence[Area], finder: Finder) -> None:
        super().__init__(areas, finder, [RULE])
