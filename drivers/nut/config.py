"""Tables of the `nut` dialect in site.toml, devices and profiles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator

from edge.driver import DriverSchema

DIALECT: Final = "nut"
PORT: Final = 3493  # IANA: nut, RFC 9271 clause 7
NAME: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}")  # what needs no quotes in a line of the protocol
STATUS: Final = "ups.status"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Seconds = Annotated[float, Field(ge=0.2, le=600, allow_inf_nan=False)]
Word = Annotated[str, Field(pattern=rf"^{NAME.pattern}$")]
Words = Annotated[list[Word], Field(min_length=1, max_length=16)]


class ServerSettings(_Table):
    """`[[nut]]`: one `upsd`.

    poll: seconds between two readings of each UPS. timeout: seconds for an answer. username, password_file: where the
    server wants to know who asks; the first line of the file is the password, read at each connecting.
    """

    host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = PORT
    username: Word | None = None
    password_file: Annotated[Path, Strict(False)] | None = None
    poll: Seconds = 5.0
    timeout: Seconds = 5.0

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.username is None) is not (self.password_file is None):
            raise ValueError("`username` and `password_file` go together")
        return self


class UpsAddress(_Table):
    """`address = { dialect = "nut", server = "nut-1", ups = "hub" }`: the name that ups.conf gives it."""

    server: Word
    ups: Word


class UpsRead(_Table):
    """Nothing to say for a whole UPS."""


class VariableRead(_Table):
    """`read = {…}` of a point. variable: as `upsc` prints it. divide: a number is divided by it (seconds to minutes).

    words, unless: for states: abnormal where one of `words` is among those of the variable ("OB" in "OB DISCHRG"), and
    none of `unless`.
    """

    variable: Word
    divide: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    words: Words | None = None
    unless: Words | None = None

    @model_validator(mode="after")
    def _state_or_number(self) -> Self:
        if self.unless is not None and self.words is None:
            raise ValueError("`unless` needs `words`: what means an alarm")
        if self.words is not None and self.divide != 1.0:
            raise ValueError("a state is not divided: `words` or `divide`")
        return self


def _key(address: UpsAddress) -> str:
    return f"{address.server}/{address.ups}"


def _server(address: UpsAddress) -> Any:
    return address.server


SCHEMA: Final = DriverSchema(
    dialect=DIALECT,
    kind="nut",
    connection=ServerSettings,
    address=UpsAddress,
    profile=UpsRead,
    point=VariableRead,
    key=_key,
    bus_of=_server,
)
