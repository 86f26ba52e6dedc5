"""Lines of a camera's child into samples. No I/O, no clock, no OpenCV."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from drivers.camera.episodes import LEARNT
from drivers.camera.lines import ALL_KINDS, Beat, Finding, encode, read_report
from drivers.camera.sight import KINDS
from edge.domain.camera import FAULTS
from edge.domain.device import DeviceProfile, Signal
from edge.domain.names import Text
from edge.domain.reading import Message, ProtocolError, Quality, Reason, Sample, Value
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

_REHEARSED: Final = 0  # t of a beat that no child has said

_TAMPERED: Final = frozenset(KINDS["tamper"])


class CameraCodec:
    """The codec of one camera's source; it remembers which episodes are open.

    looking: checks that are asked for; that their kinds are not there is told with every beat, that they still are, and
    all else, once a minute: each is a report of an alarm, and the journal keeps them all. May be replaced.
    """

    def __init__(self, looking: Collection[str] = tuple(KINDS)) -> None:
        self.looking = frozenset(looking)
        self._open: dict[str, str] = {}  # id of an episode -> its kind
        self._aged: set[str] = (
            set()
        )  # kinds of which something was learnt as the scene, and may be there still
        self._told: tuple[object, ...] | None = None
        self._beats = 0

    def resume(self, known: Mapping[str, str]) -> None:
        """These episodes (id -> kind) were open when the hub ended, and are."""
        self._open.update(known)

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

    def rehearse(
        self, address: str, profile: DeviceProfile, values: Mapping[str, Value]
    ) -> Sequence[tuple[str, bytes]]:
        """A beat of no time that says these faults and kinds, and nothing of the others; see `edge.driver.Rehearsing`.

        The camera's own episodes and faults go on beside it: a drill marks nothing here.
        """
        unknown = [name for name in values if name not in FAULTS and name not in ALL_KINDS]
        if unknown:
            raise ProtocolError(f"a camera's child cannot say {unknown[0]!r}")
        faults = [name for name in FAULTS if values.get(name)]
        if len(faults) > 1:
            raise ProtocolError(f"a camera has one of these faults at a time: {', '.join(faults)}")
        active = tuple(name for name in ALL_KINDS if values.get(name))
        beat = Beat(_REHEARSED, faults[0] if faults else "ok", Text("演练", "Drill"), active=active)
        return [(address, encode(beat))]

    def _samples(self, line: Beat | Finding) -> list[Sample]:
        if isinstance(line, Finding):
            return self._finding(line)
        return self._beat(line) if line.t != _REHEARSED else [*_faults(line, None), *_kinds(line, None)]

    def _beat(self, beat: Beat) -> list[Sample]:
        active = frozenset(beat.active)
        self._open = {id: kind for id, kind in self._open.items() if kind in active}
        said = (beat.state, active, beat.learning, self.looking)
        self._beats = 0 if said != self._told else (self._beats + 1) % _WHOLE
        self._told = said
        whole = self._beats == 0
        samples = [Sample("fps", beat.fps, time=beat.t)]
        if whole:
            samples.append(Sample("learning", ", ".join(sorted(set(beat.learning))), time=beat.t))
            return [*samples, *_faults(beat, beat.t), *map(self._doubted, _kinds(beat, beat.t))]
        wanted = [kind for check in self.looking for kind in KINDS.get(check, ())]
        states = (state for state in _kinds(beat, beat.t) if state.field in wanted and not state.value)
        return samples + [self._doubted(state) for state in states]

    def _finding(self, finding: Finding) -> list[Sample]:
        samples = [Sample(FINDING, finding_text(finding), time=finding.t)]
        self._told = None  # the next beat tells all
        if finding.state != "start":
            self._open.pop(finding.id, None)
            if finding.state == "aged" and finding.kind in LEARNT:
                self._aged.add(finding.kind)
            state = _state(finding.kind, finding.kind in self._open.values(), finding.t)
            return [*samples, self._doubted(state)]
        self._aged.discard(finding.kind)
        if finding.kind in self._open.values() and finding.id not in self._open:
            # Another zone, another event: the alarm of the first ends, so that the second rings anew.
            samples.append(_state(finding.kind, False, max(0, finding.t - _BEFORE)))
        if len(self._open) < _EPISODES:
            self._open[finding.id] = finding.kind
        return [*samples, _state(finding.kind, True, finding.t)]

    def _doubted(self, state: Sample) -> Sample:
        """No proof that what was learnt away has gone: the alarm ends, what counts good readings does not."""
        if state.value or state.field not in self._aged:
            return state
        return replace(state, quality=Quality.UNCERTAIN, reason=Reason.CALIBRATING)


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


# A child that has just been started does not know yet, nor does a check that learns: what stood, stands until they do.


def _faults(beat: Beat, time: int | None) -> list[Sample]:
    known = () if beat.state == "starting" else FAULTS
    covered = beat.state == "blackout" and "covered" in beat.active  # one event, and one alarm
    return [_state(fault, fault == beat.state and not covered, time) for fault in known]


def _kinds(beat: Beat, time: int | None) -> list[Sample]:
    learns = KINDS.keys() if beat.frame_at is None and beat.t != _REHEARSED else beat.learning
    unknown = {kind for check in learns for kind in KINDS[check]} - set(beat.active)
    return [_state(kind, kind in beat.active, time) for kind in ALL_KINDS if kind not in unknown]


def _state(name: str, value: bool, time: int | None) -> Sample:
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
