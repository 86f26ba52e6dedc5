"""Modbus RTU without I/O and time: from the data bytes of an answer to the values of a profile's points."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from drivers.modbus_rtu.config import PointRead
from drivers.modbus_rtu.frames import (
    BITS,
    COILS,
    DISCRETE_INPUTS,
    EXCEPTIONS,
    HOLDING_REGISTERS,
    INPUT_REGISTERS,
    REFUSED_WRITES,
    WRITES,
    Frame,
    Kind,
    Request,
    Skipped,
    Splitter,
)
from drivers.modbus_rtu.planning import plan_profile
from drivers.modbus_rtu.values import bit_in, number_in, put_bit, put_number, put_register_bit, register_bit
from edge.domain.device import DeviceProfile
from edge.domain.reading import Message, PartialError, ProtocolError, Sample, Value
from edge.driver import Decoded, DecodeOptions, DecodeResult

_AREAS = {COILS: "coil", DISCRETE_INPUTS: "discrete", HOLDING_REGISTERS: "holding", INPUT_REGISTERS: "input"}


@dataclass(frozen=True, slots=True)
class Block:
    """Registers or bits as read: `data` begins at `register`.

    count: registers or bits asked for; of bits `data` may hold more, zeros that fill up the last byte and mean nothing.
    """

    function: int
    register: int
    count: int
    data: bytes

    @classmethod
    def whole(cls, function: int, register: int, data: bytes) -> Block:
        """All that is in `data`, where nobody knows how much was asked for."""
        return cls(function, register, len(data) * 8 if function in BITS else len(data) // 2, data)

    @classmethod
    def answering(cls, request: Request, data: bytes) -> Block:
        """The answer to `request`."""
        return cls(request.function, request.register, request.count, data)

    def holds(self, read: PointRead) -> bool:
        """Whether the whole value lies in this block."""
        return (
            read.function == self.function
            and self.register <= read.first
            and read.first + read.count <= self.register + self.count
        )

    def value(self, read: PointRead) -> Value:
        """The value, which must lie in this block; NaN and infinities as they are."""
        at = read.first - self.register
        if self.function in BITS:
            return bit_in(self.data, at)
        if read.bit is not None:
            return register_bit(self.data, at, read.bit, read.order)
        return number_in(self.data, at, read.type, read.order)


class ModbusCodec:
    """Channel "<bus>/<unit>/<function>/<register>", payload the data bytes of an answer."""

    def parse(self, channel: str, payload: bytes) -> Sequence[Message]:
        """One message, addressed "<bus>/<unit>"; ProtocolError when channel and payload do not go together."""
        bus, unit, function, register = _split(channel)
        block = Block.whole(function, register, payload)
        if not payload or (function not in BITS and len(payload) % 2):
            raise ProtocolError(f"{len(payload)} bytes are no whole number of registers")
        return (Message(f"{bus}/{unit}", block),)

    def rehearse(
        self, address: str, profile: DeviceProfile, values: Mapping[str, Value]
    ) -> Sequence[tuple[str, bytes]]:
        """The answers that hold these values; see `edge.driver.Rehearsing`."""
        known = {spec.field or spec.id: spec.read for spec in profile.points if spec.read is not None}
        if wrong := next((field for field in values if field not in known), None):
            raise ProtocolError(f"{profile.id} reads no {wrong!r}")
        answers = []
        for request in plan_profile(0, profile):
            block = Block.answering(request, bytes(request.size))
            data = bytearray(request.size)
            inside = [(known[field], value) for field, value in values.items() if block.holds(known[field])]
            for read, value in inside:
                put(data, read.first - request.register, read, value)
            if inside:
                answers.append((f"{address}/{request.function}/{request.register}", bytes(data)))
        return answers

    def samples(self, message: Message, profile: DeviceProfile | None) -> Sequence[Sample]:
        """The points of the profile that lie in the block; without a profile each register or bit as it is.

        PartialError when a float is no number; ProtocolError when the block answers no request of the profile.
        """
        block: Block = message.body
        if profile is None:
            return _bare(block)
        for request in plan_profile(0, profile):
            if (request.function, request.register) == (block.function, block.register):
                if request.size != len(block.data):
                    raise ProtocolError(f"{len(block.data)} bytes, and {profile.id} asks for {request.size}")
                return _points(Block.answering(request, block.data), profile)
        raise ProtocolError(f"{profile.id} asks nothing at {block.register} of function {block.function}")


def _split(channel: str) -> tuple[str, int, int, int]:
    try:
        bus, unit, function, register = channel.rsplit("/", 3)
        return bus, int(unit), int(function), int(register)
    except ValueError:
        raise ProtocolError(f"{channel!r} is not bus/unit/function/register") from None


def _points(block: Block, profile: DeviceProfile) -> list[Sample]:
    samples: list[Sample] = []
    wrong: list[str] = []
    seen: set[str] = set()
    for spec in profile.points:
        field = spec.field or spec.id
        if spec.read is None or field in seen or not block.holds(spec.read):
            continue
        seen.add(field)
        value = block.value(spec.read)
        if isinstance(value, float) and not math.isfinite(value):
            wrong.append(f"{field} is {value}")
        else:
            samples.append(Sample(field, value))
    if wrong:
        raise PartialError("no number: " + ", ".join(wrong), samples)
    if not samples:
        last = block.register + block.count - 1
        raise ProtocolError(
            f"{profile.id} has no point in {block.register} to {last} of function {block.function}"
        )
    return samples


def put(data: bytearray, at: int, read: PointRead, value: Value) -> None:
    """Write a value where `read` finds it, `at` registers or bits into `data`; ProtocolError when it does not fit."""
    try:
        if read.function in BITS:
            put_bit(data, at, bool(value))
        elif read.bit is not None:
            put_register_bit(data, at, read.bit, bool(value), read.order)
        else:
            put_number(data, at, float(value), read.type, read.order)
    except (ValueError, OverflowError, struct.error):
        raise ProtocolError(f"{value!r} is no {read.type}") from None


def _bare(block: Block) -> list[Sample]:
    area = _AREAS[block.function]
    return [
        Sample(f"{area}-{block.register + at}", block.value(_plain(block, at))) for at in range(block.count)
    ]


def _plain(block: Block, at: int) -> PointRead:
    return PointRead(function=block.function, register=block.register + at)


def decode(payload: bytes, options: DecodeOptions) -> DecodeResult:
    """A run of frames as heard on the line: the values of each answer.

    What an answer does not say, the register it begins at, is taken from the request heard before it or from
    `options.request`, which it must fit; without either from the profile's first request with an answer of that
    length, else it counts from 0.
    """
    result = DecodeResult()
    asked: dict[int, Request] = {}
    told = Request.decode(options.request) if options.request is not None else None
    for item in _all(payload):
        if isinstance(item, Skipped):
            result.errors.append(str(item))
        elif item.kind is Kind.EXCEPTION:
            result.errors.append(refusal(item))
        elif item.kind is Kind.REQUEST:
            _note(asked, item)
        else:
            _answer(item, asked.pop(item.unit, None), told, options.profile, result)
    return result


def refusal(frame: Frame) -> str:
    """An exception in plain words."""
    code = frame.data[0]
    known = REFUSED_WRITES if frame.function in WRITES else EXCEPTIONS
    why = known.get(code, "for a reason of its maker's own")
    return f"unit {frame.unit} refuses function {frame.function}: {why} (exception {code})"


def _all(payload: bytes) -> Iterator[Frame | Skipped]:
    splitter = Splitter()
    yield from splitter.feed(payload)
    yield from splitter.finish()


def _note(asked: dict[int, Request], frame: Frame) -> None:
    asked.pop(frame.unit, None)
    if frame.function in _AREAS:
        register, count = int.from_bytes(frame.data[:2]), int.from_bytes(frame.data[2:])
        asked[frame.unit] = Request(frame.unit, frame.function, register, count)


def _fits(request: Request, frame: Frame) -> bool:
    same = (request.unit, request.function) == (frame.unit, frame.function)
    return same and request.size == len(frame.data)


def _answer(
    frame: Frame,
    heard: Request | None,
    told: Request | None,
    profile: DeviceProfile | None,
    result: DecodeResult,
) -> None:
    planned = plan_profile(frame.unit, profile) if profile is not None and told is None else ()
    request = next((r for r in (heard, told, *planned) if r and _fits(r, frame)), None)
    if request is None and told is not None:
        result.errors.append(
            f"{len(frame.data)} bytes of unit {frame.unit} by function {frame.function} do not answer the request, "
            f"which asks unit {told.unit} for {told.size} by function {told.function}"
        )
        return
    if request is None and profile is not None:
        result.errors.append(
            f"no request of {profile.id} has an answer of {len(frame.data)} bytes by function {frame.function}; "
            "say with --request HEX what was asked"
        )
        return
    whole = Block.whole(frame.function, 0, frame.data)
    block = whole if request is None else Block.answering(request, frame.data)
    samples: Sequence[Sample]
    try:
        samples = _bare(block) if profile is None else _points(block, profile)
    except PartialError as error:
        result.errors.append(str(error))
        samples = error.samples
    except ProtocolError as error:
        result.errors.append(str(error))
        return
    result.decoded.extend(Decoded(f"{frame.unit:02x}", sample) for sample in samples)
