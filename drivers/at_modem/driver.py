"""A modem: sends texts, rings phones, takes texts in, and reports how well the network is heard."""

from __future__ import annotations

import heapq
import itertools
import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from drivers._serialbus.bus import SerialBus
from drivers._serialbus.line import Line, LineDownError
from drivers.at_modem.codec import AtCodec, status_of
from drivers.at_modem.config import DIALECT, ModemRead, ModemSettings
from drivers.at_modem.inbox import Inbox
from drivers.at_modem.pdu import encode_submit
from drivers.at_modem.session import RefusedError, Session, SilentError
from drivers.at_modem.words import (
    BAD_NUMBER,
    DOWN,
    NO_NETWORK,
    NOT_OPENED,
    READY,
    SILENT,
    TOO_LONG,
    locked,
)
from edge.domain.conclusion import Write, Written
from edge.domain.device import Device
from edge.domain.health import LinkReport
from edge.domain.names import Text
from edge.domain.reading import Delivery, RawReading
from edge.domain.site import Connection
from edge.driver import Arrived, Codec, Host, Incoming, Posted, Rung

LISTEN: Final = 0.1  # seconds the line is listened to between two looks at what waits
TRIES: Final = 10  # "AT" that a booting modem may leave unanswered
PROMPT_WAIT: Final = 5.0
SEND_WAIT: Final = 60.0  # the network may take its time (Quectel EC200 AT manual, +CMGS: 120 s)
CALL_LOOK: Final = 0.5  # seconds between two looks at a call
SETUP: Final = 10.0  # seconds a network may take before a phone begins to ring
LOOKS: Final = ("AT+CPIN?", "AT+CSQ", "AT+CREG?", "AT+CEREG?", "AT+COPS?")
URGENT, RING, ROUTINE = range(3)

log = logging.getLogger(__name__)


@dataclass(order=True, slots=True)
class _Job:
    """Something to be done at the modem's next turn. fail: ends it with a reason."""

    rank: int
    turn: int
    future: Future[Any] = field(compare=False)
    do: Callable[[Session], Any] = field(compare=False)
    failed: Callable[[Text, bool], Any] = field(compare=False)


