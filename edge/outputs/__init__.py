"""Outputs: commands read back, the linkages that start them, and the desk's beacon. Pure: the clock is a value."""

from edge.outputs.builtin import rules
from edge.outputs.tenant import Outputs

__all__ = ["Outputs", "rules"]
