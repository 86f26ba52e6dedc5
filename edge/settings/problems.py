"""What is wrong with a site's folder: each problem with file, line and key, and the word that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Final

from edge.settings.positions import Path

_SHOWN: Final = 12


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend.

    file: relative to the site's folder, with `/` (a shipped profile: its full path). line: 1-based; that of the
    table where a key is missing. key: dotted, `device[0].address.name`. code: a stable word, listed in
    config/README.md. suggestion: the nearest right key, id or word, None when nothing is near.
    """

    file: str
    line: int
    key: str
    code: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " + (f"{self.key}: " if self.key else "")
        return where + self.message + (f" (did you mean {self.suggestion!r}?)" if self.suggestion else "")

    def to_dict(self) -> dict[str, str | int | None]:
        """The object that `edge-hub check --json` prints."""
        return asdict(self)


class SettingsError(Exception):
    """The site's folder cannot be used; `problems` holds all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(slots=True)
class Sheet:
    """One TOML file as read. moved: values that another file sets, with their place there (`local.toml`)."""

    path: FilePath
    file: str
    data: dict[str, object]
    lines: Mapping[Path, int]
    moved: dict[Path, tuple[Sheet, Path]]

    def place(self, path: Path) -> tuple[str, int]:
        """File and line of `path`, or of the nearest table around it."""
        for end in range(len(path), 0, -1):
            if (elsewhere := self.moved.get(path[:end])) is not None:
                other, there = elsewhere
                return other.place(there)
            if (line := self.lines.get(path[:end])) is not None:
                return self.file, line
        return self.file, 1


class Report:
    """Collects problems, each once, in the order of files and lines."""

    def __init__(self) -> None:
        self._problems: set[Problem] = set()

    def add(self, sheet: Sheet, path: Path, code: str, message: str, suggestion: str | None = None) -> None:
        """A problem at `path` of `sheet`."""
        file, line = sheet.place(path)
        self.add_file(file, code, message, line=line, key=dotted(path), suggestion=suggestion)

    def add_file(
        self,
        file: str,
        code: str,
        message: str,
        *,
        line: int = 1,
        key: str = "",
        suggestion: str | None = None,
    ) -> None:
        """A problem of a file as a whole."""
        self._problems.add(Problem(file, line, key, code, message, suggestion))

    def problems(self) -> list[Problem]:
        """All of them, site.toml first, then by file and line."""
        return sorted(
            self._problems, key=lambda p: (p.file != "site.toml", p.file, p.line, p.key, p.code, p.message)
        )


def dotted(path: Path) -> str:
    """`("device", 0, "id")` as a person reads it: `device[0].id`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def choice(right: Iterable[str]) -> str:
    """The right words for the end of a message, as far as a line holds them: `: a, b, c`; empty without any."""
    known = sorted(set(right))
    shown = known[:_SHOWN] + (["…"] if len(known) > _SHOWN else [])
    return ": " + ", ".join(shown) if shown else ""


def nearest(word: object, right: Iterable[str]) -> str | None:
    """The one of `right` that `word` probably meant, or None."""
    if not isinstance(word, str):
        return None
    known = sorted(set(right))
    folded = {name.casefold(): name for name in known}
    given = word.casefold()
    if close := get_close_matches(given, folded, n=1):
        return folded[close[0]]
    # "acknowledge" for "ack": too much longer to be near, and yet the same word
    begun = [name for name in folded if len(name) > 2 and given.startswith(name)]
    return folded[max(begun, key=len)] if begun else None
