"""The first files of a site: the template copied, and `local.toml` for the machine it runs on."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from edge.resources import config_root
from edge.settings.orders import ORDERS_FILE
from edge.settings.sources import LOCAL_FILE
from edge.settings.zones import SITE_FILE


def install_template(site_dir: FilePath) -> None:
    """Copy the template site and the shipped rules into `site_dir`, which may exist but must hold no site.

    FileExistsError when anything of a site is there already: nothing is overwritten.
    """
    shipped = {
        path: path.relative_to(config_root() / "site") for path in (config_root() / "site").rglob("*.toml")
    }
    for folder in ("rules", "duties"):
        shipped |= {path: FilePath(folder, path.name) for path in (config_root() / folder).glob("*.toml")}
    shipped[config_root() / ORDERS_FILE] = FilePath(ORDERS_FILE)
    for name in (
        SITE_FILE, ORDERS_FILE, "channels.toml",
        "devices", "rules", "profiles", "linkage", "people.toml", "dispatch", "messages", "units.toml",
        "households.toml", "emergency.toml", "plans", "duties", "facilities.toml", "reserve.toml", "service",
    ):  # fmt: skip
        if (site_dir / name).exists():
            raise FileExistsError(
                f"{site_dir / name} exists: a site is never overwritten, choose an empty folder"
            )
    for path, relative in shipped.items():
        target = site_dir / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def write_overrides(
    site_dir: FilePath,
    *,
    mqtt: tuple[str, int, str, FilePath] | None = None,
    serial: Mapping[str, str] | None = None,
    cameras: Mapping[str, Mapping[str, str | float]] | None = None,
) -> None:
    """Write `local.toml`, replacing it as a whole.

    mqtt: (host, port, username, password file) for every broker of the site. serial: port of each bus by its id. A
    relative path is taken from the current folder. cameras: by id of its source, `url`, `dwell` (seconds) or both.
    """
    lines = ["# Addresses and paths of this machine. They replace those of site.toml."]
    if mqtt is not None:
        host, port, username, password_file = mqtt
        values: dict[str, str | float] = {
            "host": host,
            "port": port,
            "username": username,
            "password_file": str(password_file),
        }
        for broker in _ids(site_dir, "mqtt"):
            lines += _table("mqtt", broker, values)
    for bus, path in (serial or {}).items():
        lines += _table("serial", bus, {"port": path if "://" in path else str(FilePath(path).absolute())})
    for source, changes in (cameras or {}).items():
        lines += _table("camera", source, changes)
    (site_dir / LOCAL_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _ids(site_dir: FilePath, kind: str) -> list[str]:
    data: dict[str, Any] = tomllib.loads((site_dir / SITE_FILE).read_text(encoding="utf-8"))
    return [table["id"] for table in data.get(kind, [])]


def _table(kind: str, id: str, values: Mapping[str, str | float]) -> list[str]:
    # A JSON string or number is a TOML one too, but for DEL, which no address holds.
    return [
        "",
        f"[{kind}.{id}]",
        *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()),
    ]
