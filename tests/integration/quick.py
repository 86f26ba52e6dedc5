"""Settings whose seconds are shorter than those shipped."""

from __future__ import annotations

import re

from edge.resources import config_root


def gas_hazards(readings: int, seconds: float) -> str:
    """A hazards.toml with the shipped rule of gas alone, proved by so many good readings over so many seconds."""
    text = (config_root() / "hazards.toml").read_text(encoding="utf-8")
    head, *rules = text.split("[[hazard-rule]]\n")
    gas = next(rule for rule in rules if rule.startswith('id = "gas-leak"'))
    quick, changed = re.subn(r"proof = .*", f"proof = {{ readings = {readings}, seconds = {seconds} }}", gas)
    assert changed == 1
    return f"{head}[[hazard-rule]]\n{quick}"
