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
