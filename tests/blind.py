"""The template site without its cameras, for hubs in tests that look at nothing: each camera is a process."""

from __future__ import annotations

import re
from pathlib import Path


def without_cameras(site: Path) -> None:
    """Take the streams out of site.toml, and the devices on them out of devices/."""
    for path in (site / "site.toml", *(site / "devices").glob("*.toml")):
        text = path.read_text("utf-8")
        blocks = re.split(r"(?m)^(?=\[\[)", text)
        path.write_text("".join(block for block in blocks if not _camera(block)), "utf-8")


def _camera(block: str) -> bool:
    return block.startswith("[[camera") or bool(re.search(r'(?m)^address = .*dialect = "camera"', block))
