from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.cli import main
from edge.settings import install_template


@pytest.fixture
def site(tmp_path: Path) -> Path:
    install_template(tmp_path)
    return tmp_path


def test_a_site_in_order(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--site", str(site)]) == 0
    assert capsys.readouterr().out == f"{site}: in order\n"


def test_it_looks_here_when_told_nothing(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(site)
    assert main(["check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["errors"] == []


def test_problems_as_lines(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "site.toml").write_text('[site]\nid = "x"\nnonsense = 1\ntimezon = "UTC"\n', encoding="utf-8")
    assert main(["check", "--site", str(site)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "site.toml:4: site.timezon: unknown key (did you mean 'timezone'?)" in err.splitlines()
    assert any(line.startswith("site.toml:3: site.nonsense: unknown key") for line in err.splitlines())


def test_problems_as_json(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = site / "devices/building-3.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("zone", "zoen", 1), encoding="utf-8")
    assert main(["check", "--site", str(site), "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "errors": [
            {
                "file": "devices/building-3.toml",
                "line": 5,
                "key": "device[0].zoen",
                "code": "unknown_key",
                "message": "unknown key",
                "suggestion": "zone",
            }
        ],
        "warnings": [],
    }


def test_warnings_are_shown_and_change_nothing(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--site", str(site), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (single,) = (w for w in found["warnings"] if w["code"] == "shift_short")
    assert "control-room needs 2 people and has 1 (张磊)" in single["message"]
    assert main(["check", "--site", str(site)]) == 0
    assert "warning: people.toml:" in capsys.readouterr().err
