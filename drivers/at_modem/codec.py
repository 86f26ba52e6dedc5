"""AT commands without I/O and time: lines of a byte stream, and what the answers of a modem say about it.

3GPP TS 27.007 (network, SIM) and 27.005 (messages).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from edge.domain.device import DeviceProfile
from edge.domain.reading import Message, ProtocolError, Sample, Value
from edge.driver import Decoded, DecodeOptions, DecodeResult

PROMPT: Final = ">"
LONGEST: Final = 4096  # bytes of a line; a longer one is noise
FINAL: Final = ("OK", "ERROR", "+CME ERROR:", "+CMS ERROR:")
ENDED: Final = ("NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE")  # a call is over (V.250, 5.7.1)
UNASKED: Final = ("+CMTI:", "+CDSI:", "RING", "+CRING:", "+CLIP:", "RDY", "+QIND:", "+CFUN:")
WITH_PDU: Final = ("+CMT:", "+CDS:")
REGISTERED: Final = {1: "home", 5: "roaming", 6: "home", 7: "roaming"}  # 27.007, 7.2
STATES: Final = {0: "off", 2: "searching", 3: "denied", 4: "unknown"}


class Splitter:
    """Cuts what the modem says into lines; however the bytes are split, the lines are the same.

    The prompt of +CMGS, which no line end follows, is a line `>`.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._too_long = False

    def feed(self, data: bytes) -> list[str]:
        """The lines that have become whole, without blanks around them; empty ones are left out."""
        lines: list[str] = []
        for byte in data:
            if byte in b"\r\n":
                self._end(lines)
            elif byte == ord(PROMPT) and not self._line and not self._too_long:
                lines.append(PROMPT)
            elif byte not in b" \0\x1a\x1b" or self._line:
                self._line.append(byte)
                if len(self._line) > LONGEST:
                    self._line.clear()
                    self._too_long = True
        return lines

    def _end(self, lines: list[str]) -> None:
        text = self._line.decode("ascii", "replace").strip(" \0\x1a\x1b")
        if text and not self._too_long:
            lines.append(text)
        self._line.clear()
        self._too_long = False


class AtCodec:
    """Channel: id of the line. Payload: the answers to the looks at signal, network and SIM."""

    def parse(self, channel: str, payload: bytes) -> Sequence[Message]:
        """One message, addressed by the line; ProtocolError when nothing in it is known."""
        values = status_of(_lines(payload))
        if not values:
            raise ProtocolError("no answer about signal, network or SIM")
        return (Message(channel, values),)

    def samples(self, message: Message, profile: DeviceProfile | None) -> Sequence[Sample]:
        """The points of the profile whose state is known; without a profile each state."""
        values: Mapping[str, Value] = message.body
        if profile is None:
            return _bare(values)
        return [
            Sample(spec.field or spec.id, values[spec.read.value])
            for spec in profile.points
            if spec.read is not None and spec.read.value in values
        ]


def status_of(lines: Sequence[str]) -> dict[str, Value]:
    """Give signal (dBm), operator, registration, no-network, sim and sim-fault, as far as the answers tell them."""
    values: dict[str, Value] = {}
    networks: list[int] = []
    for line in lines:
        if found := re.fullmatch(r"\+CSQ: *(\d{1,3}),\d{1,3}", line):
            strength = int(found[1])
            if strength <= 31:  # 99: not known or not detectable
                values["signal"] = -113 + 2 * strength
        elif found := re.match(r"\+C(?:E|G)?REG: *(?:[0-5],)?(\d{1,2})(?:,|$)", line):
            networks.append(int(found[1]))
        elif found := re.match(r'\+COPS: *\d(?:,\d,"([^"]*)")?', line):
            values["operator"] = found[1] or ""
        elif found := re.fullmatch(r"\+CPIN: *(.+)", line):
            values["sim"] = "ready" if found[1] == "READY" else found[1].lower()
            values["sim-fault"] = found[1] != "READY"
        elif found := re.fullmatch(r"\+CME ERROR: *(.+)", line):
            values["sim"] = "missing" if found[1] in {"10", "SIM not inserted"} else f"error {found[1]}"
            values["sim-fault"] = True
    if networks:
        known = next((state for state in networks if state in REGISTERED), networks[0])
        values["registration"] = REGISTERED.get(known) or STATES.get(known, "unknown")
        values["no-network"] = known not in REGISTERED
    return values


def decode(payload: bytes, options: DecodeOptions) -> DecodeResult:
    """A run of answers as heard on the line."""
    codec = AtCodec()
    try:
        (message,) = codec.parse("", payload)
    except ProtocolError as error:
        return DecodeResult(errors=[str(error)])
    return DecodeResult([Decoded(None, sample) for sample in codec.samples(message, options.profile)])


def _bare(values: Mapping[str, Value]) -> list[Sample]:
    return [
        Sample(
            name,
            value,
            quantity="rssi" if name == "signal" else None,
            signal="fault" if isinstance(value, bool) else None,
        )
        for name, value in values.items()
    ]


def _lines(payload: bytes) -> list[str]:
    return Splitter().feed(payload + b"\n")
