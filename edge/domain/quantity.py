"""Quantities: what can be measured, its canonical unit, its physical range, and the units that convert to it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.domain.names import Text

_FOLD: Final = str.maketrans({"μ": "µ", "³": "3", "²": "2", "㎎": "mg", "℃": "°C", "º": "°", "－": "-"})


class UnitError(ValueError):
    """A unit that does not measure the quantity."""


def fold_unit(unit: str) -> str:
    """One spelling for look-alikes: µ/μ, ℃/°C, ³/3, full-width forms, blanks (home-assistant/core#87362)."""
    text = unit.strip().translate(_FOLD)
    text = unicodedata.normalize("NFKC", text).translate(_FOLD)
    return "".join(text.split())


@dataclass(frozen=True, slots=True)
class Quantity:
    """One kind of measured thing.

    unit: canonical. low, high: what is physically possible on such a site; a value outside is a broken sensor.
    units: folded unit -> (factor, offset), canonical = value * factor + offset.
    """

    id: str
    unit: str
    low: float
    high: float
    name: Text
    decimals: int = 1
    units: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def conversion(self, unit: str | None) -> tuple[float, float]:
        """(factor, offset) from `unit` to the canonical unit; UnitError names the units that fit."""
        if unit is None:
            return (1.0, 0.0)
        folded = fold_unit(unit)
        if folded == fold_unit(self.unit):
            return (1.0, 0.0)
        known = self.units.get(folded)
        if known is None:
            fitting = ", ".join([self.unit, *self.units])
            msg = f"{unit!r} is no unit of {self.id}; units that fit: {fitting}"
            raise UnitError(msg)
        return known


def _q(
    id: str,
    unit: str,
    low: float,
    high: float,
    zh: str,
    en: str,
    decimals: int = 1,
    **units: float | tuple[float, float],
) -> Quantity:
    """One row of the table below; units: what one of the other unit is in the canonical one, or (factor, offset)."""
    table = {
        fold_unit(name.replace("_per_", "/").replace("deg", "°").replace("pct", "%").replace("u_", "µ")): (
            u if isinstance(u, tuple) else (u, 0.0)
        )
        for name, u in units.items()
    }
    return Quantity(id, unit, low, high, Text(zh, en), decimals, table)


# Ranges are those of the sensors this field sells, not of physics: wide enough for every real reading,
# narrow enough that a swapped word order or a stuck-at-0xFFFF register falls outside.
QUANTITIES: Final[Mapping[str, Quantity]] = {
    q.id: q
    for q in (
        _q("distance", "mm", 0, 100_000, "距离", "distance", 0, cm=10, m=1000),
        _q("level", "%", 0, 110, "满溢度", "level", 0),
        _q("depth", "mm", 0, 100_000, "液位", "depth", 0, cm=10, m=1000),
        _q(
            "temperature",
            "°C",
            -60,
            1000,
            "温度",
            "temperature",
            1,
            degF=(5 / 9, -160 / 9),
            K=(1, -273.15),
            C=1,
        ),
        _q("humidity", "%", 0, 100, "湿度", "humidity", 0, pctRH=1),
        _q("battery", "%", 0, 100, "电量", "battery", 0),
        _q("voltage", "V", 0, 1000, "电压", "voltage", 2, mV=0.001, kV=1000),
        _q("current", "A", -2000, 2000, "电流", "current", 2, mA=0.001),
        _q("conductivity", "µS/cm", 0, 200_000, "电导率", "conductivity", 0, mS_per_cm=1000),
        _q("tds", "mg/L", 0, 100_000, "溶解性总固体", "TDS", 0, ppm=1),
        _q("turbidity", "NTU", 0, 4000, "浊度", "turbidity", 2, FNU=1),
        _q("ph", "pH", 0, 14, "pH", "pH", 2),
        _q("free_chlorine", "mg/L", 0, 20, "余氯", "free chlorine", 2, ppm=1),
        _q("dissolved_oxygen", "mg/L", 0, 50, "溶解氧", "dissolved oxygen", 1, ppm=1),
        _q("orp", "mV", -2000, 2000, "氧化还原电位", "ORP", 0, V=1000),
        _q("pressure", "kPa", -101, 10_000, "压力", "pressure", 0, MPa=1000, bar=100, Pa=0.001, hPa=0.1),
        _q("combustible_gas", "%LEL", 0, 100, "可燃气体", "combustible gas", 0),
        _q("co", "ppm", 0, 5000, "一氧化碳", "carbon monoxide", 0),
        _q("h2s", "ppm", 0, 1000, "硫化氢", "hydrogen sulphide", 1),
        _q("nh3", "ppm", 0, 1000, "氨", "ammonia", 1),
        _q("hcho", "µg/m³", 0, 100_000, "甲醛", "formaldehyde", 0, mg_per_m3=1000),
        _q("pm", "µg/m³", 0, 10_000, "颗粒物", "particulate matter", 0, mg_per_m3=1000),
        _q("noise", "dB(A)", 0, 160, "噪声", "noise", 1, dBA=1, dB=1),
        _q("oil_fume", "mg/m³", 0, 1000, "油烟", "oil fume", 2),
        _q("residual_current", "mA", 0, 30_000, "剩余电流", "residual current", 0, A=1000),
        _q("co2", "ppm", 0, 50_000, "二氧化碳", "carbon dioxide", 0),
        _q("illuminance", "lx", 0, 200_000, "照度", "illuminance", 0, lux=1),
        _q("rssi", "dBm", -200, 50, "信号强度", "signal strength", 0),
        _q("snr", "dB", -50, 50, "信噪比", "signal to noise", 1),
        _q("link_quality", "LQI", 0, 255, "链路质量", "link quality", 0),
        _q("delay", "ms", 0, 10_000_000, "延迟", "delay", 0, s=1000),
        _q("data", "MB", 0, 1e9, "数据量", "amount of data", 0, kB=0.001, GB=1000),
        _q("share", "%", 0, 100, "占比", "share", 0),
        _q("remaining", "d", -40_000, 40_000, "剩余天数", "days left", 0, h=1 / 24),
    )
}
