"""Labelled clips for the camera bench: which there are, what is in them and since when, and what was found.

Clips are told apart by what is in their files, never by name: what a check was tuned on is a list of hashes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.camera.watching import Watching, WatchSettings
from edge.domain.instant import SECOND
from edge.tools.analyse import DWELL, frames_of
from edge.tools.benches.report import BenchError

CHECKS: Final = ("tamper", "flame", "smoke", "left-object")
ENDINGS: Final = {".mp4", ".avi", ".mkv", ".mov", ".webm"}
SHOWN: Final[Mapping[str, str]] = {
    "flame": "flame",
    "smoke": "smoke",
    "leftobject": "left-object",
    "tamper": "tamper",
}
"""Folder -> the check whose thing its clips show; what is in any other folder shows nothing."""
MATERIAL: Final = ("overlay",)  # pictures to compose others of: nothing happens in them
EARLY: Final = 0.5  # seconds: onsets are told by eye
DROP_WITHIN: Final = DWELL + 3.0  # seconds from a drop: the dwell, 2 s for the check, 1 s for the label
TUNED: Final = frozenset({
    "040081502ab0", "08658150b67d", "1176ecb50f2d", "17f336bdeda4", "204971b6d474", "3962dd341495",
    "44c677fb67fd", "5978c4f3dc36", "5be1825e3fce", "6205ff36a370", "664b23fdcb21", "68ad493a3671",
    "6ba34621577b", "6d30add03034", "6e8718c58f80", "7bfe1ca085db", "866baa28324c", "965a9534ddee",
    "a2a939a30e33", "a5964aa25909", "ac75120b101d", "aeb5067ec8a4", "b2065ebf9f73", "b39b20ed4800",
    "c0f046cd08c1", "c145171b1192", "d0084040d060", "d52ba94aedf8", "e3ca20f4b5fc", "e3d87141e336",
    "e43212077a64",
})  # fmt: skip
"""First 12 digits of the SHA-256 of clips that somebody has looked at while a check was being made."""

KINDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "tamper": ("covered", "defocused", "moved"),
    "left-object": ("left-object",),
}
"""What counts as found, where it is not the kind of the check's own name."""


@dataclass(frozen=True, slots=True)
class Clip:
    """onsets: check -> seconds at which what it looks for is there; none for a clip that shows nothing.

    silent: checks of which it is not known whether they have something to find: neither right nor wrong.
    fixed: the camera stands still. digest: first 12 digits of the file's SHA-256. tuned: see TUNED.
    """

    path: Path
    onsets: Mapping[str, tuple[float, ...]]
    silent: frozenset[str]
    fixed: bool
    digest: str

    @property
    def tuned(self) -> bool:
        """Whether somebody has looked at it."""
        return self.digest in TUNED


@dataclass(frozen=True, slots=True)
class Shown:
    """What one check made of one clip. delays: of each onset, None where it was missed. false: findings of nothing."""

    clip: Clip
    check: str
    delays: tuple[float | None, ...]
    false: int
    frames: int
    ms: float


def clips(folder: Path) -> list[Clip]:
    """All clips below a folder, labelled by its README.md, else by their own folder; BenchError when there are none."""
    readme = folder / "README.md"
    told = dict(_told(readme.read_text("utf-8"))) if readme.exists() else {}
    found = []
    for path in sorted(folder.rglob("*")):
        place = path.parent.name
        if path.suffix.lower() in ENDINGS and place not in MATERIAL:
            onset, fixed = _label(path, told)
            onsets = _onsets(SHOWN.get(place), onset)
            found.append(Clip(path, onsets, _unsure(place, onsets), fixed == "y", _digest(path)))
    if not found:
        raise BenchError(
            f"{folder} has no clip ({', '.join(sorted(ENDINGS))}): give --footage a folder with some"
        )
    return found


