"""Facts: what happened or was decided, numbered before any disk write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

_SEQ: Final = re.compile(r"(\d{1,18})-(\d{1,18})")


class Seq(NamedTuple):
    """A fact's number within its epoch. A start without the mark of a clean stop opens a new epoch.

    `number` grows by one per fact over all epochs; only facts that were never committed can share a number.
    """

    epoch: int
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> Seq:
        """From `<epoch>-<number>`; ValueError otherwise."""
        match = _SEQ.fullmatch(text)
        if match is None:
            msg = f"not a sequence number <epoch>-<number>: {text[:40]!r}"
            raise ValueError(msg)
        return cls(int(match.group(1)), int(match.group(2)))


class Numbering:
    """Hands out sequence numbers; one per hub, owned by the log of facts, used by all who decide."""

    def __init__(self, epoch: int, last: int) -> None:
        self.epoch = epoch
        self.last = last

    def next(self) -> Seq:
        """The next number."""
        self.last += 1
        return Seq(self.epoch, self.last)


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of the log and the journal.

    kind: "alarm.raised", "alarm.acked", "session.opened", …; time: µs UTC; by: account name of the person, else None.
    subject: which part of the API's words `body` is ("alarm", "device", …), empty when the kind says all.
    body: plain JSON values (for "alarm.*" the alarm as it stands after it, `Alarm.to_dict`).
    note: a person's own words; kept in an erasable table, the chain holds only their hash.
    """

    seq: Seq
    kind: str
    time: int
    by: str | None = None
    subject: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None
