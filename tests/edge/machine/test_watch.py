"""The look at the machine, and what of it enters at the inbox."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from edge.domain.instant import MINUTE, Instant
from edge.domain.reading import RawReading
from edge.machine.certificates import Wanted
from edge.machine.points import measured
from edge.machine.watch import MachineWatch
from tests.edge.machine.test_certificates import pem
from tests.edge.machine.test_system import PI, planted


class Time:
    def __init__(self, *, trusted: bool = True) -> None:
        self.mono, self.trusted = 0, trusted

    def now(self) -> Instant:
        return Instant(1_780_000_000_000_000 + self.mono, self.mono, self.trusted)


class Stand:
    """A watch over a made-up machine."""

    def __init__(self, root: Path, *, trusted: bool = True) -> None:
        self.root, self.clock, self.raws = root, Time(trusted=trusted), list[RawReading]()
        system = planted(root, PI)
        (root / "crt").write_text(pem(2040))
        self.watch = MachineWatch(
            system,
            measured(system, ["panel"]),
            lambda: {"inbox-depth": 3, "disk-free": None},
            [Wanted("panel", file=root / "crt")],
            self.raws.append,
            self.clock,
        )

    async def look(self, after: int = 0) -> dict[str, object]:
        self.clock.mono += after
        self.raws.clear()
        await self.watch.look()
        return dict(json.loads(self.raws[0].payload)) if self.raws else {}


async def test_the_first_look_says_all_there_is_and_the_next_only_what_moved(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    first = await stand.look()
    assert (first["inbox-depth"], first["net-eth0"], first["undervoltage"]) == (3, False, True)
    assert first["route"] == "eth0 192.168.1.2"
    assert first["cpu-temperature"] == 61.2
    assert float(str(first["cert-panel"])) > 4000
    assert "disk-free" not in first  # not known yet
    assert await stand.look(MINUTE) == {}
    (tmp_path / "sys/class/thermal/thermal_zone0/temp").write_text("71000")
    assert await stand.look(MINUTE) == {"cpu-temperature": 71.0}


async def test_a_cable_that_was_in_is_missed_one_that_never_was_is_not(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    carrier, changes = (tmp_path / f"sys/class/net/eth0/{name}" for name in ("carrier", "carrier_changes"))
    carrier.write_text("0")
    assert (await stand.look())["net-eth0"] is False
    carrier.write_text("1")
    changes.write_text("8")
    await stand.look(2 * MINUTE)
    carrier.write_text("0")
    changes.write_text("9")
    assert await stand.look(2 * MINUTE) == {"net-eth0": True, "net-changes": 2}


async def test_certificates_are_not_judged_by_a_clock_of_1970(tmp_path: Path) -> None:
    stand = Stand(tmp_path, trusted=False)
    assert "cert-panel" not in await stand.look()
    stand.clock.trusted = True
    assert "cert-panel" in await stand.look(MINUTE)


async def test_a_look_that_fails_is_told_once_and_tried_again(tmp_path: Path, caplog) -> None:
    stand = Stand(tmp_path)
    looks, enough = 0, asyncio.Event()

    async def broken() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            enough.set()
        raise ZeroDivisionError

    async def at_once(_seconds: float) -> None:
        await asyncio.sleep(0)

    stand.watch.look = broken
    task = asyncio.create_task(stand.watch.run(at_once))
    await enough.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert caplog.text.count("could not be looked at") == 1
