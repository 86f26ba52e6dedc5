"""`edge-hub analyse`: what the cameras' checks make of a clip, as one JSON line per start and end, then a summary.

The code is that which looks at live cameras, at the clip's own time and size: five pictures a second of its count.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from drivers.camera.config import ZONE_ONLY, CheckName
from drivers.camera.sight import PICTURE_ONLY
from edge.domain.footage import DETECTED
from edge.domain.instant import SECOND
from edge.domain.names import is_id
from edge.domain.polygons import flaw
from edge.settings.problems import nearest

if TYPE_CHECKING:
    from drivers.camera.frames import Frame
    from drivers.camera.lines import Finding
    from drivers.camera.sight import Area, Polygon
    from drivers.camera.watching import Watching

DONE: Final = 0
FAILED: Final = 1
MISUSE: Final = 2

FPS: Final = 5.0
DWELL: Final = 10.0  # seconds; of a clip one rarely has the minute that is asked for on site
CHECKS: Final[tuple[str, ...]] = get_args(CheckName)
SECOND_LOOK: Final = frozenset({"flame", "smoke"})
SPEAKS: Final = 10.0  # seconds between two words about the progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `analyse`."""
    parser.add_argument("clip", type=_file, metavar="CLIP", help="a video file")
    parser.add_argument(
        "--checks",
        required=True,
        type=_checks,
        metavar="C,C,…",
        help=f"what to look for: {', '.join(CHECKS)}",
    )
    parser.add_argument(
        "--zone",
        action="append",
        default=[],
        type=_zone,
        metavar="ID:X,Y X,Y X,Y…",
        help="look here instead of in the whole picture: corners from 0 to 1; may be given several times",
    )
    parser.add_argument(
        "--dwell",
        type=_seconds,
        default=DWELL,
        metavar="S",
        help="seconds something must stay before it counts (%(default)g; on site 60)",
    )
    parser.add_argument(
        "--model", type=_file, metavar="FILE", help="ONNX model that takes a second look at flame and smoke"
    )
    parser.add_argument(
        "--detector",
        type=_file,
        metavar="FILE",
        help=f"ONNX model of COCO's classes, for {', '.join(sorted(DETECTED))}",
    )


def command(arguments: argparse.Namespace) -> int:
    """Analyse and print; 1 when the clip or a model cannot be read, 2 when the options do not fit."""
    if wanted := [check for check in arguments.checks if check in DETECTED and arguments.detector is None]:
        return _fail(f"{' and '.join(wanted)} needs --detector, the file of a COCO model", MISUSE)
    for path in (arguments.clip, arguments.model, arguments.detector):
        if path is not None and not path.is_file():
            what = f"{path} is a folder: name a file of it" if path.is_dir() else f"there is no file {path}"
            return _fail(what, FAILED)
    if arguments.model is not None and not SECOND_LOOK & set(arguments.checks):
        return _fail(
            f"--model looks at {' and '.join(sorted(SECOND_LOOK))}, and --checks has neither", MISUSE
        )
    whole = [check for check in arguments.checks if check in ZONE_ONLY]
    if whole and not arguments.zone:
        print(
            f"edge-hub analyse: {' and '.join(whole)}, without --zone, in the whole picture; on site only in zones",
            file=sys.stderr,
        )
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")  # what fails is said here, in a sentence
    try:
        from drivers.camera import watching
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"cv2", "numpy"}:
            raise
        return _fail(f"OpenCV is missing here ({error}): pip install opencv-python", FAILED)
    settings = watching.WatchSettings(
        checks=tuple(c for c in arguments.checks if c in PICTURE_ONLY),
        zones=_areas(arguments),
        verifier=arguments.model,
        detector=arguments.detector,
    )
    try:
        look = watching.Watching(settings)
        for path, why in ((arguments.model, look.unverified), (arguments.detector, look.undetected)):
            if path is not None and why is not None:
                return _fail(f"the model {path.name} cannot be used: {why.en}", FAILED)
        return _analyse(arguments, look)
    except (OSError, ValueError, RuntimeError) as error:  # a clip or a model that is none
        return _fail(str(error), FAILED)


def _analyse(arguments: argparse.Namespace, watching: Watching) -> int:
    begun = spoke = time.monotonic()
    tally = _Tally(arguments.checks)
    for frame in frames_of(arguments.clip):
        for finding in watching.look(frame, round(frame.t * SECOND)):
            print(json.dumps(line_of(finding)), flush=True)
            tally.count(finding)
        tally.see(frame)
        if time.monotonic() - spoke > SPEAKS:
            spoke = time.monotonic()
            print(f"edge-hub analyse: at {frame.t:.0f} s of the clip", file=sys.stderr)
    if not tally.frames:
        return _fail(f"{arguments.clip} has no picture that can be decoded", FAILED)
    about = tally.summary(watching.cost, time.monotonic() - begun)
    print(
        json.dumps({"summary": {"clip": arguments.clip.name, **about, "learning": list(watching.learning)}})
    )
    return DONE


