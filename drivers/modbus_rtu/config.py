"""What the site's files say about Modbus RTU: the lines, the units on them, and where a profile's points lie."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from drivers._serialbus.config import LineSettings
from drivers.modbus_rtu.frames import (
    BITS,
    COILS,
    SINGLE_WRITES,
    WRITE_COIL,
    WRITE_COILS,
)
from drivers.modbus_rtu.values import NumberType, WordOrder, width
from edge.driver import DriverSchema

DIALECT = "modbus-rtu"

Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class BusSettings(LineSettings):
    """`[[serial]]`: one line and how long a unit on it may take to begin its answer."""

    timeout: Annotated[float, Field(ge=0.02, le=10, allow_inf_nan=False)] = 0.3


class UnitAddress(BaseModel):
    """`address = { dialect = "modbus-rtu", bus = "bus-1", unit = 17 }`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    bus: str
    unit: Annotated[int, Field(ge=1, le=254)]  # 1-247 by the standard; some makers answer beyond


class DeviceRead(BaseModel):
    """`read` of a profile: how the device is polled.

    poll: seconds between reads. timeout: seconds to the first byte of an answer, None: the line's.
    gap: registers nobody asked for that may be read along to save a request; 0 where the device refuses holes.
    limit: registers the device gives at once.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    poll: Seconds = 5.0
    timeout: Annotated[float | None, Field(ge=0.02, le=10, allow_inf_nan=False)] = None
    gap: Annotated[int, Field(ge=0, le=124)] = 0
    limit: Annotated[int, Field(ge=1, le=125)] = 125


class PointRead(BaseModel):
    """`read` of a point: where its value lies.

    function: 1 coils, 2 discrete inputs, 3 holding registers, 4 input registers. register: counted from 0 as on the
    wire ("40001" of a manual is function 3, register 0). type, order: how the number is laid out, for functions 3 and
    4. bit: one bit of the register, 0 the lowest, makes it a state.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    function: Annotated[int, Field(ge=COILS, le=4)]
    first: int = Field(alias="register", ge=0, le=65535)  # the metaclass has a `register` of its own
    type: NumberType = "uint16"
    order: WordOrder = "ABCD"
    bit: Annotated[int | None, Field(ge=0, le=15)] = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = self.model_fields_set
        if self.function in BITS and (odd := given & {"type", "order", "bit"}):
            raise ValueError(f"{min(odd)}: functions 1 and 2 read single bits, which have no {min(odd)}")
        if self.bit is not None and self.type != "uint16":
            raise ValueError("bit: one bit is taken from one register; leave type out")
        if self.first + self.count > 65536:
            raise ValueError("register: the value ends behind register 65535")
        return self

    @property
    def count(self) -> int:
        """Registers, or bits of functions 1 and 2, that the value takes."""
        return 1 if self.function in BITS else width(self.type)


class ActWrite(BaseModel):
    """`write` of an output's act: what is written to tell the device so.

    function: 5 one coil, 6 one holding register, 15 several coils, 16 several holding registers. register: counted
    from 0 as on the wire. value: true or false for a coil, 0 to 65535 for a register; a list of them for 15 and 16.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    function: Literal[5, 6, 15, 16]
    first: int = Field(alias="register", ge=0, le=65535)
    value: bool | int | list[bool] | list[int]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        single, coils = self.function in SINGLE_WRITES, self.function in {WRITE_COIL, WRITE_COILS}
        if single is isinstance(self.value, list):
            raise ValueError(
                f"value: function {self.function} writes {'one value' if single else 'a list of values'}"
            )
        values = self.value if isinstance(self.value, list) else [self.value]
        if any(isinstance(value, bool) is not coils for value in values):
            raise ValueError(
                f"value: function {self.function} writes {'true or false' if coils else 'whole numbers'}"
            )
        if any(not 0 <= value <= 65535 for value in values):
            raise ValueError("value: a register holds 0 to 65535")
        most = 1968 if coils else 123
        if not 1 <= len(values) <= most:
            raise ValueError(f"value: function {self.function} writes 1 to {most} at once")
        if self.first + len(values) > 65536:
            raise ValueError("register: the values end behind register 65535")
        return self

    @property
    def words(self) -> tuple[int, ...]:
        """The values as on the wire: 0 or 1 of a coil, the word of a register."""
        return tuple(map(int, self.value)) if isinstance(self.value, list) else (int(self.value),)


def _key(address: UnitAddress) -> str:
    return f"{address.bus}/{address.unit}"


def _bus(address: UnitAddress) -> str:
    return address.bus


SCHEMA = DriverSchema(
    dialect=DIALECT,
    kind="serial",
    connection=BusSettings,
    address=UnitAddress,
    profile=DeviceRead,
    point=PointRead,
    key=_key,
    bus_of=_bus,
    write=ActWrite,
)
