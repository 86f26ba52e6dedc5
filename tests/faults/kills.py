"""kill -9 of the hub at random moments under load, restarts of the broker in between; then every number is looked for.

A ceiling of memory kills as well, as a service manager sets one: the kernel ends what is over it without a word.
The promise: what the broker delivers at QoS 1 is stored once, its effects happen once, and the journal is whole.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from edge.store.journal import verify
from tests.faults.ceilings import Ceiling
from tests.faults.detectors import Detector
from tests.faults.load import Load, Publisher
from tests.faults.numbers import stored_numbers
from tests.faults.rig import Rig, until
from tests.faults.verdict import Say, Verdict

DETECTORS: Final = ("sm-301", "sm-302k", "sm-303")
EARLY: Final = 0.25  # share of the kills that hit a hub while it starts
PATIENCE: Final = 60.0


@dataclass(slots=True)
class Tally(Verdict):
    """What came of it. stored: different numbers found; lost, twice: numbers missing, or there more than once.

    resent: numbers of devices without a time of their own that stand twice because the device's own connection to
    the broker broke and it said them again, which nobody can tell from two measurements. raised: alarms of the
    detectors; episodes: how often smoke was there. squeezed: kills by the kernel, under a ceiling of memory. back: the
    longest until a hub was armed again, s.
    """

    kills: int = 0
    squeezed: int = 0
    restarts: int = 0
    published: int = 0
    taken: int = 0
    stored: int = 0
    lost: int = 0
    twice: int = 0
    resent: int = 0
    duplicates: int = 0
    episodes: int = 0
    raised: int = 0
    back: float = 0.0
    links: int = 0
    facts: int = 0

    def rows(self) -> list[tuple[str, str]]:
        return [
            ("kill -9 of the hub", f"{self.kills - self.squeezed}"),
            ("ended by the kernel, under a ceiling", f"{self.squeezed}"),
            ("restarts of the broker", f"{self.restarts}"),
            ("messages published", f"{self.published}"),
            ("taken by the broker", f"{self.taken}"),
            ("stored, by their numbers", f"{self.stored}"),
            ("lost", f"{self.lost}"),
            ("stored twice", f"{self.twice}"),
            ("said twice by their sender", f"{self.resent}"),
            ("repeats recognised, at least", f"{self.duplicates}"),
            ("fires at the detectors", f"{self.episodes}"),
            ("fire alarms raised", f"{self.raised}"),
            ("armed again within, s", f"{self.back:.1f}"),
            ("links of the hash chain", f"{self.links}"),
            ("facts replayed", f"{self.facts}"),
            ("problems", f"{len(self.problems)}"),
        ]


def run(
    folder: Path,
    *,
    kills: int,
    restarts: int,
    rate: float,
    seed: int,
    squeezes: int = 0,
    say: Say = lambda _: None,
) -> Tally:
    """Do it. folder: an empty one. rate: messages a second. squeezes: of the kills, by a ceiling of memory."""
    chance = random.Random(seed)
    tally = Tally()
    with tally.judging(), ExitStack() as stack:
        ceiling = stack.enter_context(Ceiling("hub")) if squeezes else None
        rig = stack.enter_context(Rig(folder, folder / "data", commit_seconds=1))
        _start(rig, ceiling)
        rig.await_armed()
        load = stack.enter_context(Load(rig.broker, rate=rate))
        field_side = stack.enter_context(Publisher(rig.broker))
        detectors = [Detector(name, field_side, rig.api.url, rig.token) for name in DETECTORS]
        for detector in detectors:
            detector.start()
        after = set(chance.sample(range(1, kills + 1), min(restarts, kills)))
        squeezed = set(chance.sample(range(kills), min(squeezes, kills)))
        while tally.kills < kills:
            _let_live(rig, chance, tally)
            if ceiling is not None and tally.kills in squeezed:
                tally.squeezed += _squeeze(rig, ceiling)
            else:
                rig.kill()
            tally.kills += 1
            if tally.kills in after:
                _restart_broker(rig, chance)
                tally.restarts += 1
            _start(rig, ceiling)
            say(f"{tally.kills} kills, {tally.restarts} restarts, {load.published} published")
        started = time.monotonic()
        rig.await_armed()
        tally.back = max(tally.back, time.monotonic() - started)
        load.stop()
        for detector in detectors:
            detector.finish()
        tally.problems += [d.trouble for d in detectors if d.trouble is not None]
        tally.published = load.published
        tally.taken = sum(len(numbers) for numbers in load.taken.values())
        if load.refused:
            tally.problems.append(f"the broker refused {load.refused} messages")
        _count(rig, load, tally)
        _count_alarms(rig, detectors, tally)
        live = _live_alarms(rig)
        rig.kill()
        _audit(rig.data / "journal.db", live, tally)
        if tally.squeezed < len(squeezed):
            tally.problems.append(f"the kernel ended {tally.squeezed} of {len(squeezed)} hubs")
    return tally


def _start(rig: Rig, ceiling: Ceiling | None) -> None:
    rig.start()
    if ceiling is not None and rig.hub_pid is not None:
        ceiling.hold(rig.hub_pid)


def _squeeze(rig: Rig, ceiling: Ceiling) -> int:
    """How often the kernel has ended somebody: it does so without a word."""
    before = ceiling.kills
    ceiling.lower()
    until("the kernel ends the hub", lambda: rig.hub_pid is None, PATIENCE)
    ceiling.lift()
    rig.forget()
    return ceiling.kills - before


def _let_live(rig: Rig, chance: random.Random, tally: Tally) -> None:
    """Let the hub run for a random while; some are hit in the middle of their start."""
    if chance.random() < EARLY:
        time.sleep(chance.uniform(0.0, 2.0))
        return
    started = time.monotonic()
    rig.await_armed()
    tally.back = max(tally.back, time.monotonic() - started)
    time.sleep(chance.uniform(0.0, 4.0))
    try:
        tally.duplicates += int(rig.api.metric("edgehub_duplicates_total"))
    except httpx.HTTPError as error:
        tally.problems.append(f"no metrics from a running hub: {error}")
    time.sleep(chance.uniform(0.0, 0.2))


def _restart_broker(rig: Rig, chance: random.Random) -> None:
    """Half of the time while the hub is away, half of the time under its feet."""
    if chance.random() < 0.5:
        rig.broker.restart()
        return
    rig.start()
    rig.await_armed()
    time.sleep(chance.uniform(0.0, 1.0))
    rig.broker.restart()
    time.sleep(chance.uniform(0.0, 3.0))
    rig.kill()


def _count(rig: Rig, load: Load, tally: Tally) -> None:
    """Look for every number through the API."""
    found = stored_numbers(rig.api, load)
    for device, taken in load.taken.items():
        numbers = found[device]
        missing = taken - numbers.keys()
        double = {number for number, count in numbers.items() if count > 1}
        if device in load.plain:
            tally.resent += len(double & load.resent[device])
            double -= load.resent[device]
        tally.stored += len(numbers)
        tally.lost += len(missing)
        tally.twice += len(double)
        for word, which in (("missing", missing), ("twice", double)):
            if which:
                tally.problems.append(f"{device}: {word} {sorted(which)[:20]} of {len(which)}")


def _count_alarms(rig: Rig, detectors: list[Detector], tally: Tally) -> None:
    for detector in detectors:
        alarms = [
            alarm
            for alarm in rig.api.pages("/api/v1/alarms", state="all", device=detector.device)
            if alarm["point"] == f"{detector.device}.smoke"
        ]
        tally.episodes += len(detector.ids)
        tally.raised += len(alarms)
        if spare := sorted({alarm["id"] for alarm in alarms} - set(detector.ids)):
            tally.problems.append(f"{detector.device}: raised without smoke: {spare}")
    if tally.raised != tally.episodes:
        tally.problems.append(f"{tally.episodes} fires are {tally.raised} alarms")


def _live_alarms(rig: Rig) -> dict[str, Any]:
    """The open alarms as the running hub has them in memory, by id."""
    ids = [alarm["id"] for alarm in rig.api.pages("/api/v1/alarms", state="open")]
    return {id: rig.api.get(f"/api/v1/alarms/{id}") for id in ids}


def _audit(journal: Path, live: dict[str, Any], tally: Tally) -> None:
    """The chain, the facts folded into rows, and the rows against what the hub had in memory when it was killed."""
    report = verify(journal)
    tally.links, tally.facts = report.links, report.facts
    tally.problems += report.problems
    with closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)) as conn:
        bodies = conn.execute("SELECT body FROM facts WHERE subject = 'alarm' ORDER BY number")
        folded = {row["id"]: row for row in (json.loads(body) for (body,) in bodies)}
    for id, alarm in live.items():
        row = folded.get(id)
        same = ("active", "acked", "latched", "reports", "seq", "value", "priority")
        if row is None or any(row[key] != alarm[key] for key in same):
            tally.problems.append(f"alarm {id} live is not what the journal gives: {alarm} / {row}")
    still_open = {id for id, row in folded.items() if row["closed_at"] is None and row["purpose"] != "test"}
    if still_open != live.keys():
        tally.problems.append(f"open alarms: live {sorted(live)}, journal {sorted(still_open)}")
