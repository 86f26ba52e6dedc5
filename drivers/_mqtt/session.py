"""One connection to a broker, from CONNECT to its end, in the listener's thread.

Everything that touches paho happens in this thread; other threads only leave receipts and wake it.
"""

from __future__ import annotations

import select
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from drivers._mqtt import words
from drivers._mqtt.config import BrokerSettings
from drivers._mqtt.outbox import Outward
from drivers._mqtt.waking import Waker
from drivers._mqtt.words import LinkState
from edge.domain.reading import Arrival, Delivery, RawReading
from edge.driver import Host

if TYPE_CHECKING:
    from paho.mqtt.client import MQTTMessage

    from drivers._mqtt.client import HubClient

SAMPLE: Final = 200  # bytes of a refused payload that are shown
_UNSUPPORTED_VERSION: Final = 0x84
_SESSION_TAKEN_OVER: Final = 0x8E
_FAILED: Final = 0x80  # MQTT 5 reason codes from here on are refusals
_TICK: Final = 1.0  # seconds between two looks at the timers
BREATH: Final = 0.004  # seconds between two reads of a busy source: a wake-up costs more than a few messages


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. loopback: between two messages to ourselves; silence: of neither, then reconnect; answer: to CONNECT.

    offer_again: between two tries to hand over what the hub had no room for.
    """

    loopback: float = 30.0
    silence: float = 90.0
    answer: float = 5.0
    offer_again: float = 0.02


@dataclass(slots=True)
class Counters:
    """Of one listener since start. Written by its thread only."""

    received: int = 0
    connects: int = 0
    failures: int = 0
    sessions_lost: int = 0
    redelivered: int = 0
    retained: int = 0
    too_large: int = 0
    bad_topic: int = 0
    overflow: int = 0
    held: int = 0
    stale_receipts: int = 0
    loopbacks: int = 0
    last_message: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What a session is for. wanted: topics that are the hub's business, None for all that the filters bring.

    stored: the broker's stored copies are asked for at every connection, and nothing of our own comes back.
    """

    id: str
    dialect: str
    filters: list[str]
    loopback: str
    wanted: Callable[[str], bool] | None = None
    stored: bool = False


@dataclass(slots=True)
class Ending:
    """Why a session ended, and how far it got. lasted: seconds since the broker accepted it."""

    state: LinkState = words.STARTING
    dialled: bool = False
    accepted: bool = False
    was_up: bool = False
    wrong_version: bool = False
    lasted: float = 0.0


@dataclass(slots=True)
class Receipts:
    """Deliveries whose readings are stored, left by any thread in bulk."""

    waker: Waker
    batches: deque[Sequence[Delivery]] = field(default_factory=deque)

    def leave(self, deliveries: Sequence[Delivery]) -> None:
        """Keeps the sequence as it is: the caller must not change it afterwards."""
        self.batches.append(deliveries)
        self.waker.wake()


