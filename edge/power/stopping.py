"""When the machine rests before its supply is empty. Pure.

A stop in order is for the card: a file system that is being written when the power goes may be lost as a whole, while
the hub's own stores bear a cut at any moment. So it comes as late as it safely can, and not at all while a fire, gas or
help alarm is open: then hearing is worth more than the card.
"""

from __future__ import annotations

from typing import Final

from edge.domain.instant import MINUTE, SECOND, Instant
from edge.domain.power import PowerPlan, Supply

HELD: Final = 20 * SECOND  # so long it must be low: one odd value stops nothing
AGAIN: Final = 5 * MINUTE  # until it is asked for anew where nobody took it up
HALF: Final = 50.0  # %
EMPTY: Final = 5.0  # % where the supply knows neither minutes nor a word


class Stopping:
    """The decision of one run."""

    def __init__(self, plan: PowerPlan) -> None:
        self._plan = plan
        self._since: int | None = None  # mono µs
        self._asked: int | None = None
        self._counted = False  # its minutes were above the limit in this outage

    def due(self, supply: Supply, vital: bool, now: Instant) -> bool:
        """Whether the machine is to rest now. vital: a fire, gas or help alarm is open."""
        if supply.lost is not True:
            self._counted = False
        elif supply.minutes is not None and supply.minutes > self._plan.stop_at:
            self._counted = True
        if not self._low(supply):
            self._since = self._asked = None
            return False
        if self._since is None:
            self._since = now.mono
        waits = self._asked is not None and now.mono - self._asked < AGAIN
        if vital or waits or now.mono - self._since < HELD:
            return False
        self._asked = now.mono
        return True

    def _low(self, supply: Supply) -> bool:
        """Mains that are there, or of which nothing is known, stop nothing."""
        if supply.lost is not True or not self._plan.stop_at:
            return False
        if supply.low is True:
            return True
        if supply.minutes is not None and self._believed(supply):
            return supply.minutes <= self._plan.stop_at
        return supply.low is None and supply.charge is not None and supply.charge <= EMPTY

    def _believed(self, supply: Supply) -> bool:
        """Some supplies say 0 minutes for ever: few minutes of a full battery count only where they ran down."""
        return self._counted or supply.charge is None or supply.charge < HALF
