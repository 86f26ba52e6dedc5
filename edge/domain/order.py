"""The work order: the only thing that is assigned, due and escalated, and what a person can do with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, Literal

from edge.domain.device import Signal
from edge.domain.fact import Seq
from edge.domain.names import Text
from edge.domain.rule import Priority


class OrderState(StrEnum):
    """How far it is. A hold stands beside the state, it is none of its own."""

    NOTIFIED = "notified"  # 待接单
    ACCEPTED = "accepted"  # 已接单
    EN_ROUTE = "en_route"  # 已出发
    ON_SITE = "on_site"  # 处理中
    DONE = "done"  # 完工待验收
    VERIFIED = "verified"  # 已验收: closed
    CANCELLED = "cancelled"  # closed


NO_WORDS: Final = Text("", "")
CLOSED: Final = frozenset({OrderState.VERIFIED, OrderState.CANCELLED})

HoldReason = Literal["parts", "owner", "maker"]
"""待料, 待业主, 待厂家."""
PhotoKind = Literal["before", "after", "other"]
Proof = Literal["qr", "said"]
"""How the arrival is known: the code at the device was read, or the person said so. A position alone proves nothing."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why the work rests. at: µs UTC. The due clock stops from `at` on once somebody of the desk approved it."""

    reason: HoldReason
    by: str
    at: int
    remaining: int | None  # µs that were left to the due time when it was asked for
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """One picture of the evidence. at: µs UTC it was added; round: how often the work had been sent back by then."""

    id: str
    kind: PhotoKind
    sha256: str
    by: str
    at: int
    width: int
    height: int
    round: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Material used."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """Times are µs UTC. Persons are account names. People's words here and in the notes of its facts can be erased.

    number: for people, grows over the whole site. opened_by: None when a rule opened it, `rule` says which.
    title: what is the matter; task: what to do, empty when the title says it; category: of the device, or a person's.
    crew, offered: who was told (crew id, person ids); unmanned: nobody with the skill was to be found.
    assignee: who answers for it. due_at: None while the due clock stands; remaining: µs that were left at the last
    fact. redone: how often it was sent back. reason: stable word of the last reject, redo, cancel or help.
    cause, action: stable word of the lists the panel offers, or the person's own. help_asked: who was asked for help
    last, "" the desk.
    """

    id: str
    number: int
    state: OrderState
    opened_at: int
    title: Text
    priority: Priority
    seq: Seq
    opened_by: str | None = None
    rule: str | None = None
    task: Text = NO_WORDS
    category: str = ""
    place: Text = NO_WORDS
    zone: str = ""
    device: str | None = None
    alarm: str | None = None
    hazard: str | None = None
    skill: str = ""
    crew: str | None = None
    offered: tuple[str, ...] = ()
    unmanned: bool = False
    assignee: str | None = None
    hold: Hold | None = None
    due_at: int | None = None
    remaining: int | None = None
    overdue: bool = False
    accepted_at: int | None = None
    en_route_at: int | None = None
    on_site_at: int | None = None
    on_site_proof: Proof | None = None
    done_at: int | None = None
    done_by: str | None = None
    verified_at: int | None = None
    verified_by: str | None = None
    closed_at: int | None = None
    redone: int = 0
    needs_photos: bool = False
    photos: tuple[Photo, ...] = ()
    parts: tuple[Part, ...] = ()
    cause: str | None = None
    action: str | None = None
    reason: str | None = None
    helpers: tuple[str, ...] = ()
    help_asked: str | None = None

    @property
    def open(self) -> bool:
        """Whether it still needs something."""
        return self.state not in CLOSED

    @property
    def stopped(self) -> bool:
        """Whether the due clock stands: an approved hold, or the work is done."""
        held = self.hold is not None and self.hold.approved_by is not None
        return held or self.state is OrderState.DONE or not self.open

    @property
    def proved(self) -> bool:
        """Whether a photo of the finished work is there, taken since it was last sent back."""
        return any(photo.kind == "after" and photo.round == self.redone for photo in self.photos)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the journal and its state table; `from_dict` turns it back."""
        row = {field.name: getattr(self, field.name) for field in fields(self)}
        return row | {
            "open": self.open,
            "state": self.state.value,
            "priority": self.priority.value,
            "seq": str(self.seq),
            "title": [self.title.zh, self.title.en],
            "task": [self.task.zh, self.task.en],
            "place": [self.place.zh, self.place.en],
            "offered": list(self.offered),
            "helpers": list(self.helpers),
            "hold": None if self.hold is None else _plain(self.hold),
            "photos": [_plain(photo) for photo in self.photos],
            "parts": [_plain(part) for part in self.parts],
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> WorkOrder:
        """The order that `to_dict` wrote; KeyError, TypeError or ValueError when it is no such row."""
        return cls(
            **{
                **{field.name: row[field.name] for field in fields(cls) if field.name in row},
                "state": OrderState(row["state"]),
                "priority": Priority(row["priority"]),
                "seq": Seq.parse(row["seq"]),
                "title": Text(*row["title"]),
                "task": Text(*row["task"]),
                "place": Text(*row["place"]),
                "offered": tuple(row["offered"]),
                "helpers": tuple(row["helpers"]),
                "hold": None if row["hold"] is None else Hold(**row["hold"]),
                "photos": tuple(Photo(**photo) for photo in row["photos"]),
                "parts": tuple(Part(**part) for part in row["parts"]),
            }
        )


def _plain(value: Hold | Photo | Part) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


@dataclass(frozen=True, slots=True)
class OrderRule:
    """When an order is opened by itself. Empty selectors fit everything; the first rule that fits is taken.

    on: "raised" an alarm came, "fault" a person judged an alarm to be a fault of the device.
    rules: ids of alarm rules; categories: of device profiles. due: seconds, None without a due time.
    priority: None as the alarm's. source: standard and clause, or the word "practice".
    """

    id: str
    on: Literal["raised", "fault"]
    skill: str
    title: Text
    source: str
    task: Text = NO_WORDS
    rules: tuple[str, ...] = ()
    signals: tuple[Signal, ...] = ()
    categories: tuple[str, ...] = ()
    due: float | None = None
    priority: Priority | None = None
    needs_photos: bool = False


# ---- requests -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """派单 by a person. due: seconds from now. assignee: a person to send, else the crew with the skill is told.

    asked: what the client said, by which a repeat is known; what is made of it changes with time and alarm.
    """

    by: str
    title: Text
    task: Text = NO_WORDS
    category: str = ""
    place: Text = NO_WORDS
    zone: str = ""
    device: str | None = None
    alarm: str | None = None
    hazard: str | None = None
    priority: Priority = Priority.MEDIUM
    skill: str = ""
    assignee: str | None = None
    due: float | None = None
    needs_photos: bool = False
    note: str | None = None
    asked: str = ""


Step = Literal[
    "accept", "reject", "reassign", "depart", "arrive", "hold", "approve", "resume", "finish", "verify", "redo",
    "cancel", "help", "undo",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Advance:
    """One step of an order.

    reason: stable word (hold: one of `HoldReason`); required of reject, hold, redo and cancel, a note does for the
    last two as well. person: whom to hand it to (reassign, required) or who comes to help. cause, action: of finish.
    undo takes back one's own last step within 10 s. entitled: may take or reject an order that was offered to others:
    a person of the desk, or one whom the hub itself has called about it.
    """

    order: str
    by: str
    step: Step
    reason: str | None = None
    note: str | None = None
    person: str | None = None
    proof: Proof = "said"
    cause: str | None = None
    action: str | None = None
    entitled: bool = False


@dataclass(frozen=True, slots=True)
class AddPhoto:
    """A picture that is kept as evidence already. kind: after is what `needs_photos` asks for."""

    order: str
    by: str
    photo: str
    kind: PhotoKind
    sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class AddPart:
    """Material used. count: at least 1."""

    order: str
    by: str
    name: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class CommentOrder:
    """A remark in the order's story."""

    order: str
    by: str
    note: str


OrderRequest = OpenOrder | Advance | AddPhoto | AddPart | CommentOrder
