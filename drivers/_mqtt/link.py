"""A link to a broker: one client with one fixed id and one session, kept connected for ever."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from typing import Final

from drivers._mqtt import outbox, words
from drivers._mqtt.config import BrokerSettings
from drivers._mqtt.outbox import Outward
from drivers._mqtt.session import Counters, Ending, Receipts, Session, Source, Timing
from drivers._mqtt.waking import Waker
from drivers._mqtt.words import LinkState
from edge.domain.health import LinkReport
from edge.domain.reading import Delivery
from edge.domain.site import Connection
from edge.driver import Host

log = logging.getLogger(__name__)

FIRST_DELAY: Final = 0.5  # seconds before the second attempt, doubled with each further one
LONGEST_DELAY: Final = 30.0
BRIEF: Final = 5.0  # seconds; a link that lives no longer is as good as none
MANY: Final = 2
OLD_WINDOW: Final = 20  # deliveries a 3.1.1 broker has under way unless told otherwise (Mosquitto's default)
STOP_WITHIN: Final = 8.0


class MqttLink:
    """What listening and publishing have in common: the thread, its connections, and what is told of them.

    filters: what is subscribed to at each connection; stored: with the broker's stored copies, each time anew.
    outbox: what goes out over the link.
    """

    def __init__(
        self,
        connection: Connection,
        broker: BrokerSettings,
        filters: Sequence[str],
        outbox: Outward,
        *,
        stored: bool = False,
        wanted: Callable[[str], bool] | None = None,
        timing: Timing | None = None,
    ) -> None:
        self.window = broker.receive_maximum
        self._broker = broker
        self._connection = connection
        self._filters = list(filters)
        self._stored = stored
        self._wanted = wanted
        self._outbox = outbox
        self._timing = timing or Timing()
        self._counters = Counters()
        self._receipts: Receipts | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._host: Host | None = None
        self._is_up = False
        self._since = 0
        self._state = words.STARTING

    def start(self, host: Host) -> None:
        """Begin; returns at once."""
        self._host = host
        self._since = host.now().utc
        self._receipts = Receipts(Waker())
        self._thread = threading.Thread(
            target=self._run, args=(host, self._receipts), name=f"mqtt-{self._connection.id}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
        self._stop.set()
        thread, receipts = self._thread, self._receipts
        if thread is None or receipts is None:
            return
        receipts.waker.wake()
        thread.join(STOP_WITHIN)
        if thread.is_alive():  # the system's name resolution cannot be interrupted
            log.warning("%s: still waiting for the network, left behind", self._connection.id)
        else:
            self._outbox.close(outbox.STOPPED)
            receipts.waker.close()

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Answer the broker (PUBACK); from any thread."""
        if self._receipts is not None:
            self._receipts.leave(deliveries)

    def report(self) -> LinkReport:
        """State and counters."""
        seen = self._counters
        refused = seen.too_large + seen.bad_topic + seen.overflow
        return LinkReport(
            source=self._connection.id,
            kind=self._connection.kind,
            up=self._is_up,
            since=self._since,
            detail=self._state.text,
            received=seen.received,
            errors=seen.failures + refused,
            last_message=seen.last_message,
            counters={
                "connects": seen.connects,
                "failures": seen.failures,
                "sessions_lost": seen.sessions_lost,
                "redelivered": seen.redelivered,
                "retained": seen.retained,
                "too_large": seen.too_large,
                "bad_topic": seen.bad_topic,
                "overflow": seen.overflow,
                "held": seen.held,
                "stale_receipts": seen.stale_receipts,
                "loopbacks": seen.loopbacks,
                "published": self._outbox.published,
                "confirmed": self._outbox.confirmed,
            },
        )

    @property
    def state(self) -> LinkState:
        """The link's state with its stable code."""
        return self._state

    # ---- its thread -------------------------------------------------------------------------------------------------

    def _run(self, host: Host, receipts: Receipts) -> None:
        failed = brief = generation = 0  # attempts in a row that failed, or came up and broke at once
        had_session = False
        versions = Versions(self._broker.version)
        while not self._stop.is_set():
            generation += 1
            ending = self._connect(host, receipts, generation, versions, had_session=had_session)
            had_session = had_session or ending.accepted
            if self._stop.is_set():
                break
            if versions.learn(ending):
                continue  # at once: the broker is there, we spoke the wrong version
            self._outbox.close(ending.state.text.en)
            self._counters.failures += 1
            failed = 0 if ending.was_up else failed + 1
            brief = brief + 1 if ending.was_up and ending.lasted < BRIEF else 0
            broke = ending.state.code == "broker_gone" and brief > MANY
            self._tell(False, words.brief(self._broker) if broke else ending.state)
            longest = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(failed or min(brief, MANY), 10))
            self._stop.wait(longest * random.uniform(0.5, 1.0))  # noqa: S311 - not all hubs of a town at once
        self._tell(False, words.STOPPED)

    def _connect(
        self, host: Host, receipts: Receipts, generation: int, versions: Versions, *, had_session: bool
    ) -> Ending:
        from drivers._mqtt.client import V5, V311, HubClient

        source = Source(
            self._connection.id,
            self._connection.dialect,
            self._filters,
            f"{self._broker.hub}/{host.site}/loopback/{self._connection.id}",
            self._wanted,
            self._stored,
        )
        client_id = f"{self._broker.hub}-{host.site}-{self._connection.id}"
        try:
            client = HubClient(self._broker, client_id, V5 if versions.newest else V311)
        except (KeyError, UnicodeDecodeError) as error:
            return Ending(words.secret_missing(error, self._broker))
        except OSError as error:
            if error.filename is not None and error.filename == str(self._broker.password_file):
                return Ending(words.secret_missing(error, self._broker))
            return Ending(words.unreachable(error, self._broker))
        # MQTT 3.1.1 does not let us say how much we take at once, nor hear how much the broker gives.
        most = self._broker.receive_maximum
        self.window = most if versions.newest else min(most, OLD_WINDOW)
        session = Session(
            source,
            self._broker,
            host,
            receipts,
            self._outbox,
            self._counters,
            generation,
            had_session=had_session,
            timing=self._timing,
            stopping=self._stop.is_set,
            tell=self._tell,
        )
        try:
            return session.run(client)
        except Exception as error:
            log.exception("%s: a defect ended the connection, connecting again", self._connection.id)
            return Ending(words.defect(error), accepted=session.ending.accepted)

    def _wake(self) -> None:
        if self._receipts is not None:
            self._receipts.waker.wake()

    def _tell(self, up: bool, state: LinkState) -> None:
        """Keep the state; log it once when it changes."""
        if up != self._is_up and self._host is not None:
            self._since = self._host.now().utc
        changed = state.code != self._state.code
        self._is_up = up
        self._state = state
        if changed and state is not words.UNPROVEN:
            quiet = up or state is words.STOPPED
            log.log(logging.INFO if quiet else logging.WARNING, "%s: %s", self._connection.id, state.text.en)


class Versions:
    """Which MQTT version to speak: 5, unless the broker does not know it or the site says so."""

    def __init__(self, wanted: str = "auto") -> None:
        self._told = wanted != "auto"
        self.newest = not self._told

    def learn(self, ending: Ending) -> bool:
        """Take in how an attempt ended; True when the other version should be tried at once."""
        if ending.wrong_version and self.newest:
            self.newest = False
            self._told = True  # it said so: no need to ask again at each reconnection
            return True
        if ending.accepted:
            self.newest = self.newest or not self._told
        elif ending.dialled and not self._told:
            # Closed or silent without an answer: some old brokers do just that with an MQTT 5 CONNECT.
            self.newest = not self.newest
        return False
