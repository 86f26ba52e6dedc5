"""The README says what the code can do."""

from __future__ import annotations

import ast
import re

import pytest

from edge.cli import VERBS
from tests.contracts.source import ROOT, modules

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


@pytest.mark.parametrize("script", ["deploy/demo.sh", "deploy/test.sh"])
def test_both_commands_are_documented_and_there(script: str, readme: str) -> None:
    assert f"sh {script}" in readme
    assert (ROOT / script).is_file()
