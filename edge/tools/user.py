"""`edge-hub user`: the people who may sign in. Works while the hub runs; it journals what changed here."""

from __future__ import annotations

import argparse
import getpass
import os
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from edge.clock import SystemClock
from edge.domain.names import is_id
from edge.facade import Account, Role
from edge.store.accounts import AccountFile
from edge.store.writer import StoreError
from web.auth.pins import new_pin, weakness_of
from web.auth.secrets import MAX_PASSWORD, MIN_PASSWORD, hash_password, new_code


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `user`."""
    verbs = parser.add_subparsers(dest="action", required=True, metavar="add|list|remove|password|code|pin")
    add = verbs.add_parser("add", help="let a person in; a password is made up unless you type one")
    add.add_argument("name", help="what the person signs in with: lower-case letters, digits, hyphens")
    add.add_argument("--role", type=Role, choices=_PEOPLE, required=True, help="what the person may do")
    add.add_argument("--display", help="the person's name as the panel shows it")
    add.add_argument(
        "--code",
        action="store_true",
        help="print a one-time code instead of a password: the person sets one in the panel, at /code",
    )
    code = verbs.add_parser("code", help="print a one-time code by which a person sets a new password")
    code.add_argument("name")
    change = verbs.add_parser("password", help="give a person a new password and end their sessions")
    change.add_argument("name")
    pin = verbs.add_parser("pin", help="give a person a PIN for the alarm wall; the former one ends")
    pin.add_argument("name")
    for verb in (add, change, pin):
        verb.add_argument("--ask", action="store_true", help="type the secret instead of having one made up")
    remove = verbs.add_parser("remove", help="a person may no longer sign in; open sessions end")
    remove.add_argument("name")
    for verb in (add, change, code, pin, remove, verbs.add_parser("list", help="who may sign in")):
        verb.add_argument("--data", type=Path, required=True, metavar="DIR", help="the hub's data folder")


def command(arguments: argparse.Namespace) -> int:
    """Change or list; 1 with one sentence when it cannot be done."""
    try:
        file = account_file(arguments)
        known = {account.name: account for account in file.accounts()}
        _ACTIONS[arguments.action](file, known, arguments)
    except (StoreError, MisuseError) as error:
        print(f"edge-hub user: {error}", file=sys.stderr)
        return 1
    return 0


class MisuseError(ValueError):
    """What was asked cannot be done; one sentence with the mend."""


def account_file(arguments: argparse.Namespace) -> AccountFile:
    """The accounts below `--data`. Only `add` may make the file: a mistyped folder has nobody to list or remove."""
    path = arguments.data / "accounts.db"
    if arguments.action != "add" and not path.exists():
        raise MisuseError(f"there are no accounts at {path}: give the folder that `edge-hub run --data` has")
    return AccountFile(path)


def _list(_file: AccountFile, known: Mapping[str, Account], _arguments: argparse.Namespace) -> None:
    for account in known.values():
        without = (
            "  (no password yet)" if account.password_hash is None and account.role is not Role.WALL else ""
        )
        print(f"{account.name:<20} {account.role.value:<12} {account.display}{without}")


def _remove(file: AccountFile, known: Mapping[str, Account], arguments: argparse.Namespace) -> None:
    account = _known(known, arguments.name)
    admins = [other.name for other in known.values() if other.role is Role.ADMIN]
    if admins == [account.name]:
        raise MisuseError(f"{account.name} is the last administrator; add another one first")
    file.remove(account.name, operator(), _now())


def _add(file: AccountFile, known: Mapping[str, Account], arguments: argparse.Namespace) -> None:
    name = arguments.name
    if not is_id(name):
        raise MisuseError(f"{name!r} is no sign-in name: lower-case letters, digits and hyphens")
    if name in known:
        raise MisuseError(f"{name} exists; `edge-hub user password` gives a new password")
    account = Account(name, arguments.display or name, arguments.role)
    if not arguments.code:
        _give_password(file, account, ask=arguments.ask)
    elif arguments.ask:
        raise MisuseError(
            "--ask is for a password you type, --code for one the person sets: give one of them"
        )
    else:
        file.put(account, operator(), _now())
        _give_code(file, name)


def _password(file: AccountFile, known: Mapping[str, Account], arguments: argparse.Namespace) -> None:
    _give_password(file, _known(known, arguments.name), ask=arguments.ask)


def _code(file: AccountFile, known: Mapping[str, Account], arguments: argparse.Namespace) -> None:
    account = _known(known, arguments.name)
    if account.role is Role.WALL:
        raise MisuseError(f"{account.name} is a screen; one-time codes belong to people")
    _give_code(file, account.name)


def _pin(file: AccountFile, known: Mapping[str, Account], arguments: argparse.Namespace) -> None:
    account = _known(known, arguments.name)
    if account.role is Role.WALL:
        raise MisuseError(f"{account.name} is a screen; PINs belong to people")
    pin = _ask("PIN") if arguments.ask else new_pin()
    if (weakness := weakness_of(pin)) is not None:
        raise MisuseError(weakness)
    file.put_pin(account.name, hash_password(pin), operator(), _now())
    if not arguments.ask:
        print(pin)


_ACTIONS: Final = {
    "add": _add, "list": _list, "password": _password, "code": _code, "pin": _pin, "remove": _remove,
}  # fmt: skip
_PEOPLE: Final = tuple(role for role in Role if role is not Role.WALL)


def _known(known: Mapping[str, Account], name: str) -> Account:
    if name not in known:
        raise MisuseError(f"nobody is called {name}; `edge-hub user list` shows who is")
    return known[name]


def _give_password(file: AccountFile, account: Account, *, ask: bool) -> None:
    password = _ask() if ask else secrets.token_urlsafe(9)
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise MisuseError(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    file.put(replace(account, password_hash=hash_password(password)), operator(), _now())
    if not ask:
        print(password)


def _give_code(file: AccountFile, name: str) -> None:
    code = new_code()
    file.put_code(name, hash_password(code), operator(), SystemClock().now())
    print(code)


def operator() -> str:
    """Who sits at the command line, for the journal."""
    return f"cli:{os.environ.get('SUDO_USER') or getpass.getuser()}"


def _ask(what: str = "Password") -> str:
    first = getpass.getpass(f"{what}: ")
    if sys.stdin.isatty() and getpass.getpass("Once more: ") != first:
        raise MisuseError(f"the two entries of the {what} differ")
    return first


def _now() -> int:
    return time.time_ns() // 1000
