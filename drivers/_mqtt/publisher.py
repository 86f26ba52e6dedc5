"""MQTT out: what is open at the site, as retained JSON, on one broker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from drivers._mqtt import words
from drivers._mqtt.board import Board
from drivers._mqtt.config import BrokerSettings
from drivers._mqtt.link import MqttLink
from drivers._mqtt.session import Timing
from edge.domain.conclusion import Written
from edge.domain.health import LinkReport
from edge.domain.instant import Instant
from edge.domain.reading import Arrival, RawReading
from edge.domain.site import Connection, Outlet
from edge.driver import Host

KIND: Final = "mqtt-out"


class MqttPublisher(MqttLink):
    """One link that publishes. kinds: the names under the prefix it keeps in order: `<prefix>/<kind>/<id>`.

    outlet.settings is a `BrokerSettings`. Nothing waits for the broker: while it is away, only the newest of each topic
    is remembered.
    """

    def __init__(self, outlet: Outlet, kinds: Sequence[str], timing: Timing | None = None) -> None:
        broker: BrokerSettings = outlet.settings
        self.id = outlet.id
        self._prefix = outlet.prefix
        self._board = Board()
        super().__init__(
            Connection(outlet.id, KIND, "", outlet.name, broker),
            broker,
            [f"{outlet.prefix}/{kind}/+" for kind in kinds],
            self._board,
            stored=True,
            timing=timing,
        )

    def start(self, host: Host) -> None:
        """Begin; what is open must be shown before, else it would be taken for what is over."""
        super().start(_Finder(host, self))

    def show(self, kind: str, id: str, payload: bytes) -> None:
        """Something is open; from any thread."""
        self._board.show(f"{self._prefix}/{kind}/{id}", payload)
        self._wake()

    def clear(self, kind: str, id: str) -> None:
        """It is over; from any thread."""
        self._board.clear(f"{self._prefix}/{kind}/{id}")
        self._wake()

    def found(self, raw: RawReading) -> None:
        """What came under the prefix: only the broker's stored copies count."""
        if raw.arrival is Arrival.RETAINED:
            self._board.found(raw.channel, raw.payload)
        if raw.delivery is not None:
            self.acknowledge([raw.delivery])

    def report(self) -> LinkReport:
        """State and counters; down as well where the broker does not let us write."""
        report, board = super().report(), self._board
        own = {"open": board.open_topics, "cleared": board.cleared, "refused": board.refused}
        report = replace(report, counters={**(report.counters or {}), **own})
        if report.up and board.denied:
            return replace(report, up=False, detail=words.publishing_refused(board.denied).text)
        return report


class _Finder:
    """The host of a publisher's session: what comes in stays here and never enters the line."""

    def __init__(self, host: Host, publisher: MqttPublisher) -> None:
        self._host = host
        self._publisher = publisher

    @property
    def site(self) -> str:
        return self._host.site

    def now(self) -> Instant:
        return self._host.now()

    def offer(self, raw: RawReading) -> bool:
        self._publisher.found(raw)
        return True

    def reject(self, source: str, reason: str, channel: str, sample: bytes, error: str) -> None:
        self._host.reject(source, reason, channel, sample, error)

    def session_new(self, source: str) -> None:
        """Nothing of an earlier session counts here."""

    def heard(self, source: str, address: str, *, ok: bool) -> None:
        """Nothing is polled."""

    def written(self, receipt: Written) -> None:
        """No device is told anything here."""
