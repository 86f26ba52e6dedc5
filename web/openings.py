"""Who is looking at pictures just now, and why: what a person said once is put on record each quarter of an hour.

Kept in memory only: after a restart of the hub, and after a quarter of an hour without a picture, the reason is asked
anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from edge.domain.footage import OpenFootage
from edge.domain.instant import MINUTE
from edge.facade import Hub

QUARTER: Final = 15 * MINUTE
_REQUEST: Final = "request "
_MANY: Final = 1000  # looks remembered until those that are over are forgotten


class Openings:
    """Of each session the reason that its person gave; of each person or program what is on record.

    what: "live cm-01", "stills st-1-9".
    """

    def __init__(self) -> None:
        self._reasons: dict[str, tuple[str, int]] = {}  # session -> (reason, mono µs until which it holds)
        self._noted: dict[tuple[str, str], int] = {}  # (by, what) -> mono µs until which it is on record
        self._one = asyncio.Lock()

    def open(self, session: str, by: str, reason: str, mono: int) -> None:
        """They look from now on, for this reason; what they see then is put on record anew."""
        self._reasons = {key: each for key, each in self._reasons.items() if mono < each[1]}
        self._noted = {key: until for key, until in self._noted.items() if mono < until and key[0] != by}
        self._reasons[session] = (reason, mono + QUARTER)

    def reason(self, session: str, mono: int) -> str | None:
        """Why they look, None when they do not or have not for a quarter of an hour."""
        reason, until = self._reasons.get(session, ("", 0))
        return reason if mono < until else None

    def goes_on(self, session: str, mono: int) -> None:
        """They have just seen something: their reason holds for another quarter of an hour."""
        if (reason := self.reason(session, mono)) is not None:
            self._reasons[session] = (reason, mono + QUARTER)

    def grant(self, by: str, stills: Iterable[str], mono: int) -> None:
        """They may see these sets of pictures for a quarter of an hour: a request was granted, which is on record."""
        self._noted |= {(by, f"{_REQUEST}{id}"): mono + QUARTER for id in stills}

    def granted(self, by: str, mono: int) -> list[str]:
        """Sets of pictures they may see so."""
        noted = [what for (who, what), until in self._noted.items() if who == by and mono < until]
        return [what.removeprefix(_REQUEST) for what in noted if what.startswith(_REQUEST)]

    async def record(self, hub: Hub, what: str, act: OpenFootage) -> None:
        """Put on record that they look at `what`, before they see it; once in a quarter of an hour.

        Refusal as the hub says it; then nobody sees anything.
        """
        if hub.now().mono < self._noted.get((act.by, what), 0):
            return
        async with self._one:
            if hub.now().mono < self._noted.get((act.by, what), 0):
                return
            await hub.act(act)
            mono = hub.now().mono
            if len(self._noted) >= _MANY:
                self._noted = {key: until for key, until in self._noted.items() if mono < until}
            self._noted[act.by, what] = mono + QUARTER
