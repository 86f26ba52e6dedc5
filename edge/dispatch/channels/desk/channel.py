"""The channel of the hub's own screens: the message is shown by the panel's streams, which read the log of facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from edge.dispatch.channel import ChannelReport, Proof
from edge.domain.conclusion import Receipt, Send, Sent
from edge.domain.names import Text

DETAIL: Final = Text("由平台画面显示", "Shown on the hub's own screens")


class DeskChannel:
    """Never fails. That it was seen is told by the signs of life of walls and phones (`Alive`), on the line."""

    kind = "desk"
    proves = Proof(seen=True, answered=True)
    capacity = 1000

    def __init__(self, id: str, name: Text, now: Callable[[], int]) -> None:
        self.id = id
        self.name = name
        self._now = now
        self._sent = 0
        self._last: int | None = None

    def reaches(self, person: str) -> bool:
        """Everybody at a screen, and the screens themselves."""
        del person
        return True

    async def send(self, send: Send) -> Sent:
        """The fact that it is being sent is what the screens show."""
        self._sent += 1
        self._last = self._now()
        return Sent(send.notification, send.attempt, reference=send.notification)

    def start(self, told: Callable[[Receipt], None]) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""

    def report(self) -> ChannelReport:
        """How often it was used."""
        state = "ok" if self._sent else "unknown"
        return ChannelReport(self.id, state, DETAIL, {"sent": self._sent}, last_ok=self._last)  # type: ignore[arg-type]
