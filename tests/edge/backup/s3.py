"""A store of objects on this machine, as much of S3 as rclone asks of it: list, head, put, copy, get, delete.

A stand-in of our own: it shows what rclone sends and that our answers to its words hold, not that every store agrees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_STAMP = "2026-06-01T00:00:00.000Z"


@dataclass
class Store:
    """objects: by bucket and key. refuses: the code it answers every write with, None to take it. keys: seen."""

    url: str = ""
    objects: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refuses: str | None = None
    signed_by: set[str] = field(default_factory=set)


class _Handler(BaseHTTPRequestHandler):
    store: Store
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        return

    def _place(self) -> tuple[str, str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        _, _, credential = self.headers.get("Authorization", "").partition("Credential=")
        self.store.signed_by.add(credential.partition("/")[0])
        return bucket, key, parse_qs(parts.query)

    def _answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _object(self) -> None:
        bucket, key, query = self._place()
        if bucket not in self.store.objects:
            self._refuse(404, "NoSuchBucket")
        elif not key:
            self._answer(200, _listing(self.store.objects[bucket], query), Content_Type="application/xml")
        elif key not in self.store.objects[bucket]:
            self._refuse(404, "NoSuchKey")
        else:
            content = self.store.objects[bucket][key]
            stamp = "Mon, 01 Jun 2026 00:00:00 GMT"
            self._answer(200, content, ETag=_tag(content), Last_Modified=stamp)

    do_GET = do_HEAD = _object  # noqa: N815 - names of the library

    def do_PUT(self) -> None:
        bucket, key, _ = self._place()
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.store.refuses is not None:
            self._refuse(403, self.store.refuses)
        elif bucket not in self.store.objects:
            self._refuse(404, "NoSuchBucket")
        elif source := self.headers.get("x-amz-copy-source"):
            _, _, old = unquote(source).lstrip("/").partition("/")
            content = self.store.objects[bucket][key] = self.store.objects[bucket][old]
            done = f"<CopyObjectResult><ETag>{_tag(content)}</ETag><LastModified>{_STAMP}</LastModified>"
            self._answer(200, f"{done}</CopyObjectResult>".encode())
        else:
            self.store.objects[bucket][key] = content
            self._answer(200, ETag=_tag(content))

    def do_DELETE(self) -> None:
        bucket, key, _ = self._place()
        self.store.objects.get(bucket, {}).pop(key, None)
        self._answer(204)


@contextmanager
def store() -> Iterator[Store]:
    """It answers for as long as this is open."""
    kept = Store()
    handler = type("Handler", (_Handler,), {"store": kept})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()


def _tag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _listing(objects: dict[str, bytes], query: dict[str, list[str]]) -> bytes:
    prefix = query.get("prefix", [""])[0]
    rows = "".join(
        f"<Contents><Key>{escape(key)}</Key><LastModified>{_STAMP}</LastModified><ETag>{escape(_tag(content))}</ETag>"
        f"<Size>{len(content)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for key, content in sorted(objects.items())
        if key.startswith(prefix)
    )
    head = f"<Prefix>{escape(prefix)}</Prefix><IsTruncated>false</IsTruncated>"
    return f"<ListBucketResult>{head}{rows}</ListBucketResult>".encode()
