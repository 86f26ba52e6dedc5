"""Power cuts, full disks: what was acknowledged is there, and all heals without a restart."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.domain.fact import Seq
from edge.facade import Account, Role
from edge.store.accounts import SqliteAccounts
from edge.store.facts import FactLog
from edge.store.journal import Journal, verify
from tests.edge.store.making import Clock, Desk, key, plain, point, raised, reading, until

pytestmark = pytest.mark.faults

CHILD = """
import asyncio, sys
from pathlib import Path
from edge.store.facts import FactLog
from edge.store.journal import Journal
from tests.edge.store.making import Desk, acked, key, point, raised, reading

async def main(folder):
    journal = Journal(folder / "journal.db")
    log = FactLog(journal, journal.open())
    probe = point("probe.seq")
    async with Desk(folder / "telemetry.db") as desk:
        desk.telemetry.register([probe])
        number = 1 + max((int(v.value) for v in desk.state.latest.values()), default=0)
        while True:
            entry, fire = raised(log.numbering)
            assert await log.record(entry)
            assert await log.record(acked(log.numbering, fire, "note")[0])
            await desk.store(reading(probe, float(number), number), keys=[key(number % 65536)])
            if number % 50 == 0:
                await desk.telemetry.compact()
            assert desk.told[-1] == number % 65536
            print(log.position(), number, flush=True)
            number += 1

