"""The parts of short messages: addresses, time stamps, user data (3GPP TS 23.040, 9.1.2 and 9.2.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, Literal

from drivers.at_modem.alphabet import pack, septets_of, text_of, unpack
from edge.domain.reading import ProtocolError

Coding = Literal["gsm7", "ucs2", "data"]

GSM7: Final = 0x00  # data coding schemes of what is sent (TS 23.038, 4)
UCS2: Final = 0x08
INTERNATIONAL: Final = 0x91  # types of address (TS 23.040, 9.1.2.5)
UNKNOWN: Final = 0x81
ALPHANUMERIC: Final = 0xD0
OCTETS: Final = 140
SEPTETS: Final = 160
LONGEST_NUMBER: Final = 20  # digits

_DIGITS: Final = "0123456789*#abc"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Cursor:
    """Octets taken from the front; ProtocolError when there are too few."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int, what: str) -> bytes:
        """The next `count` octets."""
        part = self._data[self._at : self._at + count]
        if len(part) < count:
            raise ProtocolError(f"the message ends within its {what}")
        self._at += count
        return part

    def octet(self, what: str) -> int:
        """The next octet."""
        return self.take(1, what)[0]

    def rest(self) -> bytes:
        """All that is left."""
        return self._data[self._at :]


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Which part of a long message this is: parts count from 1 (9.2.3.24.1, 9.2.3.24.8)."""

    reference: int
    total: int
    part: int


# ---- addresses ----------------------------------------------------------------------------------------------------


def encode_address(number: str) -> bytes:
    """Length in digits, type, semi-octets (9.1.2.5). number: digits, `+` in front where it is international.

    ValueError for anything that is no number.
    """
    digits = number.removeprefix("+")
    if not 0 < len(digits) <= LONGEST_NUMBER or any(digit not in _DIGITS for digit in digits):
        raise ValueError(f"{number!r} is no phone number")
    kind = INTERNATIONAL if number.startswith("+") else UNKNOWN
    return bytes((len(digits), kind)) + _semi_octets(digits)


def decode_address(cursor: Cursor) -> str:
    """A number, with `+` where it is international, or the words of an alphanumeric sender."""
    length = cursor.octet("address")
    kind = cursor.octet("address")
    data = cursor.take((length + 1) // 2, "address")
    if kind & 0x70 == 0x50:
        return text_of(unpack(data, 0, length * 4 // 7)).rstrip("\r")
    nibbles = [half for octet in data for half in (octet & 0xF, octet >> 4)][:length]
    digits = "".join(_DIGITS[n] for n in nibbles if n < len(_DIGITS))
    return f"+{digits}" if kind & 0x70 == 0x10 else digits


def encode_sender(name: str) -> bytes:
    """An alphanumeric address; ValueError for characters the default alphabet lacks."""
    septets = [code for char in name for code in _known(char)]
    return bytes((-(-len(septets) * 7 // 4), ALPHANUMERIC)) + pack(septets)


def _known(char: str) -> tuple[int, ...]:
    codes = septets_of(char)
    if codes is None:
        raise ValueError(f"the default alphabet has no {char!r}")
    return codes


def _semi_octets(digits: str) -> bytes:
    codes = [_DIGITS.index(digit) for digit in digits]
    if len(codes) % 2:
        codes.append(0xF)
    return bytes(low | high << 4 for low, high in zip(codes[::2], codes[1::2], strict=True))


# ---- time stamps --------------------------------------------------------------------------------------------------


def encode_time(utc: int, quarters: int = 0) -> bytes:
    """Seven octets of a moment in µs UTC, told in a zone of so many quarters of an hour (9.2.3.11)."""
    zone = timezone(timedelta(minutes=15 * quarters))
    local = (_EPOCH + timedelta(microseconds=utc)).astimezone(zone)
    parts = (local.year % 100, local.month, local.day, local.hour, local.minute, local.second, abs(quarters))
    data = bytearray((part % 10) << 4 | part // 10 for part in parts)
    if quarters < 0:
        data[6] |= 0x08
    return bytes(data)


def decode_time(data: bytes) -> int | None:
    """µs UTC; None when the digits are no moment: that costs the time, not the message."""
    parts = [(octet & 0xF) * 10 + (octet >> 4) for octet in data[:6]]
    if any(octet & 0xF > 9 or octet >> 4 > 9 for octet in data[:6]):
        return None
    year, month, day, hour, minute, second = parts
    quarters = (data[6] & 0x7) * 10 + (data[6] >> 4)
    if data[6] & 0x08:
        quarters = -quarters
    try:
        zone = timezone(timedelta(minutes=15 * quarters))
        moment = datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
    return (moment - _EPOCH) // timedelta(microseconds=1)


# ---- user data ----------------------------------------------------------------------------------------------------


def coding_of(scheme: int) -> Coding:
    """How the text of a data coding scheme is written (TS 23.038, 4); ProtocolError for compressed text."""
    group = scheme >> 4
    if group < 8:
        if scheme & 0x20:
            raise ProtocolError("the text is compressed, which is not supported")
        alphabets: tuple[Coding, ...] = ("gsm7", "data", "ucs2", "gsm7")
        return alphabets[scheme >> 2 & 3]
    if group == 0xE:
        return "ucs2"
    return "data" if group == 0xF and scheme & 0x04 else "gsm7"


@dataclass(frozen=True, slots=True)
class UserData:
    """Text as it is sent in one message. length: TP-UDL, septets or octets by `scheme`."""

    scheme: int
    length: int
    data: bytes
    headed: bool


def encode_text(text: str, reference: int) -> list[UserData]:
    """The parts of a text, in the default alphabet where it has every character, else UCS-2.

    reference: 0 to 255, that of the parts where one message does not hold it. ValueError beyond 255 parts.
    """
    units = [septets_of(char) for char in text]
    plain = [codes for codes in units if codes is not None]
    if len(plain) == len(text):
        parts = _split([list(codes) for codes in plain], SEPTETS, SEPTETS - 7)
        return [
            UserData(GSM7, len(part) + (7 if header else 0), pack(part, header), bool(header))
            for part, header in _headed(parts, reference)
        ]
    wide = [list(char.encode("utf-16-be", "replace")) for char in text]
    parts = _split(wide, OCTETS, OCTETS - 6)
    return [
        UserData(UCS2, len(header) + len(part), header + bytes(part), bool(header))
        for part, header in _headed(parts, reference)
    ]


def _split(units: list[list[int]], whole: int, room: int) -> list[list[int]]:
    """No character is torn in two: neither an escape from its character, nor a pair of surrogates."""
    if sum(map(len, units)) <= whole:
        return [[code for unit in units for code in unit]]
    parts: list[list[int]] = [[]]
    for unit in units:
        if len(parts[-1]) + len(unit) > room:
            parts.append([])
        parts[-1] += unit
    if len(parts) > 255:
        raise ValueError(f"{len(parts)} parts are more than a message may have")
    return parts


def _headed(parts: list[list[int]], reference: int) -> Iterator[tuple[list[int], bytes]]:
    for number, part in enumerate(parts, 1):
        yield part, b"" if len(parts) == 1 else bytes((5, 0, 3, reference & 0xFF, len(parts), number))


def decode_text(scheme: int, length: int, data: bytes, *, headed: bool) -> tuple[str, Concatenation | None]:
    """The text of one message and which part it is; a surrogate torn off by the split stays alone in it."""
    coding = coding_of(scheme)
    size = -(-length * 7 // 8) if coding == "gsm7" else length
    if len(data) < size:
        raise ProtocolError(f"{len(data)} octets of text, and {size} are announced")
    header = 0
    joined = None
    if headed:
        header = data[0] + 1 if size else 1
        if header > size:
            raise ProtocolError("the user data header is longer than the message")
        joined = _concatenation(data[1:header])
    if coding == "gsm7":
        return text_of(unpack(data[:size], -(-header * 8 // 7), length)), joined
    if coding == "data":
        raise ProtocolError("the message holds data, no text")
    body = data[header:size]
    return body[: len(body) // 2 * 2].decode("utf-16-be", "surrogatepass"), joined


def _concatenation(elements: bytes) -> Concatenation | None:
    at = 0
    while at + 2 <= len(elements):
        kind, size = elements[at], elements[at + 1]
        data = elements[at + 2 : at + 2 + size]
        at += 2 + size
        if (kind, len(data)) in {(0x00, 3), (0x08, 4)} and 0 < data[-1] <= data[-2]:
            return Concatenation(int.from_bytes(data[:-2]), data[-2], data[-1])
    return None
