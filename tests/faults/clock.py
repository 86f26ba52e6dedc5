"""The civil clock leaps by ten years, at boot and at noon: do alarms arrive, does anything vanish, are duties flooded?

The clocks of the hub are injected (`tests.faults.moved_hub`); the broker and the devices keep the true time. While the
clock is wrong two hours pass at once, so that everything that is done each hour is done on the wrong clock.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from edge.clock import FILE as CLOCK_MARK
from edge.dialects import schemas
from edge.domain.instant import HOUR, MINUTE, SECOND, from_rfc3339
from edge.settings import load_site
from edge.store.journal import verify
from tests.faults.load import Publisher
from tests.faults.moved_hub import Moves
from tests.faults.moved_rig import MakeRig, apart
from tests.faults.numbers import count_numbers
from tests.faults.rig import Rig, until
from tests.faults.verdict import Say, Verdict

TEN_YEARS: Final = 3653 * 24 * HOUR
PASSES: Final = 2 * HOUR
BEFORE, DURING, AFTER = "sm-301", "sm-302k", "sm-303"
DEVICE: Final = "load-1"
NUMBERS: Final = 60
DEADLINE: Final = 60.0
WILD: Final = 5 * MINUTE
_ENDED: Final = ("alarm.returned", "alarm.reset", "alarm.closed")


@dataclass(slots=True)
class Outcome(Verdict):
    """What came of one leap. stamped: s by which the alarm of the wrong time was stamped beside the true time.

    duties: facts about them from the leap to the end, by kind. right: seconds until the clock was believed again.
    """

    name: str
    arrived: int = 0
    cleared: int = 0
    stored: int = 0
    lost: int = 0
    deleted: int = 0
    stamped: float = 0.0
    duties: Counter[str] = field(default_factory=Counter)
    right: float = 0.0

    def rows(self) -> Iterator[tuple[str, str]]:
        yield "alarms before, during, after", f"{self.arrived} of 3"
        yield "of these cleared by the clock", f"{self.cleared}"
        yield "readings stored, lost, deleted", f"{self.stored}, {self.lost}, {self.deleted}"
        yield "stamp of the alarm meanwhile, off by", f"{self.stamped:+.0f} s"
        yield "facts about duties", ", ".join(f"{n} {k}" for k, n in sorted(self.duties.items())) or "0"
        yield "believed again by itself after", f"{self.right:.1f} s"


@dataclass(frozen=True, slots=True)
class Leap:
    """by: µs. vouched: a time server says the wrong time. forgotten: what the hub remembers of its clock is gone."""

    by: int
    at_boot: bool
    vouched: bool = False
    forgotten: bool = False


LEAPS: Final = {
    "ten years ahead at boot": Leap(TEN_YEARS, at_boot=True),
    "ten years back at boot": Leap(-TEN_YEARS, at_boot=True),
    "ten years ahead at noon": Leap(TEN_YEARS, at_boot=False),
    "ten years back at noon": Leap(-TEN_YEARS, at_boot=False),
    "ten years ahead at boot, the mark gone": Leap(TEN_YEARS, at_boot=True, forgotten=True),
    "ten years back at boot, the mark gone": Leap(-TEN_YEARS, at_boot=True, forgotten=True),
    "ten years ahead at noon, by a time server": Leap(TEN_YEARS, at_boot=False, vouched=True),
}


def run(folder: Path, name: str, say: Say, make: MakeRig = apart) -> Outcome:
    """Do one of LEAPS."""
    leap = LEAPS[name]
    folder.mkdir(parents=True, exist_ok=True)
    outcome = Outcome(name)
    with outcome.judging(), ExitStack() as stack:
        moves = Moves(folder / "moves")
        stack.callback(moves.close)
        rig = stack.enter_context(make(folder, moves))
        moves.move(utc=0, ntp=True)
        rig.start()
        rig.await_armed()
        publisher = stack.enter_context(Publisher(rig.broker))
        scene = _Scene(rig, publisher, moves, outcome, leap)
        scene.before()
        scene.leap()
        say(f"{name}: the clock is wrong")
        scene.during()
        scene.after()
        say(f"{name}: the clock is right again")
        scene.judge()
        rig.stop()
        outcome.problems += verify(rig.data / "journal.db").problems
    return outcome


class _Scene:
    def __init__(self, rig: Rig, publisher: Publisher, moves: Moves, outcome: Outcome, leap: Leap) -> None:
        self._leap = leap
        self._rig, self._publisher, self._moves, self._outcome = rig, publisher, moves, outcome
        self._ids: dict[str, str] = {}
        self._number = 0
        self._passed = 0  # µs
        self._mark = 0  # of the journal, when the clock leapt

    # ---- what is done ---------------------------------------------------------------------------------------------

    def before(self) -> None:
        """An alarm that stays open, and readings that are stored."""
        self._raise(BEFORE)
        self._say_numbers()
        self._settle()

    def leap(self) -> None:
        """The machine's clock is set, and nobody vouches for it, unless a time server does."""
        self._mark = self._newest()
        if self._leap.at_boot:
            self._rig.stop()
        if self._leap.forgotten:
            (self._rig.data / CLOCK_MARK).unlink()
        self._moves.move(utc=self._leap.by, ntp=self._leap.vouched)
        if self._leap.vouched:
            self._chores()
        if self._leap.at_boot:
            self._rig.start()
            self._rig.await_armed()

    def during(self) -> None:
        """A fire and readings on the wrong clock; then two hours pass, and what is done each hour is done."""
        self._raise(DURING)
        self._say_numbers()
        self._settle()
        self._passed = PASSES
        self._moves.move(utc=self._leap.by + PASSES, mono=PASSES, ntp=self._leap.vouched)
        self._chores()

    def after(self) -> None:
        """A time server sets it right."""
        set_at = time.monotonic()
        self._moves.move(utc=PASSES, mono=PASSES, ntp=True)

        def right() -> bool:
            clock = self._rig.api.look("/api/v1/clock")
            off = from_rfc3339(clock["time"]) - time.time_ns() // 1000 - PASSES
            return clock["quality"] == "ntp" and clock["trusted"] and abs(off) < WILD

        until("the clock is believed again", right, DEADLINE)
        self._outcome.right = time.monotonic() - set_at
        self._raise(AFTER)
        self._say_numbers()
        self._settle()
        self._chores()

    # ---- what came of it ------------------------------------------------------------------------------------------

    def judge(self) -> None:
        """Everything is looked for."""
        out, api = self._outcome, self._rig.api
        for id in self._ids.values():
            alarm = api.get(f"/api/v1/alarms/{id}")
            out.arrived += bool(alarm["active"] and alarm["state"] != "normal")
        alarms = list(api.pages("/api/v1/alarms", state="all", signal="fire"))
        if len(alarms) != len(self._ids):
            out.problems.append(f"{len(alarms)} fire alarms for {len(self._ids)} fires")
        facts = list(self._facts())
        out.cleared = sum(
            kind in _ENDED and body["id"] in self._ids.values() for _, kind, body in facts if "id" in body
        )
        if out.arrived != len(self._ids) or out.cleared:
            out.problems.append(f"{out.arrived} of 3 alarms are there, {out.cleared} were cleared")
        numbers = count_numbers(api, DEVICE, timedelta(hours=6))
        out.stored = len(numbers)
        out.lost = self._number - out.stored
        out.deleted = sum(n not in numbers for n in range(1, NUMBERS + 1))
        if out.lost or any(count > 1 for count in numbers.values()):
            twice = sum(count > 1 for count in numbers.values())
            out.problems.append(f"{out.lost} readings are missing, {twice} are there twice")
        later = Counter(kind for number, kind, _ in facts if number > self._mark)
        out.duties = Counter(
            {kind: n for kind, n in later.items() if kind.startswith(("duty.", "calendar.", "round."))}
        )
        due = sum(n for kind, n in out.duties.items() if kind in {"duty.due", "duty.missed"})
        if due > self._due_in_a_day():
            out.problems.append(f"{due} duties came due or were missed in two hours")

    def _due_in_a_day(self) -> int:
        """Two hours may bring some: no more than a day does, each once due and once missed."""
        return 2 * len(load_site(self._rig.site, schemas()).duties.duties)

    def _chores(self) -> None:
        """The hub looks at what is due: a look under way may have begun before, the next has not."""
        wanted = self._moves.looks + 2
        until("the hub has looked at what is due", lambda: self._moves.looks >= wanted, DEADLINE)

    # ---- small things ---------------------------------------------------------------------------------------------

    def _raise(self, device: str) -> None:
        self._publisher.say(f"zigbee2mqtt/{device}", {"smoke": True, "battery": 97})
        found: list[dict[str, Any]] = []

        def there() -> bool:
            alarms = self._rig.api.look("/api/v1/alarms", state="open", device=device)["items"]
            found[:] = [alarm for alarm in alarms if alarm["point"] == f"{device}.smoke"]
            return bool(found)

        until(f"the fire at {device} is an alarm", there, DEADLINE)
        self._ids[device] = found[0]["id"]
        if device == DURING:
            raised = from_rfc3339(found[0]["raised_at"])
            true = time.time_ns() // 1000 + self._passed
            self._outcome.stamped = (raised - true) / SECOND
            # what a time server says is believed: the stamp is as wrong, and deletes nothing
            if abs(raised - true) > WILD and not self._leap.vouched:
                self._outcome.problems.append(f"the alarm meanwhile is stamped {found[0]['raised_at']}")

    def _say_numbers(self) -> None:
        for _ in range(NUMBERS):
            self._number += 1
            at = time.time_ns() // 1_000_000 + self._passed // 1000
            self._publisher.say(f"bench/{DEVICE}", {"seq": self._number, "value": 20.0, "t": at})

    def _settle(self) -> None:
        def stored() -> bool:
            return self._rig.api.metric("edgehub_telemetry_pending") == 0

        until("the readings are stored", stored, DEADLINE)

    def _facts(self) -> Iterator[tuple[int, str, Any]]:
        path = self._rig.data / "journal.db"
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as conn:
            for number, kind, body in conn.execute("SELECT number, kind, body FROM facts ORDER BY number"):
                yield number, kind, json.loads(body)

    def _newest(self) -> int:
        return max((number for number, *_ in self._facts()), default=0)


def names(words: list[str], seed: int) -> list[str]:
    """Those whose name has one of the words, in the order chance gives."""
    wanted = [name for name in LEAPS if not words or any(word in name for word in words)]
    random.Random(seed).shuffle(wanted)
    return wanted
