"""Looking for the numbers of the load through the API."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.faults.load import Load
from tests.faults.rig import Api, until

SETTLE: Final = 4.0  # seconds: some commits
AHEAD: Final = timedelta(hours=1)


def stored_numbers(
    api: Api, load: Load, ahead: timedelta = AHEAD, seconds: float = 120
) -> dict[str, Counter[int]]:
    """How often each number of each device is stored, once all that the broker took are, or are not SETTLE later.

    ahead: see `count_numbers`. seconds: within which each device's last number is its point's value.
    """

    def come() -> bool:
        latest = {point["id"]: point["value"] for point in api.pages("/api/v1/points")}
        newest = {device: max(taken) for device, taken in load.taken.items() if taken}
        return all(latest.get(f"{device}.seq") == number for device, number in newest.items())

    until("the newest numbers have come", come, seconds, step=0.25)
    deadline = time.monotonic() + SETTLE
    found: dict[str, Counter[int]] = {}

    def settled() -> bool:
        late = time.monotonic() > deadline
        for device, taken in load.taken.items():
            if device not in found or taken - found[device].keys():
                found[device] = count_numbers(api, device, ahead) if taken else Counter()
        return late or not any(taken - found[device].keys() for device, taken in load.taken.items())

    until("the newest numbers are stored, or not", settled, SETTLE + seconds, step=0.25)
    return found


def count_numbers(api: Api, device: str, ahead: timedelta = AHEAD) -> Counter[int]:
    """How often each number of a device is stored. ahead: how far its newest may be before this machine's clock."""
    now = datetime.now(UTC)
    start, end = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (now - timedelta(hours=6), now + ahead))
    query = {"raw": True, "from": start, "to": end}
    return Counter(int(row["v"]) for row in api.pages(f"/api/v1/points/{device}.seq/readings", **query))
