"""The beat: proof, every ten seconds, that a reading still gets from the inbox to the stores.

A built-in reading enters at the inbox like any other and must come out at the end of the line. It feeds the systemd
watchdog, and nothing else does: whatever stops the line stops the feeding, and systemd restarts the hub. At start and
every hour a full test alarm goes the same way, through rules and journal, marked as a test; before the first has
passed, the hub calls itself "not armed yet".
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from edge.domain.alarm import Alarm
from edge.domain.device import DeviceProfile, PointSpec, Signal
from edge.domain.instant import HOUR, SECOND, Instant
from edge.domain.names import Text
from edge.domain.reading import Message, ProtocolError, Purpose, RawReading, Sample, Value
from edge.domain.rule import AlarmRule, Level, Priority, Selector

SOURCE: Final = "hub"
DIALECT: Final = "hub"
PULSE: Final = "pulse"
SELF_TEST: Final = "self-test"
ONLINE: Final = "online"
EVERY: Final = 10 * SECOND
TEST_EVERY: Final = HOUR
OVERDUE: Final = 3 * EVERY  # under the watchdog's 35 s, so that the panel says it before systemd acts
LATE: Final = Text("自检节拍超时", "The beat is overdue")

POINTS: Final = (
    PointSpec(PULSE, Text("节拍", "Pulse")),
    PointSpec(SELF_TEST, Text("自检", "Self-test"), signal=Signal.SUPERVISORY),
)

RULE: Final = AlarmRule(
    id=SELF_TEST,
    applies=Selector(category="hub", point=SELF_TEST),
    condition="state",
    levels=(
        Level(
            None,
            Priority.LOW,
            Text("自检", "Self-test"),
            Text("平台自检,无需处理", "The hub tests itself, nothing to do"),
        ),
    ),
    signal=Signal.FAULT,  # ends by itself when the test is over
    latch=False,
    source="GB/T 45839-2025 5.8.4; practice",
)


class HubCodec:
    """The dialect of the hub's own readings: one JSON object of field and value, addressed by the channel."""

    def parse(self, channel: str, payload: bytes) -> Sequence[Message]:
        """One message to the built-in device named by `channel`; the member `online` is about its link."""
        try:
            body = json.loads(payload)
        except ValueError as error:
            msg = f"not a JSON object: {error}"
            raise ProtocolError(msg) from error
        return (Message(channel, body, link=body.pop(ONLINE, None)),)

    def samples(self, message: Message, profile: DeviceProfile | None) -> Sequence[Sample]:
        """The object's members."""
        return [Sample(field, value) for field, value in message.body.items()]


def own_reading(device: str, purpose: Purpose, now: Instant, **values: Value) -> RawReading:
    """A reading of a built-in device, as it enters at the inbox."""
    return RawReading(SOURCE, DIALECT, device, json.dumps(values).encode(), now, purpose=purpose)


class Beat:
    """Sends the beat and the test alarm, and keeps when each last came through."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._count = 0
        self._sent_at: int | None = None
        self._test_sent_at: int | None = None
        self._test_open_since: int | None = None
        self.last_beat: int | None = None
        self.last_self_test: int | None = None
        self._passed_at: int | None = None

    @property
    def armed(self) -> bool:
        """Whether a full test alarm has passed since start."""
        return self.last_self_test is not None

    def due(self, now: Instant) -> list[RawReading]:
        """What is to enter the inbox now."""
        raws: list[RawReading] = []
        if self._sent_at is None or now.mono - self._sent_at >= EVERY:
            self._sent_at = now.mono
            self._count += 1
            raws.append(own_reading(self._device, Purpose.LIVE, now, **{PULSE: self._count}))
        if self._test_due(now):
            self._test_sent_at = now.mono
            if self._test_open_since is None:
                self._test_open_since = now.mono
            raws.append(own_reading(self._device, Purpose.TEST, now, **{SELF_TEST: True}))
        return raws

    def _test_due(self, now: Instant) -> bool:
        if self._test_sent_at is None:
            return True
        # A test alarm that did not come back is tried again with the next beat, not in an hour.
        wait = TEST_EVERY if self._test_open_since is None else EVERY
        return now.mono - self._test_sent_at >= wait

    def passed(self, count: float, now: Instant) -> None:
        """The beat numbered `count` has been through every stage."""
        if count == self._count:
            self.last_beat = now.utc
            self._passed_at = now.mono
            notify("WATCHDOG=1")

    def judged(self, alarms: Sequence[Alarm], now: Instant) -> RawReading | None:
        """Look for the test alarm among changed alarms: raised › let it end; ended › the test has passed."""
        for alarm in alarms:
            if alarm.rule != SELF_TEST or alarm.purpose is not Purpose.TEST:
                continue
            if alarm.open and alarm.active:
                return own_reading(self._device, Purpose.TEST, now, **{SELF_TEST: False})
            self._test_open_since = None
            self.last_self_test = now.utc
        return None

    def overdue(self, now: Instant) -> bool:
        """Whether the line has been silent for too long, or a test alarm does not come back through the rules."""
        waiting = (self._passed_at, self._test_open_since)
        return any(since is not None and now.mono - since > OVERDUE for since in waiting)


def notify(state: str) -> None:
    """Tell systemd (sd_notify(3)); does nothing where no supervisor listens, or has no ear for it now."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)  # the line calls this: a supervisor that hangs must not hang it
        sender.connect("\0" + path[1:] if path.startswith("@") else path)
        sender.sendall(state.encode())
