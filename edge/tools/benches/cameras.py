"""`bench cameras`: what the checks find and miss, how soon, and what they cost."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from edge.tools.analyse import DWELL
from edge.tools.benches import (
    camera_cases_tamper,
    camera_composed,
    camera_cost,
    camera_footage,
    camera_live,
    camera_made,
)
from edge.tools.benches.camera_cases import Outcome
from edge.tools.benches.camera_footage import Clip, Shown
from edge.tools.benches.report import Report, middle

YARDSTICK: Final = "decoding the same JPEG, 640 × 360, with OpenCV, one thread"
TARGETS: Final = {
    "covered": "≥ 98 %",
    "defocused": "≥ 95 %",
    "moved": "≥ 95 %",
    "flame": "≥ 90 %",
    "smoke": "≥ 60 %",
    "left-object": "≥ 95 %",
}
COST: Final = "≤ 5 ms"
SLOWER: Final = {"Raspberry Pi 4": 5.0, "Raspberry Pi 5": 2.5}
"""How many times slower one core is taken to be: an estimate by clock and design, not measured."""
FILM: Final = 60.0  # seconds of each drawn film whose cost is measured
LISTED: Final = 12  # of the misses and false findings that a note names
EVERY: Final = 10.0  # seconds between two words about the progress


def measure(arguments: Namespace) -> Report:
    """Made cases, then footage and tampers over it, then cost, then live; BenchError when one cannot be had."""
    report = Report("cameras", YARDSTICK)
    progress = _Progress()
    clips = _clips(arguments, report) if arguments.footage is not None else ()
    if arguments.cases:
        _cases(arguments, report, progress)
    if clips:
        _footage(clips, report, progress)
    if clips and arguments.cases:
        _composed(clips, arguments, report, progress)
    _cost(report, progress)
    if arguments.live:
        _live(arguments, report, progress)
    return report


# ---- what is found ------------------------------------------------------------------------------------------------


def _cases(arguments: Namespace, report: Report, progress: _Progress) -> None:
    told = camera_made.run(
        arguments.seed, arguments.cases, _jobs(arguments), lambda n, of: progress.say(f"case {n} of {of}")
    )
    _told(report, "made", "made cases", told)
    families = Counter(one.outcome.family for one in told)
    report.notes.append(
        f"made cases: {len(told)} drawn or composed at run time by seed {arguments.seed}: "
        + ", ".join(f"{count} {family}" for family, count in sorted(families.items()))
    )


def _told(report: Report, prefix: str, where: str, told: Sequence[camera_made.Told]) -> None:
    """What was found of each kind, how soon, and what was said of nothing."""
    for kind in sorted({_kind(one.outcome) for one in told} - {""}):
        outcomes = [one.outcome for one in told if _kind(one.outcome) == kind]
        found = [outcome.delay for outcome in outcomes if outcome.delay is not None]
        what = f"{where}: {kind}"
        key = f"{prefix}_{kind}"
        report.add(
            f"{key}_recall",
            f"{what}, found in time ({len(found)} of {len(outcomes)})",
            100 * len(found) / len(outcomes),
            "%",
            target=TARGETS.get(kind, ""),
        )
        _delays(report, key, what, found)
    for check in sorted({one.check for one in told}):
        of = [one.outcome for one in told if one.check == check]
        nothing = [outcome for outcome in of if outcome.expect is None]
        said = [outcome for outcome in nothing if outcome.false]
        early = [outcome for outcome in of if outcome.expect and outcome.false]
        key, what = f"{prefix}_{check}", f"{where}: {check}"
        report.add(
            f"{key}_false", f"{what}, false in {len(nothing)} with nothing to find", len(said), "", target="0"
        )
        report.add(f"{key}_other", f"{what}, also something else or too early in the others", len(early), "")
        _list(report, f"{what}, false", (f"{o.case} ({', '.join(o.false)})" for o in (*said, *early)))
        _list(report, f"{what}, missed", (o.case for o in of if o.expect and not o.right))


def _kind(outcome: Outcome) -> str:
    """What figures are counted by: what was to be found, and a nudge for itself."""
    if outcome.family in camera_cases_tamper.NUDGES:
        return "nudged"
    return outcome.expect or ""


def _jobs(arguments: Namespace) -> int:
    return int(arguments.jobs) or max(1, (os.cpu_count() or 2) // 2)


def _clips(arguments: Namespace, report: Report) -> Sequence[Clip]:
    """Those that can be read, known before anything takes minutes; a note names the others."""
    good, bad = camera_footage.readable(camera_footage.clips(arguments.footage))
    _list(report, "clips that cannot be read, left out", (clip.path.name for clip in bad))
    for clip in bad:
        print(f"edge-hub bench: {clip.path} cannot be read and is left out", file=sys.stderr, flush=True)
    return good


def _footage(clips: Sequence[Clip], report: Report, progress: _Progress) -> None:
    shown: list[Shown] = []
    for number, clip in enumerate(clips, 1):
        progress.say(f"clip {number} of {len(clips)}")
        shown += camera_footage.look(clip)
    for check in camera_footage.CHECKS:
        for tuned in (True, False):
            name = "tuned" if tuned else "untuned"
            for fixed in (True, False):
                place = "fixed cameras" if fixed else "cameras that move"
                part = [o for o in shown if (o.check, o.clip.tuned, o.clip.fixed) == (check, tuned, fixed)]
                _group(
                    report,
                    f"{name}_{check}{'' if fixed else '_moving'}",
                    f"{name} clips, {place}: {check}",
                    part,
                )
    for check in camera_footage.CHECKS:
        part = [o for o in shown if o.check == check]
        frames = sum(o.frames for o in part)
        if frames:
            cost = sum(o.ms * o.frames for o in part) / frames
            report.add(f"footage_{check}_ms", f"clips: {check}, a frame", cost, "ms")
        _list(report, f"clips: {check}, missed", (o.clip.path.name for o in part if None in o.delays))
        _list(report, f"clips: {check}, false", (f"{o.clip.path.name} ({o.false})" for o in part if o.false))
    seen = sum(clip.tuned for clip in clips)
    report.notes.append(
        f"footage: {len(clips)} clips, {seen} of them looked at while the checks were made (known by their hash), "
        f"{len(clips) - seen} not; 5 fps, in their own size, whole picture, dwell {DWELL:g} s"
    )


def _composed(clips: Sequence[Clip], arguments: Namespace, report: Report, progress: _Progress) -> None:
    progress.say("which cameras stand still")
    good, wandering = camera_composed.still(clips)
    told = camera_composed.run(
        good, arguments.seed, _jobs(arguments), lambda n, of: progress.say(f"composed case {n} of {of}")
    )
    for tuned in (True, False):
        part = [one.told for one in told if one.clip.tuned == tuned]
        name = "tuned" if tuned else "untuned"
        _told(report, f"composed_{name}", f"composed over {name} still clips", part)
    ms = sum(one.told.outcome.cost for one in told) / max(1, len(told))
    if told:
        report.add("composed_tamper_ms", "composed: tamper, a frame", ms, "ms")
    _list(
        report,
        "labelled as still, but the view wanders, is cut or is lost",
        (clip.path.name for clip in wandering),
    )
    report.notes.append(
        f"composed: each of {len(camera_cases_tamper.FAMILIES)} families over {len(good)} clips of cameras that "
        f"stand still, by label and by measurement, at run time by seed {arguments.seed}; up to "
        f"{camera_composed.SPAN:g} s of a clip, forth and back"
    )


def _group(report: Report, key: str, what: str, part: Sequence[Shown]) -> None:
    delays = [delay for shown in part for delay in shown.delays]
    found = [delay for delay in delays if delay is not None]
    if delays:
        of = f"found ({len(found)} of {len(delays)})"
        report.add(f"{key}_recall", f"{what}, {of}", 100 * len(found) / len(delays), "%")
        _delays(report, key, what, found)
    if part:
        wrong = sum(bool(shown.false) for shown in part)
        report.add(f"{key}_false", f"{what}, clips of {len(part)} with a false finding", wrong, "")


def _delays(report: Report, key: str, what: str, found: Sequence[float]) -> None:
    if found:
        report.add(f"{key}_delay_p50", f"{what}, delay, median", middle(found), "s")
        report.add(f"{key}_delay_max", f"{what}, delay, longest", max(found), "s")


# ---- what it costs ------------------------------------------------------------------------------------------------


def _cost(report: Report, progress: _Progress) -> None:
    progress.say("cost of the checks")
    films = camera_cost.films(FILM)
    decode, model = camera_cost.decoding(films), camera_cost.subtracting(films)
    for check in camera_cost.EACH:
        ms = camera_cost.checking(films, [check])
        report.add(f"{check}_ms", f"{check} alone, a frame", ms, "ms", yardstick=decode)
    every = camera_cost.checking(films, camera_cost.ALWAYS)
    what = f"{', '.join(camera_cost.ALWAYS)} together, a frame"
    report.add("all_ms", what, every, "ms", yardstick=decode, target=COST)
    report.add("mog2_ms", "OpenCV's MOG2 at 320 × 180, for comparison", model, "ms", yardstick=decode)
    slower = "; ".join(f"{name} {every * times:.0f} ms" for name, times in SLOWER.items())
    report.notes.append(
        f"cost: drawn films of {2 * FILM:.0f} s, after {camera_cost.LEARNT:g} s of learning, time of one thread. "
        f"ESTIMATE for other machines, not measured, all checks on a frame: {slower}"
    )


def _live(arguments: Namespace, report: Report, progress: _Progress) -> None:
    progress.say(f"{arguments.live} cameras on a hub")
    with camera_live.stand_with(arguments.live, arguments.data) as (stand, cameras):
        load = cameras.load(stand, arguments.seconds)
    many = f"{load.children} {'cameras' if load.children > 1 else 'camera'} at 5 fps"
    report.add(
        "live_cores", f"{many}: their children together, of a core", 100 * load.cores, "%", target="≤ 100 %"
    )
    report.add("live_pss", f"{many}: PSS of the largest child", load.pss, "MB", target="≤ 45 MB (goal ≤ 35)")
    report.add("live_own", f"{many}: of the largest child, what it shares with nobody", load.own, "MB")
    report.add("live_server", f"{many}: PSS of the process they are forked from", load.server, "MB")
    report.add("live_total", f"{many}: PSS of all of these together", load.total, "MB")
    report.add("live_hub", f"{many}: the hub itself, of a core", 100 * load.hub, "%")
    report.add("live_drawing", f"{many}: drawing and sending them, of a core", 100 * load.drawing, "%")
    slower = "; ".join(f"{name} {100 * load.cores * times:.0f} %" for name, times in SLOWER.items())
    report.notes.append(
        f"live: drawn MJPEG of 640 × 360; tamper, flame, smoke, left-object; over {arguments.seconds:g} s. "
        f"ESTIMATE of the same for other machines, not measured, of one core: {slower}"
    )


# ---- words --------------------------------------------------------------------------------------------------------


def _list(report: Report, what: str, names: Iterable[str]) -> None:
    all_ = list(names)
    if all_:
        more = f" and {len(all_) - LISTED} more" if len(all_) > LISTED else ""
        report.notes.append(f"{what}: {', '.join(all_[:LISTED])}{more}")


class _Progress:
    """A word on stderr now and then: this takes minutes."""

    def __init__(self) -> None:
        self._spoke = -EVERY

    def say(self, what: str) -> None:
        if time.monotonic() - self._spoke > EVERY:
            self._spoke = time.monotonic()
            print(f"edge-hub bench: {what}", file=sys.stderr, flush=True)
