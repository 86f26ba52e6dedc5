"""The code at the muster point: one secret per incident, so that only who reads it there has read it."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from fastapi import Request

from edge.domain.incident import Incident
from web.auth import hub_of

_LENGTH: Final = 20


def code_of(request: Request, incident: str) -> str:
    """The code of an incident, as long as the panel runs; after a restart a screen shows another one."""
    key: bytes = request.app.state.muster_key
    return hmac.new(key, incident.encode(), hashlib.sha256).hexdigest()[:_LENGTH]


def incident_of(request: Request, code: str) -> Incident | None:
    """The open incident whose code it is."""
    given = code.encode()
    return next(
        (
            one
            for one in hub_of(request).incidents()
            if hmac.compare_digest(code_of(request, one.id).encode(), given)
        ),
        None,
    )
