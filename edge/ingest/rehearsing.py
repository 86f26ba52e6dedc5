"""Drills begin where alarms do: with the bytes a device would send, marked, at the head of the line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edge.domain.device import Point, PointSpec
from edge.domain.instant import Instant
from edge.domain.quantity import UnitError
from edge.domain.reading import ProtocolError, Purpose, RawReading, Value
from edge.domain.site import Connection, connection_of
from edge.driver import Rehearsing


class Rehearsals:
    """Makes marked messages. codecs: by source; connections: the site's."""

    def __init__(self, codecs: Mapping[str, object], connections: Iterable[Connection]) -> None:
        self._codecs = codecs
        self._connections = list(connections)

    def messages(self, point: Point, value: Value, now: Instant) -> Sequence[RawReading]:
        """What the point's device would send to say `value` (canonical unit; a state True where abnormal).

        ProtocolError, with a sentence for a person, where the device or its dialect cannot say it.
        """
        device = point.device
        connection = connection_of(device, self._connections)
        codec = None if connection is None else self._codecs.get(connection.id)
        if connection is None or not isinstance(codec, Rehearsing):
            raise ProtocolError(f"no drill can begin at {device.id}: nothing can speak in its place")
        values = {point.spec.field or point.spec.id: as_said(point.spec, value)}
        return [
            RawReading(
                connection.id,
                connection.dialect,
                channel,
                payload,
                now,
                purpose=Purpose.DRILL,
                point=point.id,
            )
            for channel, payload in codec.rehearse(device.address, device.profile, values)
        ]


def as_said(spec: PointSpec, value: Value) -> Value:
    """`value` of a point in its device's own words: the inverse of `edge.ingest.normalising`; ProtocolError."""
    if spec.signal is not None:
        return bool(value) is not spec.invert
    if isinstance(value, bool | str):
        return value
    factor, offset = 1.0, 0.0
    if spec.quantity is not None:
        try:
            factor, offset = spec.quantity.conversion(spec.unit)
        except UnitError as error:
            raise ProtocolError(str(error)) from None
    if not spec.scale * factor:
        raise ProtocolError(f"{spec.id} has no scale")
    return round(((value - offset) / factor - spec.offset) / spec.scale, 9)
