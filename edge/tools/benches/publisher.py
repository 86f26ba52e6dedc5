"""A worker: publishes prepared messages at QoS 1, flat out or at a rate, cheaper than any client library could.

Packets are made before the clock starts and leave in large pieces; acknowledgements are only counted. So the publisher
is not what is measured.
"""

from __future__ import annotations

import json
import random
import select
import socket
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from edge.tools.benches.processes import serve

IN_FLIGHT: Final = 5000  # packets without acknowledgement, flat out
CHUNK: Final = 200  # packets in one send
_ACK: Final = 4  # bytes of a PUBACK (MQTT 3.1.1)


def meter_messages(spec: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Readings of `devices` meters in turn, one millisecond apart from `start_ms` on, `size` bytes each."""
    for n in range(spec["count"]):
        head = f'{{"t":{spec["start_ms"] + n},"value":{15 + n * 7 % 150 / 10},"fill":"'
        fill = "x" * (spec["size"] - len(head) - 2)
        yield spec["topic"].format(n % spec["devices"] + 1), f'{head}{fill}"}}'.encode()


def alarm_messages(spec: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """One alarm of each smoke detector."""
    payload = json.dumps({"smoke": True, "battery": 97, "linkquality": 120}).encode()
    for n in range(spec["first"], spec["first"] + spec["count"]):
        yield spec["topic"].format(n), payload


MESSAGES: Final = {"meters": meter_messages, "alarms": alarm_messages}


class Connection:
    """Just enough of MQTT 3.1.1 to publish."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._sock = socket.create_connection((spec["host"], spec["port"]), timeout=20)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = f"bench-{spec['load']}-{random.getrandbits(32):08x}"
        texts = b"".join(_text(part) for part in (name, spec["username"], spec["password"]))
        body = _text("MQTT") + bytes([4, 0b1100_0010, 0, 0]) + texts
        self._sock.sendall(b"\x10" + _length(len(body)) + body)
        answer = self._sock.recv(_ACK, socket.MSG_WAITALL)
        if answer[3:] != b"\0":
            raise SystemExit(f"the broker refused the publisher: {answer!r}")
        self._half = 0  # bytes of an acknowledgement still to come
        self.acked = 0

    def send(self, data: bytes) -> None:
        """Send, and take in acknowledgements so that neither side's buffer fills up."""
        view = memoryview(data)
        while view:
            readable, writable, _ = select.select([self._sock], [self._sock], [])
            if readable:
                self.read()
            if writable:
                view = view[self._sock.send(view, socket.MSG_DONTWAIT) :]

    def read(self) -> None:
        """Count what acknowledgements there are; wait for one."""
        data = self._sock.recv(65536)
        if not data:
            raise SystemExit("the broker closed the publisher's connection")
        whole, self._half = divmod(self._half + len(data), _ACK)
        self.acked += whole

    def wait_for(self, acked: int) -> None:
        """Until so many are acknowledged."""
        while self.acked < acked:
            self.read()

    def close(self) -> None:
        """Say good-bye."""
        self._sock.sendall(b"\xe0\0")
        self._sock.close()


def publish_packet(topic: str, payload: bytes, packet: int) -> bytes:
    """PUBLISH at QoS 1."""
    body = _text(topic) + packet.to_bytes(2, "big") + payload
    return b"\x32" + _length(len(body)) + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def _length(number: int) -> bytes:
    parts = bytearray()
    while True:
        number, low = divmod(number, 128)
        parts.append(low | (128 if number else 0))
        if not number:
            return bytes(parts)


def _flat_out(connection: Connection, packets: list[bytes]) -> list[int]:
    chunks = [b"".join(packets[at : at + CHUNK]) for at in range(0, len(packets), CHUNK)]
    begun = time.monotonic_ns()
    for n, chunk in enumerate(chunks):
        connection.wait_for(n * CHUNK - IN_FLIGHT)
        connection.send(chunk)
    return [begun]


def _at_rate(connection: Connection, packets: list[bytes], rate: float, jitter: float) -> list[int]:
    """jitter: part of the distance between two messages by which each is late, at random."""
    times = []
    begun = time.monotonic()
    for n, packet in enumerate(packets):
        due = begun + (n + random.random() * jitter) / rate
        if (wait := due - time.monotonic()) > 0:
            time.sleep(wait)
        times.append(time.monotonic_ns())
        connection.send(packet)
    return times


def work(spec: dict[str, Any], ready: Callable[[], None], wait: Callable[[], None]) -> dict[str, Any]:
    """Publish; {"sent": moments of sending (monotonic ns, flat out only the first), "acked": when all were}."""
    packets = [
        publish_packet(topic, payload, n % 65535 + 1)
        for n, (topic, payload) in enumerate(islice(MESSAGES[spec["load"]](spec), spec["count"]))
    ]
    connection = Connection(spec)
    ready()
    wait()
    rate = spec.get("rate", 0)
    sent = (
        _at_rate(connection, packets, rate, spec.get("jitter", 0)) if rate else _flat_out(connection, packets)
    )
    connection.wait_for(len(packets))
    acked = time.monotonic_ns()
    connection.close()
    return {"sent": sent, "acked": acked}


if __name__ == "__main__":
    serve(work)
