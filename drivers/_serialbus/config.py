"""The keys of a `[[serial]]` table that describe the line itself, whatever is spoken on it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_PORT = re.compile(r"/\S+|socket://[^\s/:]+:\d{1,5}")


class LineSettings(BaseModel):
    """One serial line.

    port: `/dev/serial/by-id/…` (stays the same when the converter is replugged), any other path of a terminal, or
    `socket://host:port` of a serial-to-Ethernet converter. parity: N, E or O.
    rs485: the port's own driver switches the direction (most converters do it by themselves).
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    port: str
    baud: Annotated[int, Field(ge=300, le=4_000_000)] = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    rs485: bool = False

    @field_validator("port")
    @classmethod
    def _known_kind(cls, port: str) -> str:
        if _PORT.fullmatch(port) is None:
            raise ValueError(
                f"{port!r} is no port: write /dev/serial/by-id/… of the converter (ls /dev/serial/by-id), "
                "or socket://host:port"
            )
        return port

    @property
    def character(self) -> float:
        """Seconds one character takes: start bit, 8 data bits, parity, stop bits."""
        bits: int = 9 + (self.parity != "N") + self.stopbits
        return bits / self.baud
