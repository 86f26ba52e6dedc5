"""What the site's files say about a modem: its line, and what a profile's points show of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from drivers._serialbus.config import LineSettings
from edge.driver import DriverSchema

DIALECT = "at-modem"


class ModemSettings(LineSettings):
    """`[[serial]]`: the port of the modem's AT commands.

    baud: of no meaning over USB. timeout: seconds a plain command may take; sending has its own. validity: hours the
    network tries to deliver a text.
    """

    baud: Annotated[int, Field(ge=300, le=4_000_000)] = 115200
    timeout: Annotated[float, Field(ge=0.05, le=60, allow_inf_nan=False)] = 5.0
    validity: Annotated[int, Field(ge=1, le=168)] = 24


class ModemAddress(BaseModel):
    """`address = { dialect = "at-modem", bus = "modem-1" }`: a modem is alone on its line."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    bus: str


class ModemRead(BaseModel):
    """`read` of a profile. poll: seconds between two looks at signal, network and SIM."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    poll: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 15.0


class PointRead(BaseModel):
    """`read` of a point: which of the modem's states it shows."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    value: Literal["signal", "operator", "registration", "no-network", "sim", "sim-fault"]


def _bus(address: ModemAddress) -> str:
    return address.bus


SCHEMA = DriverSchema(
    dialect=DIALECT,
    kind="serial",
    connection=ModemSettings,
    address=ModemAddress,
    profile=ModemRead,
    point=PointRead,
    key=_bus,
    bus_of=_bus,
    messenger=True,
)
