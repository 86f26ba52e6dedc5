"""The disk of Mosquitto's own store: full, and read-only. It goes on from memory, and saves when it can again."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

from tests.faults.rig import NotSoError
from tests.faults.stand import Outcome, Scenario, Stand, all_stored, sound, stand, whole_alarm
from tests.faults.tmpfs import covered_read_only

QUEUED: Final = 20  # messages that wait at the broker


def broker_full(folder: Path, outcome: Outcome) -> None:
    """The broker's disk is full while the hub is off: what waits is in the broker's memory, and arrives."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        it.broker.fill()
        _lives_on(it)
        it.load.stop()
        it.rig.stop()
        for number in range(QUEUED):
            it.devices.say("bench/load-1", {"seq": 10**6 + number, "value": 20.0})
        it.smoke(True)
        it.broker.free()
        it.rig.broker.restart()
        outcome.held.append("with room again the broker saves what waits, and has it after a restart")
        it.start_again()
        it.heals("the smoke that waited is on the wall", lambda: it.alarm() is not None)
        last = 10**6 + QUEUED - 1
        it.holds(
            "and so is the last number",
            lambda: it.rig.api.get("/api/v1/points/load-1.seq")["value"] == last,
        )
        sound(it)
    outcome.lost.append("nothing; but a broker that ends before there is room again loses what waits in it")


def broker_read_only(folder: Path, outcome: Outcome) -> None:
    """The broker's disk has made itself read-only; then the broker is started again on one that can be written."""
    with stand(folder, outcome) as it:
        it.holds("readings are stored", lambda: it.rig.api.metric("edgehub_readings_stored_total") > 50)
        with covered_read_only(it.rig.broker.directory):
            _lives_on(it)
            all_stored(it)
            it.rig.broker.stop()
        it.holds("that the broker is away is told", lambda: not it.ok("zigbee"))
        with it.recovering():
            it.rig.broker.start()
            it.rig.await_armed()
        outcome.held.append("the broker starts, armed, every source is heard")
        whole_alarm(it)
        sound(it)
    outcome.lost.append("what came to the broker since it last saved, for a hub that was away")


def _lives_on(it: Stand) -> None:
    """Have it save now, as it does each minute by itself: it cannot, and goes on delivering."""
    pid = it.rig.broker.pid
    if pid is None:
        raise NotSoError("the broker has ended")
    os.kill(pid, signal.SIGUSR1)
    whole_alarm(it)
    if it.rig.broker.pid != pid:
        raise NotSoError("the broker has ended")
    it.outcome.held.append("the broker cannot save, and goes on")


SCENARIOS: Final[tuple[Scenario, ...]] = (broker_full, broker_read_only)
