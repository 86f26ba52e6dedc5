"""The channels "sms" and "ring" over a Messenger."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Final, Literal

from edge.dispatch.channel import ChannelReport, Proof
from edge.dispatch.channels.sms.numbers import normalised
from edge.domain.conclusion import Answered, Delivered, Receipt, Send, Sent
from edge.domain.names import Text
from edge.domain.roster import Person
from edge.driver import Arrived, Incoming, Messenger, Posted

UNKNOWN: Final = Text("尚未使用", "Not used yet")
WELL: Final = Text("正常", "Works")
NO_PHONE: Final = Text("该人员未登记手机号", "No phone number is known of this person")
BUSY: Final = Text("对方忙", "The line is busy")
NEVER: Final = Text("短信未送达", "The text could not be delivered")
_Part = tuple[str, str]
OPEN_REPORTS: Final = 512  # texts whose reports are waited for; the modem itself counts to 255


@dataclass(slots=True)
class _Record:
    """How a channel has fared."""

    state: Literal["ok", "failing", "unknown"] = "unknown"
    detail: Text = UNKNOWN
    counters: Counter[str] = field(default_factory=Counter)
    last_ok: int | None = None
    last_error: int | None = None

    def note(self, error: Text | None, what: str, utc: int) -> None:
        self.counters["failed" if error else what] += 1
        if error is None:
            self.state, self.detail, self.last_ok = "ok", WELL, utc
        else:
            self.state, self.detail, self.last_error = "failing", error, utc


class _Phones:
    """What both channels share. people: by id, as the roster stands; utc: now in µs UTC."""

    capacity = 1

    def __init__(
        self, id: str, name: Text, messenger: Messenger, people: Mapping[str, Person], utc: Callable[[], int]
    ) -> None:
        self.id = id
        self.name = name
        self._messenger = messenger
        self._people = people
        self._utc = utc
        self._record = _Record()

    def reaches(self, person: str) -> bool:
        return self._number(person) is not None

    async def stop(self) -> None:
        return  # the driver under it is stopped by the hub

    def report(self) -> ChannelReport:
        record = self._record
        return ChannelReport(
            self.id, record.state, record.detail, dict(record.counters), record.last_ok, record.last_error
        )

    def _number(self, person: str) -> str | None:
        known = self._people.get(person)
        number = known and (known.addresses.get(self.id) or known.phone)
        return normalised(number) if number else None

    def _unreached(self, send: Send) -> Sent:
        """Says nothing about the channel."""
        self._record.counters["failed"] += 1
        return Sent(send.notification, send.attempt, f"{NO_PHONE.zh} / {NO_PHONE.en}", again=False)

    def _failed(self, send: Send, error: Text, again: bool) -> Sent:
        self._record.note(error, "failed", self._utc())
        return Sent(send.notification, send.attempt, f"{error.zh} / {error.en}", again)


class SmsChannel(_Phones):
    """Texts. Its answers are those of persons whose number is known, and of strangers (person None)."""

    kind = "sms"
    proves = Proof(delivered=True, answered=True)

    def __init__(
        self, id: str, name: Text, messenger: Messenger, people: Mapping[str, Person], utc: Callable[[], int]
    ) -> None:
        super().__init__(id, name, messenger, people, utc)
        self._told: Callable[[Receipt], None]  # lent at the start
        # On the messenger's thread alone: its reference and the number -> ours, and ours -> parts not yet reported. A
        # modem counts to 255 and begins anew when it starts: its reference alone is no text's.
        self._ours: dict[_Part, str] = {}
        self._missing: dict[str, set[_Part]] = {}

    def start(self, told: Callable[[Receipt], None]) -> None:
        self._told = told
        self._messenger.listen(self._hear)

    async def send(self, send: Send) -> Sent:
        number = self._number(send.person)
        if number is None:
            return self._unreached(send)
        reference = secrets.token_hex(8)
        future = self._messenger.submit(number, send.text, urgent=send.urgent)
        future.add_done_callback(lambda done: self._posted(reference, number, done))
        posted = await asyncio.wrap_future(future)
        if posted.error is not None:
            return self._failed(send, posted.error, posted.again)
        self._record.note(None, "sent", self._utc())
        return Sent(send.notification, send.attempt, reference=reference)

    def release(self, key: str) -> None:
        """The answer with this key is on record."""
        self._messenger.release(key)

    def _posted(self, reference: str, number: str, done: Future[Posted]) -> None:
        """Before any report can come: the messenger tells those on the same thread."""
        try:
            parts = [(part, number) for part in done.result().references]
        except CancelledError:
            return
        if parts:
            self._missing[reference] = set(parts)
            self._ours.update(dict.fromkeys(parts, reference))
        while len(self._missing) > OPEN_REPORTS:
            del self._missing[next(iter(self._missing))]

    def _hear(self, heard: Arrived | Incoming) -> None:
        if isinstance(heard, Incoming):
            self._record.counters["received"] += 1
            number = normalised(heard.number)
            sender = next((id for id in self._people if self._number(id) == number), None)
            self._told(Answered(self.id, number, heard.text.strip(), sender, heard.id, heard.time))
            return
        part = (heard.reference, normalised(heard.number))
        reference = self._ours.pop(part, None)
        missing = self._missing.get(reference or "")
        if reference is None or missing is None:
            return  # of a text sent before the hub started
        missing.discard(part)
        if not heard.arrived:
            del self._missing[reference]
            self._record.counters["undelivered"] += 1
            self._told(Delivered(self.id, reference, f"{NEVER.zh} / {NEVER.en}"))
        elif not missing:
            del self._missing[reference]
            self._record.counters["delivered"] += 1
            self._told(Delivered(self.id, reference))


class RingChannel(_Phones):
    """Lets a phone ring, so that somebody asleep looks at the text. seconds: how long.

    A call under way ends by itself: one that is given up by its sender is hung up after those seconds at the latest.
    """

    kind = "ring"
    proves = Proof(delivered=True, seen=True)

    def __init__(
        self,
        id: str,
        name: Text,
        messenger: Messenger,
        people: Mapping[str, Person],
        utc: Callable[[], int],
        seconds: float = 20.0,
    ) -> None:
        super().__init__(id, name, messenger, people, utc)
        self._seconds = seconds

    def start(self, told: Callable[[Receipt], None]) -> None:
        return  # all there is to tell of a call is told by its end

    async def send(self, send: Send) -> Sent:
        number = self._number(send.person)
        if number is None:
            return self._unreached(send)
        rung = await asyncio.wrap_future(self._messenger.ring(number, self._seconds))
        if rung.error is not None:
            return self._failed(send, rung.error, rung.again)
        if rung.outcome == "busy":
            return self._failed(send, BUSY, again=True)
        self._record.note(None, "answered" if rung.outcome == "answered" else "rung", self._utc())
        return Sent(send.notification, send.attempt, answered=rung.outcome == "answered")
