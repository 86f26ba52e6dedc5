"""MQTT out: open alarms and work orders on the site's brokers, as the API shows them. Follows the log of facts.

It reads what has been recorded, in a task of its own, and hands it to links that keep only the newest of each: neither
a flood nor a broker that hangs is felt by the line.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from edge.domain.alarm import Alarm
from edge.domain.fact import Fact, Seq
from edge.domain.order import WorkOrder
from edge.domain.reading import Purpose
from edge.driver import Host, Publisher
from edge.store.facts import FactLog
from edge.store.words import OWN, WITHIN

log = logging.getLogger(__name__)

KINDS: Final[Mapping[str, str]] = {"alarm": "alarms", "order": "work-orders"}
"""Subject of a fact -> the word of the API, which is that of the topic."""
_AT_ONCE: Final = 100  # facts told at a stretch: some milliseconds


class Outward:
    """alarms, orders: those that are open, as the line has them. shape: of an alarm, or of an order's row, as the API
    says it.
    """

    def __init__(
        self,
        facts: FactLog,
        publishers: Sequence[Publisher],
        alarms: Callable[[], Iterable[Alarm]],
        orders: Callable[[], Iterable[WorkOrder]],
        shape: Callable[[str, Any], Mapping[str, Any]],
    ) -> None:
        self._facts = facts
        self._publishers = tuple(publishers)
        self._alarms = alarms
        self._orders = orders
        self._shape = shape
        self._shown: set[tuple[str, str]] = set()
        self._at: Seq = facts.position()

    def take_up(self) -> None:
        """Show all that is open, and take away what is shown and is not."""
        self._at = self._facts.position()
        gone = set(self._shown)
        for alarm in self._alarms():
            self._alarm(alarm)
            gone.discard(("alarm", alarm.id))
        for order in self._orders():
            self._show("order", order.id, order.to_dict())
            gone.discard(("order", order.id))
        for subject, id in gone:
            self._clear(subject, id)

    async def run(self) -> None:
        """Follow, for ever."""
        while True:
            await self._facts.wait(self._at)
            found = await self._facts.facts(self._at, _AT_ONCE)
            if found is None:  # what came between was dropped from a sick journal's tail
                self.take_up()
                continue
            for fact in found:
                self._at = fact.seq
                try:
                    self._tell(fact)
                except Exception:
                    log.exception("MQTT out: fact %s is left out", fact.seq)
            await asyncio.sleep(0)

    def _tell(self, fact: Fact) -> None:
        body = fact.body
        if fact.subject == "alarm" and "signal" in body:
            alarm = Alarm.from_dict(dict(body))
            if alarm.open:
                self._alarm(alarm)
            else:
                self._clear("alarm", alarm.id)
        elif fact.subject == "order" and "offered" in body:
            if body["open"]:
                self._show("order", body["id"], body)
            else:
                self._clear("order", body["id"])

    def _alarm(self, alarm: Alarm) -> None:
        if alarm.purpose is Purpose.LIVE:  # sirens and the district listen: a drill is not for them
            self._show("alarm", alarm.id, alarm)

    def _show(self, subject: str, id: str, case: Any) -> None:
        shape = dict(self._shape(subject, case))
        # What a person wrote may name somebody, so it stays in the hub. The keys stand there, null.
        for key in OWN.get(subject, ()):
            _forget(shape, key)
        for part, keys in WITHIN.get(subject, {}).items():
            if isinstance(inner := shape.get(part), Mapping):
                shape[part] = dict(inner)
                for key in keys:
                    _forget(shape[part], key)
        payload = json.dumps(shape, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        self._shown.add((subject, id))
        for publisher in self._publishers:
            publisher.show(KINDS[subject], id, payload)

    def _clear(self, subject: str, id: str) -> None:
        self._shown.discard((subject, id))
        for publisher in self._publishers:
            publisher.clear(KINDS[subject], id)


def _forget(row: dict[str, Any], key: str) -> None:
    if key in row:
        row[key] = None


@asynccontextmanager
async def showing(outward: Outward, publishers: Sequence[Publisher], host: Host) -> AsyncIterator[None]:
    """Show what is open, start the links, follow; at the end what is shown stays, as it is still open."""
    outward.take_up()
    for publisher in publishers:
        publisher.start(host)
    task = asyncio.create_task(outward.run(), name="mqtt out")
    try:
        yield
    finally:
        task.cancel()
        stops = (asyncio.to_thread(publisher.stop) for publisher in publishers)
        await asyncio.gather(task, *stops, return_exceptions=True)
