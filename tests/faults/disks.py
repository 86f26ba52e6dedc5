"""Disks that fill, lie or refuse, under a running hub: it goes on hearing and telling, and heals without a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.faults import broker_disk, damage, sick
from tests.faults.rig import NotSoError
from tests.faults.stand import (
    MEGABYTES,
    Outcome,
    Scenario,
    all_stored,
    beat_goes_on,
    lets_in,
    readings_answer,
    run,
    sound,
    spoil,
    stand,
    whole_alarm,
)
from tests.faults.stream import Follower

ASIDE: Final = "readings until then are in the file set aside"

__all__ = ["SCENARIOS", "SHORT", "Outcome", "Scenario", "run"]


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
        lets_in(it)
        it.holds("the acknowledgement is in the stream", lambda: follower.saw("alarm.acked", alarm["id"]))
        it.smoke(False)
        it.holds("normal again", lambda: (it.alarm() or {"active": True})["active"] is False)
        code, refused = it.act(alarm["id"], "reset")
        if (code, refused.get("code")) != (503, "not_saved"):
            raise NotSoError(f"reset answered {code} {refused}")
        outcome.held.append("reset answers 503 not_saved")
        it.holds("the telemetry goes on", lambda: it.ok("telemetry"))
        beat_goes_on(it)
        told = {fact["seq"]: fact["kind"] for fact in follower.facts}
        it.journal.free()
        it.heals("the journal heals by itself", lambda: it.ok("journal"))
        it.holds("the alarm is saved now", lambda: (it.alarm() or {})["persisted"] is True)
        kept = {fact["seq"]: fact["kind"] for fact in it.rig.api.pages("/api/v1/journal")}
        if missing := {seq: kind for seq, kind in told.items() if kept.get(seq) != kind}:
            raise NotSoError(f"told, but not in the journal under the same number: {missing}")
        outcome.held.append(f"{len(told)} facts told meanwhile stand under the same numbers")
        code, closed = it.act(alarm["id"], "reset")
        if (code, closed["state"]) != (200, "normal"):
            raise NotSoError(f"reset answered {code} {closed}")
        outcome.held.append("reset works again")
        all_stored(it)
        sound(it)


def telemetry_full(folder: Path, outcome: Outcome) -> None:
    """The disk of the readings fills up: an alarm is raised, saved and closed as ever."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        it.telemetry.fill()
        it.holds("the telemetry's check fails", lambda: not it.ok("telemetry"))
        it.holds("status degraded", lambda: it.status() == "degraded")
        whole_alarm(it)
        beat_goes_on(it)
        it.telemetry.free()
        it.heals("the telemetry heals by itself", lambda: it.ok("telemetry"))
        all_stored(it)
        sound(it)


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
        it.heals("both heal", lambda: it.ok("journal") and it.ok("telemetry"))
        it.holds("the alarm is saved now", lambda: (it.alarm() or {})["persisted"] is True)
        if (it.alarm() or {})["id"] != alarm["id"]:
            raise NotSoError("another alarm stands in its place")
        all_stored(it)
        sound(it)


