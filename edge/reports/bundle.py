"""The bundle of an incident 警情档案包: everything about it in one .zip that proves itself (`verify.py`)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from edge.domain.cells import neutral
from edge.domain.instant import MINUTE, from_rfc3339, to_rfc3339
from edge.reports import verify
from edge.reports.asked import BundleAsked
from edge.reports.bundle_index import index, shot_name
from edge.reports.extract import Belonging, belonging, facts, links, lost
from edge.reports.sheet import Progress
from edge.reports.source import Source
from edge.store.rows import last_value

AROUND: Final = 10 * MINUTE
_COLUMNS: Final = (
    "point",
    "name",
    "time",
    "received",
    "value",
    "unit",
    "quality",
    "reason",
    "arrival",
    "purpose",
)


class NothingThereError(Exception):
    """There is no such incident in the journal."""


def write_bundle(asked: BundleAsked, out: IO[bytes], progress: Progress) -> Mapping[str, Any]:
    """Write the .zip to `out`; {"files", "seal", "first", "last"}. NothingThereError, sqlite3.Error, OSError."""
    with Source(asked.journal) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        found = belonging(source, asked.incident)
        if found is None:
            raise NothingThereError
        files = _Files(packed)
        progress(0.1)
        before, chain = links(source, found.numbers)
        first, last = (chain[0][0], chain[-1][1]) if chain else (0, -1)
        files.add(verify.CHAIN, verify.dumped({"before": before, "links": chain, "lost": lost(source)}))
        files.stream(verify.FACTS, (_line(fact) for fact in facts(source, before, chain, found.numbers)))
        progress(0.4)
        files.add(verify.CASES, verify.dumped(found.cases))
        end = found.incident.get("all_clear_at") or found.incident["closed_at"] or asked.now
        start = min([found.incident["opened_at"], *(a["raised_at"] for a in found.alarms)])
        span = (start - AROUND, min(end + AROUND, asked.now))
        files.stream("readings.csv", _readings(asked, found, *span))
        progress(0.7)
        missing = [*_photos(asked, found, files), *_shots(asked, found, files)]
        rules = _rules(asked, found, files)
        files.add("rules.json", verify.dumped(rules))
        clock = _clock(source, asked, span)
        files.add("clock.json", verify.dumped(clock))
        told = [
            fact for fact in facts(source, before, chain, found.numbers) if fact["number"] in found.numbers
        ]
        about = {
            "rules": rules,
            "clock": clock,
            "missing": missing,
            "span": span,
            "first": first,
            "last": last,
        }
        files.add("index.html", index(asked, found, told, about).encode())
        files.add("verify.py", Path(verify.__file__).read_bytes())
        progress(0.9)
        manifest = verify.seal(
            {
                "format": 1, "incident": asked.incident, "site": asked.site, "made_at": to_rfc3339(asked.now),
                "made_by": asked.by, "hub": asked.version, "journal": [first, last], "photos_missing": missing,
                "pictures": sorted(asked.pictures),
                "readings": [to_rfc3339(span[0]), to_rfc3339(span[1])], "files": files.hashes,
            }
        )  # fmt: skip
        files.add(verify.MANIFEST, verify.dumped(manifest))
    return {"files": len(files.hashes), "seal": manifest["seal"], "first": first, "last": last}


class _Files:
    """The .zip with the hash of each file in it."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed
        self.hashes: dict[str, str] = {}

    def add(self, name: str, content: bytes, *, packed: bool = True) -> None:
        self._packed.writestr(name, content, zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED)
        self.hashes[name] = hashlib.sha256(content).hexdigest()

    def stream(self, name: str, pieces: Iterable[bytes]) -> None:
        digest = hashlib.sha256()
        with self._packed.open(name, "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
        self.hashes[name] = digest.hexdigest()


def _line(fact: Mapping[str, Any]) -> bytes:
    return json.dumps(fact, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _readings(asked: BundleAsked, found: Belonging, start: int, end: int) -> Iterator[bytes]:
    """All readings of the incident's points and those of its zone in the span, as CSV."""
    known = {id: (name, unit) for id, name, unit in asked.points}
    points = sorted({*known, *(alarm["point"] for alarm in found.alarms)})
    yield b"\xef\xbb\xbf" + _csv([_COLUMNS])
    uri = f"{asked.telemetry.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as conn:
        conn.execute("BEGIN")
        series = {p: id for id, p in conn.execute("SELECT id, point FROM series") if p in set(points)}
        marks = ",".join("?" * len(series))
        late = conn.execute(  # the tail has no index: it is walked once
            f"SELECT series, n, time, received_delta, value, flags FROM tail WHERE series IN ({marks})"  # noqa: S608 - marks only
            " AND time >= ? AND time < ? ORDER BY time",
            (*series.values(), start, end),
        ).fetchall()
        for point, id in series.items():
            rows = conn.execute(
                "SELECT 0, time, received_delta, value, flags FROM history WHERE series = ? AND time >= ? AND time < ?"
                " ORDER BY time",
                (id, start, end),
            ).fetchall()
            rows += [row[1:] for row in late if row[0] == id]
            name, unit = known.get(point, ("", ""))
            table = []
            for n, time, delta, value, flags in sorted(rows, key=lambda row: row[1]):
                r = last_value(point, (n, id, time, delta, value, flags))
                times = (to_rfc3339(r.time), to_rfc3339(r.received))
                reason = r.reason.value if r.reason else ""
                shown = (
                    "" if r.value is None else json.dumps(r.value) if isinstance(r.value, bool) else r.value
                )
                table.append(
                    (
                        point,
                        name,
                        *times,
                        shown,
                        unit,
                        r.quality.value,
                        reason,
                        r.arrival.value,
                        r.purpose.value,
                    )
                )
            yield _csv(table)


def _csv(rows: Iterable[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(
        [neutral(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return out.getvalue().encode()


def _photos(asked: BundleAsked, found: Belonging, files: _Files) -> list[str]:
    """Put all photos in; ids of those that are not there any more, or are not what the facts say."""
    missing = []
    for id, sha256 in sorted(found.photos.items()):
        try:
            content = (asked.evidence / id[:4] / id[4:6] / f"{id}.jpg").read_bytes()
        except OSError:
            content = b""
        if hashlib.sha256(content).hexdigest() == sha256:
            files.add(f"photos/{id}.jpg", content, packed=False)
        else:
            missing.append(id)
    return missing


def _shots(asked: BundleAsked, found: Belonging, files: _Files) -> list[str]:
    """Put the pictures of cameras in that are asked for; ids of those that are not what the facts say."""
    missing = []
    for id, shot in sorted(found.shots(asked.pictures).items()):
        name = shot_name(shot)
        try:
            content = (asked.evidence / "stills" / id[:6] / name).read_bytes()
        except OSError:
            content = b""
        if hashlib.sha256(content).hexdigest() == shot["sha256"]:
            files.add(f"stills/{name}", content, packed=False)
        else:
            missing.append(id)
    return missing


def _rules(asked: BundleAsked, found: Belonging, files: _Files) -> Sequence[Mapping[str, Any]]:
    """Which file says each rule and the plan, as it now stands; whether it was changed since the incident began.

    What the plan then said also stands in the incident itself, whose steps are its own.
    """
    wanted = {("rule", alarm["rule"]): alarm["raised_at"] for alarm in reversed(found.alarms)}
    if found.incident.get("plan"):
        wanted["plan", found.incident["plan"]] = found.incident["opened_at"]
    texts = [(name, Path(path)) for path, name in asked.files]
    said = []
    for (kind, id), at in wanted.items():
        row: dict[str, Any] = {"kind": kind, "id": id, "file": None, "hub": asked.version}
        for name, path in texts:
            try:
                content, modified = path.read_bytes(), path.stat().st_mtime
            except OSError:
                continue
            if f'id = "{id}"'.encode() in content and (kind == "plan") == name.startswith("plans/"):
                stored = f"in-force/{name}"
                if stored not in files.hashes:
                    files.add(stored, content)
                changed = datetime.fromtimestamp(modified, UTC)
                row |= {
                    "file": stored,
                    "modified": changed.isoformat(timespec="seconds"),
                    "changed_since": from_rfc3339(changed.isoformat()) > at,
                }
                break
        if kind == "plan":
            row["version"] = found.incident.get("plan_version")
        said.append(row)
    return said


def _clock(source: Source, asked: BundleAsked, span: tuple[int, int]) -> Mapping[str, Any]:
    doubts = source.standing("hub-clock", *span)
    return {
        "zone": asked.zone,
        "trusted_now": asked.trusted,
        "doubtful": [
            {
                "from": to_rfc3339(a["raised_at"]),
                "until": None if a["closed_at"] is None else to_rfc3339(a["closed_at"]),
            }
            for a in doubts
        ],
    }
