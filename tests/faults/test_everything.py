"""The table of `python -m tests.faults all`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import everything
from tests.faults.everything import BROKEN, KEPT, NOT_HERE, Row


def broken(folder, long, seed, say):
    raise RuntimeError("the test itself")
    yield


def kept(folder, long, seed, say):
    yield Row("a fault", KEPT, "0 of 9", "3 of 3", "1.5 s")
    yield Row("another", NOT_HERE, why=("needs root",))


def test_a_verb_that_breaks_spares_none_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everything, "VERBS", {"broken": broken, "kept": kept})
    rows = everything.run(tmp_path, long=False, seed=1, say=lambda _line: None)
    assert [row.code for row in rows] == [BROKEN, KEPT, NOT_HERE]
    assert everything.code(rows) == BROKEN
    assert everything.code(rows[1:]) == KEPT
    head, _, one, other, *why = everything.table(rows)
    assert head.split()[:2] == ["fault", "survived"]
    assert one.split()[:7] == ["a", "fault", "yes", "0", "of", "9", "3"]
    assert "not done" in other
    assert why == ["broken: RuntimeError('the test itself')", "another: needs root"]


def test_only_the_verbs_that_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everything, "VERBS", {"broken": broken, "kept": kept})
    rows = everything.run(tmp_path, long=True, seed=1, say=lambda _line: None, only=["kept"])
    assert [row.fault for row in rows] == ["a fault", "another"]
