"""What is wrong only because of another fault: a word that a faulty file means to define is not unknown as well."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Final

from edge.settings.problems import Problem

_FAULTS: Final = frozenset(
    {
        "syntax",
        "not_utf8",
        "unreadable",
        "unknown_key",
        "missing_key",
        "wrong_type",
        "value",
        "unknown_value",
        "id",
    }
)
"""Codes after which a table, or a whole file, is left out of what the site is made of."""
_DEFINED_IN: Final = {
    "people.toml": {"person", "crew", "post", "role", "skill", "shift", "target"},
    "channels.toml": {"channel"},
    "units.toml": {"unit"},
    "emergency.toml": {"contact"},
    "site.toml": {"zone", "bus"},
    "devices": {"device", "output", "act"},
    "profiles": {"profile", "category", "point", "output", "act", "quantity"},
    "rules": {"rule"},
    "linkage": {"linkage"},
    "messages": {"message"},
}
"""File or folder -> what is looked up in it: `unknown_<noun>` of another file."""
_QUOTED: Final = re.compile(r"'([^']+)'")


def without_aftermath(problems: Sequence[Problem], site_dir: FilePath) -> list[Problem]:
    """`problems` without those of words that stand in a file that is faulty itself.

    Where that file cannot be read at all, nothing is looked up in it.
    """
    lost: set[str] = set()  # nouns that nothing is known of
    meant: dict[str, list[tuple[str, Counter[str]]]] = {}  # noun -> faulty files and the words they have
    for file in {problem.file for problem in problems if problem.code in _FAULTS}:
        nouns = _DEFINED_IN.get(file) or _DEFINED_IN.get(file.partition("/")[0], set())
        words = _words(site_dir / file) if nouns else None
        for noun in nouns:
            if words is None:
                lost.add(noun)
            else:
                meant.setdefault(noun, []).append((file, words))
    return [problem for problem in problems if not _follows(problem, lost, meant)]


def _follows(
    problem: Problem, lost: set[str], meant: Mapping[str, Sequence[tuple[str, Counter[str]]]]
) -> bool:
    prefix, _, noun = problem.code.partition("_")
    if prefix != "unknown" or problem.code in _FAULTS:
        return False
    word = _QUOTED.search(problem.message)
    last = word.group(1).rpartition(":")[2] if word else ""  # a target such as crew:station
    # In its own file the word stands where it is looked up as well: only a second place can define it.
    return noun in lost or any(
        words[last] > (1 if file == problem.file else 0) for file, words in meant.get(noun, ())
    )


def _words(path: FilePath) -> Counter[str] | None:
    """Every word of a file, and how often it stands there; None when it is no TOML."""
    try:
        return Counter(_strings(tomllib.loads(path.read_bytes().decode("utf-8-sig"))))
    except (OSError, ValueError, RecursionError):
        return None


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    inner: Iterable[object] = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    for one in inner:
        yield from _strings(one)
