"""A hub whose stores stand on small disks of their own, under load, and what is asked of it while they are sick."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from edge.facade import Account, Role
from edge.store.accounts import AccountFile
from edge.store.journal import verify
from tests.faults.load import Load, Publisher
from tests.faults.numbers import stored_numbers
from tests.faults.rig import NotSoError, Rig, until
from tests.faults.tmpfs import SmallDisk
from tests.faults.verdict import Verdict
from web.auth.secrets import hash_password

MEGABYTES: Final = 6
SMOKE: Final = "zigbee2mqtt/sm-303"
GUARD: Final = "guard"
PASSWORD: Final = "correct horse battery staple"
RATE: Final = 40.0  # messages a second beside it

Scenario = Callable[[Path, "Outcome"], None]
"""Plays in an empty folder and notes what held; NotSoError for what did not."""


@dataclass(slots=True)
class Outcome(Verdict):
    """What came of one scenario: what was seen to hold, and what was lost as it had to be.

    fires: how often the detector began to smoke; told: of these seen as an alarm. recovery: the longest it took until
    something was well again, s.
    """

    name: str
    held: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    fires: int = 0
    told: int = 0
    recovery: float = 0.0

    def rows(self) -> Iterator[tuple[str, str]]:
        yield "fires, of these told meanwhile", f"{self.fires}, {self.told}"
        yield "well again within", f"{self.recovery:.1f} s"

    def lines(self) -> Iterator[str]:
        yield from (f"    {line}" for line in self.held)
        yield from (f"  - lost: {line}" for line in self.lost)
        yield from Verdict.lines(self)


@dataclass(slots=True)
class Stand:
    """A hub whose journal, telemetry and broker stand on small disks of their own, with load and a smoke detector."""

    rig: Rig
    journal: SmallDisk
    telemetry: SmallDisk
    broker: SmallDisk
    load: Load
    devices: Publisher
    outcome: Outcome
    burns: bool = False
    untold: bool = False

    def holds(self, what: str, condition: Callable[[], bool], seconds: float = 20) -> None:
        """Wait for it, and note that it came about."""
        until(what, condition, seconds)
        self.outcome.held.append(what)

    def heals(self, what: str, condition: Callable[[], bool], seconds: float = 20) -> None:
        """As `holds`, of what the fault had broken."""
        with self.recovering():
            self.holds(what, condition, seconds)

    def start_again(self) -> None:
        """The hub, until it is armed."""
        with self.recovering():
            self.rig.start()
            self.rig.await_armed()

    @contextmanager
    def recovering(self) -> Iterator[None]:
        """How long it takes is of the outcome."""
        begun = time.monotonic()
        yield
        self.outcome.recovery = max(self.outcome.recovery, time.monotonic() - begun)

    # -- a guard's work

    def smoke(self, on: bool) -> None:
        if on and not self.burns:
            self.outcome.fires += 1
        self.untold = on and (self.untold or not self.burns)
        self.burns = on
        self.devices.say(SMOKE, {"smoke": on, "battery": 90})

    def alarm(self) -> dict[str, Any] | None:
        """The detector's open alarm as the running hub has it in memory."""
        alarms = self.rig.api.get("/api/v1/alarms", state="open", device="sm-303")["items"]
        found = next((a for a in alarms if a["point"] == "sm-303.smoke"), None)
        if found is not None and found["active"] and self.untold:
            self.untold = False
            self.outcome.told += 1
        return found

    def says(self, check: str) -> str:
        """What a failing check says, "" while it is in order."""
        found = self.rig.api.check(check)
        return "" if found.get("ok", True) else str(found["detail"]["en"])

    def own_alarm(self, check: str) -> bool:
        """Whether the wall has an open alarm of the hub's own check."""
        alarms = self.rig.api.get("/api/v1/alarms", state="open", device="hub")["items"]
        return any(alarm["point"] == f"hub.{check}" for alarm in alarms)

    def ok(self, check: str) -> bool:
        return bool(self.rig.api.check(check).get("ok", False))

    def status(self) -> str:
        return str(self.rig.api.health().get("status"))

    def act(self, alarm: str, verb: str) -> tuple[int, dict[str, Any]]:
        answer = self.rig.api.post(f"/api/v1/alarms/{alarm}/{verb}", {}, uuid.uuid4().hex)
        return answer.status_code, answer.json()


