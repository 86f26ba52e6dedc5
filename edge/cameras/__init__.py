"""Cameras: what they found, the pictures kept of alarms and for how long, who looked at them."""

from edge.cameras.tenant import Cameras

__all__ = ["Cameras"]
