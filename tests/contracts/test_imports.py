"""Who may import whom: the design's direction of imports, walked over every module."""

from __future__ import annotations

import ast
import sys
from fnmatch import fnmatch

import pytest

from tests.contracts.source import Import, imports, imports_of, modules

DECISIONS = (
    "edge.alarm",
    "edge.cameras",
    "edge.hazards",
    "edge.emergency",
    "edge.duties",
    "edge.dispatch",
    "edge.outputs",
    "edge.power",
    "edge.trust",
)
BESIDE = (
    "edge.power.keeper",
    "edge.power.requests",
    "edge.dispatch.channels",
    "edge.cameras.keeper",
    "edge.cameras.files",
    "edge.cameras.cards",
)  # in their rooms, beside the line
IMPURE = ("asyncio", "sqlite3", "time", "threading", "socket", "subprocess", "pydantic")
CODEC_IMPURE = (
    "asyncio",
    "io",
    "os",
    "pathlib",
    "select",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "threading",
    "time",
)
# Who puts the parts together: the composition root, the command line and its verbs.
ASSEMBLERS = ("edge.assembly", "edge.cli", "edge.run", "edge.tools")

# Third-party package -> the places that may import it (globs of paths). Anything not listed is nobody's.
# edge/tools is exempt: bench, demo and simulator speak to the hub from outside.
OWNERS: dict[str, tuple[str, ...]] = {
    "apprise": ("edge/dispatch/channels/push/*",),
    "PIL": ("edge/evidence_child.py",),
    "argon2": ("web/*",),
    "cryptography": ("edge/backup/*",),
    "babel": ("web/*",),
    "cv2": ("drivers/camera/*",),
    "dateutil": ("edge/settings/*",),
    "fastapi": ("web/*",),
    "holidays": ("edge/settings/*",),
    "influxdb_client": ("edge/store/influx/*",),
    "jinja2": ("web/*",),
    "markupsafe": ("web/*",),
    "msgspec": ("drivers/*", "edge/backup/*", "edge/ingest/*", "edge/store/*", "web/*"),
    "numpy": ("drivers/camera/*",),
    "onnxruntime": ("drivers/camera/models.py",),
    "paho": ("drivers/_mqtt/*",),
    "pydantic": ("edge/settings/*", "drivers/*config.py", "web/*"),
    "pydantic_core": ("edge/settings/*", "drivers/*config.py", "web/*"),
    "segno": ("web/*",),
    "requests": ("edge/dispatch/channels/push/*",),
    "serial": ("drivers/_serialbus/*", "drivers/_serialbus.py"),
    "starlette": ("web/*",),
    "typing_extensions": ("web/*",),  # the TypedDict that pydantic accepts on Python 3.11
    "urllib3": ("edge/store/influx/*",),  # the errors that influxdb_client lets through
    "uvicorn": ("web/*",),
}


def inside(module: str, *roots: str) -> bool:
    return any(module == root or module.startswith(f"{root}.") for root in roots)


def third_party(found: Import) -> str | None:
    top = found.name.partition(".")[0]
    return None if top in sys.stdlib_module_names or top in ("edge", "drivers", "web") else top


def part(module: str) -> str:
    """The room of the house a module is in: edge.alarm.engine is in edge.alarm."""
    return ".".join(module.split(".")[:2])


def offences(rule: object) -> list[str]:
    return [str(found) for found in imports() if rule(found)]  # type: ignore[operator]


def test_domain_knows_only_the_standard_library() -> None:
    assert not offences(
        lambda i: inside(i.module, "edge.domain") and not i.of("edge.domain") and _not_stdlib(i)
    )


def test_decisions_know_only_the_domain_and_are_pure() -> None:
    def wrong(i: Import) -> bool:
        if not inside(i.module, *DECISIONS) or inside(i.module, *BESIDE):
            return False
        return i.of(*IMPURE) or (_not_stdlib(i) and not i.of("edge.domain", part(i.module)))

    assert not offences(wrong)


def test_web_sees_the_facade_and_the_domain() -> None:
    seen = ("web", "edge.domain", "edge.facade")
    assert not offences(
        lambda i: (
            inside(i.module, "web") and (i.of("sqlite3") or (i.of("edge", "drivers") and not i.of(*seen)))
        )
    )


def test_a_driver_sees_the_contract_the_domain_and_what_is_lent() -> None:
    def wrong(i: Import) -> bool:
        if not inside(i.module, "drivers") or not i.of("edge", "drivers"):
            return False
        lent = i.name.startswith("drivers._")
        return not lent and not i.of("edge.driver", "edge.domain", part(i.module))

    assert not offences(wrong)


def test_codecs_do_no_io_and_know_no_time() -> None:
    codecs = {path: tree for path, tree in modules().items() if path.endswith("/codec.py")}
    wrong = [str(i) for path, tree in codecs.items() for i in imports_of(path, tree) if i.of(*CODEC_IMPURE)]
    wrong += [
        f"{path}:{node.lineno} calls {node.func.attr}()"
        for path, tree in codecs.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("now", "utcnow", "today", "open", "read_text", "read_bytes")
    ]
    assert not wrong


def test_only_the_assembly_knows_all_parts() -> None:
    def wrong(i: Import) -> bool:
        if inside(i.module, *ASSEMBLERS) or not inside(i.module, "edge"):
            return False
        return i.of("drivers", "web", *ASSEMBLERS)

    assert not offences(wrong)


def test_the_parts_of_the_hub_form_no_circle() -> None:
    needs: dict[str, set[str]] = {}
    for i in imports():
        if inside(i.module, "edge") and i.of("edge") and i.name != "edge" and part(i.name) != part(i.module):
            needs.setdefault(part(i.module), set()).add(part(i.name))
    while free := {name for name in needs if not needs[name] & needs.keys()}:
        needs = {name: parts for name, parts in needs.items() if name not in free}
    circle = {name: sorted(parts & needs.keys()) for name, parts in needs.items()}
    assert not circle


def test_every_third_party_package_has_its_place() -> None:
    def wrong(i: Import) -> bool:
        package = third_party(i)
        if package is None or inside(i.module, "edge.tools"):
            return False
        return not any(fnmatch(i.path, place) for place in OWNERS.get(package, ()))

    assert not offences(wrong)


@pytest.mark.parametrize(
    ("path", "source", "names"),
    [
        ("edge/a/b.py", "import x.y", ["x.y"]),
        ("edge/a/b.py", "from edge import domain", ["edge.domain"]),
        ("edge/a/b.py", "from edge import __version__", ["edge"]),
        ("edge/a/b.py", "from . import c", ["edge.a"]),
        ("edge/a/b.py", "from ..domain import names", ["edge.domain.names"]),
        ("edge/a/__init__.py", "from .b import c", ["edge.a.b"]),
        ("edge/a/b.py", "def f():\n    from z import q", ["z"]),
    ],
)
def test_the_walker_reads_every_form(path: str, source: str, names: list[str]) -> None:
    assert [i.name for i in imports_of(path, ast.parse(source))] == names


def _not_stdlib(i: Import) -> bool:
    return i.name.partition(".")[0] not in sys.stdlib_module_names
