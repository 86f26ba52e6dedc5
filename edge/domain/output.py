"""Outputs: what the hub may switch, the order to one (a command), and the logic table that starts them by itself.

No output belongs to the certified fire-alarm system. In a gas zone nothing is switched but a gas valve, which knows
only "close", and what is marked as explosion-proof (`barred`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

from edge.domain.device import Device, DeviceProfile, Point, PointSpec, Signal
from edge.domain.names import Text
from edge.domain.reading import Value
from edge.domain.zones import within

CLOSE: Final = "close"
"""The only act a valve may have: reopening is done by hand on site, after the gas company's check."""
START: Final = "start"
STOP: Final = "stop"
"""Acts of what sounds or turns. Only a person stops it, never a linkage."""


class OutputKind(StrEnum):
    """What an output is; linkages and people address several of a kind at once."""

    SIREN = "siren"
    DESK = "desk"  # the control room's own beacon and buzzer: it follows the alarms, nobody operates it
    VALVE = "valve"
    RELAY = "relay"
    BROADCAST = "broadcast"
    FAN = "fan"
    BUZZER = "buzzer"


class Tone(StrEnum):
    """What a desk beacon shows and sounds; each is the id of an act of its profile."""

    FIRE = "fire"
    GAS = "gas"
    SOS = "sos"
    FAULT = "fault"
    NOTICE = "notice"
    SILENT = "silent"  # light only: something is open, its sound was silenced or nobody need be called
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ActSpec:
    """One thing an output can be told. write: the dialect's own checked model, handed to the driver as it is.

    confirm: value of the feedback point once it is done; None where the device cannot prove it.
    """

    id: str
    name: Text
    write: Any
    confirm: Value | None = None


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One output of a device model. feedback: last part of the id of the same device's point that reads it back.

    within: seconds in which the feedback must confirm a command. retries: further attempts in that time.
    """

    id: str
    name: Text
    kind: OutputKind
    acts: tuple[ActSpec, ...]
    feedback: str | None = None
    within: float = 5.0
    retries: int = 2

    def act(self, id: str) -> ActSpec | None:
        """The act of that id."""
        return next((act for act in self.acts if act.id == id), None)

    @property
    def feedback_fault(self) -> PointSpec:
        """The built-in point `<device>.<output>-feedback`: True while a command waits in vain for its feedback."""
        name = Text(f"{self.name.zh}反馈缺失", f"{self.name.en}: no feedback")
        return PointSpec(f"{self.id}-feedback", name, signal=Signal.FAULT)


@dataclass(frozen=True, slots=True)
class Output:
    """One output of one device; id: `<device>.<output>`."""

    id: str
    device: Device
    spec: OutputSpec
    feedback: Point | None
    ex_proof: bool

    @property
    def kind(self) -> OutputKind:
        """What it is."""
        return self.spec.kind


def outputs_of(devices: Iterable[Device], points: Mapping[str, Point]) -> dict[str, Output]:
    """All outputs of `devices` by id; points: by id, those read back among them."""
    return {
        (id := f"{device.id}.{spec.id}"): Output(
            id,
            device,
            spec,
            None if spec.feedback is None else points.get(f"{device.id}.{spec.feedback}"),
            device.ex_proof,
        )
        for device in devices
        for spec in device.profile.outputs
    }


def gas_zones(devices: Iterable[Device]) -> frozenset[str]:
    """Zones in which gas may be: the whole flat of each device that measures or reports it, or its zone alone.

    Gas goes from the kitchen to the hall, so all of the flat counts wherever in it the detector hangs; a landing or a
    floor around the flat does not. A detector in no flat speaks for its own zone and all within it.
    """
    return frozenset(
        device.flat or device.zone for device in devices if device.zone and smells(device.profile)
    )


def smells(profile: DeviceProfile) -> bool:
    """Whether a device of this model measures or reports combustible gas or carbon monoxide."""
    return profile.category in {"gas-detector", "co-detector"} or any(
        spec.signal is Signal.GAS
        or (spec.quantity is not None and spec.quantity.id in {"combustible_gas", "co"})
        for spec in profile.points
    )


Barrier = Literal["gas_zone", "close_only"]


def barred(output: Output, act: str, zones: frozenset[str]) -> Barrier | None:
    """Why `act` must never be carried out at `output`, whoever asks; zones: those of `gas_zones`."""
    if output.kind is OutputKind.VALVE:
        return None if act == CLOSE else "close_only"
    if output.ex_proof:
        return None
    zone = output.device.zone
    return "gas_zone" if any(within(zone, gas) for gas in zones) else None


class CommandState(StrEnum):
    """How far a command has come."""

    QUEUED = "queued"
    SENT = "sent"  # handed to the driver
    WRITTEN = "written"  # the bus or broker took it; the end where the device cannot prove more
    CONFIRMED = "confirmed"  # the device read it back
    UNCONFIRMED = (
        "unconfirmed"  # its time has passed without feedback: an alarm; a late feedback still ends it
    )
    REFUSED = "refused"  # it must never be done there
    EXPIRED = "expired"  # its output is no longer part of the site
    SUPERSEDED = "superseded"  # a later command to the same output took its place


@dataclass(frozen=True, slots=True)
class Command:
    """An order to an output, read back. Times are µs UTC.

    by: the person, None when the hub itself ordered it (a person's reason is the note of the first fact).
    cause: id of the linkage or drill, else None. alarm: that led to it. incident: that led to it without an alarm.
    due_at, remaining: when feedback must have come, and µs left at the last fact. error: the driver's last word.
    seen: what the feedback showed last. faulted: the alarm of its missing feedback is on.
    late: confirmed after its time.
    """

    id: str
    output: str
    device: str
    kind: OutputKind
    act: str
    name: Text
    place: Text
    zone: str
    state: CommandState
    opened_at: int
    open: bool = True
    by: str | None = None
    cause: str | None = None
    alarm: str | None = None
    attempts: int = 0
    sent_at: int | None = None
    written_at: int | None = None
    confirmed_at: int | None = None
    closed_at: int | None = None
    due_at: int | None = None
    remaining: int | None = None
    error: str | None = None
    seen: Value | None = None
    faulted: bool = False
    late: bool = False
    incident: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` turns it back."""
        return {
            "id": self.id, "output": self.output, "device": self.device, "kind": self.kind.value, "act": self.act,
            "name": [self.name.zh, self.name.en], "place": [self.place.zh, self.place.en], "zone": self.zone,
            "state": self.state.value, "opened_at": self.opened_at, "open": self.open, "by": self.by,
            "cause": self.cause, "alarm": self.alarm, "attempts": self.attempts,
            "sent_at": self.sent_at, "written_at": self.written_at, "confirmed_at": self.confirmed_at,
            "closed_at": self.closed_at, "due_at": self.due_at, "remaining": self.remaining, "error": self.error,
            "seen": self.seen, "faulted": self.faulted, "late": self.late,
            "incident": self.incident,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Command:
        """The command that `to_dict` wrote; KeyError or ValueError when it is no such row."""
        return cls(
            **{
                **row,
                "kind": OutputKind(row["kind"]),
                "name": Text(*row["name"]),
                "place": Text(*row["place"]),
                "state": CommandState(row["state"]),
            }
        )


# ---- linkage ----------------------------------------------------------------------------------------------

Mode = Literal["auto", "manual"]
Stage = Literal[1, 2]
SAME: Final = "same"
"""In a linkage: the zone of the alarm itself."""


@dataclass(frozen=True, slots=True)
class When:
    """Which alarms start a linkage; all given parts must fit.

    zone: prefix path. level: from this one upwards, 1 the mildest. stage: 1, an alarm as it is raised, yet to be
    verified; 2, a fire, gas or SOS that is certain.
    """

    signal: Signal
    stage: Stage
    zone: str | None = None
    category: str | None = None
    rule: str | None = None
    level: int = 1


@dataclass(frozen=True, slots=True)
class Do:
    """What a linkage starts: one output by id, or all of a kind in a zone (a prefix path, or `SAME`)."""

    act: str
    output: str | None = None
    kind: OutputKind | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Linkage:
    """One row of the logic table 联动关系. source: standard and clause, or "practice"."""

    id: str
    name: Text
    when: When
    do: tuple[Do, ...]
    source: str


@dataclass(frozen=True, slots=True)
class LinkageStart:
    """A linkage whose condition came true, open as long as its alarm is. state: held is offered to a person.

    acts: (output, act). by: who started a held one. alarm: None where a person confirmed an incident without one; it is
    open until that is over. incident: the one whose stage 2 it is, None at stage 1.
    """

    id: str
    linkage: str
    name: Text
    alarm: str | None
    stage: Stage
    place: Text
    acts: tuple[tuple[str, str], ...]
    state: Literal["started", "held"]
    opened_at: int
    open: bool = True
    by: str | None = None
    closed_at: int | None = None
    incident: str | None = None

    @property
    def cause(self) -> str:
        """Id of what it was started for: its alarm, else its incident."""
        return self.alarm or self.incident or ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` turns it back."""
        return {
            "id": self.id, "linkage": self.linkage, "name": [self.name.zh, self.name.en], "alarm": self.alarm,
            "stage": self.stage, "place": [self.place.zh, self.place.en], "acts": [list(act) for act in self.acts],
            "state": self.state, "opened_at": self.opened_at, "open": self.open, "by": self.by,
            "closed_at": self.closed_at, "incident": self.incident,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> LinkageStart:
        """What `to_dict` wrote; KeyError or ValueError when it is no such row."""
        name, place = Text(*row["name"]), Text(*row["place"])
        acts = tuple((output, act) for output, act in row["acts"])
        return cls(**{**row, "name": name, "place": place, "acts": acts})


MODE_ID: Final = "linkage-mode"


@dataclass(frozen=True, slots=True)
class LinkageMode:
    """联动:自动 / 手动. In manual, what a linkage would start is held and offered. since: µs UTC."""

    mode: Mode = "auto"
    by: str | None = None
    since: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, as a case that never closes."""
        row = {"mode": self.mode, "by": self.by, "since": self.since}
        return {"id": MODE_ID, "open": True, "opened_at": self.since or 0, **row}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> LinkageMode:
        """What `to_dict` wrote."""
        return cls(row["mode"], row["by"], row["since"])


# ---- what people ask --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operate:
    """Switch outputs by hand: those of `outputs`, or all of `kind` in `zone` (a prefix path; "" for the whole site).

    drill: id of the drill that asks; it stops only what its own command has switched last.
    Refusals: not_found, gas_zone, close_only, automatic (the desk's beacon follows the alarms), superseded.
    """

    act: str
    by: str
    outputs: tuple[str, ...] = ()
    kind: OutputKind | None = None
    zone: str = ""
    reason: str = ""
    drill: str | None = None

    @property
    def FAILS_OPEN(self) -> bool:  # noqa: N802 - as requests say it, here by what is asked
        """A drill's siren is stopped without the journal: it must not sound into what is real."""
        return self.drill is not None and self.act == STOP


@dataclass(frozen=True, slots=True)
class SetLinkage:
    """Switch linkage to automatic or manual; needs a reason (Refusal reason_required)."""

    mode: Mode
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class StartHeld:
    """Start what a linkage in mode manual holds; id: of the `LinkageStart`. Refusals: not_found, closed."""

    id: str
    by: str


OutputRequest = Operate | SetLinkage | StartHeld


@dataclass(frozen=True, slots=True)
class OutputState:
    """How an output stands. command: the latest of the last 30 days; seen: what its feedback showed last.

    barrier: why nothing can be switched there by hand, None where it can.
    """

    output: Output
    command: Command | None
    seen: Value | None
    barrier: Barrier | None
