"""The keeper of pictures: out of a ring into a folder that holds whole files or none, and out of it again."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PIL import Image

from edge.cameras import files
from edge.cameras import keeper as keeping
from edge.cameras.jpeg import size_of
from edge.cameras.keeper import Keeper
from edge.domain.camera import CameraZone, Polygon, Still, View
from edge.domain.conclusion import Aim, Capture, Captured, Erase, Erased, Receipt
from edge.domain.footage import Finding
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text

NOW = 1_790_000_000 * SECOND
SHOT = "202609-" + "a" * 32
OTHER = "202609-" + "b" * 32


def jpeg(shade: int = 90, size: tuple[int, int] = (64, 36)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, (shade, shade, shade)).save(out, "JPEG")
    return out.getvalue()


@dataclass
class Looker:
    """`edge.driver.Looking` with a ring of files."""

    folder: Path
    ring: dict[int, Path] = field(default_factory=dict)
    state: str = "ok"
    aimed: list[tuple[Sequence[CameraZone], Sequence[Polygon]]] = field(default_factory=list)
    film: Text | None = None
    resumed: list[str] = field(default_factory=list)

    def see(self, at: int, content: bytes | None = None) -> bytes:
        content = jpeg(at // SECOND % 200) if content is None else content
        path = self.folder / f"{at}.jpg"
        path.write_bytes(content)
        self.ring[at] = path
        return content

    def watch(self, zones: Sequence[CameraZone], masks: Sequence[Polygon]) -> None:
        self.aimed.append((zones, masks))

    def resume(self, findings: Sequence[Finding]) -> None:
        self.resumed = [one.id for one in findings]

    def view(self) -> View:
        return View(self.state, Text("失联", "lost"))

    def latest(self) -> Still | None:
        return Still(max(self.ring), self.ring[max(self.ring)]) if self.ring else None

    def stills(self, start: int, end: int) -> Sequence[Still]:
        return [Still(at, path) for at, path in sorted(self.ring.items()) if start <= at <= end]

    def clip(self, start: int, end: int, path: Path) -> Future[Text | None]:
        done: Future[Text | None] = Future()
        if self.film is None:
            path.write_bytes(b"film of %d" % len(self.stills(start, end)))
        done.set_result(self.film)
        return done


class Line:
    """Where receipts come."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self._came = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def told(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        self._loop.call_soon_threadsafe(self._came.set)

    async def wait(self, count: int) -> list[Receipt]:
        async with asyncio.timeout(60):
            while len(self.receipts) < count:
                self._came.clear()
                await self._came.wait()
        return self.receipts


class Room:
    """A keeper with one camera, and a clock that tests move."""

    def __init__(self, folder: Path) -> None:
        self.utc = NOW + SECOND  # what is wanted of NOW can be there
        (folder / "ring").mkdir()
        self.folder = folder / "stills"
        self.camera = Looker(folder / "ring")
        self.line = Line()
        self.defects: list[tuple[str, Exception]] = []
        self.failed = asyncio.Event()
        self.keeper = Keeper(
            self.folder,
            {"cm-01": self.camera},
            self.line.told,
            lambda: self.utc,
            self.defect,
        )

    def defect(self, where: str, error: Exception) -> None:
        self.defects.append((where, error))
        self.line._loop.call_soon_threadsafe(self.failed.set)

    def well(self) -> tuple[bool, Text]:
        return self.keeper.check(Instant(self.utc, 0))

    async def capture(
        self, shot: str = SHOT, device: str = "cm-01", *, which: Any = "at", start: int | None = None
    ) -> Captured:
        told = len(self.line.receipts)
        self.keeper.perform(Capture("st-1", shot, device, NOW, which, start))
        receipt = (await self.line.wait(told + 1))[-1]
        assert isinstance(receipt, Captured)
        return receipt


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    room = Room(tmp_path)
    room.keeper.start((), 0)
    yield room
    await room.keeper.stop()


async def test_the_nearest_picture_is_kept_whole_with_its_hash_and_time(room: Room) -> None:
    room.camera.see(NOW - 700_000)
    content = room.camera.see(NOW + 200_000)
    kept = await room.capture()
    assert kept == Captured(
        "st-1", SHOT, NOW + 200_000, hashlib.sha256(content).hexdigest(), 64, 36, len(content)
    )
    assert [path.name for path in (room.folder / "202609").iterdir()] == [f"{SHOT}.jpg"]
    found = await room.keeper.read(SHOT)
    assert found is not None
    assert (found.taken, found.mime, found.content) == (NOW + 200_000, "image/jpeg", content)


