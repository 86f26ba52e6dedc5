"""The `[[mqtt]]` table of site.toml: how to reach a broker."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, Strict, model_validator

PLAIN_PORT: Final = 1883
TLS_PORT: Final = 8883
PAYLOAD_LIMIT: Final = 256 * 1024

SitePath = Annotated[Path, Strict(False)]
"""A path of site.toml: TOML knows only strings."""


class Table(BaseModel):
    """A strict TOML table: no unknown key, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class StateTable(Table):
    """Part of a point's `read = {…}`, for states that come as codes or words: see `drivers._mqtt.states`."""

    abnormal: Annotated[Sequence[bool | int | str] | None, Field(min_length=1)] = None
    normal: Annotated[Sequence[bool | int | str] | None, Field(min_length=1)] = None

    @model_validator(mode="after")
    def _abnormal_first(self) -> Self:
        if self.normal is not None and self.abnormal is None:
            raise ValueError("`normal` needs `abnormal`: what means an alarm")
        return self


class TlsSettings(Table):
    """`tls = {…}`: encrypt, and check the broker's certificate.

    ca: certificate authority that signed the broker's certificate; the system's own ones when left out.
    certificate, key: the hub's own, where the broker asks for one. insecure: do not check whom we talk to.
    """

    ca: SitePath | None = None
    certificate: SitePath | None = None
    key: SitePath | None = None
    insecure: bool = False

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if self.key is not None and self.certificate is None:
            raise ValueError("`key` needs the `certificate` it belongs to")
        return self


class BrokerSettings(Table):
    """One broker.

    password_file: first line is the password. password_env: name of an environment variable that holds it.
    password: in clear, for those who choose so. At most one of the three, and never without username.
    version: "auto" speaks MQTT 5 and falls back to 3.1.1; "3.1.1" spares an old broker the question.
    hub: first part of the client id; two hubs on one broker need different ones.
    receive_maximum: deliveries the broker may have under way before their acknowledgement (MQTT 5).
    payload_limit: bytes; a larger payload is counted, shown as rejected and acknowledged.
    """

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    username: Annotated[str, Field(min_length=1)] | None = None
    password_file: SitePath | None = None
    password_env: Annotated[str, Field(min_length=1)] | None = None
    password: SecretStr | None = None
    tls: TlsSettings | None = None
    version: Literal["auto", "3.1.1"] = "auto"
    hub: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] = "edge-hub"
    receive_maximum: Annotated[int, Field(ge=1, le=65535)] = 4096
    payload_limit: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = PAYLOAD_LIMIT

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        given = [
            key for key in ("password_file", "password_env", "password") if getattr(self, key) is not None
        ]
        if len(given) > 1:
            raise ValueError(f"give one password, not {' and '.join(f'`{key}`' for key in given)}")
        if given and self.username is None:
            raise ValueError(f"`{given[0]}` needs a `username`")
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Where to connect; the port follows from `tls` when it is not given."""
        return self.host, self.port or (PLAIN_PORT if self.tls is None else TLS_PORT)

    def read_password(self) -> str | None:
        """The password as it stands now; OSError or KeyError when its file or variable cannot be read."""
        if self.password_file is not None:
            lines = self.password_file.read_text("utf-8").splitlines()
            return lines[0] if lines else ""
        if self.password_env is not None:
            return os.environ[self.password_env]
        return None if self.password is None else self.password.get_secret_value()


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """`Connection.settings` of every MQTT source: its broker, and its own `[[mqtt.listen]]` table."""

    broker: BrokerSettings
    listen: Any


def combine(broker: BrokerSettings, listen: Any) -> ListenerSettings:
    """For `DriverSchema.combine`."""
    return ListenerSettings(broker, listen)
