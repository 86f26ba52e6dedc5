"""The broker is gone for a day while devices go on reporting to queues of their own: does everything arrive, once?

The day passes in steps of an hour on the hub's clocks (`tests.faults.moved_hub`); the senders say their own time by the
same clock, and hold what they have to say at QoS 1 until the broker takes it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from edge.domain.instant import HOUR, SECOND, from_rfc3339
from edge.store.journal import verify
from tests.faults.load import Load
from tests.faults.moved_hub import Moves
from tests.faults.moved_rig import MakeRig, apart
from tests.faults.numbers import stored_numbers
from tests.faults.rig import Api, Rig, until
from tests.faults.verdict import Say, Verdict

LINKS: Final = ("zigbee", "json", "load")
HOURS: Final = 24
FIRE: Final = "sm-301"
FIRE_AT: Final = 8  # the hour of the day without a broker
NAMED_WITHIN: Final = 60.0
BACK_WITHIN: Final = 120.0
AGE_OFF: Final = 120.0  # seconds by which the told age may be off: the test's own steps


@dataclass(slots=True)
class Outcome(Verdict):
    """What came of it. named, back: seconds until the links' fault was an alarm, and until it was over.

    queued: messages the senders held when the broker came back. age: hours by which the fire was told to be old.
    """

    published: int = 0
    queued: int = 0
    stored: int = 0
    lost: int = 0
    twice: int = 0
    resent: int = 0
    named: float = 0.0
    back: float = 0.0
    told: float = 0.0
    age: float = 0.0
    fires: int = 0

    def rows(self) -> Iterator[tuple[str, str]]:
        yield "messages published", f"{self.published}"
        yield "of these in the senders' queues", f"{self.queued}"
        yield "stored, by their numbers", f"{self.stored}"
        yield "lost, stored twice", f"{self.lost}, {self.twice}"
        yield "said twice by their sender", f"{self.resent}"
        yield "links' fault named after", f"{self.named:.1f} s"
        yield "and over after", f"{self.back:.1f} s"
        yield "fire of that day told after", f"{self.told:.1f} s"
        yield "as being old", f"{self.age:.2f} h"


class _Senders(Load):
    """Devices on the hub's clock. passed: µs that have gone by."""

    def __init__(self, rig: Rig, rate: float) -> None:
        self.passed = 0
        super().__init__(rig.broker, rate=rate)

    def time_ms(self) -> int:
        return super().time_ms() + self.passed // 1000

    def alarm(self, device: str) -> None:
        """A fire, said with its time; the queue holds it."""
        body = f'{{"smoke": true, "battery": 97, "last_seen": {self.time_ms()}}}'
        self.post(f"zigbee2mqtt/{device}", body.encode())


def run(folder: Path, *, rate: float, hour: float, say: Say, make: MakeRig = apart) -> Outcome:
    """Do it. rate: messages a second. hour: seconds an hour of the day takes."""
    outcome = Outcome()
    folder.mkdir(parents=True, exist_ok=True)
    with outcome.judging(), ExitStack() as stack:
        moves = Moves(folder / "moves")
        stack.callback(moves.close)
        rig = stack.enter_context(make(folder, moves))
        rig.start()
        rig.await_armed()
        senders = stack.enter_context(_Senders(rig, rate))
        _day(rig, senders, moves, hour, outcome, say)
        rig.stop()
        outcome.problems += verify(rig.data / "journal.db").problems
    return outcome


def _day(rig: Rig, senders: _Senders, moves: Moves, hour: float, out: Outcome, say: Say) -> None:
    until("some come as usual", lambda: all(senders.taken.values()))
    rig.broker.stop()
    gone, taken = time.monotonic(), sum(len(numbers) for numbers in senders.taken.values())
    said_at = 0
    for n in range(HOURS):
        if n == FIRE_AT:
            senders.alarm(FIRE)
            said_at = senders.passed
        time.sleep(hour)
        senders.passed += HOUR
        moves.move(utc=senders.passed, mono=senders.passed, ntp=True)
        if not out.named and all(_faults(rig.api, link) for link in LINKS):
            out.named = time.monotonic() - gone
    if not out.named:
        until("the links' fault is an alarm", lambda: all(_faults(rig.api, x) for x in LINKS), NAMED_WITHIN)
        out.named = time.monotonic() - gone
    out.queued = senders.published - taken
    say(f"a day without a broker: {out.queued} messages wait")
    rig.broker.start()
    back = time.monotonic()
    alarm = _fire(rig.api)
    out.told = time.monotonic() - back
    until("the links are well", lambda: not any(_faults(rig.api, x) for x in LINKS), BACK_WITHIN)
    out.back = time.monotonic() - back
    senders.stop(BACK_WITHIN)
    _count(rig.api, senders, out)
    out.fires = len(list(rig.api.pages("/api/v1/alarms", state="all", device=FIRE, signal="fire")))
    if out.fires != 1:
        out.problems.append(f"one fire is {out.fires} alarms")
    if alarm["source_time"] is None:
        out.problems.append("the fire is told without its own time")
        return
    old = from_rfc3339(alarm["received_at"]) - from_rfc3339(alarm["source_time"])
    out.age = old / HOUR
    if abs(old - (senders.passed - said_at)) / SECOND > AGE_OFF:
        out.problems.append(f"the fire is told to be {out.age:.2f} h old")


def _faults(api: Api, link: str) -> bool:
    """Whether its fault is an open alarm that is still there."""
    items = api.look("/api/v1/alarms", state="open", device=link)["items"]
    return any(alarm["active"] for alarm in items)


def _fire(api: Api) -> Any:
    found: list[Any] = []

    def there() -> bool:
        items = api.look("/api/v1/alarms", state="open", device=FIRE)["items"]
        found[:] = [alarm for alarm in items if alarm["point"] == f"{FIRE}.smoke"]
        return bool(found)

    until("the fire of the day without a broker is told", there, BACK_WITHIN)
    return found[0]


def _count(api: Api, senders: _Senders, out: Outcome) -> None:
    ahead = timedelta(microseconds=senders.passed) + timedelta(hours=1)
    found = stored_numbers(api, senders, ahead)
    out.published = senders.published
    for device, taken in senders.taken.items():
        numbers = found[device]
        double = {number for number, count in numbers.items() if count > 1}
        if device in senders.plain:
            out.resent += len(double & senders.resent[device])
            double -= senders.resent[device]
        missing = set(range(1, max(taken) + 1)) - numbers.keys()
        out.stored += len(numbers)
        out.lost += len(missing)
        out.twice += len(double)
        for word, which in (("missing", missing), ("twice", double)):
            if which:
                out.problems.append(f"{device}: {word} {sorted(which)[:20]} of {len(which)}")
