"""The project's own files and imports, as the contract tests see them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("edge", "drivers", "web")


@dataclass(frozen=True, slots=True)
class Import:
    """`name` as imported by the module `module` (dotted), in `path` (relative) at `line`."""

    module: str
    name: str
    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.name}"

    def of(self, *roots: str) -> bool:
        """Whether the imported name is one of these modules or lies below one."""
        return any(self.name == root or self.name.startswith(f"{root}.") for root in roots)


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the three packages by its path, relative to the project."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8"), str(path))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def dotted(path: str) -> str:
    """`edge/alarm/__init__.py` as `edge.alarm`."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def imports() -> tuple[Import, ...]:
    """All imports, also those inside of functions and under TYPE_CHECKING."""
    return tuple(found for path, tree in modules().items() for found in imports_of(path, tree))


def imports_of(path: str, tree: ast.Module) -> Iterator[Import]:
    """The imports of one module. `from edge import beat` names edge.beat where that is a module of ours."""
    module = dotted(path)
    package = module if path.endswith("__init__.py") else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, path, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
                base = f"{parent}.{base}".rstrip(".")
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield Import(module, full if is_module(full) else base, path, node.lineno)


def is_module(name: str) -> bool:
    """Whether a dotted name is a module of this project."""
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@cache
def own_files() -> tuple[str, ...]:
    """The files that git tracks, or would: relative paths. Empty outside of a git checkout."""
    if not (ROOT / ".git").exists():
        return ()
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return tuple(name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file())


def text_of(name: str) -> str:
    """A file's text, empty for a binary one."""
    content = (ROOT / name).read_bytes()
    return "" if b"\0" in content else content.decode("utf-8")
