"""Short messages in PDU mode (3GPP TS 23.040, 9.2.2), as a modem gives and takes them; no I/O, no clock.

A message on the serial line is the address of the service centre (3GPP TS 27.005, 3.1), then the TPDU. Both directions
are here: what the hub sends and receives, and what the other side, the simulator's, receives and sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from drivers.at_modem.fields import (
    Concatenation,
    Cursor,
    UserData,
    decode_address,
    decode_text,
    decode_time,
    encode_address,
    encode_sender,
    encode_text,
    encode_time,
)
from edge.domain.reading import ProtocolError

DELIVER: Final = 0x00  # TP-MTI, towards the phone
STATUS_REPORT: Final = 0x02
SUBMIT: Final = 0x01  # TP-MTI, from the phone
VALIDITY: Final = 0x10  # TP-VPF: relative
REPORT_WANTED: Final = 0x20
HEADED: Final = 0x40

HOUR: Final = 3600
DAY: Final = 24 * HOUR
APART: Final = (
    HOUR * 1_000_000
)  # µs between the stamps of two parts of one message, at most (practice: seconds)


class Outcome(Enum):
    """What a status report says (TP-ST, 9.2.3.15)."""

    DELIVERED = "delivered"
    UNCONFIRMED = "unconfirmed"  # passed on, and the centre cannot know whether it arrived
    TRYING = "trying"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Deliver:
    """An incoming message. time: µs UTC by the service centre, None where its stamp is none."""

    sender: str
    text: str
    time: int | None
    part: Concatenation | None = None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What became of an earlier message. reference: that of its +CMGS answer, 0 to 255; status: TP-ST."""

    reference: int
    number: str
    status: int
    time: int | None = None

    @property
    def outcome(self) -> Outcome:
        """What the status means; a reserved one as the class it is in (9.2.3.15)."""
        if self.status == 0:
            return Outcome.DELIVERED
        if self.status < 0x20:
            return Outcome.UNCONFIRMED
        return Outcome.TRYING if self.status < 0x40 else Outcome.FAILED


@dataclass(frozen=True, slots=True)
class Submit:
    """A message to be sent, as the other side reads it. validity: seconds, None where it says none."""

    number: str
    text: str
    validity: int | None
    report: bool
    part: Concatenation | None = None


# ---- from the hub -------------------------------------------------------------------------------------------------


def encode_submit(
    number: str, text: str, *, reference: int = 0, validity: int = DAY, report: bool = True
) -> list[bytes]:
    """The TPDUs of a text, one for each part. validity: seconds the network tries, rounded up to what it can say.

    reference: 0 to 255, joins the parts. ValueError for no number, or a text beyond 255 parts.
    """
    address = encode_address(number)
    first = SUBMIT | VALIDITY | (REPORT_WANTED if report else 0)
    period = encode_validity(validity)
    return [
        bytes((first | (HEADED if part.headed else 0), 0))
        + address
        + bytes((0, part.scheme, period))
        + _body(part)
        for part in encode_text(text, reference)
    ]


