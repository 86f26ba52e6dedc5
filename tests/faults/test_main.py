"""The command of the faults, where the tests' own packages are not there."""

from __future__ import annotations

import subprocess
import sys


def test_without_the_packages_of_the_tests_it_says_what_brings_them() -> None:
    code = "import runpy, sys; sys.modules['httpx'] = None; runpy.run_module('tests.faults', run_name='__main__')"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert (
        ended.stderr
        == "there is no httpx here: run `sh deploy/test.sh` first, it brings what the tests need\n"
    )


def test_a_word_that_is_no_verb_is_said_before_anything_begins() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults", "all", "clocks"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "'clocks' is none of kills, states" in ended.stderr
