"""A disk that answers with I/O errors, makes itself read-only, or hangs, under the running hub.

The faults are made between the program and its C library (`sick.c`, LD_PRELOAD), for where no device-mapper is to be
had: SQLite sees what it would see of a dying card.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from tests.faults.rig import NotSoError
from tests.faults.stand import Outcome, Scenario, all_stored, beat_goes_on, lets_in, sound, stand, whole_alarm
from tests.faults.stream import Follower

Mode = Literal["-", "w", "r", "o", "h"]
_SOURCE: Final = Path(__file__).with_name("sick.c")


class SickDisk:
    """Fails as told for files whose path contains `files`; NotSoError where no C compiler is."""

    def __init__(self, folder: Path, files: str) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            raise NotSoError(
                "no C compiler here (apt-get install gcc libc6-dev): these faults cannot be made"
            )
        library = folder / "sick.so"
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", library, _SOURCE, "-ldl"],
            check=True,
            capture_output=True,
        )
        self._mode = folder / "mode"
        self._mode.write_bytes(b"-" * 4096)
        self.environment: Mapping[str, str] = {
            "LD_PRELOAD": str(library),
            "SICK_MODE": str(self._mode),
            "SICK_FILES": files,
        }

    def be(self, mode: Mode) -> None:
        """At once."""
        with self._mode.open("r+b") as file:
            file.write(mode.encode())


@contextmanager
def _sick(files: str) -> Iterator[SickDisk]:
    with tempfile.TemporaryDirectory(prefix="edge-hub-sick-") as name:
        yield SickDisk(Path(name), files)


def journal_io_errors(folder: Path, outcome: Outcome) -> None:
    """Each write of the journal fails; then each read, too."""
    with _sick("journal.db") as disk, stand(folder, outcome, disk.environment) as it:
        disk.be("w")
        it.smoke(True)
        it.holds("the alarm is on the wall", lambda: it.alarm() is not None)
        id = (it.alarm() or {})["id"]
        it.holds("the journal's check fails", lambda: not it.ok("journal"))
        code, acked = it.act(id, "ack")
        if (code, acked["acked"], acked["persisted"]) != (200, True, False):
            raise NotSoError(f"acknowledging answered {code} {acked}")
        outcome.held.append("acknowledging works, persisted: false")
        disk.be("r")
        it.smoke(False)
        it.holds("normal again", lambda: (it.alarm() or {"active": True})["active"] is False)
        beat_goes_on(it)
        disk.be("-")
        it.heals("the journal heals by itself", lambda: it.ok("journal"))
        it.holds("the alarm is saved now", lambda: (it.alarm() or {})["persisted"] is True)
        code, closed = it.act(id, "reset")
        if (code, closed["state"]) != (200, "normal"):
            raise NotSoError(f"reset answered {code} {closed}")
        if list(it.rig.data.glob("*.corrupt")):
            raise NotSoError("a journal that only could not be reached was set aside")
        outcome.held.append("reset works again, nothing was set aside")
        all_stored(it)
        sound(it)


def every_store_io_errors(folder: Path, outcome: Outcome) -> None:
    """The whole card gives I/O errors, reading and writing."""
    with (
        _sick(".db") as disk,
        stand(folder, outcome, disk.environment) as it,
        Follower(it.rig.api.url, it.rig.token) as follower,
    ):
        lets_in(it)
        disk.be("r")
        it.holds("both checks fail", lambda: not it.ok("journal") and not it.ok("telemetry"))
        it.smoke(True)
        it.holds("the alarm is on the wall, for who was let in before", lambda: it.alarm() is not None)
        it.holds("and in the event stream", lambda: follower.saw("alarm.raised", (it.alarm() or {})["id"]))
        lets_in(it)
        beat_goes_on(it)
        disk.be("-")
        it.heals("both heal", lambda: it.ok("journal") and it.ok("telemetry"))
        it.holds("the alarm is there and saved", lambda: (it.alarm() or {}).get("persisted") is True)
        if list(it.rig.data.glob("*.corrupt")):
            raise NotSoError("a store that only could not be reached was set aside")
        outcome.held.append("nothing was set aside")
        all_stored(it)
        sound(it)


def read_only_running(folder: Path, outcome: Outcome) -> None:
    """The card makes itself read-only under the running hub."""
    with _sick(".db") as disk, stand(folder, outcome, disk.environment) as it:
        disk.be("o")
        it.smoke(True)
        it.holds("the alarm is on the wall", lambda: it.alarm() is not None)
        it.holds("both checks fail", lambda: not it.ok("journal") and not it.ok("telemetry"))
        code, acked = it.act((it.alarm() or {})["id"], "ack")
        if (code, acked["acked"], acked["persisted"]) != (200, True, False):
            raise NotSoError(f"acknowledging answered {code} {acked}")
        outcome.held.append("acknowledging works, persisted: false")
        lets_in(it)
        disk.be("-")
        it.heals("both heal", lambda: it.ok("journal") and it.ok("telemetry"))
        it.holds("the alarm is saved now", lambda: (it.alarm() or {})["persisted"] is True)
        all_stored(it)
        sound(it)


def telemetry_hangs(folder: Path, outcome: Outcome) -> None:
    """A commit of readings does not come back for more than a minute."""
    with _sick("telemetry.db") as disk, stand(folder, outcome, disk.environment) as it:
        disk.be("h")
        it.holds("the telemetry's check fails", lambda: not it.ok("telemetry"))
        whole_alarm(it)
        it.holds("the stall is told by a check of its own", lambda: it.says("stall") != "", 120)
        it.holds("and is on the wall", lambda: it.own_alarm("stall"))
        beat_goes_on(it)
        disk.be("-")
        it.heals("both are over by themselves", lambda: it.ok("telemetry") and it.ok("stall"))
        all_stored(it)
        sound(it)


SCENARIOS: Final[tuple[Scenario, ...]] = (
    journal_io_errors,
    every_store_io_errors,
    read_only_running,
    telemetry_hangs,
)
