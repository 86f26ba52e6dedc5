"""Steps 1 and 2 of the line: a batch of messages becomes readings, receipts, and what else came with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.domain.device import Binding, Device, Point, Signal
from edge.domain.instant import MINUTE, SECOND, Instant
from edge.domain.reading import (
    Arrival,
    Delivery,
    DeliveryKey,
    Message,
    NewSession,
    PartialError,
    ProtocolError,
    Purpose,
    RawReading,
    Reading,
    Sample,
)
from edge.driver import Codec
from edge.ingest.binding import Directory
from edge.ingest.deliveries import Deliveries, Known, digest
from edge.ingest.normalising import Normaliser
from edge.ingest.quarantine import CODEC_DEFECT, Quarantine, Rejects
from edge.ingest.strangers import Strangers

STRAGGLING: Final = 10 * MINUTE  # how far behind a device's newest message an overtaken one can be
_ALARMING: Final = frozenset({Signal.FIRE.value, Signal.GAS.value, Signal.SOS.value})


@dataclass(slots=True)
class Receipt:
    """A delivery whose readings wait to be stored.

    alarming: state points it reports an alarm of, to be evaluated. first, last: its readings in the batch, last not
    included.
    """

    key: DeliveryKey
    alarming: tuple[str, ...] = ()
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Adoption:
    """A device that came over a trusted topic of `source`."""

    device: Device
    points: Sequence[Point]
    source: str


@dataclass(slots=True)
class Taken:
    """What a batch held.

    strangers: points that came into being for senders nobody registered.
    heard: devices that spoke live, each with its own word about its link (None: it merely spoke).
    stored: receipts of repeats whose readings are stored already, to be answered at once.
    renewed: sources whose sender has begun a new session; receipts of the old one are left out.
    """

    readings: list[Reading] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    stored: list[tuple[str, Delivery]] = field(default_factory=list)
    adopted: list[Adoption] = field(default_factory=list)
    strangers: list[Point] = field(default_factory=list)
    heard: list[tuple[str, bool | None]] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)


class Intake:
    """Binds and normalises. A message that cannot be used is counted with a sample and never stops the next."""

    def __init__(
        self,
        codecs: Mapping[str, Codec],
        directory: Directory,
        normaliser: Normaliser,
        deliveries: Deliveries,
        quarantine: Quarantine,
        rejects: Rejects,
    ) -> None:
        self._codecs = codecs
        self._directory = directory
        self._normaliser = normaliser
        self._deliveries = deliveries
        self._quarantine = quarantine
        self.rejects = rejects
        self._strangers = Strangers()
        self._spent: dict[str, tuple[int, int]] = {}
        self._newest: dict[
            str, tuple[int, int | None]
        ] = {}  # by device: its last sequence, and its time then
        self.bridges: dict[str, bool] = {}  # what a gateway says of its own link, by source
        self.duplicates = 0
        self.rate_limited = 0

    def bind(self, dialect: str, address: str) -> Binding | None:
        """The device with that address, None when the site has none."""
        return self._directory.bind(dialect, address)

    def take(self, batch: Sequence[RawReading | NewSession], now: Instant) -> Taken:
        """Steps 1 and 2 for a batch, in its order."""
        taken = Taken()
        for raw in batch:
            if isinstance(raw, NewSession):
                self._renew(raw.source, taken)
                continue
            delivery = raw.delivery
            if delivery is None:
                self._read(raw, taken, now)
                continue
            mark = digest(raw.channel, raw.payload)
            key = DeliveryKey(raw.source, delivery, mark)
            known = Known.NEW
            if delivery.redelivered:
                known = self._deliveries.look_up(raw.source, delivery.packet, mark)
            if known is Known.STORED:
                self.duplicates += 1
                taken.stored.append((raw.source, delivery))
                continue
            if known is Known.PENDING:
                self.duplicates += 1
                taken.receipts.append(Receipt(key))
                continue
            first = len(taken.readings)
            self._read(raw, taken, now)
            alarming = self._guard(raw.source, delivery, taken.readings[first:])
            self._deliveries.taken(raw.source, delivery.packet, mark)
            taken.receipts.append(Receipt(key, alarming, first, len(taken.readings)))
        return taken

    def _renew(self, source: str, taken: Taken) -> None:
        """The sender repeats nothing of its old session: keys of it would only be mistaken for those of the new one."""
        self._deliveries.forget(source)
        taken.receipts = [receipt for receipt in taken.receipts if receipt.key.source != source]
        taken.renewed.append(source)

    def _read(self, raw: RawReading, taken: Taken, now: Instant) -> None:
        """A payload, each device's share by itself: a bad one does not cost the others."""
        codec = self._codecs[raw.source]
        try:
            messages = codec.parse(raw.channel, raw.payload)
        except Exception as error:  # noqa: BLE001 - a codec's own defect must not stop the line; it is counted and shown
            self._refuse(raw, error)
            return
        for message in messages:
            try:
                self._share(raw, message, codec, taken, now)
            except Exception as error:  # noqa: BLE001 - as above
                self._refuse(raw, error)

    def _refuse(self, raw: RawReading, error: Exception) -> None:
        if isinstance(error, ProtocolError):
            self._reject(raw, "malformed", str(error))
        else:
            self.rejects.defect(raw.source, CODEC_DEFECT, raw.channel, raw.payload, error, raw.received.utc)

    def _share(self, raw: RawReading, message: Message, codec: Codec, taken: Taken, now: Instant) -> None:
        binding = self._directory.bind(raw.dialect, message.address)
        if binding is None:
            binding = self._stranger(raw, message, codec, taken, now)
            if binding is None:
                return
        device = binding.device
        if raw.arrival is Arrival.LIVE and raw.purpose is not Purpose.DRILL:
            taken.heard.append((device.id, message.link))
        try:
            samples = codec.samples(message, device.profile)
        except PartialError as error:
            self._reject(raw, "bad_field", str(error))
            samples = error.samples
        made = self._normaliser.readings(binding, samples, raw)
        if raw.point is not None:
            made = [reading for reading in made if reading.point.id == raw.point]
        for problem in self._normaliser.problems():
            self._reject(raw, problem.reason, f"{device.id}.{problem.field}: {problem.why}")
        self._limit(device, made, now)
        if raw.arrival is Arrival.LIVE:
            self._order(raw, device, samples, made)
        taken.readings.extend(made)

    def _guard(self, source: str, delivery: Delivery, readings: Sequence[Reading]) -> tuple[str, ...]:
        """Mute what must not be evaluated a second time; the points this delivery is an alarm report of."""
        alarming = []
        waiting = self._deliveries.waiting
        for reading in readings:
            point = reading.point
            if waiting:
                if not delivery.redelivered:
                    self._deliveries.passed(source, point.id)
                elif self._deliveries.awaits(source, point.id):
                    reading.evaluate = False
                    continue
            if reading.value is True and point.spec.signal is not None and reading.arrival is Arrival.LIVE:
                alarming.append(point.id)
        return tuple(alarming)

    def _stranger(
        self, raw: RawReading, message: Message, codec: Codec, taken: Taken, now: Instant
    ) -> Binding | None:
        """An address no device has: the gateway itself, a device to adopt, or a sender to be shown for adoption."""
        if message.link is not None and message.body is None:
            self.bridges[raw.source] = message.link
            return None
        why = "no device of this site has this address"
        if message.adopt is not None:
            adopted = self._directory.adopt(message.address, message.adopt)
            if not isinstance(adopted, str):
                device, binding = adopted
                taken.adopted.append(Adoption(device, self._directory.points_of(device), raw.source))
                return binding
            why = adopted
        try:
            samples: Sequence[Sample] = codec.samples(message, None)
        except PartialError as error:
            samples = error.samples
        values = {sample.field: sample.value for sample in samples}
        self._quarantine.hold(raw.source, raw.dialect, message.address, raw.payload, values, now.utc)
        self._reject(raw, "unknown_device", f"{message.address}: {why}")
        if any(s.value is True and s.signal in _ALARMING for s in samples):
            # Somebody has to look, though nobody knows where: the place names the connection and the sender.
            room = self._directory.devices[raw.source].place
            point, new = self._strangers.point(raw.source, room, message.address)
            if new:
                taken.strangers.append(point)
            taken.readings.append(Reading(point, True, raw.received.utc, raw.received.utc))
        return None

    def _order(
        self, raw: RawReading, device: Device, samples: Sequence[Sample], made: Sequence[Reading]
    ) -> None:
        """What is no newer than the device's last message, by its own counter, is counted as a repeat or a straggler.

        Where its clock says the same, its "normal" reports are stored only: an old one must not end a newer alarm.
        Nothing that could raise an alarm is ever left out, and a clock far behind the last one was set back.
        """
        counted = [(s.sequence, s.time) for s in samples if s.sequence is not None and not s.history]
        if not counted:
            return
        sequence, time = max(counted, key=lambda pair: pair[0])
        last, then = self._newest.get(device.id, (-1, None))
        if sequence <= last:
            reason = "repeated" if sequence == last else "out_of_order"
            self._reject(raw, reason, f"{device.id}: sequence {sequence} after {last}")
            if time is not None and then is not None and 0 <= then - time <= STRAGGLING:
                for reading in made:
                    if reading.value is False and reading.point.spec.signal is not None:
                        reading.evaluate = False
                return
        self._newest[device.id] = (sequence, time)

    def _limit(self, device: Device, readings: Sequence[Reading], now: Instant) -> None:
        """Beyond its profile's rate a flooding device is stored and counted, not evaluated; states always are."""
        second = now.mono // SECOND
        since, spent = self._spent.get(device.id, (second, 0))
        if since != second:
            spent = 0
        for reading in readings:
            if reading.point.spec.signal is None:
                spent += 1
                if spent > device.profile.rate:
                    reading.evaluate = False
                    self.rate_limited += 1
        self._spent[device.id] = (second, spent)

    def _reject(self, raw: RawReading, reason: str, error: str) -> None:
        self.rejects.count(raw.source, reason, raw.channel, raw.payload, error, raw.received.utc)