@contextmanager
def stand(folder: Path, outcome: Outcome, environment: Mapping[str, str] | None = None) -> Iterator[Stand]:
    """Everything started, armed, and in order. environment: of the hub, besides this process's own."""
    with ExitStack() as stack:
        journal = stack.enter_context(SmallDisk(folder / "data", MEGABYTES))
        telemetry = stack.enter_context(SmallDisk(folder / "card", MEGABYTES))
        broker = stack.enter_context(SmallDisk(folder / "broker", MEGABYTES))
        (folder / "data" / "telemetry.db").symlink_to(folder / "card" / "telemetry.db")
        rig = stack.enter_context(
            Rig(folder, folder / "data", commit_seconds=1, environment=environment or {})
        )
        guard = Account(GUARD, GUARD, Role.GUARD, hash_password(PASSWORD))
        AccountFile(rig.data / "accounts.db").put(guard, "rig", time.time_ns() // 1000)
        rig.start()
        rig.await_armed()
        load = stack.enter_context(Load(rig.broker, rate=RATE, timed=4, plain=0))
        devices = stack.enter_context(Publisher(rig.broker))
        it = Stand(rig, journal, telemetry, broker, load, devices, outcome)
        it.smoke(False)
        yield it


def run(scenario: Scenario, folder: Path) -> Outcome:
    """Play one scenario in an empty folder."""
    outcome = Outcome(scenario.__name__)
    with outcome.judging():
        scenario(folder, outcome)
    return outcome


def spoil(path: Path, since: int = 0) -> None:
    """Overwrite a file from that byte to its last, in place."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(descriptor, os.urandom(max(0, path.stat().st_size - since)), since)
    finally:
        os.close(descriptor)


def readings_answer(it: Stand) -> int:
    """How the API answers who asks for readings."""
    try:
        it.rig.api.get("/api/v1/points/load-1.seq/readings", raw=True)
    except httpx.HTTPStatusError as error:
        return error.response.status_code
    return 200


def whole_alarm(it: Stand) -> None:
    """An alarm from beginning to end, saved at every step."""
    it.smoke(True)
    it.holds("an alarm is raised", lambda: it.alarm() is not None)
    id = (it.alarm() or {})["id"]
    it.smoke(False)
    it.holds("normal again", lambda: (it.alarm() or {"active": True})["active"] is False)
    for verb in ("ack", "reset"):
        code, answer = it.act(id, verb)
        if code != 200 or not answer["persisted"]:
            raise NotSoError(f"{verb} answered {code} {answer}")
    it.outcome.held.append("an alarm is raised, acknowledged, reset, and saved")


def lets_in(it: Stand) -> None:
    """A person signs in now, and sees the alarms."""
    url = it.rig.api.url
    with httpx.Client(base_url=url, headers={"Origin": url}, timeout=10, trust_env=False) as client:
        answer = client.post("/sign-in", data={"name": GUARD, "password": PASSWORD})
        seen = client.get("/api/v1/alarms", params={"state": "open"})
    if (answer.status_code, seen.status_code) != (303, 200):
        raise NotSoError(f"signing in answered {answer.status_code}, the alarms {seen.status_code}")
    it.outcome.held.append("a person signs in, and sees the alarms")


def beat_goes_on(it: Stand) -> None:
    if not it.ok("beat"):
        raise NotSoError(f"the beat has stopped: {it.rig.api.check('beat')}")
    it.outcome.held.append("the beat goes on")


def all_stored(it: Stand) -> None:
    """Every number the broker took is stored, or counted as lost or as given up for room."""
    it.load.stop()
    found = stored_numbers(it.rig.api, it.load)
    lost = twice = 0
    for device, taken in it.load.taken.items():
        numbers = found[device]
        lost += len(taken - numbers.keys())
        twice += sum(count > 1 for count in numbers.values())
    # Two readings to each message.
    said = it.rig.api.metric("edgehub_readings_lost_total")
    given_up = it.rig.api.metric("edgehub_storage_given_up_total")
    if twice or 2 * lost > said + given_up:
        raise NotSoError(
            f"{lost} messages are missing, {twice} stored twice; the hub says {said:g} readings, {given_up:g} given up"
        )
    it.outcome.held.append(f"of {it.load.published} messages {lost} are missing, none is stored twice")
    if lost:
        it.outcome.lost.append(
            f"the readings of {lost} messages, counted: {said:g} lost, {given_up:g} given up for room"
        )


def sound(it: Stand) -> None:
    """The journal's chain and replay, after a last kill."""
    it.rig.kill()
    report = verify(it.rig.data / "journal.db")
    if not report.ok:
        raise NotSoError("; ".join(report.problems))
    it.outcome.held.append("chain and replay are whole")
