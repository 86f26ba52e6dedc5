"""Frames of Modbus RTU without I/O and time.

Modbus over Serial Line V1.02, 2.5.1 (frame, CRC) and Modbus Application Protocol V1.1b3, 6.1-6.4 (reading), 6.5, 6.6,
6.11 and 6.12 (writing), and 7 (exceptions). A frame carries no length and no start mark: what tells it from noise is
its CRC alone, so every reading of the bytes that the protocol allows is tried, shortest first, and a byte that begins
none is skipped.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Final

from edge.domain.reading import ProtocolError

COILS: Final = 1
DISCRETE_INPUTS: Final = 2
HOLDING_REGISTERS: Final = 3
INPUT_REGISTERS: Final = 4
BITS: Final = frozenset({COILS, DISCRETE_INPUTS})
READS: Final = frozenset({COILS, DISCRETE_INPUTS, HOLDING_REGISTERS, INPUT_REGISTERS})
WRITE_COIL: Final = 5
WRITE_REGISTER: Final = 6
WRITE_COILS: Final = 15
WRITE_REGISTERS: Final = 16
SINGLE_WRITES: Final = frozenset(
    {WRITE_COIL, WRITE_REGISTER}
)  # request and answer look alike, and like a read request: 8 bytes
MULTIPLE_WRITES: Final = frozenset({WRITE_COILS, WRITE_REGISTERS})
WRITES: Final = SINGLE_WRITES | MULTIPLE_WRITES

EXCEPTIONS: Final = {
    1: "it does not know this function",
    2: "it has no such register",
    3: "it does not give so many registers at once",
    4: "it failed while reading",
    5: "it needs more time",
    6: "it is busy",
    8: "its memory is damaged",
    10: "the gateway has no path to it",
    11: "it does not answer the gateway",
}

REFUSED_WRITES: Final = EXCEPTIONS | {
    3: "it does not take this value",
    4: "it failed while carrying it out",
    8: "its memory cannot be written",
}
ACCEPTED: Final = 5  # "needs more time": of a write that means it has taken it (MBAP V1.1b3, 7)

UNREACHED: Final = frozenset({10, 11})  # a gateway speaks for a unit that does not

_RUN: Final = 512  # skipped bytes handed out at once, so that an endless babble does not pile up


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_CRC: Final = _crc_table()


def crc16(data: bytes) -> int:
    """CRC-16 of Modbus: start 0xFFFF, reflected polynomial 0xA001; sent low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


def seal(body: bytes) -> bytes:
    """`body` with its CRC: a whole frame."""
    return body + crc16(body).to_bytes(2, "little")


class Kind(Enum):
    """What a frame is."""

    ANSWER = "answer"
    EXCEPTION = "exception"
    REQUEST = "request"  # of a read, or either side of a write


Shape = tuple[int, Kind]