def telemetry_overwritten(folder: Path, outcome: Outcome) -> None:
    """The file of the readings is overwritten under the running hub."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        spoil(folder / "card" / "telemetry.db")
        aside = folder / "data"
        it.heals("it is set aside", lambda: any(aside.glob("telemetry.db.*.corrupt")))
        it.heals("and begun anew", lambda: it.ok("telemetry"))
        before = it.rig.api.metric("edgehub_readings_stored_total")
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > before)
        whole_alarm(it)
        sound(it)
    outcome.lost.append(ASIDE)


def telemetry_pages_damaged(folder: Path, outcome: Outcome) -> None:
    """The file of the readings rots behind its first page under the running hub: a reader finds out."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        it.rig.stop()  # everything is in the file itself then, nothing in its write-ahead log
        it.start_again()
        spoil(folder / "card" / "telemetry.db", since=4096)
        it.holds("readings can be asked for", lambda: readings_answer(it) == 200)
        before = it.rig.api.metric("edgehub_readings_stored_total")
        it.holds("and are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > before + 50)
        it.heals("the telemetry is well", lambda: it.ok("telemetry"))
        it.holds("readings can still be asked for", lambda: readings_answer(it) == 200)
        whole_alarm(it)
        sound(it)
    outcome.lost.append(ASIDE)


def telemetry_damaged_before_start(folder: Path, outcome: Outcome) -> None:
    """The file of the readings is damaged while the hub is off: it starts and arms, the file is set aside."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        it.rig.kill()
        spoil(folder / "card" / "telemetry.db")
        it.start_again()
        outcome.held.append("armed")
        if not any((folder / "data").glob("telemetry.db.*.corrupt")):
            raise NotSoError("the damaged file was not set aside")
        outcome.held.append("the damaged file is kept aside")
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        whole_alarm(it)
        sound(it)
    outcome.lost.append(ASIDE)


def read_only(folder: Path, outcome: Outcome) -> None:
    """A card that made itself read-only before the start: the hub arms, tells, and saves when it can be written."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        it.rig.kill()
        it.journal.read_only(True)
        it.telemetry.read_only(True)
        it.start_again()
        outcome.held.append("armed")
        it.holds("both checks fail", lambda: not it.ok("journal") and not it.ok("telemetry"))
        it.smoke(True)
        it.holds("the alarm is on the wall", lambda: it.alarm() is not None)
        alarm = it.alarm() or {}
        code, acked = it.act(alarm["id"], "ack")
        if (code, acked["acked"], acked["persisted"]) != (200, True, False):
            raise NotSoError(f"acknowledging answered {code} {acked}")
        outcome.held.append("acknowledging works, persisted: false")
        lets_in(it)
        it.journal.read_only(False)
        it.telemetry.read_only(False)
        it.heals("both heal", lambda: it.ok("journal") and it.ok("telemetry"))
        it.holds("the alarm is saved now", lambda: (it.alarm() or {})["persisted"] is True)
        all_stored(it)
        sound(it)


def full_before_start(folder: Path, outcome: Outcome) -> None:
    """Both disks are full to the last block when the hub starts."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        it.rig.kill()
        it.telemetry.fill()
        it.journal.fill()
        it.start_again()
        outcome.held.append("armed")
        it.smoke(True)
        it.holds("the alarm is on the wall", lambda: it.alarm() is not None)
        it.telemetry.free()
        it.journal.free()
        it.heals("both heal", lambda: it.ok("journal") and it.ok("telemetry"))
        it.holds("the alarm is saved now", lambda: (it.alarm() or {})["persisted"] is True)
        all_stored(it)
        sound(it)


def pressure(folder: Path, outcome: Outcome) -> None:
    """The disk is short, not full: readings are given up for the journal's room, and each step is told."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        it.journal.fill(leave=MEGABYTES * 2**20 * 23 // 100)  # of the quarter that shall stay free
        given_up = "edgehub_storage_given_up_total"
        it.holds("readings are given up, and counted", lambda: it.rig.api.metric(given_up) > 0, 150)
        it.holds("with nothing left the disk's check fails", lambda: not it.ok("disk"), 150)
        it.holds("and is on the wall", lambda: it.own_alarm("disk"))
        told = [fact["kind"] for fact in it.rig.api.pages("/api/v1/journal")]
        if [told.count(kind) for kind in ("storage.giving_up", "storage.exhausted")] != [1, 1]:
            raise NotSoError(f"not told once each: {[kind for kind in told if kind.startswith('storage.')]}")
        outcome.held.append("each step is told once")
        whole_alarm(it)
        beat_goes_on(it)
        it.journal.free()
        it.heals("the disk's check is over by itself", lambda: it.ok("disk"), 150)
        outcome.lost.append(
            f"{it.rig.api.metric(given_up):g} readings of {it.load.published} messages, the oldest"
        )
        it.load.stop()
        sound(it)


SCENARIOS: Final[tuple[Scenario, ...]] = (
    journal_full,
    telemetry_full,
    both_full,
    telemetry_overwritten,
    telemetry_pages_damaged,
    telemetry_damaged_before_start,
    read_only,
    full_before_start,
    pressure,
    *damage.SCENARIOS,
    *broker_disk.SCENARIOS,
    *sick.SCENARIOS,
)
SHORT: Final = (read_only, journal_full, telemetry_overwritten)
"""A disk that refuses, one that is full, one that lies: the others differ by moment or store."""
