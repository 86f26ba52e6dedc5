"""What is printed at a device besides its id: a code that only this hub can make."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

LENGTH: Final = 16
"""Hexadecimal digits of a code: 64 bits, and short enough for a small print."""


def durable_key(path: Path) -> bytes:
    """The key in the file at `path`, made at the first start; OSError when it can be neither read nor made.

    Whoever has it can make the codes: it belongs to the backup and to nobody else. Lost, the codes are printed anew.
    """
    if not path.exists():
        half = path.with_suffix(".part")
        with open(half, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    return path.read_bytes()


def device_code(key: bytes, device: str) -> str:
    """The code of one device, the same at all times."""
    return hmac.new(key, f"device {device}".encode(), hashlib.sha256).hexdigest()[:LENGTH]
