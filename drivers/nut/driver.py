"""Asks the UPSs of one `upsd` in turn, and connects again for ever."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from drivers.nut import words
from drivers.nut.codec import NutCodec
from drivers.nut.config import DIALECT, ServerSettings
from drivers.nut.session import RefusedError, Session
from edge.domain.conclusion import Write, Written
from edge.domain.device import Device
from edge.domain.health import LinkReport
from edge.domain.names import Text
from edge.domain.reading import Delivery, ProtocolError, RawReading
from edge.domain.site import Connection
from edge.driver import Codec, Host

FIRST_RETRY: Final = 1.0
LAST_RETRY: Final = 30.0  # a server that is back is heard within so many seconds
LOST_AFTER: Final = 3  # misses in a row; a driver of NUT that reads slowly is no loss of contact

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Counters:
    """Of the server since start. connected: how often."""

    connected: int = 0
    bytes: int = 0
    polls: int = 0
    ok: int = 0
    refused: int = 0


@dataclass(slots=True)
class _UpsCounters:
    """Of one UPS since start. last_ok: µs UTC."""

    polls: int = 0
    ok: int = 0
    refused: int = 0
    last_ok: int = 0


class NutDriver:
    """One server, with those of the site's UPSs that it serves."""

    window = 0

    def __init__(self, connection: Connection, devices: Sequence[Device]) -> None:
        self._settings: ServerSettings = connection.settings
        self.codec: Codec = NutCodec()
        self._id = connection.id
        self._upss = {
            device.address: device.address.rpartition("/")[2]
            for device in devices
            if device.profile.dialect == DIALECT and device.address.partition("/")[0] == connection.id
        }
        self._counters = _Counters()
        self._of = {ups: _UpsCounters() for ups in self._upss.values()}
        self._misses = dict.fromkeys(self._upss, 0)
        self._troubles: dict[str, Text] = {}
        self._host: Host  # lent at the start, before the thread lives
        self._up, self._since, self._detail = False, 0, words.NOT_YET
        self._last: int | None = None
        self._stop = threading.Event()
        self._session: Session | None = None
        self._thread = threading.Thread(target=self._run, name=f"nut-{connection.id}", daemon=True)

    def start(self, host: Host) -> None:
        self._host = host
        self._since = host.now().utc
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if (session := self._session) is not None:
            session.abort()
        if self._thread.is_alive():
            self._thread.join(self._settings.timeout + 1)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        return  # what is asked for again and again needs no receipt

    def write(self, write: Write) -> None:
        self._host.written(Written(write.command, write.attempt, "a UPS is only read"))

    def report(self) -> LinkReport:
        counters = self._counters
        return LinkReport(
            source=self._id,
            kind="nut",
            up=self._up,
            since=self._since,
            detail=self._detail,
            received=counters.ok,
            errors=counters.polls - counters.ok,
            last_message=self._last,
            counters=asdict(counters),
            slaves={ups: asdict(found) for ups, found in self._of.items()},
        )

    # ---- on the driver's thread -------------------------------------------------------------------------------------

    def _run(self) -> None:
        retry = FIRST_RETRY
        while not self._stop.is_set():
            answered = self._counters.ok
            try:
                self._connected()
            except RefusedError as error:
                self._lost(words.refusal(error.code))
            except (OSError, ProtocolError, ValueError) as error:
                why = str(error) or type(error).__name__
                self._lost(words.unreachable(self._settings.host, self._settings.port, why))
            except Exception as error:  # a defect here must not silence the UPS for good
                log.exception("%s: the driver failed and starts again", self._id)
                self._lost(
                    Text(f"驱动程序出错:{error},正在重试", f"The driver failed and starts again: {error}")
                )
            if self._counters.ok > answered:
                retry = FIRST_RETRY
            self._stop.wait(retry)
            retry = min(retry * 2, LAST_RETRY)

    def _connected(self) -> None:
        settings = self._settings
        with Session(settings.host, settings.port, settings.timeout) as session:
            self._session = session
            try:
                self._counters.connected += 1
                if settings.username is not None and settings.password_file is not None:
                    session.sign_in(settings.username, _first_line(settings.password_file.read_text("utf-8")))
                due = time.monotonic()
                while not self._stop.is_set():
                    for address, ups in self._upss.items():
                        self._poll(session, address, ups)
                    self._judge()
                    due = max(due + settings.poll, time.monotonic())
                    self._stop.wait(due - time.monotonic())
                session.leave()
            finally:
                self._session = None
                self._counters.bytes += session.bytes

    def _poll(self, session: Session, address: str, ups: str) -> None:
        """One UPS. A refusal is of this UPS alone; a lost line ends the session."""
        counters, own = self._counters, self._of[ups]
        counters.polls += 1
        own.polls += 1
        try:
            told = session.variables(ups)
        except RefusedError as error:
            counters.refused += 1
            own.refused += 1
            self._troubles[ups] = words.refusal(error.code)
            self._host.reject(self._id, "refused", address, error.code.encode(), self._troubles[ups].en)
            self._missed(address)
            return
        now = self._host.now()
        self._troubles.pop(ups, None)
        self._misses[address] = 0
        counters.ok += 1
        own.ok += 1
        own.last_ok = self._last = now.utc
        if not self._host.offer(RawReading(self._id, DIALECT, address, told, now)):
            why = "the hub's queue for this server is full"
            self._host.reject(self._id, "overflow", address, told[:200], why)
        self._host.heard(self._id, address, ok=True)

    def _missed(self, address: str) -> None:
        self._misses[address] += 1
        if self._misses[address] == LOST_AFTER:
            self._host.heard(self._id, address, ok=False)

    def _judge(self) -> None:
        """The link is up while one of its UPSs answers."""
        if not self._upss:
            self._note(True, words.NONE_SET_UP)
        elif self._troubles:
            self._note(len(self._troubles) < len(self._upss), words.some(self._troubles))
        else:
            self._note(True, words.WELL)

    def _lost(self, why: Text) -> None:
        if self._stop.is_set():  # an end under way is no failure of the line
            return
        for address in self._upss:
            self._missed(address)
        self._note(False, why)

    def _note(self, up: bool, detail: Text) -> None:
        """The state of the link; logged when it changes, never per poll."""
        self._detail = detail
        if up != self._up:
            self._up = up
            self._since = self._host.now().utc
            log.log(logging.INFO if up else logging.WARNING, "%s: %s", self._id, detail.en)


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""
