"""Reads one profile's points out of decoded JSON; made once per profile, used for every message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from drivers._mqtt.payload import LARGEST, describe, source_time
from drivers._mqtt.states import StateWords
from drivers.mqtt_json.config import JsonPointRead, JsonProfileRead
from drivers.mqtt_json.pointer import MISSING, find, put, split_pointer
from edge.domain.device import DeviceProfile, PointSpec
from edge.domain.reading import PartialError, ProtocolError, Sample, Value

SHOWN: Final = 5  # bad fields named in one error message
RECORDS: Final = 2000  # in one message; more would hold up the line for everybody

_MEASURED: Final = frozenset({int, float})
_STATE: Final = frozenset({bool, int, str})
_PLAIN: Final = frozenset({bool, int, float, str})


class Place:
    """A JSON pointer made ready: one-level pointers, the usual kind, are one dict look-up."""

    __slots__ = ("key", "pointer", "tokens")

    def __init__(self, pointer: str) -> None:
        self.pointer = pointer
        self.tokens = split_pointer(pointer)
        self.key = self.tokens[0] if len(self.tokens) == 1 else None

    def get(self, record: Any) -> Any:
        """The value there; None when it is missing or null."""
        if self.key is not None and type(record) is dict:
            return record.get(self.key)
        value = find(record, self.tokens)
        return None if value is MISSING else value


class Faults:
    """Counts the bad fields of a message; the first few in words."""

    def __init__(self) -> None:
        self.count = 0
        self._words: list[str] = []

    def add(self, at: str, place: Place, why: object) -> None:
        """at: pointer to the record the place is in."""
        self.count += 1
        if self.count <= SHOWN:
            self._words.append(f"{at}{place.pointer}: {why}")

    def __str__(self) -> str:
        more = f" and {self.count - SHOWN} more" if self.count > SHOWN else ""
        return "; ".join(self._words) + more


class PointReader:
    """One point: where its value is, and what it may be."""

    __slots__ = ("_allowed", "_expected", "_words", "field", "place", "unit")

    def __init__(self, spec: PointSpec, read: JsonPointRead) -> None:
        self.field = spec.field or spec.id
        self.place = Place(read.pointer)
        self.unit = None if read.unit_pointer is None else Place(read.unit_pointer)
        self._allowed, self._expected = _PLAIN, "a number, a text, true or false"
        if spec.signal is not None:
            self._allowed, self._expected = _STATE, "true, false, 0, 1 or a text"
        elif spec.quantity is not None or read.number:
            self._allowed, self._expected = _MEASURED, "a number"
        self._words: StateWords | None = None
        if read.abnormal is not None:
            self._words = StateWords(read.abnormal, read.normal, momentary=spec.report == "momentary")

    def value(self, found: Any) -> Value | None:
        """The point's value; None when the device says nothing of it. ValueError when it cannot be one."""
        if self._words is not None:
            return self._words.read(found)
        kind = type(found)
        if kind not in self._allowed or (kind is int and not -LARGEST < found < LARGEST):
            raise ValueError(f"{self._expected} is expected, not {describe(found)}")
        return found  # type: ignore[no-any-return]

    def write(self, value: Value) -> Value:
        """What stands there for `value`; ValueError where the device has no word for it."""
        return value if self._words is None else self._words.write(value)


