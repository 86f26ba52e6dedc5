"""The code at the muster point: one secret per incident, so that only who reads it there has read it."""

from __future__ import annotations

from hmac import compare_digest

from edge.domain.incident import Incident
from edge.facade import Hub


def code_of(hub: Hub, incident: str) -> str:
    """The code of an incident (id). A blank is in no id of a device: these are codes of their own."""
    return hub.device_code(f"muster {incident}")


def is_code_of(hub: Hub, incident: str, given: str) -> bool:
    """Whether somebody has read the code of that incident."""
    return compare_digest(given.encode(), code_of(hub, incident).encode())


def incident_of(hub: Hub, code: str) -> Incident | None:
    """The open incident whose code it is."""
    return next((one for one in hub.incidents() if is_code_of(hub, one.id, code)), None)