async def test_a_picture_that_is_yet_to_come_is_waited_for(room: Room) -> None:
    room.camera.see(NOW - 900_000)
    room.utc = NOW + SECOND - 1
    room.keeper.perform(Capture("st-1", SHOT, "cm-01", NOW))
    looked = asyncio.Event()
    stills = room.camera.stills

    def looking(start: int, end: int) -> Sequence[Still]:
        room.line._loop.call_soon_threadsafe(looked.set)
        return stills(start, end)

    room.camera.stills = looking  # type: ignore[method-assign]
    await asyncio.wait_for(looked.wait(), 60)
    assert not room.line.receipts
    room.camera.see(NOW + 50_000)
    (kept,) = await room.line.wait(1)
    assert isinstance(kept, Captured)
    assert kept.taken == NOW + 50_000


async def test_before_takes_the_newest_up_to_then_however_old(room: Room) -> None:
    room.camera.see(NOW - 40 * SECOND)
    room.camera.see(NOW - 30 * SECOND)
    room.camera.see(NOW + 2 * SECOND)
    room.utc = NOW + 5 * SECOND
    assert (await room.capture(which="before")).taken == NOW - 30 * SECOND


async def test_afterwards_the_next_one_will_do(room: Room) -> None:
    """The hub was killed and comes back: better late than never."""
    room.utc = NOW + 25 * SECOND
    room.camera.see(NOW + 20 * SECOND)
    room.camera.see(NOW + 21 * SECOND)
    assert (await room.capture(which="after")).taken == NOW + 20 * SECOND
    room.camera.ring.clear()
    room.utc = NOW + 60 * SECOND
    assert (await room.capture(OTHER, which="after")).taken is None


async def test_a_picture_of_afterwards_is_looked_for_when_it_can_be_there(room: Room) -> None:
    looks: list[int] = []
    stills = room.camera.stills

    def looking(start: int, end: int) -> Sequence[Still]:
        looks.append(room.utc)
        return stills(start, end)

    room.camera.stills = looking  # type: ignore[method-assign]
    room.utc = NOW - 300_000
    room.camera.see(NOW + 100_000)
    await room.capture(which="after")
    assert len(looks) == 1


async def test_before_and_the_moment_itself_are_kept_together_when_both_can_be_there(room: Room) -> None:
    room.utc = NOW + 900_000
    room.camera.see(NOW - 5 * SECOND)
    room.camera.see(NOW - 400_000)
    rounds: list[int] = []
    carried_out = room.keeper._carried_out

    def counted(orders: Sequence[Any]) -> Any:
        rounds.append(len(orders))
        room.utc = NOW + SECOND
        room.camera.see(NOW + 300_000)
        return carried_out(orders)

    room.keeper._carried_out = counted  # type: ignore[method-assign]
    room.keeper.perform(Capture("st-1", SHOT, "cm-01", NOW - 5 * SECOND, "before"))
    room.keeper.perform(Capture("st-1", OTHER, "cm-01", NOW, "at"))
    before, at = await room.line.wait(2)
    assert isinstance(before, Captured)
    assert isinstance(at, Captured)
    assert (before.taken, at.taken) == (NOW - 5 * SECOND, NOW + 300_000)
    assert rounds == [2]


async def test_where_there_is_none_it_says_why(room: Room) -> None:
    room.utc = NOW + 10 * SECOND
    room.camera.see(NOW + 9 * SECOND)
    missing = await room.capture()
    assert missing.taken is None
    assert missing.error == Text(
        "摄像机没有留下该时刻的画面", "the camera's ring holds no picture of that moment"
    )
    room.camera.state = "lost"
    error = (await room.capture()).error
    assert error == Text("摄像机没有画面:失联", "the camera had no picture: lost")
    gone = Text("没有能取画面的摄像机驱动", "there is no driver that could take a picture")
    assert (await room.capture(device="cm-9")).error == gone


