"""A worker, the yardstick of memory: what the libraries alone take."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from edge.tools.benches.processes import serve

LIBRARIES: Final = ("fastapi", "uvicorn", "paho.mqtt.client", "msgspec", "pydantic")


def work(_spec: Any, ready: Callable[[], None], wait: Callable[[], None]) -> list[str]:
    """Import, and wait to be looked at; the libraries' names."""
    for name in LIBRARIES:
        import_module(name)
    ready()
    wait()
    return list(LIBRARIES)


if __name__ == "__main__":
    serve(work)
