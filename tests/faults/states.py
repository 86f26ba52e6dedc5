"""kill -9 of the hub at chosen states of commands, messages and cases; then what came is held against the journal.

The promise: nothing is lost, and nothing is sent twice without saying so. The moment is chosen by the journal: as soon
as the wanted fact stands in its file, or a little later, the hub is killed.
"""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from edge.facade import Account, Role
from edge.store.accounts import AccountFile
from edge.store.journal import verify
from tests.faults import casework
from tests.faults.outside import Came, Outside
from tests.faults.rig import Api, NotSoError, Rig
from tests.faults.small_site import CHIEF, CREW, PHONES, make_small
from tests.faults.stories import Point, Scene, wait_quiet
from tests.faults.verdict import Say, Verdict
from web.auth.secrets import digest, new_token

LOOK: Final = 0.0005  # seconds between two looks at the journal
SOON: Final = (0.0, 0.004, 0.03, 0.3)  # seconds: the longest wait after the fact, drawn by chance
_ENDED: Final = {"written", "confirmed", "superseded", "refused"}
_ARRIVED: Final = {"sent", "delivered", "seen", "answered"}


@dataclass(slots=True)
class Tally(Verdict):
    """What came of it. repeats: messages that said they may have come before; kills: by what was hit.

    alarms: by the journal; twice: of these raised more than once. back: the longest until a hub was armed again, s.
    """

    kills: Counter[str] = field(default_factory=Counter)
    commands: int = 0
    attempts: int = 0
    written: int = 0
    messages: int = 0
    came: int = 0
    repeats: int = 0
    orders: int = 0
    incidents: int = 0
    hazards: int = 0
    duties: int = 0
    links: int = 0
    alarms: int = 0
    twice: int = 0
    back: float = 0.0

    def rows(self) -> list[tuple[str, str]]:
        return [
            *((f"killed at: {name}", f"{count}") for name, count in self.kills.items()),
            ("kills in all", f"{self.kills.total()}"),
            ("commands", f"{self.commands}"),
            ("their attempts, by the journal", f"{self.attempts}"),
            ("of these reached the device", f"{self.written}"),
            ("messages, by the journal", f"{self.messages}"),
            ("messages that came", f"{self.came}"),
            ("of these said: repeat", f"{self.repeats}"),
            ("work orders", f"{self.orders}"),
            ("incidents", f"{self.incidents}"),
            ("hazards", f"{self.hazards}"),
            ("occurrences of duties", f"{self.duties}"),
            ("alarms, of these raised twice", f"{self.alarms}, {self.twice}"),
            ("armed again within, s", f"{self.back:.1f}"),
            ("links of the hash chain", f"{self.links}"),
            ("problems", f"{len(self.problems)}"),
        ]


class Journal:
    """Reads the facts of a hub's journal as they are committed."""

    def __init__(self, path: Path) -> None:
        self._uri = f"{path.absolute().as_uri()}?mode=ro"

    def facts(self, after: int = 0) -> Iterator[tuple[int, str, str, Any]]:
        """(number, kind, subject, body), oldest first."""
        with closing(sqlite3.connect(self._uri, uri=True, timeout=10)) as conn:
            rows = conn.execute(
                "SELECT number, kind, subject, body FROM facts WHERE number > ? ORDER BY number", (after,)
            )
            for number, kind, subject, body in rows:
                yield number, kind, subject, json.loads(body)

    def last(self) -> int:
        """The number of the newest fact."""
        return max((number for number, *_ in self.facts()), default=0)

    def wait(self, point: Point, after: int, given_up: threading.Event) -> bool:
        """Return as soon as the fact stands in the file; False when given up first."""
        with closing(sqlite3.connect(self._uri, uri=True, timeout=10)) as conn:
            version = None
            while not given_up.wait(LOOK):
                now = conn.execute("PRAGMA data_version").fetchone()
                if now == version:
                    continue
                version = now
                rows = conn.execute(
                    "SELECT number, kind, body FROM facts WHERE number > ? ORDER BY number", (after,)
                )
                for number, kind, body in rows:
                    after = number
                    if kind == point.kind and point.fits(kind, json.loads(body)):
                        return True
        return False


