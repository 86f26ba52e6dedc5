"""Cameras whose streams break on command, seen through the real driver and its child: is each fault named, and over?

MJPEG cameras are threads of this process, RTSP ones GStreamer's servers; the driver is the hub's own, in this process.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Self

from drivers.camera.config import CameraSettings
from drivers.camera.driver import CameraDriver
from drivers.camera.forkserver import ForkServer
from drivers.camera.picture import MEMORY
from edge.domain.camera import View
from edge.domain.instant import SECOND
from edge.domain.names import Text
from edge.domain.site import Connection
from tests.drivers.camera.acting import Host
from tests.drivers.camera.streams import MjpegRig, Rig, RtspRig, rtsp_missing

NAMED_WITHIN: Final = 5.0
BACK_WITHIN: Final = 10.0
PATIENCE: Final = 40.0  # seconds after which a fault counts as never named, or never over
_LOOK: Final = 0.02
_SERVER: Final = ForkServer(
    (sys.executable, "-c", "from drivers.camera import forking, heart; heart.OFTEN = 1 << 30; forking.main()")
)
"""A camera that is lost three times within two minutes counts as lost for one more: here it is, again and again."""
_SIZE: Final = 480  # pixels of the width that a camera is set to by the fault "size"; 640 before
_SET_ANEW: Final = ("size", "codec", "missing")
_FDS, _THREADS, _MEMORY = 4, 2, 8.0  # what may come and go by chance; the last in MB

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One fault. named, back: seconds, None when it never was. wrongly: other faults that it was called first.

    An RTSP camera that is set anew refuses meanwhile: named so, it is named; its own name has to follow.
    """

    transport: str
    fault: str
    named: float | None
    back: float | None
    wrongly: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """Of a process that is well: open files, threads, MB in no file, and MB as its share of all that it uses.

    The share grows when another process that uses the same library ends: it is told, and is no growth.
    """

    files: int
    threads: int
    memory: float
    share: float


@dataclass(slots=True)
class Tally:
    """What came of it. slack: by how much the limits are stretched, on a machine that others load as well."""

    slack: float = 1.0
    cases: list[Case] = field(default_factory=list)
    sizes: dict[str, list[Size]] = field(default_factory=dict)
    zombies: int = 0
    left: int = 0
    restarts: int = 0
    seconds: float = 0.0

    @property
    def problems(self) -> list[str]:
        """Each promise that was not kept."""
        found = []
        for n, case in enumerate(self.cases):
            what = f"#{n} {case.transport} {case.fault}"
            if case.named is None or case.named > NAMED_WITHIN * self.slack:
                found.append(f"{what}: named after {_shown(case.named)} s")
            if case.back is None or case.back > BACK_WITHIN * self.slack:
                found.append(f"{what}: back after {_shown(case.back)} s")
            if case.wrongly:
                found.append(f"{what}: called {', '.join(case.wrongly)} first")
        found += [f"{who} grew: {first} to {last}" for who, first, last in self._grown()]
        if self.zombies or self.left:
            found.append(f"{self.zombies} zombies seen, {self.left} processes left at the end")
        return found

    def rows(self) -> list[tuple[str, ...]]:
        """The table: one row for each transport and fault, then what the processes came to."""
        rows: list[tuple[str, ...]] = [("stream", "fault", "times", "named", "s p50/max", "back s p50/max")]
        kinds = sorted({(case.transport, case.fault) for case in self.cases})
        for transport, fault in kinds:
            alike = [case for case in self.cases if (case.transport, case.fault) == (transport, fault)]
            right = sum(case.named is not None and not case.wrongly for case in alike)
            named = [case.named for case in alike if case.named is not None]
            back = [case.back for case in alike if case.back is not None]
            rows.append((transport, fault, str(len(alike)), str(right), _spread(named), _spread(back)))
        rows.append(("all", "", str(len(self.cases)), str(len(self.cases) - len(self._faulty())), "", ""))
        rows.append(("process: first, last", "", "files", "threads", "MB in no file", "MB share"))
        for who, sizes in sorted(self.sizes.items()):
            first, last = _ends(sizes)
            rows.append((who, "", *(f"{a:.0f}, {b:.0f}" for a, b in zip(first, last, strict=True))))
        rows.append(("zombies", "", str(self.zombies), "", "", ""))
        rows.append(("children started anew", "", str(self.restarts), "", "", ""))
        rows.append(("seconds", "", f"{self.seconds:.0f}", "", "", ""))
        return rows

    def _faulty(self) -> list[Case]:
        return [c for c in self.cases if c.named is None or c.named > NAMED_WITHIN or c.wrongly]

    def _grown(self) -> list[tuple[str, str, str]]:
        grown = []
        for who, sizes in self.sizes.items():
            first, last = _ends(sizes)
            limits = (_FDS, _THREADS, max(_MEMORY, first[2] / 8))
            if any(b - a > limit for a, b, limit in zip(first, last, limits, strict=False)):
                grown.append((who, str(first), str(last)))
        return grown


