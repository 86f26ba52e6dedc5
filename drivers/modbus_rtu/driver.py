"""Polls the units of one serial line, one after another, and hands the answers over."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Final

from drivers._serialbus.bus import SerialBus
from drivers._serialbus.line import Line, LineDownError
from drivers.modbus_rtu.codec import ModbusCodec, refusal
from drivers.modbus_rtu.config import DIALECT, BusSettings
from drivers.modbus_rtu.frames import (
    ACCEPTED,
    UNREACHED,
    Failure,
    Frame,
    Kind,
    Request,
    Skipped,
    Splitter,
    WriteRequest,
    explain,
)
from drivers.modbus_rtu.polling import Unit
from drivers.modbus_rtu.words import NOBODY, NOT_OPENED, STOPPED, opened
from drivers.modbus_rtu.writing import Order, Orders
from edge.domain.conclusion import Write, Written
from edge.domain.device import Device
from edge.domain.health import LinkReport
from edge.domain.names import Text
from edge.domain.reading import Delivery, RawReading
from edge.domain.site import Connection
from edge.driver import Codec, Host

SILENCE: Final = 3.5  # characters between two frames (Modbus over Serial Line V1.02, 2.5.1.1)
SHORTEST_SILENCE: Final = 0.00175  # the same clause, above 19200 baud
BABBLE: Final = 0.5  # seconds the line is given to fall silent before it is asked all the same
DEAF: Final = (
    60.0  # seconds without one byte, then the port is closed and opened: a hung converter recovers so
)

log = logging.getLogger(__name__)


class ModbusDriver:
    """One bus, with those of the site's devices that are on it."""

    window = 0

    def __init__(self, connection: Connection, devices: Sequence[Device]) -> None:
        settings: BusSettings = connection.settings
        self.codec: Codec = ModbusCodec()
        self._id = connection.id
        self._silence = max(SILENCE * settings.character, SHORTEST_SILENCE)
        self._all = {
            device.id: Unit.of(device, settings.timeout)
            for device in devices
            if device.profile.dialect == DIALECT and device.address.rpartition("/")[0] == connection.id
        }
        self._units = [unit for unit in self._all.values() if unit.requests]
        self._orders = Orders(self._all, self._written)
        self._bus = SerialBus(connection.id, settings, self._talk, self._lost)
        self._host: Host  # lent at the start, before the thread lives
        self._up = False
        self._since = 0
        self._detail = NOT_OPENED
        self._last_frame: int | None = None

    def start(self, host: Host) -> None:
        self._host = host
        self._since = host.now().utc
        self._bus.start()

    def stop(self) -> None:
        self._bus.stop()
        self._orders.close(STOPPED)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        return  # a polled value is asked for again; nobody waits for a receipt

    def write(self, write: Write) -> None:
        self._orders.put(write)
        self._bus.wake()

    def report(self) -> LinkReport:
        line = self._bus.counters
        units = {
            unit.address: asdict(unit.counters)
            for unit in self._all.values()
            if unit.requests or unit.counters.writes
        }
        failures = (
            line.crc_errors
            + line.timeouts
            + sum(
                unit.counters.noise + unit.counters.foreign + unit.counters.exceptions
                for unit in self._all.values()
            )
        )
        return LinkReport(
            source=self._id,
            kind="serial",
            up=self._up,
            since=self._since,
            detail=self._detail,
            received=line.frames,
            errors=failures,
            last_message=self._last_frame,
            counters=asdict(line),
            slaves=units,
        )

    # ---- on the bus's thread ----------------------------------------------------------------------------------------

    def _talk(self, line: Line) -> None:
        """Carry out writes, and ask whoever is due, until the bus stops or the line is lost."""
        self._orders.open()
        for unit in self._units:
            unit.due = line.heard_at
        self._note(*opened(self._units))
        while not line.stopping():
            self._obey(line)
            turn = min(self._units, key=lambda u: (not u.urgent, u.due), default=None)
            if turn is None or turn.due > time.monotonic():
                line.pause(math.inf if turn is None else turn.due)
                continue
            self._poll(line, turn)
            self._note(*opened(self._units))
            if all(u.lost for u in self._units) and time.monotonic() - line.heard_at > DEAF:
                raise LineDownError(NOBODY)

    def _poll(self, line: Line, unit: Unit) -> None:
        """All requests of one unit; after the first without an answer the others are not tried."""
        unit.counters.polls += 1
        unit.urgent = False
        for request in unit.requests:
            self._obey(line)
            if not self._ask(line, unit, request):
                if not line.stopping():
                    self._missed(unit)
                return
        unit.counters.ok += 1
        unit.counters.last_ok = self._host.now().utc
        unit.hit(time.monotonic())
        self._host.heard(self._id, unit.address, ok=True)

    def _obey(self, line: Line) -> None:
        """All writes that wait. Also a unit out of contact is written to: it costs one time-out."""
        while not line.stopping() and (order := self._orders.take()) is not None:
            try:
                self._write(line, order)
            except BaseException:
                self._orders.done(order.write, "the line was lost while it was written; it may have arrived")
                raise

    def _write(self, line: Line, order: Order) -> None:
        unit, request = order.unit, order.request
        unit.counters.writes += 1
        heard = self._exchange(line, unit, request)
        if isinstance(heard, bytes):
            why = STOPPED if line.stopping() else self._failed(line, unit, request, heard)
            unit.told(time.monotonic(), answered=False)
            self._orders.done(order.write, why)
            return
        line.counters.frames += 1
        self._last_frame = self._host.now().utc
        if heard.kind is Kind.EXCEPTION and heard.data[0] != ACCEPTED:
            unit.counters.exceptions += 1
            unit.told(time.monotonic(), answered=heard.data[0] not in UNREACHED)
            self._host.reject(self._id, "exception", _channel(unit, request), heard.data, refusal(heard))
            self._orders.done(order.write, refusal(heard))
            return
        unit.counters.written += 1
        unit.told(time.monotonic(), answered=True)
        self._orders.done(order.write)

    def _ask(self, line: Line, unit: Unit, request: Request) -> bool:
        """One request; whether the unit answered, be it with a refusal of its own."""
        heard = self._exchange(line, unit, request)
        if isinstance(heard, Frame):
            self._answered(line, unit, request, heard)
            return heard.kind is Kind.ANSWER or heard.data[0] not in UNREACHED
        if not line.stopping():
            self._failed(line, unit, request, heard)
        return False

    def _exchange(self, line: Line, unit: Unit, request: Request | WriteRequest) -> Frame | bytes:
        """Send, and the answer or exception; the bytes that came instead where there is none."""
        line.counters.noise_bytes += len(line.quiet(self._silence, BABBLE))
        sent = request.encode()
        line.write(sent)
        asked = time.monotonic()
        until = asked + unit.timeout + (len(sent) + request.shape[0]) * line.settings.character
        received = bytearray()
        noise = 0
        for item in _heard(line, Splitter(request), until, received):
            if isinstance(item, Frame):
                line.counters.noise_bytes += noise
                unit.counters.response_ms = round((time.monotonic() - asked) * 1000)
                return item
            noise += len(item.data)
        return bytes(received)

    def _answered(self, line: Line, unit: Unit, request: Request, frame: Frame) -> None:
        now = self._host.now()
        line.counters.frames += 1
        self._last_frame = now.utc
        channel = _channel(unit, request)
        if frame.kind is Kind.EXCEPTION:
            unit.counters.exceptions += 1
            self._host.reject(self._id, "exception", channel, frame.data, refusal(frame))
        elif not self._host.offer(RawReading(self._id, DIALECT, channel, frame.data, now)):
            why = "the hub's queue for this bus is full"
            self._host.reject(self._id, "overflow", channel, frame.data, why)

    def _failed(self, line: Line, unit: Unit, request: Request | WriteRequest, received: bytes) -> str:
        """Count why there was no answer; the reason."""
        failure, why = explain(request, received)
        counters = unit.counters
        match failure:
            case Failure.TIMEOUT:
                counters.timeouts += 1
                line.counters.timeouts += 1
                return why
            case Failure.CRC:
                counters.crc += 1
                line.counters.crc_errors += 1
            case Failure.FOREIGN:
                counters.foreign += 1
            case Failure.NOISE:
                counters.noise += 1
                line.counters.noise_bytes += len(received)
        self._host.reject(self._id, failure.value, _channel(unit, request), received, why)
        return why

    def _missed(self, unit: Unit) -> None:
        unit.miss(time.monotonic())
        if unit.lost:
            self._host.heard(self._id, unit.address, ok=False)

    def _lost(self, why: Text) -> None:
        """The port is gone or does not open: its units are as good as silent."""
        self._orders.close(why.en)
        for unit in self._units:
            self._missed(unit)
        self._note(False, why)

    def _written(self, receipt: Written) -> None:
        self._host.written(receipt)

    def _note(self, up: bool, detail: Text) -> None:
        """The state of the line; logged when it changes, never per poll."""
        self._detail = detail
        if up != self._up:
            self._up = up
            self._since = self._host.now().utc
            log.log(logging.INFO if up else logging.WARNING, "%s: %s", self._id, detail.en)


def _channel(unit: Unit, request: Request | WriteRequest) -> str:
    return f"{unit.address}/{request.function}/{request.register}"


def _heard(line: Line, splitter: Splitter, until: float, received: bytearray) -> Iterator[Frame | Skipped]:
    """Frames and noise as they come in, up to that moment; `received` gathers every byte."""
    while time.monotonic() < until + BABBLE and (data := line.read(until)):
        received += data
        yield from splitter.feed(data)
    yield from splitter.finish()