class Reaper(threading.Thread):
    """Kills the hub at a point, and starts it again."""

    def __init__(self, rig: Rig, journal: Journal, point: Point, delay: float) -> None:
        super().__init__(name="reaper")
        self.done = False
        self.trouble: str | None = None
        self.back = 0.0
        self._rig = rig
        self._journal = journal
        self._point = point
        self._delay = delay
        self._after = journal.last()
        self._given_up = threading.Event()

    def run(self) -> None:
        try:
            if self._journal.wait(self._point, self._after, self._given_up):
                time.sleep(self._delay)
                self._rig.kill()
                self._rig.start()
                self.done = True
                started = time.monotonic()
                self._rig.await_armed()
                self.back = time.monotonic() - started
        except (NotSoError, OSError, sqlite3.Error) as error:
            self.trouble = f"{self._point.name}: {error}"

    def end(self) -> None:
        """Wait for the kill, or give it up."""
        self.join(2)
        self._given_up.set()
        self.join()


def run(
    folder: Path,
    points: Sequence[Point],
    *,
    times: int,
    seed: int,
    say: Say = lambda _: None,
) -> Tally:
    """Hit each point so many times. folder: an empty one."""
    chance, tally = random.Random(seed), Tally()
    world = Outside(folder / "outside")
    with tally.judging(), ExitStack() as stack:
        rig = stack.enter_context(Rig(folder, folder / "data", commit_seconds=1, serial=world.serial))
        stack.callback(world.end)
        world.begin(rig.broker)
        make_small(rig.site, world.group.url)
        crew = {
            name: stack.enter_context(closing(Api(rig.api.url, _enrol(rig.data, name))))
            for name in (*CREW, CHIEF)
        }
        rig.start()
        rig.await_armed()
        journal = Journal(rig.data / "journal.db")
        scene = Scene(rig.api, crew, world)
        for round_ in range(times):
            for point in points:
                delay = chance.uniform(0.0, chance.choice(SOON))
                _hit(rig, journal, scene, point, delay, tally)
                say(f"{round_ + 1}/{times} {point.name} + {delay * 1000:.1f} ms")
        try:
            wait_quiet(rig.api)
        except NotSoError as error:
            tally.problems.append(str(error))
        rig.kill()
        _audit(journal, world, tally)
        report = verify(rig.data / "journal.db")
        tally.links = report.links
        tally.problems += report.problems
    return tally


def _enrol(data: Path, person: str) -> str:
    """An account and a token for a person of the crew; the token."""
    token, file, now = new_token(), AccountFile(data / "accounts.db"), time.time_ns() // 1000
    account = Account(person, person, Role.ADMIN)
    file.put(account, "rig", now)
    file.put_token(digest(token), account, "rig", now)
    return token


def _hit(rig: Rig, journal: Journal, scene: Scene, point: Point, delay: float, tally: Tally) -> None:
    """Play the story of a point, with the kill in the middle of it."""
    rig.await_armed()
    reaper = Reaper(rig, journal, point, delay)
    reaper.start()
    try:
        point.story(scene)
    except (NotSoError, httpx.HTTPError) as error:
        tally.problems.append(f"{point.name} + {delay * 1000:.1f} ms: {error}")
    finally:
        reaper.end()
    if reaper.trouble is not None:
        tally.problems.append(reaper.trouble)
    elif not reaper.done:
        tally.problems.append(f"{point.name}: it never came to that")
    tally.kills[point.name] += reaper.done
    tally.back = max(tally.back, reaper.back)


# ---- what the journal says against what came -----------------------------------------------------------------------


