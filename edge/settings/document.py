"""Reading a TOML file, and checking a table of it with a model: every fault becomes a Problem, none an exception."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from edge.settings.positions import Path, positions
from edge.settings.problems import Report, Sheet, nearest

M = TypeVar("M", bound=BaseModel)

CODES: Final[Mapping[str, str]] = {
    "extra_forbidden": "unknown_key",
    "missing": "missing_key",
    "literal_error": "unknown_value",
    "enum": "unknown_value",
    "value_error": "value",
    "assertion_error": "value",
    "finite_number": "value",
    "too_short": "value",
    "too_long": "value",
    "multiple_of": "value",
}
_TYPE_ERROR = re.compile(r".*_type|.*_parsing|.*_attributes_type|is_instance_of|int_from_float")
_VALUE_ERROR = re.compile(r"(greater|less)_than.*|string_(too|pattern).*|union_tag.*|none_required")


def read_sheet(report: Report, path: FilePath, file: str) -> Sheet | None:
    """The file at `path`, called `file` in problems; None after reporting why it cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8-sig")  # Windows' Notepad writes a byte order mark
        data = tomllib.loads(text)
        return Sheet(path, file, data, positions(text), {})
    except FileNotFoundError:
        report.add_file(file, "missing_file", "there is no such file")
    except OSError as error:
        report.add_file(file, "unreadable", f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        report.add_file(
            file, "not_utf8", f"byte {error.start} is no UTF-8: save the file as UTF-8", line=line
        )
    except RecursionError:
        report.add_file(file, "syntax", "nested too deeply")
    except ValueError as error:  # TOMLDecodeError, and a number of thousands of digits
        report.add_file(file, "syntax", f"no valid TOML: {error}", line=_line_of(str(error), text))
    return None


def _line_of(message: str, text: str) -> int:
    match = re.search(r"at line (\d+)", message)
    if match is not None:
        return int(match.group(1))
    return len(text.rstrip().splitlines()) or 1 if "end of document" in message else 1


def known_keys(report: Report, sheet: Sheet, keys: tuple[str, ...]) -> None:
    """Report each top-level key of `sheet` that is none of `keys`."""
    for key in sheet.data.keys() - set(keys):
        _report_unknown(report, sheet, (key,), keys)


def tables(report: Report, sheet: Sheet, path: Path, value: object) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The items of an array of tables (`[[…]]`) that are tables, each with its path; None counts as empty."""
    if value is None:
        return
    if not isinstance(value, list):
        report.add(sheet, path, "wrong_type", f"should be a list of tables: write [[{path[-1]}]]")
        return
    for index, item in enumerate(value):
        if isinstance(item, dict):
            yield (*path, index), item
        else:
            report.add(sheet, (*path, index), "wrong_type", f"should be a table, got {item!r:.40}")


@dataclass(slots=True)
class Siblings:
    """keys: the other model's keys. meant: keys that a misspelt one stood for; they are not reported missing."""

    keys: tuple[str, ...] = ()
    meant: set[Path] = field(default_factory=set)


def checked(
    report: Report, sheet: Sheet, path: Path, value: object, model: type[M], siblings: Siblings | None = None
) -> M | None:
    """`value` as `model`, or None. Unknown keys are reported and left out, so that the rest is checked as well.

    siblings: what else may stand in the same table, where two models share it.
    """
    siblings = siblings or Siblings()
    try:
        return model.model_validate(value)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    spoilt = copy.deepcopy(value)
    meant = siblings.meant
    for fault in (e for e in errors if e["type"] == "extra_forbidden"):
        loc = fault["loc"]
        keys = _keys_at(model, loc[:-1]) + (siblings.keys if len(loc) == 1 else ())
        suggestion = _report_unknown(report, sheet, path + loc, keys)
        meant.add((*loc[:-1], suggestion or ""))
        _drop(spoilt, loc)
    for fault in errors:
        if fault["type"] != "extra_forbidden" and not (fault["type"] == "missing" and fault["loc"] in meant):
            _report(report, sheet, path, dict(fault))
    if any(e["type"] != "extra_forbidden" for e in errors):
        return None
    return checked(report, sheet, path, spoilt, model, siblings)


def _report_unknown(report: Report, sheet: Sheet, path: Path, keys: tuple[str, ...]) -> str | None:
    suggestion = nearest(path[-1], keys)
    known = "" if suggestion or not keys else "; known here: " + ", ".join(keys)
    report.add(sheet, path, "unknown_key", f"unknown key{known}", suggestion)
    return suggestion


def _report(report: Report, sheet: Sheet, path: Path, fault: Mapping[str, Any]) -> None:
    kind, loc, given = fault["type"], fault["loc"], fault["input"]
    context = fault.get("ctx", {})
    code = CODES.get(kind) or (
        "wrong_type" if _TYPE_ERROR.fullmatch(kind) else "value" if _VALUE_ERROR.fullmatch(kind) else kind
    )
    suggestion = context.get("suggestion")
    message = fault["msg"]
    if code == "missing_key":
        message = "is missing"
    elif code == "unknown_value":
        suggestion = nearest(given, re.findall(r"'([^']*)'", str(context.get("expected", ""))))
        message = f"{given!r:.60} is not one of {context.get('expected')}"
    elif kind == "value_error":
        message = str(context["error"])
    elif kind == "model_type":
        message = f"should be a table, got {given!r:.60}"
    elif code in {"wrong_type", "value"}:
        got = "" if isinstance(given, dict | list) else f", got {given!r:.60}"
        message = f"{message[:1].lower()}{message[1:]}{got}"
    report.add(sheet, (*path, *loc, *context.get("at", ())), code, message, suggestion)


def _drop(data: Any, loc: Path) -> None:
    for part in loc[:-1]:
        if isinstance(data, dict) and part not in data:
            continue  # the tag of a union, not a key
        data = data[part]
    data.pop(loc[-1], None)


def _keys_at(model: type[BaseModel], loc: Path) -> tuple[str, ...]:
    """The keys that a table at `loc` below `model` may have."""
    here = [model]
    for part in loc:
        if isinstance(part, str):
            fields = [f for m in here for name, f in m.model_fields.items() if part == (f.alias or name)]
            here = [found for field in fields for found in models_in(field.annotation)] or here
    return tuple(dict.fromkeys(f.alias or name for m in here for name, f in m.model_fields.items()))


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a field of this annotation can hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)
