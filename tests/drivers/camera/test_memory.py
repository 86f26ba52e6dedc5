from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.camera.memory import EVERY, FIRST, SPARING, Memory, environment
from edge.tools.benches.processes import usage
from tests.drivers.camera.running import ChildRun, settings
from tests.drivers.camera.streams import MjpegRig


def test_libraries_are_let_go_when_due_and_work_on():
    memory = Memory(1000.0)

    def file_pages() -> int:
        return next(
            int(line.split()[1])
            for line in Path("/proc/self/status").read_text().splitlines()
            if line.startswith("RssFile:")
        )

    before = file_pages()
    memory.give_back(1000.0 + FIRST - 1)
    assert file_pages() > before - 1000  # kB: not yet
    memory.give_back(1000.0 + FIRST)
    after = file_pages()
    assert after < before - 1000
    assert cv2.resize(np.full((8, 8), 7, np.uint8), (4, 4)).tolist() == [[7] * 4] * 4
    cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))
    memory.give_back(1000.0 + FIRST + EVERY)  # and again
    assert file_pages() < before


def test_what_a_child_is_started_with_is_sparing_whatever_the_site_says(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "8")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    told = environment()
    assert told["HTTP_PROXY"] == "http://127.0.0.1:1"
    assert {name: told[name] for name in SPARING} == SPARING


def test_a_child_has_its_own_four_threads_and_no_more(tmp_path: Path):
    with MjpegRig() as rig, ChildRun(settings(rig, tmp_path, checks=("tamper", "flame"))) as child:
        child.until_state("ok")
        assert usage(child.pid).threads == 4