def load() -> float:
    """By how much others load this machine, 1.0 where nobody does: what is promised is promised for an idle one."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def transports() -> list[str]:
    """Those that this machine can play."""
    return ["mjpeg"] if rtsp_missing() is not None else ["mjpeg", "rtsp"]


def run(
    folder: Path,
    *,
    faults: int,
    lanes: int,
    seed: int,
    say: Say,
    names: Sequence[str] = (),
    slack: float = 1.0,
) -> Tally:
    """faults: in all, spread over the transports and their kinds. lanes: cameras of each transport at once.

    names: only these kinds; without any every one that a camera of the transport can have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    tally = Tally(slack)
    dice = random.Random(seed)
    kinds = transports()
    jobs = []
    for transport in kinds:
        known = (MjpegRig if transport == "mjpeg" else RtspRig).FAULTS
        wanted = [name for name in known if not names or name in names]
        share = faults // len(kinds)
        plan = [wanted[n % len(wanted)] for n in range(share)]
        dice.shuffle(plan)
        jobs += [(f"{transport}-{lane}", plan[lane::lanes], dice.randrange(1 << 30)) for lane in range(lanes)]
    lock = threading.Lock()
    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(_lane, name, plan, seed, tally, lock, say) for name, plan, seed in jobs]:
            done.result()
    tally.left = len(_children_of(os.getpid()))
    tally.seconds = time.monotonic() - begun
    (folder / "tally.json").write_text(json.dumps(asdict(tally), indent=1), "utf-8")
    return tally


def _lane(name: str, plan: Sequence[str], seed: int, tally: Tally, lock: threading.Lock, say: Say) -> None:
    """One camera, its faults one after the other."""
    dice = random.Random(seed)
    transport = name.partition("-")[0]
    rig: Rig = MjpegRig() if transport == "mjpeg" else RtspRig()
    settings = CameraSettings.model_validate({"url": rig.url, "checks": ["tamper", "motion"]})
    driver = CameraDriver(
        Connection("cm-01-stream", "camera", "camera", Text(name, name), settings), (), _SERVER
    )
    driver.start(Host())
    try:
        _until(driver, _well, PATIENCE)
        for n, fault in enumerate(plan):
            # The drawn pictures go round: the same fault again, and what it shows would be known from before.
            again = n > 0 and plan[n - 1] == fault
            threading.Event().wait(dice.uniform(0.5, 1.5) + (MEMORY if again else 0.0))
            _measure(driver, name, tally, lock)
            case = _case(driver, rig, transport, fault)
            with lock:
                tally.cases.append(case)
                tally.zombies += _zombies()
            named = f"{fault} named after {_shown(case.named)} s"
            say(
                f"{name} {n + 1}/{len(plan)}: {named}, back after {_shown(case.back)} s {' '.join(case.wrongly)}"
            )
        _measure(driver, name, tally, lock)
    finally:
        driver.stop()
        rig.close()
    counters = driver.report().counters or {}
    with lock:
        tally.restarts += counters["restarts"]


