"""A camera's `url`, taken apart for those who connect to it."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote, urlsplit

_PORTS: Final = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}

Kind = Literal["rtsp", "http", "usb", "file"]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a camera's pictures come from.

    kind: rtsps and https count as rtsp and http with `encrypted`. url: as written, without user. host, port, target
    (path and query), netloc: of a stream; path: of a device or file. The password is not shown.
    """

    kind: Kind
    url: str
    host: str = ""
    port: int = 0
    netloc: str = ""
    target: str = "/"
    path: str = ""
    encrypted: bool = False
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Address({self.url!r})"

    @property
    def named(self) -> bool:
        """Whether a name server has to be asked where it is."""
        for family in (socket.AF_INET, socket.AF_INET6):
            with contextlib.suppress(OSError):
                socket.inet_pton(family, self.host)
                return False
        return bool(self.host)

    @property
    def opened(self) -> str:
        """What OpenCV is given: the device, the file, or the address with the user in it."""
        if self.kind in ("usb", "file"):
            return self.path
        if not self.username:
            return self.url
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{quote(self.username, safe='')}:{quote(self.password, safe='')}@{rest}"


def read(url: str, username: str | None = None, password: str | None = None) -> Address:
    """The address that `url` means; ValueError when it means none."""
    scheme, _, rest = url.partition(":")
    if scheme == "usb" and rest:
        return Address("usb", url, path=rest)
    if scheme == "file" and rest:
        return Address("file", url, path=rest)
    parts = urlsplit(url)
    if scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"{url!r} is no address of a camera")
    kind: Kind = "rtsp" if scheme.startswith("rtsp") else "http"
    return Address(
        kind,
        url,
        host=parts.hostname,
        port=parts.port or _PORTS[scheme],
        netloc=parts.netloc,
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        encrypted=scheme.endswith("s"),
        username=username or "",
        password=password or "",
    )
