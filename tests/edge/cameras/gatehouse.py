"""A gatehouse with three cameras, alarms and a clock around the tenant; restarts from what a journal would hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edge.cameras import Cameras
from edge.cameras.holding import Matters
from edge.cameras.tenant import GATHER
from edge.domain.alarm import Alarm, Verdict, VerdictKind
from edge.domain.camera import Camera
from edge.domain.conclusion import Capture, Captured, Conclusion, Effect, Erase, Erased, Happened, Receipt
from edge.domain.device import Device, DeviceProfile, Point, PointSpec, Signal
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.footage import Finding, FootageRequest, StillSet
from edge.domain.hazard import Hazard
from edge.domain.incident import Incident
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text
from edge.domain.order import WorkOrder
from edge.domain.plan import Coincidence, LinkageZone
from edge.domain.reading import Purpose, Reading, Value
from edge.domain.request import Refusal
from edge.domain.rule import Priority

START = 1_790_000_000 * SECOND
CAMERAS = (
    Camera("cm-01", "cm-01-stream", ("out/north", "out/lane")),
    Camera("cm-02", "cm-02-stream", ("out/eb",)),
    Camera("cm-03", "cm-03-stream", ("b3/s1/1f",)),
)
SHED = Coincidence((LinkageZone("shed", Text("车库", "shed"), ("out/eb", "out/charging")),))
_NAME = Text("摄像机", "Camera")
PROFILE = DeviceProfile(
    "generic-ip-camera", "generic", "ip-camera", "camera", "camera",
    (
        PointSpec("finding", _NAME),
        PointSpec("motion", _NAME),
        *(PointSpec(kind, _NAME, signal=Signal.SUPERVISORY) for kind in ("flame", "smoke", "left-object", "person")),
        PointSpec("lost", _NAME, signal=Signal.FAULT),
    ),
    "practice", 30.0, _NAME,
)  # fmt: skip
POINTS = {
    f"{camera.device}.{spec.id}": Point(
        f"{camera.device}.{spec.id}",
        Device(camera.device, PROFILE, _NAME, camera.covers[0], _NAME, _NAME, camera.source),
        spec,
    )
    for camera in CAMERAS
    for spec in PROFILE.points
}


def text(words: str) -> Text:
    return Text(words, words)


def an_alarm(id: str = "a-1", point: str = "smoke-1.smoke", zone: str = "out/eb", **more: Any) -> Alarm:
    """An open alarm."""
    at = more.pop("at", START)
    made = Alarm(
        id, f"r@{point}", "r", point.partition(".")[0], point, zone, text(zone), Signal.FIRE, 0, Priority.URGENT,
        active=True, acked=False, latched=True, value=True, limit=None, unit="", received_at=at, raised_at=at,
        annunciated_at=at, last_report_at=at, title=text("t"), response=text("r"), purpose=Purpose.LIVE, seq=Seq(1, 1),
    )  # fmt: skip
    return replace(made, **more)


class Gatehouse:
    """Carries a journal of last bodies. `watched`: kinds that a rule looks at; others: devices that are an NVR's."""

    def __init__(self, others: frozenset[str] = frozenset()) -> None:
        self.others = others
        self.now = Instant(START, 5_000_000, trusted=True)
        self.numbering = Numbering(1, 100)
        self.watched = {"flame", "smoke", "left-object", "lost"}
        self.alarms: dict[str, Alarm] = {}
        self.incidents: list[Incident] = []
        self.hazards: list[Hazard] = []
        self.orders: list[WorkOrder] = []
        self.full = False
        self.leapt = False
        self.facts: list[Fact] = []
        self.rows: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.effects: list[Effect] = []
        self.cameras = self._made()

    def _made(self) -> Cameras:
        matters = Matters(
            self.alarms.values, lambda: self.incidents, lambda: self.hazards, lambda: self.orders,
            lambda id: next((one for one in self.hazards if one.id == id), None),
        )  # fmt: skip
        return Cameras(
            [one for one in CAMERAS if one.device not in self.others], self.numbering, matters, SHED.area,
            lambda point: point.partition(".")[2] in self.watched, 30,
            lambda now: now.trusted and not self.leapt, lambda: self.full,
            dict.fromkeys(self.others, "nvr"),
        )  # fmt: skip

    # time

    def restart(self, away: int = 0, *, trusted: bool = True) -> None:
        """A new machine from the rows; effects under way are lost, the monotonic clock starts anew."""
        self.now = Instant(self.now.utc + away, 1_000, trusted)
        self.numbering = Numbering(self.numbering.epoch + 1, self.numbering.last)
        self.cameras = self._made()
        self.effects = []
        since = self.now.utc - self.cameras.remembers["finding"]
        rows = [
            row
            for (kind, _), row in self.rows.items()
            if row["open"] or (kind == "finding" and (row["closed_at"] or 0) >= since)
        ]
        self.keep(self.cameras.restore(sorted(rows, key=lambda row: row["opened_at"]), self.now))
        self.later(0)

    def later(self, micros: int) -> list[str]:
        """Time passes; the kinds of facts it made."""
        self.now = Instant(self.now.utc + micros, self.now.mono + micros, self.now.trusted)
        return self.keep(self.cameras.conclude(Happened(), self.now))

    # what happens

    def happens(self, kind: str, alarm: Alarm, *readings: Reading, follow: bool = True) -> list[str]:
        """A fact about an alarm, in the same step as some readings. follow: and the step that asks for its pictures."""
        self.alarms[alarm.id] = alarm
        if not alarm.open:
            del self.alarms[alarm.id]
        fact = Fact(self.numbering.next(), kind, self.now.utc, subject="alarm", body=alarm.to_dict())
        told = self.keep(self.cameras.conclude(Happened([fact], readings), self.now))
        while follow and (due := self.cameras.next_due()) is not None and due <= self.now.mono + GATHER:
            self.now = replace(self.now, mono=max(due, self.now.mono))
            told += self.later(0)
        return told

    def raised(
        self, id: str = "a-1", point: str = "smoke-1.smoke", zone: str = "out/eb", **more: Any
    ) -> list[str]:
        return self.happens("alarm.raised", an_alarm(id, point, zone, at=self.now.utc, **more))

    def closed(self, id: str) -> list[str]:
        return self.happens(
            "alarm.closed", replace(self.alarms[id], closed_at=self.now.utc, active=False, latched=False)
        )

    def judged(self, id: str, kind: VerdictKind) -> list[str]:
        return self.happens(
            "alarm.verdict", replace(self.alarms[id], verdict=Verdict(kind, "dust", "li", self.now.utc))
        )

    def reading(self, point: str, value: Value, purpose: Purpose = Purpose.LIVE) -> Reading:
        return Reading(POINTS[point], value, self.now.utc, self.now.utc, purpose=purpose)

    def line(self, id: str, state: str = "start", device: str = "cm-01", **more: Any) -> Reading:
        """What a camera says of an episode."""
        id = f"{id:0>26}" if len(id) > 1 else id * 26
        said: dict[str, Any] = {
            "line": "finding", "t": self.now.utc, "id": id, "check": "left-object", "kind": "left-object",
            "zone": "lane", "state": state, "score": 0.8, "box": [0.1, 0.2, 0.3, 0.4], "since": self.now.utc - SECOND,
            "max_age": 600.0, "why": {"area": 0.04}, "verified": None,
        }  # fmt: skip
        return self.reading(f"{device}.finding", json.dumps(said | more))

    def hears(self, *readings: Reading) -> list[str]:
        return self.keep(self.cameras.conclude(Happened(readings=readings), self.now))

    def told(self, *receipts: Receipt) -> list[str]:
        return self.keep(self.cameras.conclude(Happened(receipts=receipts), self.now))

    def hazard(self, body: Mapping[str, Any]) -> list[str]:
        fact = Fact(self.numbering.next(), "hazard.reported", self.now.utc, subject="hazard", body=body)
        return self.keep(self.cameras.conclude(Happened([fact]), self.now))

    def asks(self, request: FootageRequest) -> Mapping[str, Any]:
        """A person's request; the subject it is answered with."""
        done = self.cameras.act(request, self.now)
        self.keep(done)
        assert done.subject is not None
        return done.subject

    def refused(self, request: FootageRequest) -> str:
        try:
            self.asks(request)
        except Refusal as refusal:
            return refusal.code
        return ""

    def keep(self, made: Conclusion) -> list[str]:
        self.facts += made.facts
        self.effects += made.effects
        self.rows |= {(f.subject, f.body["id"]): json.loads(json.dumps(f.body)) for f in made.facts}
        return [fact.kind for fact in made.facts]

    # what is there

    def captures(self) -> list[Capture]:
        return [effect for effect in self.effects if isinstance(effect, Capture)]

    def erases(self) -> list[Erase]:
        return [effect for effect in self.effects if isinstance(effect, Erase)]

    def sets(self) -> list[StillSet]:
        return [StillSet.from_dict(row) for (kind, _), row in self.rows.items() if kind == "stills"]

    def finding(self, id: str) -> Finding:
        return Finding.from_dict(self.rows["finding", id * 26])

    def deliver(self) -> list[str]:
        """The keeper carries out everything."""
        effects, self.effects = self.effects, []
        receipts: list[Receipt] = []
        for effect in effects:
            if isinstance(effect, Capture):
                receipts.append(
                    Captured(effect.stills, effect.shot, effect.wanted, effect.shot * 2, 640, 360, 1000)
                )
            elif isinstance(effect, Erase):
                receipts.append(Erased(effect.stills))
        return self.told(*receipts)
