"""Bytes written a day, and what a card bears, from what Linux shows of processes, services and disks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.domain.instant import DAY, HOUR, MINUTE, Instant
from edge.domain.storage import CardAssumption
from edge.storage.counting import Disk, of_service, of_tree
from edge.storage.wear import Counts, WearWatch

GB = 10**9


def process(root: Path, pid: int, parent: int, written: int, name: str = "python") -> None:
    folder = root / "proc" / str(pid)
    folder.mkdir(parents=True)
    (folder / "stat").write_text(f"{pid} ({name}) S {parent} 1 1\n")
    (folder / "io").write_text(f"rchar: 1\nwrite_bytes: {written}\ncancelled_write_bytes: 0\n")


def disk(root: Path, folder: Path, **files: str) -> Disk:
    """A card of 32 GB with one partition that `folder` lies on."""
    device = folder.stat().st_dev
    block = root / "sys/devices/mmc/block/mmcblk0"
    (block / "mmcblk0p2").mkdir(parents=True)
    (block / "device").mkdir()
    (block / "mmcblk0p2/partition").write_text("2\n")
    (block / "size").write_text(f"{32 * GB // 512}\n")
    (block / "stat").write_text("1 2 3 4 5 6 2000 8 9 10 11\n")
    for name, text in files.items():
        (block / "device" / name).write_text(text)
    links = root / "sys/dev/block"
    links.mkdir(parents=True)
    (links / f"{os.major(device)}:{os.minor(device)}").symlink_to(block / "mmcblk0p2")
    return Disk(folder, root)


def test_a_tree_is_a_process_and_all_below_it(tmp_path: Path) -> None:
    process(tmp_path, 10, 1, 1000)
    process(tmp_path, 11, 10, 200, "a (strange) name")
    process(tmp_path, 12, 11, 30)
    process(tmp_path, 13, 1, 9999)
    (tmp_path / "proc/14").mkdir()
    assert of_tree(10, tmp_path) == 1230
    assert of_tree(99, tmp_path) is None


def test_a_child_that_ended_counts_in_its_parent(tmp_path: Path) -> None:
    before = of_tree(os.getpid())
    if before is None:
        pytest.skip("this system does not count writes")
    file = tmp_path / "written"
    code = f"import os; f = open({str(file)!r}, 'wb'); f.write(os.urandom(1 << 20)); f.flush(); os.fsync(f.fileno())"
    subprocess.run([sys.executable, "-c", code], check=True)
    after = of_tree(os.getpid())
    assert after is not None
    assert after >= before


def test_a_service_is_counted_by_its_group(tmp_path: Path) -> None:
    folder = tmp_path / "sys/fs/cgroup/system.slice/broker.service"
    folder.mkdir(parents=True)
    (folder / "io.stat").write_text("179:0 rbytes=5 wbytes=700 rios=1 wios=1\n8:0 rbytes=1 wbytes=30\n")
    assert of_service("system.slice/broker.service", tmp_path) == 730
    assert of_service("system.slice/none.service", tmp_path) is None


def test_a_card_is_more_than_its_partition(tmp_path: Path) -> None:
    card = disk(tmp_path, tmp_path)
    assert (card.size(), card.written()) == (32 * GB // 512 * 512, 2000 * 512)
    assert (card.used(), card.spent()) == (None, False)


@pytest.mark.parametrize(
    ("life_time", "used"),
    [
        ("0x01 0x01\n", (0, 10)),
        ("0x02 0x0a\n", (90, 100)),
        ("0x0b 0x01\n", (100, 100)),
        ("0x00 0x00\n", None),
        ("?", None),
    ],
)
def test_an_emmc_says_what_it_has_used(tmp_path: Path, life_time: str, used: tuple[int, int] | None) -> None:
    assert disk(tmp_path, tmp_path, life_time=life_time).used() == used


def test_where_nothing_can_be_seen_nothing_is_said(tmp_path: Path) -> None:
    card = Disk(tmp_path, tmp_path)
    assert (card.size(), card.written(), card.used(), card.spent()) == (None, None, None, False)


async def test_rates_are_of_the_last_day(tmp_path: Path) -> None:
    counts = [Counts(0, None, None)]
    watch = WearWatch(disk(tmp_path, tmp_path), CardAssumption(1000, 4.0), lambda: counts[0])
    await watch.look(Instant(0, 0), 10 * GB)
    assert watch.wear is not None
    assert (watch.wear.hub, watch.wear.life_days) == (None, None)
    for hour in range(1, 49):
        counts[0] = Counts(hour * GB // 24, None, None)
        await watch.look(Instant(0, hour * HOUR), 10 * GB)
    assert watch.wear.span <= DAY * 2
    assert watch.wear.hub == pytest.approx(GB, rel=0.01)
    assert (watch.wear.broker, watch.wear.disk) == (None, None)
    assert watch.wear.life_days == pytest.approx(32 * 1000 / 4, rel=0.01)


async def test_what_everybody_writes_on_the_disk_counts_where_it_is_seen(tmp_path: Path) -> None:
    counts = [Counts(0, 0, 0)]
    watch = WearWatch(Disk(tmp_path, tmp_path), CardAssumption(500, 5.0), lambda: counts[0])
    await watch.look(Instant(0, 0), 10 * GB)
    counts[0] = Counts(GB, GB, 4 * GB)
    await watch.look(Instant(0, DAY), 10 * GB)
    assert watch.wear is not None
    assert watch.wear.life_days == 10 * 500 // 5 // 4


@pytest.mark.parametrize(
    ("files", "ok"),
    [
        ({}, True),
        ({"life_time": "0x09 0x01", "pre_eol_info": "0x01"}, True),
        ({"life_time": "0x0a 0x01", "pre_eol_info": "0x01"}, False),
        ({"life_time": "0x01 0x01", "pre_eol_info": "0x02"}, False),
    ],
)
async def test_only_the_cards_own_word_is_a_fault(tmp_path: Path, files: dict[str, str], ok: bool) -> None:
    watch = WearWatch(disk(tmp_path, tmp_path, **files), CardAssumption(1, 1000.0), lambda: Counts(0, 0, 0))
    await watch.look(Instant(0, 0), GB)
    await watch.look(Instant(0, MINUTE), GB)
    assert watch.check(Instant(0, 0))[0] is ok
