"""The words of cameras: how one does, what is looked for, what was found and the numbers that decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from edge.domain.alarm import Alarm
from edge.domain.camera import Polygon
from edge.domain.camera import View as Seen
from edge.domain.footage import RING, Finding, Shot, StillSet, Viewing
from edge.domain.instant import SECOND
from web.i18n import mark as _
from web.pages.view import View

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "ok": (_("Picture good"), "ok"),
    "starting": (_("Connecting"), "low"),
    "off": (_("Cameras are off"), "medium"),
    "lost": (_("Picture lost"), "medium"),
    "refused": (_("Connection refused"), "medium"),
    "unknown-host": (_("Host not found"), "medium"),
    "wrong-password": (_("Wrong user name or password"), "medium"),
    "no-stream": (_("No video stream"), "medium"),
    "wrong-codec": (_("Codec not supported"), "medium"),
    "frozen": (_("Picture frozen"), "medium"),
    "blackout": (_("Picture black"), "medium"),
    "low-rate": (_("Frame rate too low"), "medium"),
}
"""Words, and the look of their tag."""
CHECKS: Final[Mapping[str, str]] = {
    "tamper": _("Covered, defocused, moved"),
    "motion": _("Motion"),
    "flame": _("Suspected flame"),
    "smoke": _("Suspected smoke"),
    "left-object": _("Object left or removed"),
    "zone-change": _("Zone changed"),
    "object": _("Person, bicycle, motorcycle, car"),
    "e-bike": _("Electric bike (experimental)"),
}
KINDS: Final[Mapping[str, str]] = {
    "covered": _("Camera covered"),
    "defocused": _("Camera out of focus"),
    "moved": _("Camera moved"),
    "motion": _("Motion"),
    "flame": _("Suspected flame"),
    "smoke": _("Suspected smoke"),
    "left-object": _("Object left"),
    "removed-object": _("Object removed"),
    "changed": _("Zone changed"),
    "person": _("Person"),
    "bicycle": _("Bicycle"),
    "motorcycle": _("Motorcycle"),
    "car": _("Car"),
    "dog": _("Dog"),
    "e-bike": _("Suspected electric bike"),
}
MOMENTS: Final[Mapping[str, str]] = {
    "before": _("Before the alarm"),
    "at": _("At the alarm"),
    "after": _("After the alarm"),
    "clip": _("Film"),
}
REASONS: Final[Mapping[str, str]] = {
    "duty": _("Watching on duty"),
    "verify": _("Verifying an alarm"),
    "fault": _("Looking at a fault of the camera"),
    "setup": _("Setting up zones"),
    "training": _("Training or drill"),
    "alarm": _("Handling the alarm"),
    "program": _("A program"),
}
"""Why somebody looked; one's own words do as well."""
ASKED: Final = ("duty", "verify", "fault", "setup", "training")
"""Those a person is asked to choose from."""
VIEWINGS: Final[Mapping[str, tuple[str, str]]] = {
    "asked": (_("To be decided"), "high"),
    "granted": (_("Granted"), "ok"),
    "refused": (_("Refused"), "low"),
    "viewed": (_("Viewed"), "low"),
    "lapsed": (_("Lapsed"), "low"),
}
WHY: Final[Mapping[str, str]] = {
    "seconds": _("seconds it has lasted"),
    "area": _("part of the picture"),
    "part": _("part that moves"),
    "changed": _("part that has changed"),
    "frames": _("pictures that showed it"),
    "seen": _("times seen"),
    "answers": _("times looked"),
    "model": _("score of the model"),
    "turns": _("flicker"),
    "spread": _("spread of colour"),
    "red": _("excess of red"),
    "hot": _("part that glares"),
    "around": _("glow around it"),
    "novel": _("change of shape"),
    "kept": _("fine structure still seen"),
    "haze": _("part in haze"),
    "alike": _("likeness to the background"),
    "air": _("brightness of the haze"),
    "brighter": _("brighter than before"),
    "detail": _("fine detail against before"),
    "stir": _("how it drifts"),
    "rest": _("how all else stirs"),
    "folds": _("folds within it"),
    "together": _("how alike its parts change"),
    "matched": _("how much of the scene is recognised"),
    "intact": _("how much of the scene is recognised"),
    "sharp": _("sharpness against before"),
    "coarse": _("likeness seen from far"),
    "crisp": _("strength of edges against before"),
    "shift": _("shift of the picture"),
    "angle": _("turn in degrees"),
    "edges": _("contrast of its outline"),
    "known": _("ground still recognised"),
    "even": _("spread of the change"),
    "unrest": _("unrest around it"),
    "unsure": _("part not yet certain"),
    "still": _("how still it stands"),
}
"""Names of the numbers behind a finding, in words; one nobody foresaw keeps its name."""


