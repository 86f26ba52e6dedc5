"""What a UPS says of itself (`LIST VAR`) into messages and samples. No I/O, no clock."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

from drivers.nut import lines
from drivers.nut.config import STATUS, VariableRead
from edge.domain.device import DeviceProfile, PointSpec
from edge.domain.reading import Message, PartialError, ProtocolError, Sample, Value
from edge.driver import Decoded, DecodeOptions, DecodeResult

SHOWN: Final = 64  # variables shown of a UPS without a profile, and bad ones named in an error
_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")
_UNDECIDED: Final = frozenset({"", "WAIT"})  # the driver has not asked the UPS yet
_UPSC: Final = re.compile(r"([A-Za-z0-9._-]{1,64}): ?(.*)")


class NutCodec:
    """The codec of one server. A payload is the body of one answer: the `VAR` lines of one UPS."""

    def parse(self, channel: str, payload: bytes) -> Sequence[Message]:
        """One message of the UPS that the channel ("nut-1/hub") names."""
        return (Message(channel, variables(payload)),)

    def samples(self, message: Message, profile: DeviceProfile | None) -> Sequence[Sample]:
        """What the profile's variables say; without one, every variable under its own name.

        A variable that this UPS does not have says nothing. PartialError beside good values, else ProtocolError.
        """
        told: Mapping[str, str] = message.body
        if profile is None:
            return [Sample(name, _plain(text)) for name, text in [*told.items()][:SHOWN]]
        found: list[Sample] = []
        bad: list[str] = []
        for spec in profile.points:
            read = VariableRead.model_validate(spec.read)
            if (text := told.get(read.variable)) is None:
                continue
            try:
                value = _value(spec, read, text)
            except ValueError as error:
                bad.append(f"{read.variable}: {error}")
                continue
            if value is not None:
                found.append(Sample(spec.field or spec.id, value))
        if bad:
            raise (
                PartialError("; ".join(bad[:SHOWN]), found)
                if found
                else ProtocolError("; ".join(bad[:SHOWN]))
            )
        return found

    def rehearse(
        self, address: str, profile: DeviceProfile, values: Mapping[str, Value]
    ) -> Sequence[tuple[str, bytes]]:
        """An answer with these values; see `edge.driver.Rehearsing`."""
        specs = {spec.field or spec.id: spec for spec in profile.points}
        told: dict[str, str] = {}
        for field, value in values.items():
            if field not in specs:
                raise ProtocolError(f"{profile.id} has no field {field!r}")
            read = VariableRead.model_validate(specs[field].read)
            if read.words is None:
                told[read.variable] = str(value * read.divide) if isinstance(value, int | float) else value
                continue
            words = told.get(read.variable, "").split() + (read.words[:1] if value else [])
            told[read.variable] = " ".join(words)
        if told.get(STATUS) == "":
            told[STATUS] = "OL"
        ups = address.rpartition("/")[2]
        body = "".join(f"{lines.join('VAR', ups, *pair)}\n" for pair in told.items())
        return [(address, body.encode())]


def variables(payload: bytes) -> dict[str, str]:
    """Name to text of `VAR <ups> <name> "<text>"` lines; ProtocolError where a line is none."""
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise ProtocolError(f"this is no UTF-8: {error}") from None
    told: dict[str, str] = {}
    for line in text.split("\n"):
        words = lines.split(line.removesuffix("\r"))
        if not words:
            continue
        if len(words) != 4 or words[0] != "VAR":
            raise ProtocolError(f'VAR <ups> <name> "<text>" is expected, not {line[:80]!r}')
        told[words[2]] = words[3]
    return told


def _value(spec: PointSpec, read: VariableRead, text: str) -> Value | None:
    """The point's value; None when the UPS has not said yet. ValueError when it can be none."""
    if read.words is not None:
        words = text.split()
        if read.variable == STATUS and (not words or words[0] in _UNDECIDED):
            return None
        return any(word in words for word in read.words) and not any(w in words for w in read.unless or ())
    if spec.signal is None and spec.quantity is None and read.divide == 1.0:
        return _plain(text)
    number = _plain(text.strip())
    if isinstance(number, str):
        raise ValueError(f"a number is expected, not {text[:40]!r}")  # noqa: TRY004 - what `samples` counts
    return number if read.divide == 1.0 else number / read.divide


def _plain(text: str) -> float | str:
    if _NUMBER.fullmatch(text):
        number = float(text)
        return int(number) if number.is_integer() and math.fabs(number) < 1e15 else number
    return text


def decode(payload: bytes, options: DecodeOptions) -> DecodeResult:
    """For `edge-hub decode nut`: the answer to LIST VAR, or what `upsc` prints."""
    result = DecodeResult()
    codec, told = NutCodec(), bytearray()
    address = options.topic
    for line in payload.decode("utf-8", "replace").splitlines():
        if line.startswith(("BEGIN ", "END ")) or not line.strip():
            continue
        printed = _UPSC.fullmatch(line)
        if printed is not None:
            told += (lines.join("VAR", "ups", printed[1], printed[2]) + "\n").encode()
            continue
        told += line.encode() + b"\n"
    try:
        found = codec.samples(Message(address or "", variables(bytes(told))), options.profile)
    except PartialError as error:
        found = error.samples
        result.errors.append(str(error))
    except ProtocolError as error:
        result.errors.append(str(error))
        return result
    result.decoded += [Decoded(address, sample) for sample in found]
    return result
