"""Cameras as a tenant of step 4: findings, the pictures of alarms, zones people drew, and who looked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from edge.cameras.drawing import Drawings
from edge.cameras.findings import OWN_RULES, SPAN, Findings
from edge.cameras.holding import Matters, Needed
from edge.cameras.related import related
from edge.cameras.stills import Stills
from edge.cameras.viewings import Viewings
from edge.domain.alarm import Alarm
from edge.domain.camera import FAULTS, Camera
from edge.domain.conclusion import Aim, Captured, Conclusion, Erased, Happened
from edge.domain.device import LINK, Signal
from edge.domain.fact import Fact, Numbering
from edge.domain.footage import (
    RING,
    STILLS_DAYS,
    AskViewing,
    CameraSetting,
    DecideViewing,
    DrawZones,
    Figures,
    Finding,
    FootageRequest,
    JudgeFinding,
    KeepClip,
    OpenFootage,
    StillSet,
    Viewing,
)
from edge.domain.instant import MINUTE, SECOND, Instant
from edge.domain.reading import Purpose, Reading
from edge.domain.request import Refusal

EVERY: Final = MINUTE
"""How often it is looked at what may be erased."""
GATHER: Final = SECOND // 4
"""After an alarm, until its pictures are asked for, together with those of the alarms that came meanwhile."""
ASKED: Final = 12
"""Sets of pictures that are asked for in one step, about: the next alarm does not wait for those of all."""
TOGETHER: Final = 50
"""Alarms of one moment that share their sets, at most: each fact of a set names all of them."""
CLIP_BEFORE: Final = 30 * SECOND
CLIP_AFTER: Final = 20 * SECOND
_ASKED_BY: Final = frozenset({Signal.FIRE, Signal.GAS})
_BLIND: Final = frozenset({*FAULTS, LINK.id})


class Cameras:
    """See `edge.domain.conclusion.Tenant`; to stand behind the hazards and orders.

    matters: what keeps pictures. area: linkage zone of a place. watched: whether a rule looks at a point (by id).
    days: of retention. certain, short: see `Stills`. others: device -> source of cameras that tell what they find and
    lend no pictures (an NVR's).
    """

    kinds: tuple[str, ...] = ("finding", "stills", "camera", "viewing")
    requests: tuple[type[Any], ...] = (
        DrawZones, JudgeFinding, OpenFootage, AskViewing, DecideViewing, KeepClip,
    )  # fmt: skip
    remembers: Mapping[str, int] = {"finding": SPAN}

    def __init__(
        self,
        cameras: Iterable[Camera],
        numbering: Numbering,
        matters: Matters,
        area: Callable[[str], str],
        watched: Callable[[str], bool],
        days: int = STILLS_DAYS,
        certain: Callable[[Instant], bool] = lambda now: now.trusted,
        short: Callable[[], bool] = lambda: False,
        others: Mapping[str, str] | None = None,
    ) -> None:
        self._cameras = {camera.device: camera for camera in cameras}
        self._area = area
        self._matters = matters
        self._certain = certain
        own = {camera.device: camera.source for camera in self._cameras.values()}
        self._sources = {**(others or {}), **own}
        self._findings = Findings(self._sources, numbering, matters.alarms, watched)
        self._stills = Stills(numbering, days, certain, short)
        self._drawings = Drawings(self._cameras, numbering)
        self._viewings = Viewings(self._cameras, numbering)
        self._look = 0  # mono µs
        self._waiting: deque[Alarm] = deque()  # their pictures are asked for in later steps
        self._ask = 0  # mono µs from which on they are
        self._views: dict[str, tuple[str, ...]] = {}  # zone -> cameras that see it

    # ---- what is known --------------------------------------------------------------------------------------------

    @property
    def unread(self) -> int:
        """Readings of findings that were none, or of too many at once, since the start."""
        return self._findings.unread

    def setting(self, device: str) -> CameraSetting | None:
        """What people drew for a camera, None where the site's folder counts."""
        return self._drawings.get(device)

    def aims(self) -> list[Aim]:
        """What cameras are to look at, and what they may not keep, before they are opened."""
        return self._drawings.aims()

    def unfinished(self) -> Mapping[str, Sequence[Finding]]:
        """What cameras of ours saw and nobody saw the end of, by camera, before they are opened."""
        live = [one for one in reversed(self._findings.open()) if one.purpose == Purpose.LIVE]
        return {device: [one for one in live if one.device == device] for device in self._cameras}

    def open_findings(self, device: str) -> list[Finding]:
        """Newest first."""
        return self._findings.open(device)

    def figures(self, device: str) -> Mapping[str, Figures]:
        """Of a camera, by kind."""
        return self._findings.figures(device)

    def sets_of(self, alarm: str) -> list[StillSet]:
        """Pictures of an alarm that may be there still, oldest first."""
        return self._stills.of_alarm(alarm)

    def shots(self) -> set[str]:
        """Ids of all pictures that may be there still."""
        return self._stills.shots()

    @property
    def given_up(self) -> int:
        """Sets of pictures erased because the disk was full, since the start."""
        return self._stills.given_up

    def spare(self) -> int:
        """Sets of pictures that could be erased for room: nothing open needs them."""
        return self._stills.spare(self._needed(), self._findings.get)

    # ---- the tenant -----------------------------------------------------------------------------------------------

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Take up what is open; pictures that had not come back are asked for again."""
        told = Conclusion()
        for row in rows:
            if "max_age" in row:
                self._findings.restore(Finding.from_dict(row), now)
            elif "pictures" in row:
                self._stills.restore(StillSet.from_dict(row), told)
            elif "zones" in row:
                self._drawings.restore(CameraSetting.from_dict(row))
            else:
                self._viewings.restore(Viewing.from_dict(row))
        self._look = now.mono
        since = now.utc - RING  # killed between an alarm and the step that asks for its pictures
        self._waiting += [
            alarm
            for alarm in self._matters.alarms()
            if alarm.raised_at >= since and self._seen_by_others(alarm) and not self.sets_of(alarm.id)
        ]
        return told

    def heeds(self, reading: Reading) -> bool:
        """What a camera found, and the states of one of which something is open."""
        return reading.point.device.id in self._sources and self._findings.heeds(reading)

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """Findings first, so that an alarm knows its own; then alarms, what came back, and time."""
        told = Conclusion()
        if self._waiting and self._ask <= now.mono and not self._pressed(happened, now):
            self._ask_others(now, told)
        begun = self._findings.read(happened.readings, now, told) if self._sources else []
        for fact in happened.facts:
            self._heard(fact, now, told)
        for finding in begun:
            if finding.alarm is not None and finding.device in self._cameras:
                self._stills.ask(
                    finding.device, now.utc, now, told,
                    alarms=(finding.alarm,), finding=finding, purpose=finding.purpose,
                )  # fmt: skip
        self._stills.captured((one for one in happened.receipts if isinstance(one, Captured)), now, told)
        for receipt in happened.receipts:
            if isinstance(receipt, Erased):
                self._stills.erased(receipt, now, told)
        if self._findings.next_due() <= now.mono:
            self._findings.due(now, told)
        if self._look <= now.mono:
            self._look = now.mono + EVERY
            self._stills.look(self._needed, self._findings.get, now, told)
            certain = self._certain(now)
            self._findings.forget(now, certain)
            if certain:
                self._viewings.lapse(now, told)
        return told

    def act(self, request: FootageRequest, now: Instant) -> Conclusion:
        """A person's request. Refusal not_found, closed, reason_required, bad_parameter, same_person, too_late,
        too_many.
        """
        told = Conclusion()
        if isinstance(request, DrawZones):
            told.subject = self._drawings.draw(request, now, told).to_dict()
        elif isinstance(request, JudgeFinding):
            told.subject = self._findings.judge(request, now, told).to_dict()
        elif isinstance(request, OpenFootage):
            told.subject = self._viewings.look(request, now, told).to_dict()
        elif isinstance(request, AskViewing):
            told.subject = self._viewings.ask(request, now, told).to_dict()
        elif isinstance(request, DecideViewing):
            told.subject = self._viewings.decide(request, now, told).to_dict()
        else:
            told.subject = self._clip(request, now, told).to_dict()
        return told

    def next_due(self) -> int | None:
        """When a finding is too old, what may be erased is looked for, or pictures are to be asked for."""
        if not self._sources and not self._stills:
            return None
        return min(self._look, self._findings.next_due(), *([self._ask] if self._waiting else ()))

    # ---- pictures -------------------------------------------------------------------------------------------------

    def _heard(self, fact: Fact, now: Instant, told: Conclusion) -> None:
        if fact.kind == "alarm.raised":
            self._raised(Alarm.from_dict(dict(fact.body)), now, told)
        elif fact.kind == "alarm.verdict":
            self._findings.verdict(Alarm.from_dict(dict(fact.body)), now, told)
        elif fact.subject == "hazard" and "sources" in fact.body:
            self._findings.linked(fact.body, now, told)

    def _raised(self, alarm: Alarm, now: Instant, told: Conclusion) -> None:
        """Ask for the pictures of an alarm: of the camera itself, or (fire and gas) of those that see the place."""
        if alarm.purpose is Purpose.TEST or alarm.rule in OWN_RULES:
            return
        if alarm.device in self._sources:
            self._findings.alarmed(alarm, now, told)
        if alarm.device in self._cameras:
            point = alarm.point.rpartition(".")[2]
            for finding in self._findings.of_alarm(alarm.id) or (None,):
                self._stills.ask(
                    alarm.device, alarm.raised_at, now, told, alarms=(alarm.id,), finding=finding,
                    purpose=alarm.purpose.value, blind=point in _BLIND,
                )  # fmt: skip
        elif self._seen_by_others(alarm):
            if not self._waiting:
                self._ask = now.mono + GATHER
            self._waiting.append(alarm)

    def _seen_by_others(self, alarm: Alarm) -> bool:
        """Whether cameras that see its place are asked; in a step after its own, which a person waits for."""
        told_by_camera = alarm.device in self._cameras or alarm.rule in OWN_RULES
        return (
            bool(self._cameras)
            and alarm.signal in _ASKED_BY
            and alarm.purpose is not Purpose.TEST
            and not told_by_camera
        )

    def _pressed(self, happened: Happened, now: Instant) -> bool:
        """Whether to leave it to the next step: this one brings an alarm, which goes out first."""
        alarm = any(fact.kind == "alarm.raised" for fact in happened.facts)
        return alarm and now.mono < self._ask + GATHER

    def _ask_others(self, now: Instant, told: Conclusion) -> None:
        """Those that see the places of the alarms that wait: of one moment and the same cameras, one set for all."""
        asked = 0
        while self._waiting and asked < ASKED:
            first = self._waiting[0]
            cameras = self._seeing(first.zone)
            alarms = [one for one in self._waiting if self._is_of(one, first)][:TOGETHER]
            ids = {alarm.id: None for alarm in alarms}
            self._waiting = deque(alarm for alarm in self._waiting if alarm.id not in ids)
            for device in cameras:
                self._stills.ask(
                    device, first.raised_at, now, told, alarms=tuple(ids), purpose=first.purpose.value
                )
            asked += len(cameras)

    def _is_of(self, alarm: Alarm, first: Alarm) -> bool:
        """Whether the pictures of `first` show this alarm too: none of it is more than a second old."""
        return (
            abs(alarm.raised_at - first.raised_at) < GATHER
            and alarm.purpose is first.purpose
            and self._seeing(alarm.zone) == self._seeing(first.zone)
        )

    def _seeing(self, zone: str) -> tuple[str, ...]:
        if zone not in self._views:
            cameras = related(self._cameras.values(), zone, self._area)
            self._views[zone] = tuple(camera.device for camera in cameras)
        return self._views[zone]

    def _needed(self) -> Needed:
        return Needed(self._matters, self._viewings.open())

    def _clip(self, request: KeepClip, now: Instant, told: Conclusion) -> StillSet:
        """A film of what the ring still holds; of an alarm one for each of its cameras, the first is answered."""
        films = [
            (self._span(moment, now), device, alarms, finding)
            for device, moment, alarms, finding in self._meant(request)
        ]  # all of them first: one that is refused leaves nothing behind
        for _, device, alarms, finding in films:
            self._stills.allow(device, bool(alarms or finding), now)
        made = [
            self._stills.clip(device, *span, request.by, now, told, alarms=alarms, finding=finding)
            for span, device, alarms, finding in films
        ]
        return made[0]

    def _span(self, moment: int | None, now: Instant) -> tuple[int, int]:
        """Of a film, µs UTC; around `moment`, None for all that the ring holds."""
        start, end = now.utc - RING, now.utc
        if moment is not None:
            start, end = max(start, moment - CLIP_BEFORE), min(end, moment + CLIP_AFTER)
        if end - start < SECOND:
            seconds = RING // SECOND
            raise Refusal("too_late", f"the camera holds the last {seconds} seconds, and that was before")
        return start, end

    def _meant(self, request: KeepClip) -> list[tuple[str, int | None, Sequence[str], str | None]]:
        """(camera, moment in µs UTC, alarms, finding) of each film."""
        if request.finding is not None:
            finding = self._findings.get(request.finding)
            if finding is None or finding.device not in self._cameras:
                raise Refusal("not_found", "there is no such finding of a camera whose pictures the hub has")
            alarms = () if finding.alarm is None else (finding.alarm,)
            return [(finding.device, finding.opened_at, alarms, finding.id)]
        if request.alarm is not None:
            first = {one.device: one for one in reversed(self._stills.of_alarm(request.alarm))}
            if not first:
                raise Refusal("not_found", "no camera was asked for pictures of this alarm")
            return [(one.device, one.opened_at, one.alarms, one.finding) for one in first.values()]
        if request.camera not in self._cameras:
            raise Refusal("not_found", "there is no such camera")
        return [(request.camera, None, (), None)]