class Session:
    """Runs one connection. `stopping` is asked after every wake-up; `tell` gets every change of state."""

    def __init__(
        self,
        source: Source,
        broker: BrokerSettings,
        host: Host,
        receipts: Receipts,
        outbox: Outward,
        counters: Counters,
        generation: int,
        *,
        had_session: bool,
        timing: Timing,
        stopping: Callable[[], bool],
        tell: Callable[[bool, LinkState], None],
    ) -> None:
        self._source = source
        self._broker = broker
        self._host = host
        self._receipts = receipts
        self._outbox = outbox
        self._counters = counters
        self._generation = generation
        self._had_session = had_session
        self._timing = timing
        self._stopping = stopping
        self._tell = tell
        self.ending = Ending()
        self._up = words.STARTING
        self._held: deque[RawReading] = deque()
        self._done: list[int] = []  # packets to acknowledge that never became a reading
        self._owed = 0  # deliveries that became readings and are not acknowledged yet
        self._subscribed = False
        self._now = host.now()
        self._heard = 0.0
        self._read_at = 0.0
        self._accepted_at = 0.0
        self._next_loopback = float("inf")
        self._token = b""

    # ---- from CONNECT to the end ------------------------------------------------------------------------------------

    def run(self, client: HubClient) -> Ending:
        """Connect, serve, and say why it ended."""
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._outbox.told
        client.take = self._take
        try:
            client.open()
        except (OSError, ValueError) as error:
            self.ending.state = words.unreachable(error, self._broker)
            if client.buffered is not None:
                client.buffered.close()
            return self.ending
        self.ending.dialled = True
        self.ending.state = words.unanswered(self._broker)
        try:
            self._serve(client)
        except OSError as error:
            self.ending.state = words.gone(self._broker, error.strerror or str(error))
        finally:
            self.ending.lasted = time.monotonic() - self._accepted_at
            client.disconnect()
            client.loop_write()
            if client.buffered is not None:
                client.buffered.close()
        return self.ending

    def _serve(self, client: HubClient) -> None:
        sock = client.socket()
        if sock is None:
            return
        waker = self._receipts.waker
        fd = sock.fileno()
        poller = select.poll()
        poller.register(waker.fileno(), select.POLLIN)
        poller.register(fd, select.POLLIN)
        interest = select.POLLIN
        self._heard = time.monotonic()
        while True:
            more = self._more(client)
            ready = dict(poller.poll(0 if more else self._patience() * 1000))
            waker.clear()
            if more or ready.get(fd, 0) & ~select.POLLOUT:
                self._read(client)
            self._offer_again()
            self._acknowledge(client)
            if self._stopping() or self._overdue():
                return
            self._loop_back(client)
            if self._subscribed:
                self._outbox.serve(client)
            client.loop_write()
            client.loop_misc()
            if client.socket() is None:
                return
            wanted = self._interest(client)
            if wanted != interest:
                interest = wanted
                poller.modify(fd, interest)

    def _interest(self, client: HubClient) -> int:
        """What to poll for. While too much is under way, TCP holds the rest."""
        unsent = client.want_write()
        if client.buffered is not None:
            client.buffered.flush()
            unsent = unsent or client.buffered.unsent
        reading = 0 if self._full() else select.POLLIN
        return reading | (select.POLLOUT if unsent else 0)

    def _full(self) -> bool:
        """Whether more is under way than we let the broker send.

        MQTT 3.1.1 cannot tell it, and Mosquitto 2.0 sends up to ten times as much when many receipts come at once.
        """
        return self._owed > self._broker.receive_maximum

    def _more(self, client: HubClient) -> bool:
        """Whether something can be read that has left the kernel already, and that no poll would tell of."""
        pending = getattr(client.socket(), "pending", None)
        return pending is not None and pending() > 0 and not self._full()

    def _read(self, client: HubClient) -> None:
        """Take in what has come: at once from a source that was quiet, a few messages together from a busy one.

        Never for long: whoever sends faster than we read must not keep us from answering the broker.
        """
        if (early := self._read_at + BREATH - time.monotonic()) > 0:
            time.sleep(early)
        self._read_at = time.monotonic()
        self._now = self._host.now()
        client.loop_read()
        while self._more(client) and time.monotonic() < self._read_at + BREATH:
            client.loop_read()

    def _patience(self) -> float:
        if self._held:
            return self._timing.offer_again
        due = min(self._next_loopback, self._outbox.due) - time.monotonic()
        return max(0.0, min(_TICK, self._timing.silence / 4, due))

    def _overdue(self) -> bool:
        """Whether the broker has not answered, or has said nothing for too long."""
        quiet = time.monotonic() - self._heard
        if not self.ending.accepted:
            if quiet > self._timing.answer:
                self.ending.state = words.timeout(self._broker)
                return True
            return False
        if quiet > self._timing.silence:
            self.ending.state = words.silent(self._timing.silence, self._broker)
            return True
        return False

    # ---- what paho tells --------------------------------------------------------------------------------------------

    def _on_connect(self, client: Any, _userdata: Any, flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self.ending.wrong_version = reason.value == _UNSUPPORTED_VERSION
            self.ending.state = words.refused(reason.value, self._broker)
            return
        self.ending.accepted = True
        self.ending.state = words.gone(self._broker)
        self._counters.connects += 1
        lost = not flags.session_present
        if lost:
            self._host.session_new(self._source.id)
        lost = lost and self._had_session
        self._counters.sessions_lost += lost
        version = "MQTT 5" if client.protocol >= 5 else "MQTT 3.1.1"
        self._up = words.up(version, session_lost=lost, refused=[])
        self._heard = self._accepted_at = time.monotonic()
        self._token = f"{self._source.id}/{self._generation}/{time.monotonic_ns()}".encode()
        self._tell(False, words.UNPROVEN)
        # At each connection, whatever the broker says it remembers: the filters may have changed since, and brokers
        # have been seen to keep a session without its subscriptions (influxdata/telegraf#6232).
        client.subscribe_at_least_once(
            self._source.filters, self._source.loopback, stored=self._source.stored
        )

    def _on_subscribe(self, client: Any, _userdata: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        names = self._source.filters
        refused = [name for name, reason in zip(names, reasons, strict=False) if reason.value >= _FAILED]
        if refused:
            if len(refused) == len(names):
                self.ending.state = words.subscription_refused(refused)
                client.disconnect()
                return
            self._up = words.up("", session_lost=False, refused=refused)
        self._subscribed = True
        self._outbox.open()
        self._next_loopback = time.monotonic()

    def _on_disconnect(self, _client: Any, _userdata: Any, flags: Any, reason: Any, _properties: Any) -> None:
        if not self.ending.accepted or not flags.is_disconnect_packet_from_server:
            return
        if reason.value == _SESSION_TAKEN_OVER:
            self.ending.state = words.taken_over(self._broker)
        else:
            self.ending.state = words.gone(self._broker, str(reason))

    def _on_message(self, _client: Any, _userdata: Any, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        try:
            topic = message.topic
        except UnicodeDecodeError as error:
            self._counters.bad_topic += 1
            self._refuse("bad_topic", "", payload, str(error), message.mid, message.qos)
            return
        self._take(topic, payload, message.mid, message.qos, message.dup, message.retain)

    def _take(self, topic: str, payload: bytes, packet: int, qos: int, dup: bool, retain: bool) -> None:
        """The hottest lines of the driver: once per message."""
        source, counters = self._source, self._counters
        self._heard = time.monotonic()
        if topic == source.loopback:
            self._came_back(payload)
            return
        if not self.ending.was_up:
            self._prove()
        counters.received += 1
        # Each message its own moment: a device without a clock may say the same twice, and means it twice.
        self._now = self._host.now()
        counters.last_message = self._now.utc
        if len(payload) > self._broker.payload_limit:
            counters.too_large += 1
            why = f"{len(payload)} bytes, the limit is {self._broker.payload_limit} (payload_limit)"
            self._refuse("too_large", topic, payload, why, packet, qos)
            return
        if source.wanted is not None and not source.wanted(topic):
            if qos:
                self._done.append(packet)
            return
        delivery, arrival = None, Arrival.LIVE
        if qos:
            delivery = Delivery(self._generation, packet, dup)
            self._owed += 1
            counters.redelivered += dup
        if retain:
            arrival = Arrival.RETAINED
            counters.retained += 1
        raw = RawReading(source.id, source.dialect, topic, payload, self._now, arrival, delivery=delivery)
        if delivery is None:
            if not self._host.offer(raw):
                counters.overflow += 1
                self._refuse(
                    "overflow", topic, payload, "the hub's queue for this source is full", packet, qos
                )
        elif self._held or not self._host.offer(raw):
            counters.held += 1
            self._held.append(raw)

    def _refuse(self, reason: str, topic: str, payload: bytes, why: str, packet: int, qos: int) -> None:
        self._host.reject(self._source.id, reason, topic, payload[:SAMPLE], why)
        if qos:
            self._done.append(packet)

    # ---- what we owe ------------------------------------------------------------------------------------------------

    def _offer_again(self) -> None:
        while self._held and self._host.offer(self._held[0]):
            self._held.popleft()

    def _acknowledge(self, client: HubClient) -> None:
        """PUBACK what is stored; a receipt of an earlier connection would acknowledge another message."""
        packets = self._done
        self._done = []
        batches = self._receipts.batches
        while batches:
            deliveries = batches.popleft()
            mine = [d.packet for d in deliveries if d.generation == self._generation]
            self._counters.stale_receipts += len(deliveries) - len(mine)
            self._owed -= len(mine)
            packets += mine
        if packets and client.is_connected():
            client.acknowledge(packets)

    # ---- whether the link is true -----------------------------------------------------------------------------------

    def _loop_back(self, client: HubClient) -> None:
        now = time.monotonic()
        if self._subscribed and now >= self._next_loopback:
            self._next_loopback = now + self._timing.loopback
            client.publish(self._source.loopback, self._token, qos=0)

    def _came_back(self, payload: bytes) -> None:
        if payload == self._token:
            self._counters.loopbacks += 1
            if not self.ending.was_up:
                self._prove()

    def _prove(self) -> None:
        self.ending.was_up = True
        self._tell(True, self._up)
