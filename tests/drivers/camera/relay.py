"""A relay between a camera and its viewers that can garble what the camera sends, or refuse."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import Final

_CHUNK: Final = 65536
_NOISE: Final = bytes(byte ^ 0x5A for byte in range(256))
_SPARED: Final = 4096  # bytes of a connection that pass untouched: the talk before the pictures


class Relay:
    """Listens on `port` of the loopback and passes everything to and from `target` of it."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._garbled = False
        self._selector = selectors.DefaultSelector()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._from_camera: dict[socket.socket, int] = {}
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._ended = False
        self._listening: socket.socket | None = None
        self.port = 0
        self.accept()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def garble(self, *, on: bool) -> None:
        """From now on send noise in place of what the camera says after its greeting."""
        self._garbled = on
        if not on:
            self._drop_all()  # the camera has been restarted

    def refuse(self) -> None:
        """Take no connection, and keep none."""
        with self._lock:
            if self._listening is not None:
                self._selector.unregister(self._listening)
                self._listening.close()
                self._listening = None
        self._drop_all()

    def accept(self) -> None:
        """Take connections (again)."""
        with self._lock:
            if self._listening is None:
                self._listening = socket.create_server(("127.0.0.1", self.port), backlog=32)
                self.port = int(self._listening.getsockname()[1])
                self._selector.register(self._listening, selectors.EVENT_READ)

    def close(self) -> None:
        """End."""
        self._ended = True
        self._wake.send(b"x")
        self._thread.join()
        self.refuse()
        self._selector.close()
        self._wake.close()
        self._woken.close()

    def _run(self) -> None:
        while not self._ended:
            for key, _ in self._selector.select(0.5):
                if key.fileobj is self._listening:
                    self._join()
                elif key.fileobj is not self._woken and isinstance(key.fileobj, socket.socket):
                    self._pass(key.fileobj)

    def _join(self) -> None:
        with self._lock:
            if self._listening is None:
                return
            with contextlib.suppress(OSError):
                viewer, _ = self._listening.accept()
                try:
                    camera = socket.create_connection(("127.0.0.1", self._target), timeout=1.0)
                except OSError:
                    viewer.close()
                    return
                self._peers |= {viewer: camera, camera: viewer}
                self._from_camera[camera] = 0
                for side in (viewer, camera):
                    side.settimeout(1.0)
                    self._selector.register(side, selectors.EVENT_READ)

    def _pass(self, side: socket.socket) -> None:
        with self._lock:
            peer = self._peers.get(side)
            if peer is None:
                return
            try:
                data = side.recv(_CHUNK)
                if side in self._from_camera:
                    passed = self._from_camera[side]
                    self._from_camera[side] = passed + len(data)
                    if self._garbled:
                        spared = max(0, _SPARED - passed)
                        data = data[:spared] + data[spared:].translate(_NOISE)
                if data:
                    peer.sendall(data)
                    return
            except OSError:
                pass
            self._drop(side)

    def _drop_all(self) -> None:
        with self._lock:
            for side in tuple(self._from_camera):
                self._drop(side)

    def _drop(self, side: socket.socket) -> None:
        peer = self._peers.pop(side, None)
        if peer is None:
            return
        self._peers.pop(peer, None)
        for one in (side, peer):
            self._from_camera.pop(one, None)
            self._selector.unregister(one)
            one.close()
