"""The README says what the code can do."""

from __future__ import annotations

import ast
import io
import json
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge import cli
from edge.cli import VERBS
from edge.settings import install_template
from tests.contracts.source import ROOT, modules
from web.pages.wording import CHECKS

MAKERS = {"Metric", "counter", "gauge"}  # what makes a metric; the first argument is its name


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def metric_names() -> set[str]:
    return {
        node.args[0].value
        for source in ("edge/metrics.py", "web/api/v1/health.py")
        for node in ast.walk(modules()[source])
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in MAKERS
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_documented(verb: str, readme: str) -> None:
    assert re.search(rf"edge-hub {verb}\b", readme)


def test_every_metric_is_documented(readme: str) -> None:
    names = metric_names()
    assert "journal_seq" in names
    assert not {name for name in names if f"edgehub_{name}" not in readme}


def test_no_documented_metric_is_gone(readme: str) -> None:
    assert not set(re.findall(r"edgehub_(\w+)", readme)) - metric_names()


def test_every_line_of_the_health_page_is_explained_to_an_administrator() -> None:
    pages = (ROOT / "deploy/README.md").read_text("utf-8")
    section = pages.partition("## What each health line means")[2].partition("\n## ")[0]
    assert not {check for check in CHECKS if f"`{check}`" not in section}


@pytest.mark.parametrize("script", ["deploy/demo.sh", "deploy/test.sh"])
def test_both_commands_are_documented_and_there(script: str, readme: str) -> None:
    assert f"sh {script}" in readme
    assert (ROOT / script).is_file()


def test_the_devices_to_add_fit_on_top_of_the_template_and_the_frame_is_read(
    readme: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install_template(tmp_path)
    samples = re.findall(r"```toml\n# (\S+)\n(.*?)```", readme, re.DOTALL)
    assert {name.split("/")[0] for name, _ in samples} == {"devices", "profiles"}
    for name, text in samples:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write("\n" + text)
    assert cli.main(["check", "--site", str(tmp_path)]) == 0, capsys.readouterr()
    capsys.readouterr()

    frame, command = re.findall(r"^echo (\w+) \| \.venv/bin/edge-hub (decode .*)$", readme, re.MULTILINE)[0]
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(frame.encode())))
    assert cli.main(shlex.split(command.replace("DIR", str(tmp_path)))) == 0
    reading = json.loads(capsys.readouterr().out)
    assert (reading["device"], reading["value"], reading["unit"]) == ("07", 130.0, "kPa")
