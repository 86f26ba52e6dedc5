from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.camera import probing, troubles
from drivers.camera.addresses import Address, read
from edge.domain.camera import FAULTS
from tests.drivers.camera.streams import MjpegRig, RtspRig, rtsp_missing

SDP = "v=0\r\nm=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\nm=video 0 RTP/AVP {}\r\n"


@contextmanager
def answering(reply: bytes | None, *, close: bool = True) -> Iterator[int]:
    """A server that answers everything with `reply` (None: not at all); its port."""
    server = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        held = []
        while not ended.is_set():
            try:
                line, _ = server.accept()
            except OSError:
                break
            held.append(line)
            line.settimeout(5.0)
            if reply is not None:
                line.recv(4096)
                line.sendall(reply)
                if close:
                    line.close()
        for line in held:
            line.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        ended.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def described(media: str) -> bytes:
    body = SDP.format(media).encode()
    return b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (described("96\r\na=rtpmap:96 H264/90000"), None),
        (described("97\r\na=rtpmap:97 h265/90000"), None),
        (described("26"), None),
        (described("96\r\na=rtpmap:96 JPEG2000/90000"), "wrong-codec"),
        (described("32"), "wrong-codec"),
        (described("96\r\nm=\r\nm=video"), "wrong-codec"),
        (b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nv=0", "wrong-codec"),
        (b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n", "no-stream"),
        (b"RTSP/1.0 503 Service Unavailable\r\n\r\n", "no-stream"),
        (b"RTSP/1.0 403 Forbidden\r\n\r\n", "wrong-password"),
        (
            b'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="x", nonce="n"\r\n\r\n',
            "wrong-password",
        ),
        (b"SSH-2.0-dropbear\r\n\r\n", "no-stream"),
        (b"\0\xff" * 40_000, "no-stream"),
        (b"", "refused"),
    ],
)
def test_what_rtsp_answers_is_named(reply: bytes, fault: str | None) -> None:
    with answering(reply) as port:
        trouble = probing.ask(read(f"rtsp://127.0.0.1:{port}/live"))
    assert (trouble and trouble.fault) == fault


@pytest.mark.parametrize(
    ("kind", "body", "trouble"),
    [
        ("multipart/x-mixed-replace; boundary=x", b"--x\r\nA: b\r\n\r\n\xff\xd8\xff", None),
        ("multipart/x-mixed-replace; boundary=x", b"--x\r\nA: b\r\n\r\nnoise", troubles.GARBLED),
        ("multipart/x-mixed-replace; boundary=x", b"", None),
        ("text/html", b"<html>", troubles.WEB_PAGE),
        ("image/jpeg", b"\xff\xd8", troubles.ONE_PICTURE),
        ("application/json", b"{}", troubles.wrong_codec("application/json")),
        ("video/mp2t", b"G", None),
    ],
)
def test_what_http_answers_is_named(kind: str, body: bytes, trouble: troubles.Trouble | None) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n%s" % (kind.encode(), body)) as port:
        assert probing.ask(read(f"http://127.0.0.1:{port}/")) == trouble


def test_passwords_are_tried_as_the_camera_asks() -> None:
    with MjpegRig("viewer", "right") as rig:
        assert probing.ask(read(rig.url, "viewer", "right")) is None
        assert probing.ask(read(rig.url, "viewer", "wrong")) == troubles.PASSWORD
        assert probing.ask(read(rig.url)) == troubles.NO_PASSWORD


@pytest.mark.skipif(rtsp_missing() is not None, reason=str(rtsp_missing()))
def test_a_real_rtsp_server_takes_the_digest() -> None:
    with RtspRig("viewer", "right") as rig:
        assert probing.ask(read(rig.url, "viewer", "right")) is None
        assert probing.ask(read(rig.url, "viewer", "wrong")) == troubles.PASSWORD
        assert probing.ask(read(f"{rig.url}-not", "viewer", "right")) == troubles.NOT_FOUND


def asked_in_time(address: Address) -> troubles.Trouble | None:
    begun = time.monotonic()
    try:
        return probing.ask(address, patience=0.3)
    finally:
        assert time.monotonic() - begun < 20


def test_one_that_hangs_is_not_waited_for() -> None:
    with answering(None) as port:
        assert asked_in_time(read(f"rtsp://127.0.0.1:{port}/live")) == troubles.SILENT
    with answering(b"RTSP/1.0 200 OK\r\nContent-Length: 50\r\n\r\nv=0", close=False) as port:
        assert asked_in_time(read(f"rtsp://127.0.0.1:{port}/live")) == troubles.NO_VIDEO


def test_refused_unknown_and_a_name_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert probing.ask(read(f"http://127.0.0.1:{port}/")) == troubles.REFUSED
    assert probing.ask(read(f"rtsp://{'long' * 30}/")) == troubles.UNKNOWN_HOST
    assert resolving(monkeypatch, socket.gaierror(socket.EAI_NONAME, "")) == troubles.UNKNOWN_HOST
    assert resolving(monkeypatch, socket.gaierror(socket.EAI_AGAIN, "")) == troubles.NO_DNS
    answered = threading.Event()
    assert resolving(monkeypatch, lambda: answered.wait() and []) == troubles.NO_DNS
    answered.set()


def resolving(monkeypatch: pytest.MonkeyPatch, does: OSError | Callable[[], object]) -> object:
    def fail(*_: object, **__: object) -> object:
        if isinstance(does, OSError):
            raise does
        return does()

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", fail)
        return asked_in_time(read("rtsp://cam/live"))


def test_a_port_without_tls_says_so() -> None:
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert probing.ask(read(f"https://127.0.0.1:{port}/")) == troubles.NO_TLS


def test_devices_and_clips_are_looked_for(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    assert probing.ask(read(f"file:{clip}")) == troubles.NO_FILE
    clip.touch()
    assert probing.ask(read(f"file:{clip}")) is None
    assert probing.ask(read("usb:/dev/no-such-camera")) == troubles.NO_CAMERA


def test_every_trouble_has_the_name_of_a_fault_and_both_languages() -> None:
    every = [value for value in vars(troubles).values() if isinstance(value, troubles.Trouble)]
    every += [troubles.wrong_codec("VP8"), *filter(None, map(troubles.status, range(200, 600)))]
    for trouble in every:
        assert trouble.fault in FAULTS
        assert trouble.detail.zh
        assert trouble.detail.en
