"""Who stands at a wall: a person granted to its session for some minutes by their PIN.

Kept in memory only: after a restart of the hub the next act asks for the PIN again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.domain.instant import MINUTE
from edge.facade import Account, Hub
from web.auth.pins import Known
from web.auth.secrets import digest

LASTS: Final = 5 * MINUTE


@dataclass(slots=True)
class _Grant:
    name: str
    pin_hash: str
    until: int  # mono µs


class Grants:
    """The persons at all walls, by session."""

    def __init__(self) -> None:
        self._at: dict[bytes, _Grant] = {}

    def give(self, session: str, known: Known, mono: int) -> None:
        """The person is at this wall from now on; whoever was before is not any more."""
        self._at = {secret: grant for secret, grant in self._at.items() if mono < grant.until}
        self._at[digest(session)] = _Grant(known.account.name, known.pin_hash, mono + LASTS)

    def end(self, session: str) -> None:
        """Nobody is at this wall."""
        self._at.pop(digest(session), None)

    async def person(self, hub: Hub, session: str, *, used: bool) -> tuple[Account, int] | None:
        """Who is at this wall and for how many more µs. used: an act, which counts the time anew.

        A changed PIN, a removed account or the time that is over ends it.
        """
        grant, mono = self._at.get(digest(session)), hub.now().mono
        if grant is None or mono >= grant.until:
            return None
        account = await hub.accounts.account(grant.name)
        if account is None or (await hub.accounts.pins()).get(grant.name) != grant.pin_hash:
            self.end(session)
            return None
        if used:
            grant.until = mono + LASTS
        return account, grant.until - mono
