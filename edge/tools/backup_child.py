"""Works on backups beside the hub, first to go when memory runs out: `python -m edge.tools.backup_child`.

In: one line of JSON, {"do": "look" | "make" | "ship" | "rehearse", …}. Out: lines of JSON, {"done": bytes so far} at
any time, then the answer, or {"error": stable word, "detail": sentence}.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from edge.backup.making import Order, make
from edge.backup.shipping import Shipment, ship, target_of
from edge.backup.sweeping import sweep
from edge.backup.trouble import BackupError
from edge.domain.backup import Named, named, sort_out, whole
from edge.domain.site import Site
from edge.tools.backup import read_passphrase, step_back

_TOLD: Final = 8 << 20  # bytes between two words of how far it is


def main() -> None:
    """Carry out one order."""
    step_back()
    order = json.loads(sys.stdin.buffer.readline())
    try:
        answer = _DO[order["do"]](order)
    except BackupError as error:
        answer = {"error": error.trouble, "detail": str(error)}
    except OSError as error:
        answer = {
            "error": "io",
            "detail": f"{error.filename or 'a file'} ({error.strerror}): check medium and rights",
        }
    _tell(answer)


def _tell(line: Mapping[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    sys.stdout.buffer.flush()


def look(order: Mapping[str, Any]) -> dict[str, Any]:
    """{"sizes": by name of what is a backup of the site, "own": whether the folder is on the hub's own disk}."""
    folder, data = Path(order["folder"]), Path(order["data"])
    sweep(data)
    if not folder.is_dir():
        raise BackupError("no_folder", f"there is no folder {folder}: plug the medium in, or make the folder")
    own = folder.stat().st_dev in {data.stat().st_dev, Path("/").stat().st_dev}
    if own and not order["own_disk"]:
        raise BackupError(
            "own_disk",
            f"{folder} is on the hub's own disk: plug the medium in, or write own_disk = true where that is meant",
        )
    sizes = {}
    for one in whole(_named(order, folder), order["now"] if order["certain"] else None):
        with suppress(FileNotFoundError):
            sizes[one.name] = (folder / one.name).stat().st_size
    return {"sizes": sizes, "own": own}


def _named(order: Mapping[str, Any], folder: Path) -> list[Named]:
    return named(order["site"], (path.name for path in folder.iterdir()))


def make_one(order: Mapping[str, Any]) -> dict[str, Any]:
    """{"made": `Made`, "gone": names, "sizes", "own"}. What is beyond those to keep goes once the new one is whole."""
    look(order)
    folder = Path(order["folder"])
    passphrase = _passphrase(order)
    told = 0

    def wrote(done: int) -> None:
        nonlocal told
        if done - told >= _TOLD:
            told = done
            _tell({"done": done})

    file = folder / order["name"]
    made = make(Order(file, Path(order["data"]), Path(order["site_folder"]), passphrase, order["now"]), wrote)
    gone = sort_out(_named(order, folder), order["now"], order["keep"], order["held"]).go
    for name in gone:
        (folder / name).unlink(missing_ok=True)
    return {"made": asdict(made), "gone": list(gone), **look(order)}


def ship_one(order: Mapping[str, Any]) -> dict[str, Any]:
    """{"names": those at the target}."""
    file, held = Path(order["folder"]) / order["name"], tuple(order["held"])
    shipment = Shipment(file, order["site"], order["keep"], order["now"], held)
    return {"names": ship(shipment, target_of(order["target"]))}


def rehearse_one(order: Mapping[str, Any]) -> dict[str, Any]:
    """{"rehearsed": `Rehearsed`}."""
    from edge.backup.rehearsing import Trial, rehearse  # half of the child's start, and wanted once a week

    file = Path(order["folder"]) / order["name"]
    trial = Trial(file, Path(order["data"]), _passphrase(order), order["now"], _site)
    return {"rehearsed": asdict(rehearse(trial))}


def _passphrase(order: Mapping[str, Any]) -> bytes | None:
    return read_passphrase(None if order["passphrase_file"] is None else Path(order["passphrase_file"]))


def _site(folder: Path) -> Site:
    from edge.dialects import schemas
    from edge.settings import SettingsError, load_site

    try:
        return load_site(folder, schemas())
    except SettingsError as error:
        raise BackupError(
            "site", f"no hub would start on the site's folder in it: {error.problems[0]}"
        ) from error


_DO: Final = {"look": look, "make": make_one, "ship": ship_one, "rehearse": rehearse_one}

if __name__ == "__main__":
    main()
