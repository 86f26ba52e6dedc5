from __future__ import annotations

import gettext
import json
import shutil
from pathlib import Path

import pytest

import hatch_build
from hatch_build import compile_catalogues, fetch_vendor, node_requirement

ROOT = Path(__file__).parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the vendored files are made from, and of the files as the set-up made them."""
    for folder in (hatch_build.ASSETS, hatch_build.VENDOR):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def no_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hatch_build, "_system_npm", lambda: None)


def test_files_that_are_current_need_no_node(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_npm(monkeypatch)
    assert node_requirement(checkout) == []
    fetch_vendor(checkout)


def test_a_changed_list_or_a_missing_file_is_noticed(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_npm(monkeypatch)
    (checkout / hatch_build.VENDOR / "htmx.min.js").unlink()
    assert node_requirement(checkout) == [hatch_build.NODE_WHEEL]
    shutil.copy(ROOT / hatch_build.VENDOR / "htmx.min.js", checkout / hatch_build.VENDOR)
    assert node_requirement(checkout) == []
    with (checkout / hatch_build.ASSETS / "vendor.toml").open("a") as listing:
        listing.write("# changed\n")
    assert node_requirement(checkout) == [hatch_build.NODE_WHEEL]


def test_every_listed_file_is_there_with_its_licence() -> None:
    manifest = json.loads((ROOT / hatch_build.VENDOR / "manifest.json").read_text("utf-8"))
    assert {"htmx.min.js", "hx-sse.min.js", "hx-upsert.min.js", "uPlot.iife.min.js"} <= manifest[
        "files"
    ].keys()
    assert {"htmx.LICENSE", "uPlot.LICENSE"} <= manifest["files"].keys()


def test_catalogues_are_compiled_beside_their_source(tmp_path: Path) -> None:
    folder = tmp_path / "zh_CN/LC_MESSAGES"
    folder.mkdir(parents=True)
    source = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Fire"\nmsgstr "火警"\n'
    (folder / "messages.po").write_text(source, "utf-8")
    compile_catalogues(tmp_path)
    with (folder / "messages.mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Fire") == "火警"
