"""Supervision of devices: who has not been heard for too long is out of contact (GB/T 45839-2025 5.5.1 c, 5.5.2).

It makes readings at the built-in point `<device>.link` (True: out of contact); rules make alarms of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edge.domain.alarm import Alarm
from edge.domain.device import LINK, Point
from edge.domain.instant import DAY, SECOND, Instant
from edge.domain.reading import Arrival, Reading
from edge.domain.timers import NEVER, Timer, Timers

REPEAT = (
    DAY  # so long as a device is out of contact, it is said once a day: a report that was put away comes back
)


class _Link(Timer):
    """The contact with one device. expect: µs, 0 when its silence means nothing. online None: never heard."""

    __slots__ = ("expect", "heard_at", "online", "point")

    def __init__(self, point: Point, mono: int) -> None:
        super().__init__()
        self.point = point
        self.expect = round(point.device.profile.expect * SECOND)
        self.online: bool | None = None
        self.heard_at: int | None = None
        self.wait(mono)

    def wait(self, mono: int) -> None:
        """Expect to hear from it, counted from `mono`."""
        self.due = mono + self.expect if self.expect else NEVER


class Supervision:
    """All devices with a link point. Time counts from the start: the hub's own absence accuses nobody."""

    def __init__(self, points: Iterable[Point], now: Instant) -> None:
        self._timers = Timers()
        self._links: dict[str, _Link] = {}
        self._said: list[tuple[_Link, bool]] = []  # what `due` has to say, True: out of contact
        self.add(points, now)

    def add(self, points: Iterable[Point], now: Instant) -> None:
        """Supervise more devices; of `points`, the link points of devices not known yet count."""
        for point in points:
            if point.spec is LINK and point.device.id not in self._links:
                link = self._links[point.device.id] = _Link(point, now.mono)
                self._timers.watch(link)

    def restore(self, alarms: Iterable[Alarm], heard: Mapping[str, int], now: Instant) -> None:
        """After a restart. alarms: open ones; a device with an active one at its link is out of contact until heard.

        heard: device id -> µs UTC when it was last heard; it counts as online until its time has passed from now.
        """
        for device, at in heard.items():
            if (link := self._links.get(device)) is not None:
                link.heard_at, link.online = at, True
        for alarm in alarms:
            link = self._links.get(alarm.device)
            if link is not None and alarm.active and alarm.open and alarm.point == link.point.id:
                link.online = False
                link.due = now.mono + REPEAT
                self._timers.watch(link)

    def heard(
        self, device_id: str, now: Instant, link: bool | None = None, arrival: Arrival = Arrival.LIVE
    ) -> None:
        """A message of the device. link: a word about its link (False: "offline"); None: it spoke itself.

        What is retained or a record of the past says nothing about now.
        """
        known = self._links.get(device_id)
        if known is None or arrival is not Arrival.LIVE:
            return
        if link is False:
            if known.online is not False:
                self._lost(known, now)
            return
        known.heard_at = now.utc
        known.wait(now.mono)
        if known.online is not True:
            known.online = True
            self._said.append((known, False))
            self._timers.watch(known)

    def due(self, now: Instant) -> list[Reading]:
        """Readings at link points: what has changed since this was last asked, and whose time has passed."""
        for timer in self._timers.fallen_due(now.mono):
            if isinstance(timer, _Link):
                self._lost(timer, now)
        if not self._said:
            return []
        said, self._said = self._said, []
        return [Reading(link.point, lost, now.utc, now.utc) for link, lost in said]

    def online(self, device_id: str) -> bool | None:
        """True: heard within its time; False: out of contact; None: never heard, or no such device."""
        link = self._links.get(device_id)
        return None if link is None else link.online

    def heard_at(self, device_id: str) -> int | None:
        """µs UTC of the last live message."""
        link = self._links.get(device_id)
        return None if link is None else link.heard_at

    def _lost(self, link: _Link, now: Instant) -> None:
        link.online = False
        link.due = now.mono + REPEAT
        self._timers.watch(link)
        self._said.append((link, True))
