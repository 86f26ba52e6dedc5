"""Files of stores that are cut, zeroed or gone, under the running hub and before its start, and the broker's own."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, Literal

import httpx

from tests.faults.rig import NotSoError, until
from tests.faults.stand import Outcome, Scenario, Stand, sound, stand, whole_alarm
from tests.faults.stream import Follower

Damage = Literal["zeroed", "cut", "emptied", "gone"]
DAMAGES: Final[tuple[Damage, ...]] = ("zeroed", "cut", "emptied", "gone")
LOOKS: Final = 6.0  # seconds within which the hub looks at each file, and sees how long it is
QUEUED: Final = 20  # messages that wait at the broker


def hurt(path: Path, damage: Damage) -> None:
    """As a worn card or a repaired file system leaves a file."""
    target = path.resolve()
    size = target.stat().st_size
    if damage == "gone":
        path.unlink()
    elif damage == "zeroed":
        with target.open("r+b") as file:
            file.write(bytes(size))
    else:
        os.truncate(target, 0 if damage == "emptied" else size // 2)


def journal_running(folder: Path, outcome: Outcome) -> None:
    """The journal is damaged under the running hub, an alarm being open."""
    for damage in DAMAGES:
        with stand(folder / damage, outcome) as it, Follower(it.rig.api.url, it.rig.token) as follower:
            it.smoke(True)
            it.holds(f"{damage}: an alarm is raised", lambda: it.alarm() is not None)
            id = (it.alarm() or {})["id"]
            _settle(it, "journal")
            hurt(it.rig.data / "journal.db", damage)
            code, _ = it.act(id, "ack")
            it.holds(
                f"{damage}: the alarm is acknowledged and saved",
                lambda: (it.alarm() or {}).get("persisted") is True,
            )
            if code != 200:
                raise NotSoError(f"acknowledging answered {code}")
            it.holds(f"{damage}: the acknowledgement is told", _saw(follower, "alarm.acked", id))
            _begun_anew(it, "journal", damage)
            it.smoke(False)
            it.holds(f"{damage}: normal again", lambda: (it.alarm() or {"active": True})["active"] is False)
            code, closed = it.act(id, "reset")
            if (code, closed["state"]) != (200, "normal"):
                raise NotSoError(f"reset answered {code} {closed}")
            outcome.held.append(f"{damage}: the alarm that was open went on and was closed")
            sound(it)
    outcome.lost.append(
        "the record until then is in the file set aside, as far as that can be read; gone with it when gone"
    )


def journal_before_start(folder: Path, outcome: Outcome) -> None:
    """The journal is damaged while the hub is off, an alarm being open."""
    for damage in DAMAGES:
        with stand(folder / damage, outcome) as it:
            it.smoke(True)
            it.holds(f"{damage}: an alarm is raised", lambda: it.alarm() is not None)
            it.rig.stop()
            hurt(it.rig.data / "journal.db", damage)
            it.start_again()
            outcome.held.append(f"{damage}: armed")
            _begun_anew(it, "journal", damage)
            it.smoke(True)
            it.holds(f"{damage}: what still burns is on the wall", lambda: it.alarm() is not None)
            sound(it)
    outcome.lost.append(
        "which alarms were open, until their devices report again: a detector in alarm raises it anew"
    )


def telemetry_running(folder: Path, outcome: Outcome) -> None:
    """The readings' file is damaged under the running hub."""
    with stand(folder, outcome) as it:
        for damage in DAMAGES:
            it.holds(f"{damage}: readings are stored", _stored(it))
            _settle(it, "telemetry")
            before = _losses(it, "telemetry")
            hurt(it.rig.data / "telemetry.db", damage)
            _begun_anew(it, "telemetry", damage, before)
            it.holds(f"{damage}: readings are stored again", _stored(it))
        whole_alarm(it)
        sound(it)
    outcome.lost.append("readings until then are in the file set aside; gone with it when gone")


def telemetry_before_start(folder: Path, outcome: Outcome) -> None:
    """The readings' file is damaged while the hub is off."""
    with stand(folder, outcome) as it:
        for damage in DAMAGES:
            it.holds(f"{damage}: readings are stored", _stored(it))
            before = _losses(it, "telemetry")
            it.rig.stop()
            hurt(it.rig.data / "telemetry.db", damage)
            it.start_again()
            _begun_anew(it, "telemetry", damage, before)
        whole_alarm(it)
        sound(it)
    outcome.lost.append("readings until then are in the file set aside; gone with it when gone")


