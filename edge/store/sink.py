"""What a follower and the way to a data centre say to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edge.domain.names import Text
from edge.store.cursors import Entry


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a sink did not take what it was given. text: one sentence with the mend.

    wait: seconds it asked for; None for the usual back-off. slow: only a person can mend it. away: the server may have
    been killed, and may have lost what it acknowledged last.
    """

    text: Text
    wait: float | None = None
    slow: bool = False
    away: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A row a sink will never take: the line it was made into, and its reason."""

    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch. Without trouble each row was taken or is among `refused`, and the cursor may move on.

    With trouble the whole batch comes again; doubtful: how many of its first rows may have arrived all the same.
    fresh: the connection of the requests before had been lost, as after a restart of the server.
    """

    refused: Sequence[Refused] = ()
    trouble: Trouble | None = None
    doubtful: int = 0
    fresh: bool = False


class Sink(Protocol):
    """Where rows go. Sending the same rows twice must leave them there once."""

    async def send(self, rows: Sequence[Entry]) -> Outcome:
        """Hand over rows, in any order; never raises."""
        ...

    async def touch(self) -> Outcome:
        """Have it answer to something small, over the connection of the rows: never raises. See `Outcome.fresh`."""
        ...

    async def prove(self) -> tuple[Trouble | None, Text]:
        """Look whether what was taken can be read back: the trouble when it is not there, and a word about it."""
        ...

    async def close(self) -> None:
        """Let go of connections and threads."""
        ...
