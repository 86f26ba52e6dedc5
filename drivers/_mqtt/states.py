"""States that come as codes or words: which of them mean an alarm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from drivers._mqtt.payload import describe
from edge.domain.reading import Value

_SIMPLE: Final = frozenset({bool, int, str})


class StateWords:
    """Reads a state by the lists of a point's `abnormal` and `normal`.

    What is in neither is normal, or, for a momentary point, nothing; where `normal` is given it is an error.
    """

    def __init__(
        self,
        abnormal: Iterable[bool | int | str],
        normal: Iterable[bool | int | str] | None,
        *,
        momentary: bool,
    ) -> None:
        self._words: Mapping[Any, bool] = {
            **dict.fromkeys(normal or (), False),
            **dict.fromkeys(abnormal, True),
        }
        self._closed = normal is not None
        self._otherwise = None if momentary else False

    def write(self, value: Value) -> bool | int | str:
        """The word that `read` takes for this state; ValueError where the device has none."""
        found = next((word for word, meaning in self._words.items() if meaning is value), None)
        if found is not None:
            return found  # type: ignore[no-any-return]
        if value is False and not self._closed and self._otherwise is False:
            return "normal"
        raise ValueError(f"there is no word for the state {value!r}")

    def read(self, found: Any) -> bool | None:
        """True abnormal, False normal, None nothing. ValueError when it can be no state."""
        simple = type(found) in _SIMPLE
        if simple and found in self._words:
            return self._words[found]
        if self._closed or not simple:
            raise ValueError(f"one of {[*self._words]} is expected, not {describe(found)}")
        return self._otherwise
