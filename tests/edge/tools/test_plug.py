"""A terminal that comes and goes: what is sent arrives, what is pulled says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.tools.plug import Plug


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    made = Plug(tmp_path / "port")
    yield made
    made.pull()


def test_bytes_go_both_ways_as_they_are(plug: Plug) -> None:
    assert plug.plug()
    port = os.open(plug.path, os.O_RDWR | os.O_NOCTTY)
    try:
        os.write(port, b"\x00\r\n\xff")
        assert plug.receive(5) == b"\x00\r\n\xff"
        plug.send(b"\x11\x13\n")
        assert os.read(port, 16) == b"\x11\x13\n"
        assert plug.receive(0) == b""
    finally:
        os.close(port)


def test_a_pulled_one_vanishes_and_another_comes_in_its_place(plug: Plug) -> None:
    assert plug.receive(0) is None
    assert plug.plug()
    assert not plug.plug(), "one is there"
    plug.pull()
    assert not plug.path.exists()
    plug.send(b"lost")
    assert plug.receive(60) is None
    assert plug.plug()
    assert plug.path.is_char_device()
