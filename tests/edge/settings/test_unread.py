"""Files that nothing reads: said, with the name that was probably meant."""

from __future__ import annotations

import re
from pathlib import Path

import edge.settings
from edge.settings import install_template
from edge.settings.unread import FILES, review_names


def test_the_template_is_read_as_a_whole(tmp_path: Path) -> None:
    install_template(tmp_path)
    assert review_names(tmp_path) == []


def test_every_file_that_is_read_is_known() -> None:
    read: set[str] = set()
    for path in Path(edge.settings.__file__).parent.glob("*.py"):
        read |= set(
            re.findall(r'^[A-Z]+_FILE\b.*= "([^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
        )
    assert len(read) > 8
    assert read <= set(FILES)


def test_near_names_are_said(tmp_path: Path) -> None:
    for folder in ("device", "orders", "secrets", ".git", "photos", "rules"):
        (tmp_path / folder).mkdir()
    for file in ("channel.toml", "notes.toml", "rules/fire.tml", "readme.txt"):
        (tmp_path / file).write_text("", encoding="utf-8")
    found = {(p.file, p.suggestion) for p in review_names(tmp_path)}
    assert found == {
        ("device", "devices"),
        ("orders", "orders.toml"),
        ("channel.toml", "channels.toml"),
        ("notes.toml", None),
        ("rules/fire.tml", None),
    }
    assert {p.code for p in review_names(tmp_path)} == {"unread"}
