"""`edge-hub resend` on a file that a hub has open."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli import main
from edge.domain.instant import to_rfc3339
from edge.store.cursors import SetAside, Standing
from tests.edge.store.making import START, Desk

SPAN = ["--from", "2026-06-01T08:00:00+08:00", "--to", "2026-06-01T09:00:00+08:00"]


async def test_a_request_is_left_for_the_running_hub(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Desk(tmp_path / "telemetry.db", followers=["dc"]) as desk:
        assert main(["resend", "--data", str(tmp_path), "--uplink", "dc", *SPAN]) == 0
        ask = await desk.telemetry.cursors.resend("dc")
    assert ask is not None
    assert (to_rfc3339(ask.start), to_rfc3339(ask.until)) == (
        "2026-06-01T00:00:00.000Z",
        "2026-06-01T01:00:00.000Z",
    )
    assert ask.by
    assert "once more" in capsys.readouterr().out


async def test_lines_set_aside_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with Desk(tmp_path / "telemetry.db", followers=["dc"]) as desk:
        await desk.telemetry.cursors.passed("dc", Standing(), [SetAside(START, "a b=1 2", "type conflict")])
        assert main(["resend", "--data", str(tmp_path), "--uplink", "dc", "--set-aside"]) == 0
    assert "type conflict\n    a b=1 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--uplink", "other", *SPAN], 1, "there are: dc"),
        (["--uplink", "dc"], 2, "both --from and --to"),
        (["--uplink", "dc", "--from", "yesterday", "--to", "now"], 2, "write it as"),
        (["--uplink", "dc", "--from", SPAN[3], "--to", SPAN[1]], 2, "not before"),
    ],
)
async def test_what_cannot_be_asked(
    arguments: list[str], code: int, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Desk(tmp_path / "telemetry.db", followers=["dc"]):
        assert main(["resend", "--data", str(tmp_path), *arguments]) == code
    assert word in capsys.readouterr().err


def test_a_folder_without_readings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resend", "--data", str(tmp_path), "--uplink", "dc", *SPAN]) == 1
    assert "edge-hub run --data" in capsys.readouterr().err
