"""Households with a mark: what helpers must know of a flat, and whom to call, while an alarm of that flat is open.

Personal data: it stands in the site's folder only. No fact, message, stream or public page carries it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edge.domain.alarm import Alarm
from edge.domain.lifecycle import VITAL
from edge.domain.names import Text
from edge.domain.reading import Purpose
from edge.domain.zones import within


@dataclass(frozen=True, slots=True)
class EmergencyContact:
    """Whom to call about a household. relation: what they are to it ("daughter")."""

    name: str
    relation: Text
    phone: str


@dataclass(frozen=True, slots=True)
class Household:
    """One flat. zone: its path. marks: what to reckon with ("hard of hearing"). contacts: in the order of calling."""

    zone: str
    marks: tuple[Text, ...] = ()
    contacts: tuple[EmergencyContact, ...] = ()


def household_of(alarm: Alarm, households: Iterable[Household]) -> Household | None:
    """The household that may be shown because of `alarm`: only while a live fire, gas or SOS alarm of it is open."""
    if not alarm.open or alarm.purpose is not Purpose.LIVE or alarm.signal not in VITAL:
        return None
    return next((one for one in households if alarm.zone and within(alarm.zone, one.zone)), None)