@dataclass(frozen=True, slots=True)
class Request:
    """One read. register: the first, counted from 0 as on the wire; count: registers, or bits of functions 1 and 2."""

    unit: int
    function: int
    register: int
    count: int

    @property
    def size(self) -> int:
        """Data bytes of the answer."""
        return (self.count + 7) // 8 if self.function in BITS else self.count * 2

    @property
    def opening(self) -> bytes:
        """What the answer begins with."""
        return bytes((self.unit, self.function, self.size))

    @property
    def shape(self) -> Shape:
        """The answer's length and kind."""
        return self.size + 5, Kind.ANSWER

    def __str__(self) -> str:
        return f"unit {self.unit} was asked by function {self.function} for {self.size} bytes"

    def encode(self) -> bytes:
        """The frame to send."""
        return seal(struct.pack(">BBHH", self.unit, self.function, self.register, self.count))

    @classmethod
    def decode(cls, frame: bytes) -> Request:
        """A request from its frame, with or without CRC; ProtocolError when it is no read."""
        if len(frame) not in {6, 8} or frame[1] not in READS:
            raise ProtocolError(
                "a read request is unit, function 1 to 4, register and count: 6 bytes, or 8 with the CRC"
            )
        if len(frame) == 8 and seal(frame[:6]) != frame:
            raise ProtocolError(
                f"the CRC of the request is {frame[6:].hex()}, should be {seal(frame[:6])[6:].hex()}"
            )
        return cls(*struct.unpack(">BBHH", frame[:6]))


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One write. register: the first, counted from 0 as on the wire; values: 0 or 1 of coils, words of registers.

    function: 5 or 6 writes the one value there is, 15 or 16 any number (at most 1968 coils, 123 registers).
    """

    unit: int
    function: int
    register: int
    values: tuple[int, ...]

    def encode(self) -> bytes:
        """The frame to send."""
        if self.function in SINGLE_WRITES:
            return seal(self.opening)
        if self.function == WRITE_COILS:
            packed = sum(bool(bit) << at for at, bit in enumerate(self.values))
            data = packed.to_bytes((len(self.values) + 7) // 8, "little")
        else:
            data = struct.pack(f">{len(self.values)}H", *self.values)
        return seal(self.opening + bytes((len(data),)) + data)

    @classmethod
    def decode(cls, frame: Frame) -> WriteRequest:
        """The write that a slave hears; ProtocolError when the frame is none."""
        register, word = struct.unpack_from(">HH", frame.data)
        if frame.function == WRITE_COIL and word in {0, 0xFF00}:
            return cls(frame.unit, frame.function, register, (word >> 15,))
        if frame.function == WRITE_REGISTER:
            return cls(frame.unit, frame.function, register, (word,))
        data = frame.data[5:]
        if frame.function == WRITE_COILS and data and len(data) == (word + 7) // 8:
            bits = tuple(data[at // 8] >> at % 8 & 1 for at in range(word))
            return cls(frame.unit, frame.function, register, bits)
        if frame.function == WRITE_REGISTERS and data and len(data) == word * 2:
            return cls(frame.unit, frame.function, register, struct.unpack(f">{word}H", data))
        raise ProtocolError(f"function {frame.function} with {frame.data.hex(' ')} writes nothing")

    @property
    def opening(self) -> bytes:
        """What the answer consists of before its CRC: an echo of what was written, or of how many."""
        word = len(self.values)
        if self.function == WRITE_COIL:
            word = 0xFF00 if self.values[0] else 0
        elif self.function == WRITE_REGISTER:
            word = self.values[0]
        return struct.pack(">BBHH", self.unit, self.function, self.register, word)

    @property
    def shape(self) -> Shape:
        """The answer's length and kind."""
        return 8, Kind.REQUEST

    def __str__(self) -> str:
        return f"unit {self.unit} was to write by function {self.function} at {self.register}"


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes whose CRC is right. function: without the exception's high bit.

    data: of an answer the register or bit bytes, of an exception its code, of a request what comes after the function.
    """

    kind: Kind
    unit: int
    function: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Skipped:
    """Bytes that belong to no frame."""

    data: bytes

    def __str__(self) -> str:
        shown = self.data[:24].hex(" ") + (" …" if len(self.data) > 24 else "")
        if any(length == len(self.data) for length, _ in _shapes(self.data)):
            return f"CRC is {self.data[-2:].hex()}, should be {seal(self.data[:-2])[-2:].hex()}: {shown}"
        return f"{len(self.data)} bytes that are no frame: {shown}"


_NEED_MORE: Final = ((0, Kind.ANSWER),)


def _shapes(head: bytes | bytearray | memoryview) -> tuple[Shape, ...]:
    """Every frame that may begin with these bytes, as (length, kind), shortest first; empty when none can.

    `_NEED_MORE` while that cannot be told yet.
    """
    if len(head) < 2:
        return _NEED_MORE
    function = head[1]
    if function & 0x80:
        return ((5, Kind.EXCEPTION),) if function & 0x7F in READS | WRITES else ()
    if function in SINGLE_WRITES:
        return ((8, Kind.REQUEST),)
    if function in MULTIPLE_WRITES:
        return _NEED_MORE if len(head) < 7 else ((8, Kind.REQUEST), (head[6] + 9, Kind.REQUEST))
    if function not in READS:
        return ()
    if len(head) < 3:
        return _NEED_MORE
    size = head[2]
    request = (8, Kind.REQUEST)
    if not 0 < size <= 250 or (function not in BITS and size % 2):
        return (request,)
    answer = (size + 5, Kind.ANSWER)
    return (request, answer) if size > 3 else (answer, request)


class Splitter:
    """Eats bytes in any portions and gives frames, with what was skipped between them, in order.

    expected: only an answer to this request, or its exception, counts as a frame; a polling master then neither waits
    for a long frame that noise pretends to begin, nor takes another unit's or a late answer for the one it asked for.
    """

    def __init__(self, expected: Request | WriteRequest | None = None) -> None:
        self._expected = expected
        self._buffer = bytearray()
        self._skipped = bytearray()

    def feed(self, data: bytes) -> list[Frame | Skipped]:
        """What is certain after these bytes; the rest waits for more."""
        self._buffer += data
        return self._split(final=False)

    def finish(self) -> list[Frame | Skipped]:
        """What is left when no more bytes come; afterwards the splitter is empty."""
        found = self._split(final=True)
        self._flush(found)
        return found

    def _split(self, *, final: bool) -> list[Frame | Skipped]:
        found: list[Frame | Skipped] = []
        at = 0
        with memoryview(self._buffer) as bytes_:
            while at < len(bytes_):
                length = self._frame(bytes_[at:], found, final=final)
                if length is None:
                    break
                if length == 0:
                    self._skipped.append(bytes_[at])
                    length = 1
                    if len(self._skipped) >= _RUN:
                        self._flush(found)
                at += length
        del self._buffer[:at]
        return found

    def _frame(self, head: memoryview, found: list[Frame | Skipped], *, final: bool) -> int | None:
        """Append the frame `head` begins with and return its length; 0 when it begins none, None when unsure."""
        for length, kind in self._candidates(head):
            if length == 0 or len(head) < length:
                if final:
                    continue
                return None
            frame = bytes(head[:length])
            if seal(frame[:-2]) == frame:
                self._flush(found)
                data = frame[3:-2] if kind is Kind.ANSWER else frame[2:-2]
                found.append(Frame(kind, frame[0], frame[1] & 0x7F, data))
                return length
        return 0

    def _candidates(self, head: memoryview) -> tuple[Shape, ...]:
        expected = self._expected
        if expected is None:
            return _shapes(head)
        if head[0] != expected.unit:
            return ()
        if len(head) < 2:
            return _NEED_MORE
        if head[1] == expected.function | 0x80:
            return ((5, Kind.EXCEPTION),)
        opening = expected.opening
        return (expected.shape,) if opening.startswith(head[: len(opening)]) else ()

    def _flush(self, found: list[Frame | Skipped]) -> None:
        if self._skipped:
            found.append(Skipped(bytes(self._skipped)))
            self._skipped.clear()


class Failure(Enum):
    """Why a request has no answer; the value is the short word it is counted under."""

    TIMEOUT = "timeout"
    CRC = "crc"
    FOREIGN = "foreign"
    NOISE = "noise"


def explain(request: Request | WriteRequest, received: bytes) -> tuple[Failure, str]:
    """What the bytes are that came instead of an answer, in one sentence."""
    if not received:
        return Failure.TIMEOUT, f"unit {request.unit} does not answer"
    at = received.find(request.opening)
    if at >= 0:
        frame = received[at : at + request.shape[0]]
        return Failure.CRC, f"damaged answer of unit {request.unit}: {Skipped(frame)}"
    splitter = Splitter()
    for item in (*splitter.feed(received), *splitter.finish()):
        if isinstance(item, Frame):
            told = f"function {item.function}, {len(item.data)} bytes"
            if isinstance(request, WriteRequest) and (item.unit, item.function) == (
                request.unit,
                request.function,
            ):
                told = f"it confirms {item.data.hex(' ')} instead of {request.opening[2:].hex(' ')}"
            return Failure.FOREIGN, f"{request}, but unit {item.unit} spoke: {told}"
    return Failure.NOISE, f"instead of an answer of unit {request.unit}: {Skipped(received)}"
