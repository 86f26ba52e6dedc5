"""Lines of a camera's child into samples. No I/O, no clock, no OpenCV."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Final

from drivers.camera.lines import ALL_KINDS, Beat, Finding, read_report
from drivers.camera.sight import KINDS
from edge.domain.camera import FAULTS
from edge.domain.device import DeviceProfile, Signal
from edge.domain.reading import Message, ProtocolError, Sample
from edge.driver import Decoded, DecodeOptions, DecodeResult

FINDING: Final = "finding"
"""Field of the text sample that holds a finding as JSON, for whoever keeps what cameras saw."""
FINDING_LENGTH: Final = 2000
"""Characters it has at most; the profile's point keeps so many."""

_REASONS: Final = 24  # numbers of one finding
_NAME: Final = 32  # characters of such a number's name
_ODD: Final = re.compile(r"[^A-Za-z0-9_.% -]")
_WHOLE: Final = 12  # beats, a minute: what has not changed is told as often
_BEFORE: Final = 1000  # µs: an end is told so much before the start that follows it at once
_EPISODES: Final = 256  # that are remembered; a child that opens more and ends none only costs the exact end

_TAMPERED: Final = frozenset(KINDS["tamper"])


class CameraCodec:
    """The codec of one camera's source; it remembers which episodes are open.

    looking: checks that are asked for; their kinds are told with every beat, others now and then. May be replaced.
    """

    def __init__(self, looking: Collection[str] = tuple(KINDS)) -> None:
        self.looking = frozenset(looking)
        self._open: dict[str, str] = {}  # id of an episode -> its kind
        self._told: tuple[object, ...] | None = None
        self._beats = 0

    def parse(self, channel: str, payload: bytes) -> Sequence[Message]:
        """One message; the device's address is that of its source. ProtocolError for anything but a child's line."""
        try:
            line = read_report(payload)
        except ValueError as error:
            raise ProtocolError(str(error)) from None
        return (Message(channel, self._samples(line)),)

    def samples(self, message: Message, profile: DeviceProfile | None) -> Sequence[Sample]:
        """What the line says, by the names of faults and kinds."""
        samples: Sequence[Sample] = message.body
        return samples

    def _samples(self, line: Beat | Finding) -> list[Sample]:
        return self._beat(line) if isinstance(line, Beat) else self._finding(line)

    def _beat(self, beat: Beat) -> list[Sample]:
        active = frozenset(beat.active)
        self._open = {id: kind for id, kind in self._open.items() if kind in active}
        said = (beat.state, active, beat.learning, self.looking)
        self._beats = 0 if said != self._told else (self._beats + 1) % _WHOLE
        self._told = said
        whole = self._beats == 0
        samples = [Sample("fps", beat.fps, time=beat.t)]
        if whole and beat.state != "starting":
            # A child that has just been started does not know yet: what stood, stands until it does.
            samples += [_state(fault, fault == beat.state, beat.t) for fault in FAULTS]
        if whole:
            samples.append(Sample("learning", ", ".join(sorted(set(beat.learning))), time=beat.t))
        wanted = ALL_KINDS if whole else [k for check in self.looking for k in KINDS.get(check, ())]
        samples += [_state(kind, kind in active, beat.t) for kind in ALL_KINDS if kind in wanted]
        return samples

    def _finding(self, finding: Finding) -> list[Sample]:
        samples = [Sample(FINDING, finding_text(finding), time=finding.t)]
        if finding.state != "start":
            self._open.pop(finding.id, None)
            return [*samples, _state(finding.kind, finding.kind in self._open.values(), finding.t)]
        if finding.kind in self._open.values() and finding.id not in self._open:
            # Another zone, another event: the alarm of the first ends, so that the second rings anew.
            samples.append(_state(finding.kind, False, max(0, finding.t - _BEFORE)))
        if len(self._open) < _EPISODES:
            self._open[finding.id] = finding.kind
        return [*samples, _state(finding.kind, True, finding.t)]


def finding_text(finding: Finding) -> str:
    """The finding as one JSON object of at most `FINDING_LENGTH` characters, ASCII."""
    numbers = sorted(finding.why.items())[:_REASONS]
    why = {_ODD.sub("?", name[:_NAME]): float(f"{number:.4g}") for name, number in numbers}
    return json.dumps(
        {
            "t": finding.t,
            "id": finding.id,
            "check": finding.check,
            "kind": finding.kind,
            "zone": finding.zone,
            "state": finding.state,
            "score": round(finding.score, 3),
            "box": None if finding.box is None else [round(side, 4) for side in finding.box],
            "since": finding.since,
            "max_age": finding.max_age,
            "why": why,
            "verified": finding.verified,
        },
        separators=(",", ":"),
    )


def _state(name: str, value: bool, time: int) -> Sample:
    fault = name in FAULTS or name in _TAMPERED
    signal = None if name == "motion" else Signal.FAULT if fault else Signal.SUPERVISORY
    return Sample(name, value, signal=signal, time=time)


def decode(payload: bytes, options: DecodeOptions) -> DecodeResult:
    """For `edge-hub decode camera`: lines of a child, one a line; the device is the topic's last level."""
    result = DecodeResult()
    codec = CameraCodec()
    address = (options.topic or "").rpartition("/")[2] or None
    for number, line in enumerate(payload.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            messages = codec.parse(address or "", line)
        except ProtocolError as error:
            result.errors.append(f"line {number}: {error}")
            continue
        result.decoded += [Decoded(address, sample) for sample in messages[0].body]
    return result
