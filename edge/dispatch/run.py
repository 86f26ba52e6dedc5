"""One case of escalation: a ladder of calls about an alarm or order, or one message of its own, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from edge.domain.device import Signal
from edge.domain.reading import Purpose
from edge.domain.roster import Policy
from edge.domain.rule import Priority


@dataclass(frozen=True, slots=True)
class Run:
    """Times are µs UTC. Its facts hold ids of people only.

    id: `es-…` for a ladder, `et-…` for one message; then `event` says on what, and `tell` which of the policy it is.
    done: steps already carried out, over all rounds. calls: of the last step or of the message, each `{"person",
    "channels", "message"}`; person "" is a group. due_at, remaining: when the next step comes and µs left until then,
    as at the last fact; None when none comes. deferred: it waits for the end of quiet hours.
    reason: why it ended: acknowledged, closed, verdict, suppressed, risen, reassigned, exhausted, no-policy, told.
    """

    id: str
    open: bool
    opened_at: int
    policy: str
    cause: str  # number of the fact that started it
    subject: str = "alarm"
    alarm: str | None = None
    order: str | None = None
    hazard: str | None = None
    incident: str | None = None
    event: str | None = None
    tell: int = 0
    zone: str = ""
    signal: str | None = None
    priority: str | None = None
    purpose: str = Purpose.LIVE.value
    assigned: tuple[str, ...] = ()
    done: int = 0
    calls: tuple[Mapping[str, Any], ...] = ()
    due_at: int | None = None
    remaining: int | None = None
    deferred: bool = False
    closed_at: int | None = None
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the journal and its row; `from_dict` turns it back."""
        return asdict(self) | {"assigned": list(self.assigned), "calls": [dict(call) for call in self.calls]}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Self:
        """The run that `to_dict` wrote; keys of a later version are left out. KeyError when it is no such row."""
        known = {field.name: row[field.name] for field in fields(cls) if field.name in row}
        return cls(
            **known | {"assigned": tuple(row["assigned"]), "calls": tuple(dict(c) for c in row["calls"])}
        )

    def covered_by(self, policy: Policy) -> bool:
        """Whether `policy` is about such a case."""
        return policy.subject == self.subject and policy.covers(
            None if self.signal is None else Signal(self.signal),
            None if self.priority is None else Priority(self.priority),
            Purpose(self.purpose),
        )


def ended(kind: str, body: Mapping[str, Any]) -> str | None:
    """Why an alarm needs nobody called any more after a fact of this kind; None while it does.

    That it is real is no reason: calls for help end when somebody takes it.
    """
    if body["closed_at"] is not None:
        return "closed"
    if body["acked"]:
        return "acknowledged"
    if kind == "alarm.verdict" and body["verdict"]["kind"] != "real":
        return "verdict"
    return None if body["suppression"] is None else "suppressed"