asyncio.run(main(Path(sys.argv[1])))
"""


def run_and_kill(folder: Path, root: Path, lines: int) -> tuple[Seq, int]:
    """Run the child until it has acknowledged so many steps and a little more; what it said last."""
    with subprocess.Popen([sys.executable, "-c", CHILD, folder], stdout=subprocess.PIPE, cwd=root) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        said += child.stdout.readlines()
    seq, number = [line for line in said if line.endswith(b"\n")][-1].decode().split()
    return Seq.parse(seq), int(number)


async def test_nothing_acknowledged_is_missing_after_kill_9(tmp_path, project_root):
    lots = random.Random(20260601)
    probe = point("probe.seq")
    for _ in range(6):
        seq, number = run_and_kill(tmp_path, project_root, lots.randrange(1, 120))
        report = verify(tmp_path / "journal.db")
        assert report.problems == []
        assert report.facts >= seq.number
        async with Desk(tmp_path / "telemetry.db") as desk:
            values = [value for _, value in await desk.rows(probe)]
            assert values == [float(n) for n in range(1, len(values) + 1)]
            assert len(values) >= number
            stored = {k.delivery.packet for k in desk.state.deliveries["field"]}
            assert number % 65536 in stored
            assert (await desk.telemetry.series(probe, 0, 2**62, 10)).count == len(values)


async def test_a_full_disk_under_the_journal(small_disk):
    journal = Journal(small_disk.folder / "journal.db")
    log = FactLog(journal, journal.open(), retry=0.01)
    assert await log.record(raised(log.numbering)[0])
    small_disk.fill()
    durable = 0
    while log.healthy:
        durable += await log.record(plain(log.numbering, padding="x" * 4000))
    entry, fire = raised(log.numbering)
    assert not await log.record(entry)
    assert await log.alarm(fire.id) == fire
    assert log.last_error is not None
    assert "disk is full" in log.last_error
    small_disk.free()
    await until(lambda: log.persisted(fire.seq))
    assert (log.healthy, log.tail_depth, log.dropped) == (True, 0, 0)
    await log.close(clean=True)
    report = verify(small_disk.folder / "journal.db")
    assert report.problems == []
    assert report.facts == fire.seq.number


async def test_a_start_on_a_full_disk(small_disk):
    journal = Journal(small_disk.folder / "journal.db")
    log = FactLog(journal, journal.open())
    entry, fire = raised(log.numbering)
    await log.record(entry)
    await log.close(clean=True)
    small_disk.fill()

    journal = Journal(small_disk.folder / "journal.db")
    state = journal.open()
    assert state.error is not None
    assert state.error.trouble == "full"
    assert state.open_alarms == [fire]
    assert (state.epoch > 1, state.last) == (True, 1)
    log = FactLog(journal, state, retry=0.01)
    assert not await log.record(plain(log.numbering))
    assert await log.facts(Seq(1, 1), 10) is not None
    small_disk.free()
    await until(lambda: log.persisted(Seq(state.epoch, 2)))
    await log.close(clean=False)
    journal = Journal(small_disk.folder / "journal.db")
    assert journal.open().epoch == state.epoch + 1
    await journal.close(clean=True)
    assert verify(small_disk.folder / "journal.db").problems == []


async def test_a_full_disk_under_the_telemetry(small_disk):
    probe = point()
    async with Desk(small_disk.folder / "telemetry.db", commit_seconds=0.01, backlog=3000) as desk:
        await desk.store(reading(probe, 1.0), keys=[key(1)])
        small_disk.fill()
        number = 1
        while desk.telemetry.healthy:
            number += 1
            await desk.store(
                *(reading(probe, "x" * 50, number + i / 1000) for i in range(200)), keys=[key(number)]
            )
        assert desk.told == list(range(1, number + 1)), "acknowledged all the same"
        assert "disk is full" in str(desk.telemetry.last_error)
        assert desk.telemetry.lost == 0
        for _ in range(30):
            number += 1
            desk.telemetry.keep([reading(probe, "y", number + i / 1000) for i in range(200)], [key(number)])
            desk.telemetry.flush()
        assert desk.told[-1] == number
        assert desk.telemetry.lost >= 3000
        assert desk.telemetry.depth == 3000
        small_disk.free()
        await until(lambda: not desk.telemetry.depth)
        assert desk.telemetry.healthy
        offered = 1 + 200 * (number - 1)
        assert desk.telemetry.stored + desk.telemetry.lost == offered
        assert (await desk.telemetry.series(probe, 0, 2**62, 5)).count == desk.telemetry.stored


async def test_telemetry_that_starts_on_a_full_disk(small_disk):
    first, second = point("a.x"), point("b.x")
    path = small_disk.folder / "telemetry.db"
    async with Desk(path) as desk:
        await desk.store(reading(second, 2.0), keys=[key(5)])
    small_disk.fill()
    async with Desk(path, commit_seconds=0.01) as desk:
        assert desk.state.error is not None
        assert desk.state.latest["b.x"].value == 2.0
        assert [k.delivery.packet for k in desk.state.deliveries["field"]] == [5]
        desk.telemetry.register([first, second])
        desk.telemetry.keep([reading(first, 1.0), reading(second, 3.0, 1)], [key(6)])
        small_disk.free()
        await until(lambda: not desk.telemetry.depth)
        assert desk.told == [6]
        assert await desk.rows(first) == [(0, 1.0)]
        assert await desk.rows(second) == [(0, 2.0), (1_000_000, 3.0)]


async def test_a_disk_that_can_be_written_again_after_a_start_on_a_read_only_one(small_disk, tmp_path):
    """Connections of one process share what the first of them found: readers must not keep the writer out."""
    first = point("a.x")
    path = small_disk.folder / "telemetry.db"
    async with Desk(tmp_path / "telemetry.db") as desk:
        await desk.store(reading(first, 1.0))
        for file in tmp_path.glob("telemetry.db*"):  # as a power cut leaves them
            shutil.copy(file, small_disk.folder)
    small_disk.read_only(True)
    async with Desk(path, commit_seconds=0.01) as desk:
        assert desk.state.error is not None
        desk.telemetry.register([first])
        assert await desk.rows(first) == [(0, 1.0)]
        desk.telemetry.keep([reading(first, 2.0, 1)], [key(6)])
        small_disk.read_only(False)
        await until(lambda: not desk.telemetry.depth)
        assert desk.telemetry.healthy
        assert await desk.rows(first) == [(0, 1.0), (1_000_000, 2.0)]


async def test_a_guard_signs_in_while_the_disk_is_full(small_disk):
    accounts = SqliteAccounts(small_disk.folder / "accounts.db", now=Clock())
    assert accounts.open() is None
    guard = Account("li", "李班长", Role.GUARD, "hash")
    await accounts.put(guard, "admin")
    small_disk.fill()
    for number in range(300):  # until the write-ahead log finds no room
        await accounts.open_session(number.to_bytes(32, "big"), "li", 0, 10**12)
        assert await accounts.session(number.to_bytes(32, "big"), 1, 10**12) == guard
    assert accounts._loose, "the disk was full"
    small_disk.free()
    await accounts.close_sessions("li")
    assert await accounts.session((299).to_bytes(32, "big"), 1, 10**12) is None
    await accounts.close()