def state(v: View, view: Seen) -> str:
    """How a camera does, in a word."""
    return v.word(STATES[view.state][0]) if view.state in STATES else view.state


def tone(view: Seen) -> str:
    """The look of its tag."""
    return f"c-{STATES[view.state][1]}" if view.state in STATES else "c-medium"


def kind(v: View, finding: Finding) -> str:
    """What was found."""
    return kind_word(v, finding.kind)


def kind_word(v: View, id: str) -> str:
    """What can be found."""
    return v.word(KINDS[id]) if id in KINDS else id


def check(v: View, id: str) -> str:
    """What is looked for."""
    return v.word(CHECKS[id]) if id in CHECKS else id


def reason(v: View, said: str) -> str:
    """Why somebody looked: a word of the list, or their own."""
    return v.word(REASONS[said]) if said in REASONS else said


def why(v: View, finding: Finding) -> list[tuple[str, str]]:
    """The numbers that decided: (in words, as a number)."""
    return [
        (v.word(WHY[name]) if name in WHY else name.replace("_", " "), _number(value))
        for name, value in finding.why.items()
        if name != "score"  # said already
    ]


def lasted(v: View, finding: Finding) -> str:
    """How long it went on, or that it does."""
    if finding.open:
        return v.word(_("goes on"))
    span = max(0, (finding.ended or finding.closed_at or finding.since) - finding.since) // SECOND
    said = v.word(_("%(n)s s")) if span < 60 else v.word(_("%(n)s min"))
    return said % {"n": span if span < 60 else round(span / 60)}


def ended(v: View, finding: Finding) -> str:
    """That it is not believed any longer, though nobody saw its end; empty else."""
    return v.word(_("too old to be believed")) if finding.aged else ""


def verified(v: View, finding: Finding) -> str:
    """What the second look said; empty where there was none."""
    if finding.verified is None:
        return ""
    return v.word(_("model agrees")) if finding.verified else v.word(_("model disagrees"))


def off(v: View, shot: Shot, about: int) -> str:
    """How far a picture is from the moment it is about: "4.8 s before"."""
    if shot.taken is None:
        return ""
    away = (shot.taken - about) / SECOND
    if abs(away) < 0.05:
        return v.word(_("at the very moment"))
    said = _("%(n)s s before") if away < 0 else _("%(n)s s after")
    return v.word(said) % {"n": f"{abs(away):.1f}"}


def filmable_until(alarm: Alarm) -> int:
    """Until when its cameras still hold what led to it, µs UTC."""
    return alarm.raised_at + RING


def missing(v: View, shot: Shot) -> str:
    """Why there is no picture or film, or that it is on its way."""
    if shot.missing is not None:
        return v.text(shot.missing)
    return v.word(_("Making the film…") if shot.moment == "clip" else _("The picture is on its way"))


def filming(shots: Iterable[Shot]) -> bool:
    """Whether one of these is a film that is being made."""
    return any(shot.moment == "clip" and shot.waited_for for shot in shots)


def asked_for(v: View, viewing: Viewing) -> str:
    """The span a request is about."""
    if viewing.start is None or viewing.end is None:
        return ""
    return f"{v.full(viewing.start)} – {v.clock(viewing.end)}"


def set_words(v: View, kept: StillSet) -> str:
    """What a set of pictures is: how many of them there are."""
    count = sum(shot.kept for shot in kept.pictures)
    return v.word(_("%(n)s of %(all)s pictures")) % {"n": count, "all": len(kept.pictures)}


# On the picture: relative corners in its own units.


def points(polygon: Polygon, width: int, height: int) -> str:
    """Corners as SVG writes them."""
    return " ".join(f"{x * width:.1f},{y * height:.1f}" for x, y in polygon)


def centre(polygon: Polygon, width: int, height: int) -> tuple[int, int]:
    """Where its name stands."""
    xs, ys = zip(*polygon, strict=True)
    return round(sum(xs) / len(xs) * width), round(sum(ys) / len(ys) * height)


def rect(box: tuple[float, float, float, float], width: int, height: int) -> tuple[int, int, int, int]:
    """A box: x, y, width, height."""
    x, y, wide, high = box
    return round(x * width), round(y * height), round(wide * width), round(high * height)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"
