"""`edge-hub token`: the programs that may use the API. A token is printed once and kept by nobody."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from edge.domain.names import is_id
from edge.facade import Account, Role
from edge.store.writer import StoreError
from edge.tools.user import MisuseError, account_file, operator
from web.auth.secrets import digest, new_token


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `token`."""
    verbs = parser.add_subparsers(dest="action", required=True, metavar="add|list|remove")
    add = verbs.add_parser("add", help="make a token and print it, this once")
    add.add_argument(
        "name", help="of the program, as the journal will name it: lower-case letters, digits, hyphens"
    )
    add.add_argument("--role", type=Role, choices=list(Role), required=True, help="what the program may do")
    remove = verbs.add_parser("remove", help="the token is worth nothing from now on")
    remove.add_argument("name")
    for verb in (add, remove, verbs.add_parser("list", help="which programs have one")):
        verb.add_argument("--data", type=Path, required=True, metavar="DIR", help="the hub's data folder")


def command(arguments: argparse.Namespace) -> int:
    """Change or list; 1 with one sentence when it cannot be done."""
    now = time.time_ns() // 1000
    try:
        file = account_file(arguments)
        if arguments.action == "list":
            for account in file.tokens():
                print(f"{account.name:<20} {account.role.value}")
            return 0
        if arguments.action == "remove":
            if not file.remove_token(arguments.name, operator(), now):
                return _fail(f"no program is called {arguments.name}; `edge-hub token list` shows which are")
            return 0
        if not is_id(arguments.name):
            return _fail(f"{arguments.name!r} is no name: lower-case letters, digits and hyphens")
        if any(known.name == arguments.name for known in file.tokens()):
            return _fail(
                f"a program is called {arguments.name} already: remove it first, its token ends with that"
            )
        token = new_token()
        account = Account(arguments.name, arguments.name, arguments.role)
        file.put_token(digest(token), account, operator(), now)
        print(token)
    except (StoreError, MisuseError) as error:
        return _fail(str(error))
    return 0


def _fail(why: str) -> int:
    print(f"edge-hub token: {why}", file=sys.stderr)
    return 1
