"""People's own words in the bodies of alarms and cases: kept beside the facts, where they can be erased.

The chain holds the body without them and their salted hash under `words`, so that erasing leaves it valid.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from edge.store.alarm_rows import dump

HASH: Final = "words"
"""Key of a stored body under which the hash of what was taken out stands."""
_BLANK: Final[Mapping[str, Any]] = {
    "title": ["", ""], "task": ["", ""], "measures": ["", ""], "place": ["", ""], "parts": [],
    "cause": None, "action": None, "reason": "", "name": ["", ""], "asker": "", "answer": "",
}  # fmt: skip
"""What a body says once the words are erased; still a body that its alarm or case can be made of."""
OWN: Final[Mapping[str, Sequence[str]]] = {
    "order": ("title", "task", "cause", "action", "parts", "reason"),
    "outage": ("reason",),
    "hazard": ("title", "place", "measures", "reason"),
    "viewing": ("asker", "reason", "answer"),
}
"""Subject -> keys of its bodies that may hold what a person wrote."""
WITHIN: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "alarm": {"verdict": ("cause",), "suppression": ("reason",)},
    "hazard": {"override": ("reason",), "sources": ("title", "place")},
    "camera": {"zones": ("name",)},
}
"""Subject -> keys of its bodies that hold parts, or lists of them -> keys of such a part that may hold words."""


def parted(subject: str, body: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """(the body without words, the words by key)."""
    words = {key: body[key] for key in OWN.get(subject, ()) if body.get(key) and body[key] != _BLANK[key]}
    plain = {key: _BLANK[key] for key in words}
    for key, inner in WITHIN.get(subject, {}).items():
        bare = _bare(body.get(key), inner)
        if bare != body.get(key):
            plain[key], words[key] = bare, body[key]
    return ({**body, **plain} if words else body), words


def _bare(value: Any, inner: Sequence[str]) -> Any:
    """A part, or a list of parts, without the words in it."""
    if isinstance(value, Mapping):
        return {key: _blank(key, each) if key in inner else each for key, each in value.items()}
    return [_bare(each, inner) for each in value] if isinstance(value, list | tuple) else value


def _blank(key: str, value: Any) -> Any:
    return "" if isinstance(value, str) else _BLANK[key]


def whole(body: Mapping[str, Any], text: str | None) -> dict[str, Any]:
    """A stored body with its words (`text`, as they are kept), without them where they are erased."""
    rest = {key: value for key, value in body.items() if key != HASH}
    return rest if HASH not in body or text is None else {**rest, **json.loads(text)}


def words_hash(salt: bytes, text: str) -> str:
    """What the chain holds of the words: salted, so that erased ones cannot be guessed from it."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def erase_words(conn: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Erase the words of these facts, and those of each row that the last of its facts left so."""
    for number in numbers:
        conn.execute("DELETE FROM words WHERE number = ?", (number,))
        _erase_alarm(conn, number)
        about = conn.execute("SELECT kind, id FROM case_facts WHERE number = ?", (number,)).fetchall()
        for kind, id in about:
            last = "SELECT max(number) FROM case_facts WHERE kind = ? AND id = ?"
            if conn.execute(last, (kind, id)).fetchone()[0] == number:
                found = conn.execute(
                    "SELECT body FROM cases WHERE kind = ? AND id = ?", (kind, id)
                ).fetchone()
                body, _ = parted(kind, json.loads(found[0]))
                conn.execute("UPDATE cases SET body = ? WHERE kind = ? AND id = ?", (dump(body), kind, id))


def _erase_alarm(conn: sqlite3.Connection, number: int) -> None:
    last = (
        "SELECT about FROM facts WHERE number = ? AND subject = 'alarm' AND number ="
        " (SELECT max(number) FROM facts AS other WHERE other.about = facts.about AND other.subject = 'alarm')"
    )
    for (id,) in conn.execute(last, (number,)).fetchall():
        for (body,) in conn.execute("SELECT body FROM alarms WHERE id = ?", (id,)).fetchall():
            plain, _ = parted("alarm", json.loads(body))
            conn.execute("UPDATE alarms SET body = ? WHERE id = ?", (dump(plain), id))
