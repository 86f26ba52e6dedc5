"""The driver contract: what a protocol folder under `drivers/` offers, and what it is lent.

A driver does I/O in threads of its own and hands bytes over with `Host.offer`. A codec does no I/O and knows no time:
it turns those bytes into addressed messages, and messages into samples. Nothing else crosses the border.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from edge.domain.camera import CameraZone, Polygon, Still, View
from edge.domain.conclusion import Write, Written
from edge.domain.device import DeviceProfile
from edge.domain.footage import Finding
from edge.domain.health import LinkReport
from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.domain.reading import Delivery, Message, RawReading, Sample, Value


class Host(Protocol):
    """What the hub lends a driver. Every method may be called from any thread and never blocks."""

    @property
    def site(self) -> str:
        """Id of the site, for names that must not clash on shared media (an MQTT client id)."""

    def now(self) -> Instant:
        """The moment, for `RawReading.received`."""

    def offer(self, raw: RawReading) -> bool:
        """Queue `raw`; False when this source's queue is full: the driver keeps it and offers again, or rejects it."""

    def reject(self, source: str, reason: str, channel: str, sample: bytes, error: str) -> None:
        """Count bytes that never became a message (CRC error, noise, too large). reason is a short stable word."""

    def session_new(self, source: str) -> None:
        """The sender kept no session for us: packet ids start anew, so what is known of earlier deliveries of this
        source is void. Called before the first message of the new session is offered.
        """

    def heard(self, source: str, address: str, *, ok: bool) -> None:
        """A polled device answered (ok) or failed to; drives the device's `link` where silence has another meaning."""

    def written(self, receipt: Written) -> None:
        """What became of a write: the one answer that each `Driver.write` gets."""


class Codec(Protocol):
    """A dialect without I/O. One instance serves one source; it is called from one thread only."""

    def parse(self, channel: str, payload: bytes) -> Sequence[Message]:
        """Split a payload into addressed messages; empty when it is none of the devices' business.

        ProtocolError when the payload is no valid message of this dialect.
        """

    def samples(self, message: Message, profile: DeviceProfile | None) -> Sequence[Sample]:
        """Values of one message. Without a profile, what the dialect itself knows (for `decode` and quarantine).

        ProtocolError when the body does not hold what the profile asks for.
        """


@runtime_checkable
class Rehearsing(Protocol):
    """A codec that can also say what a device would send: a drill begins with bytes, as a real alarm does."""

    def rehearse(
        self, address: str, profile: DeviceProfile, values: Mapping[str, Value]
    ) -> Sequence[tuple[str, bytes]]:
        """(channel, payload) of each message by which the device says `values`: by the field that its points read.

        Values are the device's own: in its unit, a state True where abnormal before the profile turns it round.
        Where one message holds more than is asked for, the rest is taken from `values` too, or is zero.
        ProtocolError when the dialect cannot say one of them.
        """


class Driver(Protocol):
    """One connection of the site file, living in its own threads. Made as `Driver(connection, devices)`."""

    codec: Codec
    window: int
    """Deliveries that may be unacknowledged before the sender falls silent; 0 where nothing is acknowledged."""

    def start(self, host: Host) -> None:
        """Begin; returns at once. A link that is down is retried for ever and never raises here."""

    def stop(self) -> None:
        """End all threads; returns when they have ended (at most a few seconds)."""

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Their readings are stored: answer the sender (MQTT PUBACK). Thread-safe; stale generations are ignored."""

    def write(self, write: Write) -> None:
        """Carry out an act at the device `write.device`. Never blocks, from any thread, never raises.

        `write.body` is the checked model of `DriverSchema.write`. The driver answers once, by `Host.written`: error
        None when the device or the broker took it; else why not, at once where the link is down. It keeps nothing
        for later: whoever commands tries again. A driver whose schema has no `write` answers that it cannot.
        """

    def report(self) -> LinkReport:
        """State and counters of the link. Thread-safe."""


class Publisher(Protocol):
    """Shows what is open to whoever listens. Any thread may call it; nothing blocks and nothing raises.

    Only the newest of each (kind, id) counts. While the link is down it is remembered, and shown when it is up again;
    what an earlier run of the hub showed and is over is taken away then.
    """

    id: str

    def start(self, host: Host) -> None:
        """Begin; what is open must be shown before."""

    def stop(self) -> None:
        """End all threads; what is shown stays."""

    def show(self, kind: str, id: str, payload: bytes) -> None:
        """It is open, and this is how it stands."""

    def clear(self, kind: str, id: str) -> None:
        """It is over."""

    def report(self) -> LinkReport:
        """State and counters of the link."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of handing a text to the network. references: of its parts, by which each `Arrived` is told.

    error None: taken; else why not, and whether trying again can help.
    """

    references: tuple[str, ...] = ()
    error: Text | None = None
    again: bool = True


@dataclass(frozen=True, slots=True)
class Rung:
    """What came of a ring call. error: no call was made (or it broke off), and whether trying again can help."""

    outcome: Literal["answered", "no-answer", "busy", "failed"]
    error: Text | None = None
    again: bool = True


@dataclass(frozen=True, slots=True)
class Arrived:
    """A delivery report for one reference. arrived: on the phone, else it never will be. number: whose phone."""

    reference: str
    arrived: bool
    number: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A text that came. number: as the network tells it; time: µs UTC by the network, None where it tells none.

    id: of this text alone, the same each time it is told.
    """

    number: str
    text: str
    time: int | None
    id: str


