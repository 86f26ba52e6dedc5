"""Topic patterns with placeholders: `site/{device}/up`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

DEVICE: Final = "{device}"
_PLACEHOLDER: Final = re.compile(r"\{[a-z][a-z0-9_]*\}")


@dataclass(frozen=True, slots=True)
class TopicPattern:
    """levels: each a literal, a `{placeholder}` or `+` (any one level), or `#` (any rest, last only).

    at: which level is the device. filter: the MQTT topic filter to subscribe to.
    """

    text: str
    levels: tuple[str, ...]
    at: int
    filter: str

    @classmethod
    def parse(cls, text: str) -> TopicPattern:
        """ValueError says what is wrong with the pattern."""
        levels = tuple(text.split("/"))
        for index, level in enumerate(levels):
            if level == "#" and index < len(levels) - 1:
                raise ValueError(f"{text!r}: `#` stands for the rest of a topic and must come last")
            if level in {"+", "#"} or _PLACEHOLDER.fullmatch(level):
                continue
            if any(mark in level for mark in "+#{}\0"):
                raise ValueError(
                    f"{text!r}: level {level!r} must be plain text, `+`, or one {{placeholder}} alone"
                )
        if levels.count(DEVICE) != 1:
            raise ValueError(
                f"{text!r}: {DEVICE} must stand for exactly one level, as in site/{DEVICE}/up: it names the sender"
            )
        if not text.isprintable() or len(text) > 1000:
            raise ValueError("a topic pattern is at most 1000 printable characters")
        names = "/".join("+" if _PLACEHOLDER.fullmatch(level) else level for level in levels)
        return cls(text, levels, levels.index(DEVICE), names)

    def topic(self, device: str) -> str:
        """A topic on which the device could speak: its name in its place, every other level by its own name."""
        names = [
            device if at == self.at else level.strip("{}+#") or "any" for at, level in enumerate(self.levels)
        ]
        return "/".join(names)

    def device(self, topic: list[str]) -> str | None:
        """What stands for {device} in a topic, given as its levels; None when the topic does not fit."""
        levels = self.levels
        if levels[-1] == "#":
            levels = levels[:-1]
            if len(topic) < len(levels):
                return None
        elif len(topic) != len(levels):
            return None
        for level, given in zip(levels, topic, strict=False):
            if level not in {given, "+"} and not level.startswith("{"):
                return None
        return topic[self.at] or None
