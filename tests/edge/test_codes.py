from __future__ import annotations

import stat
from pathlib import Path

from edge.codes import LENGTH, device_code, durable_key


def test_codes_are_the_same_after_a_restart_and_no_two_hubs_make_the_same(tmp_path: Path) -> None:
    key = durable_key(tmp_path / "codes.key")
    assert durable_key(tmp_path / "codes.key") == key
    assert stat.S_IMODE((tmp_path / "codes.key").stat().st_mode) == 0o600
    code = device_code(key, "sm-301")
    assert len(code) == LENGTH
    assert code != device_code(key, "sm-302")
    assert code != device_code(durable_key(tmp_path / "other.key"), "sm-301")
