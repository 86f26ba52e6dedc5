"""A camera: a child that looks at its stream, kept alive by the age of what it says, and the stills it leaves."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from drivers.camera import words
from drivers.camera.codec import CameraCodec
from drivers.camera.config import DIALECT, CameraSettings
from drivers.camera.filming import Filming
from drivers.camera.forkserver import ForkServer
from drivers.camera.lines import Aim, Beat, Finding, Open, Start, encode, read_report
from drivers.camera.process import Process, StuckError
from drivers.camera.ring import Ring
from drivers.camera.sight import Area
from edge.domain.camera import FAULTS, CameraZone, Polygon, Still, View
from edge.domain.conclusion import Write, Written
from edge.domain.device import Device
from edge.domain.footage import Finding as Kept
from edge.domain.health import LinkReport
from edge.domain.instant import SECOND
from edge.domain.names import Text
from edge.domain.reading import Delivery, RawReading
from edge.domain.site import Connection
from edge.driver import Host

FIRST_BEAT: Final = (
    30.0  # seconds until the fork server has imported OpenCV and the child has begun, on a small machine
)
SILENCE: Final = 15.0  # seconds without a beat, three of which are due, after which a child is stuck
BLIND: Final = 30.0  # seconds without a new picture of one that says all is well
HOPELESS: Final = 600.0  # seconds without a new picture, whatever it says: a new one may see again
FIRST_RETRY: Final = 0.5
LAST_RETRY: Final = 10.0
STEADY: Final = 20.0  # seconds after which a run counts as one that went well
GRACE: Final = 1.0  # seconds to end by itself when the hub stops
WAITING: Final = 1000  # lines kept while the hub's queue is full
_OPEN: Final = (
    300  # findings the next child goes on with: every kind in every zone is fewer, and fits into a line
)
_DOUBTFUL: Final = 2  # runs in a row without a beat until the link is called down

SERVER: Final = ForkServer()
"""The one of all cameras of the hub."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Counters:
    """What happened since start. restarts: of the child; stuck: kills among them; refused: lines that are none."""

    beats: int = 0
    findings: int = 0
    refused: int = 0
    restarts: int = 0
    stuck: int = 0


