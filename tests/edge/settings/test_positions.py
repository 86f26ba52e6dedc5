from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.settings.positions import Path, positions


def test_every_form_of_a_key_is_found() -> None:
    text = '''\
# a comment [not.a.table]
plain = 1
dotted.key = { inline = 1, "quoted key".deep = [1,
  2, { last = """
]] # no comment
""""" } ] }

[[device]]  # behind a header
id = 'x # y'
address = { dialect = "q", name = "]" }

[[device]]
[device.sub]
date = 1979-05-27 07:32:00
[[device.sub.list]]
nested = [
  # inside an array
  [ "a", 'b' ],
]
[[device.sub.list]]
[ spaced . "header" ]
"\\u4e2d" = "x"
'''
    assert positions(text) == {
        ("plain",): 2,
        ("dotted",): 3,
        ("dotted", "key"): 3,
        ("dotted", "key", "inline"): 3,
        ("dotted", "key", "quoted key"): 3,
        ("dotted", "key", "quoted key", "deep"): 3,
        ("dotted", "key", "quoted key", "deep", 0): 3,
        ("dotted", "key", "quoted key", "deep", 1): 4,
        ("dotted", "key", "quoted key", "deep", 2): 4,
        ("dotted", "key", "quoted key", "deep", 2, "last"): 4,
        ("device",): 8,
        ("device", 0): 8,
        ("device", 0, "id"): 9,
        ("device", 0, "address"): 10,
        ("device", 0, "address", "dialect"): 10,
        ("device", 0, "address", "name"): 10,
        ("device", 1): 12,
        ("device", 1, "sub"): 13,
        ("device", 1, "sub", "date"): 14,
        ("device", 1, "sub", "list"): 15,
        ("device", 1, "sub", "list", 0): 15,
        ("device", 1, "sub", "list", 0, "nested"): 16,
        ("device", 1, "sub", "list", 0, "nested", 0): 18,
        ("device", 1, "sub", "list", 0, "nested", 0, 0): 18,
        ("device", 1, "sub", "list", 0, "nested", 0, 1): 18,
        ("device", 1, "sub", "list", 1): 20,
        ("spaced",): 21,
        ("spaced", "header"): 21,
        ("spaced", "header", "中"): 22,
    }


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "a = 1", "a = 1\r\nb = 2\r\n", "[t]"])
def test_small_documents(text: str) -> None:
    assert set(positions(text)) == set(paths_of(tomllib.loads(text)))


def test_a_table_opened_twice_stands_at_its_own_header() -> None:
    assert positions("[a.b]\n\n[a]\nx = 1\n") == {("a",): 3, ("a", "b"): 1, ("a", "x"): 4}


keys = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(keys, values, max_size=5), st.sampled_from(["", "  ", "\n", "# x ]\n"]))
@example({'"': {"]": ["#", {"=": "\\"}]}}, "\n")
def test_every_path_of_any_document_has_a_line(data: dict[str, Any], blank: str) -> None:
    text = "".join(f"{blank}{toml(key)} = {toml(value, blank)}\n" for key, value in data.items())
    assert tomllib.loads(text) == data
    lines = positions(text)
    assert set(lines) == set(paths_of(data))
    ordered = [lines[(key,)] for key in data]
    assert ordered == sorted(ordered)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


def toml(value: Any, blank: str = "") -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(blank + toml(item) + blank for item in value) + blank + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def paths_of(value: Any, path: Path = ()) -> list[Path]:
    found = [path] if path else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found += paths_of(inner, (*path, key))
    return found
