"""What the fields of a Zigbee2MQTT state mean, where no profile says so (source: its "exposes" and device pages)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from edge.domain.device import Signal


@dataclass(frozen=True, slots=True)
class Meaning:
    """Of one field: a quantity with its unit on the wire, or a signal."""

    quantity: str | None = None
    unit: str | None = None
    signal: Signal | None = None


MEANINGS: Final[Mapping[str, Meaning]] = {
    # states
    "smoke": Meaning(signal=Signal.FIRE),
    "gas": Meaning(signal=Signal.GAS),
    "carbon_monoxide": Meaning(signal=Signal.GAS),
    "sos": Meaning(signal=Signal.SOS),
    "water_leak": Meaning(signal=Signal.PROCESS),
    "tamper": Meaning(signal=Signal.FAULT),  # a detector off its base: GB/T 45839-2025 5.5.1 b
    "battery_low": Meaning(signal=Signal.FAULT),
    # measured values
    "battery": Meaning("battery", "%"),
    "linkquality": Meaning("link_quality", "LQI"),
    "temperature": Meaning("temperature", "°C"),
    "device_temperature": Meaning("temperature", "°C"),
    "humidity": Meaning("humidity", "%"),
    "pressure": Meaning("pressure", "hPa"),
    "illuminance": Meaning("illuminance", "lx"),
    "illuminance_lux": Meaning("illuminance", "lx"),
    "co": Meaning("co", "ppm"),
    "co2": Meaning("co2", "ppm"),
    "pm25": Meaning("pm", "µg/m³"),
    "pm10": Meaning("pm", "µg/m³"),
    "hcho": Meaning("hcho", "mg/m³"),
    "formaldehyd": Meaning("hcho", "mg/m³"),
    "noise": Meaning("noise", "dBA"),
    "current": Meaning("current", "A"),
}
NOTHING: Final = Meaning()

SOS_ACTIONS: Final = frozenset({"emergency", "panic", "sos"})
"""Words of `action` with which the makers of emergency buttons say that somebody asks for help."""

ABOUT_THE_MESSAGE: Final = frozenset(
    {"last_seen", "elapsed", "update", "update_available", "action_transaction"}
)
"""Fields that are no value of the device."""

TRUTH: Final[Mapping[Any, bool]] = {
    True: True,  # and 1
    False: False,  # and 0
    "true": True,
    "on": True,
    "1": True,
    "false": False,
    "off": False,
    "0": False,
}
"""How a bridge or converter writes a state, in lower case. True is what the field's name says: smoke, leak, tamper."""


def truth(value: Any) -> bool | None:
    """The state `value` stands for; None when it is none of `TRUTH`."""
    if isinstance(value, str):
        return TRUTH.get(value.lower())
    return TRUTH.get(value) if isinstance(value, bool | int) else None


def voltage_unit(state: Mapping[str, Any]) -> str:
    """Battery devices report millivolts, mains devices volts, under the same name."""
    return "mV" if "battery" in state or "battery_low" in state else "V"
