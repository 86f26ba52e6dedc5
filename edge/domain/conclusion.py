"""Step 4 of the line, in types: what follows from what has just happened, and what is then to be done outside.

Each tenant of step 4 (outputs, orders, escalation, notifications, the desk's watch) is a pure state machine over its
cases. A case is the fold of its facts: every fact about one carries the case as it then stands, and the journal keeps
the last of these bodies as its row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, runtime_checkable

from edge.domain.camera import CameraZone, Polygon
from edge.domain.fact import Fact, Seq
from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.domain.reading import Reading, Value
from edge.domain.request import Request

CASES: Final = frozenset(
    {
        "command", "linkage", "order", "escalation", "notification", "handover", "watch", "outage",
        "incident", "drill", "stock", "hazard", "nuisance", "duty", "round", "facility",
        "calendar", "finding", "stills", "camera", "viewing", "absence",
    }
)  # fmt: skip
"""Subjects whose facts make rows of the journal's state table.

The body of such a fact has at least `id` (unique within the subject), `open` (bool: whether it still needs something)
and `opened_at` (µs UTC); one that belongs to an alarm names it as `alarm`, to an order as `order`.
"""


@dataclass(frozen=True, slots=True)
class Write:
    """Have a driver carry out a command at a device. device: its id; body: the dialect's own checked model.

    The driver answers with `Written`, also when it failed; whether the device did it is told by its readings.
    """

    command: str
    attempt: int
    device: str
    body: Any


@dataclass(frozen=True, slots=True)
class Send:
    """Have a channel send a notification. person: id in the roster, "" for a channel that reaches a place or a group.

    text: whole words of the message in the receiver's language. urgent: a ring call or a priority push is in place.
    repeat: an earlier attempt may have arrived, the text says so already.
    """

    notification: str
    attempt: int
    channel: str
    person: str
    text: str
    urgent: bool
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """Have a channel let go of an answer, which is on record now. key: as it came in `Answered`."""

    channel: str
    key: str


@dataclass(frozen=True, slots=True)
class Rehearse:
    """Have a marked message enter at the edge of a point's driver, as its device would send it. value: canonical unit.

    What comes of it is of that drill, and never of what is real.
    """

    drill: str
    point: str
    value: Value


@dataclass(frozen=True, slots=True)
class Capture:
    """Keep a picture of a camera. stills, shot: ids of the set and the picture. wanted: µs UTC it is to show.

    which: "before", the newest one up to then will do, however old the ring has it; "at", one within a second; "after",
    the next one will do, for a minute; "clip", a film from `start` (µs UTC) to then. Answered by `Captured`, also when
    there is none. The same shot again is the same file.
    """

    stills: str
    shot: str
    device: str
    wanted: int
    which: Literal["before", "at", "after", "clip"] = "at"
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Erase:
    """Delete pictures for good. shots: ids. Answered by `Erased`."""

    stills: str
    shots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Aim:
    """Have a camera look at these zones, and keep nothing of what is under these masks."""

    device: str
    zones: tuple[CameraZone, ...]
    masks: tuple[Polygon, ...]


Look = Capture | Erase | Aim
Effect = Write | Send | Release | Rehearse | Look


@dataclass(frozen=True, slots=True)
class Written:
    """A driver's word: the bus or broker took the command (error None), or why it did not."""

    command: str
    attempt: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A channel's word on an attempt. error None: accepted. again: whether trying again can help.

    reference: the channel's own number, by which a later `Delivered` is told. wait: seconds the channel asks for.
    """

    notification: str
    attempt: int
    error: str | None = None
    again: bool = True
    reference: str | None = None
    wait: float | None = None
    answered: bool = False  # a ring call was picked up


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery report. error None: it is on the person's device; else it never will be."""

    channel: str
    reference: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """Words that came back on a channel, from a person where the sender is known. address: as the channel names it.

    key: the same for the same words where the channel may tell them again, "" where it cannot tell; such a channel
    keeps them until `Release`. written_at: µs UTC by the network's clock, None where it tells none.
    """

    channel: str
    address: str
    text: str
    person: str | None = None
    key: str = ""
    written_at: int | None = None


@dataclass(frozen=True, slots=True)
class Alive:
    """A person's phone, or ("") a wall, gave a sign of life; hears: its sound is on.

    shown: the last fact of the log its screen has had while somebody could see it, None where it was hidden.
    """

    person: str
    hears: bool
    shown: Seq | None = None


@dataclass(frozen=True, slots=True)
class Captured:
    """What came of a `Capture`. taken: µs UTC the picture shows (of a film: its end), None: there is none, and why.

    size: bytes of the file.
    """

    stills: str
    shot: str
    taken: int | None = None
    sha256: str = ""
    width: int = 0
    height: int = 0
    size: int = 0
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What came of an `Erase`. error None: the files of all shots are gone; else they are tried again later."""

    stills: str
    error: str | None = None


Receipt = Written | Sent | Delivered | Answered | Alive | Captured | Erased


@dataclass(slots=True)
class Happened:
    """What a step gives its tenants: readings as evaluated, receipts, and the facts made so far in it, in order.

    facts grow from tenant to tenant: each sees those of the alarm engine and of the tenants before it.
    """

    facts: Sequence[Fact] = ()
    readings: Sequence[Reading] = ()
    receipts: Sequence[Receipt] = ()


@dataclass(slots=True)
class Conclusion:
    """What a tenant made of a step, a tick or a request.

    facts: numbered, in order. effects: carried out after the facts are recorded. requests: acts that follow (an answer
    "1" acknowledges an alarm), carried out on the line as if the person had pressed the button. readings: of built-in
    points, evaluated in the next step (an unconfirmed command is an alarm). subject: body of the case asked about.
    """

    facts: list[Fact] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    subject: Mapping[str, Any] | None = None


class Tenant(Protocol):
    """One state machine of step 4. Called from one thread; never raises."""

    kinds: tuple[str, ...]
    """Subjects of `CASES` whose rows it owns.

    A tenant that must know closed cases again says so as `remembers: Mapping[str, int]`: kind -> how many µs after
    `closed_at` (then also a key of their bodies) `restore` is still given them.
    """

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Take up its open cases after a restart, oldest first; what was under way is repeated, and says so."""

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """What follows, also from time alone: due timers are looked at here."""

    def next_due(self) -> int | None:
        """Mono µs at which time alone makes something follow."""


@runtime_checkable
class Heeding(Tenant, Protocol):
    """A tenant that looks at readings. A step that brought nothing but readings nobody heeds is not concluded from."""

    def heeds(self, reading: Reading) -> bool:
        """Whether something may follow from this reading by itself."""


@runtime_checkable
class Acting(Tenant, Protocol):
    """A tenant of which people ask something."""

    requests: tuple[type[Any], ...]
    """The requests it carries out."""

    def act(self, request: Any, now: Instant) -> Conclusion:
        """Carry out a request of one of `requests`; raises Refusal, and nothing else."""
