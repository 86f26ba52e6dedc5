"""Beside the line: takes pictures out of the cameras' rings into the data folder, and deletes them again.

A round of pictures at a time in one thread; every order is answered by a receipt, also when there is none to be had.
Alarms come before pictures: those of before and of the moment itself are kept a second after it, when the ring holds
the nearest one for certain, and what falls due in a quarter of a second is one round. What several alarms want of one
moment is one file under several names, which costs a storm neither disk nor computing.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from heapq import heappop, heappush
from math import ceil, inf
from pathlib import Path
from typing import Final

from edge.cameras.files import ID, LARGEST, Filed, Shelf, described, finish, read, tidy, whole
from edge.domain.camera import Still
from edge.domain.conclusion import Aim, Capture, Captured, Erase, Erased, Look, Receipt
from edge.domain.footage import BEFORE, RING, Finding
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text
from edge.driver import Looking
from edge.evidence import make_room, settle
from edge.facade import Footage, Unavailable

log = logging.getLogger("edge.cameras")

MOST: Final = 4000
"""Pictures that may be waited for: a storm of a thousand alarms."""
FILMS: Final = 8  # that may be waited for
CLOSE: Final = SECOND  # a picture so near to the moment shows it
PATIENCE: Final = 3 * SECOND  # how long after its moment a picture is waited for
LATE: Final = 60 * SECOND  # and one of afterwards: a camera, or the hub, may just be starting again
ROUND: Final = 64  # pictures that are kept together, at most
_EVERY: Final = 0.25  # seconds: what falls due in as many is kept together
_BREATH: Final = 0.02  # seconds between two full rounds
_AGAIN: Final = (0.2, 5.0)  # seconds between the first two looks into a ring, doubled up to the last
_LOOKS: Final = (
    30  # about two minutes, beyond `LATE`: where the clock was set back, the moment does not come again
)
_LONGEST: Final = 10.0  # seconds until the first look, whatever the clock is set to
_FILM_LIMIT: Final = 180.0  # seconds
_EVER: Final = 1 << 62  # µs UTC
OVERDUE: Final = 120.0  # seconds after which an order that is due and not carried out is a fault


class Keeper:
    """`folder`/<yyyymm>/<id>.jpg or .webm; a file's time is the moment it shows.

    cameras: what each device sees through. told: takes receipts, from any thread. utc: the hub's civil clock, µs.
    defect: logs and counts an error of the program (where, which), from any thread.
    """

    def __init__(
        self,
        folder: Path,
        cameras: Mapping[str, Looking],
        told: Callable[[Receipt], None],
        utc: Callable[[], int],
        defect: Callable[[str, Exception], None],
    ) -> None:
        self._folder = folder
        self._cameras = cameras
        self._told = told
        self._utc = utc
        self._defect = defect
        self._orders: list[
            tuple[float, int, int, Capture | Erase]
        ] = []  # (when, in turn, looks before, what)
        self._count = 0
        self._in_hand: list[tuple[float, int, int, Capture | Erase]] = []  # likewise, of the round under way
        self._shelf = Shelf()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._films: set[asyncio.Task[None]] = set()
        self._one_film = asyncio.Semaphore(1)

    # ---- orders ---------------------------------------------------------------------------------------------------

    def perform(self, effect: Look) -> None:
        """Take an order; returns at once."""
        if isinstance(effect, Aim):
            self.aim(effect)
        elif isinstance(effect, Capture) and effect.start is not None:
            self._film(effect)
        elif isinstance(effect, Capture) and len(self._orders) >= MOST:
            many = Text("同时要保存的画面太多", "too many pictures were to be kept at once")
            self._told(Captured(effect.stills, effect.shot, error=many))
        else:
            ahead = _settled(effect) - self._utc() if isinstance(effect, Capture) else 0
            self._push(min(max(0.0, ahead / SECOND), _LONGEST), 0, effect)

    def aim(self, aim: Aim) -> None:
        """Have a camera look at its zones; also before its driver has started."""
        if (camera := self._cameras.get(aim.device)) is not None:
            camera.watch(aim.zones, aim.masks)

    def resume(self, device: str, findings: Sequence[Finding]) -> None:
        """Have a camera go on with what was open, before its driver has started."""
        if (camera := self._cameras.get(device)) is not None:
            camera.resume(findings)

    def start(self, known: Collection[str], before: int) -> None:
        """Begin to work; first of all half files go, and those older than `before` (µs UTC) that nobody knows of.

        known: ids of pictures that are of a set. A file is unknown where its fact was lost with a sick journal.
        """
        self._task = asyncio.create_task(self._work(frozenset(known), before), name="keeper of pictures")

    async def stop(self) -> None:
        """End, without a word about what is under way: it is asked for again after the restart."""
        tasks = [*self._films, *([self._task] if self._task is not None else ())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def check(self, _now: Instant) -> tuple[bool, Text]:
        """Whether evidence is kept: a check of `edge.health`."""
        if self._task is None:
            return True, Text("正在启动", "Starting")
        if self._task.done():
            return False, Text("画面保存任务已停止", "The task that keeps pictures has ended")
        due = [one[0] for one in (*self._in_hand[:1], *self._orders[:1])]
        late = self._task.get_loop().time() - min(due, default=inf)
        if late > OVERDUE:
            return False, Text(
                f"待保存的画面已积压 {late:.0f} 秒", f"A picture has been waiting to be kept for {late:.0f} s"
            )
        return True, Text("正常", "In order")

    # ---- reading --------------------------------------------------------------------------------------------------

    async def latest(self, device: str) -> Footage | None:
        """The newest picture of a camera's ring, None while it has none."""
        camera = self._cameras.get(device)
        still = None if camera is None else camera.latest()
        if still is None:
            return None
        with suppress(OSError):  # it has left the ring meanwhile
            return Footage(still.taken, "image/jpeg", await asyncio.to_thread(still.path.read_bytes))
        return None

    async def read(self, id: str) -> Footage | None:
        """A kept picture or film, None when there is none; raises Unavailable."""
        if (paths := self._paths(id)) is None:
            return None
        try:
            return await asyncio.to_thread(read, paths)
        except OSError as error:
            raise Unavailable(f"the picture cannot be read ({error.strerror})") from error

    # ---- details --------------------------------------------------------------------------------------------------

    def _push(self, wait: float, looks: int, order: Capture | Erase) -> None:
        self._count += 1
        due = asyncio.get_running_loop().time() + wait
        if wait:
            due = ceil(due / _EVERY) * _EVERY
        heappush(self._orders, (due, self._count, looks, order))
        if self._orders[0][1] == self._count:  # else it need not look up
            self._woken.set()

    async def _work(self, known: Collection[str], before: int) -> None:
        """Never ends by an error: without it no evidence is kept, and nobody would see that."""
        try:
            await asyncio.to_thread(tidy, self._folder, known, before)
        except Exception as error:  # noqa: BLE001 - counted
            self._defect("old pictures", error)
        while True:
            try:
                await self._next()
            except Exception as error:  # noqa: BLE001 - counted
                self._defect("keeping pictures", error)
                for _, _, looks, order in self._in_hand:  # carried out or not, it may be carried out again
                    self._push(_AGAIN[1], looks, order)
                await asyncio.sleep(_AGAIN[0])  # one that comes back at once does not take the processor

    async def _next(self) -> None:
        """Wait for the next order and carry it out."""
        self._in_hand = []
        self._woken.clear()
        now = asyncio.get_running_loop().time()
        wait = self._orders[0][0] - now if self._orders else None
        if wait is None or wait > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()
            return
        while self._orders and self._orders[0][0] <= now and len(self._in_hand) < ROUND:
            self._in_hand.append(heappop(self._orders))
        receipts = await asyncio.to_thread(self._carried_out, list(self._in_hand))
        for receipt, (_, _, looks, order) in zip(receipts, self._in_hand, strict=True):
            if receipt is not None:
                self._told(receipt)
            else:
                self._push(min(_AGAIN[0] * 2**looks, _AGAIN[1]), looks + 1, order)
        if len(self._in_hand) == ROUND:
            await asyncio.sleep(_BREATH)

    def _carried_out(
        self, orders: Sequence[tuple[float, int, int, Capture | Erase]]
    ) -> list[Captured | Erased | None]:
        """What came of each; what was kept is durable."""
        rings: dict[str, Sequence[Still]] = {}  # each is listed once
        found = [self._carry_out(order, rings, looks + 1 >= _LOOKS) for _, _, looks, order in orders]
        try:
            self._shelf.settle()
        except OSError as error:  # whatever has a name now may have none after a power cut
            return [
                _unkept(order, error) if isinstance(order, Capture) and isinstance(one, Captured) else one
                for one, (*_, order) in zip(found, orders, strict=True)
            ]
        return found

    def _carry_out(
        self, order: Capture | Erase, rings: dict[str, Sequence[Still]], last: bool
    ) -> Captured | Erased | None:
        """What came of it; None while a picture may still come. last: it is looked for no more."""
        try:
            return self._erase(order) if isinstance(order, Erase) else self._capture(order, rings, last)
        except Exception as error:  # noqa: BLE001 - a defect costs this order alone
            self._defect(f"picture of {order.device}" if isinstance(order, Capture) else "erasing", error)
            if isinstance(order, Erase):
                return Erased(order.stills, f"defect: {type(error).__name__}")
            what = type(error).__name__
            return Captured(order.stills, order.shot, error=Text(f"程序缺陷:{what}", f"a defect: {what}"))

    def _capture(self, order: Capture, rings: dict[str, Sequence[Still]], last: bool) -> Captured | None:
        paths = self._paths(order.shot)
        if paths is None:
            msg = f"no id of a picture: {order.shot[:60]!r}"
            raise ValueError(msg)
        path = paths[0]
        with suppress(FileNotFoundError):  # kept already, only the word of it was lost
            return _captured(order, described(path, path.stat().st_mtime_ns // 1000, path.read_bytes()))
        camera = self._cameras.get(order.device)
        if camera is None:
            nothing = Text("没有能取画面的摄像机驱动", "there is no driver that could take a picture")
            return Captured(order.stills, order.shot, error=nothing)
        if order.device not in rings:
            rings[order.device] = camera.stills(0, _EVER)
        for still in self._nearest(order, rings[order.device]):
            if (filed := self._shelf.again(order.device, still.taken, path)) is not None:
                return _captured(order, filed)
            if (content := whole(still.path)) is None:  # it has left the ring meanwhile
                continue
            try:
                return _captured(order, self._shelf.put(order.device, still.taken, content, path))
            except OSError as error:
                return _unkept(order, error)
        waits = self._utc() < order.wanted + _patience(order) and not last
        return None if waits else _none(order, camera)

    def _nearest(self, order: Capture, ring: Sequence[Still]) -> list[Still]:
        """The ring's pictures of about the moment, the nearest first, once no nearer one can come."""
        wanted, now = order.wanted, self._utc()
        if order.which == "before":
            start, end = wanted - RING, min(wanted + CLOSE // 2, now)
        else:
            start, end = wanted - CLOSE, wanted + _patience(order)
            if now < wanted + CLOSE and not any(wanted <= still.taken <= end for still in ring):
                return []
        about = [still for still in ring if start <= still.taken <= end]
        return sorted(about, key=lambda one: abs(one.taken - wanted))

    def _erase(self, order: Erase) -> Erased:
        try:
            for shot in order.shots:
                for path in self._paths(shot) or ():
                    if path.exists():
                        path.unlink()
                        settle(path.parent)
        except OSError as error:
            return Erased(order.stills, error.strerror or type(error).__name__)
        return Erased(order.stills)

    def _paths(self, id: str) -> tuple[Path, Path] | None:
        """Of a picture and of a film with this id."""
        match = ID.fullmatch(id)
        if match is None:
            return None
        folder = self._folder / match.group(1)
        return folder / f"{id}.jpg", folder / f"{id}.webm"

    # ---- films ----------------------------------------------------------------------------------------------------

    def _film(self, order: Capture) -> None:
        if len(self._films) >= FILMS:
            many = Text("正在制作的录像太多,请稍后再试", "too many films are being made: try again later")
            self._told(Captured(order.stills, order.shot, error=many))
            return
        task = asyncio.create_task(self._make_film(order), name=f"film {order.shot}")
        self._films.add(task)
        task.add_done_callback(self._films.discard)

    async def _make_film(self, order: Capture) -> None:
        try:
            async with self._one_film:
                receipt = await self._made(order)
        except Exception as error:  # noqa: BLE001 - a defect costs this film alone
            self._defect(f"film of {order.device}", error)
            what = type(error).__name__
            receipt = Captured(order.stills, order.shot, error=Text(f"程序缺陷:{what}", f"a defect: {what}"))
        self._told(receipt)

    async def _made(self, order: Capture) -> Captured:
        camera, paths = self._cameras.get(order.device), self._paths(order.shot)
        if camera is None or paths is None:
            return Captured(
                order.stills, order.shot, error=Text("没有这样的摄像机", "there is no such camera")
            )
        path = paths[1]
        draft = path.with_suffix(".part.webm")
        try:
            if not path.exists():
                await asyncio.to_thread(make_room, path, LARGEST)
                async with asyncio.timeout(_FILM_LIMIT):
                    why = await asyncio.wrap_future(camera.clip(order.start or 0, order.wanted, draft))
                if why is not None:
                    return Captured(order.stills, order.shot, error=why)
                await asyncio.to_thread(finish, draft, path, order.wanted)
            return await asyncio.to_thread(_film_kept, order, path)
        except TimeoutError:
            slow = Text("录像制作超时", "the film was not made in time")
            return Captured(order.stills, order.shot, error=slow)
        except OSError as error:
            why_not = error.strerror or type(error).__name__
            full = Text(f"录像无法保存({why_not})", f"the film cannot be kept ({why_not})")
            return Captured(order.stills, order.shot, error=full)
        finally:
            with suppress(OSError):
                draft.unlink()


def _settled(order: Capture) -> int:
    """When the ring holds the nearest picture for certain, µs UTC; before is kept together with the moment itself."""
    return order.wanted + CLOSE + (BEFORE if order.which == "before" else 0)


def _patience(order: Capture) -> int:
    return LATE if order.which == "after" else PATIENCE


def _captured(order: Capture, filed: Filed) -> Captured:
    return Captured(
        order.stills, order.shot, filed.taken, filed.sha256, filed.width, filed.height, filed.size
    )


def _unkept(order: Capture, error: OSError) -> Captured:
    why = error.strerror or type(error).__name__
    full = Text(
        f"画面无法保存({why}):请清理主机磁盘", f"it cannot be kept ({why}): free space on the hub's disk"
    )
    return Captured(order.stills, order.shot, error=full)


def _none(order: Capture, camera: Looking) -> Captured:
    """Why there is no picture of that moment."""
    view = camera.view()
    if view.state != "ok":
        why = Text(f"摄像机没有画面:{view.detail.zh}", f"the camera had no picture: {view.detail.en}")
    else:
        why = Text("摄像机没有留下该时刻的画面", "the camera's ring holds no picture of that moment")
    return Captured(order.stills, order.shot, error=why)


def _film_kept(order: Capture, path: Path) -> Captured:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        status = os.fstat(file.fileno())
    taken = status.st_mtime_ns // 1000
    return Captured(order.stills, order.shot, taken, digest, size=status.st_size)
