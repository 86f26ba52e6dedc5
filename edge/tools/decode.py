"""`edge-hub decode`: what the hub makes of one payload, or of a run of frames, as one JSON line per reading."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from edge.dialects import DRIVERS, decoder, schemas
from edge.domain.device import Binding, Device, DeviceProfile, Point, PointSpec, Signal
from edge.domain.instant import Instant, to_rfc3339
from edge.domain.names import Text
from edge.domain.quantity import QUANTITIES
from edge.domain.reading import ProtocolError, RawReading, Reading, Sample
from edge.driver import Decoded, DecodeOptions
from edge.ingest.normalising import Normaliser
from edge.settings import SettingsError, load_profile

_BLANK: Final = Text("", "")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `decode`."""
    parser.add_argument(
        "dialect", choices=sorted(DRIVERS), metavar="DIALECT", help=", ".join(sorted(DRIVERS))
    )
    parser.add_argument(
        "--profile", metavar="P", help="the device's profile: <maker>-<model>, or a site's own file"
    )
    parser.add_argument("--topic", metavar="T", help="the topic the payload came on")
    parser.add_argument("--fport", type=int, metavar="N", help="the LoRaWAN port the payload came on")
    parser.add_argument(
        "--request", type=_hex, metavar="HEX", help="the request that was answered, with or without its CRC"
    )
    parser.add_argument(
        "--zone",
        type=_zone,
        metavar="Z",
        help="zone of times that name none, as Asia/Shanghai (default: UTC)",
    )
    parser.add_argument("--hex", action="store_true", help="stdin is hexadecimal text")


def command(arguments: argparse.Namespace) -> int:
    """Print the readings of stdin; 0 when all of it was good, 1 when not, 2 when the options do not fit."""
    dialect: str = arguments.dialect
    try:
        profile = _profile(dialect, arguments.profile)
    except (SettingsError, _MisfitError) as error:
        return _fail(str(error), 2)
    payload = sys.stdin.buffer.read()
    if arguments.hex:
        try:
            payload = _hex(payload.decode("ascii", "replace"))
        except argparse.ArgumentTypeError as error:
            return _fail(f"stdin: {error}", 1)
    if not payload.strip():
        return _fail(
            "nothing on stdin: give one payload or a run of frames, with --hex as hexadecimal text", 1
        )
    options = DecodeOptions(arguments.topic, profile, arguments.request, arguments.fport, arguments.zone)
    try:
        result = decoder(dialect)(payload, options)
    except ProtocolError as error:
        return _fail(str(error), 1)
    printer = _Printer(profile)
    for decoded in result.decoded:
        for line in printer.lines(decoded):
            print(json.dumps(line, ensure_ascii=False))
    errors = [*result.errors, *printer.errors(result.decoded)]
    sys.stdout.flush()
    return _fail("\n".join(errors), 1) if errors else 0


class _MisfitError(ValueError):
    """A profile of another dialect."""


class _Printer:
    """Normalises samples as the hub does. Without a profile, each sample is a point of its own description."""

    def __init__(self, profile: DeviceProfile | None) -> None:
        self._profile = profile
        self._normaliser = Normaliser()
        self._bindings: dict[tuple[Any, ...], Binding] = {}
        utc = time.time_ns() // 1000
        self._raw = RawReading("stdin", "", "", b"", Instant(utc, 0))
        self._fed = False

    def lines(self, decoded: Decoded) -> Iterator[dict[str, Any]]:
        """One object per reading of this sample, with the keys of the contract."""
        sample = decoded.sample
        for reading in self._normaliser.readings(self._binding(sample), [sample], self._raw):
            self._fed = True
            yield _line(decoded.address, sample, reading)

    def errors(self, decoded: list[Decoded]) -> list[str]:
        """What became no reading, and why."""
        problems = [f"{problem.field}: {problem.why}" for problem in self._normaliser.problems()]
        if self._profile is not None and decoded and not self._fed and not problems:
            heard = ", ".join(sorted({d.sample.field for d in decoded}))
            problems.append(f"{self._profile.id} reads none of what was found: {heard}")
        return problems

    def _binding(self, sample: Sample) -> Binding:
        if self._profile is not None:
            specs = self._profile.points
            key: tuple[Any, ...] = ()
        else:
            specs = (_described(sample),)
            key = (sample.field, sample.quantity, sample.signal)
        if key not in self._bindings:
            self._bindings[key] = _bind(specs)
        return self._bindings[key]


def _described(sample: Sample) -> PointSpec:
    """A point with no more to it than what the dialect itself says of the sample."""
    return PointSpec(
        sample.field,
        _BLANK,
        quantity=QUANTITIES.get(sample.quantity or ""),
        signal=Signal(sample.signal) if sample.signal else None,
    )


def _bind(specs: tuple[PointSpec, ...]) -> Binding:
    profile = DeviceProfile("stdin", "", "", "", "", specs, "", 0, _BLANK)
    device = Device("stdin", profile, _BLANK, "", _BLANK, _BLANK, "")
    by_field: dict[str, tuple[Point, ...]] = {}
    for spec in specs:
        field = spec.field or spec.id
        by_field[field] = (*by_field.get(field, ()), Point(spec.id, device, spec))
    return Binding(device, by_field)


def _line(address: str | None, sample: Sample, reading: Reading) -> dict[str, Any]:
    spec = reading.point.spec
    plain_unit = None if spec.signal is not None else sample.unit or spec.unit
    return {
        "device": address,
        "point": spec.id,
        "quantity": spec.quantity.id if spec.quantity else None,
        "value": reading.value,
        "unit": spec.quantity.unit if spec.quantity else plain_unit,
        "time": _time(sample.time),
        "quality": reading.quality.value,
        "reason": reading.reason.value if reading.reason else None,
        "signal": spec.signal.value if spec.signal else None,
        "arrival": reading.arrival.value,
    }


def _time(utc: int | None) -> str | None:
    """The source's own time, however wrong its clock is; null where no calendar has it."""
    try:
        return None if utc is None else to_rfc3339(utc)
    except OverflowError:
        return None


def _profile(dialect: str, id: str | None) -> DeviceProfile | None:
    if id is None:
        return None
    own = Path(id) if id.endswith(".toml") else None
    profile = load_profile(id, schemas()) if own is None else load_profile(own.stem, schemas(), own.parent)
    if profile.dialect != dialect:
        raise _MisfitError(f"{id} speaks {profile.dialect}: edge-hub decode {profile.dialect} --profile {id}")
    return profile


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.translate({ord(mark): " " for mark in ":-,"}))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"no hexadecimal text ({error})") from None


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise argparse.ArgumentTypeError(f"no time zone {name!r}; write it as Asia/Shanghai") from None


def _fail(errors: str, code: int) -> int:
    print(*(f"edge-hub decode: {line}" for line in errors.splitlines()), sep="\n", file=sys.stderr)
    return code
