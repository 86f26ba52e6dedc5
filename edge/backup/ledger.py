"""What the hub knows of its backups, kept in the data folder: where each lies, and whether it was rehearsed.

The folder and the targets are the truth; this is what was found there last, so that the panel can tell while a medium
is unplugged. A file that is lost or damaged costs what was known of rehearsals, and a new one follows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from edge.domain.backup import Held, KeptBackup, Named, Rehearsal, text_of
from edge.domain.names import Text
from edge.store.writer import sync_folder

FILE: Final = "backups.json"
FOLDER: Final = "folder"


@dataclass(frozen=True, slots=True)
class Failing:
    """A target that takes none. since: µs UTC of its first failure; what: why it failed last."""

    since: int
    what: Text


@dataclass(slots=True)
class Ledger:
    """kept: by name. failing: by target. keys: by Idempotency-Key, the name of what it asked for.

    held: what stays though it is old; losses: of the journal, for which that was decided, by what they are known by.
    """

    path: Path
    kept: dict[str, KeptBackup] = field(default_factory=dict)
    failing: dict[str, Failing] = field(default_factory=dict)
    last_rehearsal: Rehearsal | None = None
    keys: dict[str, str] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, data: Path) -> Ledger:
        """As it was written last; empty where that cannot be read."""
        ledger = cls(data / FILE)
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            told = json.loads(ledger.path.read_text("utf-8"))
            found = cls(ledger.path)
            for name, row in told["kept"].items():
                found.kept[name] = KeptBackup(
                    name,
                    int(row["made_at"]),
                    int(row["size"]),
                    tuple(map(str, row["where"])),
                    row["by"],
                    _rehearsal(row["rehearsal"]),
                    None if row["problem"] is None else text_of(row["problem"]),
                )
            for id, row in told["failing"].items():
                found.failing[id] = Failing(int(row["since"]), text_of(row["what"]))
            found.last_rehearsal = _rehearsal(told["last_rehearsal"])
            found.keys = {str(key): str(name) for key, name in told["keys"].items()}
            for row in told.get("held", ()):
                found.held.append(Held(int(row["at"]), tuple(map(str, row["names"]))))
            found.losses = [str(key) for key in told.get("losses", ())]
            return found
        return ledger

    def write(self) -> None:
        """Keep it; OSError."""
        told = {
            "kept": {name: _kept(one) for name, one in self.kept.items()},
            "failing": {id: {"since": f.since, "what": _text(f.what)} for id, f in self.failing.items()},
            "last_rehearsal": _told(self.last_rehearsal),
            "keys": {key: name for key, name in self.keys.items() if name in self.kept},
            "held": [{"at": held.at, "names": list(held.names)} for held in self.held],
            "losses": self.losses,
        }
        half = self.path.with_suffix(".part")
        with half.open("w", encoding="utf-8") as file:
            json.dump(told, file, ensure_ascii=False, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        half.replace(self.path)
        sync_folder(self.path.parent)

    def newest(self) -> KeptBackup | None:
        """The newest that lies anywhere."""
        return max(self.kept.values(), key=lambda one: one.made_at, default=None)

    def newest_at(self, place: str) -> int | None:
        """µs UTC of the newest there."""
        return max((one.made_at for one in self.kept.values() if place in one.where), default=None)

    def found(self, place: str, there: Iterable[Named], sizes: Mapping[str, int]) -> None:
        """What lies at a place now, all of it; one that lies nowhere any more is forgotten."""
        named = {one.name: one for one in there}
        for name in named.keys() - self.kept.keys():
            self.kept[name] = KeptBackup(name, named[name].at, sizes.get(name, 0), ())
        for name, known in list(self.kept.items()):
            where = tuple(p for p in known.where if p != place) + ((place,) if name in named else ())
            if where:
                self.kept[name] = replace(known, where=tuple(sorted(where, key=lambda p: (p != FOLDER, p))))
            else:
                del self.kept[name]


def _kept(one: KeptBackup) -> Mapping[str, Any]:
    return {
        "made_at": one.made_at,
        "size": one.size,
        "where": list(one.where),
        "by": one.by,
        "rehearsal": _told(one.rehearsal),
        "problem": None if one.problem is None else _text(one.problem),
    }


def _text(text: Text) -> Mapping[str, str]:
    return {"zh": text.zh, "en": text.en}


def _told(rehearsal: Rehearsal | None) -> Mapping[str, Any] | None:
    return (
        None
        if rehearsal is None
        else {"at": rehearsal.at, "ok": rehearsal.ok, "detail": _text(rehearsal.detail)}
    )


def _rehearsal(value: Mapping[str, Any] | None) -> Rehearsal | None:
    return (
        None if value is None else Rehearsal(int(value["at"]), value["ok"] is True, text_of(value["detail"]))
    )
