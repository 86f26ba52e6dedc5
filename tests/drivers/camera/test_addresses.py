from __future__ import annotations

import pytest

from drivers.camera.addresses import read


@pytest.mark.parametrize(
    ("url", "kind", "host", "port", "target"),
    [
        ("rtsp://192.0.2.31/live/sub", "rtsp", "192.0.2.31", 554, "/live/sub"),
        ("rtsps://cam:8322/a?b=c", "rtsp", "cam", 8322, "/a?b=c"),
        ("http://[2001:db8::5]:8080", "http", "2001:db8::5", 8080, "/"),
        ("https://cam/video.mjpg", "http", "cam", 443, "/video.mjpg"),
    ],
)
def test_a_stream_has_host_port_and_path(url: str, kind: str, host: str, port: int, target: str) -> None:
    address = read(url)
    assert (address.kind, address.host, address.port, address.target) == (kind, host, port, target)
    assert address.encrypted == (url.partition(":")[0] in ("rtsps", "https"))
    assert address.opened == url


def test_only_names_have_to_be_resolved() -> None:
    named = [
        read(f"rtsp://{host}/live").named
        for host in ("192.0.2.31", "[2001:db8::5]", "cam", "1.2.3.4.example")
    ]
    assert named == [False, False, True, True]
    assert not read("usb:/dev/video0").named


def test_a_device_and_a_clip_are_paths() -> None:
    assert read("usb:/dev/video0").opened == "/dev/video0"
    assert read("file:/srv/a b.mp4").opened == "/srv/a b.mp4"


def test_user_and_password_go_where_it_is_opened_and_are_not_shown() -> None:
    address = read("rtsp://cam:8554/live", "gate", "p@ss:wörd/")
    assert address.opened == "rtsp://gate:p%40ss%3Aw%C3%B6rd%2F@cam:8554/live"
    assert "p@ss" not in repr(address)


@pytest.mark.parametrize("url", ["", "rtsp://", "ftp://cam/x", "usb:", "cam/live", "rtsp://cam:port/x"])
def test_what_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(url)
