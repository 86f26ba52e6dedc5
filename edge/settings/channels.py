"""channels.toml: each [[channel]] by which people are reached, and the daily [[proof]] of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final, Literal

from pydantic import Field

from edge.domain.notification import ChannelSpec, DailyProof
from edge.settings.document import checked, known_keys, read_sheet, tables
from edge.settings.models import Bilingual, Id, Table, WallTime, Words, wall_time
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, choice, nearest

CHANNELS_FILE: Final = "channels.toml"
_NEEDS: Final = {"apprise": "url_file", "sms": "modem", "ring": "modem", "desk": ""}


class ChannelTable(Table):
    """One [[channel]]."""

    id: Id
    kind: Literal["apprise", "sms", "ring", "desk"]
    name: Bilingual
    url_file: Words | None = None
    modem: Id | None = None
    rate: int | None = Field(None, ge=1, le=6000)
    silence: float = Field(30.0, ge=1, le=3600)


class ProofTable(Table):
    """One [[proof]]. person: left out for the group behind the channel."""

    channel: Id
    person: Id | None = None
    at: WallTime


@dataclass(frozen=True, slots=True)
class Channels:
    """What the file says."""

    channels: tuple[ChannelSpec, ...] = ()
    proofs: tuple[DailyProof, ...] = ()


def read_channels(
    report: Report, site_dir: FilePath, people: Collection[str], modems: Collection[str]
) -> Channels:
    """All channels and proofs in their order; none where the site has no such file.

    people: ids in the roster; modems: of the sources in site.toml that send texts.
    """
    path = site_dir / CHANNELS_FILE
    sheet = read_sheet(report, path, CHANNELS_FILE) if path.is_file() else None
    if sheet is None:
        return Channels()
    known_keys(report, sheet, ("channel", "proof"))
    found: dict[str, ChannelSpec] = {}
    for place, item in tables(report, sheet, ("channel",), sheet.data.get("channel")):
        table = checked(report, sheet, place, item, ChannelTable)
        if table is not None:
            if table.id in found:
                report.add(sheet, (*place, "id"), "duplicate_id", f"there are two channels {table.id}")
            if table.modem is not None and table.modem not in modems:
                message = f"site.toml has no modem {table.modem!r}{choice(modems)}"
                close = nearest(table.modem, modems)
                report.add(sheet, (*place, "modem"), "unknown_bus", message, close)
            found.setdefault(table.id, _channel(report, sheet, place, table, site_dir))
    proofs = []
    for place, item in tables(report, sheet, ("proof",), sheet.data.get("proof")):
        proof = checked(report, sheet, place, item, ProofTable)
        if proof is None:
            continue
        _known(report, sheet, (*place, "channel"), proof.channel, found, "channel")
        if proof.person is not None:
            _known(report, sheet, (*place, "person"), proof.person, people, "person")
        proofs.append(DailyProof(proof.channel, proof.person or "", wall_time(proof.at)))
    return Channels(tuple(found.values()), tuple(proofs))


def _channel(
    report: Report, sheet: Sheet, place: Path, table: ChannelTable, site_dir: FilePath
) -> ChannelSpec:
    need = _NEEDS[table.kind]
    for key, given in (("url_file", table.url_file), ("modem", table.modem)):
        if key == need and given is None:
            report.add(sheet, (*place, key), "missing_key", f"a channel of kind {table.kind} needs it")
        elif key != need and given is not None:
            report.add(sheet, (*place, key), "value", f"a channel of kind {table.kind} has none")
    return ChannelSpec(
        table.id,
        table.kind,
        table.name.text(),
        str((site_dir / table.url_file).resolve()) if table.url_file else "",
        table.modem or "",
        table.rate,
        table.silence,
    )


def _known(
    report: Report,
    sheet: Sheet,
    path: Path,
    id: str,
    known: Collection[str],
    noun: Literal["channel", "person"],
) -> None:
    if id not in known:
        close = nearest(id, known)
        report.add(sheet, path, f"unknown_{noun}", f"there is no {noun} {id!r}", close)
