"""`edge-hub check`: everything that is wrong with a site's folder, at once."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path as FilePath

from edge.driver import DriverSchema
from edge.settings.site import check_site


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `edge-hub check`."""
    parser.add_argument(
        "--site", type=FilePath, default=FilePath(), metavar="DIR", help="the site's folder (default: here)"
    )
    parser.add_argument("--json", action="store_true", help='print {"errors": […]}')


def check_command(args: argparse.Namespace, schemas: Mapping[str, DriverSchema]) -> int:
    """Run `check` and answer its exit status: 0 in order, 1 with problems."""
    problems = check_site(args.site, schemas)
    if args.json:
        text = json.dumps(
            {"errors": [problem.to_dict() for problem in problems]}, ensure_ascii=False, indent=2
        )
    else:
        text = "\n".join(map(str, problems)) or f"{args.site}: in order"
    stream = sys.stderr if problems and not args.json else sys.stdout
    stream.write(text + "\n")
    return 1 if problems else 0