def _audit(journal: Journal, world: Outside, tally: Tally) -> None:
    stories: dict[str, dict[str, list[tuple[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for _, kind, subject, body in journal.facts():
        if "id" in body:
            stories[subject][body["id"]].append((kind, body))
    _audit_commands(stories["command"], world.told(), tally)
    _audit_messages(stories["notification"], world.came(), tally)
    _audit_ladders(stories["escalation"], tally)
    tally.orders = len(stories["order"])
    tally.incidents, tally.hazards = len(stories["incident"]), len(stories["hazard"])
    tally.duties = len(stories["duty"])
    tally.problems += casework.audit(stories)
    tally.alarms = len(stories["alarm"])
    for id, story in stories["alarm"].items():
        raised = sum(kind == "alarm.raised" for kind, _ in story)
        if raised > 1:
            tally.twice += 1
            tally.problems.append(f"alarm {id} was raised {raised} times")


def _audit_commands(
    stories: dict[str, list[tuple[str, Any]]], told: Counter[tuple[str, str]], tally: Tally
) -> None:
    """Every write has an attempt of its own in the journal, every command has come to its end."""
    attempts: Counter[tuple[str, str]] = Counter()
    for id, story in stories.items():
        last = story[-1][1]
        numbers = [body["attempts"] for kind, body in story if kind == "command.sent"]
        attempts[last["output"], last["act"]] += len(numbers)
        if numbers != list(range(1, len(numbers) + 1)):
            tally.problems.append(f"{id}: its attempts are {numbers}")
        if last["state"] not in _ENDED:
            tally.problems.append(f"{id}, {last['output']} {last['act']}, was left {last['state']}")
        if last["state"] == "confirmed" and not told[last["output"], last["act"]]:
            tally.problems.append(f"{id} is confirmed and was never carried out")
    for key, count in told.items():
        if count > attempts[key]:
            tally.problems.append(f"{key} was told {count} times, the journal knows of {attempts[key]}")
    tally.commands, tally.attempts, tally.written = len(stories), attempts.total(), told.total()


def _audit_messages(stories: dict[str, list[tuple[str, Any]]], came: list[Came], tally: Tally) -> None:
    """Every message that says it was sent came; what came again says so; nothing came that was never tried."""
    groups: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
    for story in stories.values():
        body = story[-1][1]
        about = body["about"]
        name = about["title"] if about["signal"] == "order" else about["place"]
        token = "" if body["channel"] == "ring" else name[0]
        groups[body["channel"], PHONES.get(body["person"], ""), token].append(body)
        tally.messages += 1
    known = 0
    for (channel, to, token), bodies in groups.items():
        mine = [c for c in came if c.channel == channel and c.to == to and token in c.text]
        known += len(mine)
        tries, fresh = sum(body["attempt"] for body in bodies), sum(not c.repeat for c in mine)
        arrived = sum(body["state"] in _ARRIVED for body in bodies)
        what = f"{channel} to {to or 'the group'} about {token or 'the fire'}"
        if len(mine) > tries:
            tally.problems.append(f"{what} came {len(mine)} times, the journal knows of {tries}")
        if channel != "ring" and fresh > len(bodies):
            tally.problems.append(f"{what} came {fresh} times as if new, it is {len(bodies)} messages")
        if len(mine) < arrived:
            tally.problems.append(f"{what}: {arrived} were sent by the journal, {len(mine)} came")
    tally.came, tally.repeats = len(came), sum(c.repeat for c in came)
    if known != len(came):
        tally.problems.append(f"{len(came)} messages came, {known} of them are known to the journal")


def _audit_ladders(stories: dict[str, list[tuple[str, Any]]], tally: Tally) -> None:
    """No rung twice."""
    for id, story in stories.items():
        rungs = [body["done"] for kind, body in story if kind == "escalation.step"]
        if rungs != list(range(1, len(rungs) + 1)):
            tally.problems.append(f"{id}: its rungs are {rungs}")