class ModemDriver:
    """One modem on its line; an `edge.driver.Driver` and an `edge.driver.Messenger`."""

    window = 0

    def __init__(self, connection: Connection, devices: Sequence[Device]) -> None:
        self.codec: Codec = AtCodec()
        self._settings: ModemSettings = connection.settings
        self._id = connection.id
        mine = [d for d in devices if d.profile.dialect == DIALECT and d.address == connection.id]
        reads = [d.profile.read or ModemRead() for d in mine]
        self._poll = min((read.poll for read in reads), default=ModemRead().poll)
        self._bus = SerialBus(connection.id, self._settings, self._talk, self._lost)
        self._host: Host  # lent at the start, before the thread lives
        self._told: Callable[[Arrived | Incoming], None] | None = None
        self._lock = threading.Lock()
        self._jobs: list[_Job] = []
        self._open = False
        self._turns = itertools.count()
        self._references = itertools.count(1)
        self._inbox = Inbox(
            lambda pdu, why: self._host.reject(self._id, "message", self._id, pdu.encode(), why)
        )
        self._up = False
        self._since = 0
        self._detail = NOT_OPENED
        self._last: int | None = None
        self._refused = 0

    def start(self, host: Host) -> None:
        self._host = host
        self._since = host.now().utc
        self._bus.start()

    def stop(self) -> None:
        self._bus.stop()
        self._fail_all(DOWN)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        return  # what is asked for again needs no receipt

    def write(self, write: Write) -> None:
        self._host.written(Written(write.command, write.attempt, "a modem has nothing to switch"))

    def report(self) -> LinkReport:
        line = self._bus.counters
        return LinkReport(
            source=self._id,
            kind="serial",
            up=self._up,
            since=self._since,
            detail=self._detail,
            received=line.frames,
            errors=line.timeouts + self._refused,
            last_message=self._last,
            counters=asdict(line),
        )

    # ---- Messenger ------------------------------------------------------------------------------------------------

    def submit(self, number: str, text: str, *, urgent: bool) -> Future[Posted]:
        """Send a text; see `edge.driver.Messenger`."""

        def failed(why: Text, again: bool) -> Posted:
            return Posted(error=why, again=again)

        rank = URGENT if urgent else ROUTINE
        return self._queue(rank, lambda session: self._send(session, number, text), failed)

    def ring(self, number: str, seconds: float) -> Future[Rung]:
        """Let a phone ring; see `edge.driver.Messenger`."""

        def failed(why: Text, again: bool) -> Rung:
            return Rung("failed", why, again)

        return self._queue(RING, lambda session: self._ring(session, number, seconds), failed)

    def listen(self, told: Callable[[Arrived | Incoming], None]) -> None:
        """Tell reports and texts from now on."""
        self._told = told

    def release(self, id: str) -> None:
        """A text is on record; see `edge.driver.Messenger`."""
        self._inbox.release(id)

    def _queue(
        self, rank: int, do: Callable[[Session], Any], failed: Callable[[Text, bool], Any]
    ) -> Future[Any]:
        future: Future[Any] = Future()
        with self._lock:
            # After a start what is to go out waits for the modem: nothing speaks against it yet.
            if self._open or self._detail is NOT_OPENED:
                heapq.heappush(self._jobs, _Job(rank, next(self._turns), future, do, failed))
                return future
        future.set_result(failed(self._detail if self._detail is not READY else DOWN, True))
        return future

    def _fail_all(self, why: Text) -> None:
        with self._lock:
            self._open = False
            jobs, self._jobs = self._jobs, []
        for job in jobs:
            if job.future.set_running_or_notify_cancel():
                job.future.set_result(job.failed(why, True))

    # ---- on the line's thread -------------------------------------------------------------------------------------

    def _talk(self, line: Line) -> None:
        """Until the bus stops or the line is lost; a modem that falls silent or starts anew is opened again."""
        session = Session(line, self._settings.timeout)
        self._begin(session, line)
        with self._lock:
            self._open = True
        due = 0.0
        while not line.stopping() and not session.restarted:
            if time.monotonic() >= due:
                due = time.monotonic() + self._poll
                self._look(session, line)
                self._take_in(session)
            self._hear(session)
            if self._inbox.released():
                self._take_in(session)
            if (job := self._next()) is None:
                session.wait(LISTEN)
            else:
                self._work(session, job)
        self._fail_all(DOWN)

    def _next(self, lowest: int = ROUTINE) -> _Job | None:
        """Take the best job that waits, down to a rank; what was cancelled is passed over."""
        with self._lock:
            while self._jobs and self._jobs[0].rank <= lowest:
                job = heapq.heappop(self._jobs)
                if job.future.set_running_or_notify_cancel():
                    return job
        return None

    def _begin(self, session: Session, line: Line) -> None:
        """The settings the rest relies on. What a booting modem says meanwhile is passed over."""
        session.wake()
        for _ in range(TRIES):
            try:
                session.ask("AT", 1.0)
                break
            except RefusedError:
                continue
            except SilentError:
                line.counters.timeouts += 1
                if line.stopping():
                    return
        else:
            raise LineDownError(SILENT)
        session.wait(0.0)
        session.restarted = False
        for command in ("ATE0", "AT+CMEE=1", "AT+CMGF=0", "AT+CNMI=2,1,0,1,0"):
            try:
                session.ask(command)
            except (
                RefusedError
            ) as refused:  # one of them too many for a simple modem: the looks show what fails
                log.info("%s: %s refused: %s", self._id, command, refused.line)
            except SilentError:
                raise LineDownError(SILENT) from None

    def _look(self, session: Session, line: Line) -> None:
        """Signal, network and SIM, handed over as the answers are."""
        answers: list[str] = []
        for command in LOOKS:
            try:
                answers += session.ask(command)
            except RefusedError as refused:
                if command == "AT+CPIN?":
                    answers.append(refused.line)
            except SilentError:
                if line.stopping():
                    return
                line.counters.timeouts += 1
                raise LineDownError(SILENT) from None
        now = self._host.now()
        line.counters.frames += 1
        self._last = now.utc
        self._host.offer(RawReading(self._id, DIALECT, self._id, "\r\n".join(answers).encode(), now))
        self._host.heard(self._id, self._id, ok=True)
        state = status_of(answers)
        trouble = locked(str(state.get("sim", "ready"))) or (NO_NETWORK if state.get("no-network") else None)
        self._note(trouble is None, trouble or READY)

    def _work(self, session: Session, job: _Job) -> None:
        try:
            result = job.do(session)
        except RefusedError as refused:
            self._refused += 1
            result = job.failed(refused.text, refused.again)
        except SilentError:
            self._bus.counters.timeouts += 1
            job.future.set_result(job.failed(SILENT, True))
            raise LineDownError(SILENT) from None
        except LineDownError as down:
            job.future.set_result(job.failed(down.text, True))
            raise
        job.future.set_result(result)

    def _send(self, session: Session, number: str, text: str) -> Posted:
        reference = next(self._references) % 256
        try:
            parts = encode_submit(number, text, reference=reference, validity=self._settings.validity * 3600)
        except ValueError as error:
            return Posted(error=TOO_LONG if "parts" in str(error) else BAD_NUMBER, again=False)
        references = []
        for part in parts:
            answer = session.send(f"AT+CMGS={len(part)}", "00" + part.hex().upper(), PROMPT_WAIT, SEND_WAIT)
            found = next((m for line in answer if (m := re.match(r"\+CMGS: *(\d+)", line))), None)
            if found:
                references.append(found[1])
        return Posted(tuple(references))

    def _ring(self, session: Session, number: str, seconds: float) -> Rung:
        if not re.fullmatch(r"\+?[0-9]{3,20}", number):
            return Rung("failed", BAD_NUMBER, again=False)
        rung: Rung | None = None
        try:
            session.ask(f"ATD{number};")
            rung = _follow(session, seconds, self._meanwhile)
        except RefusedError as refused:
            rung = _ended(refused.line)
            if rung is None:
                raise
        finally:
            if rung is None or rung.outcome in {"answered", "no-answer"}:
                self._hang_up(session)
        return rung

    def _hang_up(self, session: Session) -> None:
        """What a modem says to it changes nothing about how the call went; one that hangs shows at the next look."""
        for command in ("AT+CHUP", "ATH"):
            try:
                session.ask(command)
            except (RefusedError, SilentError) as error:
                log.warning("%s: %s does not end the call: %r", self._id, command, error)
            else:
                return

    def _meanwhile(self, session: Session) -> None:
        """What cannot wait for the end of a call: an answer to it, and the text of another fire."""
        self._hear(session)
        while (job := self._next(URGENT)) is not None:
            self._work(session, job)

    def _hear(self, session: Session) -> None:
        """Texts and reports that came unasked."""
        while session.events:
            line, pdu = session.events.popleft()
            if pdu is not None and self._told is not None:
                self._inbox.take(pdu, self._told, time.monotonic())
            elif line.startswith(("+CMTI:", "+CDSI:")):
                self._take_in(session)

    def _take_in(self, session: Session) -> None:
        """Tell what is on the SIM, and delete what is on record; without a listener all stays."""
        if self._told is None:
            return
        try:
            answer = session.ask("AT+CMGL=4")
            for head, pdu in itertools.pairwise(answer):
                found = re.match(r"\+CMGL: *(\d+),", head)
                if found and self._inbox.take(pdu, self._told, time.monotonic()):
                    self._delete(session, found[1])
        except RefusedError as refused:
            log.debug("%s: texts cannot be read: %s", self._id, refused.line)
        except SilentError:
            raise LineDownError(SILENT) from None

    def _delete(self, session: Session, place: str) -> None:
        try:
            session.ask(f"AT+CMGD={place}")
        except RefusedError as refused:  # it is not told again; the next look tries again
            log.debug("%s: a text cannot be deleted: %s", self._id, refused.line)

    def _lost(self, why: Text) -> None:
        self._note(False, why)
        self._fail_all(why)
        self._host.heard(self._id, self._id, ok=False)

    def _note(self, up: bool, detail: Text) -> None:
        """The state of the link; logged when it changes."""
        self._detail = detail
        if up != self._up:
            self._up = up
            self._since = self._host.now().utc
            log.log(logging.INFO if up else logging.WARNING, "%s: %s", self._id, detail.en)


def _follow(session: Session, seconds: float, meanwhile: Callable[[Session], None]) -> Rung:
    """Look at a call until it is over; the ring is counted from when the phone rings, where the network tells.

    meanwhile: called between two looks.
    """
    end = time.monotonic() + seconds + SETUP
    ringing = False
    while time.monotonic() < end:
        word = session.expect(CALL_LOOK, "NO CARRIER", "BUSY", "NO ANSWER", "CONNECT")
        if word is not None:
            return _ended(word) or Rung("answered")
        states = [m[1] for line in session.ask("AT+CLCC") if (m := re.match(r"\+CLCC: *\d+,0,(\d)", line))]
        if not states:
            return Rung("no-answer")
        if "0" in states:
            return Rung("answered")
        if "3" in states and not ringing:
            ringing = True
            end = time.monotonic() + seconds
        meanwhile(session)
    return Rung("no-answer")


def _ended(line: str) -> Rung | None:
    if line == "BUSY":
        return Rung("busy")
    return Rung("no-answer") if line in {"NO CARRIER", "NO ANSWER"} else None
