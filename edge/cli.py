"""The command line: `edge-hub VERB`. Exit 0 done, 1 failed, 2 misuse; errors on stderr, one sentence with the mend."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final

from edge import __version__

# verb -> (what it is for, "module" with add_arguments(parser) and command(args) -> exit code).
# Modules are imported when their verb is used, so that `decode` works on a machine without a broker or a database.
VERBS: Final[dict[str, tuple[str, str]]] = {
    "run": ("run the hub", "edge.run"),
    "check": ("check a site's folder, all errors at once", "edge.tools.check"),
    "demo": ("run the demo community: broker, hub and simulator", "edge.tools.demo"),
    "decode": ("decode one payload, or a run of frames, from stdin", "edge.tools.decode"),
    "analyse": ("what the cameras' checks find in a clip, one JSON line each", "edge.tools.analyse"),
    "simulate": ("play the devices of a site, over real brokers and buses", "edge.tools.simulate"),
    "user": ("add, list and remove the people who may sign in", "edge.tools.user"),
    "token": ("add, list and remove the tokens of programs", "edge.tools.token"),
    "resend": ("have the readings of a span sent to a data centre once more", "edge.tools.resend"),
    "backup": ("put everything of a hub into one file, while it runs", "edge.tools.backup"),
    "restore": ("bring a hub back from a backup, into an empty folder", "edge.tools.restore"),
    "doctor": ("how the hub and its machine are, as a report without secrets", "edge.tools.doctor"),
    "bench": ("measure this machine, beside a yardstick of the same run", "edge.tools.bench"),
}


def parser() -> argparse.ArgumentParser:
    """The command line without the verbs' own options, which `main` adds to the verb that was called."""
    top = argparse.ArgumentParser(prog="edge-hub", description="Safety hub of one residential community.")
    top.add_argument("--version", action="version", version=f"edge-hub {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, (purpose, _) in VERBS.items():
        verbs.add_parser(verb, help=purpose, description=purpose, add_help=False)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; argparse itself exits with 2 on misuse."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] not in VERBS:
        parser().parse_args(given)  # prints the help or the error, and exits
    verb, rest = given[0], given[1:]
    purpose, name = VERBS[verb]
    module = import_module(name)
    own = argparse.ArgumentParser(prog=f"edge-hub {verb}", description=purpose)
    add_arguments: Callable[[argparse.ArgumentParser], None] = module.add_arguments
    command: Callable[[argparse.Namespace], int] = module.command
    add_arguments(own)
    try:
        return command(own.parse_args(rest))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the output has seen enough (`| head`).
        sys.stderr.close()
        return 0


if __name__ == "__main__":
    sys.exit(main())
