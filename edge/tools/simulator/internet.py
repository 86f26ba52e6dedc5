"""The internet as far as a demo needs it: one chat group behind a webhook, and a cable that can be pulled."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

ADDRESS: Final = "127.0.0.1"
LONGEST: Final = 1 << 20
SILENCE: Final = 5.0  # seconds a caller may take


class Internet:
    """A group at `json://127.0.0.1:PORT/` in the words of Apprise. texts: what it was sent, oldest first.

    port: 0 for a free one, then known after `start`. say: told each text.
    """

    def __init__(self, port: int, say: Callable[[str], None]) -> None:
        self.port = port
        self.texts: list[str] = []
        self._say = say
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """As Apprise takes it."""
        return f"json://{ADDRESS}:{self.port}/"

    def start(self) -> None:
        """Take messages; OSError when the port is taken."""
        if self._server is not None:
            return
        world = self

        class Group(BaseHTTPRequestHandler):
            timeout = SILENCE

            def do_POST(self) -> None:
                length = self.headers.get("Content-Length", "")
                if not (length.isascii() and length.isdigit() and int(length) <= LONGEST):
                    self.send_error(400)
                    return
                world.told(self.rfile.read(int(length)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return  # what is told is said once, by `told`

        self._server = ThreadingHTTPServer((ADDRESS, self.port), Group)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1})
        self._thread.start()

    def stop(self) -> None:
        """Pull the cable: from now on every connection is refused."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = None

    def told(self, body: bytes) -> None:
        """A message of the hub."""
        try:
            text = str(json.loads(body)["message"])
        except (ValueError, KeyError, TypeError):
            self._say("the group gets something that is no message")
            return
        self.texts.append(text)
        self._say(f"the group reads: {text}")
