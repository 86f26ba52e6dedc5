"""How a device's values reach the hub: published as messages, or laid into registers for whoever polls."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Protocol

from drivers.modbus_rtu.config import ActWrite
from drivers.modbus_rtu.frames import BITS, COILS, HOLDING_REGISTERS, WRITE_COIL, WRITE_COILS
from drivers.modbus_rtu.planning import plan_profile
from edge.domain.device import Device
from edge.domain.reading import Value
from edge.tools.modbus_slave import SlaveBus
from edge.tools.simulator.gateway import Outlet
from edge.tools.simulator.messages import OFFLINE, ONLINE, Message
from edge.tools.simulator.wire import on_the_wire, words_of

LONGEST: Final = 600.0  # seconds between two reports of a simulated device, however patient its profile is
OF_THE_PERIOD: Final = 3  # a device reports three times within the period after which it would be missed
FRESH: Final = 1.0  # seconds between two samples of a polled device's own converter


class Teller(Protocol):
    """The voice of one device.

    habit: seconds between two reports. speaks: it sends by itself, so that a press is an event of its own.
    """

    habit: float
    speaks: bool

    @property
    def silent(self) -> bool:
        """Whether it has no power, or nobody can reach it."""

    def tell(self, values: Mapping[str, Value], utc: int, pressed: Collection[str] = ()) -> None:
        """Say what the device measures now, in canonical units."""

    def silence(self, silent: bool) -> None:
        """Say nothing any more, as a device with a dead battery; or speak again."""


class MqttTeller:
    """A device behind an MQTT gateway. availability: the topic on which its bridge says whether it is there."""

    speaks = True

    def __init__(
        self, outlet: Outlet, device: Device, topic: str, message: Message, availability: str | None = None
    ) -> None:
        expect = device.profile.expect
        self.habit = min(expect / OF_THE_PERIOD, LONGEST) if expect else LONGEST
        self._outlet = outlet
        self._topic = topic
        self._message = message
        self._availability = availability
        self._silent = False
        self._available = True
        self._kept: bytes | None = None

    def tell(self, values: Mapping[str, Value], utc: int, pressed: Collection[str] = ()) -> None:
        if not self._silent:
            self._outlet.publish(self._topic, self._message(values, utc, pressed))
        elif self._kept is not None:
            self._say_whether_there()  # to who came later, what is retained says nothing about now

    @property
    def silent(self) -> bool:
        return self._silent

    def silence(self, silent: bool) -> None:
        self._silent = silent

    def available(self, there: bool) -> None:
        """The bridge finds the device there, or gone; gone, it is silent as well."""
        self._silent = not there
        if there:
            self._kept = None
        if there is not self._available:
            self._available = there
            self.appear()

    def lost_before(self, kept: bytes) -> None:
        """It fell silent before the play began; `kept` is what its bridge heard last and still keeps."""
        self._silent, self._available, self._kept = True, False, kept

    def appear(self) -> None:
        """Say again whether it is there, as a bridge does after each connection."""
        if self._kept is not None:
            self._outlet.publish(self._topic, self._kept, retain=True)
        self._say_whether_there()

    def _say_whether_there(self) -> None:
        if self._availability is not None:
            self._outlet.publish(self._availability, ONLINE if self._available else OFFLINE, retain=True)


class RegisterTeller:
    """A slave on a bus: its registers and bits, and zeros where a read passes over what nobody knows."""

    habit = FRESH
    speaks = False

    def __init__(self, bus: SlaveBus, device: Device, unit: int) -> None:
        self._bus = bus
        self._unit = unit
        self._told: Mapping[str, Value] | None = None
        self._points = [spec for spec in device.profile.points if spec.read is not None]
        for request in plan_profile(unit, device.profile):
            if request.function in BITS:
                for at in range(request.register, request.register + request.count):
                    bus.set_coil(unit, request.function, at, False)
            else:
                bus.set_register(unit, request.function, request.register, [0] * request.count)

        for output in device.profile.outputs:
            for act in output.acts:
                self._make_room(act.write)

    def _make_room(self, write: ActWrite) -> None:
        """What an act writes to is there, also where no point reads it."""
        area = COILS if write.function in {WRITE_COIL, WRITE_COILS} else HOLDING_REGISTERS
        for at in range(write.first, write.first + len(write.words)):
            if self._bus.read(self._unit, area, at) is None:
                if area == COILS:
                    self._bus.set_coil(self._unit, area, at, False)
                else:
                    self._bus.set_register(self._unit, area, at, [0])

    def again(self) -> None:
        """Lay down what was told last: what the hub wrote shows only once the device does it."""
        if self._told is not None:
            self.tell(self._told, 0)

    def tell(self, values: Mapping[str, Value], utc: int, pressed: Collection[str] = ()) -> None:
        self._told = values
        bits: dict[tuple[int, int], int] = {}
        for spec in self._points:
            read, value = spec.read, on_the_wire(spec, values[spec.id])
            if read.function in BITS:
                self._bus.set_coil(self._unit, read.function, read.first, bool(value))
            elif read.bit is not None:
                place = (read.function, read.first)
                word = bool(value) << (read.bit ^ 8 if read.order in {"BADC", "DCBA"} else read.bit)
                bits[place] = bits.get(place, 0) | word
            elif isinstance(value, int | float):
                words = words_of(value, read.type, read.order)
                self._bus.set_register(self._unit, read.function, read.first, words)
        for (function, register), word in bits.items():
            self._bus.set_register(self._unit, function, register, [word])

    @property
    def silent(self) -> bool:
        return self._unit in self._bus.dead

    def silence(self, silent: bool) -> None:
        if silent:
            self._bus.dead.add(self._unit)
        else:
            self._bus.dead.discard(self._unit)
