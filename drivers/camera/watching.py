"""From frames to findings: the checks of one camera, live in its child and in `edge-hub analyse` alike."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drivers.camera.areas import WHOLE
from drivers.camera.episodes import Episodes
from drivers.camera.frames import Frame
from drivers.camera.lines import Finding, Open
from drivers.camera.sight import PICTURE_ONLY, Area, Asking, Check, Sight
from edge.domain.names import Text

if TYPE_CHECKING:
    from drivers.camera.detector import Finder
    from drivers.camera.holding import Place
    from drivers.camera.verifier import Verifier

Areas = tuple[Area, ...]

_SHAPE_WIDTH: Final = 320  # the checks' working width: pictures of the same shape there need no new learning
AGAIN: Final = 60.0  # seconds until a check that failed is made anew
_SMOOTHING: Final = 0.05  # of the cost: about the last 20 frames


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """What a camera is to look for.

    checks: in the whole picture; zones: with the checks of each. verifier: an ONNX model that takes a second look at
    flame and smoke; detector: one that knows COCO's classes; shared: in the one process of all cameras, not in this one
    (live, not for films). ages: seconds after which an episode of a kind is looked
    at anew, where they are to differ from `episodes.AGES`. before: what was open when the process before this ended.
    """

    checks: tuple[str, ...] = ()
    zones: Areas = ()
    verifier: Path | None = None
    detector: Path | None = None
    shared: bool = False
    ages: Mapping[str, float] = field(default_factory=dict)
    before: tuple[Open, ...] = ()


def _tamper(_areas: Areas, _settings: WatchSettings) -> Check:
    from drivers.camera.checks.tamper import Tamper

    return Tamper()


def _motion(areas: Areas, _settings: WatchSettings) -> Check:
    from drivers.camera.checks.motion import Motion

    return Motion(areas)


def _flame(areas: Areas, settings: WatchSettings) -> Check:
    from drivers.camera.checks.flame import Flame

    return Flame(areas, verifier=_second_look(settings.verifier))


def _smoke(areas: Areas, settings: WatchSettings) -> Check:
    from drivers.camera.checks.smoke import Smoke

    return Smoke(areas, verifier=_second_look(settings.verifier))


@cache
def _second_look(model: Path | None) -> Verifier | None:
    """One model for flame and smoke: it takes tens of megabytes."""
    if model is None:
        return None
    from drivers.camera.verifier import Verifier

    return Verifier(model)


def _left_object(areas: Areas, settings: WatchSettings) -> Check:
    from drivers.camera.checks.left_object import LeftObject

    if settings.detector is None:
        return LeftObject(areas)
    from drivers.camera.checks.objects import People

    return LeftObject(areas, People(_finder(settings)))


def _objects(areas: Areas, settings: WatchSettings) -> Check:
    from drivers.camera.checks.objects import Objects

    return Objects(areas, _finder(settings))


def _e_bike(areas: Areas, settings: WatchSettings) -> Check:
    from drivers.camera.checks.e_bike import EBike

    return EBike(areas, _finder(settings))


def _finder(settings: WatchSettings) -> Finder:
    from drivers.camera.detector import finder

    return finder(settings.detector, shared=settings.shared)


def _zone_change(areas: Areas, _settings: WatchSettings) -> Check:
    from drivers.camera.checks.zone_change import ZoneChange

    return ZoneChange(areas)


CHECKS: Final[Mapping[str, Callable[[Areas, WatchSettings], Check]]] = {
    "tamper": _tamper,
    "motion": _motion,
    "flame": _flame,
    "smoke": _smoke,
    "left-object": _left_object,
    "zone-change": _zone_change,
    "object": _objects,
    "e-bike": _e_bike,
}
"""Check -> how it is made. Each module is imported when it is first asked for: its packages may be missing."""


class Watching:
    """The checks of one camera over its frames. For one thread.

    A check that looks at other zones than before, or at pictures of another shape, is made anew and learns again. One
    that fails is left out for `AGAIN` seconds and made anew: the others go on, and what is open of its own stays so.
    What is open of a check that begins anew is held: by its place in the picture, where the check cannot know.
    """

    def __init__(self, settings: WatchSettings) -> None:
        self._settings = settings
        self._episodes = Episodes(settings.ages, settings.before)
        self._places: dict[str, Place] = {}  # of what is held, by id
        self._checks: dict[str, tuple[Areas, Check]] = {}
        self._cost: dict[str, float] = {}
        self._failed: dict[str, float] = {}  # seconds of the frames at which it is made anew
        self._shape: tuple[int, ...] | None = None
        self._aim(settings.zones)

    @property
    def learning(self) -> tuple[str, ...]:
        """Checks that do not know the scene yet."""
        return tuple(name for name, (_, check) in self._checks.items() if check.learning)

    @property
    def problem(self) -> Text | None:
        """What is not looked for as the site asks, in one sentence: a defect, or a model that cannot be asked."""
        if self._failed:
            names = ", ".join(self._failed)
            return Text(
                f"程序缺陷,下列检查暂停一分钟:{names}",
                f"a defect: these checks rest for a minute: {names}",
            )
        if (why := self.unverified) is not None:
            return Text(f"火焰和烟雾未经模型核实:{why.zh}", f"flame and smoke go unverified: {why.en}")
        if (why := self.undetected) is not None:
            return Text(f"人、车等目标无法识别:{why.zh}", f"people and vehicles go unseen: {why.en}")
        return None

    @property
    def unverified(self) -> Text | None:
        """Why the model of the second look cannot be asked, where a check would."""
        looking = "flame" in self._checks or "smoke" in self._checks
        verifier = _second_look(self._settings.verifier) if looking else None
        return None if verifier is None else verifier.problem

    @property
    def undetected(self) -> Text | None:
        """Why the detector of people and vehicles cannot be asked, where a check would."""
        made = [*self._checks.values()]  # asked for by the thread that beats, while zones may be drawn anew
        return next((why for _, check in made if isinstance(check, Asking) and (why := check.problem)), None)

    @property
    def active(self) -> tuple[str, ...]:
        """Kinds of which an episode is open."""
        return self._episodes.active

    @property
    def cost(self) -> Mapping[str, float]:
        """Check -> ms per frame of late. A smaller copy of the frame is paid by the check that first asks for it."""
        return dict(self._cost)

    def look(self, frame: Frame, utc: int) -> list[Finding]:
        """What starts or ends with this frame, taken at `utc` (µs)."""
        shape = frame.grey(_SHAPE_WIDTH).shape
        if shape != self._shape:
            if self._shape is not None:  # of a camera that was set to another format
                self._checks = {
                    name: (areas, self._anew(name, areas)) for name, (areas, _) in self._checks.items()
                }
            self._shape = shape
        told: list[Finding] = []
        for name in [name for name, due in self._failed.items() if due <= frame.t]:
            del self._failed[name]
            areas, _ = self._checks[name]
            self._checks[name] = (areas, self._anew(name, areas))
        for name, (areas, check) in self._checks.items():
            told += self._episodes.keep(name, {area.id for area in areas}, utc)
            begun = time.thread_time()
            if (sights := self._sights(name, check, frame)) is None:
                continue
            if (found := self._gone(name, frame, utc)) and name in PICTURE_ONLY:
                check.forget()  # what it compared with was the cover
                sights = ()
            found += self._episodes.follow(name, sights, frame.t, utc, learning=check.learning)
            for finding in found:
                self._places.pop(finding.id, None)
            if any(finding.state == "aged" for finding in found):
                check.forget()
                self._hold(name)
            self._spent(name, 1000 * (time.thread_time() - begun))
            told += found
        for name in CHECKS.keys() - self._checks.keys():
            told += self._episodes.keep(name, (), utc)
        return told

    def rezone(self, zones: Sequence[Area]) -> None:
        """Look at these zones from now on; what was open in others ends with the next frame."""
        self._aim(tuple(zones))

    def forget(self) -> None:
        """Learn everything anew: a mask has changed, or the camera was moved on purpose."""
        for name, (_, check) in self._checks.items():
            check.forget()
            if name not in PICTURE_ONLY:  # who draws masks has looked where the camera looks
                self._hold(name)

    def _aim(self, zones: Areas) -> None:
        """Make the checks that the whole picture and these zones ask for; one whose zones are as before is kept."""
        before, self._checks = self._checks, {}
        for name in CHECKS:
            areas = tuple(zone for zone in zones if name in zone.checks)
            if name in self._settings.checks:
                areas = (WHOLE, *areas)
            if areas and name in PICTURE_ONLY:
                areas = (WHOLE,)
            if areas:
                kept = before.get(name)
                self._checks[name] = kept if kept and kept[0] == areas else (areas, self._anew(name, areas))
        self._cost = {name: cost for name, cost in self._cost.items() if name in self._checks}
        old = {name for name, made in self._checks.items() if made is before.get(name)}
        self._failed = {name: due for name, due in self._failed.items() if name in old}

    def _sights(self, name: str, check: Check, frame: Frame) -> Sequence[Sight] | None:
        """What it sees; None of one that has failed: a defect in one check must not blind the others."""
        if name in self._failed:
            return None
        try:
            return check.look(frame)
        except Exception:  # noqa: BLE001 - OpenCV and numpy raise whatever they like
            traceback.print_exc()
            self._failed[name] = frame.t + AGAIN
            return None

    def _gone(self, name: str, frame: Frame, utc: int) -> list[Finding]:
        """What was held, and is over now."""
        from drivers.camera.holding import Place

        told: list[Finding] = []
        for one in self._episodes.held(name):
            if one.id not in self._places:
                self._places[one.id] = Place(one.kind, one.box)
            if self._places[one.id].look(frame):
                del self._places[one.id]
                told += self._episodes.release(one.id, frame.t, utc)
        return told

    def _hold(self, name: str) -> None:
        self._episodes.hold(name)
        for one in self._episodes.held(name):
            self._places.pop(one.id, None)

    def _anew(self, name: str, areas: Areas) -> Check:
        self._hold(name)
        return self._made(name, areas)

    def _made(self, name: str, areas: Areas) -> Check:
        return CHECKS[name](areas, self._settings)

    def _spent(self, name: str, ms: float) -> None:
        before = self._cost.get(name)
        self._cost[name] = ms if before is None else before + _SMOOTHING * (ms - before)
