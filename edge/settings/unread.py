"""Files of the site's folder that nothing reads, and the name that was probably meant."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Final

from edge.settings.problems import Problem, Report

FILES: Final = (
    "site.toml", "local.toml", "people.toml", "channels.toml", "orders.toml", "units.toml", "hazards.toml",
    "elements.toml", "households.toml", "emergency.toml", "facilities.toml", "reserve.toml",
)  # fmt: skip
FOLDERS: Final = (
    "devices", "rules", "profiles", "linkage", "dispatch", "messages", "plans", "duties", "service",
)  # fmt: skip


def review_names(site_dir: FilePath) -> list[Problem]:
    """One warning for each .toml file that nothing reads, and each folder whose name is nearly one that is read."""
    report = Report()
    for path in sorted(site_dir.iterdir()):
        name = path.name
        if path.is_dir():
            meant = None if name in FOLDERS or name.startswith(".") else _meant(name)
            if meant is not None:
                report.add_file(name, "unread", "nothing reads this folder", suggestion=meant)
            elif name in FOLDERS:
                for inner in sorted(path.iterdir()):
                    if inner.suffix != ".toml":
                        message = "nothing reads this file: only names that end in .toml"
                        report.add_file(f"{name}/{inner.name}", "unread", message)
        elif path.suffix == ".toml" and name not in FILES:
            report.add_file(name, "unread", "nothing reads this file", suggestion=_meant(path.stem))
    return report.problems()


def _meant(stem: str) -> str | None:
    """The file or folder whose name without its end is nearest."""
    known = {name.removesuffix(".toml"): name for name in (*FILES, *FOLDERS)}
    close = get_close_matches(stem.casefold(), known, n=1, cutoff=0.7)
    return known[close[0]] if close else None
