"""What comes in, told once and kept on the SIM until the hub has it on record; no I/O.

A text may be listed by the modem again and again: because it was not deleted yet, because the SIM refuses to, or
because the process died after it was told. Its id, a digest of what stands on the SIM, is the same each time.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from drivers.at_modem.pdu import Deliver, Joiner, Outcome, StatusReport, decode_received
from edge.domain.reading import ProtocolError
from edge.driver import Arrived, Incoming

AGAIN: Final = 60.0  # seconds after which a text that nobody has taken is told again
PARTS_KEPT: Final = 24 * 3600.0  # seconds a part waits for the others; a centre delivers them within minutes
REMEMBERED: Final = 1024  # of each kind; a SIM holds some 50 texts

V = TypeVar("V")
Told = Callable[[Arrived | Incoming], None]


class Inbox:
    """Of one modem. reject: (PDU, why) of what is no message, or of which a part never came. All times are mono s."""

    def __init__(self, reject: Callable[[str, str], None]) -> None:
        self._reject = reject
        self._joiner = Joiner()
        self._told_at: OrderedDict[str, float] = OrderedDict()  # by id of a text
        self._whole: OrderedDict[str, Incoming] = OrderedDict()  # digest of a PDU -> the text it is part of
        self._parts: OrderedDict[str, float] = OrderedDict()  # digest -> since when it waits
        self._reports: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._released: OrderedDict[str, None] = OrderedDict()
        self._news = False

    def release(self, id: str) -> None:
        """The text of this id is on record. From any thread."""
        with self._lock:
            _remember(self._released, id, None)
            self._news = True

    def released(self) -> bool:
        """Whether something may be deleted since the last time this was asked."""
        with self._lock:
            news, self._news = self._news, False
        return news

    def take(self, pdu: str, told: Told, now: float) -> bool:
        """What the modem lists or announces; whether it need not be kept any longer."""
        digest = hashlib.sha256(pdu.encode()).hexdigest()[:32]
        whole = self._whole.get(digest)
        if whole is None:
            try:
                message = decode_received(bytes.fromhex(pdu))
            except (ProtocolError, ValueError) as error:
                self._reject(pdu, str(error))
                return True
            if isinstance(message, StatusReport):
                self._report(digest, message, told)
                return True
            whole = self._join(digest, message)
            if whole is None:
                return self._waits(digest, pdu, now)
        return self._tell(whole, told, now)

    def _report(self, digest: str, report: StatusReport, told: Told) -> None:
        if digest in self._reports or report.outcome not in {Outcome.DELIVERED, Outcome.FAILED}:
            return
        _remember(self._reports, digest, None)
        told(Arrived(str(report.reference), report.outcome is Outcome.DELIVERED, report.number))

    def _join(self, digest: str, message: Deliver) -> Incoming | None:
        """The text this completes."""
        joined = self._joiner.gather(message, digest)
        if joined is None:
            return None
        whole, digests = joined
        id = hashlib.sha256(" ".join(sorted(digests)).encode()).hexdigest()[:32]
        text = Incoming(whole.sender, whole.text, whole.time, id)
        for one in digests:
            _remember(self._whole, one, text)
            self._parts.pop(one, None)
        return text

    def _waits(self, digest: str, pdu: str, now: float) -> bool:
        since = self._parts.get(digest)
        if since is None:
            _remember(self._parts, digest, now)
            return False
        if now - since < PARTS_KEPT:
            return False
        del self._parts[digest]
        self._reject(pdu, "a part of a longer text whose other parts never came")
        return True

    def _tell(self, text: Incoming, told: Told, now: float) -> bool:
        with self._lock:
            released = text.id in self._released
        last = self._told_at.get(text.id)
        if not released and (last is None or now - last >= AGAIN):
            self._told_at.pop(text.id, None)
            _remember(self._told_at, text.id, now)
            told(text)
        return released


def _remember(known: OrderedDict[str, V], key: str, value: V) -> None:
    known[key] = value
    if len(known) > REMEMBERED:
        known.popitem(last=False)