def frames_of(clip: Path) -> Generator[Frame, None, None]:
    """The clip's pictures as a live camera's child takes them; OSError when it is no video."""
    from drivers.camera import capture
    from drivers.camera.frames import Frame

    for t, picture in capture.clip(clip, FPS):
        yield Frame(t, picture)


def line_of(finding: Finding) -> dict[str, Any]:
    """What is printed of a finding. aged: it ended only because it had lasted too long."""
    return {
        "t": round(finding.t / SECOND, 3),
        "check": finding.check,
        "state": "start" if finding.state == "start" else "end",
        "score": finding.score,
        "box": finding.box,
        "kind": finding.kind,
        "zone": finding.zone,
        "why": finding.why,
        "verified": finding.verified,
        "aged": finding.state == "aged",
    }


class _Tally:
    """What the summary counts."""

    def __init__(self, checks: tuple[str, ...]) -> None:
        self.frames = 0
        self._size = (0, 0)
        self._last = 0.0
        self._found: dict[str, list[float]] = {check: [] for check in checks}
        self._open: dict[str, int] = dict.fromkeys(checks, 0)

    def see(self, frame: Frame) -> None:
        self.frames += 1
        self._size = frame.size
        self._last = frame.t

    def count(self, finding: Finding) -> None:
        starts = finding.state == "start"
        self._open[finding.check] += 1 if starts else -1
        if starts:
            self._found[finding.check].append(round(finding.t / SECOND, 3))

    def summary(self, cost: Any, seconds: float) -> dict[str, Any]:
        """duration: of what was looked at, seconds of the clip; took: of this machine. open: not ended by the end."""
        span = self._last + 1 / FPS
        return {
            "frames": self.frames,
            "fps": round(self.frames / span, 2),
            "duration": round(span, 2),
            "width": self._size[0],
            "height": self._size[1],
            "took": round(seconds, 2),
            "checks": {
                check: {
                    "findings": len(found),
                    "first": min(found, default=None),
                    "open": self._open[check],
                    "ms": round(cost[check], 3) if check in cost else None,
                }
                for check, found in self._found.items()
            },
        }


def _areas(arguments: argparse.Namespace) -> tuple[Area, ...]:
    """The zones with what is looked for in them; without --zone the whole picture is one."""
    from drivers.camera.areas import WHOLE
    from drivers.camera.sight import Area

    placed = tuple(check for check in arguments.checks if check not in PICTURE_ONLY)
    zones: list[tuple[str, Polygon]] = arguments.zone or [(WHOLE.id, WHOLE.polygon)]
    return tuple(Area(id, polygon, arguments.dwell, placed) for id, polygon in zones)


def _file(text: str) -> Path:
    if "://" in text:
        raise argparse.ArgumentTypeError(
            f"{text!r} is an address, and only files are read: record a clip of it first"
        )
    return Path(text.removeprefix("file:"))


def _checks(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in CHECKS:
            near = nearest(name, CHECKS)
            meant = f"did you mean {near}?" if near else f"there are {', '.join(CHECKS)}"
            raise argparse.ArgumentTypeError(f"there is no check {name!r}: {meant}")
    if not names:
        raise argparse.ArgumentTypeError(f"name at least one of {', '.join(CHECKS)}")
    return names


def _zone(text: str) -> tuple[str, tuple[tuple[float, float], ...]]:
    id, mark, rest = text.partition(":")
    if not mark or not is_id(id):
        raise argparse.ArgumentTypeError(
            f"{text!r} has no id before its corners: lane:0.1,0.5 0.9,0.5 0.9,0.9"
        )
    corners = []
    for corner in rest.split():
        x, mark, y = corner.partition(",")
        try:
            corners.append((float(x), float(y)))
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"{corner!r} of {id} is no corner: write x,y as 0.1,0.5"
            ) from None
    if wrong := flaw(corners):
        raise argparse.ArgumentTypeError(f"the polygon of {id} {wrong}")
    return id, tuple(corners)


def _seconds(text: str) -> float:
    number = float(text)
    if not 1 <= number <= 86400:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 86400 seconds")
    return number


def _fail(error: str, code: int) -> int:
    print(f"edge-hub analyse: {error}", file=sys.stderr)
    return code
