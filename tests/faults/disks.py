"""Disks that fill, lie or refuse, under a running hub: it goes on hearing and telling, and heals without a restart."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from edge.store.journal import verify
from tests.faults.load import Load, Publisher
from tests.faults.numbers import count_numbers, newest_have_come
from tests.faults.rig import NotSoError, Rig, until
from tests.faults.stream import Follower
from tests.faults.tmpfs import SmallDisk

MEGABYTES: Final = 6
SMOKE: Final = "zigbee2mqtt/sm-303"
RATE: Final = 40.0  # messages a second beside it

Scenario = Callable[[Path, "Outcome"], None]
"""Plays in an empty folder and notes what held; NotSoError for what did not."""


@dataclass(slots=True)
class Outcome:
    """What came of one scenario: what was seen to hold, and what was not."""

    name: str
    held: list[str] = field(default_factory=list)
    problem: str | None = None
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether all of it held."""
        return self.problem is None


@dataclass(slots=True)
class Stand:
    """A hub whose journal and telemetry stand on small disks of their own, with load and a smoke detector."""

    rig: Rig
    journal: SmallDisk
    telemetry: SmallDisk
    load: Load
    devices: Publisher
    outcome: Outcome

    def holds(self, what: str, condition: Callable[[], bool], seconds: float = 20) -> None:
        """Wait for it, and note that it came about."""
        until(what, condition, seconds)
        self.outcome.held.append(what)

    # -- a guard's work

    def smoke(self, on: bool) -> None:
        self.devices.say(SMOKE, {"smoke": on, "battery": 90})

    def alarm(self) -> dict[str, Any] | None:
        """The detector's open alarm as the running hub has it in memory."""
        alarms = self.rig.api.get("/api/v1/alarms", state="open", device="sm-303")["items"]
        return next((a for a in alarms if a["point"] == "sm-303.smoke"), None)

    def ok(self, check: str) -> bool:
        return bool(self.rig.api.check(check).get("ok", False))

    def status(self) -> str:
        return str(self.rig.api.health().get("status"))

    def act(self, alarm: str, verb: str) -> tuple[int, dict[str, Any]]:
        answer = self.rig.api.post(f"/api/v1/alarms/{alarm}/{verb}", {}, uuid.uuid4().hex)
        return answer.status_code, answer.json()


@contextmanager
def stand(folder: Path, outcome: Outcome) -> Iterator[Stand]:
    """Everything started, armed, and in order."""
    with ExitStack() as stack:
        journal = stack.enter_context(SmallDisk(folder / "data", MEGABYTES))
        telemetry = stack.enter_context(SmallDisk(folder / "card", MEGABYTES))
        (folder / "data" / "telemetry.db").symlink_to(folder / "card" / "telemetry.db")
        rig = stack.enter_context(Rig(folder, folder / "data", commit_seconds=1))
        rig.start()
        rig.await_armed()
        load = stack.enter_context(Load(rig.broker, rate=RATE, timed=4, plain=0))
        devices = stack.enter_context(Publisher(rig.broker))
        it = Stand(rig, journal, telemetry, load, devices, outcome)
        it.smoke(False)
        yield it


