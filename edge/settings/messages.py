"""messages/*.toml: messages to people in the site's own words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Final

from edge.dispatch.messages import FIELDS, MESSAGES, fields_of
from edge.domain.names import Text
from edge.settings.document import checked, read_sheet
from edge.settings.models import Bilingual
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, nearest

MESSAGES_FOLDER: Final = "messages"


def read_messages(report: Report, site_dir: FilePath) -> Mapping[str, Text]:
    """The texts by name of the message; none where the site has no such folder."""
    found: dict[str, Text] = {}
    places: dict[str, tuple[Sheet, Path]] = {}
    for path in sorted((site_dir / MESSAGES_FOLDER).glob("*.toml")):
        sheet = read_sheet(report, path, f"{MESSAGES_FOLDER}/{path.name}")
        if sheet is None:
            continue
        for name, value in sheet.data.items():
            if name not in MESSAGES:
                known = ", ".join(MESSAGES)
                message = f"there is no message {name!r}; known here: {known}"
                report.add(sheet, (name,), "unknown_message", message, nearest(name, MESSAGES))
            elif name in places:
                other, there = places[name]
                file, line = other.place(there)
                report.add(sheet, (name,), "duplicate_id", f"message {name} is also at {file}:{line}")
            else:
                places[name] = (sheet, (name,))
                table = checked(report, sheet, (name,), value, Bilingual)
                if table is not None:
                    _fields(report, sheet, (name, "zh"), table.zh)
                    _fields(report, sheet, (name, "en"), table.en)
                    found[name] = table.text()
    return found


def _fields(report: Report, sheet: Sheet, path: Path, text: str) -> None:
    try:
        named = fields_of(text)
    except ValueError as error:
        message = f"the braces do not pair ({error}); a brace that is meant is written twice"
        report.add(sheet, path, "braces", message)
        return
    for field in named:
        if field not in FIELDS:
            message = f"there is no {{{field}}}; known here: " + ", ".join(f"{{{f}}}" for f in sorted(FIELDS))
            report.add(sheet, path, "unknown_placeholder", message, nearest(field, FIELDS))
