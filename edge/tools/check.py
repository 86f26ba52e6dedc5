"""`edge-hub check`: everything that is wrong with a site's folder, at once. Opens no port and needs no broker."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path

from edge.dialects import schemas
from edge.settings import review_site


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `check`."""
    parser.add_argument(
        "--site", type=Path, default=Path(), metavar="DIR", help="the site's folder (default: here)"
    )
    parser.add_argument("--json", action="store_true", help='print {"errors": […], "warnings": […]}')


def command(arguments: argparse.Namespace) -> int:
    """Print the problems, as `file:line: key: what` or as JSON; 1 when there are errors. Warnings change nothing."""
    today = date.today()  # noqa: DTZ011 - the day on this machine's wall
    errors, warnings = review_site(arguments.site, schemas(), today)
    if arguments.json:
        found = {"errors": [e.to_dict() for e in errors], "warnings": [w.to_dict() for w in warnings]}
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 1 if errors else 0
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if errors:
        print(*errors, sep="\n", file=sys.stderr)
    else:
        print(f"{arguments.site}: in order")
    return 1 if errors else 0
