"""What belongs to an incident, and the unbroken stretch of the journal that tells all of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from edge.reports.source import Body, Source
from edge.store.audit import flat_hash, row_hash

_OF_ALARMS: Final = (
    "order",
    "hazard",
    "command",
    "linkage",
    "escalation",
    "notification",
    "finding",
    "stills",
)
_LINKS: Final = ("alarm", "order", "hazard", "incident", "finding")
"""Keys by which one case names what it belongs to."""
_FACT: Final = ("number", "epoch", "kind", "time", "by", "subject", "body", "note")


@dataclass(slots=True)
class Belonging:
    """An incident with its alarms and cases by subject, as they stand, oldest first; numbers: facts about them."""

    incident: Body
    cases: dict[str, list[Body]] = field(default_factory=dict)
    numbers: set[int] = field(default_factory=set)

    @property
    def alarms(self) -> Sequence[Body]:
        """Its alarms."""
        return self.cases["alarm"]

    @property
    def photos(self) -> Mapping[str, str]:
        """sha256 of each photo by its id: of alarms, orders, hazards and reports from the scene."""
        bodies = [body for kind in ("alarm", "order", "hazard") for body in self.cases[kind]]
        bodies += self.incident.get("reports", ())
        told = (photo for body in bodies for photo in body.get("photos", ()))
        return {photo["id"]: photo["sha256"] for photo in told}

    def shots(self, sets: Collection[str]) -> Mapping[str, Body]:
        """Pictures and films of cameras that are kept, of these sets, by id."""
        kept = (one for one in self.cases["stills"] if one["erased_at"] is None and one["id"] in sets)
        return {shot["id"]: shot for one in kept for shot in one["pictures"] if shot["taken"] is not None}


def belonging(source: Source, id: str) -> Belonging | None:
    """Everything that belongs to an incident, None when there is no such incident."""
    incident = source.case("incident", id)
    if incident is None:
        return None
    ids = {"incident": {id}, "alarm": set(incident["alarms"]) | set(incident.get("triggers", ()))}
    if incident.get("alarm"):
        ids["alarm"].add(incident["alarm"])
    first = min((a["raised_at"] for a in map(source.alarm, ids["alarm"]) if a), default=incident["opened_at"])
    rows = source.conn.execute(
        f"SELECT kind, id, body FROM cases WHERE kind IN ({','.join('?' * len(_OF_ALARMS))}) AND opened_at >= ?",  # noqa: S608 - marks only
        (*_OF_ALARMS, min(first, incident["opened_at"])),
    )
    found = [(kind, case, json.loads(body)) for kind, case, body in rows if _may_belong(body, ids)]
    while True:  # an order of a hazard of an alarm: until nothing is added
        more = {
            (kind, case)
            for kind, case, body in found
            if case not in ids.get(kind, ())
            and (
                any(body.get(key) in ids.get(key, ()) for key in _LINKS)
                or not ids["alarm"].isdisjoint(body.get("others", ()))
            )
        }
        if not more:
            break
        for kind, case in more:
            ids.setdefault(kind, set()).add(case)
    everything = Belonging(incident)
    everything.cases["incident"] = [incident]
    everything.cases["alarm"] = sorted(
        (a for a in map(source.alarm, sorted(ids["alarm"])) if a), key=lambda a: (a["raised_at"], a["id"])
    )
    for subject in _OF_ALARMS:
        bodies = [body for kind, case, body in found if kind == subject and case in ids.get(subject, ())]
        everything.cases[subject] = sorted(bodies, key=lambda body: (body["opened_at"], body["id"]))
    everything.numbers = _numbers(source, ids)
    return everything


def _may_belong(body: str, ids: Mapping[str, set[str]]) -> bool:
    """A cheap look before the JSON is taken apart: it names something of the incident, or a case that may."""
    return (
        '"hazard":"' in body
        or '"order":"' in body
        or any(id in body for found in ids.values() for id in found)
    )


def _numbers(source: Source, ids: Mapping[str, set[str]]) -> set[int]:
    found: set[int] = set()
    for alarm in ids["alarm"]:
        rows = source.conn.execute(
            "SELECT number, subject, json_extract(body, '$.id') FROM facts WHERE about = ?", (alarm,)
        )
        found.update(
            n for n, subject, id in rows if subject not in ids or subject == "alarm" or id in ids[subject]
        )
    for kind, cases in ids.items():
        for case in cases:
            rows = source.conn.execute(
                "SELECT number FROM case_facts WHERE kind = ? AND id = ?", (kind, case)
            )
            found.update(n for (n,) in rows)
    return found


def links(source: Source, numbers: set[int]) -> tuple[str, list[tuple[int, int, str]]]:
    """The hash before the first link that holds one of these facts, and all links from it to the last such.

    A case that was carried over from a journal set aside may have no fact in this one: then there are no links.
    """
    if not numbers:
        base = source.conn.execute("SELECT value FROM meta WHERE key = 'base'").fetchone()
        return base[0].hex(), []
    low, high = min(numbers), max(numbers)
    rows = source.conn.execute(
        "SELECT first, last, hash FROM chain WHERE last >= ? AND first <= ? ORDER BY first", (low, high)
    ).fetchall()
    before = source.conn.execute(
        "SELECT hash FROM chain WHERE first < ? ORDER BY first DESC LIMIT 1", (rows[0][0],)
    ).fetchone()
    if before is None:
        before = source.conn.execute("SELECT value FROM meta WHERE key = 'base'").fetchone()
    return before[0].hex(), [(first, last, digest.hex()) for first, last, digest in rows]


def lost(source: Source) -> list[str]:
    """Alarms (by id) and cases (`kind/id`) of which facts were lost while the journal could not be written."""
    rows = source.conn.execute("SELECT alarms FROM gaps")
    return sorted({id for (ids,) in rows for id in json.loads(ids)})


def facts(
    source: Source, before: str, chain: Sequence[tuple[int, int, str]], numbers: set[int]
) -> Iterator[dict[str, Any]]:
    """Each fact of the links as the chain hashes it, with people's words; of one that is none of `numbers` its hash.

    Other matters are nobody's business here, and their hashes prove the chain all the same. Where a link is over the
    facts themselves (as it was at first) they are given without people's words.
    """
    previous = bytes.fromhex(before)
    for first, last, link in chain:
        found = source.conn.execute(
            "SELECT facts.number, epoch, kind, time, by, subject, body, note,"
            " texts.salt, texts.text, words.salt, words.text FROM facts"
            " LEFT JOIN texts ON texts.number = facts.number LEFT JOIN words ON words.number = facts.number"
            " WHERE facts.number BETWEEN ? AND ? ORDER BY facts.number",
            (first, last),
        ).fetchall()
        flat = flat_hash(previous, [row[:8] for row in found]).hex() == link
        previous = bytes.fromhex(link)
        for row in found:
            salt, text, words_salt, words = row[8:]
            fact = dict(zip(_FACT, row[:8], strict=True))
            if row[0] in numbers:
                fact |= {} if text is None else {"salt": salt.hex(), "text": text}
                fact |= {} if words is None else {"words": {"salt": words_salt.hex(), "text": words}}
                yield fact
            elif flat:
                yield fact | {"withheld": text is not None or words is not None}
            else:
                yield {"number": row[0], "hash": row_hash(row[:8]).hex()}
