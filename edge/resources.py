"""Where the data shipped with the hub lies: in a checkout beside the packages, in the wheel inside `edge`."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def config_root() -> Path:
    """The folder of the shipped template site, profiles, rules and scenarios: read-only data (`config/`)."""
    return _shipped("config", "config")


def broker_templates() -> Path:
    """The folder of the shipped broker configuration: hub.conf and accounts.toml (`deploy/mosquitto/`)."""
    return _shipped("mosquitto", "deploy/mosquitto")


def _shipped(in_wheel: str, in_checkout: str) -> Path:
    """A top-level `config` in site-packages would be anybody's, therefore hatch_build.py puts it into `edge`."""
    candidates = (_PACKAGE / in_wheel, _PACKAGE.parent / in_checkout)
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(
        f"the data shipped with the hub is neither in {candidates[0]} nor in {candidates[1]}: install it again"
    )
