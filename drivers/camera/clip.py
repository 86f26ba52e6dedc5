"""A film of a ring's stills, in a process of its own: `python -m drivers.camera.clip`.

In: one line of JSON, {"stills": [[µs UTC, path], …], "path"}, oldest first. The film is at `path` when the exit status
is 0; 3 says that none of the stills is there any more. VP8 in WebM where the path ends so, which every browser plays,
else MPEG-4 Part 2. It stands under its name only when it is whole.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from drivers.camera.rank import last_in_line

NO_STILLS: Final = 3
NO_CODEC: Final = 4
STEP: Final = 500_000
"""µs of a picture of the film: the ring has one still a second, and one more where something was found."""
_MEMORY: Final = 2 << 30
_SECONDS: Final = 60


def main() -> int:
    """Read, make, write."""
    last_in_line(15)
    with contextlib.suppress(OSError):  # the first to go when memory runs out, before the hub
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    asked = json.loads(sys.stdin.buffer.readline())
    return film([(taken, Path(still)) for taken, still in asked["stills"]], Path(asked["path"]))


def film(stills: list[tuple[int, Path]], path: Path) -> int:
    """Make it; 0, NO_STILLS or NO_CODEC. A still that has gone or is damaged is left out: the one before stays on."""
    import cv2

    cv2.setNumThreads(1)
    half = path.with_stem(f"{path.stem}-half")
    four = cv2.VideoWriter.fourcc(*("VP80" if path.suffix == ".webm" else "mp4v"))
    writer: cv2.VideoWriter | None = None
    size = (0, 0)
    try:
        for picture, times in _pictures(stills):
            if writer is None:
                height, width = picture.shape[:2]
                size = (width // 2 * 2, height // 2 * 2)
                writer = cv2.VideoWriter(str(half), cv2.CAP_FFMPEG, four, 1_000_000 / STEP, size)
                if not writer.isOpened():
                    return NO_CODEC
            fitting = picture if picture.shape[1::-1] == size else cv2.resize(picture, size)
            for _ in range(times):
                writer.write(fitting)
        if writer is None:
            return NO_STILLS
        writer.release()
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return 0


def _pictures(stills: list[tuple[int, Path]]) -> Iterator[tuple[Any, int]]:
    """(picture, for how many steps it is shown)."""
    import cv2

    picture: Any = None
    for (taken, still), following in zip(stills, [*stills[1:], None], strict=True):
        read: Any = cv2.imread(str(still))
        picture = picture if read is None else read
        until = following[0] if following is not None else taken + STEP
        if picture is not None:
            yield picture, max(1, round((until - taken) / STEP))


if __name__ == "__main__":
    sys.exit(main())
