"""`edge-hub backup FILE`: everything of a hub in one file, made while it runs."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Final

from edge.backup.making import Order, make
from edge.backup.trouble import BackupError

_SHORTEST: Final = 12  # characters of a passphrase: the file may be copied, and guessed at for years


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `backup`."""
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="the backup; an earlier one is replaced at the end"
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the hub's data folder")
    parser.add_argument(
        "--site", type=Path, metavar="DIR", help="the site's folder (else as the hub last had it)"
    )
    add_passphrase(parser)


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """The option that `restore` has too."""
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help=f"its first line, of {_SHORTEST} characters or more, encrypts the backup",
    )


def command(arguments: argparse.Namespace) -> int:
    """Make it; 1 with one sentence when it cannot be made."""
    step_back()
    try:
        passphrase = read_passphrase(arguments.passphrase_file)
        if passphrase is None:
            print(
                "edge-hub backup: without --passphrase-file whoever gets the file has the site's passwords and"
                " the residents' names",
                file=sys.stderr,
            )
        made = make(Order(arguments.file, arguments.data, arguments.site, passphrase, time.time_ns() // 1000))
    except BackupError as error:
        print(f"edge-hub backup: {error}", file=sys.stderr)
        return 1
    for name in made.missing:
        print(f"edge-hub backup: there was no {name}.db in {arguments.data}", file=sys.stderr)
    for problem in made.problems:
        print(f"edge-hub backup: the journal does not verify: {problem}", file=sys.stderr)
    print(
        f"{arguments.file}: {made.facts} facts, {made.readings} readings, {made.pictures} pictures,"
        f" {made.size / 1e6:.1f} MB"
    )
    return 0


def step_back() -> None:
    """Let the hub go first, and live when memory runs out."""
    os.nice(10)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def read_passphrase(path: Path | None) -> bytes | None:
    """The first line of the file; BackupError when there is none that will do."""
    if path is None:
        return None
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError("passphrase", f"the passphrase in {path} cannot be read ({error})") from error
    passphrase = lines[0].strip() if lines else ""
    if len(passphrase) < _SHORTEST:
        raise BackupError(
            "passphrase", f"the first line of {path} has less than {_SHORTEST} characters: write a longer one"
        )
    return passphrase.encode()
