"""Who may do what: the one table of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from edge.facade import Role


class Perm(Enum):
    """One kind of act behind a route or a button."""

    SEE = auto()  # alarms, devices, values, health, and one's own session
    ACK = auto()  # 接警 / 知悉
    VERDICT = auto()
    RESET = auto()  # 复位, forced with a reason
    SHELVE = auto()
    COMMENT = auto()
    SILENCE = auto()  # 消音 of the desk
    JOURNAL = auto()  # who did what, sign-ins included
    METRICS = auto()


ALLOWED: Final[Mapping[Role, frozenset[Perm]]] = {
    Role.GUARD: frozenset(
        {Perm.SEE, Perm.ACK, Perm.VERDICT, Perm.RESET, Perm.SHELVE, Perm.COMMENT, Perm.SILENCE, Perm.JOURNAL}
    ),
    # A crew repairs and reports what it found; the desk alone answers, silences and resets.
    Role.MAINTENANCE: frozenset({Perm.SEE, Perm.SHELVE, Perm.COMMENT, Perm.METRICS}),
    Role.ADMIN: frozenset(Perm),
}


def allows(role: Role, perm: Perm) -> bool:
    """Whether `role` may do what `perm` stands for."""
    return perm in ALLOWED[role]
