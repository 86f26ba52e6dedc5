"""The disk and what stands on it, as the hub knows it: room, writes, wear, and stores that were begun anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

GivenUp = Literal["footage", "readings", "rollups"]
"""What is given up for room, in this order; the journal never."""


@dataclass(frozen=True, slots=True)
class CardAssumption:
    """What a card is taken to bear, for what is on no label and no card tells. Practice, not measured.

    cycles: how often each cell can be written (TLC about 1000, pSLC and industrial cards 3000 to 30000).
    amplification: bytes the card writes inside for each byte it is given; small writes all over it cost most.
    """

    cycles: int = 1000
    amplification: float = 4.0


@dataclass(frozen=True, slots=True)
class Wear:
    """Bytes written a day, each None where it cannot be seen, and how long a card bears that.

    hub: with its children. broker. disk: everything that anybody writes on the disk of the data folder.
    span: µs over which it was measured. size: bytes of the whole card. life_days: an estimate on the assumption, of
    `disk` where it is seen, else of hub and broker. used: percent of the life an eMMC says of itself, (from, to).
    spent: the eMMC says that its spare blocks run out.
    """

    hub: int | None
    broker: int | None
    disk: int | None
    span: int
    size: int
    assumed: CardAssumption
    life_days: int | None
    used: tuple[int, int] | None = None
    spent: bool = False


@dataclass(frozen=True, slots=True)
class StoreLoss:
    """A store that was begun anew at `at` (µs UTC). file: the damaged one that is kept, None where it was gone.

    saved: what came over, counted by name; empty where it is not known.
    """

    store: str
    file: str | None
    at: int
    saved: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StorageState:
    """All of it. given_up: sets of pictures and rows of readings and roll-ups, since the start."""

    total: int
    free: int
    reserve: int
    given_up: Mapping[GivenUp, int]
    wear: Wear | None
    losses: Sequence[StoreLoss]
