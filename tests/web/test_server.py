from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import subprocess

import httpx
import pytest

from web.server import Listen, ListenError, WebServer, parse_listen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("192.0.2.1:0", ("192.0.2.1", 0)),
        ("[::1]:443", ("::1", 443)),
        ("localhost:80", ("localhost", 80)),
    ],
)
def test_host_and_port(text, expected):
    assert parse_listen(text) == expected


@pytest.mark.parametrize(
    "text", ["", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "h:70000", "::1:80", "h:-1"]
)
def test_no_host_and_port(text):
    with pytest.raises(ListenError, match=r"127\.0\.0\.1:8080"):
        parse_listen(text)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "hub.example"])  # noqa: S104 - refused
def test_other_machines_are_not_served_in_the_clear_by_accident(hub, host):
    with pytest.raises(ListenError, match="--insecure-lan"):
        WebServer(hub, Listen(host=host))
    WebServer(hub, Listen(host=host, insecure_lan=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_needs_no_tls(host):
    Listen(host=host).check()


def test_half_of_tls_is_refused(tmp_path):
    with pytest.raises(ListenError, match="both"):
        Listen(certificate=tmp_path / "c.pem").check()


async def test_it_serves_on_a_free_port_and_leaves_it(hub):
    before = signal.getsignal(signal.SIGTERM)
    server = WebServer(hub, Listen(port=0))
    await server.start()
    assert signal.getsignal(signal.SIGTERM) is before  # the hub's signals stay the hub's
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get("/healthz")).status_code == 200
    port = server.port
    assert port > 0
    await server.stop()
    await server.stop()  # twice is fine
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


async def test_an_event_waits_for_nobodys_acknowledgement(hub):
    server = WebServer(hub, Listen(port=0))
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await reader.readline()
    assert server._server is not None
    (accepted,) = server._server.server_state.connections
    theirs = accepted.transport.get_extra_info("socket")
    assert theirs.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    writer.close()
    await writer.wait_closed()
    await server.stop()


async def test_a_taken_port_is_said_plainly(hub):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"127.0.0.1:{port}.*another address or port"):
            await WebServer(hub, Listen(port=port)).start()


async def test_a_missing_certificate_is_said_plainly(hub, tmp_path):
    listen = Listen(port=0, certificate=tmp_path / "c.pem", key=tmp_path / "k.pem")
    with pytest.raises(ListenError, match=r"c\.pem"):
        await WebServer(hub, listen).start()


@pytest.fixture
def pair(tmp_path):
    """A certificate of 127.0.0.1 and its key."""
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return certificate, key


async def test_tls(hub, pair):
    certificate, key = pair
    server = WebServer(hub, Listen(host="127.0.0.1", port=0, certificate=certificate, key=key))
    await server.start()
    assert server.url.startswith("https://")
    trust = ssl.create_default_context(cafile=str(certificate))
    async with httpx.AsyncClient(base_url=server.url, verify=trust) as client:
        assert (await client.get("/healthz")).status_code == 200
    await server.stop()
