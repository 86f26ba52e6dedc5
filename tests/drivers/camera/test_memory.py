from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.camera.memory import EVERY, FIRST, SPARING, Memory, clean_libraries, environment
from edge.tools.benches.processes import usage
from tests.drivers.camera.running import ChildRun, settings
from tests.drivers.camera.streams import MjpegRig


def mapping(start: str, rights: str, path: str, anonymous: int) -> str:
    return (
        f"{start}000-{start}fff {rights} 00000000 fe:00 260386                     {path}\n"
        f"Size:                  8 kB\nRss:                   8 kB\nAnonymous:      {anonymous:8} kB\n"
        "LazyFree:              0 kB\nVmFlags: rd mr mw me sd \n"
    )


def test_only_what_is_as_in_the_file_of_a_library_is_let_go():
    smaps = "".join(
        [
            mapping("7f01", "r-xp", "/usr/lib/python3/dist-packages/cv2/cv2.abi3.so", 0),
            mapping("7f02", "r--p", "/usr/lib/libavcodec-c4204469.so.62.28.101", 0),
            mapping("7f03", "r--p", "/usr/lib/libavcodec-c4204469.so.62.28.101", 380),  # relocated
            mapping(
                "7f04", "rw-p", "/usr/lib/libavcodec-c4204469.so.62.28.101", 0
            ),  # may be written at any time
            mapping("7f05", "r--p", "/usr/lib/locale/C.utf8/LC_CTYPE", 0),  # may be unmapped at any time
            mapping("7f06", "r--p", "/srv/clips/made.so.mp4", 0),
            mapping("7f07", "r-xp", "", 0),
            mapping("7f08", "r-xp", "/usr/lib/libcrypto-5409cd36.so.1.1.1k", 0),
        ]
    )
    starts = [start for start, _ in clean_libraries(smaps.encode())]
    assert starts == [0x7F01000, 0x7F02000, 0x7F08000]


def test_this_systems_own_table_is_understood():
    found = [*clean_libraries(Path("/proc/self/smaps").read_bytes())]
    assert found
    assert all(start < end and start % os.sysconf("SC_PAGE_SIZE") == 0 for start, end in found)


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
