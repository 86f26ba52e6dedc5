from __future__ import annotations

from pathlib import Path

import pytest

from edge import resources


def test_a_checkout_reads_its_own_folders() -> None:
    root = Path(__file__).parents[2]
    assert resources.config_root() == root / "config"
    assert (resources.broker_templates() / "hub.conf").is_file()


def test_a_wheel_reads_what_lies_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "edge"
    (package / "config").mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.config_root() == package / "config"
    with pytest.raises(FileNotFoundError, match="install it again"):
        resources.broker_templates()
