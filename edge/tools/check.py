"""`edge-hub check`: everything that is wrong with a site's folder, at once. Opens no port and needs no broker."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from edge.dialects import schemas
from edge.settings import check_site


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `check`."""
    parser.add_argument(
        "--site", type=Path, default=Path(), metavar="DIR", help="the site's folder (default: here)"
    )
    parser.add_argument("--json", action="store_true", help='print {"errors": […]}')


def command(arguments: argparse.Namespace) -> int:
    """Print the problems, as `file:line: key: what` or as JSON; 1 when there are any."""
    problems = check_site(arguments.site, schemas())
    if arguments.json:
        errors = {"errors": [problem.to_dict() for problem in problems]}
        print(json.dumps(errors, ensure_ascii=False, indent=2))
    elif problems:
        print(*problems, sep="\n", file=sys.stderr)
    else:
        print(f"{arguments.site}: in order")
    return 1 if problems else 0
