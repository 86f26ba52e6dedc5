"""What a person can ask of the hub, and how it refuses.

The requests of alarms and the desk stand here, those of another case beside that case. (A command is an order to an
output: `edge.domain.output`.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from edge.domain.alarm import VerdictKind


class Request(Protocol):
    """Anything a person asks. by: who, as the journal names them.

    A class of requests that must work while the journal cannot be written says `FAILS_OPEN: ClassVar = True`.
    """

    @property
    def by(self) -> str:
        """Account or person that asks."""


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """接警 / 知悉. A second one changes nothing; the first person stays."""

    FAILS_OPEN: ClassVar = True
    alarm: str
    by: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """复位 of a latched alarm: needs acknowledged and inactive, or `force` with a reason.

    second: who agrees, needed where a fire, gas or SOS is forced.
    """

    alarm: str
    by: str
    force: bool = False
    reason: str | None = None
    second: str | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """The verdict of a person."""

    alarm: str
    by: str
    kind: VerdictKind
    cause: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Shelve:
    """限时搁置 until `until` (µs UTC), at most 8 h ahead; `until=None` takes a shelving back.

    second: another person who agrees, for fire, gas and SOS.
    """

    alarm: str
    by: str
    until: int | None
    reason: str
    second: str | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark in the alarm's story, or a picture of the evidence that is kept already (its id and hash), or both."""

    alarm: str
    by: str
    note: str
    photo: str | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """消音 of the desk: ends itself on any new alarm and after five minutes."""

    FAILS_OPEN: ClassVar = True
    by: str


AlarmRequest = Acknowledge | Reset | Judge | Shelve | Comment | Silence


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """Why a request was not carried out: a stable code of the API and one sentence for the person.

    Codes: not_found, not_acknowledged, still_active, closed, reason_required, not_shelvable, too_long, not_saved,
    key_reused, second_person, same_person, out_of_service, gas_zone, close_only, automatic, not_graded, not_proved,
    not_manager, element_required, interim_required, no_round, stops_missing, tasks_missing, unchecked, unknown_code,
    bad_time, bad_file, no_backup, clock, ntp, not_installed.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