def encode_validity(seconds: int) -> int:
    """TP-VP in relative form (9.2.3.12.1), the next longer period, at most 63 weeks."""
    if seconds <= 12 * HOUR:
        return max(0, -(-seconds // 300) - 1)
    if seconds <= DAY:
        return 143 + -(-(seconds - 12 * HOUR) // 1800)
    if seconds <= 30 * DAY:
        return 166 + -(-seconds // DAY)
    return min(255, 192 + max(5, -(-seconds // (7 * DAY))))


def decode_validity(period: int) -> int:
    """Seconds of a relative TP-VP."""
    if period < 144:
        return (period + 1) * 300
    if period < 168:
        return 12 * HOUR + (period - 143) * 1800
    if period < 197:
        return (period - 166) * DAY
    return (period - 192) * 7 * DAY


def decode_received(pdu: bytes) -> Deliver | StatusReport:
    """A message as +CMGL, +CMGR, +CMT or +CDS gives it, with the service centre in front; ProtocolError."""
    cursor = Cursor(pdu)
    cursor.take(cursor.octet("service centre"), "service centre")
    first = cursor.octet("first octet")
    if first & 0x03 == STATUS_REPORT:
        reference = cursor.octet("reference")
        number = decode_address(cursor)
        cursor.take(7, "time stamp")
        discharged = decode_time(cursor.take(7, "time stamp"))
        return StatusReport(reference, number, cursor.octet("status"), discharged)
    if first & 0x03 != DELIVER:
        raise ProtocolError(f"{first:#04x} begins no message a phone receives")
    sender = decode_address(cursor)
    cursor.octet("protocol")
    scheme = cursor.octet("coding")
    time = decode_time(cursor.take(7, "time stamp"))
    length = cursor.octet("length")
    text, part = decode_text(scheme, length, cursor.rest(), headed=bool(first & HEADED))
    return Deliver(sender, text, time, part)


# ---- from the other side ------------------------------------------------------------------------------------------


def decode_submit(tpdu: bytes) -> Submit:
    """An SMS-SUBMIT without the service centre; ProtocolError."""
    cursor = Cursor(tpdu)
    first = cursor.octet("first octet")
    if first & 0x03 != SUBMIT:
        raise ProtocolError(f"{first:#04x} begins no message to be sent")
    cursor.octet("reference")
    number = decode_address(cursor)
    cursor.octet("protocol")
    scheme = cursor.octet("coding")
    validity = None
    if first & 0x18 == VALIDITY:
        validity = decode_validity(cursor.octet("validity"))
    elif first & 0x18:
        cursor.take(7, "validity")
    length = cursor.octet("length")
    text, part = decode_text(scheme, length, cursor.rest(), headed=bool(first & HEADED))
    return Submit(number, text, validity, bool(first & REPORT_WANTED), part)


def encode_deliver(sender: str, text: str, utc: int, *, quarters: int = 0, reference: int = 0) -> list[bytes]:
    """SMS-DELIVERs of a text, with an empty service centre. sender: a number, or words."""
    digits = sender.removeprefix("+")
    address = encode_address(sender) if digits.isdecimal() else encode_sender(sender)
    return [
        bytes((0, DELIVER | 0x04 | (HEADED if part.headed else 0)))
        + address
        + bytes((0, part.scheme))
        + encode_time(utc, quarters)
        + _body(part)
        for part in encode_text(text, reference)
    ]


def encode_report(reference: int, number: str, status: int, utc: int, *, quarters: int = 0) -> bytes:
    """An SMS-STATUS-REPORT with an empty service centre."""
    stamp = encode_time(utc, quarters)
    return bytes((0, STATUS_REPORT, reference)) + encode_address(number) + stamp * 2 + bytes((status,))


def _body(part: UserData) -> bytes:
    return bytes((part.length,)) + part.data


class Joiner:
    """Puts the parts of long messages together.

    A sender counts its messages to 255 and begins again: parts whose stamps are further apart than `APART` belong to
    two messages, and the later one counts. A message of which a part never comes is forgotten when `capacity` later
    ones have begun.
    """

    def __init__(self, capacity: int = 16) -> None:
        self._capacity = capacity
        self._waiting: dict[tuple[str, int, int], dict[int, tuple[Deliver, str]]] = {}

    def add(self, message: Deliver) -> Deliver | None:
        """The whole message, once it is: with the words of all parts and the time of the first."""
        joined = self.gather(message, "")
        return None if joined is None else joined[0]

    def gather(self, message: Deliver, mark: str) -> tuple[Deliver, list[str]] | None:
        """As `add`, with the marks that its parts were given."""
        if message.part is None:
            return Deliver(message.sender, _whole(message.text), message.time), [mark]
        key = (message.sender, message.part.reference, message.part.total)
        parts = self._waiting.get(key, {})
        ages = [_later(message, other) for other, _ in parts.values()]
        if any(age < -APART for age in ages):
            return None
        parts = {} if any(age > APART for age in ages) else parts
        parts = self._waiting[key] = parts | {message.part.part: (message, mark)}
        if len(parts) == message.part.total:
            del self._waiting[key]
            text = "".join(parts[number][0].text for number in sorted(parts))
            whole = Deliver(message.sender, _whole(text), parts[min(parts)][0].time)
            return whole, [mark for _, mark in parts.values()]
        if len(self._waiting) > self._capacity:
            del self._waiting[next(iter(self._waiting))]
        return None


def _later(one: Deliver, other: Deliver) -> int:
    """By how many µs the stamp of one is later; 0 where either has none."""
    return 0 if one.time is None or other.time is None else one.time - other.time


def _whole(text: str) -> str:
    """Surrogates torn apart by the split find each other again; one left alone is replaced."""
    return text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