class ProfileReader:
    """Samples of one message body. `profile` is what it was made from."""

    def __init__(self, profile: DeviceProfile) -> None:
        self.profile = profile
        read = JsonProfileRead.model_validate(profile.read or {})
        self._records = _place(read.records)
        self._time, self._time_unit = _place(read.time), read.time_unit
        self._sequence = _place(read.sequence)
        self._history = _place(read.history)
        points: dict[str, PointReader] = {}
        for spec in profile.points:
            point = PointReader(spec, JsonPointRead.model_validate(spec.read))
            points.setdefault(point.field, point)  # points of one field share its sample
        self._points = tuple(points.values())

    def read(self, body: Any) -> list[Sample]:
        """The samples found. PartialError beside good ones, else ProtocolError, when a field cannot be read."""
        samples: list[Sample] = []
        faults = Faults()
        if self._records is None:
            self._record(body, body, "", samples, faults)
        else:
            for index, record in enumerate(self._list(body, self._records)):
                self._record(record, body, f"{self._records.pointer}/{index}", samples, faults)
        if faults.count:
            raise PartialError(str(faults), samples) if samples else ProtocolError(str(faults))
        if not samples:
            self._nothing(body)
        return samples

    def write(self, values: Mapping[str, Value]) -> Any:
        """A message that reads as `values`, by point; ProtocolError when the device cannot say one of them."""
        points = {point.field: point for point in self._points}
        record: Any = None
        try:
            for field, value in values.items():
                record = put(record, points[field].place.tokens, points[field].write(value))
        except KeyError as error:
            raise ProtocolError(f"{self.profile.id} has no field {error}") from None
        except ValueError as error:
            raise ProtocolError(str(error)) from None
        return record if self._records is None else put(None, self._records.tokens, [record])

    def _list(self, body: Any, place: Place) -> list[Any]:
        records = place.get(body)
        if not isinstance(records, list):
            raise ProtocolError(f"{place.pointer}: an array of records is expected, not {describe(records)}")
        if len(records) > RECORDS:
            raise ProtocolError(
                f"{place.pointer}: {len(records)} records in one message, the limit is {RECORDS}"
            )
        return records

    def _record(self, record: Any, whole: Any, at: str, samples: list[Sample], faults: Faults) -> None:
        time, sequence, history = self._about(record, whole, at, faults)
        for point in self._points:
            found = point.place.get(record)
            if found is None:
                continue
            try:
                value = point.value(found)
            except ValueError as error:
                faults.add(at, point.place, error)
                continue
            if value is None:
                continue
            unit = None
            if point.unit is not None:
                unit = point.unit.get(record)
                if unit is not None and type(unit) is not str:
                    faults.add(at, point.unit, f"a unit is expected, not {describe(unit)}")
                    continue
            samples.append(Sample(point.field, value, unit, None, None, time, sequence, history=history))

    def _about(self, record: Any, whole: Any, at: str, faults: Faults) -> tuple[int | None, int | None, bool]:
        """(time, sequence, history). A bad one costs itself, never the values: an alarm with a bad clock is one."""
        time = sequence = None
        history = False
        if self._time is not None and (found := _either(self._time, record, whole)) is not None:
            try:
                time = source_time(found, self._time_unit)
            except ValueError as error:
                faults.add(at, self._time, error)
        if self._sequence is not None and (found := _either(self._sequence, record, whole)) is not None:
            if type(found) is int and 0 <= found < LARGEST:
                sequence = found
            else:
                faults.add(at, self._sequence, f"a count is expected, not {describe(found)}")
        if self._history is not None and (found := _either(self._history, record, whole)) is not None:
            if found in (0, 1):
                history = bool(found)
            else:
                faults.add(at, self._history, f"true or false is expected, not {describe(found)}")
        return time, sequence, history

    def _nothing(self, body: Any) -> None:
        """A message may hold no value (all null, or only a time), but it must be this profile's."""
        if self._records is not None:
            return
        places = [point.place for point in self._points]
        places += [place for place in (self._time, self._sequence, self._history) if place is not None]
        if all(find(body, place.tokens) is MISSING for place in places):
            wanted = ", ".join(place.pointer or '""' for place in places[:SHOWN])
            has = ", ".join(sorted(map(str, body))[:SHOWN]) if isinstance(body, dict) else describe(body)
            raise ProtocolError(
                f"nothing of what {self.profile.id} reads ({wanted}) is in the message; it has: {has or 'nothing'}"
            )


def _place(pointer: str | None) -> Place | None:
    return None if pointer is None else Place(pointer)


def _either(place: Place, record: Any, whole: Any) -> Any:
    found = place.get(record)
    return place.get(whole) if found is None and record is not whole else found
