"""What the panel asks for records: the hub's knowledge of the site put into an order for the child."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from edge.domain.device import Point
from edge.domain.instant import HOUR, Instant
from edge.domain.on_duty import Stint
from edge.domain.roster import Post
from edge.domain.service import ReportKind
from edge.domain.site import Site
from edge.domain.zones import within
from edge.facade import Making
from edge.reports.asked import Asked, BundleAsked
from edge.reports.making import Reports

Stints = Callable[[Post, int, int], Sequence[Stint]]
"""(post, from, until in µs UTC) › its shifts that touch them, moments in µs UTC of the hub's clock."""

_WITH_SHIFTS: Final = frozenset({"duty-log", "daily"})
_ROOM: Final = "control-room"
_TESTS_EVERY: Final = HOUR  # of edge.beat


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie. rules: (path, name) of the files that say rules and plans, name as the bundle shows it."""

    data: Path
    rules: Sequence[tuple[str, str]]


class HubRecords:
    """See `edge.facade.Records` for what each method promises."""

    def __init__(
        self,
        site: Site,
        places: Places,
        now: Callable[[], Instant],
        stints: Stints,
        points: Callable[[], Iterable[Point]],
        figures: Callable[[], Mapping[str, float]],
        version: str,
        civil_offset: int = 0,
    ) -> None:
        """figures: devices, online and readings_lost as they stand. civil_offset: µs, of a demo."""
        self._site = site
        self._places = places
        self._now = now
        self._stints = stints
        self._points = points
        self._figures = figures
        self._version = version
        self._offset = civil_offset
        self._reports = Reports(lambda: now().utc)

    def making(self) -> Making | None:
        return self._reports.making()

    def report(self, kind: ReportKind, start: int, end: int, by: str) -> AsyncGenerator[Mapping[str, Any]]:
        now = self._now()
        asked = Asked(
            kind=kind,
            start=start,
            end=end,
            journal=self._places.data / "journal.db",
            now=now.utc,
            trusted=now.trusted,
            zone=self._site.timezone,
            offset=self._offset,
            version=self._version,
            stints=self._shifts(start, end) if kind in _WITH_SHIFTS else (),
            targets=[target.to_dict() for target in self._site.service],
            figures=self._figures(),
            tests_every=_TESTS_EVERY,
        )
        order = {"report": {**asdict(asked), "journal": str(asked.journal)}}
        return self._reports.lines(order, kind, by)

    def bundle(
        self,
        incident: Mapping[str, Any],
        by: str,
        words: Mapping[str, str],
        names: Mapping[str, str],
        *,
        pictures: Sequence[str],
    ) -> AsyncGenerator[Mapping[str, Any] | bytes]:
        now, data = self._now(), self._places.data
        asked = BundleAsked(
            incident=str(incident["id"]),
            journal=data / "journal.db",
            telemetry=data / "telemetry.db",
            evidence=data / "evidence",
            now=now.utc,
            trusted=now.trusted,
            zone=self._site.timezone,
            version=self._version,
            site=self._site.name.zh,
            by=by,
            pictures=tuple(pictures),
            points=self._around(incident),
            files=self._places.rules,
            words=words,
            names=names,
        )
        paths = {name: str(getattr(asked, name)) for name in ("journal", "telemetry", "evidence")}
        order = {"bundle": {**asdict(asked), **paths}, "folder": str(data)}
        return self._reports.stream(order, "bundle", by)

    def _shifts(self, start: int, end: int) -> list[Mapping[str, Any]]:
        """The shifts of the control room; where no post has its id, of all that must always be manned."""
        posts = self._site.roster.posts
        room = [posts[_ROOM]] if _ROOM in posts else [post for post in posts.values() if post.always]
        return [
            {
                "post": post.id,
                "shift": [post.shifts[stint.shift].name.zh, post.shifts[stint.shift].name.en],
                "start": stint.start,
                "end": stint.end,
                "persons": list(stint.persons),
            }
            for post in room
            for stint in self._stints(post, start, end)
        ]

    def _around(self, incident: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        """(id, name, unit) of the points in the flat or zone of an incident, and in its area."""
        zone = self._site.zones.get(incident["zone"])
        roots = {(zone.flat if zone else "") or incident["zone"], incident.get("area") or ""} - {""}
        return [
            (point.id, f"{point.device.name.zh} {point.spec.name.zh}", point.unit)
            for point in self._points()
            if any(within(point.device.zone, root) for root in roots)
        ]
