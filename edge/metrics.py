"""The hub in numbers, for Prometheus and the health page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from edge.domain.alarm import Alarm
from edge.domain.device import Signal
from edge.domain.health import LinkReport
from edge.domain.instant import SECOND
from edge.domain.reading import Purpose
from edge.domain.storage import StorageState
from edge.facade import CameraState, Metric, Totals
from edge.ingest.quarantine import Quarantine, Rejects
from edge.pipeline import Line
from edge.store.disk import DiskGuard

_NONE: Mapping[str, str] = {}


class Shown(Protocol):
    """What the hub shows anyway."""

    def totals(self) -> Totals: ...
    def links(self) -> Sequence[LinkReport]: ...
    def open_alarms(self) -> Sequence[Alarm]: ...


def metrics(
    line: Line, guard: DiskGuard, shown: Shown, rejects: Rejects, quarantine: Quarantine
) -> list[Metric]:
    """Counters since start, and gauges of this moment."""
    telemetry, totals, links = line.telemetry, shown.totals(), shown.links()
    live = (alarm for alarm in shown.open_alarms() if alarm.purpose is Purpose.LIVE)
    by_signal = Counter(alarm.signal for alarm in live)
    found = [
        Metric(
            "messages_received_total",
            "counter",
            "Messages taken from a source.",
            [({"source": source}, float(count)) for source, count in sorted(line.inbox.received.items())],
        ),
        counter("readings_stored_total", "Readings stored in telemetry.", telemetry.stored),
        counter(
            "duplicates_total",
            "Repeated deliveries and readings that were stored already.",
            line.intake.duplicates + telemetry.duplicates,
        ),
        Metric(
            "rejected_total",
            "counter",
            "Messages or values that could not be used, or came twice or overtaken.",
            [({"source": r.source, "reason": r.reason}, float(r.count)) for r in rejects.rows()],
        ),
        counter("quarantined_total", "Messages of senders nobody registered.", quarantine.total),
        counter(
            "readings_rate_limited_total",
            "Measured values stored but not evaluated.",
            line.intake.rate_limited,
        ),
        counter(
            "readings_moved_total",
            "Readings stored a little later than they say, their time being taken by another value.",
            telemetry.bumped,
        ),
        counter("readings_lost_total", "Readings a sick store could not keep.", telemetry.lost),
        gauge("inbox_depth", "Messages waiting for the line.", line.inbox.depth()),
        gauge("journal_seq", "Number of the newest fact.", line.log.position().number),
        gauge("journal_pending", "Facts that are not in the journal yet.", line.log.tail_depth),
        counter("facts_lost_total", "Facts a sick journal could not take in time.", line.log.dropped),
        gauge("telemetry_pending", "Readings that are not committed yet.", telemetry.depth),
        gauge("devices", "Devices of the site.", totals.devices),
        gauge("devices_online", "Devices heard within their time.", totals.online),
        Metric(
            "alarms_open",
            "gauge",
            "Open alarms by signal.",
            [({"signal": signal.value}, float(by_signal[signal])) for signal in Signal],
        ),
        Metric(
            "link_up",
            "gauge",
            "Whether a source answers.",
            [({"source": link.source}, float(link.up)) for link in links],
        ),
    ]
    found += _uplinks(links)
    if (took := telemetry.last_commit_ms) is not None:
        found.append(
            gauge(
                "telemetry_commit_seconds",
                "How long the last commit of readings took.",
                took / 1000,
            )
        )
    if (seen := guard.report) is not None:
        found += [
            gauge("disk_free_bytes", "Free space of the data folder's file system.", seen.free),
            Metric(
                "store_bytes",
                "gauge",
                "Size of each store on the disk.",
                [({"store": store}, float(size)) for store, size in sorted(seen.stores.items())],
            ),
        ]
    return found


def of_cameras(cameras: Sequence[CameraState], unread: int, now: int) -> list[Metric]:
    """How the cameras do and what they found; nothing where there is none. now: µs UTC."""
    if not cameras:
        return []
    views = [(each.camera.device, each.view) for each in cameras if each.view is not None]
    seen = [(device, view, view.frame_at) for device, view in views if view.frame_at is not None]
    figures = [(each.camera.device, kind, found) for each in cameras for kind, found in each.figures.items()]
    return [
        Metric(
            "camera_fps", "gauge", "Pictures of a camera that are looked at in a second.",
            [({"camera": device}, view.fps) for device, view in views],
        ),
        Metric(
            "camera_frame_age_seconds", "gauge", "Age of the newest picture of a camera.",
            [({"camera": device}, max(0, now - at) / SECOND) for device, _, at in seen],
        ),
        Metric(
            "camera_frame_cost_seconds", "gauge", "Computing for each picture that is looked at.",
            [({"camera": device}, view.cost / 1000) for device, view in views],
        ),
        Metric(
            "camera_findings", "gauge", "Findings of the last 30 days.",
            [({"camera": device, "kind": kind}, float(found.findings)) for device, kind, found in figures],
        ),
        Metric(
            "camera_findings_false", "gauge", "Of these, judged to be nothing.",
            [({"camera": device, "kind": kind}, float(found.false)) for device, kind, found in figures],
        ),
        counter("camera_findings_unread_total", "Findings of cameras not read, or too many at once.", unread),
    ]  # fmt: skip


def of_loop(lateness: int, tasks: int) -> list[Metric]:
    """How the main loop does. lateness: µs, the worst of the last minute."""
    return [
        gauge(
            "loop_lag_seconds", "How late the main loop was at worst in the last minute.", lateness / SECOND
        ),
        gauge("tasks", "Tasks of the main loop.", tasks),
    ]


def of_storage(state: StorageState | None) -> list[Metric]:
    """What was given up for room, and how the card wears; nothing before the first look."""
    if state is None:
        return []
    found = [
        Metric(
            "storage_given_up_total", "counter",
            "Given up for room on the disk: sets of pictures, rows of readings and of roll-ups.",
            [({"what": what}, float(count)) for what, count in state.given_up.items()],
        ),
    ]  # fmt: skip
    if (wear := state.wear) is None:
        return found
    rates = {"hub": wear.hub, "broker": wear.broker, "disk": wear.disk}
    found.append(
        Metric(
            "written_bytes_per_day", "gauge",
            "Bytes written a day by the hub with its children, the broker, and everybody on that disk.",
            [({"by": by}, float(rate)) for by, rate in rates.items() if rate is not None],
        )
    )  # fmt: skip
    if wear.life_days is not None:
        words = "Days the card bears that, on the assumptions of [storage]."
        found.append(gauge("card_life_days", words, wear.life_days))
    return found


def _uplinks(links: Sequence[LinkReport]) -> list[Metric]:
    """What went to the data centres, since each was set up; resends since start."""
    found = {link.source: link.counters or {} for link in links if link.kind == "uplink"}
    if not found:
        return []

    def of(name: str) -> list[tuple[Mapping[str, str], float]]:
        return [({"uplink": id}, float(counts[name])) for id, counts in found.items()]

    return [
        Metric("uplink_sent_total", "counter", "Readings a data centre took.", of("sent")),
        Metric("uplink_repeated_total", "counter", "Of these, sent again in doubt.", of("repeated")),
        Metric("uplink_resent_total", "counter", "Readings sent once more because asked to.", of("resent")),
        Metric("uplink_set_aside_total", "counter", "Readings a data centre refuses.", of("set_aside")),
        Metric("uplink_lost_total", "counter", "Readings dropped before it had them.", of("lost")),
        Metric("uplink_behind", "gauge", "Stored readings a data centre has yet to get.", of("behind")),
    ]


def counter(name: str, words: str, value: float) -> Metric:
    """One number that only grows."""
    return Metric(name, "counter", words, [(_NONE, value)])


def gauge(name: str, words: str, value: float) -> Metric:
    """One number of this moment."""
    return Metric(name, "gauge", words, [(_NONE, value)])