def readable(clips: Sequence[Clip]) -> tuple[list[Clip], list[Clip]]:
    """Those of which a picture can be decoded, and the others; BenchError when there are none of the first."""
    good: list[Clip] = []
    bad: list[Clip] = []
    for clip in clips:
        frames = frames_of(clip.path)
        try:
            (good if next(frames, None) is not None else bad).append(clip)
        except OSError:
            bad.append(clip)
        finally:
            frames.close()
    if not good:
        raise BenchError(f"none of the clips can be read, beginning with {bad[0].path}")
    return good, bad


def look(clip: Clip) -> Iterator[Shown]:
    """All checks over one clip, in one pass, as live; BenchError when it cannot be read."""
    from drivers.camera.areas import WHOLE
    from drivers.camera.sight import Area

    whole = Area(WHOLE.id, WHOLE.polygon, DWELL, tuple(check for check in CHECKS if check != "tamper"))
    watching = Watching(WatchSettings(checks=("tamper",), zones=(whole,)))
    starts: dict[str, list[float]] = {check: [] for check in CHECKS}
    frames = 0
    try:
        for frame in frames_of(clip.path):
            frames += 1
            for finding in watching.look(frame, round(frame.t * SECOND)):
                if finding.state == "start" and finding.kind in KINDS_OF.get(finding.check, (finding.check,)):
                    starts[finding.check].append(finding.t / SECOND)
    except OSError as error:
        raise BenchError(str(error)) from error
    for check in CHECKS:
        if check not in clip.silent:
            delays, false = _matched(check, clip.onsets.get(check, ()), starts[check])
            yield Shown(clip, check, delays, false, frames, watching.cost.get(check, 0.0))


def _matched(
    check: str, onsets: Sequence[float], starts: Sequence[float]
) -> tuple[tuple[float | None, ...], int]:
    """The delay of each onset, and how many findings belong to none."""
    delays: list[float | None] = []
    for onset in onsets:
        last = onset + DROP_WITHIN if check == "left-object" else float("inf")
        after = [start for start in starts if onset - EARLY <= start <= last]
        delays.append(max(0.0, min(after) - onset) if after else None)
    first = min(onsets, default=float("inf"))
    return tuple(delays), sum(start < first - EARLY for start in starts)


def _told(text: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Name of a clip (or its first word) -> (onset, fixed), of the table with these columns."""
    head: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or set(line) <= set("|- :"):
            continue
        if cells[0] == "clip":
            head = cells
        elif len(cells) == len(head):
            onset = next(
                (cell for name, cell in zip(head, cells, strict=True) if name.startswith("onset")), ""
            )
            fixed = next((cell for name, cell in zip(head, cells, strict=True) if name == "fixed"), "")
            for number, part in enumerate(re.split(r"[,;] ", cells[0])):
                name = part.split()[0].rpartition("/")[2]
                yield name, (onset.split(";")[min(number, onset.count(";"))], fixed)


def _label(path: Path, told: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    stem = path.stem
    for name, label in told.items():
        if stem == name or stem.startswith(f"{name}_"):
            return label
    return "", "y"


def _onsets(shows: str | None, told: str) -> dict[str, tuple[float, ...]]:
    """Seconds by check, of words such as 2.0 or: smoke 1.7, flame 3.5."""
    if shows is None:
        return {}
    found: dict[str, list[float]] = {}
    current = shows
    for word, number in re.findall(r"([a-z]+)|(\d+(?:\.\d+)?)", told.lower()):
        if word:
            current = word if word in CHECKS else shows
        else:
            found.setdefault(current, []).append(float(number))
    found.setdefault(shows, [0.0])
    return {check: tuple(seconds) for check, seconds in found.items()}


def _unsure(place: str, onsets: Mapping[str, object]) -> frozenset[str]:
    """Where there is flame there is smoke too, seen or not; a camera that is handled may see anything."""
    unsure = set()
    if {"flame", "smoke"} & onsets.keys():
        unsure = {"flame", "smoke"} - onsets.keys()
    if place == "tamper":
        unsure |= {"flame", "smoke", "left-object"}
    if {"flame", "smoke"} & onsets.keys():
        unsure |= {"left-object", "tamper"}  # fire leaves things behind, and covers a lens
    return frozenset(unsure)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
