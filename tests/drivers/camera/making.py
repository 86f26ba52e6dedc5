"""Lines as a child would say them."""

from __future__ import annotations

from typing import Any

from drivers.camera import words
from drivers.camera.lines import Beat, Finding

NOW = 1_790_000_000_000_000


def beat(state: str = "ok", t: int = NOW, **more: Any) -> Beat:
    """A beat with pictures of 640 x 360."""
    return Beat(
        t,
        state,
        words.STATES[state],
        **{"frame_at": t, "fps": 5.0, "cost": 3.0, "width": 640, "height": 360} | more,
    )


def finding(n: int = 1, state: Any = "start", kind: str = "flame", **more: Any) -> Finding:
    """The line about episode `n`."""
    check = {"covered": "tamper", "person": "object", "changed": "zone-change"}.get(kind, kind)
    known: dict[str, Any] = {
        "zone": "", "score": 0.5, "box": (0.1, 0.2, 0.3, 0.4), "since": NOW, "max_age": 600.0, "why": {"size": 0.02},
    }  # fmt: skip
    return Finding(t=NOW, id=f"{n:026x}", check=check, kind=kind, state=state, **known | more)