class CameraDriver:
    """One camera; an `edge.driver.Driver` and an `edge.driver.Looking`.

    server: who forks its child. The child is replaced for ever, by one thread, with growing pauses.
    """

    window = 0

    def __init__(
        self, connection: Connection, devices: Sequence[Device], server: ForkServer = SERVER
    ) -> None:
        self._settings: CameraSettings = connection.settings
        self._id = connection.id
        self._server = server
        zones = [
            Area(z.id, tuple((x, y) for x, y in z.polygon), z.dwell, tuple(z.checks))
            for z in self._settings.zone
        ]
        masks = [tuple((x, y) for x, y in mask.polygon) for mask in self._settings.mask]
        self._aim = Aim(tuple(zones), tuple(masks))
        self._aimed = self._aim
        self.codec = CameraCodec()
        self._looking_for()
        self._host: Host  # lent at the start, before the thread lives
        self._ring: Ring | None = None
        self._filming = Filming(connection.id)
        self._thread = threading.Thread(target=self._run, name=f"camera-{connection.id}", daemon=True)
        self._lock = threading.Lock()  # over _aim and _process
        self._process: Process | None = None
        self._stop = threading.Event()
        self._pending: deque[RawReading] = deque()
        self._open: dict[str, Open] = {}  # by id, in the hub's time: the next child goes on with them
        self._counters = Counters()
        self._up = False
        self._since = 0
        self._detail = words.NOT_STARTED
        self._last: int | None = None
        self._view = View("starting", words.STATES["starting"])
        self._failed = 0
        self._beat_due = self._frame_since = 0.0

    # ---- Driver ---------------------------------------------------------------------------------------------------

    def start(self, host: Host) -> None:
        """Begin; returns at once. Without OpenCV nothing begins, and `report` says so."""
        self._host = host
        self._since = host.now().utc
        if find_spec("cv2") is None:
            self._detail = words.NO_OPENCV
            self._view = View("off", words.NO_OPENCV)
            return
        self._thread.start()

    def stop(self) -> None:
        """End the thread and the child, within three seconds, and take the stills away."""
        self._stop.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join()
        self._filming.stop()
        if self._ring is not None:
            self._ring.remove()
            self._ring = None

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Nothing: a child repeats nothing."""

    def write(self, write: Write) -> None:
        """A camera is only looked through."""
        self._host.written(Written(write.command, write.attempt, "a camera has nothing to switch"))

    def report(self) -> LinkReport:
        """The link is up while the child speaks; what it says of the camera are the device's own faults."""
        return LinkReport(
            source=self._id,
            kind="camera",
            up=self._up,
            since=self._since,
            detail=self._detail,
            received=self._counters.beats + self._counters.findings,
            errors=self._counters.refused + self._counters.restarts,
            last_message=self._last,
            counters=asdict(self._counters),
        )

    # ---- Looking --------------------------------------------------------------------------------------------------

    def watch(self, zones: Sequence[CameraZone], masks: Sequence[Polygon]) -> None:
        """Look at these zones; see `edge.driver.Looking`."""
        areas = tuple(Area(zone.id, zone.polygon, zone.dwell, zone.checks) for zone in zones)
        with self._lock:
            masked = self._aim.masks
            self._aim = aim = Aim(areas, tuple(masks))
        if aim.masks != masked:
            self._forget()
        self._looking_for()
        self._wake()

    def resume(self, findings: Sequence[Kept]) -> None:
        """Go on with these; see `edge.driver.Looking`."""
        for one in findings:
            row = {name: getattr(one, name) for name in Open.__struct_fields__}
            with suppress(
                msgspec.MsgspecError, ValueError
            ):  # of a check there is no more: nobody can say how it stands
                kept = msgspec.convert({**row, "max_age": one.max_age / SECOND}, Open)
                self._open[kept.id] = kept
        self.codec.resume({one.id: one.kind for one in self._open.values()})

    def view(self) -> View:
        """How the camera does."""
        return self._view

    def latest(self) -> Still | None:
        """Its newest picture."""
        ring = self._ring
        newest = None if ring is None else ring.latest()
        return None if newest is None else Still(newest.taken + self._ahead(), newest.path)

    def stills(self, start: int, end: int) -> Sequence[Still]:
        """What the ring holds of [start, end]."""
        if (ring := self._ring) is None:
            return ()
        if not (ahead := self._ahead()):
            return ring.stills(start, end)
        return [Still(still.taken + ahead, still.path) for still in ring.stills(start - ahead, end - ahead)]

    def clip(self, start: int, end: int, path: Path) -> Future[Text | None]:
        """A film of [start, end] at `path`: WebM where it ends in .webm, else MP4."""
        return self._filming.make(self.stills(start, end), path)

    # ---- the thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        with self._server:
            self._go_on()

    def _go_on(self) -> None:
        retry = FIRST_RETRY
        while not self._stop.is_set():
            begun = time.monotonic()
            try:
                why = self._live()
            except Exception as error:  # a defect here must not blind the camera for good
                log.exception("%s: the driver failed, the child is started again", self._id)
                why = words.ended(f"{type(error).__name__}: {error}")
            if self._stop.is_set():
                return
            self._down(why)
            if time.monotonic() - begun >= STEADY:
                retry = FIRST_RETRY
            self._stop.wait(retry)
            retry = min(retry * 2, LAST_RETRY)

    def _live(self) -> Text:
        """One run of the child, until the hub stops or it must be replaced; why it must."""
        try:
            if self._ring is None:
                self._ring = Ring(self._id)
        except OSError:
            return words.NO_ROOM
        try:
            password = self._settings.read_password()
        except (OSError, UnicodeDecodeError) as error:
            return words.no_password(getattr(error, "strerror", None) or str(error))
        with self._lock:
            self._aimed = self._aim
        masked = self._aimed.masks
        try:
            process = Process(self._start(self._ring.folder, password), self._server)
        except (OSError, StuckError) as error:
            return words.ended(str(error))
        with self._lock:
            self._process = process
        self._beat_due = time.monotonic() + FIRST_BEAT
        self._frame_since = time.monotonic()
        try:
            return self._follow(process)
        finally:
            with self._lock:
                self._process = None
            process.end(GRACE if self._stop.is_set() else 0.0)
            if self._aim.masks != masked:  # nobody knows whether it has come to hide what it is to
                self._forget()

    def _follow(self, process: Process) -> Text:
        """Take its lines until it ends, is stuck, or the hub stops."""
        try:
            while not self._stop.is_set():
                for line in process.read(1.0 if not self._pending else 0.1):
                    self._take(line)
                self._offer()
                if process.ended:
                    return words.ended(process.last_words)
                if self._stuck():
                    break
                with self._lock:
                    aim = self._aim
                if aim is not self._aimed:
                    process.say(aim)
                    self._aimed = aim
        except StuckError:
            pass
        if not self._stop.is_set():
            self._counters.stuck += 1
            if self._view.state not in FAULTS:  # a camera's own fault is known, and the hub's side is well
                self._failed = _DOUBTFUL
        return words.SILENT

    def _stuck(self) -> bool:
        """By the age of what it says and sees: that it lives proves nothing."""
        now = time.monotonic()
        patience = BLIND if self._view.state == "ok" else HOPELESS
        return now > self._beat_due or now - self._frame_since > patience

    def _take(self, line: bytes) -> None:
        try:
            report = read_report(line)
        except ValueError as error:
            self._counters.refused += 1
            self._host.reject(self._id, "malformed", self._id, line[:200], str(error))
            return
        now = self._host.now()
        self._last = now.utc
        if ahead := self._ahead():
            report = _moved(report, ahead)
            line = encode(report)
        if isinstance(report, Beat):
            self._counters.beats += 1
            self._beat(report)
        else:
            self._counters.findings += 1
            self._found(report)
        if len(self._pending) >= WAITING:
            lost = self._pending.popleft()
            self._host.reject(self._id, "queue_full", self._id, lost.payload[:200], "the hub's queue is full")
        self._pending.append(RawReading(self._id, DIALECT, self._id, line, now))

    def _beat(self, beat: Beat) -> None:
        self._beat_due = time.monotonic() + SILENCE
        frame_at = self._view.frame_at if beat.frame_at is None else beat.frame_at
        if frame_at != self._view.frame_at:
            self._frame_since = time.monotonic()
        self._view = View(
            beat.state, beat.detail, frame_at, beat.fps, beat.cost, beat.width, beat.height, beat.learning,
            beat.unverified, beat.undetected,
        )  # fmt: skip
        self._failed = 0
        self._note(up=True, detail=beat.detail)
        self._host.heard(self._id, self._id, ok=True)

    def _found(self, finding: Finding) -> None:
        if finding.state == "start":
            row = {name: getattr(finding, name) for name in Open.__struct_fields__}
            self._open[finding.id] = Open(**row)
        else:
            self._open.pop(finding.id, None)

    def _offer(self) -> None:
        while self._pending and self._host.offer(self._pending[0]):
            self._pending.popleft()

    def _down(self, why: Text) -> None:
        self._counters.restarts += 1
        self._failed += 1
        old = self._view
        self._view = View("starting", why, old.frame_at, width=old.width, height=old.height)
        if self._failed == 1 or why != self._detail:
            log.warning("%s: %s", self._id, why.en)
        if self._failed >= _DOUBTFUL or not self._up:
            self._note(up=False, detail=why)
            self._host.heard(self._id, self._id, ok=False)

    def _note(self, *, up: bool, detail: Text) -> None:
        if up != self._up:
            self._since = self._host.now().utc
        self._up, self._detail = up, detail

    def _start(self, ring: Path, password: str | None) -> Start:
        settings = self._settings
        ahead = self._ahead()
        known = [msgspec.structs.replace(one, since=max(0, one.since - ahead)) for one in self._open.values()]
        return Start(
            source=self._id,
            url=settings.url,
            ring=str(ring),
            username=settings.username,
            password=password,
            fps=settings.fps,
            checks=tuple(settings.checks),
            zones=self._aimed.zones,
            masks=self._aimed.masks,
            model=None if settings.model is None else str(settings.model),
            detector=None if settings.detector is None else str(settings.detector),
            open=tuple(known[-_OPEN:]),
        )

    def _ahead(self) -> int:
        """µs by which the hub's clock is ahead of the machine's, which the child goes by; 0 but in a staged scene."""
        ahead = self._host.now().utc - time.time_ns() // 1000
        return (
            round(ahead, -5) if abs(ahead) > SECOND else 0
        )  # the same for a still each time it is asked for

    def _forget(self) -> None:
        if self._ring is not None:
            self._ring.clear()

    def _looking_for(self) -> None:
        zones = self._aim.zones
        self.codec.looking = frozenset(
            (*self._settings.checks, *(check for z in zones for check in z.checks))
        )

    def _wake(self) -> None:
        with self._lock, suppress(OSError):
            if self._process is not None:
                self._process.wake()


def _moved(report: Beat | Finding, ahead: int) -> Beat | Finding:
    """The report with its times on the hub's clock."""
    t = max(0, report.t + ahead)
    if isinstance(report, Finding):
        return msgspec.structs.replace(report, t=t, since=max(0, report.since + ahead))
    seen = None if report.frame_at is None else max(0, report.frame_at + ahead)
    return msgspec.structs.replace(report, t=t, frame_at=seen)
