"""Backups from before the journal was lost: they stay beside those that are kept, until an administrator lets them go.

The record until then is only in them, and each day's new backup would push one of them out. They are held by their
names, as the folder and each target have them when the loss is found: the clock may have been wrong at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from edge.backup.ledger import Ledger
from edge.domain.backup import Held
from edge.domain.storage import StoreLoss

STORE: Final = "journal"
EACH: Final = 2
"""How many of each place: the newest may have been made of a journal that was failing already."""
_KNOWN: Final = 50  # losses that are remembered as answered

Lost = Callable[[], Sequence[StoreLoss]]
"""Stores that were begun anew lately."""


class Holding:
    """What is held is kept in the ledger."""

    def __init__(self, ledger: Ledger, lost: Lost) -> None:
        self._ledger, self._lost = ledger, lost

    @property
    def names(self) -> list[str]:
        """What must not go, each once."""
        return list(dict.fromkeys(name for held in self._ledger.held for name in held.names))

    @property
    def since(self) -> int | None:
        """µs UTC of the first loss that nobody has answered."""
        return min((held.at for held in self._ledger.held), default=None)

    def look(self, *, reached: bool) -> list[str]:
        """Hold what is there for each loss not known yet; the names. Before anything is made, or let go.

        reached: whether the folder could be looked at. Until it is, nothing is decided where nothing is known of it.
        """
        ledger = self._ledger
        if not ledger.kept and not reached:
            return []
        found: list[str] = []
        for loss in self._lost():
            key = loss.file or str(loss.at)
            if loss.store != STORE or key in ledger.losses:
                continue
            ledger.losses = [*ledger.losses, key][-_KNOWN:]
            names = self._newest()
            if names:
                # The first loss and the last: a card that fails each day must not fill the medium with what is held.
                ledger.held = [*ledger.held[:1], Held(loss.at, names)]
                found += names
        return list(dict.fromkeys(found))

    def release(self) -> list[str]:
        """Hold nothing any more; what was held."""
        names, self._ledger.held = self.names, []
        return names

    def _newest(self) -> tuple[str, ...]:
        kept = sorted(self._ledger.kept.values(), key=lambda one: -one.made_at)
        places = {place for one in kept for place in one.where}
        wanted = {one.name for place in places for one in [k for k in kept if place in k.where][:EACH]}
        return tuple(sorted(wanted))
