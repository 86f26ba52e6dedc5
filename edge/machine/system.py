"""The machine as Linux shows it under /proc and /sys: small reads, None for what it has no sensor for."""

from __future__ import annotations

import re
import resource
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from typing import Final

_PAGE: Final = resource.getpagesize()
_CPU_ZONES: Final = re.compile(r"cpu|x86_pkg|soc|coretemp", re.IGNORECASE)
_SIOCGIFADDR: Final = 0x8915  # netdevice(7)
_ROUTE_UP: Final = 1
_UNDERVOLTED, _SLOWED = 0x1, 0xE  # bits of get_throttled: raspberrypi.com/documentation, vcgencmd
_WAS_UNDERVOLTED: Final = 0x10000
_DISMAL: Final = 200.0  # °C: no processor runs so hot, the sensor is broken


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface. linked: whether its cable or radio is connected. changes: of that, since boot."""

    name: str
    linked: bool
    changes: int | None

    @property
    def id(self) -> str:
        """Its name as part of a point's id."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


class System:
    """Reads below `root`; which sensors there are is looked up once. All methods may block for a moment."""

    def __init__(self, root: Path = Path("/"), address: Callable[[str], str | None] | None = None) -> None:
        self._root = root
        self._own = root / "proc/self"
        self._net = root / "sys/class/net"
        self._address = address or ipv4
        self._thermal = _thermal(root)
        self._throttled = next(iter(_found(root, "sys/devices/platform/soc*/*firmware*/get_throttled")), None)
        self._low_voltage = next(
            (
                name.parent / "in0_lcrit_alarm"
                for name in _found(root, "sys/class/hwmon/*/name")
                if _text(name) == "rpi_volt" and _text(name.parent / "in0_lcrit_alarm") is not None
            ),
            None,
        )
        self._x86 = [*_found(root, "sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/core_throttle_count")]
        self._x86_before = self._x86_count()

    def temperature(self) -> float | None:
        """°C of the processor: the hottest of the zones that name it, else of all."""
        values = [number / 1000 for path in self._thermal if (number := _number(path)) is not None]
        values = [value for value in values if -60 < value < _DISMAL]
        return max(values, default=None)

    def undervoltage(self) -> bool | None:
        """Whether the supply is too weak now; None where the machine does not measure it."""
        if (bits := self._bits()) is not None:
            return bool(bits & _UNDERVOLTED)
        if self._low_voltage is None:
            return None
        alarm = _number(self._low_voltage)
        return None if alarm is None else bool(alarm)

    def was_undervolted(self) -> bool:
        """Whether the supply was too weak at any time since the machine started."""
        return bool((self._bits() or 0) & _WAS_UNDERVOLTED)

    def throttled(self) -> bool | None:
        """Whether the processor is slowed down by heat or voltage: now, or (x86) since last asked."""
        if (bits := self._bits()) is not None:
            return bool(bits & _SLOWED)
        count = self._x86_count()
        if count is None or self._x86_before is None:
            return None
        before, self._x86_before = self._x86_before, count
        return count > before

    def memory(self) -> float | None:
        """Bytes this process holds (RSS)."""
        return _resident(self._own)

    def children_memory(self) -> float | None:
        """Bytes (RSS) of the children of this process and of theirs; None where the kernel does not list them."""
        if not any(self._own.glob("task/*/children")):
            return None
        return float(sum(_resident(self._root / f"proc/{pid}") or 0 for pid in self._descendants()))

    def memory_available(self) -> float | None:
        """Percent of the machine's memory that programs could still get."""
        try:
            rows = dict(
                line.split(":", 1) for line in (_text(self._root / "proc/meminfo") or "").splitlines()
            )
            return 100.0 * int(rows["MemAvailable"].split()[0]) / int(rows["MemTotal"].split()[0])
        except (KeyError, ValueError, IndexError, ZeroDivisionError):
            return None

    def descriptors(self) -> int | None:
        """Open file descriptors of this process."""
        with suppress(OSError):
            return sum(1 for _ in (self._own / "fd").iterdir())
        return None

    def threads(self) -> int | None:
        """Threads of this process."""
        with suppress(OSError):
            return sum(1 for _ in (self._own / "task").iterdir())
        return None

    def interfaces(self) -> list[Interface]:
        """The network interfaces that are hardware; where none is (a container), those but the loop-back."""
        names = sorted(path.name for path in _found(self._root, "sys/class/net/*") if path.name != "lo")
        real = [name for name in names if (self._net / name / "device").exists()]
        return [
            Interface(
                name,
                _number(self._net / name / "carrier") == 1,
                _number(self._net / name / "carrier_changes"),
            )
            for name in real or [n for n in names if (self._net / n / "carrier").exists()]
        ]

    def route(self) -> str | None:
        """Interface and gateway of the default route, as in "eth0 192.168.1.1"; "" without one; None: not known."""
        table = _text(self._root / "proc/net/route")
        if table is None:
            return None
        best: tuple[int, str] | None = None
        for line in table.splitlines()[1:]:
            parts = line.split()
            with suppress(ValueError, IndexError, struct.error):
                if int(parts[1], 16) == int(parts[7], 16) == 0 and int(parts[3], 16) & _ROUTE_UP:
                    gateway = socket.inet_ntoa(struct.pack("=L", int(parts[2], 16)))
                    best = min(best or (1 << 40, ""), (int(parts[6]), f"{parts[0]} {gateway}"))
        return "" if best is None else best[1]

    def addresses(self) -> str:
        """IPv4 addresses of the interfaces, as in "eth0 192.168.1.20, wlan0 10.0.0.3"."""
        pairs = ((one.name, self._address(one.name)) for one in self.interfaces())
        return ", ".join(f"{name} {address}" for name, address in pairs if address)

    def boot(self) -> str:
        """The kernel's id of this boot, "" where it gives none."""
        return _text(self._root / "proc/sys/kernel/random/boot_id") or ""

    def watchdog_reset(self) -> bool:
        """Whether the hardware watchdog restarted the machine (WDIOF_CARDRESET, linux/watchdog.h)."""
        states = (_number(path) for path in _found(self._root, "sys/class/watchdog/*/bootstatus"))
        return any(state is not None and state & 0x20 for state in states)

    def panic(self, since: float = 0.0) -> bool:
        """Whether the kernel left the record of a crash (pstore) since then, s UTC.

        systemd-pstore(8) moves the records away at boot.
        """
        records = [
            *_found(self._root, "sys/fs/pstore/dmesg-*"),
            *_found(self._root, "var/lib/systemd/pstore/*"),
        ]
        with suppress(OSError):
            return any(record.stat().st_mtime >= since for record in records)
        return False

    def _bits(self) -> int | None:
        text = None if self._throttled is None else _text(self._throttled)
        with suppress(ValueError):
            return None if text is None else int(text, 16)
        return None

    def _x86_count(self) -> int | None:
        counts = [count for path in self._x86 if (count := _number(path)) is not None]
        return sum(counts) if counts else None

    def _descendants(self) -> Iterator[int]:
        found, new = set[int](), [self._own]
        while new:
            folder = new.pop()
            for task in folder.glob("task/*/children"):
                for word in (_text(task) or "").split():
                    pid = int(word)
                    if pid not in found:
                        found.add(pid)
                        new.append(self._root / f"proc/{pid}")
                        yield pid


def ipv4(interface: str) -> str | None:
    """Its first IPv4 address, None without one."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        answer = ioctl(asker.fileno(), _SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
        return socket.inet_ntoa(answer[20:24])
    return None


def _thermal(root: Path) -> list[Path]:
    zones = [
        (path, _text(path.parent / "type") or "")
        for path in _found(root, "sys/class/thermal/thermal_zone*/temp")
    ]
    return [path for path, kind in zones if _CPU_ZONES.search(kind)] or [path for path, _ in zones]


def _resident(process: Path) -> float | None:
    text = _text(process / "statm")
    with suppress(ValueError, IndexError):
        return None if text is None else float(int(text.split()[1]) * _PAGE)
    return None


def _found(root: Path, pattern: str) -> list[Path]:
    try:
        return sorted(root.glob(pattern))
    except OSError:
        return []


def _text(path: Path) -> str | None:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return None


def _number(path: Path) -> int | None:
    text = _text(path)
    with suppress(ValueError):
        return None if not text else int(text)
    return None