@runtime_checkable
class Messenger(Protocol):
    """A driver that reaches phones. Every method may be called from any thread, never blocks and never raises.

    A future that is cancelled before its turn is never carried out. Without a link it fails at once.
    """

    def submit(self, number: str, text: str, *, urgent: bool) -> Future[Posted]:
        """Send a text; an urgent one before all else that waits."""

    def ring(self, number: str, seconds: float) -> Future[Rung]:
        """Let a phone ring for so many seconds, and hang up as soon as it is answered."""

    def listen(self, told: Callable[[Arrived | Incoming], None]) -> None:
        """From now on tell reports and texts that come; from the driver's own thread, `told` must not block.

        A text is kept, over a restart too, and told again now and then, until it is released.
        """

    def release(self, id: str) -> None:
        """The text of this id is on record: it need not be kept any longer."""


@runtime_checkable
class Looking(Protocol):
    """A driver that sees through a camera. Every method may be called from any thread and never raises."""

    def watch(self, zones: Sequence[CameraZone], masks: Sequence[Polygon]) -> None:
        """From now on look at these zones, and keep nothing of what is under these masks."""

    def resume(self, findings: Sequence[Finding]) -> None:
        """Before the start: these were open when the hub ended, and go on until it sees that they are over."""

    def view(self) -> View:
        """How the camera does."""

    def latest(self) -> Still | None:
        """Its newest picture, None while it has none."""

    def stills(self, start: int, end: int) -> Sequence[Still]:
        """What the ring still holds of [start, end] (µs UTC), oldest first."""

    def clip(self, start: int, end: int, path: Path) -> Future[Text | None]:
        """Make a film of the ring's pictures of [start, end] at `path`; None, or why there is none.

        By a child of low priority; a future that is cancelled ends it.
        """


@dataclass(frozen=True, slots=True)
class DriverSchema:
    """What a driver's `config.py` exports as `SCHEMA`: pydantic models for each table it reads, strict.

    kind: which table of site.toml lists its connections ("mqtt" › `[[mqtt.listen]]`, "serial" › `[[serial]]`, "nut"
    or "camera" likewise).
    connection: the table of one source, without its `id`, `dialect` and `name`, which every source has.
    address: `address = {dialect = …, …}` of a device, without its `dialect`.
    profile: the `read = {…}` of a profile, point: the `read = {…}` of one of its points.
    write: the `write = {…}` of an output's act, given to `Driver.write`; None where devices are only listened to.
    key: address model -> the address string that `Codec.parse` yields for that device.
    bus_of: address model -> id of the source it must be on, None where any source of the dialect will do.
    parent: the table around it ([[mqtt]] without its `id`, `listen` and `publish`), None where the source stands alone.
    messenger: its drivers are `Messenger`s: people are reached over them.
    sees: its devices are cameras: what one tells is a suspicion, whatever a site's profile makes of it.
    combine: (parent model or None, connection model) -> `Connection.settings`; None: the connection model itself.

    All models are pydantic, strict, and forbid extra keys. Paths in them (`password_file`) arrive absolute: a field
    of type `pathlib.Path` is read relative to the site's folder.
    """

    dialect: str
    kind: str
    connection: type[Any]
    address: type[Any]
    profile: type[Any]
    point: type[Any]
    key: Callable[[Any], str]
    bus_of: Callable[[Any], str | None] = field(default=lambda _address: None)
    parent: type[Any] | None = None
    combine: Callable[[Any, Any], Any] | None = None
    write: type[Any] | None = None
    messenger: bool = False
    sees: bool = False


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """What `edge-hub decode` was told besides the payload. zone: that of times which name none."""

    topic: str | None = None
    profile: DeviceProfile | None = None
    request: bytes | None = None
    fport: int | None = None
    zone: tzinfo | None = None


@dataclass(slots=True)
class Decoded:
    """One line of `edge-hub decode`: a sample with its device's address, and the profile's point where one fits."""

    address: str | None
    sample: Sample


Decode = Callable[[bytes, DecodeOptions], "DecodeResult"]


@dataclass(slots=True)
class DecodeResult:
    """Good samples, and one sentence for each part that was none."""

    decoded: list[Decoded] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
