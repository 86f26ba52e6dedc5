"""`edge-hub restore FILE`: a backup into an empty folder, verified before a hub can start on it."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from edge.backup.restoring import Asked, restore
from edge.backup.trouble import BackupError
from edge.tools.backup import add_passphrase, read_passphrase
from edge.tools.user import operator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `restore`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="what `edge-hub backup` made")
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="an empty folder, the new hub's data folder"
    )
    parser.add_argument(
        "--site", type=Path, metavar="DIR", help="an empty folder for the site (else DIR/site of --data)"
    )
    add_passphrase(parser)


def command(arguments: argparse.Namespace) -> int:
    """Restore; 1 with one sentence when it cannot be done."""
    site = arguments.site or arguments.data / "site"
    try:
        passphrase = read_passphrase(arguments.passphrase_file)
        asked = Asked(arguments.file, arguments.data, site, passphrase, time.time_ns() // 1000, operator())
        restored = restore(asked)
    except BackupError as error:
        print(f"edge-hub restore: {error}", file=sys.stderr)
        return 1
    for problem in restored.problems:
        print(f"edge-hub restore: the journal had this when it was backed up: {problem}", file=sys.stderr)
    print(
        f"{restored.site or 'the site'} as of {restored.made_at}: {restored.facts} facts,"
        f" {restored.readings} readings, {restored.files} files; stop the former hub first, look at"
        f" {site}/local.toml (ports and addresses of this machine), then start it with"
        f" `edge-hub run --site {site} --data {arguments.data}`"
    )
    return 0