def journal_full(folder: Path, outcome: Outcome) -> None:
    """The disk of the journal fills up while an alarm comes, is acknowledged, and cannot be closed."""
    with stand(folder, outcome) as it, Follower(it.rig.api.url, it.rig.token) as follower:
        it.journal.fill()
        it.smoke(True)
        it.holds("the alarm is on the wall", lambda: it.alarm() is not None)
        alarm = it.alarm() or {}
        it.holds("and in the event stream", lambda: follower.saw("alarm.raised", alarm["id"]))
        if alarm["persisted"] is not False:
            raise NotSoError("the alarm says that it is saved, with the journal full")
        it.holds("the journal's check fails", lambda: not it.ok("journal"))
        it.holds("status degraded", lambda: it.status() == "degraded")
        code, acked = it.act(alarm["id"], "ack")
        if (code, acked["acked"], acked["persisted"]) != (200, True, False):
            raise NotSoError(f"acknowledging answered {code} {acked}")
        outcome.held.append("acknowledging works, persisted: false")
        it.holds("the acknowledgement is in the stream", lambda: follower.saw("alarm.acked", alarm["id"]))
        it.smoke(False)
        it.holds("normal again", lambda: (it.alarm() or {"active": True})["active"] is False)
        code, refused = it.act(alarm["id"], "reset")
        if (code, refused.get("code")) != (503, "not_saved"):
            raise NotSoError(f"reset answered {code} {refused}")
        outcome.held.append("reset answers 503 not_saved")
        it.holds("the telemetry goes on", lambda: it.ok("telemetry"))
        _beat_goes_on(it)
        told = {fact["seq"]: fact["kind"] for fact in follower.facts}
        it.journal.free()
        it.holds("the journal heals by itself", lambda: it.ok("journal"))
        it.holds("the alarm is saved now", lambda: (it.alarm() or {})["persisted"] is True)
        kept = {fact["seq"]: fact["kind"] for fact in it.rig.api.pages("/api/v1/journal")}
        if missing := {seq: kind for seq, kind in told.items() if kept.get(seq) != kind}:
            raise NotSoError(f"told, but not in the journal under the same number: {missing}")
        outcome.held.append(f"{len(told)} facts told meanwhile stand under the same numbers")
        code, closed = it.act(alarm["id"], "reset")
        if (code, closed["state"]) != (200, "normal"):
            raise NotSoError(f"reset answered {code} {closed}")
        outcome.held.append("reset works again")
        _all_stored(it)
        _sound(it)


def telemetry_full(folder: Path, outcome: Outcome) -> None:
    """The disk of the readings fills up: an alarm is raised, saved and closed as ever."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        it.telemetry.fill()
        it.holds("the telemetry's check fails", lambda: not it.ok("telemetry"))
        it.holds("status degraded", lambda: it.status() == "degraded")
        _whole_alarm(it)
        _beat_goes_on(it)
        it.telemetry.free()
        it.holds("the telemetry heals by itself", lambda: it.ok("telemetry"))
        _all_stored(it)
        _sound(it)


def both_full(folder: Path, outcome: Outcome) -> None:
    """One card holds everything, and it is full."""
    with stand(folder, outcome) as it:
        it.telemetry.fill()
        it.journal.fill()
        it.smoke(True)
        it.holds("the alarm is on the wall", lambda: it.alarm() is not None)
        alarm = it.alarm() or {}
        it.holds("both checks fail", lambda: not it.ok("journal") and not it.ok("telemetry"))
        it.rig.api.get("/api/v1/alarms", state="all")
        outcome.held.append("the list of alarms can be read")
        it.telemetry.free()
        it.journal.free()
        it.holds("both heal", lambda: it.ok("journal") and it.ok("telemetry"))
        it.holds("the alarm is saved now", lambda: (it.alarm() or {})["persisted"] is True)
        if (it.alarm() or {})["id"] != alarm["id"]:
            raise NotSoError("another alarm stands in its place")
        _all_stored(it)
        _sound(it)


def telemetry_overwritten(folder: Path, outcome: Outcome) -> None:
    """The file of the readings is overwritten under the running hub."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        spoil(folder / "card" / "telemetry.db")
        aside = folder / "data"
        it.holds("it is set aside", lambda: any(aside.glob("telemetry.db.*.corrupt")))
        it.holds("and begun anew", lambda: it.ok("telemetry"))
        before = it.rig.api.metric("edgehub_readings_stored_total")
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > before)
        _whole_alarm(it)
        _sound(it)


def telemetry_pages_damaged(folder: Path, outcome: Outcome) -> None:
    """The file of the readings rots behind its first page under the running hub: a reader finds out."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        it.rig.stop()  # everything is in the file itself then, nothing in its write-ahead log
        it.rig.start()
        it.rig.await_armed()
        spoil(folder / "card" / "telemetry.db", since=4096)
        it.holds("readings can be asked for", lambda: _readings(it) == 200)
        before = it.rig.api.metric("edgehub_readings_stored_total")
        it.holds("and are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > before + 50)
        it.holds("the telemetry is well", lambda: it.ok("telemetry"))
        it.holds("readings can still be asked for", lambda: _readings(it) == 200)
        _whole_alarm(it)
        _sound(it)


def telemetry_damaged_before_start(folder: Path, outcome: Outcome) -> None:
    """The file of the readings is damaged while the hub is off: it starts and arms, the file is set aside."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        it.rig.kill()
        spoil(folder / "card" / "telemetry.db")
        it.rig.start()
        it.rig.await_armed()
        outcome.held.append("armed")
        if not any((folder / "data").glob("telemetry.db.*.corrupt")):
            raise NotSoError("the damaged file was not set aside")
        outcome.held.append("the damaged file is kept aside")
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        _whole_alarm(it)
        _sound(it)