def accounts_damaged(folder: Path, outcome: Outcome) -> None:
    """The accounts' file is damaged under the running hub, and while it is off: everybody can sign in all the same."""
    with stand(folder, outcome) as it:
        for damage in DAMAGES:
            before = _losses(it, "accounts")
            hurt(it.rig.data / "accounts.db", damage)
            it.smoke(True)
            it.holds(f"{damage}: its token is let in, the alarm is on the wall", lambda: _alarm(it))
            _begun_anew(it, "accounts", damage, before)
            whole_alarm(it)
        for damage in DAMAGES:
            before = _losses(it, "accounts")
            it.rig.stop()
            hurt(it.rig.data / "accounts.db", damage)
            it.start_again()
            _begun_anew(it, "accounts", f"{damage} before the start, its token let in", before)
        sound(it)
    outcome.lost.append("who was signed in: people sign in again")


def broker_store(folder: Path, outcome: Outcome) -> None:
    """Mosquitto's own store is damaged while it is off and messages wait in it: it starts, and the hub says so."""
    with stand(folder, outcome) as it:
        it.load.stop()
        for damage in DAMAGES:
            before = _losses(it, "mosquitto")
            it.rig.stop()
            for number in range(QUEUED):
                it.devices.say("bench/load-1", {"seq": 10**6 + number, "value": 20.0})
            it.devices.say("zigbee2mqtt/sm-303", {"smoke": True, "battery": 90})
            it.rig.broker.restart()  # so that it is known to have had a store
            it.rig.broker.stop()
            hurt(it.rig.broker.directory / "mosquitto.db", damage)
            it.rig.broker.start()
            outcome.held.append(f"{damage}: the broker starts")
            it.start_again()
            outcome.held.append(f"{damage}: armed, every source is heard")
            _begun_anew(it, "mosquitto", damage, before)
            whole_alarm(it)
        sound(it)
    outcome.lost.append(
        f"what waited at the broker for a hub that was away ({QUEUED + 1} messages, a smoke among them):"
    )
    outcome.lost.append("a device that repeats its state, or is asked for it, tells it again")


SCENARIOS: Final[tuple[Scenario, ...]] = (
    journal_running,
    journal_before_start,
    telemetry_running,
    telemetry_before_start,
    accounts_damaged,
    broker_store,
)


def _losses(it: Stand, store: str) -> int:
    """How often the hub says that it was begun anew, 0 while it does not answer."""
    with suppress(httpx.HTTPError):
        storage = it.rig.api.get("/api/v1/health")["storage"]
        return 0 if storage is None else sum(one["store"] == store for one in storage["losses"])
    return 0


def _begun_anew(it: Stand, store: str, damage: str, before: int = 0) -> None:
    with it.recovering():
        until(f"{damage}: the loss of {store}.db is told", lambda: _losses(it, store) > before)
        until(f"{damage}: the check names {store}.db", lambda: f"{store}.db" in it.says(f"store-{store}"))
        until(f"{damage}: an alarm of its own is on the wall", lambda: it.own_alarm(f"store-{store}"))
        until(f"{damage}: the store is well", lambda: bool(it.rig.api.check(store).get("ok", True)))
    it.outcome.held.append(
        f"{damage}: begun anew by itself, told by a fact, a check and an alarm that name {store}.db"
    )


def _settle(it: Stand, store: str) -> None:
    """Have what was written in the file itself, not in its log: a checkpoint from beside, as a backup's reader may."""
    with closing(sqlite3.connect((it.rig.data / f"{store}.db").resolve())) as conn:
        conn.execute("PRAGMA wal_checkpoint")
    time.sleep(LOOKS)


def _stored(it: Stand) -> Callable[[], bool]:
    before = it.rig.api.metric("edgehub_readings_stored_total")
    return lambda: it.rig.api.metric("edgehub_readings_stored_total") > before + 20


def _alarm(it: Stand) -> bool:
    with suppress(httpx.HTTPStatusError):
        return it.alarm() is not None
    return False


def _saw(follower: Follower, kind: str, id: str) -> Callable[[], bool]:
    return lambda: follower.saw(kind, id)
