"""Looking for the numbers of the load through the API."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.faults.load import Load
from tests.faults.rig import Api, until

SETTLE: Final = 4.0  # seconds: some commits


def newest_have_come(api: Api, load: Load, seconds: float = 120) -> None:
    """Wait until each device's last number is its point's value, and stored."""

    def come() -> bool:
        latest = {point["id"]: point["value"] for point in api.pages("/api/v1/points")}
        return all(latest.get(f"{device}.seq") == max(taken) for device, taken in load.taken.items())

    until("the newest numbers have come", come, seconds, step=0.5)
    time.sleep(SETTLE)


def count_numbers(api: Api, device: str, ahead: timedelta = timedelta(hours=1)) -> Counter[int]:
    """How often each number of a device is stored. ahead: how far its newest may be before this machine's clock."""
    now = datetime.now(UTC)
    start, end = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (now - timedelta(hours=6), now + ahead))
    query = {"raw": True, "from": start, "to": end}
    return Counter(int(row["v"]) for row in api.pages(f"/api/v1/points/{device}.seq/readings", **query))
