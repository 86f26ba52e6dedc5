"""Where the data shipped with the hub lies."""

from __future__ import annotations

from pathlib import Path


def config_root() -> Path:
    """The folder of the shipped template site, profiles, rules and scenarios: read-only data.

    In a checkout (and an editable install) it is `config/` beside the packages; in the wheel it travels
    inside the `edge` package, because a top-level `config` would be anybody's. Raises FileNotFoundError
    when neither is there.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "config", package.parent / "config"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(
        f"the shipped configuration is neither in {package / 'config'} nor in {package.parent / 'config'}: "
        "install the hub again (sh deploy/demo.sh)"
    )