class Watched:
    """One camera that works, for those who end its process."""

    def __enter__(self) -> Self:
        self._rig = MjpegRig()
        settings = CameraSettings.model_validate({"url": self._rig.url, "checks": ["tamper"]})
        self._driver = CameraDriver(
            Connection("cm-01-stream", "camera", "camera", Text("watched", "watched"), settings), ()
        )
        self._driver.start(Host())
        _until(self._driver, _well, PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self._driver.stop()
        self._rig.close()

    def pid(self) -> int:
        """Of its process, 0 while there is none."""
        process = self._driver._process
        return 0 if process is None else process.pid

    def well(self) -> bool:
        """Whether it shows pictures."""
        return _well(self._driver.view())


def _case(driver: CameraDriver, rig: Rig, transport: str, fault: str) -> Case:
    state = rig.FAULTS[fault]
    wrongly: Counter[str] = Counter()

    def named(view: View) -> bool:
        if view.state not in {"ok", "starting", state, *passing}:
            wrongly[view.state] += 1
        if fault != "size":
            return view.state == state
        # Nothing is to be named: pictures go on. OpenCV fits those of a running MJPEG stream into their first size.
        newest = driver.latest()
        going = newest is not None and newest.taken > changed + SECOND
        return going and view.state == "ok" and (transport != "rtsp" or view.width == _SIZE)

    def first(view: View) -> bool:
        # What is away keeps its first name until another has stood (`heart.KEPT`): it is an alarm by that one.
        return named(view) or (fault != "size" and view.state in passing)

    # An RTSP camera that is set anew starts its service anew, and refuses meanwhile: that is so, and not wrong.
    passing = ("refused", "lost") if transport == "rtsp" and fault in _SET_ANEW else ()
    changed = time.time_ns() // 1000
    begun = time.monotonic()
    rig.fault(fault)
    called = _until(driver, first, PATIENCE, begun)
    if called is not None and _until(driver, named, PATIENCE) is None:
        called = None  # the first name is true, but has to give way to its own
    begun = time.monotonic()
    rig.heal()
    back = _until(driver, _well, PATIENCE, begun)
    return Case(transport, fault, called, back, tuple(wrongly))


def _until(
    driver: CameraDriver, wanted: Callable[[View], bool], patience: float, begun: float | None = None
) -> float | None:
    """Seconds from `begun` until the view is so, None when it never is."""
    begun = time.monotonic() if begun is None else begun
    look = threading.Event()
    while not wanted(driver.view()):
        if time.monotonic() - begun > patience:
            return None
        look.wait(_LOOK)
    return time.monotonic() - begun


def _well(view: View) -> bool:
    return view.state == "ok" and view.width != _SIZE


def _measure(driver: CameraDriver, name: str, tally: Tally, lock: threading.Lock) -> None:
    """How large the hub's side and the child are, while all is well."""
    process = driver._process
    with lock:
        tally.sizes.setdefault("this process", []).append(_size(os.getpid()))
        tally.sizes.setdefault("the fork server", []).append(_size(_SERVER.pid))
        if process is not None:
            tally.sizes.setdefault(f"child {name}", []).append(_size(process.pid))


def _size(pid: int) -> Size:
    proc = Path(f"/proc/{pid}")
    lines = (line.split() for line in (proc / "smaps_rollup").read_text("ascii").splitlines())
    kilobytes = {line[0]: int(line[1]) for line in lines if line[-1] == "kB"}
    files, threads = (len(list((proc / name).iterdir())) for name in ("fd", "task"))
    return Size(files, threads, kilobytes["Anonymous:"] / 1024, kilobytes["Pss:"] / 1024)


def _ends(sizes: Sequence[Size]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Medians of the first and the last quarter; what a start warms up is not growth and is left out."""
    warm = sizes[min(2, len(sizes) - 1) :]
    part = max(1, len(warm) // 4)
    first, last = (
        [(s.files, s.threads, s.memory, s.share) for s in some] for some in (warm[:part], warm[-part:])
    )
    return tuple(map(statistics.median, zip(*first, strict=True))), tuple(
        map(statistics.median, zip(*last, strict=True))
    )


def _children_of(parent: int) -> list[tuple[int, str]]:
    """(pid, state letter) of the processes whose parent this is."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            after = path.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(after[1]) == parent:
            found.append((int(path.parent.name), after[0]))
    return found


def _zombies() -> int:
    """Children that have ended and that nobody waits for; one that is just being waited for is none."""

    def ended() -> set[int]:
        both = (*_children_of(os.getpid()), *_children_of(_SERVER.pid))
        return {pid for pid, state in both if state == "Z"}

    before = ended()
    if before:
        threading.Event().wait(1.0)
        before &= ended()
    return len(before)


def _spread(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.1f}/{max(seconds):.1f}" if seconds else "–"


def _shown(seconds: float | None) -> str:
    return "∞" if seconds is None else f"{seconds:.1f}"
