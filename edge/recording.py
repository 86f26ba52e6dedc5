"""Records put together: what reports need to know of the running hub and its site's folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from edge import __version__
from edge.alarm.supervision import Supervision
from edge.dispatch.duty import OnDuty
from edge.domain.instant import DAY, Instant
from edge.domain.on_duty import Stint
from edge.domain.roster import Post
from edge.domain.site import Site
from edge.ingest.binding import Directory
from edge.reports.desk import HubRecords, Places
from edge.settings.site import plan_files, rule_files
from edge.store.telemetry import Telemetry


def making_records(
    site: Site,
    folder: Path,
    data: Path,
    now: Callable[[], Instant],
    directory: Directory,
    supervision: Supervision,
    duty: OnDuty,
    telemetry: Telemetry,
    civil_offset: int,
) -> HubRecords:
    """folder: the site's. data: where the stores lie. civil_offset: µs by which people's clocks are ahead."""

    def stints(post: Post, start: int, end: int) -> Sequence[Stint]:
        days = (end - start) // DAY + 2
        found = duty.stints(post, duty.local(start).date(), days)
        moved = (replace(s, start=s.start - civil_offset, end=s.end - civil_offset) for s in found)
        return [stint for stint in moved if stint.end > start and stint.start < end]

    def figures() -> Mapping[str, float]:
        devices = [device for device in directory.devices.values() if not device.profile.built_in]
        online = sum(supervision.online(device.id) is True for device in devices)
        return {"devices": len(devices), "online": online, "readings_lost": telemetry.lost}

    files = [(str(path), _in_bundle(name)) for path, name in (*rule_files(folder), *plan_files(folder))]
    return HubRecords(
        site,
        Places(data, files),
        now,
        stints,
        lambda: [point for point in directory.points.values() if not point.device.profile.built_in],
        figures,
        __version__,
        civil_offset,
    )


def _in_bundle(name: str) -> str:
    """What a file is called in a bundle: rules that were shipped are named by their whole path."""
    return f"rules/shipped/{Path(name).name}" if Path(name).is_absolute() else name