def read_only(folder: Path, outcome: Outcome) -> None:
    """A card that made itself read-only before the start: the hub arms, tells, and saves when it can be written."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        it.rig.kill()
        it.journal.read_only(True)
        it.telemetry.read_only(True)
        it.rig.start()
        it.rig.await_armed()
        outcome.held.append("armed")
        it.holds("both checks fail", lambda: not it.ok("journal") and not it.ok("telemetry"))
        it.smoke(True)
        it.holds("the alarm is on the wall", lambda: it.alarm() is not None)
        alarm = it.alarm() or {}
        code, acked = it.act(alarm["id"], "ack")
        if (code, acked["acked"], acked["persisted"]) != (200, True, False):
            raise NotSoError(f"acknowledging answered {code} {acked}")
        outcome.held.append("acknowledging works, persisted: false")
        it.journal.read_only(False)
        it.telemetry.read_only(False)
        it.holds("both heal", lambda: it.ok("journal") and it.ok("telemetry"))
        it.holds("the alarm is saved now", lambda: (it.alarm() or {})["persisted"] is True)
        _all_stored(it)
        _sound(it)


def full_before_start(folder: Path, outcome: Outcome) -> None:
    """Both disks are full to the last block when the hub starts."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        it.rig.kill()
        it.telemetry.fill()
        it.journal.fill()
        it.rig.start()
        it.rig.await_armed()
        outcome.held.append("armed")
        it.smoke(True)
        it.holds("the alarm is on the wall", lambda: it.alarm() is not None)
        it.telemetry.free()
        it.journal.free()
        it.holds("both heal", lambda: it.ok("journal") and it.ok("telemetry"))
        it.holds("the alarm is saved now", lambda: (it.alarm() or {})["persisted"] is True)
        _all_stored(it)
        _sound(it)


SCENARIOS: Final[tuple[Scenario, ...]] = (
    journal_full,
    telemetry_full,
    both_full,
    telemetry_overwritten,
    telemetry_pages_damaged,
    telemetry_damaged_before_start,
    read_only,
    full_before_start,
)


def run(scenario: Scenario, folder: Path) -> Outcome:
    """Play one scenario in an empty folder."""
    outcome = Outcome(scenario.__name__)
    begun = time.monotonic()
    try:
        scenario(folder, outcome)
    except NotSoError as error:
        outcome.problem = str(error)
    outcome.seconds = time.monotonic() - begun
    return outcome


def spoil(path: Path, since: int = 0) -> None:
    """Overwrite a file from that byte to its last, in place."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(descriptor, os.urandom(max(0, path.stat().st_size - since)), since)
    finally:
        os.close(descriptor)


def _readings(it: Stand) -> int:
    """How the API answers who asks for readings."""
    try:
        it.rig.api.get("/api/v1/points/load-1.seq/readings", raw=True)
    except httpx.HTTPStatusError as error:
        return error.response.status_code
    return 200


def _whole_alarm(it: Stand) -> None:
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


def _beat_goes_on(it: Stand) -> None:
    if not it.ok("beat"):
        raise NotSoError(f"the beat has stopped: {it.rig.api.check('beat')}")
    it.outcome.held.append("the beat goes on")


def _all_stored(it: Stand) -> None:
    """Every number the broker took is stored, or counted as lost."""
    it.load.stop()
    newest_have_come(it.rig.api, it.load)
    lost = twice = 0
    for device, taken in it.load.taken.items():
        numbers = count_numbers(it.rig.api, device)
        lost += len(taken - numbers.keys())
        twice += sum(count > 1 for count in numbers.values())
    # Two readings to each message.
    said = it.rig.api.metric("edgehub_readings_lost_total")
    if twice or 2 * lost > said:
        raise NotSoError(
            f"{lost} messages are missing and {twice} stored twice; the hub says {said:g} readings"
        )
    it.outcome.held.append(f"of {it.load.published} messages {lost} are missing, none is stored twice")


def _sound(it: Stand) -> None:
    """The journal's chain and replay, after a last kill."""
    it.rig.kill()
    report = verify(it.rig.data / "journal.db")
    if not report.ok:
        raise NotSoError("; ".join(report.problems))
    it.outcome.held.append("chain and replay are whole")