async def test_a_clock_that_was_set_back_makes_nobody_wait(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_AGAIN", (0.0, 0.0))
    monkeypatch.setattr(keeping, "_LONGEST", 0.0)
    room.utc = NOW - 3600 * SECOND
    receipt = await room.capture()
    assert receipt.error is not None
    assert "no picture of that moment" in receipt.error.en


async def test_half_a_picture_is_none(room: Room) -> None:
    room.camera.see(NOW, jpeg()[:-20])
    good = room.camera.see(NOW + 400_000)
    kept = await room.capture()
    assert kept.sha256 == hashlib.sha256(good).hexdigest()
    room.camera.ring = {NOW: room.camera.folder / "gone.jpg"}
    room.utc = NOW + 10 * SECOND
    assert (await room.capture(OTHER)).taken is None


async def test_asked_again_after_a_kill_it_is_the_same_file(room: Room) -> None:
    room.camera.see(NOW)
    first = await room.capture()
    room.camera.ring.clear()
    assert await room.capture() == first


async def test_what_two_alarms_want_of_one_moment_is_one_file_with_two_names(room: Room) -> None:
    content = room.camera.see(NOW)
    for shot in (SHOT, OTHER):
        room.keeper.perform(Capture("st-1", shot, "cm-01", NOW))
    one, two = await room.line.wait(2)
    assert isinstance(one, Captured)
    assert isinstance(two, Captured)
    assert (one.sha256, one.taken, one.width, one.size) == (two.sha256, two.taken, two.width, two.size)
    first, second = (room.folder / "202609" / f"{shot}.jpg" for shot in (SHOT, OTHER))
    assert first.samefile(second)
    room.keeper.perform(Erase("st-1", (SHOT,)))
    await room.line.wait(3)
    assert not first.exists()
    assert second.read_bytes() == content
    room.keeper.perform(Capture("st-2", SHOT, "cm-01", NOW))  # the file it remembers is gone
    (*_, again) = await room.line.wait(4)
    assert isinstance(again, Captured)
    assert again.sha256 == one.sha256
    assert first.read_bytes() == content


async def test_names_that_are_not_durable_are_not_told_of(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path) -> None:
        raise OSError(5, "Input/output error")

    room.camera.see(NOW)
    assert (await room.capture()).error is None
    monkeypatch.setattr(files, "settle", full)
    error = (await room.capture(OTHER)).error
    assert error is not None
    assert "Input/output error" in error.en


async def test_a_full_disk_is_said(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_whole", full)
    room.camera.see(NOW)
    error = (await room.capture()).error
    assert error is not None
    assert "No space left" in error.en


async def test_a_defect_costs_one_picture(room: Room) -> None:
    def broken(start: int, end: int) -> Sequence[Still]:
        raise RuntimeError("broken")

    stills, room.camera.stills = room.camera.stills, broken  # type: ignore[method-assign]
    assert (await room.capture()).error is not None
    assert [(where, str(error)) for where, error in room.defects] == [("picture of cm-01", "broken")]
    room.camera.stills = stills  # type: ignore[method-assign]
    room.camera.see(NOW)
    assert (await room.capture()).taken == NOW


async def test_no_error_ends_it_and_the_order_is_carried_out_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder cannot be tidied, and the line takes no receipt the first time: nothing is lost, both are counted."""

    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(keeping, "tidy", broken)
    monkeypatch.setattr(keeping, "_AGAIN", (0.0, 0.0))
    room = Room(tmp_path)
    take, room.keeper._told = room.keeper._told, broken
    room.keeper.start((), 0)
    room.camera.see(NOW)
    room.keeper.perform(Capture("st-1", SHOT, "cm-01", NOW))
    for _ in range(3):
        await asyncio.wait_for(room.failed.wait(), 10)
        room.failed.clear()
    assert room.well()[0]
    room.keeper._told = take
    (kept,) = await room.line.wait(1)
    assert isinstance(kept, Captured)
    assert kept.taken == NOW
    assert {where for where, _ in room.defects} == {"old pictures", "keeping pictures"}
    await room.keeper.stop()


async def test_it_says_when_it_works_no_more(room: Room) -> None:
    assert room.well() == (True, Text("正常", "In order"))
    await room.keeper.stop()
    assert not room.well()[0]


async def test_it_says_when_a_picture_waits_too_long(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    began, goes_on = Event(), Event()

    def slow(*_: Any, **__: Any) -> None:
        began.set()
        goes_on.wait(10)

    monkeypatch.setattr(files, "write_whole", slow)
    room.camera.see(NOW)
    room.keeper.perform(Capture("st-1", SHOT, "cm-01", NOW))
    assert await asyncio.to_thread(began.wait, 10)
    assert room.well()[0]
    monkeypatch.setattr(keeping, "OVERDUE", -1.0)
    ok, why = room.well()
    assert not ok
    assert "waiting to be kept" in why.en
    goes_on.set()
    await room.line.wait(1)


async def test_too_many_are_refused_in_words(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST", 0)
    error = (await room.capture()).error
    assert error is not None
    assert "too many" in error.en


async def test_erased_files_are_gone_also_those_that_never_were(room: Room) -> None:
    room.camera.see(NOW)
    await room.capture()
    room.keeper.perform(Erase("st-1", (SHOT, OTHER)))
    assert (await room.line.wait(2))[1] == Erased("st-1")
    assert list((room.folder / "202609").iterdir()) == []
    assert await room.keeper.read(SHOT) is None


async def test_what_cannot_be_deleted_is_said(room: Room) -> None:
    folder = room.folder / "202609"
    (folder / f"{SHOT}.jpg").mkdir(parents=True)  # nothing that can be unlinked
    room.keeper.perform(Erase("st-1", (SHOT,)))
    receipt = (await room.line.wait(1))[0]
    assert isinstance(receipt, Erased)
    assert receipt.error


async def test_half_files_go_and_old_ones_that_nobody_knows_of(tmp_path: Path) -> None:
    room = Room(tmp_path)
    folder = room.folder / "202609"
    folder.mkdir(parents=True)
    fresh = "202609-" + "c" * 32
    for name, taken in ((f"{SHOT}.jpg", 0), (f"{OTHER}.jpg", 0), (f"{fresh}.jpg", NOW), (f"{OTHER}.part", NOW),
                        (f"{OTHER}.part-half.webm", NOW), ("note.txt", 0)):  # fmt: skip
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, ns=(taken * 1000, taken * 1000))
    room.camera.see(NOW)
    room.keeper.start({SHOT}, NOW - SECOND)
    await room.capture("202609-" + "d" * 32)  # behind the tidying
    await room.keeper.stop()
    left = {f"{SHOT}.jpg", f"{fresh}.jpg", "note.txt", "202609-" + "d" * 32 + ".jpg"}
    assert {path.name for path in folder.iterdir()} == left


async def test_a_film_of_the_ring(room: Room) -> None:
    for second in range(10):
        room.camera.see(NOW - second * SECOND)
    kept = await room.capture(start=NOW - 5 * SECOND)
    assert (kept.taken, kept.size) == (NOW, len(b"film of 6"))
    found = await room.keeper.read(SHOT)
    assert found is not None
    assert (found.mime, found.content) == ("video/webm", b"film of 6")
    assert [path.name for path in (room.folder / "202609").iterdir()] == [f"{SHOT}.webm"]
    room.camera.film = Text("没有画面", "no pictures")
    assert (await room.capture(OTHER, start=NOW - 5 * SECOND)).error == Text("没有画面", "no pictures")
    assert (await room.capture(OTHER, "cm-9", start=0)).error is not None


async def test_it_aims_and_shows_the_newest(room: Room) -> None:
    zone = CameraZone("lane", Text("车道", "lane"), ((0, 0), (1, 0), (1, 1)), ("left-object",))
    room.keeper.perform(Aim("cm-01", (zone,), ()))
    room.keeper.perform(Aim("cm-9", (zone,), ()))
    assert room.camera.aimed == [((zone,), ())]
    van = Finding("a" * 26, NOW, "cm-01", "s", "left-object", "left-object", "lane", 0.8, NOW, 600 * SECOND)
    room.keeper.resume("cm-01", [van])
    room.keeper.resume("cm-9", [van])
    assert room.camera.resumed == [van.id]
    assert await room.keeper.latest("cm-01") is None
    content = room.camera.see(NOW)
    newest = await room.keeper.latest("cm-01")
    assert newest is not None
    assert (newest.taken, newest.content) == (NOW, content)
    room.camera.ring[NOW].unlink()
    assert await room.keeper.latest("cm-01") is None
    assert await room.keeper.latest("cm-9") is None


@pytest.mark.parametrize(
    "id", ["", "../../journal", "202609-" + "A" * 32, "202609-" + "a" * 31, "202609-" + "a" * 32 + ".jpg"]
)
async def test_no_other_file_is_read(room: Room, id: str) -> None:
    assert await room.keeper.read(id) is None


@pytest.mark.parametrize("size", [(1, 1), (640, 360), (1920, 1080)])
@pytest.mark.parametrize("mode", ["progressive", "plain"])
def test_sizes_are_read_from_the_head(size: tuple[int, int], mode: str) -> None:
    out = BytesIO()
    Image.new("L", size, 7).save(out, "JPEG", progressive=mode == "progressive", comment=b"x" * 3000)
    assert size_of(out.getvalue()) == size


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        b"GIF89a",
        b"\xff\xd8" + b"\xff" * 100 + b"\xff\xd9",
        b"\xff\xd8\xff\xc0" + bytes(20) + b"\xff\xd9",
    ],
)
def test_what_is_no_jpeg_has_no_size(junk: bytes) -> None:
    assert size_of(junk) is None
