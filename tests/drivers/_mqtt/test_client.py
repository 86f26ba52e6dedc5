"""The short way through a PUBLISH must say what paho's own says, for any bytes; the buffered socket loses none."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from paho.mqtt.enums import MQTTProtocolVersion

from drivers._mqtt.buffered import CHUNK, UNSENT_LIMIT, BufferedSocket
from drivers._mqtt.client import V5, V311, HubClient
from drivers._mqtt.config import BrokerSettings

Seen = list[tuple[str, bytes, int, int, bool, bool]]


def run(version: MQTTProtocolVersion, stream: bytes, *, short: bool) -> Seen:
    """What is seen of a broker that sends `stream` and hangs up; nothing after the first malformed packet."""
    ours, theirs = socket.socketpair()
    seen: Seen = []
    client = HubClient(BrokerSettings(host="x"), "x", version)
    client.buffered = BufferedSocket(ours)
    client._sock = client.buffered  # type: ignore[assignment]
    ours.setblocking(False)

    def on_message(_client: Any, _userdata: Any, m: Any) -> None:
        try:
            topic = m.topic
        except UnicodeDecodeError:
            topic = "undecodable"
        seen.append((topic, bytes(m.payload), m.mid, m.qos, m.dup, m.retain))

    client.on_message = on_message
    if short:
        client.take = lambda *message: seen.append(message)
    theirs.sendall(stream)
    theirs.close()
    while client.socket() is not None:
        client.loop_read()
    return seen


def publish(flags: int, body: bytes) -> bytes:
    length, size = len(body), b""
    while True:
        length, low = divmod(length, 128)
        size += bytes([low | (128 if length else 0)])
        if not length:
            return bytes([0x30 | flags]) + size + body


bodies = st.binary(max_size=40) | st.builds(
    lambda topic, rest: len(topic).to_bytes(2, "big") + topic + rest,
    st.text(max_size=5).map(str.encode) | st.binary(max_size=5),
    st.binary(max_size=300),
)


@given(
    version=st.sampled_from([V5, V311]),
    packets=st.lists(st.tuples(st.sampled_from([0, 1, 2, 3, 8, 10, 11]), bodies), max_size=3),
)
@example(version=V5, packets=[(2, b"\x00\x01a\x00\x07\x00hello")])
@example(version=V5, packets=[(2, b"\x00\x01a\x00\x07\x02\x01\x01hello")])
@example(version=V5, packets=[(0, b"\x00\x01a\x00"), (0, b"\x00\x01a")])
@example(version=V311, packets=[(3, b"\x00\x01a\x00\x07"), (0, b"\x00\x01ahi")])
@example(version=V311, packets=[(2, b"\x00\x02\xff\xfe\x00\x07x")])
def test_the_short_way_says_what_paho_says(
    version: MQTTProtocolVersion, packets: list[tuple[int, bytes]]
) -> None:
    stream = b"".join(publish(flags, body) for flags, body in packets if body[:2] != b"\0\0")
    assert run(version, stream, short=True) == run(version, stream, short=False)


def test_the_short_way_is_taken() -> None:
    seen = run(V5, publish(3, b"\x00\x01a\x01\x07\x00hello") + publish(8, b"\x00\x01b\x00"), short=True)
    assert seen == [("a", b"hello", 263, 1, False, True), ("b", b"", 0, 0, True, False)]


def test_what_is_read_at_once_is_handed_out_in_pieces() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        sock = BufferedSocket(ours)
        theirs.sendall(b"abcdef")
        assert sock.recv(1) == b"a"
        assert sock.pending() == 5
        assert sock.recv(3) == b"bcd"
        assert sock.recv(100) == b"ef"
        assert sock.pending() == 0
        theirs.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
        sock.close()


def test_what_is_sent_waits_for_the_flush_and_the_order_stays() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        ours.setblocking(False)
        sock = BufferedSocket(ours)
        assert sock.send(b"one") == 3
        assert sock.send(b"two") == 3
        assert sock.unsent
        sock.flush()
        assert not sock.unsent
        assert theirs.recv(100) == b"onetwo"
        theirs.shutdown(socket.SHUT_WR)
        sock.close()


def test_a_peer_that_reads_nothing_is_noticed() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    sock = BufferedSocket(ours)

    def fill() -> None:
        while True:
            sock.send(b"x" * CHUNK)
            sock.flush()

    with theirs, pytest.raises(BlockingIOError):
        fill()
    assert sock.unsent
    assert len(sock._unsent) <= UNSENT_LIMIT + CHUNK
    sock.close()


def test_closing_delivers_the_last_words_though_bytes_are_unread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        theirs, _ = listening.accept()
    heard = bytearray()

    def peer() -> None:
        with theirs:
            while data := theirs.recv(1000):
                heard.extend(data)

    theirs.sendall(b"never read")
    sock = BufferedSocket(ours)
    sock.send(b"last words")
    thread = threading.Thread(target=peer)
    thread.start()
    sock.close()
    thread.join()
    assert heard == b"last words"
