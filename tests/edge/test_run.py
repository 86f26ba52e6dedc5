"""`edge-hub run`: how it ends."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge import run
from edge.cli import main


def arguments(tmp_path: Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    run.add_arguments(parser)
    return parser.parse_args(["--site", str(tmp_path / "site"), "--data", str(tmp_path / "data")])


def test_a_line_that_ends_is_told_with_its_trace_and_ends_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def line() -> None:
        raise ValueError("a defect")

    @asynccontextmanager
    async def running(_options: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(line=asyncio.create_task(line()))

    monkeypatch.setattr(run, "running", running)
    assert run.command(arguments(tmp_path)) == 1
    (record,) = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)


def test_a_faulty_site_is_said_in_one_piece(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "site.toml").write_text("[sit]\n", encoding="utf-8")
    assert main(["run", "--site", str(tmp_path / "site"), "--data", str(tmp_path / "data")]) == 1
    assert "site.toml" in capsys.readouterr().err


@pytest.mark.parametrize("listen", ["127.0.0.1:99999", "127.0.0.1", ":8080", "127.0.0.1:http", "127.0.0.1:²"])
def test_an_address_that_cannot_be_is_a_mistake_of_the_command_line(tmp_path: Path, listen: str) -> None:
    folders = ["--site", str(tmp_path / "site"), "--data", str(tmp_path / "data")]
    with pytest.raises(SystemExit) as ended:
        main(["run", *folders, "--listen", listen])
    assert ended.value.code == 2
    assert not (tmp_path / "site").exists()
