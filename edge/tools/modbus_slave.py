"""A simulated serial bus: Modbus RTU slaves behind a real pseudo-terminal, with all the faults of a real line."""

from __future__ import annotations

import random
import struct
import threading
import time
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from pathlib import Path
from typing import Final

from drivers.modbus_rtu.frames import (
    BITS,
    COILS,
    HOLDING_REGISTERS,
    WRITE_COIL,
    WRITE_COILS,
    WRITES,
    Frame,
    Kind,
    Splitter,
    WriteRequest,
    seal,
)
from edge.domain.reading import ProtocolError
from edge.tools.plug import Plug

SLICE: Final = 0.2


class SlaveBus:
    """Slaves on one line, reached through the symlink `path`.

    dead: units that do not answer. late: seconds by which a unit's answers come late. noise, damage, cut: how often
    (0 to 1) an answer comes with noise around it, comes with a wrong CRC, ends in the middle. asked: requests seen,
    by unit. written: called on the bus's thread with each write a unit has taken.
    All may be changed at any time, from any thread.
    """

    def __init__(self, path: Path, *, seed: int = 0) -> None:
        self.path = path
        self.dead: set[int] = set()
        self.late: dict[int, float] = {}
        self.noise = 0.0
        self.damage = 0.0
        self.cut = 0.0
        self.asked: dict[int, int] = {}
        self.written: Callable[[WriteRequest], None] = lambda _request: None
        self._memory: dict[tuple[int, int], dict[int, int]] = {}
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._plug = Plug(path)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"slaves-{path.name}", daemon=True)

    def set_register(self, unit: int, function: int, register: int, words: Iterable[int]) -> None:
        """Give a unit holding (3) or input (4) registers from `register` on, as 16-bit words."""
        with self._lock:
            memory = self._memory.setdefault((unit, function), {})
            memory.update({register + i: word & 0xFFFF for i, word in enumerate(words)})

    def set_coil(self, unit: int, function: int, register: int, on: bool) -> None:
        """Give a unit a coil (1) or discrete input (2)."""
        with self._lock:
            self._memory.setdefault((unit, function), {})[register] = int(on)

    def read(self, unit: int, function: int, register: int) -> int | None:
        """The word or bit a unit has there; None when it has none."""
        with self._lock:
            return self._memory.get((unit, function), {}).get(register)

    def start(self) -> None:
        """Plug in and answer."""
        self.replug()
        self._thread.start()

    def stop(self) -> None:
        """Unplug and end the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.unplug()

    def unplug(self) -> None:
        """The terminal vanishes, as when a converter is pulled."""
        self._plug.pull()

    def replug(self) -> None:
        """Another terminal appears behind the same symlink."""
        self._plug.plug()

    def _run(self) -> None:
        splitter = Splitter()
        waiting: list[tuple[float, bytes]] = []
        while not self._stop.is_set():
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                self._plug.send(heappop(waiting)[1])
            wait = min(SLICE, waiting[0][0] - now) if waiting else SLICE
            heard = self._plug.receive(wait)
            if heard is None:
                splitter, waiting = Splitter(), []
                self._stop.wait(wait)
                continue
            for item in splitter.feed(heard):
                if isinstance(item, Frame) and item.kind is Kind.REQUEST:
                    self.asked[item.unit] = self.asked.get(item.unit, 0) + 1
                    answer = self._answer(item)
                    if answer:
                        heappush(waiting, (time.monotonic() + self.late.get(item.unit, 0.0), answer))

    def _answer(self, request: Frame) -> bytes:
        """The bytes a unit puts on the line; empty when it is dead or none has this address."""
        unit, function = request.unit, request.function
        with self._lock:
            known = any(owner == unit for owner, _ in self._memory)
            if not known or unit in self.dead:
                return b""
        if function in WRITES:
            return self._obey(request)
        register, count = struct.unpack(">HH", request.data)
        with self._lock:
            memory = self._memory.get((unit, function))
            if memory is None:
                return self._spoil(seal(bytes((unit, function | 0x80, 1))))
            try:
                words = [memory[at] for at in range(register, register + count)]
            except KeyError:
                return self._spoil(seal(bytes((unit, function | 0x80, 2))))
            return self._spoil(seal(bytes((unit, function)) + _data(function, words)))

    def _obey(self, request: Frame) -> bytes:
        """Take a write to coils or holding registers the unit has, and confirm it."""
        unit, function = request.unit, request.function
        area = COILS if function in {WRITE_COIL, WRITE_COILS} else HOLDING_REGISTERS
        try:
            write = WriteRequest.decode(request)
        except ProtocolError:
            return self._spoil(seal(bytes((unit, function | 0x80, 3))))
        places = range(write.register, write.register + len(write.values))
        with self._lock:
            memory = self._memory.get((unit, area))
            if memory is None:
                return self._spoil(seal(bytes((unit, function | 0x80, 1))))
            if not all(at in memory for at in places):
                return self._spoil(seal(bytes((unit, function | 0x80, 2))))
            memory.update(zip(places, write.values, strict=True))
        self.written(write)
        return self._spoil(seal(write.opening))

    def _spoil(self, frame: bytes) -> bytes:
        chance = self._random
        if chance.random() < self.damage:
            at = chance.randrange(len(frame))
            frame = frame[:at] + bytes((frame[at] ^ (1 << chance.randrange(8)),)) + frame[at + 1 :]
        if self.cut and chance.random() < self.cut:
            frame = frame[: chance.randrange(1, len(frame))]
        if chance.random() < self.noise:
            frame = chance.randbytes(chance.randint(1, 6)) + frame + chance.randbytes(chance.randint(0, 6))
        return frame


def _data(function: int, words: list[int]) -> bytes:
    """Byte count and data of an answer."""
    if function in BITS:
        packed = sum(bit << i for i, bit in enumerate(words)).to_bytes((len(words) + 7) // 8, "little")
    else:
        packed = struct.pack(f">{len(words)}H", *words)
    return bytes((len(packed),)) + packed
