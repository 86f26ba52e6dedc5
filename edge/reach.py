"""Step 6 for effects: commands go to the driver of their device, messages to the sender, pictures to their keeper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from edge.domain.conclusion import (
    Aim,
    Capture,
    Effect,
    Erase,
    Look,
    Receipt,
    Rehearse,
    Release,
    Send,
    Written,
)
from edge.domain.device import Device
from edge.domain.site import Connection, connection_of
from edge.driver import Driver


class Reach:
    """The way out of the line; nothing here waits.

    send: hands a message to the sender; release: an answer that is on record. told: takes what came of an effect that
    has no way out. rehearse: has a marked message enter the line. look: what is asked of cameras and their pictures.
    """

    def __init__(
        self,
        devices: Iterable[Device],
        connections: Iterable[Connection],
        drivers: Mapping[str, Driver],
        send: Callable[[Send], None],
        release: Callable[[Release], None],
        told: Callable[[Receipt], None],
        rehearse: Callable[[Rehearse], None],
        look: Callable[[Look], None],
    ) -> None:
        known = list(connections)
        self._drivers = {
            device.id: drivers[connection.id]
            for device in devices
            if device.profile.outputs and (connection := connection_of(device, known)) is not None
        }
        self._send = send
        self._release = release
        self._told = told
        self._rehearse = rehearse
        self._look = look

    def perform(self, effect: Effect) -> None:
        """Carry out one effect."""
        if isinstance(effect, Send):
            self._send(effect)
        elif isinstance(effect, Release):
            self._release(effect)
        elif isinstance(effect, Rehearse):
            self._rehearse(effect)
        elif isinstance(effect, Capture | Erase | Aim):
            self._look(effect)
        elif (driver := self._drivers.get(effect.device)) is not None:
            driver.write(effect)
        else:
            error = f"no connection leads to {effect.device}"
            self._told(Written(effect.command, effect.attempt, error))
