"""The journal as reports read it: one snapshot, read-only, never the whole of it where a span will do."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from edge.domain.fact import Seq

Body = Mapping[str, Any]


class Source:
    """A snapshot of `journal.db`; sqlite3.Error when it cannot be read."""

    def __init__(self, path: Path) -> None:
        self.conn = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        self.conn.execute("BEGIN")
        row = self.conn.execute("SELECT epoch, number FROM facts ORDER BY number DESC LIMIT 1").fetchone()
        self.last = Seq(*row) if row else Seq(0, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.conn.close()

    def alarms(self, start: int, end: int, purposes: Sequence[str] = ("live",)) -> list[Body]:
        """Alarms raised in [start, end), oldest first."""
        rows = self.conn.execute(
            f"SELECT body FROM alarms WHERE raised_at >= ? AND raised_at < ? AND purpose IN ({_marks(purposes)})"  # noqa: S608 - marks only
            " ORDER BY raised_at, id",
            (start, end, *purposes),
        )
        return [json.loads(body) for (body,) in rows]

    def alarm(self, id: str) -> Body | None:
        """One alarm."""
        row = self.conn.execute("SELECT body FROM alarms WHERE id = ?", (id,)).fetchone()
        return None if row is None else json.loads(row[0])

    def standing(self, rule: str, start: int, end: int) -> list[Body]:
        """Alarms of the hub's own device by one of its rules that stood at any time of [start, end)."""
        rows = self.conn.execute(
            "SELECT body FROM alarms WHERE device = 'hub' AND raised_at < ? AND purpose = 'live' ORDER BY raised_at",
            (end,),
        )
        found = (json.loads(body) for (body,) in rows)
        return [a for a in found if a["rule"] == rule and (a["closed_at"] is None or a["closed_at"] > start)]

    def cases(self, kind: str, start: int, end: int) -> list[Body]:
        """Cases of a kind opened in [start, end), oldest first."""
        rows = self.conn.execute(
            "SELECT body FROM cases WHERE kind = ? AND opened_at >= ? AND opened_at < ? ORDER BY opened_at, id",
            (kind, start, end),
        )
        return [json.loads(body) for (body,) in rows]

    def case(self, kind: str, id: str) -> Body | None:
        """One case."""
        row = self.conn.execute("SELECT body FROM cases WHERE kind = ? AND id = ?", (kind, id)).fetchone()
        return None if row is None else json.loads(row[0])

    def notes(self, about: str) -> str:
        """What people said about an alarm, in their order."""
        rows = self.conn.execute(
            "SELECT text FROM facts JOIN texts ON texts.number = facts.number WHERE about = ? ORDER BY facts.number",
            (about,),
        )
        return " ".join(text for (text,) in rows)

    def case_notes(self, kind: str, id: str) -> str:
        """What people said about a case, in their order."""
        rows = self.conn.execute(
            "SELECT text FROM case_facts JOIN texts ON texts.number = case_facts.number WHERE kind = ? AND id = ?"
            " ORDER BY case_facts.number",
            (kind, id),
        )
        return " ".join(text for (text,) in rows)

    def first_told(self, kind: str, about: Iterable[str]) -> Mapping[str, tuple[int, str | None]]:
        """(time, by) of the first fact of `kind` about each of these alarms."""
        found = {}
        for id in about:
            row = self.conn.execute(
                "SELECT time, by FROM facts WHERE about = ? AND kind = ? ORDER BY number LIMIT 1", (id, kind)
            ).fetchone()
            if row is not None:
                found[id] = row
        return found

    def lost(self) -> int:
        """Facts that the journal never got, since it was begun."""
        return int(self.conn.execute("SELECT ifnull(sum(facts), 0) FROM gaps").fetchone()[0])

    def begun(self) -> int | None:
        """When the hub told its first fact, or the first that is still kept."""
        row = self.conn.execute("SELECT time FROM facts ORDER BY number LIMIT 1").fetchone()
        return None if row is None else int(row[0])

    def starts(self, start: int, end: int) -> int:
        """How many times in [start, end) the hub began without having stopped cleanly."""
        firsts = [first for (first,) in self.conn.execute("SELECT first FROM epochs ORDER BY epoch")][1:]
        found = 0
        for first in firsts:
            row = self.conn.execute(
                "SELECT time FROM facts WHERE number >= ? ORDER BY number LIMIT 1", (first,)
            ).fetchone()
            found += row is not None and start <= row[0] < end
        return found


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))
