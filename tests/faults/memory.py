"""A memory ceiling comes down on the hub, and on a camera's process: each is started again, nothing taken is lost.

The kernel ends what is over its ceiling without a word (SIGKILL). The hub is started again as its unit does it; the
child by the hub.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from edge.store.journal import verify
from tests.faults.ceilings import Ceiling
from tests.faults.load import Load, Publisher
from tests.faults.numbers import count_numbers, newest_have_come
from tests.faults.rig import NotSoError, Rig, until

FIRES: Final = ("sm-301", "sm-302k", "sm-303")
PATIENCE: Final = 60.0
Say = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    """What came of it. hub_kills, child_kills: by the kernel. hub_back, child_back: the longest, seconds.

    no_child: why there is no camera's process here, None where it was done.
    """

    hub_kills: int = 0
    hub_back: float = 0.0
    child_kills: int = 0
    child_back: float = 0.0
    taken: int = 0
    lost: int = 0
    twice: int = 0
    fires: int = 0
    alarms: int = 0
    no_child: str | None = None
    seconds: float = 0.0
    hub_problems: list[str] = field(default_factory=list)
    child_problems: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What was promised and not kept."""
        return [*self.hub_problems, *self.child_problems]

    @property
    def ok(self) -> bool:
        """Whether everything promised was kept."""
        return not self.problems

    def rows(self) -> Iterator[tuple[str, str]]:
        """Name and value of each figure."""
        yield "hub ended by the kernel, times", f"{self.hub_kills}"
        yield "armed again within", f"{self.hub_back:.1f} s"
        yield "readings the broker took", f"{self.taken}"
        yield "of these lost, stored twice", f"{self.lost}, {self.twice}"
        yield "fires before, between, after; alarms", f"{self.fires}, {self.alarms}"
        if self.no_child is None:
            yield "the camera's process ended, times", f"{self.child_kills}"
            yield "pictures again within", f"{self.child_back:.1f} s"
        else:
            yield "the camera's process", f"not done: {self.no_child}"
        yield "seconds", f"{self.seconds:.0f}"


def run(folder: Path, *, times: int, rate: float, seed: int, say: Say) -> Outcome:
    """Both, so many times each. rate: messages a second while the hub is hit."""
    outcome, begun = Outcome(), time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _hub(folder, outcome, times, rate, random.Random(seed), say)
    except (NotSoError, httpx.HTTPError) as error:
        outcome.hub_problems.append(str(error))
    try:
        _child(outcome, times, say)
    except (NotSoError, httpx.HTTPError) as error:
        outcome.child_problems.append(str(error))
    outcome.seconds = time.monotonic() - begun
    return outcome


def _hub(folder: Path, out: Outcome, times: int, rate: float, chance: random.Random, say: Say) -> None:
    with ExitStack() as stack:
        ceiling = stack.enter_context(Ceiling("hub"))
        rig = stack.enter_context(Rig(folder, folder / "data", commit_seconds=1))
        _start(rig, ceiling)
        load = stack.enter_context(Load(rig.broker, rate=rate))
        publisher = stack.enter_context(Publisher(rig.broker))
        for n in range(times):
            _fire(rig, publisher, out, FIRES[n % len(FIRES)])
            time.sleep(chance.uniform(0.0, 2.0))
            before = ceiling.kills
            ceiling.lower()
            until("the kernel ends the hub", lambda: rig.hub_pid is None, PATIENCE)
            out.hub_kills += ceiling.kills - before
            ceiling.lift()
            rig.forget()
            fell = time.monotonic()
            _start(rig, ceiling)
            out.hub_back = max(out.hub_back, time.monotonic() - fell)
            say(f"the hub was ended and is armed again, {n + 1}/{times}")
        load.stop()
        _count(rig, load, out)
        rig.stop()
        out.hub_problems += verify(rig.data / "journal.db").problems
    if out.hub_kills < times:
        out.hub_problems.append(f"the kernel ended {out.hub_kills} of {times} hubs")


def _start(rig: Rig, ceiling: Ceiling) -> None:
    rig.start()
    if rig.hub_pid is not None:
        ceiling.hold(rig.hub_pid)
    rig.await_armed()


def _fire(rig: Rig, publisher: Publisher, out: Outcome, device: str) -> None:
    publisher.say(f"zigbee2mqtt/{device}", {"smoke": True, "battery": 97})
    if device in FIRES[: out.fires]:
        return  # it burns already
    out.fires += 1

    def there() -> bool:
        items = rig.api.look("/api/v1/alarms", state="open", device=device)["items"]
        return any(alarm["point"] == f"{device}.smoke" for alarm in items)

    until(f"the fire at {device} is an alarm", there, PATIENCE)


def _count(rig: Rig, load: Load, out: Outcome) -> None:
    newest_have_come(rig.api, load)
    for device, taken in load.taken.items():
        numbers = count_numbers(rig.api, device)
        double = {number for number, count in numbers.items() if count > 1} - load.resent[device]
        out.taken += len(taken)
        out.lost += len(taken - numbers.keys())
        out.twice += len(double)
    if out.lost or out.twice:
        out.hub_problems.append(f"{out.lost} readings are lost, {out.twice} are stored twice")
    out.alarms = sum(
        alarm["active"] for alarm in rig.api.pages("/api/v1/alarms", state="open", signal="fire")
    )
    if out.alarms != out.fires:
        out.hub_problems.append(f"{out.fires} fires are {out.alarms} alarms")


def _child(out: Outcome, times: int, say: Say) -> None:
    """A camera's, with the driver in this process."""
    try:
        from tests.faults.cameras import Watched
    except ImportError as error:
        out.no_child = f"{error.name} is missing"
        return
    with Watched() as camera:
        for n in range(times):
            pid = camera.pid()
            with Ceiling("camera") as ceiling:
                ceiling.hold(pid)
                ceiling.lower()
                until("the kernel ends the camera's process", lambda: ceiling.kills > 0, PATIENCE)
                out.child_kills += 1
            fell = time.monotonic()
            until(
                "there are pictures again",
                lambda pid=pid: camera.pid() not in {0, pid} and camera.well(),
                PATIENCE,
            )
            out.child_back = max(out.child_back, time.monotonic() - fell)
            say(f"the camera's process was ended and shows pictures again, {n + 1}/{times}")
    if out.child_kills < times:
        out.child_problems.append(f"the kernel ended {out.child_kills} of {times} cameras' processes")
